"""The pretended Graph and lists of people: as strict as the documented one, and every person has an answer."""

from __future__ import annotations

import httpx
import pytest
from tests.integrations.teams.crowd import own_team, settle

from coplink.sandbox.weather import Rule
from coplink_teams.sandbox.members import OF_CHANNEL, OF_TEAM


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
    with httpx.Client(base_url=f"{rig.wire.base_url}/v1.0", trust_env=False) as client:
        answer = client.post(f"{rig.wire.base_url}/{settings['tenant_id']}/oauth2/v2.0/token", data=form)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client
    rig.wire.refusals.clear()


@pytest.fixture
def team(rig):
    return f"/teams/{own_team(rig)['team']}/members"


@pytest.fixture
def named(rig):
    """People as a bulk request names them."""

    def name(*accounts, **more):
        return {
            "values": [
                {
                    "@odata.type": "#microsoft.graph.aadUserConversationMember",
                    "user@odata.bind": f"{rig.wire.base_url}/v1.0/users('{account}')",
                    **more,
                }
                for account in accounts
            ]
        }

    return name


def test_each_person_has_an_answer_and_one_failure_makes_it_207(rig, ask, team, named):
    ana, ben = settle(rig, 2)
    answer = ask.post(f"{team}/add", json=named(ana, ben, roles=[]))
    assert answer.status_code == 200
    assert [(one["userId"], one["error"]) for one in answer.json()["value"]] == [(ana, None), (ben, None)]
    answer = ask.post(f"{team}/add", json=named(ana, "nobody", roles=[]))
    assert answer.status_code == 207
    assert [one["error"]["code"] for one in answer.json()["value"]] == ["BadRequest", "NotFound"]
    answer = ask.post(f"{team}/remove", json=named("nobody", ben))
    assert [one["error"] and one["error"]["code"] for one in answer.json()["value"]] == ["NotFound", None]
    service = rig.wire.people.service_id
    answer = ask.post(f"{team}/remove", json=named(service, ana))
    assert [one["error"] is None for one in answer.json()["value"]] == [False, True]
    assert "at least one owner" in answer.json()["value"][0]["error"]["message"]


@pytest.mark.parametrize(("what", "most"), [("add", 200), ("remove", 20)])
def test_a_list_that_is_too_long_or_empty_is_refused_as_a_whole(rig, ask, team, named, what, most):
    people = settle(rig, most + 1)
    more = {"roles": []} if what == "add" else {}
    assert ask.post(f"{team}/{what}", json=named(*people, **more)).status_code == 400
    assert ask.post(f"{team}/{what}", json={"values": []}).status_code == 400
    assert ask.post(f"{team}/{what}", json=named(*people[:most], **more)).status_code in (200, 207)


def test_a_place_and_its_permission(rig, ask, team, parts, named):
    host, channel = rig.wire.district.host_team, parts["channel"].partition("/")[2]
    (ana,) = settle(rig, 1)
    standard = f"/teams/{host}/channels/19:general0000000000000000000000000@thread.tacv2/members/add"
    assert ask.post(standard, json=named(ana, roles=[])).status_code == 400
    assert ask.post("/teams/nowhere/members/add", json=named(ana, roles=[])).status_code == 404
    assert ask.get(team, params={"$top": "1000"}).status_code == 400
    granted = rig.wire.store.get("teams.consent", "riverbend")["granted"]
    for without, path in ((OF_TEAM, team), (OF_CHANNEL, f"/teams/{host}/channels/{channel}/members")):
        left = [name for name in granted if name != without]
        rig.wire.store.put("teams.consent", "riverbend", {"granted": left})
        for what in ("add", "remove"):
            assert ask.post(f"{path}/{what}", json=named(ana, roles=[])).status_code == 403, (without, what)


def test_owners_are_limited_and_guests_never_are(rig, ask, team, named):
    rig.wire.members.most = {**rig.wire.members.most, "owners": 2}
    people = settle(rig, 2)
    answer = ask.post(f"{team}/add", json=named(*people, roles=["owner"]))
    assert [one["error"] is None for one in answer.json()["value"]] == [True, False]
    guest = rig.wire.people.everybody()[-1]["id"]
    (one,) = ask.post(f"{team}/add", json=named(guest, roles=["owner"])).json()["value"]
    assert "Guests cannot be owners" in one["error"]["message"]


def test_weather_that_applies_does_the_work_before_it_answers_badly(rig, ask, team, named):
    ana, ben = settle(rig, 2)
    told = {"error": {"code": "TooManyRequests", "message": "slow"}}
    rig.wire.weather.add(
        Rule("members/add", "apply", status=429, headers={"Retry-After": "3"}, body=told, times=2)
    )
    answer = ask.post(f"{team}/add", json=named(ana, roles=[]))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    part = {"id": "1", "method": "POST", "url": f"{team}/add", "body": named(ben, roles=[])}
    part["headers"] = {"Content-Type": "application/json"}
    (inside,) = ask.post("/$batch", json={"requests": [part]}).json()["responses"]
    assert inside["status"] == 429
    sitting = {member["userId"] for member in ask.get(team).json()["value"]}
    assert {ana, ben} <= sitting
