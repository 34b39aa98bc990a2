"""The promise to be called when files change: validated, believed only with our secret, found again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from werkzeug.wrappers import Request, Response

from coplink.ports.door import InboundRequest, Reply
from coplink.ports.errors import Gone, Misconfigured, OutcomeUnknown
from coplink.ports.watch import Heard
from coplink.sandbox.weather import Rule
from coplink.sandbox.wire import Served
from coplink_teams.hints import receive


def channel_of(parts) -> str:
    return parts["channel"].partition("/")[2]


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
        said = receive(inbound, self.secret)
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
    assert heard(hook, 3)[2] == Heard()
    again = hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    assert again == subscription
    assert len(rig.wire.state()["subscriptions"]) == 1
    renewed = hook.watch.renew(parts, subscription)
    assert renewed.remote == subscription.remote
    assert renewed.ends >= subscription.ends


@pytest.mark.parametrize(("manner", "expected"), [("wrong-state", [None]), ("twice", [Heard(), Heard()])])
def test_calls_that_are_not_ours_are_not_believed_and_twice_does_no_harm(rig, parts, hook, manner, expected):
    hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    rig.wire.subscriptions.manner = manner
    rig.wire.drives.add(channel_of(parts), "Notes.docx", rig.wire.region.residents["ben.okafor"])
    assert heard(hook, 2 + len(expected))[2:] == expected


def test_a_subscription_that_was_answered_with_slow_down_is_looked_for_before_it_is_made_again(
    rig, parts, hook
):
    rig.wire.weather.add(Rule("^POST .*/subscriptions$", "apply", status=429, body={"error": {"code": "x"}}))
    with pytest.raises(OutcomeUnknown):
        hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    (made,) = rig.wire.state()["subscriptions"]
    assert hook.watch.subscribe(parts, hook.url, hook.secret, "key").remote == made["id"]
    assert len(rig.wire.state()["subscriptions"]) == 1


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
    assert (receive(request_, SECRET) == Heard()) is said


def test_the_echo_is_plain_text_and_bounded(rig):
    echo = receive(posted(validationToken="<script>alert(1)</script>"), SECRET)
    assert echo == Reply(
        200,
        {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"},
        "<script>alert(1)</script>",
    )
    assert receive(posted(validationToken="x" * 5000), SECRET).status == 400
    assert receive(InboundRequest("GET", "/hook", query={"validationToken": "x"}), SECRET).status == 400


TENANT = "0a1b2c3d-0000-0000-0000-00000000000f"


@pytest.mark.parametrize(
    ("entry", "heard"),
    [
        ({"tenantId": TENANT.upper()}, Heard()),
        ({"tenantId": "0a1b2c3d-0000-0000-0000-0000000000ee"}, None),
        ({"tenantId": 7}, None),
        ({"lifecycleEvent": "missed", "tenantId": TENANT}, Heard()),
        ({"lifecycleEvent": "subscriptionRemoved", "tenantId": TENANT}, Heard(files=False, renew=True)),
        ({"lifecycleEvent": "reauthorizationRequired"}, Heard(files=False, renew=True)),
        ({"lifecycleEvent": "reauthorizationRequired", "clientState": "forged"}, None),
        ({"lifecycleEvent": ["odd"]}, Heard()),
    ],
)
def test_what_graph_says_of_a_subscription_and_who_may_say_it(entry, heard):
    told = {"clientState": SECRET, **entry}
    assert receive(posted(json.dumps({"value": [told]}).encode()), SECRET, TENANT) == heard


def test_files_and_a_subscription_may_be_told_of_in_one_call():
    entries = [{"clientState": SECRET}, {"clientState": SECRET, "lifecycleEvent": "subscriptionRemoved"}]
    assert receive(posted(json.dumps({"value": entries}).encode()), SECRET) == Heard(files=True, renew=True)


def test_a_promise_is_taken_back_once_and_one_that_is_gone_is_no_error(rig, parts, hook):
    subscription = hook.watch.subscribe(parts, hook.url, hook.secret, "key")
    hook.watch.stop(subscription)
    assert rig.wire.state()["subscriptions"] == []
    hook.watch.stop(subscription)
    assert rig.writes()[-2:] == [f"DELETE /v1.0/subscriptions/{subscription.remote}"] * 2
