from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.core.artifacts import Artifact, ArtifactId
from coplink.core.people import (
    Account,
    AccountId,
    Identity,
    Membership,
    Person,
    PersonId,
    Proof,
    Role,
    Standing,
)
from coplink.core.spaces import Unreachable
from coplink.core.words import say
from coplink.ports.records import Happening, Link, LinkKind, Session
from coplink.storage.repositories.base import AnotherInstitution


def identity(person, subject="sub-1", door="lti", realm="r1", proved_at=None):
    return Identity(person.institution, door, realm, subject, person.id, proved_at)


def account(person, name="a-1", proof=Proof.PROPOSED, integration="teams", address=None):
    return Account(person.institution, integration, AccountId(name), person.id, proof, address)


def test_people_come_back_as_they_were(keep, world):
    with keep() as uow:
        assert uow.people.get(world.ada.id) == world.ada
        assert uow.people.get(PersonId("nobody")) is None
        assert uow.people.many([world.ada.id, world.sol.id, PersonId("nobody")]) == {
            world.ada.id: world.ada,
            world.sol.id: world.sol,
        }
        assert uow.people.many([]) == {}
        uow.people.put(replace(world.bo, name="Bo <b>", email="bo@north.example", admin=True))
        assert [p.name for p in uow.people.admins(world.north.id)] == ["Ada", "Bo <b>"]
        assert uow.people.admins(world.south.id) == []


def test_many_takes_more_than_one_statement_holds(keep, world):
    people = [Person(PersonId(f"p{n}"), world.north.id, f"P {n}") for n in range(1100)]
    with keep() as uow:
        for person in people:
            uow.people.put(person)
        assert len(uow.people.many(p.id for p in people)) == 1100


def test_a_person_never_moves_to_another_institution(keep, world):
    with keep() as uow, pytest.raises(AnotherInstitution):
        uow.people.put(replace(world.ada, institution=world.south.id))


def test_the_same_subject_elsewhere_is_someone_else(keep, world):
    with keep() as uow:
        uow.people.put_identity(identity(world.ada))
        uow.people.put_identity(identity(world.sol))
        uow.people.put_identity(identity(world.bo, realm="r2"))
        find = uow.people.by_identity
        assert find(world.north.id, "lti", "r1", "sub-1") == world.ada
        assert find(world.south.id, "lti", "r1", "sub-1") == world.sol
        assert find(world.north.id, "lti", "r2", "sub-1") == world.bo
        assert find(world.north.id, "google", "r1", "sub-1") is None
        assert find(world.south.id, "lti", "r2", "sub-1") is None
        assert uow.people.subjects(world.north.id, "lti", "r1") == {"sub-1": world.ada.id}


def test_a_door_never_leads_to_a_person_of_another_institution(keep, world):
    with keep() as uow:
        uow.people.put_identity(Identity(world.north.id, "lti", "r1", "sub-1", world.sol.id))
        assert uow.people.by_identity(world.north.id, "lti", "r1", "sub-1") is None


def test_a_roster_read_later_does_not_undo_that_someone_came(keep, world):
    with keep() as uow:
        uow.people.put_identity(identity(world.ada, proved_at=world.now))
        uow.people.put_identity(identity(world.ada))
        assert [i.proved_at for i in uow.people.identities(world.ada.id)] == [world.now]
        later = world.now + timedelta(days=1)
        uow.people.put_identity(identity(world.ada, proved_at=later))
        assert [i.proved_at for i in uow.people.identities(world.ada.id)] == [later]
        uow.people.put_identity(identity(world.ada, proved_at=world.now))  # an older one, told late
        assert [i.proved_at for i in uow.people.identities(world.ada.id)] == [later]


