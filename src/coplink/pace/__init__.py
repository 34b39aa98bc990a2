"""The pace that every call to a platform passes: published limits kept before they are hit, and people go first.

``people`` says for whom a call is made; ``bucket`` counts one limit; ``gate`` lets the calls of one institution to one
platform go; ``pacer`` holds the gates of a process. May import: ``coplink.ports`` and ``coplink.core``.
"""

from coplink.pace.pacer import Pacer
from coplink.pace.people import Asks, asking

__all__ = ["Asks", "Pacer", "asking"]
