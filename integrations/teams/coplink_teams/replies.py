"""What each odd answer of Microsoft means, as data; one function maps an answer to an error.

A row matches by status and by a pattern on ``code: message``; the first that matches decides. The vendor's words are
matched, never shown. Rows carry the date they were believed last, and why.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from coplink.core.words import say
from coplink.ports.errors import (
    CursorExpired,
    Gone,
    IntegrationError,
    LimitReached,
    Misconfigured,
    NotLicensed,
    OutcomeUnknown,
    PermissionMissing,
    PolicyForbids,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink_teams import ADMIN
from coplink_teams.answers import NOT_UNDERSTOOD, Answer

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One oddity: when it applies, what it means, since when it is believed, and why."""

    status: int
    pattern: str
    meaning: Callable[[Answer], IntegrationError]
    believed: str
    why: str


_BUSY = say("Microsoft asks coplink to slow down; it goes on by itself.")
_AWAY = say("Microsoft does not answer at the moment; coplink tries again by itself.")


def _permission(answer: Answer) -> IntegrationError:
    return PermissionMissing(
        say(
            "Microsoft refuses this: the coplink app lacks a permission or is not installed in the host team."
        ),
        ADMIN,
        detail=answer.detail(),
    )


TABLE: tuple[Row, ...] = (
    Row(
        400,
        r"(?i)at least one owner|last owner",
        lambda a: PolicyForbids(
            say(
                "Microsoft keeps the last owner of a team or channel: make somebody else a facilitator first."
            ),
            "facilitator",
            "owners",
            a.detail(),
        ),
        "2026-11",
        "neither removed nor made a member; the service account is an owner too, unless somebody took that away",
    ),
    Row(
        400,
        r"NameAlreadyExists|already exist",
        lambda a: PolicyForbids(
            say("The host team has, or had in the last 30 days, another channel of this name."),
            ADMIN,
            "channel name",
            a.detail(),
        ),
        "2026-11",
        "names of deleted channels stay taken for 30 days; the answer is 400 BadRequest with an inner code",
    ),
    Row(
        400,
        r"(?i)maximum|limit|quota|too many",
        lambda a: LimitReached(say("The host team or this channel is full."), ADMIN, a.detail()),
        "2026-11",
        "channel and member limits are answered with 400 or 403 and a sentence",
    ),
    Row(
        403,
        r"(?i)maximum|limit exceeded|quota",
        lambda a: LimitReached(say("The host team or this channel is full."), ADMIN, a.detail()),
        "2026-11",
        "see above",
    ),
    Row(
        403,
        r"(?i)licen[cs]e",
        lambda a: NotLicensed(say("The account lacks a Microsoft 365 licence for this."), ADMIN, a.detail()),
        "2026-11",
        "Teams answers 403 with the word licence for unlicensed accounts",
    ),
    Row(
        403,
        r"(?i)AccessDenied.*RBAC|ErrorAccessDenied|application access policy",
        lambda a: PolicyForbids(
            say("Exchange does not let the coplink app use the service mailbox."),
            ADMIN,
            "RBAC for Applications",
            a.detail(),
        ),
        "2026-11",
        "a management scope that does not hold the mailbox",
    ),
    Row(
        403,
        r"(?i)policy|disabled by|not allowed in class|blocked",
        lambda a: PolicyForbids(
            say("A policy of your Microsoft 365 organisation forbids this."),
            ADMIN,
            "Teams policy",
            a.detail(),
        ),
        "2026-11",
        "Teams policies are answered with 403 and a sentence",
    ),
    Row(
        404,
        r"MailboxNotEnabledForRESTAPI|ErrorInvalidUser|MailboxNotFound",
        lambda a: Misconfigured(
            say("The service mailbox does not exist or is not in Exchange Online."), ADMIN, a.detail()
        ),
        "2026-11",
        "a mailbox on premises or without a licence",
    ),
    Row(
        410,
        r"",
        lambda a: CursorExpired(
            say("Microsoft forgot where reading stopped; coplink lists everything anew."), a.detail()
        ),
        "2026-11",
        "drive delta: resyncRequired with a Location",
    ),
    Row(
        400,
        r"(?i)syncStateNotFound|syncStateInvalid|resyncRequired",
        lambda a: CursorExpired(
            say("Microsoft forgot where reading stopped; coplink lists everything anew."), a.detail()
        ),
        "2026-11",
        "some services answer 40x instead of 410",
    ),
    Row(
        401,
        r"",
        lambda a: Reauthorize(say("Microsoft no longer accepts coplink’s sign-in."), ADMIN, a.detail()),
        "2026-11",
        "after one fresh token; a removed app or a revoked consent",
    ),
    Row(403, r"", _permission, "2026-11", "Forbidden, Authorization_RequestDenied, missing RSC"),
    Row(
        404,
        r"",
        lambda a: Gone(say("It is not there any more in Microsoft 365."), a.detail()),
        "2026-11",
        "or not there yet: callers that just made it say so",
    ),
    Row(
        429,
        r"",
        lambda a: Throttled(_BUSY, a.detail(), a.retry_after),
        "2026-11",
        "Retry-After is honoured; some answers lack it",
    ),
)


