"""A community with only a page in the course: made once, described, renamed; nobody is seated, nothing scheduled."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.ports.errors import Gone, Misconfigured, PermissionMissing
from coplink.ports.seats import Done
from coplink_canvas import integration


@pytest.fixture
def page(canvas):
    return canvas.connect(place="page")


@pytest.fixture
def parts(canvas, page):
    made = {"course_page": page.spaces.ensure("course_page", canvas.wish(), {}, "k").remote}
    canvas.forget_calls()
    return made


def test_one_page_is_made_and_found_again(faultless, page):
    wish = faultless.wish()
    assert page.spaces.steps(wish) == ("course_page",)
    made = page.spaces.ensure("course_page", wish, {}, "k")
    again = page.spaces.ensure("course_page", wish, {}, "k")

    assert (made.found, again.found, made.remote) == (False, True, again.remote)
    (there,) = faultless.state("pages")
    assert (there["course"], there["title"], there["group"]) == ("101", "Reading circle", "")
    assert 'href="https://coplink.example/c/1"' in there["body"]
    assert faultless.state("groups") == []


def test_a_lost_answer_makes_no_second_page(canvas, page):
    canvas.rain("^POST .*/pages", "lose")
    wish = canvas.wish()
    with pytest.raises(Exception, match="did not answer"):
        page.spaces.ensure("course_page", wish, {}, "k")

    assert page.spaces.ensure("course_page", wish, {}, "k").found
    assert len(canvas.state("pages")) == 1


def test_a_page_of_the_same_name_that_is_not_ours_is_left_alone(faultless, page):
    faultless.sandbox.add_page("course", 101, "Reading circle", "<p>ours, not yours</p>", 1001)

    made = page.spaces.ensure("course_page", faultless.wish(), {}, "k")

    assert not made.found
    assert {one["url"] for one in faultless.state("pages")} == {"reading-circle", "reading-circle-2"}


def test_a_key_that_drops_include_parameters_finds_the_page_all_the_same(canvas):
    canvas.sandbox.change_key("riverbend", includes=False)
    keyed = canvas.keyed(place="page")
    wish = canvas.wish()
    made = keyed.spaces.ensure("course_page", wish, {}, "k")

    assert keyed.spaces.ensure("course_page", wish, {}, "k").remote == made.remote


def test_the_page_is_described_by_its_name_and_address(faultless, page, parts):
    facts = page.spaces.describe(parts)

    assert facts.name == "Reading circle"
    assert facts.link == f"{faultless.sandbox.base_url}/courses/101/pages/reading-circle"


def test_nobody_is_seated_and_everybody_is_told_why(faultless, page, parts):
    result = page.seats.put(
        parts, [faultless.seat(faultless.ana, Role.FACILITATOR), faultless.seat(faultless.ben)]
    )

    assert set(result.outcomes.values()) == {Done.REFUSED}
    assert "no group" in str(result.reasons[faultless.ana])
    assert page.seats.read(parts).seats == {}
    assert page.seats.read(parts).complete
    assert page.seats.look(parts, faultless.ana) is None
    assert page.seats.remove(parts, [faultless.ana]).outcomes == {faultless.ana: Done.ALREADY_SO}
    assert faultless.sandbox.calls == []


def test_meetings_are_as_wished_and_nothing_is_written(faultless, page, parts):
    series = faultless.series()
    link = page.calendar.put(parts, series, (), None, "k")
    facts = page.calendar.read(parts, series, link)

    assert facts.complete
    assert facts.starts == {meeting.original: meeting.starts for meeting in series.held}
    assert faultless.sandbox.calls == []


def test_it_is_renamed_put_to_rest_and_woken(faultless, page, parts):
    assert page.upkeep.rename(parts, "Writing circle") == "Writing circle"
    assert page.upkeep.archive(parts).done
    assert faultless.state("pages")[0]["title"] == "Writing circle (archived)"
    page.upkeep.restore(parts)
    assert page.spaces.describe(parts).name == "Writing circle"
    assert page.upkeep.read(parts).archived is False


def test_a_page_only_we_wrote_on_goes_when_asked_and_others_stay(faultless, page, parts):
    faultless.sandbox.add_page("course", 101, "Welcome", "<p>x</p>", 1001)
    (stays,) = page.upkeep.let_go(parts, take_away=False)
    assert stays.title == "Reading circle"

    assert page.upkeep.let_go(parts, take_away=True) == ()
    assert [one["title"] for one in faultless.state("pages")] == ["Welcome"]
    assert page.upkeep.let_go(parts, take_away=True) == (), "twice is no error"


def test_the_library_is_the_courses(faultless, page, parts):
    faultless.sandbox.add_file("course", 101, "Syllabus.pdf", 1001)
    facts, cursor, last = [], None, False
    while not last:
        there = page.library.changes(parts, cursor)
        facts, cursor, last = [*facts, *there.files], there.cursor, there.last

    assert [fact.name for fact in facts] == ["Syllabus.pdf"], "the community's own page is none of its works"


def test_a_deleted_page_is_gone(canvas, page, parts):
    for one in canvas.sandbox.store.keys("canvas.pages"):
        canvas.sandbox.store.drop("canvas.pages", one)

    with pytest.raises(Gone):
        page.spaces.describe(parts)


def test_without_the_permission_the_admin_is_named(canvas, page):
    canvas.sandbox.store.put("canvas.roles", "riverbend", {"permissions": ["read_course_content"]})

    with pytest.raises(PermissionMissing) as trouble:
        page.spaces.ensure("course_page", canvas.wish(), {}, "k")
    assert trouble.value.scopes == ("manage_wiki_create",)


@pytest.mark.parametrize("course", ["", "999", "202", "x"])
def test_a_course_that_is_not_there_is_said_to_be_so(canvas, page, course):
    with pytest.raises(Misconfigured):
        page.spaces.ensure("course_page", canvas.wish(asked={"course": course}), {}, "k")


@pytest.mark.parametrize(
    ("place", "made", "steps"),
    [
        ("group", {}, ("category", "group", "page")),
        ("page", {}, ("course_page",)),
        ("page", {"category": "1"}, ("category", "group", "page")),
        ("group", {"course_page": "101/1"}, ("course_page",)),
        ("group", {"category": "1", "module": "101/1/1"}, ("category", "group", "page", "module")),
    ],
)
def test_a_place_is_finished_as_it_was_begun_whatever_was_set_since(canvas, place, made, steps):
    settings = {**canvas.sandbox.settings("riverbend"), "place": place}
    wish = canvas.wish(parts=made)

    assert integration.preview(settings, wish).steps == steps
    assert canvas.connect(place=place).spaces.steps(wish) == steps
