"""What an odd answer of a platform's services means, as our own errors: who must act, or when to try again.

``detail`` holds method, path, status and the OAuth error code, never a body.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from coplink.core.words import say
from coplink.lti.egress import Answer
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    PermissionMissing,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)

ADMIN = "learning platform administrator"
LONGEST_WAIT = 3600.0
_OAUTH = frozenset(
    {"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client"}
    | {"unsupported_grant_type", "access_denied", "insufficient_scope", "invalid_token"}
)


def token(answer: Answer, where: str, scopes: Sequence[str], now: datetime) -> IntegrationError:
    """A token endpoint said no (RFC 6749, 5.2)."""
    code = oauth_code(answer)
    detail = f"{where}: {answer.status} {code}"
    busy = _busy(answer, detail, now)
    if busy is not None:
        return busy
    if code in ("invalid_scope", "insufficient_scope"):
        return not_granted(scopes, detail)
    if answer.status in (400, 401, 403):
        message = say(
            "The learning platform does not accept coplink's key. Its administrator must check coplink's entry."
        )
        return Reauthorize(message, ADMIN, detail)
    return not_understood(detail)


def service(answer: Answer, where: str, scopes: Sequence[str], now: datetime) -> IntegrationError:
    """A service said no, a renewed token included."""
    detail = f"{where}: {answer.status} {oauth_code(answer)}"
    busy = _busy(answer, detail, now)
    if busy is not None:
        return busy
    if answer.status == 401:
        message = say(
            "The learning platform refuses coplink's access. Its administrator must check coplink's entry."
        )
        return Reauthorize(message, ADMIN, detail)
    if answer.status == 403:
        return not_granted(scopes, detail)
    if answer.status in (404, 410):
        return Gone(say("The course is not there any more, or coplink was taken out of it."), detail)
    return not_understood(detail)


def not_granted(scopes: Sequence[str], detail: str) -> PermissionMissing:
    """A permission is missing."""
    message = say("The learning platform does not let coplink read who is in the course.")
    return PermissionMissing(message, ADMIN, tuple(scopes), detail)


def not_understood(detail: str) -> UnexpectedReply:
    """Nothing we know."""
    return UnexpectedReply(
        say("The learning platform answered in a way coplink does not understand."), detail
    )


def _busy(answer: Answer, detail: str, now: datetime) -> IntegrationError | None:
    # Canvas throttles with 403 as well and says so in the text only.
    if answer.status == 429 or (answer.status == 403 and b"Rate Limit Exceeded" in answer.body[:1000]):
        message = say("The learning platform asks coplink to slow down.")
        return Throttled(message, detail, retry_after(answer, now))
    if answer.status >= 500:
        message = say("The learning platform has a problem right now; coplink tries again by itself.")
        return Unavailable(message, detail, retry_after(answer, now))
    return None


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110, 10.2.3); at most an hour."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return min(float(given), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def oauth_code(answer: Answer) -> str:
    """The error code of an OAuth answer, if it is one of the known ones."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    code = body.get("error") if isinstance(body, dict) else None
    return code if isinstance(code, str) and code in _OAUTH else ""
