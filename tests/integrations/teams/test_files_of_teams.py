"""What is made in a channel's files, the promise to be called, and accounts looked up."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from werkzeug.wrappers import Request, Response

from coplink.ports.door import InboundRequest, Reply
from coplink.ports.errors import CursorExpired, Gone, Misconfigured, UnexpectedReply
from coplink.sandbox.weather import Rule
from coplink.sandbox.wire import Served


def everything(library, parts, cursor=None):
    facts = []
    while True:
        changes = library.changes(parts, cursor)
        facts += changes.files
        cursor = changes.cursor
        if changes.last:
            return facts, cursor


def channel_of(parts) -> str:
    return parts["channel"].partition("/")[2]


def test_a_file_appears_with_author_time_and_link(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    first, cursor = everything(library, parts)
    assert first == []
    rig.wire.drives.add(channel_of(parts), "Notes.docx", ben)
    facts, cursor = everything(library, parts, cursor)
    assert [(f.name, f.author, f.author_name, f.gone) for f in facts] == [
        ("Notes.docx", ben.entra_id, "Ben Okafor", False)
    ]
    assert facts[0].link.startswith("http")
    assert facts[0].media_type.endswith("wordprocessingml.document")
    assert facts[0].made_at.utcoffset().total_seconds() == 0
    assert everything(library, parts, cursor)[0] == []
    assert rig.wire.complete_reads[-1][0] == "library"


def test_versions_renames_and_deletions_are_told(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    _, cursor = everything(library, parts)
    file = rig.wire.drives.add(channel_of(parts), "Plan.docx", ben)
    made, cursor = everything(library, parts, cursor)
    rig.wire.drives.touch(file["id"], name="Plan 2.docx")
    renamed, cursor = everything(library, parts, cursor)
    assert renamed[0].name == "Plan 2.docx"
    assert renamed[0].version != made[0].version
    rig.wire.drives.touch(file["id"], deleted=True)
    gone, cursor = everything(library, parts, cursor)
    assert [(f.remote, f.gone) for f in gone] == [(file["id"], True)]
    assert everything(library, parts)[0] == [], "a complete listing does not name the dead"


def test_files_come_page_by_page_and_lock_files_are_left_out(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    for n in range(7):
        rig.wire.drives.add(channel_of(parts), f"File {n}.pdf", ben)
    rig.wire.drives.add(channel_of(parts), "~$Plan.docx", ben)
    rig.wire.page_size = 3
    page = library.changes(parts, None)
    assert not page.last
    facts, _ = everything(library, parts)
    assert {f.name for f in facts} == {f"File {n}.pdf" for n in range(7)}


def test_folders_below_ours_are_followed_and_what_leaves_is_gone(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    drive, _, folder = parts["folder"].partition("/")
    below = {
        **rig.wire.store.get("teams.file", folder),
        "id": "01SUB",
        "parent": folder,
        "name": "Cycle 1",
        "n": rig.wire.store.serial("teams.file"),
    }
    rig.wire.store.put("teams.file", "01SUB", below)
    elsewhere = {
        **below,
        "id": "01ELSE",
        "parent": f"01ROOT{drive[-8:]}",
        "n": rig.wire.store.serial("teams.file"),
    }
    rig.wire.store.put("teams.file", "01ELSE", elsewhere)
    _, cursor = everything(library, parts)
    deep = rig.wire.drives.add(channel_of(parts), "Deep.docx", ben)
    rig.wire.drives.touch(deep["id"], parent="01SUB")
    facts, cursor = everything(library, parts, cursor)
    assert [(f.name, f.gone) for f in facts] == [("Deep.docx", False)]
    rig.wire.drives.touch(deep["id"], parent="01ELSE")
    facts, cursor = everything(library, parts, cursor)
    assert [(f.remote, f.gone, f.name) for f in facts] == [(deep["id"], True, "")]


def test_a_forgotten_cursor_begins_anew(rig, parts):
    library = rig.connect().library
    _, cursor = everything(library, parts)
    rig.wire.drives.expire(None)
    with pytest.raises(CursorExpired):
        library.changes(parts, cursor)
    assert everything(library, parts)[0] == []
    with pytest.raises(CursorExpired):
        library.changes(parts, "of another time")


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/v1.0/x", "http://127.0.0.1:1/v1.0/x", "//x", "", 7]
)
def test_a_link_to_another_origin_is_never_followed(rig, parts, link):
    body = {"value": [], "@odata.nextLink": link}
    rig.wire.weather.add(Rule("delta", "answer", status=200, body=body))
    with pytest.raises(UnexpectedReply):
        rig.connect().library.changes(parts, None)
    with pytest.raises(UnexpectedReply):
        rig.connect().library.changes(
            parts, json.dumps({"link": "https://elsewhere.example/v1.0/x", "folders": []})
        )


# --- being called ---------------------------------------------------------------------------------------------------


@dataclass
class Hook:
    """Stands where coplink's web would: hands requests to the port and keeps what it said."""

    watch: object
    secret: str = "s" * 32
    heard: list[object] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ, start_response):
        request = Request(environ)
        headers = {k.lower(): v for k, v in request.headers.items()}
        inbound = InboundRequest(
            request.method, request.path, request.args.to_dict(), {}, headers, request.get_data()
        )
        said = self.watch.receive(inbound, self.secret)
        self.heard.append(said)
        reply = (
            Response(said.body, said.status, dict(said.headers))
            if isinstance(said, Reply)
            else Response(status=202)
        )
        return reply(environ, start_response)


