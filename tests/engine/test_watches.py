"""Subscriptions: looked after once a day, renewed when the platform asks, made anew when gone without a word."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import watches
from coplink.engine.outcome import Reach
from coplink.ports.errors import Gone, OutcomeUnknown
from coplink.ports.integration import Surroundings
from coplink.ports.spaces import SpaceWish
from coplink.ports.watch import Heard, Subscription
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served
from coplink.testing.pinboard import PinBoard
from coplink_google import integration
from coplink_google.sandbox import make

LIFE = timedelta(days=28)


@dataclass
class Bell:
    """A platform's side of subscriptions: which are there, and what was asked."""

    clock: object
    living: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lost: int = 0
    meanwhile: object = None

    def subscribe(self, parts, callback, secret, key) -> Subscription:
        self.asked.append("subscribe")
        self.keys.append(key)
        if self.lost:
            self.lost -= 1
            raise OutcomeUnknown("subscribe")
        remote = f"bell-{len(self.asked)}"
        self.living.add(remote)
        return Subscription(remote, self.ends())

    def renew(self, parts, subscription) -> Subscription:
        self.asked.append("renew")
        if self.meanwhile is not None:
            self.meanwhile()
        if subscription.remote not in self.living:
            raise Gone(say("It is gone."), "404")
        return Subscription(subscription.remote, self.ends())

    def ends(self) -> datetime:
        return self.clock.now() + LIFE


def turns(school, space, reach, hook_url="https://x"):
    """One go at a subscription after the other."""

    def turn() -> None:
        with school.services.begin() as uow:
            uow.work.mark(Kind.RENEW_WATCH, space.id, space.community)
            begun = uow.work.begin(Kind.RENEW_WATCH, space.id, school.clock.now())
            uow.commit()
        watches.subscribe(school.services.begin, lambda uow, key: reach, hook_url, begun, school.clock.now)
        with school.services.begin() as uow:
            uow.work.settle(begun, school.clock.now())
            uow.commit()

    return turn


@pytest.fixture
def watched(school):
    """A space that is ready, and a bell beside it."""
    community = school.found(school.arrive("ana", leads=True).person)
    with school.services.begin() as uow:
        space = replace(uow.spaces.of(community.id)[0], state=SpaceState.READY, parts={"board": "b"})
        uow.spaces.put(space)
        uow.commit()
    bell = Bell(school.clock)
    manifest = replace(
        PinBoard.manifest,
        limits=replace(PinBoard.manifest.limits, watch_life=LIFE, watch_check=timedelta(days=1)),
    )
    reach = Reach(SimpleNamespace(watch=bell), manifest, timedelta(0))

    turn = turns(school, space, reach)
    turn()
    assert bell.asked == ["subscribe"]
    return school, space, bell, turn


def kept(school, space) -> Subscription:
    with school.services.begin() as uow:
        return uow.watches.of(space.id)[0]


def collects(school, space) -> int:
    with school.services.begin() as uow:
        state = uow.work.state(Kind.COLLECT, space.id)
    return state.generation if state else 0


def hear(school, space, heard=Heard(files=False, renew=True)) -> frozenset[Kind]:  # noqa: B008
    with school.services.begin() as uow:
        marked = watches.hinted(uow, space.id, heard, school.clock.now(), timedelta(seconds=20))
        uow.commit()
    return marked


def test_a_subscription_is_looked_after_once_a_day_with_one_call(watched):
    school, space, bell, turn = watched
    turn()
    school.clock.pass_by(hours=11)
    turn()
    assert bell.asked == ["subscribe"]
    for _ in range(3):
        school.clock.pass_by(hours=23, minutes=59)
        turn()
    assert bell.asked == ["subscribe", "renew", "renew", "renew"]
    assert kept(school, space) == Subscription("bell-1", school.clock.now() + LIFE)


def test_one_that_is_gone_without_a_word_is_made_anew_within_a_day_and_the_files_are_read(watched):
    school, space, bell, turn = watched
    before = collects(school, space)
    bell.living.clear()
    school.clock.pass_by(days=1)
    turn()
    assert bell.asked == ["subscribe", "renew", "subscribe"]
    assert kept(school, space).remote == "bell-3"
    assert collects(school, space) == before + 1


def test_a_finished_try_leaves_its_name_and_an_unfinished_one_keeps_it(watched):
    school, _, bell, turn = watched
    for _ in range(2):
        bell.living.clear()
        school.clock.pass_by(days=1)
        turn()
    assert len(set(bell.keys)) == 3
    bell.living.clear()
    bell.lost = 1
    school.clock.pass_by(days=1)
    with pytest.raises(OutcomeUnknown):
        turn()
    school.clock.pass_by(days=1)
    turn()
    assert len(set(bell.keys)) == 4
    assert bell.keys[-1] == bell.keys[-2], "looked for under the name of the try that was never answered"


def test_a_google_channel_is_replaced_every_day_for_a_week(school):
    """Google takes the name of a channel once."""
    wire = make(region("http://127.0.0.1:8080"), Store(), lambda: school.clock.now().timestamp())
    served = Served(wire)
    try:
        wire.base_url = served.url
        google = integration.connect(
            wire.settings("lakeside"), Surroundings(school.clock, lambda call: None, 10.0)
        )
        wish, parts = SpaceWish("Readers", "We read.", "coplink:" + "7" * 32), {}
        for step in google.spaces.steps(wish):
            parts[step] = google.spaces.ensure(step, wish, dict(parts), f"7/{step}").remote
        community = school.found(school.arrive("ana", leads=True).person)
        with school.services.begin() as uow:
            space = replace(uow.spaces.of(community.id)[0], state=SpaceState.READY, parts=parts)
            uow.spaces.put(space)
            uow.commit()
        turn = turns(school, space, Reach(google, integration.manifest, timedelta(0)), served.url)
        seen = set()
        for _ in range(8):
            turn()
            living = [one["id"] for one in wire.drive.changes.channels.living()]
            assert [kept(school, space).remote.partition(" ")[0]] == living
            seen.update(living)
            school.clock.pass_by(days=1)
        assert len(seen) == 8
    finally:
        served.stop()


def test_a_call_about_it_has_it_renewed_though_half_of_its_life_is_to_come(watched):
    school, space, bell, turn = watched
    school.clock.pass_by(minutes=1)
    assert hear(school, space) == {Kind.RENEW_WATCH}
    turn()
    assert bell.asked == ["subscribe", "renew"]
    turn()
    assert bell.asked == ["subscribe", "renew"], "once"


def test_a_call_about_it_while_it_is_renewed_has_it_renewed_again(watched):
    school, space, bell, turn = watched
    school.clock.pass_by(days=1)

    def called() -> None:
        bell.meanwhile = None
        school.clock.pass_by(seconds=5)
        assert hear(school, space) == {Kind.RENEW_WATCH}

    bell.meanwhile = called
    turn()
    assert bell.asked == ["subscribe", "renew"]
    turn()
    assert bell.asked == ["subscribe", "renew", "renew"]


def test_a_call_about_a_space_that_is_not_ready_marks_nothing(watched):
    school, space, _, _ = watched
    with school.services.begin() as uow:
        uow.spaces.put(replace(space, state=SpaceState.WAITING))
        uow.commit()
    assert hear(school, space, Heard(files=True, renew=True)) == frozenset()
