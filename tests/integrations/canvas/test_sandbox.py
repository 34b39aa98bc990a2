"""The pretended Canvas itself: strict, paged, throttled, durable, and readable for visitors."""

from __future__ import annotations

import pytest
import requests
from bs4 import BeautifulSoup

from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink_canvas.sandbox import make


@pytest.fixture
def api(canvas):
    def call(method, path, token="riverbend-canvas-service-token", **rest):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(
            method, f"{canvas.sandbox.base_url}{path}", headers=headers, timeout=5, **rest
        )

    return call


def group_of(canvas):
    return canvas.provision()["group"]


# --- strict -----------------------------------------------------------------------------------------------------------


def test_an_unknown_route_is_refused_and_remembered(canvas, api):
    assert api("GET", "/api/v1/accounts").status_code == 404
    assert canvas.sandbox.refusals == ["GET /api/v1/accounts"]


@pytest.mark.parametrize(
    ("method", "path", "rest"),
    [
        ("GET", "/api/v1/users/self?x=1", {}),
        ("GET", "/api/v1/courses/101?include[]=everything", {}),
        ("GET", "/api/v1/courses/101/group_categories?per_page=0", {}),
        ("GET", "/api/v1/courses/101/group_categories?page=two", {}),
        ("POST", "/api/v1/courses/101/group_categories", {"data": {"name": "A", "colour": "red"}}),
        ("POST", "/api/v1/courses/101/group_categories?name=A", {}),
        ("POST", "/api/v1/courses/101/group_categories", {"json": {"name": "A"}}),
        ("POST", "/api/v1/courses/101/group_categories", {"data": {"name": ["A", "B"]}}),
        ("POST", "/api/v1/courses/101/group_categories", {"data": {"name": ""}}),
        ("POST", "/api/v1/courses/101/group_categories", {"data": {"name": "x" * 256}}),
        ("POST", "/api/v1/courses/101/group_categories", {"data": {"name": "Student Groups"}}),
        ("GET", "/api/v1/calendar_events?context_codes[]=course_101", {}),
        ("GET", "/api/v1/calendar_events?all_events=yes", {}),
    ],
)
def test_a_request_that_canvas_would_not_understand_is_refused(canvas, api, method, path, rest):
    assert api(method, path, **rest).status_code == 400
    assert len(canvas.sandbox.refusals) == 1
    assert canvas.state("categories") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "A", "start_at": "2026-09-02T16:00:00", "end_at": "2026-09-02T17:00:00"},
        {"title": "A", "start_at": "2026-09-02T16:00:00Z", "end_at": "2026-09-02T15:00:00Z"},
        {"title": "A", "end_at": "2026-09-02T15:00:00Z"},
        {"title": "x" * 256, "start_at": "2026-09-02T16:00:00Z", "end_at": "2026-09-02T17:00:00Z"},
        {"title": "A", "start_at": "tomorrow", "end_at": "2026-09-02T17:00:00Z"},
        {
            "title": "A",
            "start_at": "2026-09-02T16:00:00Z",
            "end_at": "2026-09-02T17:00:00Z",
            "rrule": "FREQ=WEEKLY",
        },
    ],
)
def test_an_event_that_makes_no_sense_is_refused(canvas, api, fields):
    data = {"calendar_event[context_code]": f"group_{group_of(canvas)}"}
    data |= {f"calendar_event[{name}]": value for name, value in fields.items()}

    assert api("POST", "/api/v1/calendar_events", data=data).status_code == 400
    assert canvas.state("events") == []


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_without_a_token_nothing_is_said(api, token):
    answer = api("GET", "/api/v1/users/self", token=token)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'


def test_a_token_reaches_its_own_districts_courses_only(canvas, api):
    group = group_of(canvas)
    lakeside = {"token": "lakeside-canvas-service-token"}

    assert api("GET", "/api/v1/courses/202", **lakeside).json()["name"] == "Reading coaches"
    for path in ("/api/v1/courses/101", f"/api/v1/groups/{group}", f"/api/v1/groups/{group}/memberships"):
        assert api("GET", path, **lakeside).status_code == 404
    assert (
        api("POST", f"/api/v1/groups/{group}/memberships", data={"user_id": 2001}, **lakeside).status_code
        == 404
    )
    assert api("GET", f"/api/v1/calendar_events?context_codes[]=group_{group}", **lakeside).status_code == 404


# --- like Canvas ------------------------------------------------------------------------------------------------------


