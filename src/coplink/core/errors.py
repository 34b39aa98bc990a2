"""The error tree of coplink's own world. What platforms say lives in ``coplink.ports.errors``.

CoplinkError                  code (stable), message (for people), detail (for the log)
├── DomainError               the request makes no sense              -> say so, 400
├── NotAllowed                this person may not                     -> say so, 403; 404 where existence is private
├── NotFound                  there is no such thing for this person  -> 404
├── PlanError
│   ├── UnsafePlan(hazards)   well formed but dangerous               -> ask: notice
│   ├── StalePlan             approved, but the world moved           -> plan again
│   └── CannotFit(...)        strict charter, weak target             -> ask
├── LaunchError               a door was knocked on wrongly           -> a page that says what to do
│   ├── UnknownPlatform · UnknownDeployment · PendingDeployment       -> an admin must register or approve
│   ├── BadToken              signature, audience, times, nonce       -> logged as security
│   ├── NoKeys                the platform's keys cannot be had       -> try again in a minute
│   └── LostState             cookies blocked, login too old          -> offer to start again
└── ConfigurationError        at start, never later                   -> doctor's sentence
    └── NotInstalled(extra) · BadSetting(name)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from coplink.core.words import Said, say


class CoplinkError(Exception):
    """Anything coplink refuses or cannot do: a stable code, a sentence for people and a detail for the log.

    ``message`` never holds a response body, a token or another person's name; ``detail`` may hold what an engineer
    needs, never a secret.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: Said, detail: str = "") -> None:
        super().__init__(str(message))
        self.message = message
        self.detail = detail or str(message)


class DomainError(CoplinkError):
    """The request makes no sense for a community of practice."""

    code = "domain"


class NotAllowed(CoplinkError):
    """This person may not do this."""

    code = "not_allowed"


class NotFound(CoplinkError):
    """There is no such thing, or none this person may know of."""

    code = "not_found"


class PlanError(CoplinkError):
    """A plan for a space that is not carried out without a person."""

    code = "plan"


class UnsafePlan(PlanError):
    """A well-formed plan with hazards; ``hazards`` are sentences, every reason at once."""

    code = "unsafe_plan"

    def __init__(self, hazards: Sequence[Said]) -> None:
        super().__init__(
            say("This would change more than coplink does without asking."), "; ".join(map(str, hazards))
        )
        self.hazards = tuple(hazards)


class StalePlan(PlanError):
    """A person approved a plan and the world has moved since."""

    code = "stale_plan"


class CannotFit(PlanError):
    """A place cannot represent what a strict charter asks for."""

    code = "cannot_fit"


class LaunchError(CoplinkError):
    """A door was knocked on wrongly; the page says what to do."""

    code = "launch"


class UnknownPlatform(LaunchError):
    """No registration for this issuer and client."""

    code = "unknown_platform"


class UnknownDeployment(LaunchError):
    """The registration is known, this deployment of it is not."""

    code = "unknown_deployment"


class PendingDeployment(LaunchError):
    """The deployment is known and waits for a person's approval."""

    code = "pending_deployment"


class BadToken(LaunchError):
    """Signature, audience, times, nonce or a claim of a token is wrong; logged as a security event."""

    code = "bad_token"


class NoKeys(LaunchError):
    """A token cannot be judged because its platform's keys cannot be had right now."""

    code = "no_keys"


class LostState(LaunchError):
    """The login this answer belongs to is unknown, used, expired or of another browser."""

    code = "lost_state"


class ConfigurationError(CoplinkError):
    """coplink cannot start like this."""

    code = "configuration"


class NotInstalled(ConfigurationError):
    """An integration's extra is missing."""

    code = "not_installed"

    def __init__(self, extra: str) -> None:
        super().__init__(say("This needs: pip install 'coplink[{extra}]'.", extra=extra))
        self.extra = extra


class BadSetting(ConfigurationError):
    """A setting has a value that cannot be used."""

    code = "bad_setting"

    def __init__(self, name: str, message: Said) -> None:
        super().__init__(message, f"{name}: {message}")
        self.name = name