def test_a_known_identity_never_moves_to_another_person(keep, world):
    later = world.now + timedelta(days=1)
    with keep() as uow:
        uow.people.put_identity(identity(world.ada))
        uow.people.put_identity(identity(world.bo, proved_at=later))
        assert uow.people.identities(world.bo.id) == []
        assert uow.people.identities(world.ada.id) == [identity(world.ada, proved_at=later)]
        assert uow.people.by_identity(world.north.id, "lti", "r1", "sub-1") == world.ada


def test_accounts_proved_before_proposed(keep, world):
    with keep() as uow:
        uow.people.put_account(account(world.ada, "a-1"))
        uow.people.put_account(account(world.ada, "a-2", Proof.PROVED))
        uow.people.put_account(account(world.bo, "a-2"))
        uow.people.put_account(account(world.bo, "g-1", integration="google"))
        uow.people.put_account(account(world.sol, "a-2", Proof.PROVED))
        both = [world.ada.id, world.bo.id, world.sol.id]
        found = uow.people.accounts_on(world.north.id, "teams", both)
        assert {p: a.account for p, a in found.items()} == {world.ada.id: "a-2", world.bo.id: "a-2"}
        held = uow.people.holding(world.north.id, "teams", AccountId("a-2"))
        assert [(a.person, a.proof) for a in held] == [
            (world.ada.id, Proof.PROVED),
            (world.bo.id, Proof.PROPOSED),
        ]
        assert [a.account for a in uow.people.accounts(world.ada.id)] == ["a-2", "a-1"]
        uow.people.drop_account(account(world.ada, "a-2"))
        assert [a.account for a in uow.people.accounts(world.ada.id)] == ["a-1"]
        assert len(uow.people.holding(world.north.id, "teams", AccountId("a-2"))) == 1


def test_all_that_somebody_proved_the_newest_first(keep, world):
    later = world.now + timedelta(days=1)
    with keep() as uow:
        for name, proof, since in (
            ("a-1", Proof.PROVED, world.now),
            ("a-2", Proof.PROVED, later),
            ("a-3", Proof.PROPOSED, None),
            ("a-4", Proof.DENIED, None),
            ("a-5", Proof.CLAIMED, None),
        ):
            uow.people.put_account(replace(account(world.ada, name, proof), since=since))
        uow.people.put_account(account(world.bo, "a-2"))
        uow.people.put_account(account(world.ada, "g-1", Proof.PROVED, integration="google"))
        found = uow.people.proved_on(world.north.id, "teams", [world.ada.id, world.bo.id])
        assert {p: [a.account for a in several] for p, several in found.items()} == {
            world.ada.id: ["a-2", "a-1"]
        }


def test_what_was_proved_stays_proved(keep, world):
    with keep() as uow:
        uow.people.put_account(account(world.ada, proof=Proof.PROVED, address="ada@north.example"))
        uow.people.put_account(account(world.ada))
        assert uow.people.accounts(world.ada.id) == [
            account(world.ada, proof=Proof.PROVED, address="ada@north.example")
        ]
        uow.people.put_account(account(world.ada, address="new@north.example"))
        assert uow.people.accounts(world.ada.id)[0].address == "new@north.example"


def membership(world, person, standing, role=Role.MEMBER, days=0):
    when = world.now + timedelta(days=days)
    return Membership(world.community.id, person.id, person.institution, role, standing, when)


