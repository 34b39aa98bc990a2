"""The pretend Google is as strict as the real one, and forgets nothing when it is started again."""

from __future__ import annotations

import httpx
import pytest

from coplink.ports.integration import Surroundings
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink_google import integration
from coplink_google.sandbox import contract, make
from coplink_google.sandbox.masks import apply, read


@pytest.fixture
def api(campus):
    """Calls with a good token of the robot or the groups account, bare of any client."""
    settings = campus.wire.settings("lakeside")
    form = {
        "grant_type": "refresh_token", "refresh_token": settings["robot_refresh_token"],
        "client_id": settings["client_id"], "client_secret": settings["client_secret"],
    }  # fmt: skip
    token = httpx.post(settings["token_url"], data=form).json()["access_token"]
    with httpx.Client(base_url=settings["root_url"], headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/drive/v3/drives?pageSize=500", None),
        ("GET", "/drive/v3/drives?pagesize=5", None),
        ("GET", "/drive/v3/drives?q=colour='red'", None),
        ("GET", "/drive/v3/files?corpora=allDrives&supportsAllDrives=True", None),
        ("GET", "/drive/v3/files?fields=files(id", None),
        ("POST", "/drive/v3/drives", {"name": "x"}),
        ("POST", "/drive/v3/drives?requestId=1", {"nam": "x"}),
        ("POST", "/drive/v3/drives?requestId=1", {"name": 7}),
        ("POST", "/drive/v3/drives?requestId=1", {"name": "x", "restrictions": {}}),
        ("POST", "/drive/v3/drives?requestId=1", None),
        ("POST", "/drive/v3/drives?requestId=1", [1]),
        ("POST", "/calendar/v3/calendars", {"description": "no title"}),
        ("POST", "/calendar/v3/calendars", {"summary": "x", "colour": "red"}),
    ],
)
def test_what_the_documents_do_not_know_is_refused(campus, api, method, path, body):
    answer = api.request(method, path, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["errors"][0]["reason"]
    assert len(campus.wire.refusals) == 1
    assert campus.wire.state()["drives"] == []


@pytest.mark.parametrize("path", ["/drive/v3/teamdrives", "/batch/people/v1", "/drive/v2/files", "/nothing"])
def test_an_unknown_route_is_refused_and_remembered(campus, api, path):
    assert api.get(path).status_code == 404
    assert campus.wire.refusals == [f"GET {path}"]


def test_without_a_token_or_with_a_stale_one_nothing_is_told(campus, api):
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        answer = httpx.get(campus.wire.base_url + "/drive/v3/drives", headers=headers)
        assert answer.status_code == 401
    for name in campus.wire.store.keys("google.token"):
        token = campus.wire.store.get("google.token", name)
        campus.wire.store.put("google.token", name, {**token, "expires": 0})
    assert api.get("/drive/v3/drives").status_code == 401


def test_the_robot_cannot_manage_groups(api):
    answer = api.get("/admin/directory/v1/groups?domain=lakeside.example")
    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "insufficientPermissions"


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password"},
        {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "x", "client_secret": "x"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x.y.z"},
        {"grant_type": "refresh_token", "unknown": "x"},
    ],
    ids=str,
)
def test_the_token_end_refuses_what_it_does_not_know(campus, form):
    answer = httpx.post(campus.wire.base_url + "/token", data=form)
    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.text


def test_one_request_id_is_one_drive_for_ever(api):
    first = api.post("/drive/v3/drives?requestId=1", json={"name": "x"}).json()
    assert api.post("/drive/v3/drives?requestId=1", json={"name": "x"}).json() == first
    assert api.post("/drive/v3/drives?requestId=1", json={"name": "y"}).status_code == 409
    assert api.post("/drive/v3/drives?requestId=2", json={"name": "x"}).json()["id"] != first["id"]


def test_an_event_id_is_never_free_again(campus, api):
    calendar = api.post("/calendar/v3/calendars", json={"summary": "x"}).json()["id"]
    zone = {"timeZone": "America/Denver"}
    event = {
        "id": "abcde", "summary": "x",
        "start": {"dateTime": "2026-09-01T16:00:00-06:00", **zone},
        "end": {"dateTime": "2026-09-01T17:00:00-06:00", **zone},
    }  # fmt: skip
    events = f"/calendar/v3/calendars/{calendar}/events"
    assert api.post(events, json=event).status_code == 200
    assert api.delete(f"{events}/abcde").status_code == 204
    assert api.delete(f"{events}/abcde").status_code == 410
    assert api.post(events, json=event).status_code == 409
    assert api.patch(f"{events}/abcde", json={"summary": "y"}).status_code == 403
    assert api.get(f"{events}/abcde").json()["status"] == "cancelled"
    assert api.post(events, json={**event, "id": "xyz!!"}).status_code == 400
    assert api.post(events, json={**event, "id": "abcdf", "end": event["start"]}).status_code == 400


