"""What each odd reply of Canvas means, as a table, and the one function that turns a reply into an error.

Rows are read from the top; the first whose status, header and pattern fit decides. A pattern is looked for in the body,
which is never shown or logged. Sources: the throttling page of the Canvas API documentation, and the behaviour of the
open source Canvas (``render_unauthorized_action``, ``rescue_action_in_api``), read in November 2026.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from coplink.core.words import say
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    LimitReached,
    Misconfigured,
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
    PolicyForbids,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink_canvas import ADMIN, operations

LONGEST_WAIT = 3600.0


class Meaning(Enum):
    """What a refusal of Canvas says."""

    THROTTLED = auto()
    TOKEN = auto()
    CONSENT = auto()
    KEY = auto()
    SCOPE = auto()
    FORBIDDEN = auto()
    SWITCHED_OFF = auto()
    NAME_TAKEN = auto()
    FULL = auto()
    ABSENT = auto()
    ELSEWHERE = auto()
    DOWN = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Odd:
    """One row: which replies, what they mean, when that was last checked, and why we believe it."""

    lowest: int
    highest: int
    pattern: str
    meaning: Meaning
    checked: str
    why: str
    header: str = ""


TABLE = (
    Odd(429, 429, "", Meaning.THROTTLED, "2026-11", "the documented answer of the throttle since 2025"),
    Odd(
        403,
        403,
        r"Rate Limit Exceeded",
        Meaning.THROTTLED,
        "2026-11",
        "the throttle's older answer, still common",
    ),
    Odd(
        401,
        401,
        r"(?i)insufficient scopes",
        Meaning.SCOPE,
        "2026-11",
        "the developer key enforces scopes and this call has none of them",
    ),
    Odd(400, 401, r"invalid_grant", Meaning.CONSENT, "2026-11", "consent revoked, or a code used or too old"),
    Odd(
        400,
        403,
        r"invalid_client|unauthorized_client",
        Meaning.KEY,
        "2026-11",
        "a developer key of another number or secret, or one that was switched off",
    ),
    Odd(
        401,
        401,
        "",
        Meaning.TOKEN,
        "2026-11",
        "only a missing or dead token is challenged",
        header="www-authenticate",
    ),
    Odd(
        401,
        401,
        r"(?i)(invalid|expired|revoked) access token",
        Meaning.TOKEN,
        "2026-11",
        "proxies drop the challenge",
    ),
    Odd(
        401,
        401,
        "",
        Meaning.FORBIDDEN,
        "2026-11",
        "before 2024 Canvas said 401 for a missing permission, too",
    ),
    Odd(403, 403, "", Meaning.FORBIDDEN, "2026-11", "signed in, but the role lacks the permission"),
    Odd(
        404,
        404,
        r"(?i)has been disabled for this",
        Meaning.SWITCHED_OFF,
        "2026-11",
        "a tool switched off in a course",
    ),
    Odd(404, 404, "", Meaning.ABSENT, "2026-11", "deleted, never there, or not visible to this account"),
    Odd(
        400,
        422,
        r"(?i)already in use",
        Meaning.NAME_TAKEN,
        "2026-11",
        "names of group sets are unique in a course",
    ),
    Odd(
        400,
        422,
        r"(?i)group limit|group is full",
        Meaning.FULL,
        "2026-11",
        "somebody gave the group a maximum size",
    ),
    Odd(
        300,
        399,
        "",
        Meaning.ELSEWHERE,
        "2026-11",
        "the API never redirects; an old address or a sign-in page does",
    ),
    Odd(500, 599, "", Meaning.DOWN, "2026-11", "maintenance or trouble over there"),
)


def meaning(status: int, headers: Mapping[str, str], body: str) -> Meaning:
    """What this refusal says, by the table."""
    names = {name.lower() for name in headers}
    for row in TABLE:
        applies = row.lowest <= status <= row.highest and (not row.header or row.header in names)
        if applies and (not row.pattern or re.search(row.pattern, body)):
            return row.meaning
    return Meaning.UNKNOWN


def error(
    status: int, headers: Mapping[str, str], body: str, call: str, write: bool, now: datetime
) -> IntegrationError:
    """The error for a refusal; ``call`` is method and path for the log. A write that met a 5xx may have happened."""
    detail = f"{call} -> {status}"
    match meaning(status, headers, body):
        case Meaning.THROTTLED:
            return Throttled(say("Canvas asks coplink to slow down."), detail, retry_after(headers, now))
        case Meaning.TOKEN:
            return Reauthorize(
                say("Canvas no longer accepts the access token of the connection; enter a new one."),
                ADMIN,
                detail,
            )
        case Meaning.CONSENT:
            return Reauthorize(
                say(
                    "Canvas no longer accepts the consent given to coplink; give it anew on the connections page."
                ),
                ADMIN,
                detail,
            )
        case Meaning.KEY:
            return Misconfigured(
                say("Canvas does not know the developer key, or it is switched off."), ADMIN, detail
            )
        case Meaning.SCOPE:
            return PermissionMissing(
                say("The developer key in Canvas lacks a scope; add it, then give consent anew."),
                ADMIN,
                operations.scope(call),
                detail,
            )
        case Meaning.FORBIDDEN:
            return PermissionMissing(
                say("The service account may not do this in Canvas; check its role in the course’s account."),
                ADMIN,
                operations.permission(call),
                detail,
            )
        case Meaning.SWITCHED_OFF:
            return PolicyForbids(
                say("This is switched off in the Canvas course."), "facilitator", "course navigation", detail
            )
        case Meaning.NAME_TAKEN:
            return NotReadyYet(
                say("Canvas already has a group set of this name; coplink looks again."), detail
            )
        case Meaning.FULL:
            return LimitReached(
                say("The group in Canvas is full: it was given a maximum size."), "facilitator", detail
            )
        case Meaning.ABSENT:
            return Gone(say("Canvas does not have this any more."), detail)
        case Meaning.ELSEWHERE:
            return Misconfigured(
                say("The address of Canvas leads somewhere else; enter the address people end up at."),
                ADMIN,
                detail,
            )
        case Meaning.DOWN:
            return (
                OutcomeUnknown(detail)
                if write
                else Unavailable(say("Canvas does not answer at the moment."), detail)
            )
        case _:
            return UnexpectedReply(say("Canvas answered something coplink does not understand."), detail)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds a ``Retry-After`` header asks for (number or date, RFC 9110), at most an hour; None without one."""
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if not asked:
        return None
    try:
        seconds = float(asked)
    except ValueError:
        try:
            until = parsedate_to_datetime(asked)
        except (TypeError, ValueError):
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)
