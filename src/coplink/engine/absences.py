"""Ask after somebody whom listings lack, before the absence means anything: a listing may be short and not say so.

Whoever was missing at a complete reading a lag ago, and is missing again, is asked after by name, past the listing.
Found there, they count as listed. Where nobody answers, or very many are missing of whom even one is found, the reading
counts as half a one: it proves who is there, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Space
from coplink.engine.outcome import Begin, Reach
from coplink.ports.errors import IntegrationError
from coplink.ports.seats import Seats

MOST_ASKED = 100
"""Who is missing beyond these is believed to be, as long as none of these is found."""


def asked_after(
    begin: Begin, seats: Seats, space: Space, reach: Reach, observed: Observed, now: datetime
) -> tuple[Observed, IntegrationError | None]:
    """The reading with those found whom it lacked for the second time; what kept somebody from being asked after."""
    if not observed.complete:
        return observed, None
    with begin() as uow:
        missing = uow.ledger.missing(space.id, now, reach.lag)
    return ask_after(seats, space, observed, missing - observed.seats.keys())


def ask_after(
    seats: Seats, space: Space, observed: Observed, missing: Collection[AccountId]
) -> tuple[Observed, IntegrationError | None]:
    """The same for these, who are missing."""
    asked = sorted(missing)[:MOST_ASKED]
    found: dict[AccountId, Role] = {}
    try:
        for account in asked:
            role = seats.look(space.parts, account)
            if role is not None:
                found[account] = role
    except IntegrationError as silent:
        return replace(observed, seats={**observed.seats, **found}, complete=False), silent
    believed = not found or len(asked) == len(missing)
    return replace(observed, seats={**observed.seats, **found}, complete=believed), None