@pytest.fixture
def hook(rig) -> Iterator[Hook]:
    hook = Hook(rig.connect().watch)
    served = Served(hook)
    hook.url = f"{served.url}/hook/teams/1"
    yield hook
    served.stop()


def heard(hook, n) -> list[object]:
    until = time.monotonic() + 5
    while time.monotonic() < until and len(hook.heard) < n:
        time.sleep(0.02)
    return hook.heard


def test_a_subscription_is_validated_while_it_is_made_and_calls_come(rig, parts, hook):
    subscription = hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    assert [reply.status for reply in hook.heard] == [200, 200], (
        "notifications and lifecycle are both validated"
    )
    assert hook.heard[0].headers["x-content-type-options"] == "nosniff"
    rig.wire.drives.add(channel_of(parts), "Notes.docx", rig.wire.region.residents["ben.okafor"])
    assert heard(hook, 3)[2] is True
    again = hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    assert again == subscription
    assert len(rig.wire.state()["subscriptions"]) == 1
    renewed = hook.watch.renew(parts, subscription)
    assert renewed.remote == subscription.remote
    assert renewed.ends >= subscription.ends


@pytest.mark.parametrize(("manner", "expected"), [("wrong-state", [False]), ("twice", [True, True])])
def test_calls_that_are_not_ours_are_not_believed_and_twice_does_no_harm(rig, parts, hook, manner, expected):
    hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    rig.wire.subscriptions.manner = manner
    rig.wire.drives.add(channel_of(parts), "Notes.docx", rig.wire.region.residents["ben.okafor"])
    assert heard(hook, 2 + len(expected))[2:] == expected


def test_a_subscription_with_another_secret_is_not_taken_over(rig, parts, hook):
    first = hook.watch.subscribe(parts, hook.url, "an older secret", "key")
    assert hook.watch.subscribe(parts, hook.url, hook.secret, "key").remote != first.remote


def test_a_subscription_that_ended_is_gone_and_an_unreachable_hook_is_explained(rig, parts, hook):
    subscription = hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    rig.wire.store.drop("teams.subscription", subscription.remote)
    with pytest.raises(Gone):
        hook.watch.renew(parts, subscription)
    with pytest.raises(Misconfigured, match="https address"):
        hook.watch.subscribe(parts, "http://127.0.0.1:9/hook", hook.secret, "key")
    assert rig.wire.state()["subscriptions"] == []


