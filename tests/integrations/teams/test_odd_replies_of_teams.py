"""What Microsoft may answer, and what coplink makes of it: never anything but the port's own kinds of error."""

from __future__ import annotations

import json
import re

import pytest

from coplink.ports.errors import (
    CursorExpired,
    Gone,
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
from coplink_teams.answers import Answer
from coplink_teams.replies import TABLE, refused

PARTS = {"channel": "shared/19:x@thread.tacv2", "folder": "b!d/01F"}
SETTINGS = {
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "client_id": "22222222-2222-2222-2222-222222222222",
    "client_secret": "a very secret secret",
    "team_id": "33333333-3333-3333-3333-333333333333",
    "mailbox": "coplink@school.example",
}


def answer(status, code="x", message="x", write=False, inner="", **headers):
    body = {"error": {"code": code, "message": message, **({"innerError": {"code": inner}} if inner else {})}}
    return Answer("GET /thing", status, headers, json.dumps(body).encode(), write)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(400, "BadRequest", "Channel name already existed", inner="NameAlreadyExists"), PolicyForbids),
        (answer(400, "BadRequest", "Maximum number of channels reached"), LimitReached),
        (answer(403, "Forbidden", "quota exceeded"), LimitReached),
        (answer(403, "Forbidden", "The user has no license for Teams"), NotLicensed),
        (answer(403, "ErrorAccessDenied", "Access is denied."), PolicyForbids),
        (answer(403, "Forbidden", "Blocked by a policy"), PolicyForbids),
        (answer(403, "Forbidden", "Missing role permissions"), PermissionMissing),
        (answer(403, "Authorization_RequestDenied", "Insufficient privileges"), PermissionMissing),
        (answer(404, "MailboxNotEnabledForRESTAPI", "x"), Misconfigured),
        (answer(404, "NotFound", "x"), Gone),
        (answer(410, "resyncRequired", "x"), CursorExpired),
        (answer(400, "syncStateNotFound", "x"), CursorExpired),
        (answer(401, "InvalidAuthenticationToken", "x"), Reauthorize),
        (answer(429, "TooManyRequests", "x"), Throttled),
        (answer(500, "generalException", "x"), Unavailable),
        (answer(503, "serviceNotAvailable", "x"), Unavailable),
        (answer(503, "serviceNotAvailable", "x", write=True), OutcomeUnknown),
        (answer(504, "GatewayTimeout", "x", write=True), OutcomeUnknown),
        (answer(418, "teapot", "x"), UnexpectedReply),
        (answer(400, "BadRequest", "x"), UnexpectedReply),
    ],
    ids=lambda value: f"{value.status} {value.error()[0]}" if isinstance(value, Answer) else value.__name__,
)
def test_each_answer_has_one_meaning(given, kind):
    error = refused(given)
    assert type(error) is kind
    assert given.error()[1] not in str(error.message) or given.error()[1] == "x"


def test_every_row_of_the_table_is_dated_and_justified():
    assert all(re.fullmatch(r"20\d\d-\d\d", row.believed) and row.why for row in TABLE)


def test_retry_after_is_honoured_and_bounded():
    assert refused(answer(429, **{"retry-after": "17"})).retry_after == 17
    assert refused(answer(429)).retry_after is None
    assert refused(answer(429, **{"retry-after": "-5"})).retry_after == 0
    assert refused(answer(429, **{"retry-after": "99999999"})).retry_after == 86_400
    assert refused(answer(429, **{"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})).retry_after is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": 7}', b'{"error": {"code": null}}', b"\xff\xfe"]
)
def test_an_error_in_no_known_form_still_has_a_meaning(body):
    assert isinstance(refused(Answer("GET /thing", 403, {}, body)), PermissionMissing)
