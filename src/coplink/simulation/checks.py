"""How a world must be once the weather is fair again, and what may not happen any more when nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from coplink.campus.rooms import Room, Rooms
from coplink.core.people import AccountId, Membership, Person, Proof, Role, Standing
from coplink.core.spaces import Space, SpaceState
from coplink.engine import join
from coplink.ports.storage import UnitOfWork
from coplink.simulation.truth import Human, Word
from coplink.simulation.world import PEOPLE, SUITES, ZONE, World

CALLS_OF_A_SPACE = 9
ENDED = {Word.LEFT: Standing.LEFT, Word.PAUSED: Standing.PAUSED}


def converged(world: World) -> None:
    """I3, I4, I5, I6, I12: memberships are people's words, seats are memberships, calendars and catalogue are whole."""
    with world.house.services.begin() as uow:
        for name in sorted(world.communities):
            _words(world, uow, name)
            for space in uow.spaces.of(world.key(name)):
                if space.state is not SpaceState.READY:
                    world.truth.broken("I4", f"a space of {name} is {space.state}")
                    continue
                suite = next(s for s in world.suites[space.integration].values() if _is_of(world, s, space))
                room = suite.rooms[space.parts["room"]]
                if not _held(uow, space):
                    _seats(world, uow, name, space, suite, room)
                _meetings(world, name, suite, room, space)
                _files(world, uow, suite, room, space)
                _alone(world, suite, space)


def quiet(world: World) -> None:
    """I8, I18: two more rounds with nothing changed write nothing, and ask a bounded number of questions."""
    suites = list(_suites(world))
    writes = sum(suite.writes for suite in suites)
    calls = sum(suite.calls for suite in suites)
    for _ in range(2):
        world.a_day()
    if (more := sum(suite.writes for suite in suites) - writes) > 0:
        world.truth.broken("I8", f"{more} writes though nothing changed")
    with world.house.services.begin() as uow:
        spaces = sum(len(uow.spaces.of(one.id)) for one in world.communities.values())
    asked = sum(suite.calls for suite in suites) - calls
    if asked > 2 * CALLS_OF_A_SPACE * spaces:
        world.truth.broken("I18", f"{asked} calls in two quiet rounds of {spaces} spaces")


def _suites(world: World) -> Iterator[Rooms]:
    return (suite for houses in world.suites.values() for suite in houses.values())


def _is_of(world: World, suite: Rooms, space: Space) -> bool:
    return world.institutions[suite.institution].id == space.institution


def _held(uow: UnitOfWork, space: Space) -> bool:
    """Whether a person is asked first about this space."""
    return any(
        notice.code == "unsafe_plan" and notice.about == f"reconcile:{space.id}"
        for notice in uow.records.notices(community=space.community)
    )


def _humans() -> Iterator[Human]:
    return (Human(institution, number) for institution in SUITES for number in range(PEOPLE))


def _words(world: World, uow: UnitOfWork, name: str) -> None:
    sealer, led = world.house.services.sealer, False
    for human in _humans():
        known = world.truth.of(name, human)
        person = world.person(uow, human)
        membership = uow.communities.membership(world.key(name), person.id) if person else None
        standing = membership.standing if membership else None
        no = person is not None and join.said_no(uow, sealer, world.key(name), person.id)
        if standing is Standing.JOINED and membership and membership.role.leads:
            led = True
            if not known.leads:
                world.truth.broken("I3", f"{human} facilitates {name} and never said so")
        if known.word is Word.JOINED:
            if standing is not Standing.JOINED and not (known.taken_out or known.ended_elsewhere):
                world.truth.broken("I1", f"{human} joined {name} and is {standing}")
            if standing is Standing.LEFT:
                known.ended_elsewhere = True
        elif known.word in ENDED and standing is not ENDED[known.word]:
            world.truth.broken("I3", f"{human} {known.word} {name} and is {standing}")
        elif known.word is Word.DECLINED and not (no and standing in (None, Standing.INVITED)):
            world.truth.broken("I3", f"{human} declined {name} and is {standing}, said no: {no}")
        elif known.word is Word.NONE and standing not in (None, Standing.INVITED):
            world.truth.broken("I3", f"{human} never joined {name} and is {standing}")
    if not led:
        world.truth.broken("I13", f"nobody facilitates {name}, and it does not rest")


