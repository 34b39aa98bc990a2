"""Read a roster: offer invitations, notice who has gone. Nobody is seated here, and nobody is removed.

Only those who are new or have changed since the last complete reading are looked at, some hundreds to a transaction;
nothing is held while the platform is asked. What a shortcut rests on is checked each time: see ``_trusted``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coplink.core.arrival import RosterSourceAddress
from coplink.core.people import CommunityId
from coplink.core.roster import Comparison, Listed, Reading, Snapshot
from coplink.core.spaces import SpaceState, Trouble
from coplink.core.words import say
from coplink.core.work import Kind, Turn
from coplink.engine.attention import FACILITATOR
from coplink.engine.listed import DOOR, welcome
from coplink.engine.outcome import Again, Begin, Now, Outcome, Settled
from coplink.ports.records import ContextLink, Notice, Report
from coplink.ports.rosters import LastReading, RosterSource
from coplink.ports.storage import StaleTurn, UnitOfWork

HALF_PAGE_AGAIN = 300.0
AT_ONCE = 2000
TRUSTED_FOR = timedelta(days=7)
LONG_AGO = timedelta(days=3650)
"""Nothing is trusted for so long, whatever a clock does."""
EMPTIED = Trouble(
    "empty_roster",
    say(
        "The course’s roster is empty, where it listed people before. What was known is kept, and nobody is removed."
    ),
    FACILITATOR,
)


def read(begin: Begin, source: RosterSource, turn: Turn, now: Now) -> Outcome:
    """Read one context's roster and offer what it suggests; what it showed is kept once it is complete."""
    with begin() as uow:
        context = uow.communities.context(turn.target)
        if context is None or not context.roster:
            return Settled()
        part = uow.communities.participation(CommunityId(context.community), context.institution)
        if part is not None and part.stays_out:  # nobody of theirs is invited
            return Settled()
        last = uow.rosters.last(context.id)
        members = uow.rosters.members(CommunityId(context.community))
        secret = uow.rosters.secret(context.institution)
    known = _trusted(last, members, now())
    reading = source.read(RosterSourceAddress(context.realm, context.roster), known, secret)
    run = _Run(begin, turn, context, now, last, members)
    run.offer(reading)
    run.end(reading, known)
    if reading.complete or reading.lacking:
        return Settled()  # what cannot be read to its end waits for its usual time, and somebody is told
    return Again(max(HALF_PAGE_AGAIN, reading.again or 0.0))


def trust_no_more(uow: UnitOfWork, context: ContextLink, now: datetime) -> None:
    """Compare a roster with everybody again, also where it is being read at this very moment.

    A time of its own tells a reading that is under way that it has been overtaken.
    """
    last = uow.rosters.last(context.id, hold=True) or LastReading(context.id, context.institution)
    uow.rosters.keep(replace(last, since=now - LONG_AGO))


def _trusted(last: LastReading | None, members: int, now: datetime) -> Snapshot | None:
    """The snapshot, if everybody on it still has what its reading gave them.

    A membership that is gone (an erasure, for one) would not be offered again to someone who did not change; so a
    community that has shrunk is looked at anew, and every community once a week.
    """
    if last is None or last.since is None or members < last.members or now - last.since > TRUSTED_FOR:
        return None
    return last.snapshot


def _listed(last: LastReading) -> bool:
    """Whether the last complete reading listed anybody."""
    return last.snapshot is not None and last.snapshot.listed > 0


