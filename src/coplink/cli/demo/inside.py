"""A look inside coplink's own database while it runs: what is left to do, what it remembers, all work due again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from coplink.cli.base import services_from, settings_from
from coplink.cli.demo.browser import unexpected
from coplink.core.people import CommunityId
from coplink.core.spaces import Space
from coplink.engine import marks
from coplink.wiring import Services


class Inside:
    """The same database as the running coplink, opened a second time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        with settings_of(environment):
            self.services: Services = services_from(settings_from())

    def communities(self) -> list[CommunityId]:
        """Every community there is."""
        with self.services.begin() as uow:
            return list(uow.communities.all())

    def spaces(self, community: CommunityId) -> dict[str, Space]:
        """The spaces of a community by integration."""
        with self.services.begin() as uow:
            return {space.integration: space for space in uow.spaces.of(community)}

    def mark_everything(self, community: CommunityId) -> None:
        """All work of a community is due again."""
        with self.services.begin() as uow:
            marks.everything(uow, community)
            uow.commit()

    def remembered(self, community: CommunityId) -> dict[str, Any]:
        """Every remote id coplink remembers, and how often one was found again instead."""
        with self.services.begin() as uow:
            rhythm = uow.meetings.rhythm(community)
            version = rhythm.version if rhythm else 1
            spaces = uow.spaces.of(community)
            links = {space.id: uow.meetings.link(space.id, version) for space in spaces}
            return {
                "parts": {space.id: dict(space.parts) for space in spaces},
                "series": {key: dict(link.remote) if link else None for key, link in links.items()},
                "found": uow.journal.found(community),
            }

    def forget_series(self, community: CommunityId, integration: str) -> None:
        """Forget one remembered id, to see the check notice."""
        space = self.spaces(community)[integration]
        with self.services.begin() as uow:
            rhythm = uow.meetings.rhythm(community)
            uow.meetings.put_link(space.id, rhythm.version if rhythm else 1, None)
            uow.commit()

    def open_work(self) -> list[str]:
        """Work that is asked for, not done, and does not wait for a person."""
        with self.services.begin() as uow:
            states = uow.work.all()
        return [
            f"{s.kind}:{s.target} {s.reason or ''}".strip()
            for s in states
            if not s.done and not (s.not_before is None and s.reason)
        ]

    def resting(self) -> list[str]:
        """Work that rests until a person acts."""
        with self.services.begin() as uow:
            return [
                f"{s.kind}: {s.reason}"
                for s in uow.work.all()
                if not s.done and s.not_before is None and s.reason
            ]

    def until_idle(self, patience: float = 60.0) -> None:
        """Wait until nothing is left to do by itself, twice in a row."""
        deadline, quiet = time.monotonic() + patience, 0
        while quiet < 2:
            waiting = self.open_work()
            quiet = 0 if waiting else quiet + 1
            if time.monotonic() > deadline:
                raise unexpected("work did not come to rest", "; ".join(waiting[:10]))
            time.sleep(0.1)


@contextmanager
def settings_of(environment: Mapping[str, str]) -> Iterator[None]:
    """Settings are read from the environment, as they are for anybody."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