def test_listings_come_ten_to_a_page_and_at_most_a_hundred(canvas, api):
    for n in range(205):
        row = {"id": n + 1, "name": f"Set {n}", "course_id": 101}
        canvas.sandbox.store.put("canvas.categories", str(n + 1), row)
    path = "/api/v1/courses/101/group_categories"

    assert len(api("GET", path).json()) == 10
    first = api("GET", f"{path}?per_page=500")
    assert len(first.json()) == 100
    assert set(first.links) == {"current", "next", "first", "last"}
    second = api("GET", first.links["next"]["url"].removeprefix(canvas.sandbox.base_url))
    last = api("GET", second.links["next"]["url"].removeprefix(canvas.sandbox.base_url))
    assert (len(last.json()), "next" in last.links) == (5, False)
    assert len({row["id"] for page in (first, second, last) for row in page.json()}) == 205


def test_a_listing_counts_as_complete_only_from_first_to_last_page(canvas, api):
    group = group_of(canvas)
    for n in range(25):
        row = {
            "id": n,
            "group_id": int(group),
            "user_id": n + 1,
            "workflow_state": "accepted",
            "moderator": False,
        }
        canvas.sandbox.store.put("canvas.memberships", f"{group}/{n + 1}", row)
    path = f"/api/v1/groups/{group}/memberships?filter_states[]=accepted"
    canvas.forget_calls()

    api("GET", f"{path}&page=3")
    api("GET", f"{path}&page=1")
    api("GET", f"{path}&page=3")
    assert canvas.sandbox.complete_reads == []
    for page in (1, 2, 3):
        api("GET", f"{path}&page={page}")
    assert canvas.sandbox.complete_reads == [("space", group)]


def test_one_person_sits_in_one_group_of_a_set_only(canvas, api):
    parts = canvas.provision()
    made = api("POST", f"/api/v1/group_categories/{parts['category']}/groups", data={"name": "Second"}).json()
    for group in (parts["group"], made["id"]):
        api("POST", f"/api/v1/groups/{group}/memberships", data={"user_id": 1001})

    assert {group["name"]: group["members"] for group in canvas.state("groups")} == {
        "Reading circle": [],
        "Second": ["1001"],
    }


@pytest.mark.parametrize("status", [403, 429])
def test_whoever_asks_too_much_is_throttled_and_forgiven_in_time(canvas, api, status):
    clock = [1_800_000_000.0]
    canvas.sandbox.clock = lambda: clock[0]
    canvas.sandbox.budget.size, canvas.sandbox.throttled_with = 0.2, status

    answers = [api("GET", "/api/v1/users/self") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, status]
    assert "Rate Limit Exceeded" in answers[2].text
    assert float(answers[0].headers["X-Rate-Limit-Remaining"]) > float(
        answers[2].headers["X-Rate-Limit-Remaining"]
    )
    clock[0] += 1
    assert api("GET", "/api/v1/users/self").status_code == 200


def test_what_was_made_shows_after_the_lag(canvas, api):
    clock = [1_800_000_000.0]
    canvas.sandbox.clock = lambda: clock[0]
    assert (
        requests.post(f"{canvas.sandbox.base_url}/_sandbox/lag", json={"seconds": 5}, timeout=5).status_code
        == 204
    )

    made = api("POST", "/api/v1/courses/101/group_categories", data={"name": "A"}).json()["id"]
    assert api("GET", "/api/v1/courses/101/group_categories").json() == []
    assert api("GET", f"/api/v1/group_categories/{made}/groups").status_code == 404
    clock[0] += 5
    assert [row["id"] for row in api("GET", "/api/v1/courses/101/group_categories").json()] == [made]


def test_events_are_shown_for_today_unless_all_are_asked_for(canvas, api):
    parts = canvas.provision()
    canvas.connect().calendar.put(parts, canvas.series(), (), None, "k")
    path = f"/api/v1/calendar_events?context_codes[]=group_{parts['group']}&per_page=100"

    assert api("GET", path).json() == []
    held = len(canvas.series().held)
    assert len(api("GET", f"{path}&all_events=true").json()) == held
    assert (
        len(api("GET", f"{path}&start_date=2026-09-01T00:00:00Z&end_date=2026-09-30T00:00:00Z").json()) == 3
    )


def test_scripts_do_not_survive_in_what_canvas_keeps(canvas, api):
    group = group_of(canvas)
    page = {"wiki_page[title]": "Hello", "wiki_page[body]": "<p>Hi<script>alert(1)</script><!-- x --></p>"}

    assert api("POST", f"/api/v1/groups/{group}/pages", data=page).json()["body"] == '<p dir="ltr">Hi</p>'


def test_somebody_enrolled_on_the_lti_side_is_in_the_course_here_too(canvas):
    parts = canvas.provision()
    seats = canvas.connect().seats
    canvas.sandbox.store.put(
        "lti.enrolments", "101", {"course": "101", "people": {"uma.krishnan": "student"}}
    )

    seats.put(parts, [canvas.seat(canvas.stranger), canvas.seat(canvas.ana)])

    assert canvas.state("groups")[0]["members"] == [canvas.stranger]


