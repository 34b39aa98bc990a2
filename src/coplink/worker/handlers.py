"""Job name to engine function, and what an outcome or an error means for the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from coplink import logs
from coplink.core.errors import CoplinkError
from coplink.core.people import CommunityId, InstitutionId
from coplink.core.spaces import ConnectionId, Space, SpaceId, SpaceState, Trouble
from coplink.core.words import say
from coplink.core.work import Kind, Turn
from coplink.engine import (
    announce,
    collect,
    disconnect,
    mailing,
    meetings,
    notice_orders,
    preflight,
    provision,
    reconcile,
    rosters,
    upkeep,
    watches,
)
from coplink.engine.attention import NOBODY, SUPPORT, Ask, Decision, LookAgain, Retry, StartOver, decide
from coplink.engine.outcome import Again, Outcome, Settled
from coplink.pace import Asks, Ours, as_long_as, asking
from coplink.ports.records import Notice
from coplink.ports.storage import StaleTurn, UnitOfWork
from coplink.wiring import Services
from coplink.worker.house import about_connections

SHORT = 5.0  # a longer wait ends the job: it would keep its community's other work waiting
BEFORE_LOOKING = 2.0

log = logs.get(__name__)


class Worker:
    """Performs jobs: takes a turn, calls one verb, settles or postpones, and tells people what only they can change."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._verbs: dict[Kind, Callable[[Turn], Outcome]] = {
            Kind.READ_ROSTER: self._read_roster,
            Kind.PROVISION: self._provision,
            Kind.RECONCILE: self._reconcile,
            Kind.PLACE_MEETINGS: self._place_meetings,
            Kind.COLLECT: self._collect,
            Kind.RENEW_WATCH: self._renew_watch,
            Kind.ORDER_NOTICES: self._order_notices,
            Kind.PREFLIGHT: self._preflight,
            Kind.ANNOUNCE: self._announce,
            Kind.UPKEEP: self._upkeep,
            Kind.DISCONNECT: self._disconnect,
            Kind.INVITE: self._invite,
        }

    def perform(self, name: str, target: str, attempt: int) -> float | None:
        """One go at a job; None when it has ended, else the seconds to wait (a few)."""
        kind = Kind(name)
        with self._services.begin() as uow:
            turn = uow.work.begin(kind, target, self._services.now())
            uow.commit()
        if turn is None:
            return None
        who = Asks.DEED if turn.urgent else Asks.HOUSE
        with logs.bound(community=turn.partition, job=f"{kind}:{target}"), asking(who):
            try:
                with as_long_as(Ours(lambda: self._is_ours(turn))):
                    outcome = self._verbs[kind](turn)
            except StaleTurn:
                log.info("another worker took over")
                with self._services.begin() as uow:
                    _look_again(uow, turn)
                    uow.commit()
                return None
            except CoplinkError as error:
                log.warning("work interrupted", code=error.code, detail=error.detail, attempt=turn.attempt)
                backoff = self._services.settings.backoff_seconds
                return self._after(turn, decide(error, turn.attempt, backoff), error)
            except Exception:  # a database that went away, or our own mistake
                log.exception("work failed", attempt=turn.attempt)
                return self._failed(turn)
            return self._ended(turn, outcome)

    # --- what the outcome means -----------------------------------------------------------------------------------

    def _ended(self, turn: Turn, outcome: Outcome) -> float | None:
        now = self._services.now()
        match outcome:
            case Settled():
                with self._services.begin() as uow:
                    if uow.work.settle(turn, now):
                        uow.journal.settle(turn, now)
                        uow.records.clear_notices(_community(turn), _about(turn))
                    else:
                        _look_again(uow, turn)
                    uow.commit()
                return None
            case Again(seconds, why):
                if why:
                    log.warning("work goes on later", detail=why)
                return self._later(
                    turn, seconds, "waiting for the platform to show what was written", failed=False
                )

    def _is_ours(self, turn: Turn) -> bool:
        with self._services.begin() as uow:
            return uow.work.holds(turn)

    def _after(self, turn: Turn, decision: Decision, error: CoplinkError) -> float | None:
        match decision:
            case Retry(seconds, trouble):
                self._say_why(turn, Trouble(error.code, error.message, NOBODY))
                return self._later(turn, seconds, error.code, trouble=trouble)
            case LookAgain():
                return self._later(turn, self._before_looking(turn), error.code)
            case StartOver():
                with self._services.begin() as uow:
                    collect.start_over(uow, SpaceId(turn.target))
                    uow.commit()
                return self._later(turn, BEFORE_LOOKING, error.code)
            case Ask(trouble):
                return self._ask(turn, trouble)

    def _failed(self, turn: Turn) -> float | None:
        """Tried again a few times, because a database may have been away; then it rests and support is told."""
        backoff = self._services.settings.backoff_seconds
        if turn.attempt < len(backoff):
            return self._later(turn, backoff[turn.attempt], "failed")
        sentence = say("Something went wrong inside coplink; it has been logged.")
        return self._ask(turn, Trouble("failed", sentence, SUPPORT))

    def _later(
        self, turn: Turn, seconds: float, reason: str, failed: bool = True, trouble: Trouble | None = None
    ) -> float | None:
        until = self._services.now() + timedelta(seconds=seconds)
        with self._services.begin() as uow:
            if not uow.work.postpone(turn, until, reason, failed):
                _look_again(uow, turn)
            elif trouble is not None:
                self._tell(uow, turn, trouble)
            uow.commit()
        return seconds + 0.05 if seconds <= SHORT else None

    def _ask(self, turn: Turn, trouble: Trouble) -> float | None:
        """The work rests until a person acts; the notice says who and what. A place that exists stays open."""
        with self._services.begin() as uow:
            if uow.work.postpone(turn, None, trouble.code):
                space = self._space(uow, turn)
                if space is not None and turn.kind in (Kind.PROVISION, Kind.UPKEEP):
                    making = space.state is SpaceState.MAKING
                    state = SpaceState.STUCK if making else space.state
                    uow.spaces.put(replace(space, state=state, trouble=trouble))
                self._tell(uow, turn, trouble)
            else:
                _look_again(uow, turn)
            uow.commit()
        return None

    def _tell(self, uow: UnitOfWork, turn: Turn, trouble: Trouble) -> None:
        institution = self._institution(uow, turn)
        if institution is None:
            return
        uow.records.raise_notice(
            Notice(
                uow.new_id(),
                institution,
                _community(turn),
                _about(turn),
                trouble.code,
                trouble.message,
                trouble.who,
                self._services.now(),
            )
        )

    def _institution(self, uow: UnitOfWork, turn: Turn) -> InstitutionId | None:
        if turn.kind is Kind.ORDER_NOTICES:
            service = uow.notice_services.get(turn.target)
            return service.institution if service else None
        if turn.kind in (Kind.PREFLIGHT, Kind.DISCONNECT):
            connected = uow.institutions.connection(ConnectionId(turn.target))
            return connected.institution if connected else None
        owner = self._space(uow, turn) or uow.communities.get(CommunityId(turn.partition))
        return owner.institution if owner else None

    def _before_looking(self, turn: Turn) -> float:
        """What was perhaps made must show before we look for it: the platform's lag in seconds, at most a minute."""
        with self._services.begin() as uow:
            space = self._space(uow, turn)
        manifest = self._services.manifests.get(space.integration) if space else None
        lag = self._services.lag_of(manifest).total_seconds() if manifest else 0.0
        return min(max(BEFORE_LOOKING, lag), 60.0)

    def _say_why(self, turn: Turn, trouble: Trouble) -> None:
        if turn.kind is not Kind.PROVISION:
            return
        with self._services.begin() as uow:
            space = self._space(uow, turn)
            if space is not None and space.state is SpaceState.MAKING:
                uow.spaces.put(replace(space, trouble=trouble))
                uow.commit()

    def _space(self, uow: UnitOfWork, turn: Turn) -> Space | None:
        return None if turn.kind is Kind.READ_ROSTER else uow.spaces.get(SpaceId(turn.target))

    # --- the verbs ------------------------------------------------------------------------------------------------

    def _read_roster(self, turn: Turn) -> Outcome:
        s = self._services
        return rosters.read(s.begin, s.rosters, turn, s.now)

    def _provision(self, turn: Turn) -> Outcome:
        s = self._services
        return provision.provision(s.begin, s.open, turn, s.settings.base_url, s.now, self._must_be_ready)

    def _must_be_ready(self, space: Space) -> None:
        s = self._services
        preflight.must_be_ready(s.begin, s.open, about_connections(s), space, s.now)

    def _preflight(self, turn: Turn) -> Outcome:
        s = self._services
        return preflight.preflight(s.begin, s.open, about_connections(s), turn, s.now)

    def _upkeep(self, turn: Turn) -> Outcome:
        return upkeep.keep(self._services.begin, self._services.open, turn, self._services.now)

    def _disconnect(self, turn: Turn) -> Outcome:
        s = self._services
        return disconnect.finish(s.begin, s.give_back, s.close, turn, s.now)

    def _reconcile(self, turn: Turn) -> Outcome:
        s = self._services
        return reconcile.reconcile(s.begin, s.open, s.policy, turn, s.now)

    def _place_meetings(self, turn: Turn) -> Outcome:
        s = self._services
        return meetings.place(s.begin, s.open, s.manifests, s.settings.base_url, turn, s.now)

    def _announce(self, turn: Turn) -> Outcome:
        s = self._services
        return announce.post(s.begin, s.open, s.settings.base_url, turn, s.now)

    def _invite(self, turn: Turn) -> Outcome:
        s = self._services
        return mailing.send(s.begin, s.mail, s.sealer, s.settings.base_url, turn, s.now)

    def _collect(self, turn: Turn) -> Outcome:
        s = self._services
        return collect.collect(s.begin, s.open, turn, s.now)

    def _renew_watch(self, turn: Turn) -> Outcome:
        s = self._services
        return watches.subscribe(s.begin, s.open, s.settings.base_url, turn, s.now)

    def _order_notices(self, turn: Turn) -> Outcome:
        s = self._services
        return notice_orders.place(s.begin, s.notices, turn, f"{s.settings.base_url}/lti/notices", s.now)


def _look_again(uow: UnitOfWork, turn: Turn) -> None:
    """What was written while another worker had the work already is judged by a look that comes after it."""
    if not uow.work.holds(turn):
        uow.work.mark(turn.kind, turn.target, turn.partition, urgent=turn.urgent)


def _community(turn: Turn) -> str | None:
    """Whose the work is; what is an institution's own is told to its admins."""
    own = (Kind.ORDER_NOTICES, Kind.PREFLIGHT, Kind.DISCONNECT)
    return None if turn.kind in own else turn.partition


def _about(turn: Turn) -> str:
    return f"{turn.kind}:{turn.target}"
