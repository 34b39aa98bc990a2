"""The pretended Microsoft 365 itself: strict, durable, and honest about what it was asked."""

from __future__ import annotations

import httpx
import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Rule
from coplink.testing import graph_contract
from coplink_teams.sandbox import make


@pytest.fixture
def ask(rig):
    """Graph as a stranger to the connector asks it."""
    settings = rig.wire.settings("riverbend")
    form = {
        "grant_type": "client_credentials",
        "client_id": settings["client_id"],
        "client_secret": settings["client_secret"],
        "scope": f"{rig.wire.base_url}/.default",
    }
    with httpx.Client(base_url=rig.wire.base_url, trust_env=False) as client:
        answer = client.post(f"/{settings['tenant_id']}/oauth2/v2.0/token", data=form)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client
    rig.wire.refusals.clear()
    rig.wire.violations.clear()


def team(rig) -> str:
    return f"/v1.0/teams/{rig.wire.district.host_team}"


def test_without_a_token_of_its_own_nothing_is_answered(rig, ask):
    assert ask.get(team(rig)).status_code == 200
    tab_token = rig.wire.entra.tab_token(rig.wire.region.residents["ben.okafor"])
    for token in (
        "",
        "Bearer x",
        f"Bearer {tab_token}",
        ask.headers["Authorization"].replace("Bearer", "Basic"),
    ):
        answer = ask.get(team(rig), headers={"Authorization": token})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_unknown_routes_options_and_properties_are_refused_and_remembered(rig, ask):
    assert ask.get("/v1.0/me").status_code == 404
    assert ask.get(f"{team(rig)}/channels", params={"$orderby": "x"}).status_code == 400
    body = {"displayName": "x", "membershipType": "shared", "colour": "red"}
    assert ask.post(f"{team(rig)}/channels", json=body).status_code == 400
    assert len(rig.wire.refusals) == 3


def test_what_was_not_consented_to_is_forbidden(rig, ask):
    assert ask.post("/_sandbox/consent", json={"without": ["Calendars.ReadWrite"]}).status_code == 204
    answer = ask.get(f"/v1.0/users/{rig.wire.district.service_mailbox}/events")
    assert answer.status_code == 403
    assert ask.get(team(rig)).status_code == 200


def test_shared_channels_hide_from_those_who_do_not_ask_for_them(rig, parts, ask):
    plain = ask.get(f"{team(rig)}/channels").json()["value"][-1]
    asked = ask.get(f"{team(rig)}/channels", headers={"Prefer": "include-unknown-enum-members"}).json()[
        "value"
    ][-1]
    assert (plain["membershipType"], asked["membershipType"]) == ("unknownFutureValue", "shared")


def test_delta_is_answered_with_and_without_brackets(rig, parts, ask):
    drive = parts["folder"].partition("/")[0]
    for path in ("root/delta", "root/delta()", "items/root/delta", "items/root/delta()"):
        answer = ask.get(f"/v1.0/drives/{drive}/{path}")
        assert answer.status_code == 200
        assert "@odata.deltaLink" in answer.json()


def test_the_last_owner_stays(rig, parts, ask):
    channel = parts["channel"].partition("/")[2]
    members = f"{team(rig)}/channels/{channel}/members"
    only = ask.get(members).json()["value"][0]["id"]
    assert ask.delete(f"{members}/{only}").status_code == 400
    assert ask.patch(f"{members}/{only}", json={"roles": []}).status_code == 400


def test_a_batch_is_bounded_ordered_and_counted_part_by_part(rig, ask):
    part = {"id": "1", "method": "GET", "url": f"/teams/{rig.wire.district.host_team}"}
    many = [{**part, "id": str(n)} for n in range(21)]
    assert ask.post("/v1.0/$batch", json={"requests": many}).status_code == 400
    assert (
        ask.post(
            "/v1.0/$batch", json={"requests": [{**part, "url": f"{rig.wire.base_url}/v1.0/me"}]}
        ).status_code
        == 400
    )
    rig.wire.calls.clear()
    wrong = {**part, "id": "2", "url": "/teams/nowhere"}
    after = {**part, "id": "3", "dependsOn": ["2"]}
    answers = ask.post("/v1.0/$batch", json={"requests": [part, wrong, after]}).json()["responses"]
    assert {a["id"]: a["status"] for a in answers} == {"1": 200, "2": 404, "3": 424}
    assert [(c.path.rpartition("/")[2], c.write) for c in rig.wire.calls] == [
        (rig.wire.district.host_team, False),
        ("nowhere", False),
        ("$batch", False),
    ]