def refused(answer: Answer) -> IntegrationError:
    """The error an answer of 400 and above stands for."""
    if answer.status >= 500 or answer.status == 408:
        if answer.write:
            return OutcomeUnknown(answer.detail())
        return Unavailable(_AWAY, answer.detail(), answer.retry_after)
    words = ": ".join(answer.error())
    for row in TABLE:
        if row.status == answer.status and re.search(row.pattern, words):
            return row.meaning(answer)
    return UnexpectedReply(NOT_UNDERSTOOD, answer.detail())


def accepted(answer: Answer, *statuses: int) -> Answer:
    """The answer itself where it has one of these statuses; raises what it stands for otherwise."""
    if answer.status in statuses:
        return answer
    if answer.status < 400:
        raise UnexpectedReply(NOT_UNDERSTOOD, answer.detail())
    raise refused(answer)


def made(answer: Answer, *statuses: int) -> Answer:
    """The same for what makes something: asked to slow down, Microsoft may have made it all the same.

    Then nobody knows how it ended, and whoever comes back looks for it first. The time named is kept by the pace.
    """
    if answer.status == 429:
        raise OutcomeUnknown(answer.detail("perhaps made"))
    return accepted(answer, *statuses)


def already_there(answer: Answer) -> bool:
    """A 400 or 409 that only says: this is so already."""
    return answer.status in (400, 409) and bool(
        re.search(r"(?i)already|conflict|duplicate", ": ".join(answer.error()))
    )


def not_there(answer: Answer) -> bool:
    """A refusal that only says: nobody like this is here."""
    return answer.status == 404 or (
        answer.status == 400 and bool(re.search(r"(?i)not a member|not found", ": ".join(answer.error())))
    )


def silent(operation: str, write: bool, kind: str) -> IntegrationError:
    """No answer came: unknown for a write, unavailable for a read."""
    return OutcomeUnknown(f"{operation} {kind}") if write else Unavailable(_AWAY, f"{operation} {kind}")


def unreachable(operation: str, kind: str) -> IntegrationError:
    """The connection was never made, so nothing was sent."""
    return Unavailable(_AWAY, f"{operation} {kind}")


def busy(operation: str, retry_after: float) -> IntegrationError:
    """Our own share of the published limit is used up for the moment."""
    return Throttled(_BUSY, f"{operation} own limit", retry_after)


def strange(detail: str) -> UnexpectedReply:
    """An answer whose form we do not understand."""
    return UnexpectedReply(NOT_UNDERSTOOD, detail)


def careful(port: Callable[P, T]) -> Callable[P, T]:
    """Let nothing but an ``IntegrationError`` leave a port: an answer in an unknown shape is an unexpected reply."""

    @functools.wraps(port)
    def guarded(*args: P.args, **named: P.kwargs) -> T:
        try:
            return port(*args, **named)
        except IntegrationError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise strange(f"{port.__qualname__} {type(error).__name__}") from error

    return guarded
