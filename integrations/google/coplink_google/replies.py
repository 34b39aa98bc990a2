"""What Google's replies mean: a table of status, pattern and meaning, and a function that turns a reply into an error.

The table is read from the top; the first row whose status and pattern fit decides. A pattern is searched in the
reasons and the message of the reply together. Dates say when a row was last compared with Google's documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import (
    CursorExpired,
    Gone,
    IntegrationError,
    LimitReached,
    Misconfigured,
    NotLicensed,
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
    PolicyForbids,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink_google import ADMIN, AUTH
from coplink_google.operations import OPERATIONS

UNTIL_TOMORROW = 6 * 3600.0


class Meaning(Enum):
    """What a refusal means for us."""

    THROTTLED = auto()
    DAY_LIMIT = auto()
    NOT_READY = auto()
    REAUTHORIZE = auto()
    SCOPE = auto()
    API_OFF = auto()
    POLICY = auto()
    LICENCE = auto()
    FULL = auto()
    ALREADY = auto()
    EXPIRED = auto()
    GONE = auto()
    ADDRESS = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: ``status`` 0 fits every status."""

    status: int
    pattern: str
    meaning: Meaning
    date: str
    why: str


TABLE = (
    Row(429, "", Meaning.THROTTLED, "2026-11", "any 429; rateLimitExceeded of the Directory is per account"),
    Row(
        403,
        r"dailyLimitExceeded",
        Meaning.DAY_LIMIT,
        "2026-11",
        "the day's quota; more calls only make it worse",
    ),
    Row(
        403,
        r"rateLimitExceeded|userRateLimitExceeded|quotaExceeded|sharingRateLimitExceeded|RESOURCE_EXHAUSTED"
        r"|Request rate higher than configured",
        Meaning.THROTTLED,
        "2026-11",
        "the client library retries only two of these; quotaExceeded is the Directory's normal throttle",
    ),
    Row(
        403,
        r"does not have the administrator privileges",
        Meaning.NOT_READY,
        "2026-11",
        "a drive made just now",
    ),
    Row(
        403,
        r"accessNotConfigured|SERVICE_DISABLED",
        Meaning.API_OFF,
        "2026-11",
        "the API is off in the project",
    ),
    Row(
        403,
        r"insufficientPermissions|insufficientScopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        Meaning.SCOPE,
        "2026-11",
        "a scope was not granted",
    ),
    Row(
        403,
        r"domainPolicy|cannotShareTeamDriveWithNonGoogleAccounts|teamDriveDomainUsersOnlyRestriction"
        r"|invalidSharingRequest|userCannotCreateTeamDrives|domainCannotUseApis|admin_policy_enforced|cannotInviteNonDomain",
        Meaning.POLICY,
        "2026-11",
        "a setting of the organisation; never retried",
    ),
    Row(403, r"PERMISSION_DENIED", Meaning.POLICY, "2026-11", "Chat is off for this account, or not allowed"),
    Row(
        403,
        r"userNotLicensed|license|notACalendarUser",
        Meaning.LICENCE,
        "2026-11",
        "the robot account has no licence, or its Calendar (and mailbox) is off",
    ),
    Row(
        403,
        r"teamDriveMembershipLimitExceeded|teamDriveFileLimitExceeded|limitExceeded|storageQuotaExceeded",
        Meaning.FULL,
        "2026-11",
        "600 direct members, 500,000 files, storage",
    ),
    Row(403, "", Meaning.SCOPE, "2026-11", "every other 403: a role or privilege is missing"),
    Row(0, r"webhook", Meaning.ADDRESS, "2026-11", "an address that Google does not call"),
    Row(400, r"channelIdNotUnique", Meaning.ALREADY, "2026-11", "the name of a channel is used once"),
    Row(409, "", Meaning.ALREADY, "2026-11", "duplicate; ids of deleted events count as taken"),
    Row(412, r"conditionNotMet", Meaning.POLICY, "2026-11", "a group that takes no outsiders"),
    Row(410, r"deleted", Meaning.GONE, "2026-11", "an event deleted already"),
    Row(410, "", Meaning.EXPIRED, "2026-11", "a page or change token is too old"),
    Row(
        400,
        r"pageToken|page token|Invalid Value.*token",
        Meaning.EXPIRED,
        "2026-11",
        "Drive forgot a page token",
    ),
    Row(404, "", Meaning.GONE, "2026-11", "deleted, or made a moment ago: the caller knows which"),
    Row(401, "", Meaning.REAUTHORIZE, "2026-11", "after the library has fetched a fresh token itself"),
)


def scope_of(operation: str) -> str:
    """The scope from our manifest that an operation is called with."""
    api = operation.partition(".")[0]
    found = OPERATIONS.get(operation) or next(one for one in OPERATIONS.values() if one.api == api)
    return AUTH + found.scope


def scopes_of(operation: str) -> tuple[str, ...]:
    """The scope an operation is called with, as far as it is one of the table's."""
    return (AUTH + OPERATIONS[operation].scope,) if operation in OPERATIONS else ()


