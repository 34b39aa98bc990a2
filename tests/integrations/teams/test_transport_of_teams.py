"""A Graph that answers nonsense, late or nothing, under Microsoft's own kit: only the port's own errors come out."""

from __future__ import annotations

import asyncio
import base64
import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import httpx
import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.errors import (
    IntegrationError,
    Misconfigured,
    OutcomeUnknown,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink.ports.integration import Surroundings
from coplink.sandbox.weather import Rule
from coplink_teams import TEAM_STEPS, integration
from coplink_teams.graph import open_graph
from coplink_teams.places import Place
from coplink_teams.settings import read_settings

PARTS = {"channel": "shared/19:x@thread.tacv2", "folder": "b!d/01F"}
SETTINGS = {
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "client_id": "22222222-2222-2222-2222-222222222222",
    "client_secret": "a very secret secret",
    "team_id": "33333333-3333-3333-3333-333333333333",
    "mailbox": "coplink@school.example",
}


class Clock:
    def now(self):
        return datetime.now(UTC)


def connected(handler, **changes):
    """A connection whose transport, below Microsoft's kit, is ``handler``."""
    changes_of_sign_in = changes.pop("sign_in", {})
    from coplink_teams.connection import TeamsConnection

    def sign_in(request):
        if told := changes_of_sign_in.get(request.url.path.rpartition("/")[2]):
            return httpx.Response(told[0], json=told[1])
        if request.url.path.endswith("openid-configuration"):
            base = f"https://login.microsoftonline.com/{SETTINGS['tenant_id']}"
            found = {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/a",
                "token_endpoint": f"{base}/t",
            }
            return httpx.Response(200, json=found)
        return httpx.Response(
            200, json={"access_token": "token-of-msal", "expires_in": 3600, "token_type": "Bearer"}
        )

    calls = []
    around = Surroundings(Clock(), calls.append, timeout=changes.pop("timeout", 5.0))
    settings = read_settings({**SETTINGS, **changes})
    graph = open_graph(settings, around, httpx.MockTransport(handler), httpx.MockTransport(sign_in))
    connection = TeamsConnection(graph, settings, around)
    connection.calls = calls
    return connection


def test_msal_signs_in_at_https_addresses_and_the_token_goes_to_graph_only(wish):
    seen = []

    async def handler(request):
        seen.append((str(request.url), request.headers.get("authorization"), request.headers.get("prefer")))
        if "skip" in str(request.url):
            return httpx.Response(200, json={"value": []})
        return httpx.Response(
            200, json={"value": [], "@odata.nextLink": "https://graph.microsoft.com.evil.example/v1.0/x"}
        )

    with pytest.raises(UnexpectedReply):
        connected(handler).spaces.ensure("channel", wish, {}, "key")
    assert len(seen) == 1
    url, token, prefer = seen[0]
    assert url.startswith("https://graph.microsoft.com/v1.0/teams/")
    assert token == "Bearer token-of-msal"
    assert "include-unknown-enum-members" in prefer


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (
            {
                "t": (
                    401,
                    {
                        "error": "invalid_client",
                        "error_description": "AADSTS7000222",
                        "error_codes": [7000222],
                    },
                )
            },
            Reauthorize,
        ),
        ({"t": (400, {"error": "unauthorized_client", "error_codes": [700016]})}, Reauthorize),
        ({"t": (200, {"token_type": "Bearer"})}, Reauthorize),
        ({"t": (503, {})}, Unavailable),
        ({"openid-configuration": (400, {"error": "invalid_tenant"})}, Misconfigured),
        ({"openid-configuration": (500, {})}, Unavailable),
    ],
    ids=str,
)
def test_what_msal_is_told_becomes_a_sentence_for_the_admin(told, kind):
    async def handler(request):
        raise AssertionError("nothing may be asked without a token")

    with pytest.raises(kind) as caught:
        connected(handler, sign_in=told).spaces.describe(PARTS)
    assert SETTINGS["client_secret"] not in f"{caught.value.message} {caught.value.detail}"


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com/v1.0/next",  # for ever to itself
        "http://graph.microsoft.com/v1.0/next",
        "https://GRAPH.microsoft.com/v1.0/next",
        "https://graph.microsoft.com@evil.example/v1.0/next",
        "https://graph.microsoft.com/beta/next",
        "https://graph.microsoft.com:8443/v1.0/next",
        "/v1.0/next",
        None,
        5,
    ],
)
def test_next_links_in_a_circle_or_elsewhere_end_in_an_error(wish, link):
    count = []

    async def handler(request):
        count.append(str(request.url))
        return httpx.Response(
            200, json={"value": [], **({"@odata.nextLink": link} if link is not None else {})}
        )

    connection = connected(handler)
    if link is None:
        with pytest.raises(UnexpectedReply):
            connection.spaces.describe({})
    else:
        with pytest.raises(UnexpectedReply):
            list(connection.seats._known.pages(Place("t", "19:x", "shared")))
    assert len(count) <= 2
    assert all(url.startswith("https://graph.microsoft.com/v1.0/") for url in count)


