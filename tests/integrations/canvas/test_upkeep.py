"""What happens to a place in Canvas later: renamed everywhere, put to rest as far as possible, let go of with care."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coplink.core.people import Role
from coplink.ports.errors import Gone, OutcomeUnknown
from coplink_canvas.upkeep import RESTS

HOME = "https://coplink.example/c/1"


@pytest.fixture
def upkeep(canvas):
    return canvas.connect(module="yes").upkeep


@pytest.fixture
def parts(canvas):
    """A group with a link in the modules."""
    connection, wish = canvas.connect(module="yes"), canvas.wish()
    parts = {}
    for step in connection.spaces.steps(wish):
        parts[step] = connection.spaces.ensure(step, wish, parts, "k").remote
    canvas.forget_calls()
    return parts


def names(canvas):
    """What the group set, the group and the link are called."""
    (category,), (group,), (link,) = canvas.state("categories"), canvas.state("groups"), canvas.state("links")
    return category["name"], group["name"], link["title"]


def test_a_rename_reaches_set_group_and_link_and_keeps_the_tag(faultless, parts, upkeep):
    assert upkeep.rename(parts, "Writing circle") == "Writing circle"

    assert names(faultless) == ("Writing circle (coplink 0123456789ab)", "Writing circle", "Writing circle")
    assert len(faultless.writes) == 3


def test_a_set_that_a_person_renamed_is_theirs(faultless, parts, upkeep):
    kept = faultless.sandbox.store.get("canvas.categories", parts["category"])
    faultless.sandbox.store.put("canvas.categories", parts["category"], {**kept, "name": "Our circles"})

    upkeep.rename(parts, "Writing circle")

    assert names(faultless) == ("Our circles", "Writing circle", "Writing circle")


@pytest.mark.parametrize("lost", ["^PUT /api/v1/group_cat", "^PUT /api/v1/groups", "^PUT .*/items"])
def test_a_lost_answer_stops_none_of_the_names(canvas, parts, upkeep, lost):
    canvas.rain(lost, "lose")

    with pytest.raises(OutcomeUnknown):
        upkeep.rename(parts, "Writing circle")
    assert names(canvas) == ("Writing circle (coplink 0123456789ab)", "Writing circle", "Writing circle")
    canvas.forget_calls()
    assert upkeep.rename(parts, "Writing circle") == "Writing circle"
    assert canvas.writes == []


def test_a_link_that_a_teacher_removed_is_not_missed(faultless, parts, upkeep):
    for link in faultless.sandbox.store.keys("canvas.links"):
        faultless.sandbox.store.drop("canvas.links", link)

    assert upkeep.rename(parts, "Writing circle") == "Writing circle"


def test_a_community_at_rest_says_so_in_its_name_and_on_its_page_and_keeps_its_members(
    faultless, parts, upkeep
):
    faultless.connect().seats.put(parts, [faultless.seat(faultless.ana, Role.FACILITATOR)])

    kept = upkeep.archive(parts)

    assert not kept.done, "Canvas cannot close a group"
    assert "members can still write there" in str(kept.said)
    assert names(faultless)[1] == f"Reading circle{RESTS}"
    (page,) = faultless.state("pages")
    assert "This community is archived." in page["body"]
    assert faultless.state("groups")[0]["moderators"] == [faultless.ana]
    facts = upkeep.read(parts)
    assert (facts.name, facts.archived) == (f"Reading circle{RESTS}", True)


def test_a_community_at_rest_can_be_renamed_and_still_rests(faultless, parts, upkeep):
    upkeep.archive(parts)

    assert upkeep.rename(parts, "Writing circle") == f"Writing circle{RESTS}"


def test_what_was_woken_is_as_it_was(faultless, parts, upkeep):
    before = faultless.state("pages")[0]["body"]
    names_before = names(faultless)
    upkeep.archive(parts)
    upkeep.restore(parts)

    assert names(faultless) == names_before
    assert "archived" not in faultless.state("pages")[0]["body"]
    assert before in faultless.state("pages")[0]["body"]
    faultless.forget_calls()
    upkeep.restore(parts)
    assert faultless.writes == []


def test_what_people_wrote_on_the_page_survives_rest_and_waking(faultless, parts, upkeep):
    (page,) = faultless.sandbox.pages_in("group", int(parts["group"]))
    faultless.sandbox.write_page(page, 1001, body="<p>Our own words</p>" + page["body"])
    upkeep.archive(parts)
    upkeep.restore(parts)

    assert "Our own words" in faultless.state("pages")[0]["body"]


def test_a_place_without_its_page_rests_all_the_same(faultless, parts, upkeep):
    for page in faultless.sandbox.store.keys("canvas.pages"):
        faultless.sandbox.store.drop("canvas.pages", page)

    upkeep.archive(parts)

    assert names(faultless)[1].endswith(RESTS)


# --- letting go -------------------------------------------------------------------------------------------------------


def test_letting_go_writes_nothing_and_says_what_stays_and_who_can_take_it_away(faultless, parts, upkeep):
    left = upkeep.let_go(parts, take_away=False)

    assert faultless.writes == []
    assert [one.title for one in left] == ["Reading circle", "About this community", "Reading circle"]
    assert all(one.link.startswith(faultless.sandbox.base_url) for one in left)
    assert "teacher can delete the group set" in str(left[0].how)


def place_meetings(canvas, parts):
    canvas.wall.shows = datetime(2026, 10, 1, tzinfo=UTC)
    canvas.connect().calendar.put(parts, canvas.series(), (), None, "k")


def test_only_what_is_ours_goes_and_whatever_people_made_stays(faultless, parts, upkeep):
    place_meetings(faultless, parts)
    sandbox, group = faultless.sandbox, int(parts["group"])
    faultless.connect().seats.put(parts, [faultless.seat(faultless.ana)])
    sandbox.add_file("group", group, "Log.pdf", 1001)
    sandbox.add_page("group", group, "Notes", "<p>coplink:12</p>", 1001)
    coming = [event for event in faultless.state("events") if event["start"] > "2026-10-01"]
    moved = coming[0]["id"]
    faultless.move(moved, timedelta(hours=1))
    theirs = {"id": 99999, "group": group, "title": "Party", "description": "", "location_name": ""}
    times = {"start_at": "2026-12-01T10:00:00Z", "end_at": "2026-12-01T11:00:00Z", "made": 0}
    sandbox.store.put("canvas.events", "99999", {**theirs, **times, "updated_at": "x", "created_at": "x"})

    left = upkeep.let_go(parts, take_away=True)

    assert [one.title for one in left] == ["Reading circle"]
    assert [page["title"] for page in faultless.state("pages")] == ["Notes"]
    assert faultless.state("links") == []
    assert faultless.state("groups")[0]["members"] == [faultless.ana]
    events = {event["id"]: event["start"] for event in faultless.state("events")}
    assert moved in events
    assert "99999" in events
    assert [
        start for key, start in events.items() if start > "2026-10-01" and key not in (moved, "99999")
    ] == []
    assert [start for start in events.values() if start < "2026-10-01"], "what took place stays"
    assert sandbox.store.keys("canvas.files")


def test_our_page_stays_when_somebody_else_wrote_on_it(faultless, parts, upkeep):
    (page,) = faultless.sandbox.pages_in("group", int(parts["group"]))
    faultless.sandbox.write_page(page, 1001, body=page["body"] + "<p>More</p>")

    left = upkeep.let_go(parts, take_away=True)

    assert [one.title for one in left] == ["Reading circle", "About this community"]
    assert len(faultless.state("pages")) == 1


def test_a_deleted_group_is_gone_whatever_is_asked(canvas, parts, upkeep):
    canvas.sandbox.store.drop("canvas.groups", parts["group"])

    for ask in (
        lambda: upkeep.read(parts),
        lambda: upkeep.rename(parts, "New"),
        lambda: upkeep.archive(parts),
        lambda: upkeep.restore(parts),
        lambda: upkeep.let_go(parts, take_away=False),
    ):
        with pytest.raises(Gone):
            ask()