class AlreadyThere(UnexpectedReply):
    """A create met something that is there already; every caller looks at what it is."""

    code = "already_there"


def refused(
    operation: str, writes: bool, status: int, content: bytes, headers: Mapping[str, str]
) -> IntegrationError:
    """The error for a reply that is not a success; ``detail`` holds operation, status and reasons, nothing else."""
    reasons, message = _told(content)
    detail = f"{operation} {status} {','.join(reasons)}".strip()
    if status >= 500:
        if writes:
            return OutcomeUnknown(detail)
        return Unavailable(say("Google is not available at the moment."), detail, _seconds(headers))
    text = " ".join((*reasons, message))
    for row in TABLE:
        if row.status in (0, status) and re.search(row.pattern, text, re.IGNORECASE):
            return _error(row.meaning, operation, detail, reasons, _seconds(headers))
    return UnexpectedReply(say("Google answered something coplink does not understand."), detail)


def _error(
    meaning: Meaning, operation: str, detail: str, reasons: tuple[str, ...], wait: float | None
) -> IntegrationError:
    setting = reasons[0] if reasons else ""
    match meaning:
        case Meaning.THROTTLED:
            return Throttled(say("Google asks coplink to slow down."), detail, wait)
        case Meaning.DAY_LIMIT:
            return Throttled(say("Google's quota for today is used up."), detail, wait or UNTIL_TOMORROW)
        case Meaning.NOT_READY:
            return NotReadyYet(say("Google has not finished making this yet."), detail, wait)
        case Meaning.REAUTHORIZE:
            return Reauthorize(say("Google no longer accepts coplink's credentials."), ADMIN, detail)
        case Meaning.SCOPE:
            scope = scope_of(operation)
            said = say("Google did not give coplink permission for this ({scope}).", scope=scope)
            return PermissionMissing(said, ADMIN, (scope,), detail)
        case Meaning.API_OFF:
            said = say("One of the Google APIs is not enabled in the Cloud project.")
            return PermissionMissing(said, ADMIN, (), detail)
        case Meaning.POLICY:
            said = say(
                "A setting of your Google Workspace forbids this ({setting}).", setting=setting or "policy"
            )
            return PolicyForbids(said, ADMIN, setting, detail)
        case Meaning.LICENCE:
            return NotLicensed(
                say("The robot account has no licence for this in Google Workspace."), ADMIN, detail
            )
        case Meaning.FULL:
            return LimitReached(say("Google holds no more of this ({limit}).", limit=setting), ADMIN, detail)
        case Meaning.ALREADY:
            return AlreadyThere(say("Google has this already."), detail)
        case Meaning.EXPIRED:
            return CursorExpired(say("Google forgot where coplink's reading stopped."), detail)
        case Meaning.ADDRESS:
            said = say(
                "Google calls coplink only at an https address that can be reached from the internet; until then"
                " coplink looks for new files by itself every few minutes."
            )
            return Misconfigured(said, ADMIN, detail)
        case Meaning.GONE:
            return Gone(say("This is not in Google Workspace any more."), detail)


def _told(content: bytes) -> tuple[tuple[str, ...], str]:
    """Reasons and message of Google's two error forms; both empty where the body is something else."""
    try:
        error: Any = json.loads(content)["error"]
        found = [one.get("reason", "") for one in error.get("errors", ()) if isinstance(one, dict)]
        found += [one.get("reason", "") for one in error.get("details", ()) if isinstance(one, dict)]
        found.append(error.get("status", ""))
        clean = tuple(word for word in found if isinstance(word, str) and re.fullmatch(r"\w{1,80}", word))
        return clean, str(error.get("message", ""))[:500]
    except (ValueError, KeyError, TypeError, AttributeError):
        return (), ""


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return min(float(text), 24 * 3600.0) if re.fullmatch(r"\d{1,6}(\.\d+)?", text) else None


def text_of(answer: Mapping[str, Any], name: str) -> str:
    """A text that Google always sends; raises ``UnexpectedReply`` where it does not."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise UnexpectedReply(
            say("Google answered something coplink does not understand."), f"no text “{name}”"
        )
    return value


def texts_of(answer: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts (absent means none); raises ``UnexpectedReply`` for anything else."""
    value = answer.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UnexpectedReply(
            say("Google answered something coplink does not understand."), f"no texts “{name}”"
        )
    return value


def part(parts: Mapping[str, str], name: str) -> str:
    """The remote id of a step; raises ``UnexpectedReply`` where coplink does not remember it."""
    remote = parts.get(name)
    if not remote:
        raise UnexpectedReply(say("A part of this space is not known to coplink."), f"no part “{name}”")
    return remote


def rows_of(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a listing (absent means none); raises ``UnexpectedReply`` for anything else."""
    value = answer.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise UnexpectedReply(
            say("Google answered something coplink does not understand."), f"no list “{name}”"
        )
    return value
