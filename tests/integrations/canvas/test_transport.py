"""Every single call is bounded, paced and reported; nothing of the machine or the token leaks."""

from __future__ import annotations

import logging
import socket
import threading
import time
import warnings
from contextlib import contextmanager

import pytest

from coplink.ports.errors import Misconfigured, OutcomeUnknown, Unavailable, UnexpectedReply
from coplink.ports.integration import Verdict
from coplink_canvas import transport


@pytest.mark.parametrize(
    "address",
    [
        "https://district.instructure.com",
        "https://district.instructure.com/",
        " https://lms.example:8443 ",
        "http://127.0.0.1:99",
    ],
)
def test_an_address_of_canvas_is_taken(canvas, address):
    assert canvas.connect(base_url=address).realm() in (
        "district.instructure.com",
        "lms.example",
        "127.0.0.1",
    )
    assert canvas.sandbox.calls == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "district.instructure.com",
        "http://district.instructure.com",
        "http://127.0.0.1.evil.example",
        "https://district.instructure.com/api/v1",
        "https://me:secret@district.instructure.com",
        "https://district.instructure.com?x=1",
        "https://",
        "https://[::1",
        "https://x:notaport",
        "ftp://district.instructure.com",
    ],
)
def test_what_is_no_address_of_canvas_is_refused_at_once(canvas, address):
    with pytest.raises(Misconfigured) as trouble:
        canvas.connect(base_url=address)
    assert trouble.value.who == "Canvas administrator"
    assert "secret" not in str(trouble.value) + trouble.value.detail


@pytest.mark.parametrize("token", ["", "   ", "two\nlines", "tök"])
def test_what_is_no_token_is_refused_at_once(canvas, token):
    with pytest.raises(Misconfigured):
        canvas.connect(token=token)


def test_loopback_without_tls_is_no_warning_and_other_warnings_still_are(canvas):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        canvas.connect()
        warnings.warn("another", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in seen] == ["another"]


def test_every_call_is_reported_without_ids_query_or_token(canvas):
    parts = canvas.provision()
    canvas.connect().seats.put(parts, [canvas.seat(canvas.ana)])

    assert [call.operation for call in canvas.calls] == [
        "GET /courses/:id",
        "GET /courses/:id/group_categories",
        "POST /courses/:id/group_categories",
        "GET /group_categories/:id/groups",
        "POST /group_categories/:id/groups",
        "GET /groups/:id/pages",
        "POST /groups/:id/pages",
        "GET /users/self",
        "POST /groups/:id/memberships",
    ]
    assert {(call.integration, call.status) for call in canvas.calls} == {("canvas", 200)}
    assert all(0 < call.seconds < 5 for call in canvas.calls)


def test_a_call_that_fails_is_reported_too(canvas):
    canvas.rain("users/self", "lose")
    canvas.rain("calendar_events", status=503)
    connection = canvas.connect()

    (first,) = connection.check()
    second = next(check for check in connection.check() if check.title == "Read calendars")

    assert (first.ok, second.ok) == (False, False)
    assert [call.status for call in canvas.calls] == [0, 200, 503]


def test_the_check_up_looks_and_writes_nothing(faultless):
    checks = faultless.connect().check()

    assert Verdict.NEEDS_YOU not in {check.verdict for check in checks}
    assert faultless.writes == []


def test_the_check_up_says_who_can_mend_a_dead_token(canvas):
    checks = canvas.connect(token="wrong").check()

    assert not any(check.ok for check in checks)
    assert {check.who for check in checks} == {"Canvas administrator"}


def test_the_sdk_logs_neither_addresses_nor_the_token(canvas, caplog):
    with caplog.at_level(logging.DEBUG):
        canvas.provision()

    assert canvas.sandbox.settings("riverbend")["token"][-4:] not in caplog.text
    assert "/api/v1/" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("canvasapi"))


def test_a_login_in_the_machines_netrc_does_not_replace_the_token(faultless, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    assert Verdict.NEEDS_YOU not in {check.verdict for check in faultless.connect().check()}


def test_cookies_are_not_kept(canvas):
    canvas.rain("users/self", status=200, body={"id": 9000}, headers={"Set-Cookie": "session=stolen; Path=/"})
    seen = []
    canvas.sandbox.checks.append(lambda request, response: seen.append(request.headers.get("Cookie")) or ())
    connection = canvas.connect()
    connection.check()

    assert seen == [None]


# --- time, size and pace ----------------------------------------------------------------------------------------------


@contextmanager
def dripping(first, drop=b"", every=0.05):
    """A server that says ``first`` and then drips for as long as anybody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            try:
                there, _ = server.accept()
                with there:
                    there.recv(65536)
                    there.sendall(first)
                    while drop:
                        time.sleep(every)
                        there.sendall(drop)
                    time.sleep(1.5)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.close()
    thread.join(timeout=5)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"


def test_a_server_that_says_nothing_is_not_waited_for(canvas):
    canvas.timeout = 0.3
    with dripping(b"") as url:
        started = time.monotonic()
        (first,) = canvas.connect(base_url=url).check()
    assert not first.ok
    assert time.monotonic() - started < 3


def test_a_server_that_drips_is_not_waited_for(canvas):
    canvas.timeout = 0.4
    with dripping(OK + b"[", b" ") as url, pytest.raises(Unavailable):
        canvas.connect(base_url=url).spaces.describe({"group": "7"})
    assert canvas.calls[-1].seconds < 2


def test_a_write_whose_answer_drips_is_unknown(canvas):
    canvas.timeout = 0.4
    with dripping(OK + b"{", b" ") as url, pytest.raises(OutcomeUnknown):
        canvas.connect(base_url=url).calendar._client.drop_event("7")


def test_an_answer_that_is_too_large_is_not_read(canvas, monkeypatch):
    monkeypatch.setattr(transport, "LARGEST", 1000)
    canvas.rain("users/self", status=200, body={"id": 1, "name": "x" * 2000})

    with pytest.raises(UnexpectedReply) as trouble:
        canvas.connect().seats._client.me()
    assert "more than coplink reads" in str(trouble.value.message)


def test_a_write_whose_answer_is_too_large_is_unknown(canvas, monkeypatch):
    monkeypatch.setattr(transport, "LARGEST", 1000)
    canvas.rain("^DELETE", status=200, body={"id": 1, "name": "x" * 2000})

    with pytest.raises(OutcomeUnknown):
        canvas.connect().calendar._client.drop_event("7")


def test_a_closed_port_was_never_reached_so_a_write_is_not_unknown(canvas):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    client = canvas.connect(base_url=url).calendar._client

    with pytest.raises(Unavailable):
        client.drop_event("7")
    assert canvas.calls[-1].status == 0


def test_several_threads_share_one_connection(faultless):
    parts = faultless.provision()
    connection = faultless.connect()
    connection.seats.put(parts, [faultless.seat(faultless.ana)])
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(connection.seats.read(parts))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert [set(observed.seats) for observed in seen] == [{faultless.ana}] * 8
