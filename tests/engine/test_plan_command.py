"""``coplink plan`` shows what the page shows, writes nothing and says by its exit code whether a person is needed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.commands import command_of, logging_kept
from tests.engine.acts import act, history

from coplink import registry
from coplink.core.errors import DomainError, StalePlan
from coplink.core.people import Role, Standing
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join
from coplink.ports.errors import Unavailable
from coplink.storage.tables import Table


@pytest.fixture
def coplink(monkeypatch, school):
    """Runs a command in this house."""
    monkeypatch.setattr(registry, "integrations", lambda: school.services.installed)
    with logging_kept():
        yield command_of(school.services)


@pytest.fixture
def people(school, community):
    found = [school.arrive(f"p{n}", account=str(n)).person for n in range(10, 14)]
    for person in found:
        act(school, lambda uow, now, person=person: join.offer(uow, community.id, person, Role.MEMBER, now))
        school.join(community, person)
    look(school, community)
    look(school, community)
    return found


def look(school, community):
    school.clock.pass_by(minutes=5)
    school.mark(community, Kind.RECONCILE)
    school.work(patience=60)


def lose(school, community, people):
    with school.services.begin() as uow:
        for person in people:
            known = uow.communities.membership(community.id, person.id)
            uow.communities.put_membership(replace(known, standing=Standing.INVITED))
        uow.commit()


def everything(school):
    with school.services.storage._engine.connect() as connection:
        return {t.name: connection.execute(select(t)).all() for t in Table.metadata.sorted_tables}


def test_where_all_is_well_it_says_so(school, community, coplink, people):
    before = everything(school)
    shown = coplink("plan", community.id)
    assert shown.exit_code == 0, shown.output
    assert "nothing to change" in shown.output
    del school.board.seats["10"]
    assert coplink("plan", community.id).exit_code == 0
    assert everything(school) == before, "not even that somebody is missing"


def test_what_waits_is_the_same_as_on_the_page_and_nothing_is_written(school, community, coplink, people):
    lose(school, community, people[:3])
    act(school, join.leave, community, people[3])
    before = everything(school)
    early = coplink("plan", community.id)
    assert early.exit_code == 1
    assert "kept and asked about" in early.output
    assert "asked to leave, done first: 1" in early.output
    assert everything(school) == before, "reading is not writing"
    look(school, community)
    look(school, community)
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        kept = uow.plans.of(space.id)
    before = everything(school)
    shown = coplink("plan", community.id)
    assert everything(school) == before
    assert shown.exit_code == 1
    for name in ("P10", "P11", "P12"):
        assert f"would lose a seat: {name} (Does not take part in the community.)" in shown.output
    assert all(f"stops: {one}" in shown.output for one in kept.hazards)
    assert f"coplink approve {space.id} {kept.digest}" in shown.output
    told = json.loads(coplink("plan", community.id, "--json").output)
    (one,) = told["spaces"]
    assert (told["needs_a_person"], one["digest"], one["waits"]) == (True, kept.digest, True)
    assert one["hazards"] == [str(hazard) for hazard in kept.hazards]
    assert [(p["part"], p["account"], p["why"]) for p in one["people"]] == [
        (line.part.value, line.account, str(line.why)) for line in kept.lines
    ]


def test_a_yes_at_the_command_line_is_carried_out_by_the_worker_and_told(school, community, coplink, people):
    lose(school, community, people[:3])
    look(school, community)
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        digest = uow.plans.of(space.id).digest
    for wrong in ((space.id, "0" * 16), (space.id, "")):
        assert isinstance(coplink("approve", *wrong).exception, StalePlan)
    assert isinstance(coplink("approve", "nothing", digest).exception, DomainError)
    assert coplink("approve", space.id, digest).exit_code == 0
    assert coplink("approve", space.id, digest).exit_code == 0, "again is no act"
    school.clock.pass_by(days=3)  # the command goes by the machine's clock
    with school.services.begin() as uow:
        assert uow.plans.of(space.id).approved == digest
    assert sum("At the command line" in line for line in history(school, community)) == 1


def test_one_place_that_cannot_be_read_hides_no_other(school, community, coplink):
    school.board.trouble["seats.read"] = [Unavailable(say("The staff room is locked."))] * 3
    shown = coplink("plan", community.id)
    assert shown.exit_code == 1
    assert "could not be looked at: The staff room is locked." in shown.output
    told = json.loads(coplink("plan", community.id, "--json").output)
    assert told["spaces"][0]["trouble"] == "The staff room is locked."
    assert isinstance(coplink("plan", "nothing").exception, DomainError)
