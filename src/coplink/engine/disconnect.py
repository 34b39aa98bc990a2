"""An institution disconnects a system: nothing over there is called any more, and no credential is kept.

First a plan that a person reads. Then, at once: the door is closed, every place is let go, nothing new can be founded
there. Then the worker takes leave of each place (``upkeep``), gives the credential back where a platform takes it back,
and erases the settings. What coplink made stays, but for what is its own and was asked to be taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coplink.core.spaces import ConnectionId, Space, SpaceState
from coplink.core.words import say
from coplink.core.work import Kind, Turn
from coplink.engine.lifecycle import LET_GO, let_go
from coplink.engine.outcome import Begin, Now, Outcome, Settled
from coplink.engine.upkeep import PATIENCE, passes
from coplink.ports.records import Connected, Happening
from coplink.ports.storage import UnitOfWork
from coplink.ports.upkeep import Left

GiveBack = Callable[[Connected], None]
Close = Callable[[ConnectionId], None]


@dataclass(frozen=True, slots=True)
class Affected:
    """One place that would be let go: of which community, and how many people sit there now."""

    space: Space
    community: str
    seats: int


@dataclass(frozen=True, slots=True)
class Farewell:
    """What disconnecting would do: the places, how many subscriptions end, whether people come in this way."""

    places: tuple[Affected, ...]
    watched: int


@dataclass(frozen=True, slots=True)
class Remains:
    """One place that was let go, and what of it is still over there; ``taken`` once coplink has taken its leave."""

    space: Space
    community: str
    left: tuple[Left, ...]
    taken: bool


def plan(uow: UnitOfWork, connected: Connected) -> Farewell:
    """What disconnecting would mean; reads only."""
    places, watched = [], 0
    for space in _spaces(uow, connected):
        if space.state in LET_GO:
            places.append(Affected(space, _name(uow, space), len(uow.ledger.seats(space.id))))
            watched += uow.watches.of(space.id) is not None
    return Farewell(tuple(places), watched)


def disconnect(
    uow: UnitOfWork,
    connected: Connected,
    title: str,
    actor: str,
    take_away: bool,
    now: datetime,
    spared: str = "",
) -> bool:
    """End a connection; False, and nothing is written, where it has ended already.

    ``title`` is what people call the system; ``actor`` a person, or empty for whoever runs coplink. Whoever came in by
    its door is sent out, but for the session (its hash) that is spared.
    """
    if connected.ended_at is not None:
        return False
    uow.institutions.put_connection(replace(connected, ended_at=now, trouble=None))
    uow.checks.drop(connected.id)
    uow.records.clear_notices(None, f"check-up:{connected.id}")
    uow.records.clear_notices(None, f"{Kind.PREFLIGHT}:{connected.id}")
    uow.sessions.drop_by_door(connected.institution, connected.integration, spared)
    for space in _spaces(uow, connected):
        if space.state in LET_GO:
            let_go(uow, space, take_away)
            said = say("disconnected the system of a place: {place}", place=title)
            uow.records.say(Happening(space.community, space.institution, now, actor, said))
    uow.work.mark(Kind.DISCONNECT, connected.id, connected.id)
    return True


def finish(begin: Begin, give_back: GiveBack, close: Close, turn: Turn, now: Now) -> Outcome:
    """Erase the settings once every place was taken leave of; a platform that is silent does not hold this back."""
    key = ConnectionId(turn.target)
    with begin() as uow:
        connected = uow.institutions.connection(key)
        if connected is None or connected.ended_at is None or not connected.settings:
            return Settled()
        if any(space.parting is not None for space in _spaces(uow, connected)):
            return Settled()  # the last of them asks for this again
    try:
        give_back(connected)
    except (
        Exception
    ) as error:  # it opens nothing any more, or cannot be given back: erased it is all the same
        if passes(error) and turn.attempt < PATIENCE:
            raise
    with begin() as uow:
        present = uow.institutions.connection(key)
        if present is None or present.ended_at is None or not uow.work.holds(turn):
            return Settled()
        uow.institutions.put_connection(replace(present, settings={}))
        uow.guests.drop(present.institution, present.integration)
        uow.commit()
    close(key)
    return Settled()


def remains(uow: UnitOfWork, connected: Connected) -> Sequence[Remains]:
    """What is left over there of each place of a connection that was let go."""
    return [
        Remains(space, _name(uow, space), tuple(uow.spaces.left(space.id)), space.parting is None)
        for space in _spaces(uow, connected)
        if space.state is SpaceState.DETACHED
    ]


def under_way(connected: Connected) -> bool:
    """Whether coplink is still taking its leave: credentials are kept until it has."""
    return connected.ended_at is not None and bool(connected.settings)


def _spaces(uow: UnitOfWork, connected: Connected) -> Sequence[Space]:
    return [s for s in uow.spaces.of_institution(connected.institution) if s.connection == connected.id]


def _name(uow: UnitOfWork, space: Space) -> str:
    community = uow.communities.get(space.community)
    return community.name if community else space.name
