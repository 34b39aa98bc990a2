"""Make a space exist, once, step by step.

Each step: a journal row with its key is committed, the platform is asked to make or find the part, the remote id is
stored before the next step. It is quiet: people enter only after a person said so. A space that is ready is looked at,
not made again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from coplink.core.community import Community, Stage
from coplink.core.people import Standing
from coplink.core.spaces import Space, SpaceId, SpaceState
from coplink.core.words import say
from coplink.core.work import Kind, Turn
from coplink.engine import marks
from coplink.engine.outcome import Begin, Now, Open, Outcome, Reach, Settled
from coplink.engine.upkeep import wake
from coplink.ports.errors import Gone, IntegrationError, NeedsAttention, NotReadyYet, PolicyForbids, Transient
from coplink.ports.integration import Capability, Manifest
from coplink.ports.records import Happening, Report
from coplink.ports.seats import Done
from coplink.ports.spaces import SpaceFacts, Spaces, SpaceWish
from coplink.ports.storage import UnitOfWork

MustBeReady = Callable[[Space], None]
AT_WORK = (SpaceState.MAKING, SpaceState.STUCK, SpaceState.READY)
SETTLING = 30.0  # seconds until a place that was made in this go is looked at again


def provision(
    begin: Begin, open_connection: Open, turn: Turn, home_url: str, now: Now, must_be_ready: MustBeReady
) -> Outcome:
    """Bring one space as far as it goes. Raises ``IntegrationError`` where a step cannot be done now.

    ``must_be_ready`` is asked before the first part is made.
    """
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        if space is None or space.state not in AT_WORK:
            return Settled()
        community = uow.communities.get(space.community)
        if community is None or community.stage is Stage.CONCLUDED:
            return Settled()
        reach = open_connection(uow, space.connection)
        wish = wish_of(uow, space, community, reach.manifest, home_url)
    port = reach.connection.spaces
    if port is None:
        return Settled()
    made = 0
    if any(step not in space.parts for step in port.steps(wish)):
        must_be_ready(space)
    for step in port.steps(wish):
        if step in space.parts:
            continue
        space = _step(begin, port, turn, space, wish, step, reach.lag, now)
        made += 1
        if space.state not in AT_WORK:  # a person let it go meanwhile
            return Settled()
    if space.archived_at is not None:
        space = wake(begin, reach, turn, space, now)
    facts = _describe(port, space, made, reach)
    with begin() as uow:
        space = uow.spaces.get(space.id) or space
        if space.state not in AT_WORK:
            return Settled()
        was_ready, name = space.state is SpaceState.READY, space.written_name or facts.name
        if not was_ready or (space.link, space.written_name) != (facts.link, name) or space.trouble:
            space = replace(space, state=SpaceState.READY, trouble=None, link=facts.link, written_name=name)
            uow.spaces.put(space)
        if not was_ready:
            marks.inside(uow, space)
            said = say("{place} is ready", place=reach.manifest.title)
            uow.records.say(Happening(space.community, space.institution, now(), "", said))
        uow.records.report(Report("provision", space.id, space.community, now(), {"made": made}))
        uow.commit()
    return Settled()


def wish_of(
    uow: UnitOfWork, space: Space, community: Community, manifest: Manifest, home_url: str
) -> SpaceWish:
    """What is asked for in this space; outsiders are people of other institutions who take part or may."""
    others = any(p.institution != space.institution for p in uow.communities.participations(community.id))
    others = others or any(
        m.institution != space.institution and m.standing is not Standing.LEFT
        for m in uow.communities.memberships(community.id)
    )
    address = f"{home_url}/c/{community.id}"
    if Capability.DOOR in manifest.capabilities:
        address = through_the_door(home_url, space.integration, space.connection, community.id)
    return SpaceWish(
        space.name, community.charter.about, space.marker, space.asked, others, address, space.parts
    )


def through_the_door(home_url: str, integration: str, connection: str, community: str) -> str:
    """A community's address for a link over there: whoever follows it is let in by that platform's own door."""
    return f"{home_url}/door/{integration}/{connection}?next=/c/{community}"


def _step(
    begin: Begin, port: Spaces, turn: Turn, space: Space, wish: SpaceWish, step: str, lag: timedelta, now: Now
) -> Space:
    what = f"make {step}"
    with begin() as uow:
        begun = uow.journal.unfinished(space.id, what)
    if begun is not None and now() - begun < lag:  # killed or unanswered: what was made may not show yet
        left = (begun + lag - now()).total_seconds()
        raise NotReadyYet(say("An earlier try may still show up; coplink looks again."), what, max(left, 0.1))
    with begin() as uow:
        key = uow.journal.key_of(space.id, what) or uow.new_id()
        entry = uow.journal.open(turn, space.id, what, key, now())
        uow.commit()
    try:
        made = port.ensure(step, wish, space.parts, key)
    except (
        Transient,
        NeedsAttention,
        Gone,
    ) as error:  # after anything else the row stays open: the next go looks first
        _forget(begin, space, error)
        with begin() as uow:
            uow.journal.close(entry, Done.REFUSED, now())
            uow.commit()
        raise
    with begin() as uow:
        space = (uow.spaces.get(space.id) or space).with_part(step, made.remote)
        uow.spaces.put(space)
        if not made.found and len(space.parts) == 1:  # a place made anew: nobody was taken out of this one
            uow.ledger.forget_all(space.id, those_out=True)
        uow.journal.close(entry, Done.ALREADY_SO if made.found else Done.CHANGED, now(), made.found)
        uow.commit()
    return space


def _forget(begin: Begin, space: Space, error: IntegrationError) -> None:
    """What a platform began and gave up is not there: its steps are taken from the beginning again."""
    if error.forget:
        with begin() as uow:
            uow.spaces.put((uow.spaces.get(space.id) or space).without_parts(error.forget))
            uow.commit()


def _describe(port: Spaces, space: Space, made: int, reach: Reach) -> SpaceFacts:
    """Read the space; one that was ready and is gone is for a person to decide, never made anew behind their backs."""
    try:
        return port.describe(space.parts)
    except Gone as error:
        if made:  # a moment ago: it does not show everywhere yet
            word = reach.manifest.word_for(space.parts)
            said = say("The {word} is made and does not show everywhere yet.", word=word)
            raise NotReadyYet(said, error.detail, SETTLING) from error
        if space.state is not SpaceState.READY:
            raise
        raise PolicyForbids(
            say(
                "The {word} is not there any more. Restore it over there, or ask for a new one.",
                word=reach.manifest.word_for(space.parts),
            ),
            "facilitator",
            detail=error.detail,
        ) from error


def try_again(uow: UnitOfWork, space: Space) -> None:
    """Someone says that what was in the way is mended: go on where it stopped."""
    if space.state in (SpaceState.STUCK, SpaceState.MAKING):
        uow.spaces.put(replace(space, state=SpaceState.MAKING, trouble=None))
        uow.work.mark(Kind.PROVISION, space.id, space.community)
    elif space.state is SpaceState.READY and space.trouble is not None:
        uow.spaces.put(replace(space, trouble=None))
        uow.work.mark(Kind.PROVISION, space.id, space.community)
        uow.work.mark(Kind.UPKEEP, space.id, space.community)
        marks.inside(uow, space)
    elif space.state is SpaceState.ARCHIVED and space.archived_at is None:
        uow.work.mark(Kind.UPKEEP, space.id, space.community)


def wait_for_lag(lag: timedelta) -> float:
    """How long to wait before looking again, in seconds: a little more than the platform's lag."""
    return max(lag.total_seconds(), 0.0) + 0.2
