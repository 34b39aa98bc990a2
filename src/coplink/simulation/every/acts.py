"""Acts of people on a stage, in coplink and by hand over there; and what must have come of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from coplink.core.artifacts import FileFact
from coplink.core.community import Community
from coplink.core.people import Person, Role, Standing
from coplink.core.roster import Listed
from coplink.engine import disclosures, handing_over, invitations, join, lifecycle, marks, organisations
from coplink.ports.storage import UnitOfWork
from coplink.simulation.every.stage import HOME, Stage
from coplink.simulation.truth import Human, Word

Wrong = Callable[[Stage], Sequence[str]]


def opens(stage: Stage, human: Human, *suites: str) -> None:
    """They come through the course, then by the tab of each suite, and say by the code that it is them."""
    stage.step += 1
    known = _arrived(stage, human)
    for suite in suites:
        came = _arrived(stage, human, suite)
        if came.id != known.id:

            def merge(uow: UnitOfWork, other: Person = came) -> None:
                if uow.people.get(other.id) is not None and uow.people.get(known.id) is not None:
                    uow.people.merge(gone=other.id, into=known.id)
                    marks.person_changed(uow, known.id)

            stage.act(f"{human} opens {suite}", merge)


def joins(stage: Stage, human: Human) -> None:
    """On a link of their institution, or again."""
    stage.step += 1
    person = _arrived(stage, human)

    def act(uow: UnitOfWork) -> None:
        found, now, link = _community(stage, uow), stage.clock.now(), None
        if uow.communities.membership(found.id, person.id) is None:
            leads = next(m for m in uow.communities.memberships(found.id) if m.role.leads)
            leader = uow.people.get(leads.person)
            assert leader is not None  # noqa: S101
            link = invitations.create(uow, found, leader, person.institution, now)
        join.accept(uow, stage.house.services.sealer, found, person, now, link)
        schools = [one.id for one in disclosures.elsewhere(uow, found.id, person)]
        disclosures.told(uow, found.id, person, schools, now)

    stage.act(f"{human} joins", act, (human, Word.JOINED))


def leaves(stage: Stage, human: Human) -> None:
    """For good."""
    _steps_out(stage, human, "leaves", join.leave, Word.LEFT)


def pauses(stage: Stage, human: Human) -> None:
    """For a while."""
    _steps_out(stage, human, "pauses", join.pause, Word.PAUSED)


def _steps_out(stage: Stage, human: Human, what: str, act: Callable[..., object], word: Word) -> None:
    stage.step += 1
    person = _arrived(stage, human)
    stage.act(
        f"{human} {what}",
        lambda uow: act(uow, _community(stage, uow), person, stage.clock.now()),
        (human, word),
    )


def role(stage: Stage, leader: Human, other: Human, given: Role) -> None:
    """Who leads asks somebody to facilitate too, who says yes; or gives it back."""
    stage.step += 1
    leading, theirs = _arrived(stage, leader), _arrived(stage, other)
    stage.act(
        f"{leader} makes {other} {given.value}",
        lambda uow: join.share(uow, _community(stage, uow), leading, theirs.id, given, stage.clock.now()),
    )
    if given.leads:
        stage.act(
            f"{other} says yes",
            lambda uow: handing_over.answer(uow, _community(stage, uow), theirs, True, stage.clock.now()),
        )
        stage.truth.of(HOME, other).leads = True


def withdraws(stage: Stage, name: str, *members: Human) -> None:
    """An institution's admin takes it out of the community."""
    stage.step += 1
    admin, key = stage.admins[name], stage.key(HOME)

    def act(uow: UnitOfWork) -> None:
        organisations.withdraw(uow, admin, key, "Another plan this year.", False, stage.clock.now())

    stage.act(f"{name} withdraws", act, *((one, Word.PAUSED) for one in members))


def puts_to_rest(stage: Stage, leader: Human, suite: str) -> None:
    """A facilitator puts one place to rest."""
    _life(stage, leader, suite, "puts to rest", lifecycle.archive)


def wakes(stage: Stage, leader: Human, suite: str) -> None:
    """A facilitator wakes it."""
    _life(stage, leader, suite, "wakes", lifecycle.restore)


def _life(stage: Stage, leader: Human, suite: str, what: str, act: Callable[..., object]) -> None:
    stage.step += 1
    person = _arrived(stage, leader)

    def living(uow: UnitOfWork) -> None:
        space = next(one for one in stage.spaces(uow) if one.integration == suite)
        act(uow, space, person, suite, stage.clock.now())

    stage.act(f"{leader} {what} {suite}", living)