NONSENSE = [
    httpx.Response(200, content=b"<html>"),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={}),
    httpx.Response(200, json={"value": 7}),
    httpx.Response(200, json={"value": [7]}),
    httpx.Response(200, json={"value": [{}]}),
    httpx.Response(200, json={"value": [{"id": None, "start": {}}]}),
    httpx.Response(204),
    httpx.Response(302, headers={"location": "https://evil.example/"}),
    httpx.Response(400, json={"error": {}}),
    httpx.Response(200, content=b"{" * 100_000),
]


@pytest.mark.parametrize("reply", NONSENSE, ids=range(len(NONSENSE)))
def test_nothing_but_the_ports_own_errors_leaves_the_connector(reply, wish):
    asked = []

    async def handler(request):
        asked.append(str(request.url))
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    c = connected(handler)
    attempts = [
        lambda: c.spaces.ensure("channel", wish, {}, "key"),
        lambda: c.spaces.ensure("folder", wish, PARTS, "key"),
        lambda: c.spaces.ensure("tab", wish, PARTS, "key"),
        lambda: c.spaces.ensure("no such step", wish, PARTS, "key"),
        lambda: c.spaces.describe(PARTS),
        lambda: c.seats.read(PARTS),
        lambda: c.seats.look(PARTS, "a"),
        lambda: c.seats.put(PARTS, [Seat("a", Role.MEMBER), Seat("b", Role.MEMBER)]),
        lambda: c.seats.remove(PARTS, ["a", "b"]),
        lambda: c.directory.find(["a@b.example"]),
        lambda: c.library.changes(PARTS, None),
        lambda: c.library.changes({}, None),
        lambda: c.watch.subscribe(PARTS, "https://x.example/h", "secret", "key"),
    ]
    own = {**PARTS, "order": f"t/{uuid4()}", "team": "t"}
    attempts += [partial(c.spaces.ensure, step, wish, own, "key") for step in TEAM_STEPS]
    for parts in (PARTS, own):
        attempts += [partial(c.spaces.describe, parts), partial(c.upkeep.rename, parts, "Name")]
        attempts += [partial(verb, parts) for verb in (c.upkeep.read, c.upkeep.archive, c.upkeep.restore)]
        attempts += [partial(c.upkeep.let_go, parts, take_away=True)]
    said = []
    for attempt in attempts:
        try:
            attempt()
        except IntegrationError as error:
            said.append(f"{error.message} {error.detail}")
    assert said, "some of these must have been noticed"
    assert not any("token-of-msal" in words for words in said)
    c.check()
    assert all(url.startswith("https://graph.microsoft.com/v1.0/") for url in asked)


def test_a_broken_connection_is_unknown_for_writes_and_away_for_reads(wish):
    async def handler(request):
        if request.method == "GET":
            return httpx.Response(200, json={"value": [], "id": "someone"})
        raise httpx.ReadError("gone")

    with pytest.raises(OutcomeUnknown):
        connected(handler).spaces.ensure("channel", wish, {}, "key")

    async def nobody(request):
        raise httpx.ConnectError("nobody there")

    with pytest.raises(Unavailable):
        connected(nobody).spaces.describe(PARTS)

    async def never(request):
        await asyncio.sleep(30)
        return httpx.Response(200)

    with pytest.raises(Unavailable):
        connected(never, timeout=0.3).spaces.describe(PARTS)


