"""Watches: subscriptions kept alive, and what a call back means: a hint, nothing more."""

from __future__ import annotations

from datetime import datetime

from coplink.core.spaces import SpaceId, SpaceState
from coplink.core.work import Kind, Turn
from coplink.engine.outcome import Begin, Now, Open, Outcome, Settled
from coplink.engine.secrets import fresh_token
from coplink.ports.errors import Gone
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork
from coplink.ports.watch import Subscription


def subscribe(begin: Begin, open_connection: Open, hook_url: str, turn: Turn, now: Now) -> Outcome:
    """Have one space watched, and prolong the promise once half of its life is over.

    The secret is stored before the platform is asked, because it calls back while we still wait for the answer.
    """
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        if space is None or space.state is not SpaceState.READY:
            return Settled()
        reach = open_connection(uow, space.connection)
        watch, life = reach.connection.watch, reach.manifest.limits.watch_life
        if watch is None or life is None:
            return Settled()
        known = uow.watches.of(space.id)
        if known and known[0].remote and known[0].ends - now() > life / 2:
            return Settled()
        secret = known[1] if known else fresh_token()
        key = uow.journal.key_of(space.id, "watch files") or uow.new_id()
        entry = uow.journal.open(turn, space.id, "watch files", key, now())
        uow.watches.put(space.id, known[0] if known else Subscription("", now()), secret)
        uow.commit()
    callback = f"{hook_url}/hook/{space.integration}/{space.id}"
    try:
        if known and known[0].remote:
            subscription = watch.renew(space.parts, known[0])
        else:
            subscription = watch.subscribe(space.parts, callback, secret, key)
    except Gone:
        subscription = watch.subscribe(space.parts, callback, secret, key)
    with begin() as uow:
        uow.watches.put(space.id, subscription, secret)
        uow.journal.close(entry, Done.CHANGED, now())
        uow.commit()
    return Settled()


def hinted(uow: UnitOfWork, space: SpaceId, not_before: datetime | None = None) -> None:
    """A call came with our secret: look at the files soon. What it says is not used.

    ``not_before`` gathers a burst of calls into one look.
    """
    known = uow.spaces.get(space)
    if known is not None and known.state is SpaceState.READY:
        uow.work.mark(Kind.COLLECT, space, known.community, not_before)
