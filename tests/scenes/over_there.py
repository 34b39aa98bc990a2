"""What people do by hand in a suite, what its listings lack, and what goes wrong on the way there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.engine.conftest import MovingClock

from coplink.core.community import Community
from coplink.core.people import AccountId
from coplink.core.spaces import Space
from coplink.sandbox.district import Region
from coplink.sandbox.weather import Rule


class OverThere:
    """The suites of a town, by key, and their people."""

    clock: MovingClock
    region: Region
    wires: dict[str, Any]

    def account(self, key: str, suite: str) -> AccountId:
        """Somebody's account in one suite; empty where they have none."""
        one = self.region.residents[key]
        ids = {"canvas": one.canvas_id, "teams": one.entra_id, "google": one.google_id}
        return AccountId(ids[suite] or "")

    def space(self, community: Community, suite: str) -> Space:
        """The community's place in one suite."""
        raise LookupError(suite)

    def weather(self, suite: str, match: str, **more: Any) -> None:
        """Spoil what matches: without more words, 503."""
        told = {"act": "answer", "status": 503, "times": 9, "body": {}} | more
        self.wires[suite].weather.add(Rule(match, **told))

    def taken_out(self, community: Community, key: str, suite: str) -> None:
        """Somebody goes, or is taken out, over there."""
        account, place = self.account(key, suite), self._place(community, suite)
        wire = self.wires[suite]
        if suite == "canvas":
            wire.store.drop("canvas.memberships", f"{place}/{account}")
        elif suite == "teams":
            wire.members.roll.end(wire.members.roll.of(place, account), self.clock.now().timestamp())
        else:
            wire.directory.unseat(wire.store.get("google.group", place), account)

    def put_in(self, community: Community, key: str, suite: str) -> None:
        """Somebody is added by hand over there."""
        account, place = self.account(key, suite), self._place(community, suite)
        wire = self.wires[suite]
        if suite == "canvas":
            wire.sit(place, account, False)
        elif suite == "teams":
            wire.members.seat(place, account, [], self.clock.now().timestamp())
        else:
            group = wire.store.get("google.group", place)
            wire.directory.seat(group, account, self.region.residents[key].upn, "MEMBER")

    @contextmanager
    def meanwhile(self, suite: str, act: Callable[[], None]) -> Iterator[None]:
        """While coplink's next write of a seat is under way there, somebody acts, once."""
        wire, done = self.wires[suite], list[str]()

        def seen(request: Any, response: Any) -> Sequence[str]:
            seats = any(word in request.path for word in ("members", "batch", "/groups/"))
            if seats and request.method != "GET" and not done:
                done.append(request.path)
                act()
            return ()

        wire.checks.append(seen)
        yield
        wire.checks.remove(seen)
        assert done, "nothing was written there"

    @contextmanager
    def short_listings(self, community: Community, key: str, suite: str) -> Iterator[None]:
        """The listing of seats lacks somebody who sits there, and does not say so; asked after, they are there."""
        account, wire = self.account(key, suite), self.wires[suite]
        book, name = {
            "canvas": (wire, "sitting"),
            "teams": (getattr(getattr(wire, "members", None), "roll", None), "everybody"),
            "google": (wire.store, "keys"),
        }[suite]
        whole = getattr(book, name)
        setattr(book, name, lambda place: [one for one in whole(place) if account not in _accounts(one)])
        yield
        delattr(book, name)

    def _place(self, community: Community, suite: str) -> str:
        parts = self.space(community, suite).parts
        if suite == "teams":
            return parts["channel"].rpartition("/")[2]
        return parts["group"]


def _accounts(entry: Any) -> tuple[str, ...]:
    """Whose an entry of a suite's own book is."""
    if isinstance(entry, str):
        return (entry,)
    return str(entry.get("user_id", "")), str(entry.get("account", ""))
