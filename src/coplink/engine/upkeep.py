"""What the worker does for a space after it was made: give it its name, put it to rest, wake it, take leave of it.

Every write has a journal row before it, and everything is read first, so that a second go writes nothing. A name that
somebody chose over there stays, and the facilitator is told. Nothing a person made is ever taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from coplink.core.errors import CoplinkError
from coplink.core.spaces import Parting, Space, SpaceId, SpaceState, Trouble
from coplink.core.words import Said, say
from coplink.core.work import Kind, Turn
from coplink.engine.attention import FACILITATOR, joined
from coplink.engine.farewells import not_seen_off, see_off, still_there
from coplink.engine.outcome import Begin, Now, Open, Outcome, Reach, Settled
from coplink.ports.errors import Gone, NeedsAttention, OutcomeUnknown, PolicyForbids, Transient
from coplink.ports.records import Happening, Notice
from coplink.ports.seats import Done
from coplink.ports.storage import StaleTurn, UnitOfWork
from coplink.ports.upkeep import Left, Upkeep

PATIENCE = 2
"""How often a platform that gives no answer is asked again before coplink leaves without one."""
RENAME, ARCHIVE, RESTORE, STOP, LET_GO = "rename", "archive", "restore", "stop watch", "let go"
T = TypeVar("T")


def keep(begin: Begin, open_connection: Open, turn: Turn, now: Now) -> Outcome:
    """Bring one space to what people asked for: its name, its rest, or its end. Raises ``IntegrationError``."""
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        if space is None or space.state not in (SpaceState.READY, SpaceState.ARCHIVED, SpaceState.DETACHED):
            return Settled()
        if space.state is SpaceState.DETACHED:
            reach = _reach_or_none(uow, open_connection, space)
        else:
            reach = open_connection(uow, space.connection)
    if space.state is SpaceState.DETACHED:
        if space.parting is not None:
            _part(begin, reach, turn, space, now)
        return Settled()
    port = reach.connection.upkeep if reach else None
    if reach is None or port is None:
        return Settled()
    if space.state is SpaceState.ARCHIVED:
        _stop_watch(begin, reach, turn, space, now)
        if space.archived_at is None:
            space = _rest(begin, port, reach, turn, space, now)
    _name(begin, port, reach, turn, space, now)
    return Settled()


def wake(begin: Begin, reach: Reach, turn: Turn, space: Space, now: Now) -> Space:
    """Take a space out of its rest; raises ``PolicyForbids`` where only a person over there can."""
    port = reach.connection.upkeep
    if port is None:
        return replace(space, archived_at=None)
    name, ours = _name_now(begin, port, space, RESTORE)
    kept = _write(begin, turn, space, RESTORE, lambda: port.restore(space.parts), now)
    if not kept.done:
        raise PolicyForbids(kept.said, reach.manifest.admin, detail=f"cannot wake {space.id}")
    after = port.read(space.parts).name if ours else name
    with begin() as uow:
        present = uow.spaces.get(space.id) or space
        written = after if ours else present.written_name
        space = replace(present, archived_at=None, written_name=written)
        uow.spaces.put(space)
        uow.work.mark(Kind.UPKEEP, space.id, space.community)  # a name given while it rested
        _tell(uow, space, reach, kept.said, now)
        uow.commit()
    return space


def forget_seats(uow: UnitOfWork, space: Space) -> None:
    """Know nothing any more of who sits in a space, where its files were read up to, and what was in the way.

    Only which seats may be coplink's is kept: should it be taken up again, all others are somebody's by hand.
    """
    uow.ledger.let_go(space.id)
    uow.spaces.put_unreachable(space.id, [])
    uow.meetings.drop_offers(space.community, space.id)
    uow.catalogue.put_cursor(space.id, None)
    kinds = [kind.value for kind in Kind if kind is not Kind.UPKEEP]
    for about in (*kinds, "meetings", "facilitator", "leading", "name"):
        uow.records.clear_notices(space.community, f"{about}:{space.id}")


# --- rest and name ----------------------------------------------------------------------------------------------------


def _rest(begin: Begin, port: Upkeep, reach: Reach, turn: Turn, space: Space, now: Now) -> Space:
    name, ours = _name_now(begin, port, space, ARCHIVE)
    kept = _write(begin, turn, space, ARCHIVE, lambda: port.archive(space.parts), now)
    after = port.read(space.parts).name if ours else name
    with begin() as uow:
        present = uow.spaces.get(space.id) or space
        instead = None if kept.done else Trouble("rests_otherwise", kept.said, "")
        space = replace(
            present,
            archived_at=now(),
            written_name=after if ours else present.written_name,
            trouble=instead if present.state is SpaceState.ARCHIVED else present.trouble,
        )
        uow.spaces.put(space)
        _tell(uow, space, reach, kept.said, now)
        uow.commit()
    return space


def _name(begin: Begin, port: Upkeep, reach: Reach, turn: Turn, space: Space, now: Now) -> None:
    """Give it the community's name, unless somebody over there has given it another."""
    before, ours = _name_now(begin, port, space, RENAME)
    about = f"name:{space.id}"
    if not ours:
        said = say(
            "In {place} somebody has named the {word} “{name}”. That stays; coplink would call it “{wanted}”.",
            place=reach.manifest.title,
            word=reach.manifest.word_for(space.parts),
            name=before,
            wanted=space.name,
        )
        with begin() as uow:
            notice = (uow.new_id(), space.institution, space.community, about, "renamed_there", said)
            uow.records.raise_notice(Notice(*notice, FACILITATOR, now()))
            uow.commit()
        return
    after = _write(begin, turn, space, RENAME, lambda: port.rename(space.parts, space.name), now, before)
    with begin() as uow:
        present = uow.spaces.get(space.id) or space
        if present.written_name != after:
            uow.spaces.put(replace(present, written_name=after))
        uow.records.clear_notices(space.community, about)
        uow.commit()


