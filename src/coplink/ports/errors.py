"""How an integration says no.

    IntegrationError        a platform said no, or nothing
    ├── Transient           Throttled · Unavailable · NotReadyYet            -> again by itself, after retry_after
    ├── OutcomeUnknown      a write whose answer never came                  -> look first, never repeat blindly
    ├── NeedsAttention      Reauthorize · PermissionMissing(scopes) · PolicyForbids(setting) · LimitReached
    │                       Ambiguous(candidates) · NotLicensed · Misconfigured  -> a person must act: who
    ├── Gone                the remote object is not there                   -> look again, plan again
    ├── CursorExpired       the platform forgot our place                    -> start over
    └── UnexpectedReply     we misunderstood the platform                    -> fail, report, no retry: our bug

Integrations raise only these; anything else that comes out of one is our bug. ``message`` never holds a response body,
a token or a person's name; ``detail`` may hold method, path without query, status and the vendor's error code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from coplink.core.errors import CoplinkError
from coplink.core.words import Said, say


class IntegrationError(CoplinkError):
    """A platform said no, or nothing.

    ``forget`` names steps of a space that turned out not to be, so that they are made anew.
    """

    code = "integration"
    forget: tuple[str, ...] = ()

    def forgetting(self, *steps: str) -> Self:
        """The same error; what these steps left is forgotten."""
        self.forget = steps
        return self


class Transient(IntegrationError):
    """Will pass by itself; ``retry_after`` in seconds where the platform named it."""

    code = "transient"

    def __init__(self, message: Said, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, detail)
        self.retry_after = retry_after


class Throttled(Transient):
    """The platform asks us to slow down."""

    code = "throttled"


class OwnPace(Throttled):
    """coplink's own pace held a call back: nothing was sent."""


class Unavailable(Transient):
    """The platform does not answer, or answers 5xx, to a call that changed nothing."""

    code = "unavailable"


class NotReadyYet(Transient):
    """Something was made a moment ago and is not there for everybody yet."""

    code = "not_ready_yet"


class OutcomeUnknown(IntegrationError):
    """A write whose answer never came: it may or may not have happened."""

    code = "outcome_unknown"

    def __init__(self, detail: str = "") -> None:
        super().__init__(say("The platform did not answer; coplink looks before it tries again."), detail)


class NeedsAttention(IntegrationError):
    """A person must act; ``who`` names the kind of person ("Microsoft 365 administrator", "facilitator")."""

    code = "needs_attention"

    def __init__(self, message: Said, who: str, detail: str = "") -> None:
        super().__init__(message, detail)
        self.who = who


class Reauthorize(NeedsAttention):
    """The connection's credentials no longer work."""

    code = "reauthorize"


class PermissionMissing(NeedsAttention):
    """A scope or permission was not granted; ``scopes`` names it in the platform's words."""

    code = "permission_missing"

    def __init__(self, message: Said, who: str, scopes: Sequence[str] = (), detail: str = "") -> None:
        super().__init__(message, who, detail)
        self.scopes = tuple(scopes)


class PolicyForbids(NeedsAttention):
    """An organisation's setting forbids it; ``setting`` names it in the platform's words."""

    code = "policy_forbids"

    def __init__(self, message: Said, who: str, setting: str = "", detail: str = "") -> None:
        super().__init__(message, who, detail)
        self.setting = setting


class LimitReached(NeedsAttention):
    """The platform holds no more of something."""

    code = "limit_reached"


class Ambiguous(NeedsAttention):
    """More than one remote object carries our marker; ``candidates`` are their ids. Never a guess."""

    code = "ambiguous"

    def __init__(self, message: Said, who: str, candidates: Sequence[str] = (), detail: str = "") -> None:
        super().__init__(message, who, detail)
        self.candidates = tuple(candidates)


class NotLicensed(NeedsAttention):
    """The account lacks a licence for this."""

    code = "not_licensed"


class Misconfigured(NeedsAttention):
    """A setting of the connection is missing or wrong (a course or team that does not exist, for instance)."""

    code = "misconfigured"


class Gone(IntegrationError):
    """The remote object is not there (any more)."""

    code = "gone"


class CursorExpired(IntegrationError):
    """The platform forgot where our reading stopped; list everything anew."""

    code = "cursor_expired"


class UnexpectedReply(IntegrationError):
    """The platform answered something we do not understand; our bug, never retried."""

    code = "unexpected_reply"