def test_everything_survives_a_restart(rig, tmp_path, wish):
    file = tmp_path / "state.sqlite"
    first = make(region(), Store(file))
    first.base_url = rig.wire.base_url
    rig.wire.store, kept = first.store, rig.wire.store
    connection = rig.connect()
    remote = connection.spaces.ensure("channel", wish, {}, "key").remote
    connection.seats.put({"channel": remote}, [Seat(rig.oid("ben.okafor"), Role.MEMBER)])
    before = first.state()
    rig.wire.store = kept
    first.store.close()
    again = make(region(), Store(file))
    assert again.state() == before
    assert before["channels"][-1]["members"] == [rig.oid("ben.okafor")]
    assert again.signer.kid == first.signer.kid
    again.store.close()


def test_visitors_find_their_doors(rig):
    doors = list(rig.wire.doors())
    assert len(doors) == 7
    assert all(door.url.startswith(f"http://localhost:{rig.served.port}/") for door in doors)
    with httpx.Client(trust_env=False) as client:
        assert all(client.get(door.url).status_code == 200 for door in doors)
        assert client.get(f"{rig.wire.base_url}/teams/luis.ortega").status_code == 404
        assert client.get(f"{rig.wire.base_url}/_sandbox/sso?person=vera.paper").status_code == 404
    assert not rig.wire.calls, "pages for people are not counted"


def test_the_contract_finds_what_graph_would_refuse(rig):
    contract = graph_contract.required()

    def problems(method, path, sent=b"", status=200, received=b""):
        return list(contract.problems(method, path, sent, status, received))

    assert problems("GET", "/me/secrets")
    assert problems(
        "POST", "/teams/1/channels", b'{"displayname": "x"}', 201, b'{"id": "1", "displayName": "x"}'
    )
    assert problems("POST", "/teams/1/channels", b"", 201)
    assert problems("GET", "/teams/1/channels", b"", 200, b'{"values": []}')
    assert problems("GET", "/teams/1", b"", 302)
    assert problems(
        "POST", "/$batch", b'{"requests": [{"id": "1", "method": "GET", "url": "https://x/y"}]}', 400, b""
    )
    assert not problems("GET", "/teams('1')/channels", b"", 200, b'{"value": []}')
    assert contract.operation("GET", "/Drives/d/items/root/delta") is not None
    assert "Channel.Create.Group" in contract.permissions("POST", "/teams/1/channels")


def test_a_part_of_a_batch_is_dispatched_like_a_call_of_its_own(rig, ask):
    headers = {"Authorization": ask.headers["Authorization"]}
    known = rig.wire.dispatch("GET", f"{team(rig)}/channels?%24select=id", headers)
    assert known.status_code == 200
    assert all(set(channel) == {"id"} for channel in known.get_json()["value"])
    assert rig.wire.dispatch("GET", f"{team(rig)}/channels", {}).status_code == 401
    assert rig.wire.dispatch("POST", f"{team(rig)}/channels", headers, {"odd": 1}).status_code == 400
    rig.wire.weather.add(Rule("GET .*channels", "answer", status=429, headers={"Retry-After": "3"}))
    slow = rig.wire.dispatch("GET", f"{team(rig)}/channels", headers)
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "3")
    assert rig.wire.dispatch("GET", "/v1.0/nowhere", headers).status_code == 404
    assert rig.wire.refusals[-1] == "GET /v1.0/nowhere"
    assert [(c.status, c.write) for c in rig.wire.calls[-5:]] == [
        (200, False), (401, False), (400, True), (429, False), (404, False)
    ]  # fmt: skip
    rig.wire.refusals.clear()


def test_a_call_beyond_the_granted_permissions_is_a_violation(rig, ask):
    graph_contract.required()
    graph_contract.hang_on(rig.wire, lambda: ["Channel.Create.Group"])
    ask.get(f"{team(rig)}/channels")
    assert any("none of the granted permissions" in line for line in rig.wire.violations)
