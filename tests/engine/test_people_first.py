"""What a person did is done before what coplink does by itself, and calls are made in their name."""

from __future__ import annotations

from datetime import timedelta

from coplink.core.people import CommunityId
from coplink.core.work import Kind, Turn
from coplink.engine.outcome import Outcome, Settled
from coplink.engine.sweep import due_by_time, full_round
from coplink.pace import Asks
from coplink.pace.people import who_asks
from coplink.ports.jobs import Job
from coplink.worker.handlers import Worker

DAY = timedelta(days=1)


def test_a_round_by_time_is_not_urgent_and_an_act_is(school):
    founder = school.arrive("ana", leads=True, account="ana").person
    community = CommunityId(school.found(founder).id)
    school.work()
    now = school.services.now()
    with school.services.begin() as uow:
        full_round(uow, community, now)
        uow.commit()
        marked = uow.work.dirty(now, 100)
    assert marked
    assert not any(dirty.urgent for dirty in marked)
    school.work()
    school.clock.advance(school.services.now() + 2 * DAY)
    assert due_by_time(school.services.begin, school.services.now(), DAY, 100 * DAY)
    with school.services.begin() as uow:
        rounds = uow.work.dirty(school.services.now(), 100)
        assert {dirty.kind for dirty in rounds} >= {Kind.COLLECT}
        assert not any(dirty.urgent for dirty in rounds)
        uow.work.mark(Kind.COLLECT, rounds[0].target, community)
        assert uow.work.dirty(school.services.now(), 100)[0].urgent


def test_the_worker_calls_in_the_name_of_whoever_asked(school):
    worker, heard = Worker(school.services), []

    def verb(turn: Turn) -> Outcome:
        heard.append((turn.target, who_asks()))
        return Settled()

    worker._verbs[Kind.COLLECT] = verb
    with school.services.begin() as uow:
        uow.work.mark(Kind.COLLECT, "sp_act", "co_1")
        uow.work.mark(Kind.COLLECT, "sp_round", "co_1", urgent=False)
        uow.commit()
    for target in ("sp_act", "sp_round"):
        assert worker.perform("collect", target, 0) is None
    assert heard == [("sp_act", Asks.DEED), ("sp_round", Asks.HOUSE)]
    assert who_asks() is Asks.PERSON, "outside the worker somebody waits"


def test_in_a_community_an_act_goes_before_the_rounds_that_wait(school):
    school.work()
    seen = []

    class Noting:
        def __call__(self, name: str, target: str, attempt: int) -> float | None:
            seen.append(target)
            return None

    school.jobs._perform = Noting()
    for number in range(3):
        school.jobs.enqueue(Job(f"r{number}", "collect", f"round-{number}", "co_1", urgent=False))
    school.jobs.enqueue(Job("a", "reconcile", "act", "co_1"))
    school.jobs.run_due()
    assert seen == ["act", "round-0", "round-1", "round-2"]
