"""Orders for a platform's notices: noted when a visit tells of the service, placed by the worker once a deployment."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from coplink.core.arrival import Arrival
from coplink.core.work import Kind, Turn
from coplink.engine.outcome import Begin, Now, Outcome, Settled
from coplink.ports.copies import NoticeOrders, NoticeService
from coplink.ports.storage import UnitOfWork


def arrived(uow: UnitOfWork, arrival: Arrival) -> bool:
    """A visit told where notices can be ordered; writes only when that is news."""
    told = arrival.notices
    if told is None:
        return False
    known = uow.notice_services.of(arrival.institution, arrival.realm, told.deployment)
    if known is None:
        named = f"{arrival.institution}\0{arrival.realm}\0{told.deployment}"
        key = hashlib.sha256(named.encode()).hexdigest()[:32]
        known = NoticeService(key, arrival.institution, arrival.realm, told.deployment, "", ())
    if (known.url, known.types) == (told.url, told.types):
        return False
    uow.notice_services.put(replace(known, url=told.url, types=told.types, asked_at=None, ordered_at=None))
    uow.work.mark(Kind.ORDER_NOTICES, known.id, known.id)
    return True


def place(begin: Begin, orders: NoticeOrders, turn: Turn, callback: str, now: Now) -> Outcome:
    """Ask the platform to send its notices to ``callback``.

    What is asked is written down before the platform is; the platform keeps one address, so asking again is harmless.
    """
    with begin() as uow:
        service = uow.notice_services.get(turn.target)
        if service is None or (service.ordered_at is not None and service.callback == callback):
            return Settled()
        service = replace(service, callback=callback, asked_at=now(), ordered_at=None)
        uow.notice_services.put(service)
        uow.commit()
    orders.order(service)
    with begin() as uow:
        uow.notice_services.put(replace(service, ordered_at=now()))
        uow.commit()
    return Settled()


def due(uow: UnitOfWork, now: datetime, every: timedelta) -> int:
    """Ask again where a platform said no: once in a full round, for somebody may have allowed it meanwhile."""
    late = [s for s in uow.notice_services.unfilled() if s.asked_at is not None and now - s.asked_at >= every]
    for service in late:
        uow.work.mark(Kind.ORDER_NOTICES, service.id, service.id, urgent=False)
    return len(late)
