"""The table of calls is what is called: all of it, nothing beside it; a key with just its scopes is enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from coplink.core.announcing import Announcement
from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.errors import PermissionMissing
from coplink.ports.integration import Verdict
from coplink_canvas import integration
from coplink_canvas.operations import BY_CALL, OPERATIONS, scopes

CHOICES = [
    {"place": "group", "module": "no", "catalogue": "course"},
    {"place": "group", "module": "no", "catalogue": "group"},
    {"place": "group", "module": "yes", "catalogue": "course"},
    {"place": "page", "module": "no", "catalogue": "course"},
    {"place": "page", "module": "no", "catalogue": "course", "announce": "course"},
    {"place": "page", "module": "yes", "catalogue": "group"},
]


def live(canvas, connection):
    """A community from its first day to its last, with everything that can happen to it."""
    wish, parts = canvas.wish(), {}
    for _ in range(2):  # made, then found
        for step in connection.spaces.steps(wish):
            parts[step] = connection.spaces.ensure(step, wish, parts, "k").remote
    connection.spaces.describe(parts)
    seats, calendar = connection.seats, connection.calendar
    seats.put(parts, [canvas.seat(canvas.ana, Role.FACILITATOR), canvas.seat(canvas.stranger)])
    seats.put(parts, [Seat(canvas.ana, Role.MEMBER, before=Role.FACILITATOR)])
    seats.read(parts)
    seats.look(parts, canvas.ana)
    seats.remove(parts, [canvas.ana])
    series = canvas.series()
    link = calendar.put(parts, series, (), None, "k")
    later = replace(series, title="Another title")
    link = calendar.put(parts, later, (), link, "k")
    for event in canvas.sandbox.store.keys("canvas.events")[:1]:
        canvas.sandbox.store.drop("canvas.events", event)
    calendar.read(parts, later, link)
    calendar.put(parts, canvas.series(called_off=frozenset({date(2026, 9, 16)})), (), link, "k")
    connection.announcements.post(parts, Announcement("Title", "Text", "https://c.example/c/1"), "k")
    cursor, last = None, False
    while not last:
        page = connection.library.changes(parts, cursor)
        cursor, last = page.cursor, page.last
    upkeep = connection.upkeep
    upkeep.rename(parts, "Writing circle")
    upkeep.archive(parts)
    upkeep.restore(parts)
    upkeep.let_go(parts, take_away=True)
    connection.check()


@pytest.mark.parametrize("settings", CHOICES, ids=lambda one: "-".join(one.values()))
def test_a_key_with_exactly_the_scopes_of_the_table_is_enough_and_all_of_them_are_used(canvas, settings):
    canvas.sandbox.change_key("riverbend", scopes=list(scopes(settings)))
    connection = canvas.keyed(**settings)

    live(canvas, connection)

    assert canvas.sandbox.seen == set(scopes(settings))
    assert canvas.sandbox.refusals == []


def test_every_row_is_called_in_one_of_the_ways_to_set_it_up():
    assert {one.scope for one in OPERATIONS} == {scope for choice in CHOICES for scope in scopes(choice)}
    assert len(BY_CALL) == len(OPERATIONS), "no call stands there twice"


def test_the_scopes_are_those_the_pretended_canvas_demands(canvas):
    assert {one.scope for one in OPERATIONS} <= canvas.sandbox.scopes
    others = canvas.sandbox.scopes - {one.scope for one in OPERATIONS}
    assert others == set(), "the sandbox answers nothing that coplink does not ask"


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.call)
def test_every_row_says_why_and_what_stops_without_it(row):
    assert row.reason
    assert row.without
    assert row.permission in {"", *(scope.name for scope in integration.manifest.scopes)}


def test_the_permissions_of_the_manifest_are_those_of_the_table():
    assert {one.permission for one in OPERATIONS} - {""} == {one.name for one in integration.manifest.scopes}
    for choice in CHOICES:
        needed = {one.permission for one in OPERATIONS if one.made(choice)} - {""}
        declared = {one.name for one in integration.manifest.scopes if one.needed(choice)}
        assert needed - declared <= {"read_course_content"}, "whoever may change pages may read them"
        assert declared <= needed


@pytest.mark.parametrize("missing", [one.scope for one in OPERATIONS if one.made(CHOICES[0])])
def test_a_scope_that_the_key_lacks_is_named(canvas, missing):
    rest = [scope for scope in scopes(CHOICES[0]) if scope != missing]
    canvas.sandbox.change_key("riverbend", scopes=rest)
    connection = canvas.keyed()
    row = next(one for one in OPERATIONS if one.scope == missing)
    method, _, path = row.call.partition(" ")

    with pytest.raises(PermissionMissing) as refused:
        connection.seats._client.send(method, path.lstrip("/").replace(":id", "1"))
    assert refused.value.scopes == (missing,)
    assert "lacks a scope" in str(refused.value.message)


def test_the_check_up_of_a_sound_key_needs_nobody(canvas):
    checks = canvas.keyed().check()
    assert [check.title for check in checks if check.verdict is Verdict.NEEDS_YOU] == []