def _name_now(begin: Begin, port: Upkeep, space: Space, what: str) -> tuple[str, bool]:
    """Its name over there, and whether coplink gave it: in a go whose end is not known, it may just have done so."""
    with begin() as uow:
        tries = (RENAME, what)
        interrupted = any(uow.journal.unfinished(space.id, one) is not None for one in tries)
    name = port.read(space.parts).name
    return name, interrupted or not space.written_name or name in (space.written_name, space.name)


# --- taking leave -----------------------------------------------------------------------------------------------------


def _part(begin: Begin, reach: Reach | None, turn: Turn, space: Space, now: Now) -> None:
    """See off who left, stop the watch, take away what was asked for, note what stays; then nobody is called again.

    A platform that does not let coplink in any more, or is silent for long, does not hold it back.
    """
    left = None
    with begin() as uow:
        staying = len(still_there(uow, space, now()))
    try:
        if reach is not None:
            staying = _see_off(begin, reach, turn, space, now)
            _stop_watch(begin, reach, turn, space, now)
            left = _let_go(begin, reach, turn, space, now)
    except Gone:
        left, staying = (), 0
    except Exception as error:  # a mistake of ours, too, must not keep a credential for ever
        if isinstance(error, StaleTurn) or (passes(error) and turn.attempt < PATIENCE):
            raise
    if left is None:
        left = (unseen(space),)
    left += not_seen_off(space, staying)
    with begin() as uow:
        present = uow.spaces.get(space.id)
        if present is None or present.parting is None or not uow.work.holds(turn):
            return
        uow.watches.drop(space.id)
        forget_seats(uow, present)
        uow.spaces.put_left(space.id, left)
        uow.spaces.put(replace(present, parting=None, trouble=None))
        connected = uow.institutions.connection(space.connection)
        if (
            connected is not None and connected.ended_at is not None
        ):  # perhaps this was the last of its places
            uow.work.mark(Kind.DISCONNECT, connected.id, connected.id)
        uow.commit()


def _see_off(begin: Begin, reach: Reach, turn: Turn, space: Space, now: Now) -> int:
    """Let those who left give up their seats first; how many may still sit there where the platform refuses."""
    try:
        return see_off(begin, reach, turn, space, now)
    except Gone:  # whether the place itself is, shows when it is let go
        return 0
    except Exception as error:
        if isinstance(error, StaleTurn) or (passes(error) and turn.attempt < PATIENCE):
            raise
    with begin() as uow:
        return len(still_there(uow, space, now()))


def passes(error: Exception) -> bool:
    """Whether another try may end otherwise: silence does, a definite no does not."""
    return not isinstance(error, CoplinkError) or isinstance(error, Transient | OutcomeUnknown)


def _let_go(begin: Begin, reach: Reach, turn: Turn, space: Space, now: Now) -> tuple[Left, ...] | None:
    port = reach.connection.upkeep
    if port is None or not space.link or not space.parts:  # not finished: what there is of it is not sure
        return None if space.parts or space.link or _in_doubt(begin, space) else ()
    if space.parting is Parting.TAKE_AWAY:
        return _write(begin, turn, space, LET_GO, lambda: port.let_go(space.parts, True), now)
    return port.let_go(space.parts, False)


def _in_doubt(begin: Begin, space: Space) -> bool:
    """Whether something may have been made there of which no answer came."""
    with begin() as uow:
        return uow.journal.half_made(space.id)


def unseen(space: Space) -> Left:
    """What may still be over there of a space that cannot be looked at any more."""
    how = say("coplink could not look any more. What it made is called so, or carries the mark {mark}.")
    return Left(
        space.written_name or space.name, space.link or "", replace(how, values={"mark": space.marker})
    )


def _stop_watch(begin: Begin, reach: Reach, turn: Turn, space: Space, now: Now) -> None:
    with begin() as uow:
        known = uow.watches.of(space.id)
    watch = reach.connection.watch
    if known is None:
        return
    if watch is not None and known[0].remote:
        subscription = known[0]
        _write(begin, turn, space, STOP, lambda: watch.stop(subscription), now)
    with begin() as uow:
        uow.watches.drop(space.id)
        uow.commit()


# --- inside -----------------------------------------------------------------------------------------------------------


def _write(
    begin: Begin, turn: Turn, space: Space, what: str, call: Callable[[], T], now: Now, before: object = None
) -> T:
    """A call that may write, with its row in the journal; what ends without an outcome leaves the row open."""
    with begin() as uow:
        entry = uow.journal.open(turn, space.id, what, uow.new_id(), now())
        uow.commit()
    try:
        result = call()
    except (Transient, NeedsAttention, Gone):
        with begin() as uow:
            uow.journal.close(entry, Done.REFUSED, now())
            uow.commit()
        raise
    same = before is not None and result == before
    with begin() as uow:
        uow.journal.close(entry, Done.ALREADY_SO if same else Done.CHANGED, now())
        uow.commit()
    return result


def _reach_or_none(uow: UnitOfWork, open_connection: Open, space: Space) -> Reach | None:
    try:
        return open_connection(uow, space.connection)
    except CoplinkError:  # whoever leaves is not held back by a key that opens nothing any more
        return None


def _tell(uow: UnitOfWork, space: Space, reach: Reach, said: Said, now: Now) -> None:
    told = joined([say("{place}:", place=reach.manifest.title), said])
    uow.records.say(Happening(space.community, space.institution, now(), "", told))
