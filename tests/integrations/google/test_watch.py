"""Being called when files change: only ever a hint, from whoever knows the token, and never needed."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from werkzeug.wrappers import Request, Response

from coplink.ports.door import InboundRequest, Reply
from coplink.ports.errors import Gone, Misconfigured, OutcomeUnknown, PermissionMissing, UnexpectedReply
from coplink.ports.watch import Heard, Subscription
from coplink.sandbox.wire import Served
from coplink_google import integration

SECRET = "s3cret-of-this-space"


class Hook:
    """Our side of a call: what came, and what the integration made of it."""

    def __init__(self):
        self.heard, self.spaces = [], 0
        self.served = Served(self)
        self.begin()

    def begin(self):
        """Listen at an address of its own: a call for an earlier test may still be under way."""
        self.heard, self.spaces = [], self.spaces + 1
        self.path = f"/hook/google/space-{self.spaces}"
        self.url = f"{self.served.url}{self.path}"

    def __call__(self, environ, start_response):
        request = Request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        inbound = InboundRequest(request.method, request.path, headers=headers, body=request.get_data())
        found = integration.receive({}, inbound, SECRET)
        if request.path == self.path:
            self.heard.append(found)
        return Response("", found.status if isinstance(found, Reply) else 202)(environ, start_response)

    def until(self, number):
        ends = time.monotonic() + 5
        while len(self.heard) < number and time.monotonic() < ends:
            time.sleep(0.01)
        return self.heard


@pytest.fixture(scope="module")
def server():
    hook = Hook()
    yield hook
    hook.served.stop()


@pytest.fixture
def hook(server):
    server.begin()
    return server


@pytest.fixture
def channels(campus):
    return campus.wire.drive.changes.channels


def add_file(campus, parts):
    drive = campus.wire.store.get("google.drive", parts["drive"])
    district = campus.wire.districts["lakeside"]
    with campus.wire.store.change():
        campus.wire.drive.add(
            drive, "mei.chen@lakeside.example", district, name="Plan", parents=[parts["folder"]]
        )


def test_a_channel_says_hello_and_then_tells_of_a_change(campus, connection, parts, hook):
    made = connection.watch.subscribe(parts, hook.url, SECRET, "key")
    assert hook.until(1) == [Reply(200)]
    assert dt.timedelta(days=5) < made.ends - campus.clock.now() <= dt.timedelta(days=6)
    add_file(campus, parts)
    assert hook.until(2)[1:] == [Heard()]
    delivered = campus.wire.drive.changes.channels.delivered
    ends = time.monotonic() + 5
    while len(delivered) < 2 and time.monotonic() < ends:  # the answer arrives a moment after the call
        time.sleep(0.01)
    assert delivered == [200, 202]


def test_after_stopping_nobody_calls(campus, connection, parts, hook, channels):
    made = connection.watch.subscribe(parts, hook.url, SECRET, "key")
    hook.until(1)
    connection.watch.stop(made)
    assert channels.living() == []
    connection.watch.stop(made)  # gone already: no error
    add_file(campus, parts)
    time.sleep(0.1)
    assert len(hook.heard) == 1


def test_a_new_channel_is_there_before_the_old_one_is_stopped(campus, connection, parts, hook, channels):
    old = connection.watch.subscribe(parts, hook.url, SECRET, "key-1")
    with pytest.raises(Gone):
        connection.watch.renew(parts, old)
    assert len(channels.living()) == 1, "nothing is stopped before there is another"
    new = connection.watch.subscribe(parts, hook.url, SECRET, "key-2")
    assert [one["id"] for one in channels.living()] == [new.remote.partition(" ")[0]]
    assert new.remote != old.remote
    lines = [call.path for call in campus.wire.calls if call.write][-2:]
    assert lines == ["/drive/v3/changes/watch", "/drive/v3/channels/stop"]


def test_a_channel_that_ended_without_a_word_is_replaced_and_nothing_is_missed(
    campus, connection, parts, hook, channels
):
    start = connection.library.changes(parts, None)
    old = connection.watch.subscribe(parts, hook.url, SECRET, "key-1")
    channels.vanish()
    add_file(campus, parts)
    found = connection.library.changes(parts, start.cursor)
    assert [file.name for file in found.files] == ["Plan"], "the timer reads it all the same"
    with pytest.raises(Gone):
        connection.watch.renew(parts, old)
    connection.watch.subscribe(parts, hook.url, SECRET, "key-2")
    assert len(channels.living()) == 1


def test_an_old_channel_that_cannot_be_stopped_is_no_trouble(campus, connection, parts, hook, channels):
    old = connection.watch.subscribe(parts, hook.url, SECRET, "key-1")
    with pytest.raises(Gone):
        connection.watch.renew(parts, old)
    campus.weather("POST .*/channels/stop", status=503, body={})
    assert connection.watch.subscribe(parts, hook.url, SECRET, "key-2").remote != old.remote
    assert len(channels.living()) == 2


def test_a_lost_answer_leads_to_a_channel_of_another_name(campus, connection, parts, hook, channels):
    campus.weather("POST .*/changes/watch", "lose")
    with pytest.raises(OutcomeUnknown):
        connection.watch.subscribe(parts, hook.url, SECRET, "key")
    made = connection.watch.subscribe(parts, hook.url, SECRET, "key")
    assert len(channels.living()) == 2, "the unknown one ends by itself"
    assert made.remote.partition(" ")[0] in {one["id"] for one in channels.living()}
    for lost in range(6):
        campus.weather("POST .*/changes/watch", "lose", skip=1)
        with pytest.raises(OutcomeUnknown):
            connection.watch.subscribe(parts, hook.url, SECRET, "key")
        assert len(channels.living()) == 3 + lost
    made = connection.watch.subscribe(parts, hook.url, SECRET, "key")
    assert made.remote.partition(" ")[0] in {one["id"] for one in channels.living()}, "names never run out"
    campus.refuse("POST .*/changes/watch", 400, "channelIdNotUnique", times=9)
    with pytest.raises(UnexpectedReply):
        connection.watch.subscribe(parts, hook.url, SECRET, "key")


def test_an_address_google_does_not_call_is_told_and_files_are_read_all_the_same(campus, connection, parts):
    with pytest.raises(Misconfigured) as refused:
        connection.watch.subscribe(parts, "http://coplink.school.example/hook/google/s", SECRET, "key")
    assert "https" in str(refused.value.message)
    assert "by itself" in str(refused.value.message)
    assert connection.library.changes(parts, None).last


def test_without_permission_the_scope_is_named(campus, parts, hook):
    campus.wire.signin.withdraw("lakeside", "robot", "drive")
    with pytest.raises(PermissionMissing) as missing:
        campus.connect().watch.subscribe(parts, hook.url, SECRET, "key")
    assert missing.value.scopes == ("https://www.googleapis.com/auth/drive",)


def test_a_drive_that_is_gone_is_said_so(campus, connection, parts, hook):
    campus.wire.store.drop("google.drive", parts["drive"])
    with pytest.raises(Gone):
        connection.watch.subscribe(parts, hook.url, SECRET, "key")


def test_an_end_that_google_does_not_name_is_the_one_asked_for(campus, connection, parts):
    for told in ({}, {"expiration": "soon"}, {"expiration": str(10**15)}):
        body = {"kind": "api#channel", "id": "x", "resourceId": "r", **told}
        campus.weather("POST .*/changes/watch", status=200, body=body)
        made = connection.watch.subscribe(parts, "https://coplink.example/hook", SECRET, "key")
        assert made.ends - campus.clock.now() <= dt.timedelta(days=6)
        assert isinstance(made, Subscription)


@pytest.mark.parametrize("manner", ["wrong-token", "twice"])
def test_calls_of_another_kind(campus, connection, parts, hook, channels, manner):
    connection.watch.subscribe(parts, hook.url, SECRET, "key")
    hook.until(1)
    channels.manner = manner
    add_file(campus, parts)
    expected = [None] if manner == "wrong-token" else [Heard(), Heard()]
    assert hook.until(1 + len(expected))[1:] == expected


GOOD = {"x-goog-channel-token": SECRET, "x-goog-channel-id": "c", "x-goog-resource-state": "change"}


@pytest.mark.parametrize(
    "spoiled",
    [
        {"x-goog-channel-token": ""},
        {"x-goog-channel-token": SECRET + "x"},
        {"x-goog-channel-token": SECRET.upper()},
        {"x-goog-channel-token": "\udcff"},
        {"x-goog-channel-id": ""},
        {"x-goog-resource-state": "nonsense"},
        {"x-goog-resource-state": ""},
    ],
    ids=str,
)
def test_a_forged_call_is_nothing(spoiled):
    request = InboundRequest("POST", "/hook/google/s", headers={**GOOD, **spoiled}, body=b"{}")
    assert integration.receive({}, request, SECRET) is None
    for state in ("sync", "change"):
        forged = {**GOOD, "x-goog-channel-token": "guess", "x-goog-resource-state": state}
        assert integration.receive({}, InboundRequest("POST", "/", headers=forged), SECRET) is None


def test_without_a_secret_of_ours_no_call_is_believed():
    empty = {**GOOD, "x-goog-channel-token": ""}
    assert integration.receive({}, InboundRequest("POST", "/", headers=empty), "") is None
    assert integration.receive({}, InboundRequest("GET", "/", headers=GOOD), SECRET) is None
    assert integration.receive({}, InboundRequest("POST", "/", headers=GOOD), SECRET) == Heard()
