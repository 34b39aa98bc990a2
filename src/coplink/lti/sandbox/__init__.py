"""The learning platform of the pretend region: LTI 1.3 as Canvas does it, for both districts on one issuer.

``make`` is announced as an entry point. It answers pages for people (``pages``), the login and launch flow
(``signin``), access tokens (``tokens``) and rosters (``rosters``); ``platform`` holds keys, enrolments and routes. It
shares no code with the side of coplink that it talks to.
"""

from __future__ import annotations

from collections.abc import Callable

from coplink.lti.sandbox.platform import LtiSandbox
from coplink.sandbox.district import Region
from coplink.sandbox.store import Store


def make(region: Region, store: Store, clock: Callable[[], float]) -> LtiSandbox:
    """The platform of this region, with its state in ``store``."""
    return LtiSandbox(region, store, clock)