def test_people_are_mailed_unless_google_is_told_not_to(campus, api, parts):
    grant = {"type": "user", "role": "reader", "emailAddress": "luis.ortega@lakeside.example"}
    path = f"/drive/v3/files/{parts['drive']}/permissions?supportsAllDrives=true"
    assert api.post(path, json=grant).status_code == 200
    assert [one["to"] for one in campus.wire.state()["mails"]] == ["luis.ortega@lakeside.example"]
    assert api.post(path + "&sendNotificationEmail=false", json=grant).status_code == 200
    assert len(campus.wire.state()["mails"]) == 1
    assert len(campus.wire.state()["drives"][0]["permissions"]) == 3


def test_outsiders_are_kept_out_where_the_domain_says_so(campus, api, parts):
    campus.wire.drive.external_sharing = False
    grant = {"type": "user", "role": "reader", "emailAddress": "ana.ruiz@riverbend.example"}
    path = f"/drive/v3/files/{parts['drive']}/permissions?supportsAllDrives=true"
    answer = api.post(path, json=grant)
    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "teamDriveDomainUsersOnlyRestriction"


def test_a_drives_things_are_invisible_without_asking_for_all_drives(api, parts):
    assert api.get(f"/drive/v3/files/{parts['folder']}").status_code == 404
    answer = api.get(f"/drive/v3/files/{parts['folder']}?supportsAllDrives=true")
    assert set(answer.json()) == {"kind", "id", "name", "mimeType", "driveId"}


def test_a_meeting_place_is_made_in_its_own_time(campus, api, parts):
    zone = {"timeZone": "America/Denver"}
    event = {
        "id": "abcde", "summary": "x",
        "start": {"dateTime": "2026-09-01T16:00:00-06:00", **zone},
        "end": {"dateTime": "2026-09-01T17:00:00-06:00", **zone},
        "conferenceData": {"createRequest": {"requestId": "1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}},
    }  # fmt: skip
    events = f"/calendar/v3/calendars/{parts['calendar']}/events"
    made = api.post(events + "?conferenceDataVersion=1", json=event).json()
    assert made["conferenceData"]["createRequest"]["status"]["statusCode"] == "pending"
    ready = api.get(f"{events}/abcde").json()["conferenceData"]
    assert ready["createRequest"]["status"]["statusCode"] == "success"
    assert ready["entryPoints"][0]["uri"].startswith("https://meet.google.com/")
    assert "conferenceData" not in api.post(events, json={**event, "id": "abcdf"}).json()


def test_lag_is_set_over_the_wire(campus):
    assert httpx.post(campus.wire.base_url + "/_sandbox/lag", json={"seconds": 3}).status_code == 204
    assert campus.wire.lag_seconds == 3


def test_a_restart_forgets_nothing(campus, tmp_path, front, wish, provision):
    path = tmp_path / "region.sqlite"

    def start():
        wire = make(region(), Store(path), campus.clock)
        front[0]["wire"], wire.base_url = wire, front[1]
        return wire

    first = start()
    settings = first.settings("lakeside")
    around = Surroundings(campus.clock, lambda call: None)
    connection = integration.connect(settings, around)
    parts = provision(connection, wish())
    state = first.state()
    first.store.close()
    second = start()
    assert second.settings("lakeside") == settings
    assert second.state() == state
    assert provision(connection, wish()) == parts
    assert second.state() == state
    assert [call for call in second.calls if call.write] == []
    assert second.refusals == []
    second.store.close()


def test_other_districts_have_no_google(campus):
    with pytest.raises(LookupError):
        campus.wire.settings("riverbend")


def test_the_checker_finds_what_is_wrong_in_an_answer():
    called = contract.method("drive.drives.get")
    assert contract.answer(called, {"id": "1", "name": "x"}) == []
    assert contract.answer(called, {"id": 1}) == ["drive.drives.get: Drive.id is not of type string"]
    assert contract.answer(called, {"created": "x"}) == ["drive.drives.get: Drive.created is unknown"]
    assert contract.answer(called, {"createdTime": "yesterday"}) != []
    assert contract.answer(contract.method("directory.members.delete"), {}) != []


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        ("a", {"a": {"b": 1, "c": 2}}),
        ("a(b),d", {"a": {"b": 1}, "d": [{"e": 1, "f": 2}]}),
        ("a/b,d(e)", {"a": {"b": 1}, "d": [{"e": 1}]}),
        ("*", {"a": {"b": 1, "c": 2}, "d": [{"e": 1, "f": 2}]}),
    ],
)
def test_partial_answers(mask, left):
    assert apply(read(mask), {"a": {"b": 1, "c": 2}, "d": [{"e": 1, "f": 2}]}) == left