# --- by hand, over there ----------------------------------------------------------------------------------------------


def taken_out(stage: Stage, human: Human, key: str) -> None:
    """Somebody over there takes their seat away, which coplink knew to be theirs."""
    stage.step += 1
    suite, remote = stage.room(key)
    suite.remove_by_hand(remote, human.account)
    stage.truth.of(HOME, human).taken_out.add((suite.name, remote))


def seated_by_hand(stage: Stage, human: Human, key: str) -> None:
    """Somebody over there seats them."""
    stage.step += 1
    suite, remote = stage.room(key)
    suite.add_by_hand(remote, human.account)


def saves(stage: Stage, key: str, *numbers: int) -> None:
    """Files are saved, or saved again."""
    stage.step += 1
    _touch(stage, key, numbers, gone=False)


def deletes(stage: Stage, key: str, number: int) -> None:
    """A file is deleted."""
    stage.step += 1
    _touch(stage, key, (number,), gone=True)


def _touch(stage: Stage, key: str, numbers: Sequence[int], gone: bool) -> None:
    suite, remote = stage.room(key)
    log, now = suite.rooms[remote].files, stage.clock.now()
    for number in numbers:
        known = next((fact for fact in reversed(log) if fact.remote == f"f{number}"), None)
        made = FileFact(f"f{number}", f"File {number}", f"https://campus.example/f{number}", now, now, "1")
        later = max(now, known.changed_at + timedelta(seconds=1)) if known else now
        fact = replace(known or made, changed_at=later, version=str(len(log) + 1), gone=gone)
        log.append(replace(fact, author=sorted(suite.people)[0]))
        stage.told(f"  {suite.name}: {fact.name} is {'deleted' if gone else 'saved'} in {remote}")


def moves_a_meeting(stage: Stage, key: str) -> None:
    """The third one, by three hours."""
    stage.step += 1
    suite, remote = stage.room(key)
    room = suite.rooms[remote]
    [(name, (digest, starts, attendees))] = room.series.items()
    moved = tuple(at + timedelta(hours=3) if n == 2 else at for n, at in enumerate(starts))
    room.series[name] = (digest, moved, attendees)
    stage.told(f"  {suite.name}: a meeting is moved in {remote}")


def listed(stage: Stage, human: Human, there: bool) -> None:
    """The course lists them, or does so no more."""
    stage.step += 1
    people = stage.courses.listed[f"course of {human.institution}"]
    people[:] = [one for one in people if one.subject != human.subject]
    if there:
        people.append(Listed(human.subject, f"P{human.number}", human.email))


# --- what must have come of it ----------------------------------------------------------------------------------------


def catalogue_of(key: str, gone: set[str], there: set[str]) -> Wrong:
    """These files are in the catalogue, and these are withdrawn."""

    def wrong(stage: Stage) -> Sequence[str]:
        with stage.house.services.begin() as uow:
            space = next(one for one in stage.spaces(uow) if one.integration == key)
            kept = {one.remote: one.withdrawn_at is not None for one in uow.catalogue.remotes(space.id)}
        lost = [f"{name} is not there" for name in sorted(there) if kept.get(name) is not False]
        # What was saved and deleted before anybody looked was never seen.
        return [*lost, *(f"{name} is there" for name in sorted(gone) if kept.get(name) is False)]

    return wrong


def offers_of(key: str, count: int) -> Wrong:
    """So many moved meetings of one suite are offered to all."""

    def wrong(stage: Stage) -> Sequence[str]:
        with stage.house.services.begin() as uow:
            space = next(one for one in stage.spaces(uow) if one.integration == key)
            offered = [one for one in uow.meetings.offers(stage.key(HOME)) if one[0] == space.id]
        return [] if len(offered) == count else [f"{len(offered)} meetings are offered, not {count}"]

    return wrong


def invited(human: Human) -> Wrong:
    """They have an invitation."""

    def wrong(stage: Stage) -> Sequence[str]:
        with stage.house.services.begin() as uow:
            person = stage.person(uow, human)
            known = uow.communities.membership(stage.key(HOME), person.id) if person else None
        return [] if known and known.standing is Standing.INVITED else [f"{human} is not invited"]

    return wrong


def _arrived(stage: Stage, human: Human, suite: str | None = None) -> Person:
    """Come in; nothing of what a door does is tried with faults here (``tests/crash``)."""
    with stage.injector.hushed():
        return stage.arrive(human, leads=human.number == 0, suite=suite)


def _community(stage: Stage, uow: UnitOfWork) -> Community:
    found = uow.communities.get(stage.key(HOME))
    assert found is not None  # noqa: S101
    return found
