"""A community's place in Canvas: made once, found again, and clear about what stands in the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coplink.core.people import Role
from coplink.ports.errors import (
    Ambiguous,
    Gone,
    Misconfigured,
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
    Throttled,
)
from coplink_canvas import integration
from coplink_canvas.spaces import NOTHING


def test_every_step_makes_one_thing(faultless):
    parts = faultless.provision()

    (group,) = faultless.state("groups")
    assert group["id"] == parts["group"]
    assert (group["name"], group["course"], group["marker"]) == ("Reading circle", "101", faultless.marker)
    (category,) = faultless.state("categories")
    assert category["name"] == "Reading circle (coplink 0123456789ab)"
    (page,) = faultless.state("pages")
    assert (page["title"], page["group"]) == ("About this community", parts["group"])
    assert len(faultless.writes) == 3


def test_the_group_is_private_and_nobody_enters_by_themselves(faultless):
    parts = faultless.provision()

    kept = faultless.sandbox.store.get("canvas.groups", parts["group"])
    assert (kept["is_public"], kept["join_level"]) == (False, "invitation_only")
    assert kept["description"].endswith(faultless.marker)


@pytest.mark.parametrize("step", ["category", "group", "page"])
def test_a_lost_row_finds_what_was_made_by_our_marker(faultless, step):
    parts = faultless.provision()
    faultless.forget_calls()
    before = {
        k: v
        for k, v in parts.items()
        if k in ("category", "group", "page")[: ("category", "group", "page").index(step)]
    }

    made = faultless.connect().spaces.ensure(step, faultless.wish(), before, "another key")

    assert (made.remote, made.found) == (parts[step], True)
    assert faultless.writes == []


def test_a_renamed_community_is_still_found(faultless):
    parts = faultless.provision()

    made = faultless.connect().spaces.ensure("group", faultless.wish(name="Writing circle"), parts, "k")

    assert made.found
    assert len(faultless.state("groups")) == 1


def test_two_groups_with_our_marker_stop_the_run(canvas):
    parts = canvas.provision()
    twin = canvas.sandbox.store.get("canvas.groups", parts["group"])
    canvas.sandbox.store.put("canvas.groups", "799", {**twin, "id": 799})

    with pytest.raises(Ambiguous) as trouble:
        canvas.connect().spaces.ensure("group", canvas.wish(), parts, "k")

    assert trouble.value.candidates == (parts["group"], "799")
    assert trouble.value.who == "facilitator"


def test_two_group_sets_with_our_mark_stop_the_run(canvas):
    parts = canvas.provision()
    twin = canvas.sandbox.store.get("canvas.categories", parts["category"])
    canvas.sandbox.store.put(
        "canvas.categories", "599", {**twin, "id": 599, "name": "Copy (coplink 0123456789ab)"}
    )

    with pytest.raises(Ambiguous):
        canvas.connect().spaces.ensure("category", canvas.wish(), {}, "k")


def test_communities_of_one_course_do_not_take_each_others_members(faultless):
    """In Canvas a person sits in one group of a set only; hence a set for each community."""
    one = faultless.provision()
    two = faultless.provision(name="Writing circle", marker="coplink:" + "f" * 32)
    seats = faultless.connect().seats

    seats.put(one, [faultless.seat(faultless.ana, Role.FACILITATOR)])
    seats.put(two, [faultless.seat(faultless.ana)])

    assert seats.look(one, faultless.ana) is Role.FACILITATOR
    assert seats.look(two, faultless.ana) is Role.MEMBER


def test_the_marker_is_looked_for_on_every_page_of_a_listing(faultless):
    course = {"role": None, "self_signup": None, "context_type": "Course", "course_id": 101}
    for n in range(150):
        faultless.sandbox.store.put(
            "canvas.categories", str(n + 1), {"id": n + 1, "name": f"Set {n}", **course}
        )
    parts = faultless.provision()
    faultless.forget_calls()

    made = faultless.connect().spaces.ensure("category", faultless.wish(), {}, "k")

    assert (made.remote, made.found) == (parts["category"], True)
    assert len(faultless.reads) == 3  # the course, and two pages of sets


@pytest.mark.parametrize("step", ["category", "group", "page"])
def test_a_lost_answer_makes_no_duplicate(faultless, step):
    spaces, wish = faultless.connect().spaces, faultless.wish()
    parts: dict[str, str] = {}
    for name in spaces.steps(wish):
        if name == step:
            faultless.rain("^POST", "lose")
            with pytest.raises(OutcomeUnknown):
                spaces.ensure(name, wish, parts, "k")
            assert spaces.ensure(name, wish, parts, "k").found
        parts[name] = spaces.ensure(name, wish, parts, "k").remote

    assert [len(faultless.state(kind)) for kind in ("categories", "groups", "pages")] == [1, 1, 1]


def test_a_set_made_by_somebody_else_meanwhile_is_looked_for_again(canvas):
    """Names of sets are unique in a course, so a create that comes second is refused by Canvas itself."""
    canvas.provision()
    canvas.rain("^GET /api/v1/courses/101/group_categories", body=[], status=200)

    with pytest.raises(NotReadyYet):
        canvas.connect().spaces.ensure("category", canvas.wish(), {}, "k")
    assert len(canvas.state("categories")) == 1


def test_what_was_just_made_may_not_be_there_yet(canvas):
    spaces, wish = canvas.connect().spaces, canvas.wish()
    parts = {"category": spaces.ensure("category", wish, {}, "k").remote}
    canvas.sandbox.lag_seconds = 3600

    with pytest.raises(NotReadyYet):
        spaces.ensure("group", wish, parts, "k")


def test_a_quarter_of_an_hour_of_404_is_waited_out_without_a_twin(canvas):
    canvas.wall.shows = canvas.wall.now().replace(microsecond=0)
    canvas.sandbox.clock = lambda: canvas.wall.shows.timestamp()
    spaces, wish = canvas.connect().spaces, canvas.wish()
    parts = {"category": spaces.ensure("category", wish, {}, "k").remote}
    canvas.sandbox.lag_seconds = 900.0

    waited = 0
    for step in ("group", "page"):
        for _ in range(20):
            try:
                parts[step] = spaces.ensure(step, wish, parts, "k").remote
                break
            except NotReadyYet:
                waited += 1
                canvas.wall.shows += timedelta(minutes=3)

    assert waited == 10
    assert [len(canvas.state(kind)) for kind in ("categories", "groups", "pages")] == [1, 1, 1]


@pytest.mark.parametrize("course", ["999", "202"])
def test_a_course_that_is_not_there_or_not_ours_says_who_can_help(canvas, course):
    with pytest.raises(Misconfigured) as trouble:
        canvas.connect().spaces.ensure("category", canvas.wish(asked={"course": course}), {}, "k")

    assert trouble.value.who == "Canvas administrator"
    assert course in str(trouble.value.message)


@pytest.mark.parametrize("course", ["", "LIT-STAFF", "101/users", "1" * 20])
def test_what_is_no_course_id_never_reaches_canvas(canvas, course):
    with pytest.raises(Misconfigured):
        canvas.connect().spaces.ensure("category", canvas.wish(asked={"course": course}), {}, "k")
    assert canvas.sandbox.calls == []


def test_a_course_that_has_ended_makes_nothing(canvas):
    course = canvas.sandbox.store.get("canvas.courses", "101")
    canvas.sandbox.store.put("canvas.courses", "101", {**course, "workflow_state": "completed"})

    with pytest.raises(Misconfigured) as trouble:
        canvas.connect().spaces.ensure("category", canvas.wish(), {}, "k")

    assert "has ended" in str(trouble.value.message)
    assert canvas.writes == []


def test_a_course_without_pages_goes_without(faultless):
    course = faultless.sandbox.store.get("canvas.courses", "101")
    faultless.sandbox.store.put("canvas.courses", "101", {**course, "pages": False})

    parts = faultless.provision()

    assert parts["page"] == NOTHING
    assert faultless.state("pages") == []
    assert faultless.connect().spaces.describe(parts).name == "Reading circle"


def test_a_page_of_the_same_title_that_people_wrote_is_left_alone(faultless):
    spaces, wish = faultless.connect().spaces, faultless.wish()
    parts = {"category": spaces.ensure("category", wish, {}, "k").remote}
    parts["group"] = spaces.ensure("group", wish, parts, "k").remote
    theirs = {
        "page_id": 1,
        "group": int(parts["group"]),
        "url": "about-this-community",
        "title": "About this community",
    }
    faultless.sandbox.store.put("canvas.pages", "1", {**theirs, "body": "ours"})

    made = spaces.ensure("page", wish, parts, "k")

    assert (made.remote, made.found) == ("4001", False)
    assert faultless.sandbox.store.get("canvas.pages", "1")["body"] == "ours"
    assert spaces.ensure("page", wish, parts, "k").found


def test_markup_in_the_words_of_a_founder_stays_text(faultless):
    faultless.provision(name="<b>Bobby</b> & “Tables”", about="<script>alert(1)</script>")

    (page,) = faultless.sandbox.store.all("canvas.pages")
    assert "<script" not in page["body"]
    assert "&lt;script&gt;" in page["body"]
    assert faultless.state("groups")[0]["name"] == "<b>Bobby</b> & “Tables”"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Reading circle", "Reading circle"),
        ("  Reading\n\tcircle\x00 ", "Reading circle"),
        ("Reading\u202e circle\u200b", "Reading circle"),
        ("\u2028", "Community"),
        ("x" * 300, "x" * 254 + "…"),
        ("x" * 253 + " yz", "x" * 253 + "…"),
        ("👩‍🏫 Circle", "👩‍🏫 Circle"),
    ],
)
def test_the_preview_is_what_the_group_is_called(faultless, name, called):
    wish = faultless.wish(name=name)
    assert integration.preview({}, wish).name == called
    assert faultless.sandbox.calls == []

    faultless.provision(name=name)

    assert faultless.state("groups")[0]["name"] == called
    (category,) = faultless.state("categories")
    assert len(category["name"]) <= 255
    assert category["name"].endswith("(coplink 0123456789ab)")


def test_a_space_is_described_with_the_name_it_has_over_there(faultless):
    parts = faultless.provision()
    kept = faultless.sandbox.store.get("canvas.groups", parts["group"])
    faultless.sandbox.store.put("canvas.groups", parts["group"], {**kept, "name": "Renamed over there"})

    facts = faultless.connect().spaces.describe(parts)

    assert facts.name == "Renamed over there"
    assert facts.link == f"{faultless.sandbox.base_url}/groups/{parts['group']}"


def test_a_deleted_group_is_gone(canvas):
    parts = canvas.provision()
    canvas.sandbox.store.drop("canvas.groups", parts["group"])

    with pytest.raises(Gone) as trouble:
        canvas.connect().spaces.describe(parts)
    assert "group" in str(trouble.value.message)


def test_a_missing_permission_says_which_and_who(canvas):
    canvas.sandbox.store.put("canvas.roles", "riverbend", {"permissions": ["manage_groups_manage"]})

    with pytest.raises(PermissionMissing) as trouble:
        canvas.provision()

    assert trouble.value.scopes == ("manage_groups_add",)
    assert trouble.value.who == "Canvas administrator"


def test_a_throttled_create_made_nothing_and_says_when_to_come_back(canvas):
    canvas.rain("^POST", status=429, headers={"Retry-After": "17"}, body="slow down")

    with pytest.raises(Throttled) as trouble:
        canvas.connect().spaces.ensure("category", canvas.wish(), {}, "k")

    assert trouble.value.retry_after == 17
    assert canvas.state("categories") == []


def test_one_districts_token_does_not_reach_the_others_group(canvas):
    parts = canvas.provision()

    with pytest.raises(Gone):
        canvas.connect("lakeside").spaces.describe(parts)