def test_a_shorter_life_is_taken_where_the_long_one_is_refused(rig, parts, hook):
    body = {"error": {"code": "InvalidRequest", "message": "Subscription expirationDateTime is out of range"}}
    rig.wire.weather.add(Rule("POST .*/subscriptions", "answer", status=400, body=body))
    subscription = hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    assert (subscription.ends.timestamp() - time.time()) < 3 * 86400


SECRET = "a secret"


def posted(body: bytes = b"", **query: str) -> InboundRequest:
    return InboundRequest("POST", "/hook/teams/1", query=query, body=body)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (posted(b""), False),
        (posted(b"not json"), False),
        (posted(b"[]"), False),
        (posted(b'{"value": 7}'), False),
        (posted(b'{"value": [7, null, {"clientState": 5}]}'), False),
        (posted(json.dumps({"value": [{"clientState": "other"}]}).encode()), False),
        (posted(json.dumps({"value": [{"clientState": "other"}, {"clientState": SECRET}]}).encode()), True),
        (posted(json.dumps({"value": [{"clientState": SECRET, "lifecycleEvent": "missed"}]}).encode()), True),
        (posted(b"[" * 100_000), False),
        (posted(b'{"value":[' + b" " * 300_000 + b"]}"), False),
        (
            InboundRequest("GET", "/hook", body=json.dumps({"value": [{"clientState": SECRET}]}).encode()),
            False,
        ),
    ],
)
def test_any_call_gets_a_plain_answer(rig, request_, said):
    assert rig.connect().watch.receive(request_, SECRET) is said


def test_the_echo_is_plain_text_and_bounded(rig):
    watch = rig.connect().watch
    echo = watch.receive(posted(validationToken="<script>alert(1)</script>"), SECRET)
    assert echo == Reply(
        200,
        {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"},
        "<script>alert(1)</script>",
    )
    assert watch.receive(posted(validationToken="x" * 5000), SECRET).status == 400
    assert watch.receive(InboundRequest("GET", "/hook", query={"validationToken": "x"}), SECRET).status == 400


# --- directory ------------------------------------------------------------------------------------------------------


def test_exactly_one_account_is_proposed_and_guests_never(rig):
    residents = rig.wire.region.residents
    asked = [
        "ben.okafor@riverbend.example",
        " ANA.RUIZ@riverbend.example ",
        "liam.oconnor@riverbend.example",
        "luis.ortega@lakeside.example",  # a guest over there
        "robin@shared.example",
        "vera.paper@riverbend.example",  # has no account
        "o'neil@riverbend.example",
        "",
        "no address",
    ]
    found = rig.connect().directory.find(asked)
    assert {address: hit.account for address, hit in found.items()} == {
        "ben.okafor@riverbend.example": residents["ben.okafor"].entra_id,
        " ANA.RUIZ@riverbend.example ": residents["ana.ruiz"].entra_id,
        "liam.oconnor@riverbend.example": residents["liam.oconnor"].entra_id,
        "robin@shared.example": residents["robin.twofold.r"].entra_id,
    }
    assert found["robin@shared.example"].address == "robin@shared.example"


def test_two_hits_are_no_proposal(rig, monkeypatch):
    twin = {
        "id": "twin",
        "displayName": "Twin",
        "mail": "ben.okafor@riverbend.example",
        "userPrincipalName": "twin@x",
    }
    everybody = rig.wire.people.everybody()
    monkeypatch.setattr(rig.wire.people, "everybody", lambda: [*everybody, twin])
    assert rig.connect().directory.find(["ben.okafor@riverbend.example"]) == {}


def test_many_addresses_are_asked_in_small_filters(rig):
    addresses = [p.email for p in rig.wire.region.of("riverbend") if p.email]
    found = rig.connect().directory.find(addresses)
    assert len(found) == len(addresses) - 1  # Vera has no account
    filters = [urllib.parse.unquote(c.path) for c in rig.wire.calls if c.path.endswith("/users")]
    assert len(filters) == -(-len(addresses) // 7)
