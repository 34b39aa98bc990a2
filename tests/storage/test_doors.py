from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from coplink.ports.records import Link, LinkKind, Login, Session
from coplink.storage import sweeps
from coplink.storage.repositories import doors
from coplink.storage.tables import LoginRow, SessionRow

HOUR = timedelta(hours=1)


def login(world, state="state-1", ends=HOUR):
    return Login(state, "nonce", "lti", "r1", "browser", {"target": "/c/1"}, world.now + ends)


def count(engine, table):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_a_login_is_consumed_once(keep, world):
    with keep() as uow:
        uow.logins.begin(login(world), world.now)
    with keep() as uow:
        assert uow.logins.consume("state-1", world.now) == login(world)
    with keep() as uow:
        assert uow.logins.consume("state-1", world.now) is None
        assert uow.logins.consume("state-2", world.now) is None


def test_a_login_consumed_without_a_commit_was_not(storage, keep, world):
    with keep() as uow:
        uow.logins.begin(login(world), world.now)
    with storage.begin() as uow:
        assert uow.logins.consume("state-1", world.now) is not None
    with keep() as uow:
        assert uow.logins.consume("state-1", world.now) is not None


def test_an_expired_login_is_nobodys(keep, world):
    with keep() as uow:
        uow.logins.begin(login(world), world.now)
        assert uow.logins.consume("state-1", world.now + HOUR) is None
        assert uow.logins.consume("state-1", world.now + HOUR - timedelta(microseconds=1)) is not None


def test_a_used_state_cannot_be_stored_again(keep, world):
    with keep() as uow:
        uow.logins.begin(login(world), world.now)
        uow.logins.consume("state-1", world.now)
    with pytest.raises(IntegrityError), keep() as uow:
        uow.logins.begin(login(world), world.now)
    with keep() as uow:
        assert uow.logins.consume("state-1", world.now) is None


def test_expired_logins_go_every_so_often_a_bounded_number_at_a_time(engine, keep, world):
    with keep() as uow:
        for n in range(450):
            uow.logins.begin(login(world, f"old-{n}"), world.now)
        uow.logins.begin(login(world, "open", 4 * HOUR), world.now)
    counts = []
    for minutes in range(4):
        with keep() as uow:
            later = world.now + 2 * HOUR + minutes * timedelta(minutes=1)
            uow.logins.begin(login(world, f"new-{minutes}", 4 * HOUR), later)
            uow.logins.begin(login(world, f"at-once-{minutes}", 4 * HOUR), later)
        counts.append(count(engine, LoginRow))
    assert counts == [250 + 1 + 2, 50 + 1 + 4, 1 + 6, 1 + 8]
    with keep() as uow:
        assert uow.logins.consume("open", world.now + 2 * HOUR) is not None


def test_a_flood_of_logins_leaves_a_bounded_number_of_rows_and_lets_others_in(
    engine, keep, world, monkeypatch
):
    monkeypatch.setattr(doors, "MOST_LOGINS", 300)
    other = replace(login(world, "of-another-school"), about="r2")
    with keep() as uow:
        uow.logins.begin(other, world.now)
        for n in range(2000):
            ends = HOUR + timedelta(seconds=n)
            uow.logins.begin(login(world, f"flood-{n}", ends), world.now)
    assert count(engine, LoginRow) <= 300 + sweeps.EVERY + 1
    with keep() as uow:
        assert uow.logins.consume("flood-0", world.now) is None, "the oldest went"
        assert uow.logins.consume("flood-1999", world.now) is not None
        assert uow.logins.consume("of-another-school", world.now) == other


def held(world, code="code-1", seconds=60):
    return replace(login(world, code, timedelta(seconds=seconds)), door="lti-storage", browser="")


@pytest.mark.parametrize("life", [timedelta(minutes=5), timedelta(seconds=30)], ids=["longer", "shorter"])
def test_no_flood_throws_out_what_is_held_for_a_minute(keep, world, monkeypatch, life):
    monkeypatch.setattr(doors, "MOST_LOGINS", 300)
    with keep() as uow:
        for n in range(700):
            if n == 350:
                uow.logins.hold(held(world), world.now)
            uow.logins.begin(login(world, f"flood-{n}", life), world.now)
    with keep() as uow:
        assert uow.logins.consume("flood-0", world.now) is None, "the oldest of the flood went"
        assert uow.logins.take("code-1", "lti-storage", world.now) == held(world)


def test_what_is_held_is_taken_once_by_its_door_and_nothing_of_it_stays(engine, keep, world):
    with keep() as uow:
        uow.logins.hold(held(world), world.now)
        assert uow.logins.take("code-1", "lti-answer", world.now) is None
        assert uow.logins.take("code-1", "lti-storage", world.now + timedelta(minutes=1)) is None
        assert uow.logins.take("code-2", "lti-storage", world.now) is None
    with keep() as uow:
        assert uow.logins.take("code-1", "lti-storage", world.now) == held(world)
    assert count(engine, LoginRow) == 0
    with keep() as uow:
        assert uow.logins.take("code-1", "lti-storage", world.now) is None


