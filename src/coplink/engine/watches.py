"""Watches: subscriptions kept alive, and what a call back means: a hint, nothing more."""

from __future__ import annotations

from datetime import datetime, timedelta

from coplink.core.spaces import SpaceId, SpaceState
from coplink.core.work import Kind, Turn
from coplink.engine.outcome import Begin, Now, Open, Outcome, Settled
from coplink.engine.secrets import fresh_token
from coplink.ports.errors import Gone
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork
from coplink.ports.watch import Heard, Subscription


def subscribe(begin: Begin, open_connection: Open, hook_url: str, turn: Turn, now: Now) -> Outcome:
    """Have one space watched, and prolong the promise: once half of its life is over, and where the last time is longer
    ago than ``Limits.watch_check``, because a platform may drop it without a word. That is one call a space and day.

    One that was gone left changes untold, so the files are read anew. The secret is stored before the platform is
    asked, because it calls back while we still wait for the answer.
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
        # The daily round comes a little early at times: half of the time is long enough.
        enough = max(life / 2, life - reach.manifest.limits.watch_check / 2)
        if known and known[0].remote and known[0].ends - now() > enough:
            return Settled()
        secret = known[1] if known else fresh_token()
        # An unfinished try is made again under its own name; a platform may take the name of a finished one only once.
        unfinished = uow.journal.unfinished(space.id, "watch files") is not None
        key = (uow.journal.key_of(space.id, "watch files") if unfinished else None) or uow.new_id()
        entry = uow.journal.open(turn, space.id, "watch files", key, now())
        before = known[0] if known else Subscription("", now())
        uow.watches.put(space.id, before, secret)
        uow.commit()
    gone = False
    callback = f"{hook_url}/hook/{space.integration}/{space.id}"
    try:
        if known and known[0].remote:
            subscription = watch.renew(space.parts, known[0])
        else:
            subscription = watch.subscribe(space.parts, callback, secret, key)
    except Gone:
        gone = True
        subscription = watch.subscribe(space.parts, callback, secret, key)
    with begin() as uow:
        kept = uow.watches.of(space.id)
        if kept is not None and kept[0].ends != before.ends:  # called meanwhile to renew it: that wish stays
            subscription = Subscription(subscription.remote, kept[0].ends)
        uow.watches.put(space.id, subscription, secret)
        if gone:
            uow.work.mark(Kind.COLLECT, space.id, space.community, urgent=False)
        uow.journal.close(entry, Done.CHANGED, now())
        uow.commit()
    return Settled()


def hinted(uow: UnitOfWork, space: SpaceId, heard: Heard, now: datetime, quiet: timedelta) -> frozenset[Kind]:
    """A call came with our secret: look at the files soon, or at the subscription. What has been marked.

    A go that is asked for and has not begun will see what happened until now: nothing is marked beside it. ``quiet``
    gathers a burst of calls into one look.
    """
    known = uow.spaces.get(space)
    if known is None or known.state is not SpaceState.READY:
        return frozenset()
    marked = set()
    kept = uow.watches.of(space) if heard.renew else None
    if kept is not None and not _awaited(uow, Kind.RENEW_WATCH, space):
        # An end that has come is what makes the next go renew it.
        uow.watches.put(space, Subscription(kept[0].remote, now), kept[1])
        uow.work.mark(Kind.RENEW_WATCH, space, known.community, urgent=False)
        marked.add(Kind.RENEW_WATCH)
    if heard.files and not _awaited(uow, Kind.COLLECT, space):
        uow.work.mark(Kind.COLLECT, space, known.community, now + quiet, urgent=False)
        marked.add(Kind.COLLECT)
    return frozenset(marked)


def _awaited(uow: UnitOfWork, kind: Kind, space: SpaceId) -> bool:
    state = uow.work.state(kind, space)
    return state is not None and state.awaited
