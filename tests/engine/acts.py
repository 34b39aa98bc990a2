"""Acts of people on the life of a community and its places, and what is to be seen of them."""

from __future__ import annotations

from datetime import timedelta

from coplink.core.people import Role
from coplink.core.work import Kind
from coplink.engine import claim, handing_over, join
from coplink.engine.sweep import due_by_time, full_round


def act(school, verb, *args):
    """One act of a person, kept at once."""
    with school.services.begin() as uow:
        result = verb(uow, *args, school.clock.now())
        uow.commit()
    return result


def leads_too(uow, community, leader, person, now, role=Role.CO_FACILITATOR):
    """Somebody is asked to facilitate, and says yes; a verb for ``act``."""
    join.share(uow, community, leader, person.id, role, now)
    handing_over.answer(uow, community, person, True, now)


def links(school, person, account):
    """They prove another account on the same platform, and say that both are theirs."""
    school.clock.pass_by(minutes=1)
    came = school.arrive(f"{person.name}-{account}", person.name, account=account).person
    code = act(school, claim.code_for, person).token
    return act(school, lambda uow, now: claim.with_code(uow, came, code, now, True))


def looks(school, community, count=3):
    """So many looks at the seats, two hours from one to the next."""
    for _ in range(count):
        school.clock.pass_by(hours=2)
        school.mark(community, Kind.RECONCILE)
        school.work()


def standing(school, community, person):
    with school.services.begin() as uow:
        return uow.communities.membership(community.id, person.id).standing


def now_there(school, community):
    with school.services.begin() as uow:
        return uow.communities.get(community.id)


def a_day_later(school, community):
    """A full round over everything, and a sweep over the libraries."""
    school.board.calls.clear()
    school.board.writes = 0
    school.clock.pass_by(days=2)
    with school.services.begin() as uow:
        full_round(uow, community.id, school.clock.now())
        for kind in Kind:
            for space in uow.spaces.of(community.id):
                if kind not in (Kind.ORDER_NOTICES, Kind.PREFLIGHT, Kind.DISCONNECT, Kind.INVITE):
                    uow.work.mark(kind, space.id, community.id)
        uow.commit()
    due_by_time(school.services.begin, school.clock.now(), timedelta(minutes=15), timedelta(hours=24))
    school.work()
    return list(school.board.calls)


def told(school, community):
    with school.services.begin() as uow:
        return {one.code: str(one.message) for one in uow.records.notices(community=community.id)}


def history(school, community):
    with school.services.begin() as uow:
        return [str(one.message) for one in uow.records.history(community.id)]
