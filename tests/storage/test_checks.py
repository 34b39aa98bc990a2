"""Check-ups: the last of each connection comes back word for word, and goes with its connection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from coplink.core.spaces import ConnectionId
from coplink.core.words import say
from coplink.ports.integration import Capability, Check, Verdict
from coplink.ports.records import CheckUp
from coplink.storage.repositories.base import AnotherInstitution

LINES = (
    Check("Groups", True, say("Works.")),
    Check(
        "Mailbox",
        False,
        say("“{name}” has no licence.", name="coplink"),
        "Microsoft 365 administrator",
        ("Calendars.ReadWrite",),
        say("Admin centre, Active people"),
        None,
        True,
        frozenset({Capability.CALENDAR, Capability.SPACES}),
    ),
    Check("Calls", False, say("Nobody can call."), fallback=say("Files are read every hour."), asked=False),
)


@pytest.fixture
def found(world):
    return CheckUp(world.space.connection, world.north.id, world.now, LINES)


def test_what_was_found_comes_back_word_for_word(keep, found):
    with keep() as uow:
        uow.checks.put(found)
    with keep() as uow:
        assert uow.checks.of(found.connection) == found
        verdicts = [line.verdict for line in uow.checks.of(found.connection).checks]
    assert verdicts == [Verdict.WORKS, Verdict.NEEDS_YOU, Verdict.CANNOT]


def test_the_next_one_takes_its_place_and_only_within_the_institution(keep, world, found):
    later = replace(found, at=found.at.replace(hour=20), checks=LINES[:1])
    with keep() as uow:
        uow.checks.put(found)
        uow.checks.put(later)
    with keep() as uow:
        assert uow.checks.of_institution(world.north.id) == {found.connection: later}
        assert uow.checks.of_institution(world.south.id) == {}
    with pytest.raises(AnotherInstitution), keep() as uow:
        uow.checks.put(replace(found, institution=world.south.id))


def test_it_goes_when_it_is_dropped(keep, found):
    with keep() as uow:
        uow.checks.put(found)
        uow.checks.drop(ConnectionId("another"))
    with keep() as uow:
        assert uow.checks.of(found.connection) == found
        uow.checks.drop(found.connection)
    with keep() as uow:
        assert uow.checks.of(found.connection) is None


def test_a_capability_of_a_later_version_is_passed_over(keep, engine, found):
    with keep() as uow:
        uow.checks.put(replace(found, checks=LINES[1:2]))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE check_ups SET lines = REPLACE(CAST(lines AS TEXT), 'calendar', 'moon')")
            if engine.dialect.name == "sqlite"
            else text("UPDATE check_ups SET lines = REPLACE(lines::text, 'calendar', 'moon')::jsonb")
        )
    with keep() as uow:
        assert uow.checks.of(found.connection).checks[0].stops == {Capability.SPACES}