def test_an_answer_that_is_too_long_is_cut_off():
    async def handler(request):
        return httpx.Response(200, content=b" " * (9 * 1024 * 1024))

    with pytest.raises(UnexpectedReply, match="does not understand"):
        connected(handler).spaces.describe(PARTS)


def test_a_claims_challenge_gets_one_other_token_and_then_the_admin():
    seen = []
    claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true}}}').decode()

    async def handler(request):
        seen.append(request.headers["authorization"])
        return httpx.Response(
            401, headers={"www-authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'}
        )

    with pytest.raises(Reauthorize) as caught:
        connected(handler).spaces.describe(PARTS)
    assert len(seen) == 2
    assert caught.value.who == "Microsoft 365 administrator"


def test_a_token_that_ended_early_is_renewed_without_a_word(rig, parts):
    connection = rig.connect()
    connection.spaces.describe(parts)
    rig.wire.weather.add(Rule("GET .*/channels/", "answer", status=401))
    assert connection.spaces.describe(parts).name
    rig.wire.weather.add(Rule("GET .*/channels/", "answer", status=401, times=2))
    with pytest.raises(Reauthorize):
        connection.spaces.describe(parts)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"client_secret": "wrong"}, Reauthorize),
        ({"client_id": "00000000-0000-0000-0000-000000000001"}, Reauthorize),
        ({"tenant_id": "00000000-0000-0000-0000-000000000001"}, Misconfigured),
        ({"login_url": "http://127.0.0.1:9"}, Unavailable),
    ],
)
def test_a_sign_in_that_fails_says_who_can_change_it(rig, parts, change, kind):
    with pytest.raises(kind) as caught:
        rig.connect(**change).spaces.describe(parts)
    assert "wrong" not in f"{caught.value.message} {caught.value.detail}"


def test_a_throttled_reading_is_raised_with_its_time(rig, parts):
    rig.wire.weather.add(Rule("GET .*/channels/", "answer", status=429, headers={"Retry-After": "12"}))
    with pytest.raises(Throttled) as caught:
        rig.connect().spaces.describe(parts)
    assert caught.value.retry_after == 12
    assert len([c for c in rig.wire.calls if c.status == 429]) == 1, "the kit repeats nothing by itself"


def test_eight_threads_share_one_connection_and_get_their_own_answers(rig, parts, wish):
    connection = rig.connect(calls_per_second="500")
    other = dict(parts)
    other["channel"] = connection.spaces.ensure(
        "channel", replace(wish, name="Other", marker="coplink:" + "b" * 32), {}, "key"
    ).remote
    wrong = []

    def ask(mine, name):
        for _ in range(10):
            if connection.spaces.describe(mine).name != name:
                wrong.append(name)

    pairs = [(parts, wish.name), (other, "Other")] * 4
    threads = [threading.Thread(target=ask, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sum(thread.name == "coplink-graph" for thread in threading.enumerate()) == 1


def test_every_finished_call_is_reported_without_ids_or_queries(rig, parts):
    connection = rig.connect()
    connection.spaces.describe(parts)
    names = {call.operation for call in rig.calls}
    assert "GET /teams/{team-id}/channels/{channel-id}" in names
    assert "POST token" in names
    assert not any(rig.wire.district.host_team in name or "?" in name for name in names)


@pytest.mark.parametrize(
    "change",
    [
        {"tenant_id": ""},
        {"client_secret": " "},
        {"graph_url": "http://graph.example/v1.0"},
        {"graph_url": "ftp://127.0.0.1/v1.0"},
        {"login_url": "https://login.example/?x=1"},
        {"login_url": "https://user@login.example"},
        {"calls_per_second": "many"},
        {"calls_per_second": "0"},
    ],
)
def test_a_wrong_setting_is_named(change):
    with pytest.raises(Misconfigured) as caught:
        integration.connect({**SETTINGS, **change}, Surroundings(Clock(), lambda call: None))
    assert SETTINGS["client_secret"] not in str(caught.value)
    assert SETTINGS["client_secret"] not in repr(read_settings(SETTINGS))
