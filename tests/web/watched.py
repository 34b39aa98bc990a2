"""A space that platforms may call about, for the tests of hooks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from coplink.core.spaces import Space, SpaceState
from coplink.ports.watch import Subscription

SECRET = "a secret of the bell"


def ready(site: Any) -> Space:
    """A space that is ready, and not watched yet."""
    key = site.found(site.enter("ana", leads=True))
    with site.services.begin() as uow:
        space = next(s for s in uow.spaces.of(key) if s.institution == site.here.id)
        space = replace(space, state=SpaceState.READY, parts={"board": "b"})
        uow.spaces.put(space)
        uow.commit()
    return space


def watch(site: Any, space: Space) -> None:
    """Let it be watched, with our secret."""
    with site.services.begin() as uow:
        uow.watches.put(space.id, Subscription("bell-1", site.clock.now() + timedelta(days=3)), SECRET)
        uow.commit()