def test_everything_survives_a_restart(canvas, tmp_path):
    store = Store(tmp_path / "canvas.sqlite")
    first = make(region(), store)
    first.base_url = canvas.sandbox.base_url
    before = canvas.sandbox
    canvas.sandbox = first
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(before, "_answer", first._answer)
        parts = canvas.provision()
        canvas.connect().seats.put(parts, [canvas.seat(canvas.ana)])
    store.drop("canvas.enrolments", "101/1002")
    seen = first.state()
    store.close()

    again = Store(tmp_path / "canvas.sqlite")
    second = make(region(), again)
    assert second.state() == seen
    assert not second.enrolled(101, 1002)
    again.close()


# --- for visitors -----------------------------------------------------------------------------------------------------


def look(canvas, path="/look/courses/101"):
    answer = requests.get(f"{canvas.sandbox.base_url}{path}", timeout=5)
    return answer, BeautifulSoup(answer.text, "html.parser")


def submit(canvas, form):
    data = {field["name"]: field["value"] for field in form.find_all("input")}
    return requests.post(f"{canvas.sandbox.base_url}{form['action']}", data=data, timeout=5)


def test_the_doors_lead_to_a_look_into_each_district(canvas):
    doors = list(canvas.sandbox.doors())

    assert [door.group for door in doors] == ["Riverbend Unified School District", "Lakeside School District"]
    for door in doors:
        answer, _ = look(canvas, door.url.removeprefix(canvas.sandbox.base_url))
        assert answer.status_code == 200


def test_the_look_shows_members_meetings_and_page_and_is_not_counted(canvas):
    parts = canvas.provision()
    connection = canvas.connect()
    connection.seats.put(parts, [canvas.seat(canvas.ben)])
    connection.calendar.put(parts, canvas.series(), (), None, "k")
    canvas.forget_calls()

    answer, page = look(canvas)

    section = page.find(id=f"group-{parts['group']}")
    assert "Ben Okafor" in section.text
    assert "Wed 02 Sep 2026, 16:00" in section.text
    assert "About this community" in section.text
    assert "coplink:" not in page.text  # the small print is for machines
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert canvas.sandbox.calls == []


def test_what_people_are_called_is_never_markup(canvas):
    canvas.sandbox.store.put(
        "canvas.enrolments", "202/2902", {"course": "202", "user": "2902", "type": "student"}
    )
    canvas.provision(name="<img src=x onerror=alert(1)>", about="<script>alert(2)</script>")

    for path in ("/look/courses/101", "/look/courses/202"):
        _, page = look(canvas, path)
        assert not page.find_all(["script", "img", "b"])
    assert "<script>alert(1)</script>" in page.text


def test_somebody_removed_by_hand_is_gone(canvas):
    parts = canvas.provision()
    seats = canvas.connect().seats
    seats.put(parts, [canvas.seat(canvas.ana), canvas.seat(canvas.ben)])
    _, page = look(canvas)
    button = page.find("button", attrs={"aria-label": "Remove Ben Okafor"})

    answer = submit(canvas, button.find_parent("form"))

    assert answer.history[0].status_code == 303
    assert set(seats.read(parts).seats) == {canvas.ana}


def test_a_course_is_concluded_and_opened_again_by_hand(canvas, api):
    _, page = look(canvas)
    submit(canvas, page.find("button", string="Conclude the course").find_parent("form"))
    assert api("GET", "/api/v1/courses/101?include[]=concluded").json()["concluded"] is True
    assert api("POST", "/api/v1/courses/101/group_categories", data={"name": "A"}).status_code == 403

    _, page = look(canvas)
    submit(canvas, page.find("button", string="Open the course again").find_parent("form"))
    assert api("POST", "/api/v1/courses/101/group_categories", data={"name": "A"}).status_code == 200


def test_a_meeting_moved_by_hand_is_reported(canvas):
    parts = canvas.provision()
    calendar = canvas.connect().calendar
    link = calendar.put(parts, canvas.series(), (), None, "k")
    _, page = look(canvas)

    submit(canvas, page.find("button", string="An hour later").find_parent("form"))

    facts = calendar.read(parts, canvas.series(), link)
    moved = [m.original for m in canvas.series().held if facts.starts[m.original] != m.starts]
    assert moved == [canvas.series().held[0].original]


def test_the_address_of_a_group_leads_to_the_look(canvas):
    parts = canvas.provision()
    link = canvas.connect().spaces.describe(parts).link

    assert requests.get(link, timeout=5).url.endswith(f"/look/courses/101#group-{parts['group']}")


@pytest.mark.parametrize("path", ["/look/courses/999", "/groups/999"])
def test_what_is_not_there_is_not_shown(canvas, path):
    assert look(canvas, path)[0].status_code == 404