def test_expired_logins_and_sessions_can_be_dropped_without_a_visit(engine, keep, world):
    with keep() as uow:
        uow.logins.hold(held(world), world.now)
        uow.logins.begin(login(world), world.now)
        uow.sessions.begin(session(world))
        uow.sessions.begin(session(world, "h2", 2 * HOUR))
    for after, logins, sessions in ((timedelta(0), 0, 0), (HOUR / 2, 1, 0), (HOUR, 1, 1), (HOUR, 0, 0)):
        with keep() as uow:
            assert uow.logins.drop_expired(world.now + after) == logins
            assert uow.sessions.drop_expired(world.now + after) == sessions
    assert (count(engine, LoginRow), count(engine, SessionRow)) == (0, 1)


def session(world, name="h1", ends=HOUR, person="ada"):
    return Session(
        name, person, world.north.id, "csrf", {"lang": "es"}, world.now, world.now, world.now + ends
    )


def test_sessions_end(keep, world):
    nobody = replace(session(world, "h2"), person=None, institution=None)
    with keep() as uow:
        uow.sessions.put(session(world))
        uow.sessions.put(nobody)
        assert uow.sessions.get("h1", world.now) == session(world)
        assert uow.sessions.get("h2", world.now) == nobody
        assert uow.sessions.get("h1", world.now + HOUR) is None
        assert uow.sessions.get("h9", world.now) is None
        seen = replace(nobody, person="bo", institution=world.north.id, seen_at=world.now + HOUR / 2)
        uow.sessions.put(seen)
        assert uow.sessions.get("h2", world.now) == seen


def test_sessions_are_dropped_one_or_all_of_a_person(keep, world):
    with keep() as uow:
        for name, person in (("h1", "ada"), ("h2", "ada"), ("h3", "bo"), ("h4", "ada")):
            uow.sessions.put(session(world, name, person=person))
        uow.sessions.drop("h4")
        assert uow.sessions.get("h4", world.now) is None
        uow.sessions.drop_of(world.ada.id)
        assert [uow.sessions.get(name, world.now) is None for name in ("h1", "h2", "h3")] == [
            True,
            True,
            False,
        ]


def test_expired_sessions_go_with_the_next_visit(engine, keep, world):
    with keep() as uow:
        for n in range(3):
            uow.sessions.begin(session(world, f"old-{n}"))
    with keep() as uow:
        uow.sessions.begin(replace(session(world, "new", 4 * HOUR), seen_at=world.now + 2 * HOUR))
    assert count(engine, SessionRow) == 1


def test_a_session_ends_once_and_says_what_it_was(keep, world):
    with keep() as uow:
        uow.sessions.begin(session(world))
        assert uow.sessions.end("h1", world.now + HOUR) is None, "it is over already"
        assert uow.sessions.end("h1", world.now) == session(world)
        assert uow.sessions.end("h1", world.now) is None
        uow.sessions.begin(session(world))
    with pytest.raises(IntegrityError), keep() as uow:
        uow.sessions.begin(session(world))


def link(world, key="l1", token="token-1", **changes):
    made = Link(
        key,
        LinkKind.INVITATION,
        token,
        world.north.id,
        world.community.id,
        None,
        world.now,
        world.now + HOUR,
    )
    return replace(made, **changes)


def test_links_are_found_by_token_and_kind(keep, world):
    with keep() as uow:
        uow.links.put(link(world))
        assert uow.links.by_token(LinkKind.INVITATION, "token-1") == link(world)
        assert uow.links.by_token(LinkKind.ADMIN, "token-1") is None
        assert uow.links.by_token(LinkKind.INVITATION, "Token-1") is None
        assert uow.links.get("l1") == link(world)
        assert uow.links.get("l2") is None
        revoked = link(world, revoked_at=world.now)
        uow.links.put(revoked)
        assert uow.links.by_token(LinkKind.INVITATION, "token-1") == revoked, (
            "the caller says why it is closed"
        )


def test_links_of_a_kind_community_or_person(keep, world):
    feed = link(world, "l2", "token-2", kind=LinkKind.FEED, person="ada", expires_at=None)
    admin = link(world, "l3", "token-3", kind=LinkKind.ADMIN, community=None, institution=world.south.id)
    with keep() as uow:
        for one in (link(world), feed, admin):
            uow.links.put(one)
        assert uow.links.of(LinkKind.INVITATION, community=world.community.id) == [link(world)]
        assert uow.links.of(LinkKind.FEED, world.community.id, world.ada.id) == [feed]
        assert uow.links.of(LinkKind.FEED, person=world.bo.id) == []
        assert uow.links.of(LinkKind.ADMIN) == [admin]


@pytest.mark.parametrize(
    ("changes", "after", "works"),
    [
        ({}, timedelta(0), True),
        ({"expires_at": None}, 900 * HOUR, True),
        ({}, HOUR, False),
        ({"used_at": "now"}, timedelta(0), False),
        ({"revoked_at": "now"}, timedelta(0), False),
    ],
    ids=["open", "without end", "expired", "used", "revoked"],
)
def test_a_one_time_link_is_used_once(keep, world, changes, after, works):
    changes = {name: world.now if value == "now" else value for name, value in changes.items()}
    with keep() as uow:
        uow.links.put(link(world, **changes))
        assert uow.links.use("l1", world.now + after) is works
        assert uow.links.use("l1", world.now + after) is False
        assert uow.links.use("l2", world.now) is False
        if works:
            assert uow.links.get("l1").used_at == world.now + after


def test_two_links_never_share_a_token(keep, world):
    with keep() as uow:
        uow.links.put(link(world))
    with pytest.raises(IntegrityError), keep() as uow:
        uow.links.put(link(world, "l2"))