def test_merging_moves_everything_and_leaves_nothing_twice(keep, world):
    later = world.now + timedelta(hours=8)
    with keep() as uow:
        uow.people.put_identity(identity(world.bo, "sub-bo"))
        uow.people.put_identity(identity(world.ada, "sub-ada"))
        uow.people.put_account(account(world.bo, "a-1", Proof.PROVED, address="bo@teams.example"))
        uow.people.put_account(account(world.ada, "a-1"))
        uow.people.put_account(account(world.bo, "a-2"))
        uow.communities.put_membership(membership(world, world.bo, Standing.JOINED))
        uow.communities.put_membership(membership(world, world.ada, Standing.INVITED))
        for name, person in (("h1", world.bo), ("h2", world.ada)):
            uow.sessions.put(
                Session(name, person.id, world.north.id, "csrf", {}, world.now, world.now, later)
            )
        uow.links.put(
            Link("l1", LinkKind.FEED, "t", world.north.id, world.community.id, world.bo.id, world.now, None)
        )
        uow.spaces.put_unreachable(
            world.space.id, [Unreachable(world.bo.id, say("why")), Unreachable(world.ada.id, say("why"))]
        )
        uow.catalogue.put(
            Artifact(
                ArtifactId("f1"),
                world.community.id,
                world.space.id,
                "r",
                "T",
                "",
                later,
                later,
                "1",
                world.bo.id,
            ),
            None,
        )
        uow.records.say(Happening(world.community.id, world.north.id, world.now, world.bo.id, say("said")))
    with keep() as uow:
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        assert uow.people.get(world.bo.id) is None
        assert uow.people.get(world.ada.id) == world.ada
        assert [i.subject for i in uow.people.identities(world.ada.id)] == ["sub-ada", "sub-bo"]
        assert uow.people.accounts(world.ada.id) == [
            account(world.ada, "a-1", Proof.PROVED, address="bo@teams.example"),
            account(world.ada, "a-2"),
        ]
        assert uow.communities.memberships(world.community.id) == [
            membership(world, world.ada, Standing.JOINED)
        ]
        assert uow.sessions.get("h1", world.now) is None, "who was only one of the two signs in again"
        session = uow.sessions.get("h2", world.now)
        assert session is not None
        assert session.person == world.ada.id
        assert [link.person for link in uow.links.of(LinkKind.FEED)] == [world.ada.id]
        assert [u.person for u in uow.spaces.unreachable(world.space.id)] == [world.ada.id]
        assert uow.catalogue.by_remote(world.space.id, ["r"])["r"].author == world.ada.id
        assert uow.records.history(world.community.id)[0].actor == world.ada.id


def test_merging_fills_what_only_the_other_knew(keep, world):
    with keep() as uow:
        uow.people.merge(gone=world.ada.id, into=world.bo.id)
        assert uow.people.get(world.bo.id) == replace(world.ada, id=world.bo.id, name="Bo", admin=False)


def test_a_merge_makes_nobody_an_admin(keep, world):
    with keep() as uow:
        uow.people.merge(gone=world.ada.id, into=world.bo.id)
        assert uow.people.admins(world.north.id) == []


def test_merging_never_crosses_institutions(keep, world):
    with keep() as uow:
        with pytest.raises(AnotherInstitution):
            uow.people.merge(gone=world.sol.id, into=world.ada.id)
        with pytest.raises(AnotherInstitution):
            uow.people.merge(gone=world.sol.id, into=PersonId("nobody"))
        assert uow.people.get(world.sol.id) == world.sol


def test_merging_someone_with_themselves_or_twice_changes_nothing(keep, world):
    with keep() as uow:
        uow.people.merge(gone=world.ada.id, into=world.ada.id)
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
        assert uow.people.get(world.ada.id) == world.ada


def test_who_becomes_one_with_another_may_begin_a_new_session_at_once(keep, world):
    """The visitor who said so goes on as the person that stays; every other session of the one that went has ended."""
    later = world.now + timedelta(hours=8)

    def session(name, person):
        return Session(name, person.id, world.north.id, "csrf", {"a": "b"}, world.now, world.now, later)

    with keep() as uow:
        uow.sessions.put(session("here", world.bo))
        uow.sessions.put(session("elsewhere", world.bo))
    with keep() as uow:
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
        uow.sessions.drop("here")
        uow.sessions.put(session("fresh", world.ada))
    with keep() as uow:
        found = [uow.sessions.get(name, world.now) for name in ("here", "elsewhere", "fresh")]
    assert found == [None, None, session("fresh", world.ada)]
