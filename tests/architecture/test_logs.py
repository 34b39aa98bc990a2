"""Logs: whatever is handed to them, by us or by a library, no secret and no person comes out."""

from __future__ import annotations

import io
import json
import logging

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.commands import logging_kept

from coplink import logs

JWT = jwt.encode(
    {"sub": "wren", "email": "ana.wren@district.example"}, "a-secret-that-is-long-enough-for-hs256"
)
CANARIES = {
    "a JWT": JWT,
    "a JWT cut off": JWT[:60],
    "a bearer token": "Bearer wren-0123456789",
    "an address with a token": "https://api.example/x?access_token=wren0123456789&page=2",
    "an address with a password": "postgresql://coplink:wren0123456@db/coplink",
    "an OAuth answer": '{"access_token": "wren0123456789", "expires_in": 3600}',
    "a code in a query": "GET /door/google?state=wren0123&code=wren4567 302",
    "an e-mail address": "ana.wren@district.example",
    "an encoded e-mail address": "/calendars/ana.wren%40district.example/events",
    "a Canvas token": "7~wrenWrenWren0123456789",
    "a Google token": "ya29.wren-wren_wren",
    "a private key": "-----BEGIN PRIVATE KEY-----\nwren\n-----END PRIVATE KEY-----",
    "a client secret": "client_secret=wren0123456789",
    "a feed": "GET /feed/wren0123456789.ics",
}


@pytest.fixture
def written():
    """Configure logging into a text; give a function that returns the entries; put everything back."""
    stream = io.StringIO()

    def entries():
        lines = stream.getvalue().splitlines()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in lines]

    with logging_kept():
        logs.configure("DEBUG", stream)
        yield entries


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
def test_a_canary_does_not_come_out_whichever_way_it_goes_in(written, canary):
    ours = logs.get("coplink.test")
    ours.info(f"said {canary}", detail=canary, inner={"deep": [canary, {canary: canary}]})
    ours.info("positional %s", canary)
    logging.getLogger("httpx").warning("asked %s", canary)
    logging.getLogger("dbos").error("workflow argument %r", canary)
    try:
        raise ValueError(canary)
    except ValueError:
        ours.exception("failed")
        logging.getLogger("some.library").exception("failed too")
    text = json.dumps(entries := written())
    assert len(entries) == 6
    assert "wren" not in text.lower()
    assert JWT[:20] not in text
    assert logs.HIDDEN in text


@pytest.mark.parametrize(
    "key",
    [
        *("token", "access_token", "id_token", "client_secret", "password", "authorization", "Authorization"),
        *("set_cookie", "master_keys", "assertion", "client_state", "api_key", "private_key", "body"),
        *("email", "name", "display_name", "full_name", "given_name", "upn", "userPrincipalName"),
    ],
)
def test_a_value_under_a_telling_name_is_left_out(written, key):
    logs.get("coplink.test").info("x", **{key: "Ana García"}, inner={key: ["Ana García"]})
    [entry] = written()
    assert entry[key] == logs.HIDDEN
    assert entry["inner"] == {key: logs.HIDDEN}


def test_what_an_engineer_needs_stays(written):
    with logs.bound(institution="in_7", community="co_3", job="reconcile:sp_1:12.0"):
        logs.get("coplink.test").warning(
            "throttled", code="throttled", status=429, retry_after=12.5, again=True, by=None
        )
    logs.get("coplink.test").info("after")
    first, second = written()
    assert first["job"] == "reconcile:sp_1:12.0"
    assert (first["institution"], first["community"]) == ("in_7", "co_3")
    assert (first["event"], first["code"], first["status"], first["retry_after"]) == (
        "throttled",
        "throttled",
        429,
        12.5,
    )
    assert (first["again"], first["by"], first["level"], first["logger"]) == (
        True,
        None,
        "warning",
        "coplink.test",
    )
    assert first["timestamp"].endswith("Z")
    assert "job" not in second, "what was bound ends with its block"


def test_an_exception_keeps_its_place_and_loses_its_secret(written):
    try:
        raise RuntimeError("refused with Bearer canary-0123456789")
    except RuntimeError:
        logs.get("coplink.test").exception("failed", code="unexpected_reply")
    [entry] = written()
    assert "RuntimeError: refused with Bearer [hidden]" in entry["exception"]
    assert "test_logs.py" in entry["exception"]


def test_configuring_again_replaces_and_does_not_double(written):
    other = io.StringIO()
    logs.configure("WARNING", other)
    logs.get("coplink.test").warning("once")
    logs.get("coplink.test").info("too quiet")
    assert written() == []
    assert [json.loads(line)["event"] for line in other.getvalue().splitlines()] == ["once"]


def test_bytes_are_counted_not_shown(written):
    logs.get("coplink.test").info("received", raw=b"canary", at={"seen": bytearray(b"canary")})
    [entry] = written()
    assert (entry["raw"], entry["at"]) == ("[6 bytes]", {"seen": "[6 bytes]"})


@given(st.text(), st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_", min_size=12), st.text())
def test_a_bearer_token_is_found_in_any_text(before, token, after):
    assert token not in logs.clean(f"{before} Bearer {token} {after}").replace(before, "").replace(after, "")
