"""What is made in the group and the course: listed whole, then as changes; what is hidden or ours is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coplink.ports.errors import CursorExpired, Gone, PermissionMissing

ANA = 1001


@pytest.fixture
def clock(canvas):
    """The clock of both sides, moved by hand."""
    canvas.wall.shows = canvas.wall.now().replace(microsecond=0)
    canvas.sandbox.clock = lambda: canvas.wall.shows.timestamp()

    def later(**gone):
        canvas.wall.shows += timedelta(**gone)

    return later


@pytest.fixture
def library(canvas, clock, parts):
    return canvas.connect().library


def read(library, parts, cursor=None):
    facts = []
    for _ in range(100):
        page = library.changes(parts, cursor)
        facts += page.files
        cursor = page.cursor
        if page.last:
            return facts, cursor
    raise AssertionError("it does not come to an end")


def names(facts):
    return sorted(fact.name for fact in facts)


def test_files_and_pages_of_group_and_course_are_told_with_their_authors(faultless, clock, parts, library):
    sandbox, group = faultless.sandbox, int(parts["group"])
    sandbox.add_file("group", group, "Log.pdf", ANA)
    sandbox.add_page("group", group, "Notes", "<p>x</p>", ANA)
    sandbox.add_file("course", 101, "Syllabus.pdf", ANA)
    sandbox.add_page("course", 101, "Welcome", "<p>x</p>", ANA)

    facts, _ = read(library, parts)

    assert names(facts) == ["Log.pdf", "Notes", "Syllabus.pdf", "Welcome"]
    assert {fact.author for fact in facts} == {"1001"}
    assert {fact.author_name for fact in facts} == {"Ana Ruiz"}
    by_name = {fact.name: fact for fact in facts}
    base = faultless.sandbox.base_url
    assert by_name["Syllabus.pdf"].link.startswith(f"{base}/courses/101/files/")
    assert "verifier" not in "".join(fact.link for fact in facts)
    assert by_name["Notes"].link == f"{base}/groups/{group}/pages/notes"
    assert by_name["Notes"].media_type == "text/html"


def test_our_own_page_and_what_students_do_not_see_are_left_out(faultless, clock, parts, library):
    sandbox = faultless.sandbox
    sandbox.add_file("course", 101, "Answers.pdf", ANA, hidden=True)
    sandbox.add_file("course", 101, "Later.pdf", ANA, locked=True)
    sandbox.add_page("course", 101, "Draft", "<p>x</p>", ANA, published=False)

    assert read(library, parts)[0] == []


def test_what_is_hidden_later_is_told_as_gone(faultless, clock, parts, library):
    file = faultless.sandbox.add_file("course", 101, "Plan.pdf", ANA)
    _, cursor = read(library, parts)
    clock(minutes=10)
    faultless.sandbox.write_file(file, locked=True)

    (fact,), _ = read(library, parts, cursor)

    assert (fact.remote, fact.gone) == (f"file-{file['id']}", True)


def test_what_changed_is_told_once_and_nothing_else_is_read_far(faultless, clock, parts, library):
    for n in range(5):
        faultless.sandbox.add_file("course", 101, f"Old {n}.pdf", ANA)
    _, cursor = read(library, parts)
    clock(minutes=10)
    faultless.sandbox.add_file("course", 101, "New.pdf", ANA)
    faultless.forget_calls()

    facts, cursor = read(library, parts, cursor)

    assert names(facts) == ["New.pdf"]
    assert len(faultless.reads) == 4, "one page of each of the four listings"
    assert read(library, parts, cursor)[0] == []


def test_a_change_that_shows_late_is_not_missed(faultless, clock, parts, library):
    faultless.sandbox.lag_seconds = 60.0
    clock(minutes=5)
    faultless.sandbox.add_file("course", 101, "Slow.pdf", ANA)
    facts, cursor = read(library, parts)
    assert facts == [], "the replica does not show it yet"
    clock(seconds=61)

    assert names(read(library, parts, cursor)[0]) == ["Slow.pdf"]


def test_deleting_while_a_listing_is_read_hides_nobody_elses_file(faultless, clock, parts, library):
    faultless.sandbox.most_per_page = 2
    files = [faultless.sandbox.add_file("group", int(parts["group"]), f"{n}.pdf", ANA) for n in range(6)]
    facts, cursor, n = [], None, 0
    while True:
        page = library.changes(parts, cursor)
        facts += page.files
        cursor = page.cursor
        if page.last:
            break
        if page.files and n < 2:  # whenever something was read, somebody deletes one of the first
            faultless.sandbox.store.drop("canvas.files", str(files[n]["id"]))
            n += 1

    assert n == 2
    assert {"2.pdf", "3.pdf", "4.pdf", "5.pdf"} <= set(names(facts))


def test_where_canvas_does_not_name_the_last_page_reading_goes_forwards(canvas, clock, parts, monkeypatch):
    monkeypatch.setattr("coplink_canvas.client.last_page", lambda links: None)
    canvas.sandbox.most_per_page = 2
    for n in range(5):
        canvas.sandbox.add_file("course", 101, f"{n}.pdf", ANA)

    assert names(read(canvas.connect().library, parts)[0]) == [f"{n}.pdf" for n in range(5)]


def test_what_was_deleted_is_found_by_the_listing_of_the_next_day(faultless, clock, parts, library):
    file = faultless.sandbox.add_file("course", 101, "Plan.pdf", ANA)
    faultless.sandbox.add_file("course", 101, "Notes.pdf", ANA)
    _, cursor = read(library, parts)
    faultless.sandbox.store.drop("canvas.files", str(file["id"]))
    clock(hours=23)
    assert read(library, parts, cursor)[0] == [], "Canvas tells nobody of a deletion"
    clock(hours=2)

    with pytest.raises(CursorExpired):
        library.changes(parts, cursor)
    assert names(read(library, parts)[0]) == ["Notes.pdf"]


@pytest.mark.parametrize(
    "cursor",
    ["", "{}", "[]", "since", '{"listed": "x", "began": "y", "course": "1"}', '{"listed": 7}', "\x00"],
)
def test_a_cursor_of_another_form_has_expired(canvas, clock, parts, library, cursor):
    with pytest.raises(CursorExpired):
        library.changes(parts, cursor)


def test_a_cursor_cannot_lead_into_another_course(canvas, clock, parts, library):
    page = library.changes(parts, None)
    with pytest.raises(CursorExpired):
        library.changes(parts, page.cursor.replace('"101"', '"101/../../x"'))


def test_a_course_that_hides_its_files_leaves_the_groups(canvas, clock, parts, library):
    rest = ["manage_groups_add", "manage_groups_manage", "read_roster"]
    canvas.sandbox.store.put("canvas.roles", "riverbend", {"permissions": rest})
    canvas.sandbox.add_file("course", 101, "Syllabus.pdf", ANA)
    canvas.sandbox.add_file("group", int(parts["group"]), "Log.pdf", ANA)

    assert names(read(library, parts)[0]) == ["Log.pdf"]


def test_without_the_right_to_the_groups_files_nothing_is_called_gone(canvas, clock, parts, library):
    canvas.rain("/groups/.*/files", status=403, body={"status": "unauthorized"})

    with pytest.raises(PermissionMissing):
        read(library, parts)


def test_only_the_groups_things_where_an_admin_wants_it_so(faultless, clock, parts):
    faultless.sandbox.add_file("course", 101, "Syllabus.pdf", ANA)
    faultless.sandbox.add_file("group", int(parts["group"]), "Log.pdf", ANA)

    assert names(read(faultless.connect(catalogue="group").library, parts)[0]) == ["Log.pdf"]
    assert not [read for read in faultless.reads if "/courses/" in read and "/files" in read]


def test_a_deleted_group_is_gone_from_the_beginning_and_later(canvas, clock, parts, library):
    _, cursor = read(library, parts)
    canvas.sandbox.store.drop("canvas.groups", parts["group"])

    for start in (None, cursor):
        with pytest.raises(Gone):
            library.changes(parts, start)


def test_a_key_without_include_parameters_still_lists_everything(canvas, clock, parts):
    canvas.sandbox.change_key("riverbend", includes=False)
    keyed = canvas.keyed()
    canvas.sandbox.add_file("course", 101, "Syllabus.pdf", ANA)

    (fact,), _ = read(keyed.library, parts)

    assert (fact.name, fact.author) == ("Syllabus.pdf", None), "who made it is not told without include[]"