def _seats(world: World, uow: UnitOfWork, name: str, space: Space, suite: Rooms, room: Room) -> None:
    due: dict[AccountId, Role] = {}
    for human in _humans():
        if human.institution != suite.institution:
            continue
        person = world.person(uow, human)
        membership = uow.communities.membership(world.key(name), person.id) if person else None
        if _sits(uow, space, person, membership, human) and membership is not None:
            due[human.account] = membership.role
    for account, role in due.items():
        human = Human(suite.institution, int(account[1:]))
        out = (suite.name, space.parts["room"]) in world.truth.of(name, human).taken_out
        if account not in room.seats and not out:
            world.truth.broken("I4", f"{human} belongs to {name} and has no seat in {suite.name}")
        sits = room.seats.get(account)
        if sits is not None and role.leads and not sits.leads:
            world.truth.broken("I4", f"{human} leads {name} and is no facilitator in {suite.name}")
    for account in sorted(room.raised & room.seats.keys()):
        known = world.seat_state(suite, space.parts["room"], account)
        leads = account in due and due[account].leads
        if room.seats[account].leads and not leads and known == "raised":
            world.truth.broken("I4", f"{account} leads {suite.name} by coplink's making and not {name}")
    for account in room.seats.keys() - due.keys():
        human = Human(suite.institution, int(account[1:]))
        if account not in room.by_hand and not _of_nobody_knows_whom(world, name, human, room):
            world.truth.broken("I4", f"{human} does not belong to {name} and sits in {suite.name}")


def _of_nobody_knows_whom(world: World, name: str, human: Human, room: Room) -> bool:
    """Whether they left when the ledger was lost and coplink had not seen them sitting there as a member since.

    Such a seat may as well be somebody's by hand: it is shown to facilitators, and not taken away.
    """
    if room.looks is None:
        return False
    known, shown = world.truth.of(name, human), room.taken_over.get(human.account, len(world.weather.calls))
    return known.call <= shown or (human.account in room.sat_then and known.word_at(shown) is not Word.JOINED)


def _sits(
    uow: UnitOfWork, space: Space, person: Person | None, membership: Membership | None, human: Human
) -> bool:
    if person is None or membership is None or membership.standing is not Standing.JOINED:
        return False
    return any(
        (one.integration, one.account) == (space.integration, human.account) and one.proof is Proof.PROVED
        for one in uow.people.accounts(person.id)
    )


def _meetings(world: World, name: str, suite: Rooms, room: Room, space: Space) -> None:
    """I5, I21: one series, every second Wednesday at 16:00 on the community's clock, but for what people moved."""
    if len(room.series) != 1:
        world.truth.broken("I5", f"{len(room.series)} series of {name} in {suite.name}")
        return
    [(_, starts, _)] = room.series.values()
    first = world.options.start.date() + timedelta(days=3)
    first += timedelta(days=2 - first.weekday() + (14 if first.weekday() > 2 else 0))  # weeks begin on Monday
    wanted, last = [], world.options.start.date() + timedelta(days=150)
    while first <= last:
        local = datetime(first.year, first.month, first.day, 16, tzinfo=ZoneInfo(ZONE))
        wanted.append(local.timestamp())
        first += timedelta(days=14)
    shown = [start.timestamp() for start in starts]
    moved = [(a, b) for a, b in zip(shown, wanted, strict=False) if a != b]
    if len(shown) != len(wanted) or any((a - b) % 10_800 for a, b in moved):
        world.truth.broken("I21", f"the meetings of {name} in {suite.name} are not at 16:00")


def _files(world: World, uow: UnitOfWork, suite: Rooms, room: Room, space: Space) -> None:
    """I6: the catalogue holds what is there, in its newest version; what was deleted is withdrawn, not lost."""
    latest = {fact.remote: fact for fact in room.files}
    kept = {one.remote: one for one in uow.catalogue.remotes(space.id)}
    for remote, fact in latest.items():
        entry = kept.get(remote)
        if entry is None:
            if not fact.gone:
                world.truth.broken("I6", f"{remote} of {suite.name} is not in the catalogue")
        elif fact.gone != (entry.withdrawn_at is not None):
            world.truth.broken("I6", f"{remote} of {suite.name}: deleted is {fact.gone}")
        elif not fact.gone and entry.version != fact.version:
            world.truth.broken("I6", f"{remote} of {suite.name}: {entry.version}, not {fact.version}")


def _alone(world: World, suite: Rooms, space: Space) -> None:
    """I5, I17: what carries a space's mark stands once, in its own institution's suite."""
    for other in _suites(world):
        found = len(other.marked(f"room/{space.marker}"))
        if found != (other is suite):
            world.truth.broken(
                "I17", f"{found} rooms with the mark of a space of {suite.name} in {other.name}"
            )
