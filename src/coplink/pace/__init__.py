"""The pace that every call to a platform passes: published limits kept before they are hit, and people go first.

``people`` says for whom a call is made; ``bucket`` counts one limit; ``gate`` lets the calls of one institution to one
platform go; ``pacer`` holds the gates of a process; ``sure`` stops calls for work that is
another worker's by now. May import: ``coplink.ports`` and ``coplink.core``.
"""

from coplink.pace.pacer import Pacer
from coplink.pace.people import Asks, asking
from coplink.pace.sure import Ours, as_long_as

__all__ = ["Asks", "Ours", "Pacer", "as_long_as", "asking"]