@dataclass(slots=True)
class _Run:
    """One reading on its way into the database."""

    begin: Begin
    turn: Turn
    context: ContextLink
    now: Now
    last: LastReading | None
    members: int
    offered: int = 0
    new: int = 0

    def offer(self, reading: Reading) -> None:
        """Offer page by page what the reading suggests, also where it breaks off later."""
        waiting: list[Listed] = []
        for page in reading:
            waiting += page
            while len(waiting) >= AT_ONCE:
                self._offer(waiting[:AT_ONCE])
                del waiting[:AT_ONCE]
        self._offer(waiting)

    def _offer(self, people: Sequence[Listed]) -> None:
        if not people:
            return
        with self.begin() as uow:
            self._hold(uow)
            offered, new = welcome(uow, self.context, people, self.now())
            if offered and not self.offered:
                uow.rosters.owe(self.context.id, self.context.institution)
            self.offered += offered
            self.new += new
            uow.commit()

    def end(self, reading: Reading, known: Snapshot | None) -> None:
        """In one transaction: what was read, when, who is not listed any more, and the marks that were owed."""
        compared, moment = reading.compared, self.now()
        with self.begin() as uow:
            self._hold(uow)
            context = uow.communities.context(self.context.id)
            if context is None:
                return
            last = uow.rosters.last(context.id, hold=True) or LastReading(context.id, context.institution)
            last = replace(last, owing=last.owing or self.offered > 0)
            if last.owing:
                self._tell(uow)
            gone = 0
            if reading.complete:
                fresh = self._complete(uow, last, compared, known, moment)
                gone = fresh.gone
                if fresh != last:
                    uow.rosters.keep(fresh)
            elif last.owing:
                uow.rosters.keep(replace(last, owing=False))
            if reading.complete or reading.lacking:
                uow.communities.put_context(replace(context, read_at=moment))
                lacking = None if reading.complete else reading.lacking
                emptied = reading.complete and not compared.listed and _listed(last)
                self._say(uow, EMPTIED if emptied else lacking, moment)
            counts = {"listed": compared.listed, "no_longer_listed": gone}
            uow.records.report(Report("read_roster", context.id, context.community, moment, counts))
            uow.commit()

    def _say(self, uow: UnitOfWork, lacking: Trouble | None, moment: datetime) -> None:
        """Tell who can mend what keeps the roster from being read to its end; take that back when it was."""
        context = self.context
        about = f"roster:{context.id}"
        uow.records.clear_notices(context.community, about)
        if lacking is not None:
            uow.records.raise_notice(
                Notice(
                    uow.new_id(),
                    context.institution,
                    context.community,
                    about,
                    lacking.code,
                    lacking.message,
                    lacking.who,
                    moment,
                )
            )

    def _complete(
        self,
        uow: UnitOfWork,
        last: LastReading,
        compared: Comparison,
        known: Snapshot | None,
        moment: datetime,
    ) -> LastReading:
        same = known is not None and compared.unchanged
        if same and self.members == last.members:
            return replace(last, owing=False)
        if not compared.listed and _listed(last):
            return replace(last, owing=False)  # nobody at all where there were people: what was known is kept
        members = uow.rosters.members(CommunityId(self.context.community))
        snapshot = last.snapshot if same else compared.snapshot()
        overtaken = last.since != (self.last.since if self.last else None)
        since = last.since if compared.incremental or overtaken else moment
        gone = self._followed(last, known, compared.listed, members)
        if gone is None:
            gone = self._gone(uow, compared.listed)
        return replace(last, snapshot=snapshot, members=members, gone=gone, since=since, owing=False)

    def _followed(self, last: LastReading, known: Snapshot | None, listed: int, members: int) -> int | None:
        """``_gone`` without counting, where the community changed by nobody but people who are new to everybody."""
        if known is None or not listed or self.offered != self.new:
            return None
        if self.members != last.members or members != last.members + self.new:
            return None
        return max(last.gone + known.listed + self.new - listed, 0)

    def _gone(self, uow: UnitOfWork, listed: int) -> int:
        """How many of the community's people this roster does not list any more.

        Everybody listed is known to the community by now, so the rest is what is left of its people. A complete reading
        that is empty where there were people is no proof.
        """
        if not listed:
            return 0
        context = self.context
        here = uow.rosters.subjects(CommunityId(context.community), context.institution, DOOR, context.realm)
        return max(here - listed, 0)

    def _tell(self, uow: UnitOfWork) -> None:
        for space in uow.spaces.of(CommunityId(self.context.community)):
            if space.institution == self.context.institution and space.state is SpaceState.READY:
                uow.work.mark(Kind.RECONCILE, space.id, self.context.community, urgent=self.turn.urgent)

    def _hold(self, uow: UnitOfWork) -> None:
        if not uow.work.holds(self.turn):
            raise StaleTurn(self.turn.target)
