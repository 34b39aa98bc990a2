"""Odd replies: each becomes the right refusal, says who can act, and leaks nothing."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports import errors
from coplink_google.replies import TABLE, refused, rows_of, text_of


def body(status, reason, message=""):
    one = {"domain": "global", "reason": reason, "message": message}
    return json.dumps({"error": {"code": status, "message": message, "errors": [one]}}).encode()


@pytest.mark.parametrize(
    ("status", "reason", "message", "kind"),
    [
        (429, "rateLimitExceeded", "", errors.Throttled),
        (403, "rateLimitExceeded", "", errors.Throttled),
        (403, "userRateLimitExceeded", "", errors.Throttled),
        (403, "quotaExceeded", "", errors.Throttled),
        (403, "sharingRateLimitExceeded", "", errors.Throttled),
        (403, "dailyLimitExceeded", "", errors.Throttled),
        (403, "forbidden", "Request rate higher than configured.", errors.Throttled),
        (403, "forbidden", "The user does not have the administrator privileges.", errors.NotReadyYet),
        (403, "accessNotConfigured", "", errors.PermissionMissing),
        (403, "insufficientPermissions", "", errors.PermissionMissing),
        (403, "forbidden", "Not Authorized", errors.PermissionMissing),
        (403, "domainPolicy", "", errors.PolicyForbids),
        (403, "cannotShareTeamDriveWithNonGoogleAccounts", "", errors.PolicyForbids),
        (403, "teamDriveDomainUsersOnlyRestriction", "", errors.PolicyForbids),
        (403, "invalidSharingRequest", "", errors.PolicyForbids),
        (412, "conditionNotMet", "", errors.PolicyForbids),
        (403, "teamDriveMembershipLimitExceeded", "", errors.LimitReached),
        (401, "authError", "", errors.Reauthorize),
        (404, "notFound", "", errors.Gone),
        (410, "deleted", "", errors.Gone),
        (410, "fullSyncRequired", "", errors.CursorExpired),
        (400, "invalid", "Invalid Value: pageToken", errors.CursorExpired),
        (400, "badRequest", "Bad Request", errors.UnexpectedReply),
        (302, "", "", errors.UnexpectedReply),
    ],
)
@pytest.mark.parametrize("writes", [True, False])
def test_a_refusal_means_the_same_for_reads_and_writes(status, reason, message, kind, writes):
    error = refused("drive.files.list", writes, status, body(status, reason, message), {})
    assert type(error) is kind
    if isinstance(error, errors.NeedsAttention):
        assert error.who == "Google Workspace administrator"


def test_out_of_order_is_unknown_for_a_write_and_unavailable_for_a_read():
    for status in (500, 502, 503, 504):
        assert isinstance(refused("drive.files.create", True, status, b"<html>", {}), errors.OutcomeUnknown)
        assert isinstance(refused("drive.files.list", False, status, b"", {}), errors.Unavailable)


def test_seconds_to_wait_are_taken_where_they_are_sensible():
    def seconds(text):
        error = refused("drive.files.list", False, 429, b"", {"retry-after": text})
        assert isinstance(error, errors.Throttled)
        return error.retry_after

    assert [seconds(text) for text in ("17", "0.5", "soon", "-3", "99999999999", "")] == [
        17,
        0.5,
        None,
        None,
        None,
        None,
    ]
    tomorrow = refused("drive.files.list", False, 403, body(403, "dailyLimitExceeded"), {})
    assert isinstance(tomorrow, errors.Throttled)
    assert tomorrow.retry_after == 6 * 3600


def test_neither_message_nor_detail_repeats_what_google_wrote():
    secret = "luis.ortega@lakeside.example ya29.token"
    for status in (400, 401, 403, 404, 409, 410, 412, 429, 500):
        error = refused("directory.members.insert", True, status, body(status, secret, secret), {})
        assert "luis" not in f"{error.message}{error.detail}"
        assert "ya29" not in f"{error.message}{error.detail}"


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"errors": 3}}', b"\xff"]
)
def test_a_body_of_any_shape_is_survived(content):
    assert isinstance(refused("drive.files.list", False, 403, content, {}), errors.PermissionMissing)


def test_every_row_says_when_and_why():
    assert all(row.date >= "2026-01" and row.why for row in TABLE)


def test_answers_of_another_shape_are_not_believed():
    for answer in ({}, {"id": 7}, {"id": ""}, {"id": None}):
        with pytest.raises(errors.UnexpectedReply):
            text_of(answer, "id")
    for answer in ({"files": {}}, {"files": [1]}, {"files": None}):
        with pytest.raises(errors.UnexpectedReply):
            rows_of(answer, "files")
    assert rows_of({}, "files") == []


# --- through the real client ------------------------------------------------------------------------------------------


def raw_server(answer, connections=1):
    """A server that answers each connection with these bytes, counts them, and closes."""
    listening = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def go():
        for _ in range(connections):
            try:
                there, _ = listening.accept()
            except OSError:
                return
            with there:
                seen.append(there.recv(65_536))
                there.sendall(answer)

    threading.Thread(target=go, daemon=True).start()
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}", seen


def connect_to(campus, root):
    """Tokens from the sandbox, calls to another address."""
    return campus.connect(root_url=root)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (HEAD + b"\r\n<html>hello</html>", errors.UnexpectedReply),
        (HEAD + b"\r\n[1, 2]", errors.UnexpectedReply),
        (HEAD + b"Content-Length: 50\r\n\r\n{}", errors.Unavailable),
        (b"nonsense\r\n\r\n", errors.Unavailable),
        (b"", errors.Unavailable),
        (HEAD + b"Content-Length: 9000000\r\n\r\n" + b"x" * 9_000_000, errors.Unavailable),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            errors.UnexpectedReply,
        ),
    ],
    ids=["html", "list", "cut short", "no http", "nothing", "too large", "redirect"],
)
def test_garbage_on_the_wire_is_named(campus, answer, kind):
    server, root, seen = raw_server(answer, connections=3)
    with server, pytest.raises(kind):
        connect_to(campus, root).library.changes({"drive": "d"}, None)
    assert len(seen) == 1, "nothing is asked twice"


def test_a_write_without_an_answer_is_sent_once(campus, wish):
    server, root, seen = raw_server(HEAD + b'\r\n{"groups": []}', connections=1)
    with server:
        connection = connect_to(campus, root)
        assert connection.spaces._find_group("x@lakeside.example", "m") is None
    server, root, seen = raw_server(b"", connections=5)
    with server:
        google = connect_to(campus, root).spaces._google
        with pytest.raises(errors.OutcomeUnknown):
            google.call("directory.groups.insert", body={"email": "x@lakeside.example"})
    assert len(seen) == 1


def test_nobody_listening_is_unavailable_for_writes_too(campus, wish):
    connection = connect_to(campus, "http://127.0.0.1:9")
    with pytest.raises(errors.Unavailable):
        connection.spaces._google.call("drive.drives.create", requestId="1", body={"name": "x"})


def test_a_call_that_takes_too_long_ends(campus, parts):
    campus.weather("GET .*/members", "slow", seconds=1.5)
    from coplink_google import integration

    hasty = integration.connect(campus.wire.settings("lakeside"), campus.around(timeout=0.3))
    with pytest.raises(errors.Unavailable):
        hasty.seats.read(parts)


@pytest.mark.parametrize("who", ["robot", "service account"])
def test_credentials_that_no_longer_work_ask_for_new_ones(campus, parts, who):
    settings = campus.wire.settings("lakeside")
    if who == "robot":
        connection = campus.connect(robot_refresh_token="revoked")
        with pytest.raises(errors.Reauthorize) as refused_now:
            connection.library.changes(parts, None)
    else:
        key = json.loads(settings["service_account"])
        other = campus.wire.store.get("google.key", "signing")["pem"]
        connection = campus.connect(service_account=json.dumps({**key, "private_key": other}))
        with pytest.raises(errors.Reauthorize) as refused_now:
            connection.seats.read(parts)
    assert refused_now.value.who == "Google Workspace administrator"
    assert "revoked" not in refused_now.value.detail


def test_a_token_taken_back_in_mid_listing_is_fetched_anew(campus, connection, parts):
    connection.seats.read(parts)
    for name in campus.wire.store.keys("google.token"):
        campus.wire.store.drop("google.token", name)
    assert connection.seats.read(parts).complete


def test_eight_threads_on_one_connection_get_their_own_answers(campus, connection):
    people = [one for one in campus.wire.region.of("lakeside") if one.google_id and one.email == one.upn]
    wrong: list[str] = []

    def ask(offset):
        for n in range(25):
            person = people[(offset + n) % len(people)]
            found = connection.directory.find([person.upn])
            if found[person.upn].account != person.google_id:
                wrong.append(person.upn)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len([call for call in campus.calls if call.operation == "directory.users.get"]) == 200


def test_every_call_is_recorded_without_query_or_secret(campus, connection, parts):
    connection.seats.put(parts, [Seat(campus.google_id("mei.chen"), Role.MEMBER)])
    assert {call.integration for call in campus.calls} == {"google"}
    assert "directory.members.insert" in {call.operation for call in campus.calls}
    assert all(
        set(dataclasses.asdict(call)) == {"integration", "operation", "status", "seconds"}
        for call in campus.calls
    )
    connection.seats.look(parts, campus.google_id("noah.feld"))
    statuses = [call.status for call in campus.calls if call.operation == "directory.members.get"]
    assert statuses == [404]


def test_a_part_that_is_not_remembered_is_said_so(campus, connection, wish):
    for ask in (
        lambda: connection.seats.read({}),
        lambda: connection.library.changes({}, None),
        lambda: connection.spaces.ensure("grants", wish(), {}, "key"),
        lambda: connection.spaces.ensure("garden", wish(), {}, "key"),
        lambda: connection.spaces.describe({}),
    ):
        with pytest.raises(errors.UnexpectedReply):
            ask()
