from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from coplink.core.community import Charter, Contact, Handover, Participation, Stage
from coplink.core.people import CommunityId, Membership, Role, Standing
from coplink.core.spaces import SpaceId, SpaceKind, SpaceState, Trouble, Unreachable
from coplink.core.words import say
from coplink.ports.records import ContextLink
from coplink.ports.watch import Subscription
from coplink.storage.tables import CharterRow


def test_a_new_charter_is_kept_beside_the_old_ones(engine, keep, world):
    second = replace(
        world.community,
        charter=Charter("Phonics", "Year 1", "fluent readers", version=2, norms="We start on time"),
        stage=Stage.RUNNING,
        name="Phonics together",
    )
    with keep() as uow:
        assert uow.communities.get(world.community.id) == world.community
        uow.communities.put(second)
        assert uow.communities.get(world.community.id) == second
        assert uow.communities.get(CommunityId("k9")) is None
        assert uow.communities.all() == [world.community.id]
    with engine.connect() as connection:
        kept = connection.execute(select(CharterRow.version, CharterRow.about).order_by(CharterRow.version))
        assert [tuple(row) for row in kept] == [(1, "How first readers learn"), (2, "Phonics")]


def test_memberships_with_their_communities(keep, world):
    other = replace(world.community, id=CommunityId("k2"), name="Algebra")

    def belongs(person, community, role, standing):
        return Membership(community.id, person.id, person.institution, role, standing, world.now)

    leads = belongs(world.ada, world.community, Role.FACILITATOR, Standing.JOINED)
    asked = belongs(world.ada, other, Role.MEMBER, Standing.INVITED)
    guest = belongs(world.sol, other, Role.GUEST, Standing.JOINED)
    with keep() as uow:
        uow.communities.put(other)
        for one in (leads, asked, guest):
            uow.communities.put_membership(one)
        assert uow.communities.of_person(world.ada.id) == [(other, asked), (world.community, leads)]
        assert uow.communities.of_person(world.bo.id) == []
        assert uow.communities.memberships(other.id) == [asked, guest]
        assert uow.communities.membership(other.id, world.sol.id) == guest
        assert uow.communities.membership(world.community.id, world.sol.id) is None
        later = asked.now(Standing.JOINED, world.now + timedelta(days=1), Role.CO_FACILITATOR)
        uow.communities.put_membership(later)
        assert uow.communities.membership(other.id, world.ada.id) == later


def test_contexts_belong_to_one_institution_and_realm(keep, world):
    here = ContextLink(
        "x1", world.north.id, "r1", "course-7", "Year 1", world.community.id, {"url": "https://x"}, world.now
    )
    with keep() as uow:
        uow.communities.put_context(here)
        assert uow.communities.context("x1") == here
        assert uow.communities.context("x2") is None
        assert uow.communities.contexts(world.community.id) == [here]
        assert uow.communities.in_context(world.north.id, "r1", "course-7") == [world.community]
        assert uow.communities.in_context(world.south.id, "r1", "course-7") == []
        assert uow.communities.in_context(world.north.id, "r2", "course-7") == []
        bare = replace(here, roster=None, read_at=None, title="")
        uow.communities.put_context(bare)
        assert uow.communities.context("x1") == bare


def test_participations_by_community_and_institution(keep, world):
    waiting = Participation(world.community.id, world.south.id)
    agreed = replace(waiting, agreed_at=world.now)
    own = Participation(world.community.id, world.north.id, world.now)
    with keep() as uow:
        uow.communities.put_participation(waiting)
        uow.communities.put_participation(own)
        assert uow.communities.participation(world.community.id, world.south.id) == waiting
        uow.communities.put_participation(agreed)
        assert uow.communities.participations(world.community.id) == [own, agreed]
        assert uow.communities.participations(institution=world.south.id) == [agreed]
        assert uow.communities.participation(CommunityId("k9"), world.south.id) is None


def test_a_withdrawal_is_kept_and_taken_back_whole(keep, world):
    gone = Participation(
        world.community.id, world.south.id, world.now, None, world.now, "admin-1", "Not this year"
    )
    with keep() as uow:
        uow.communities.put_participation(gone)
        assert uow.communities.participation(world.community.id, world.south.id) == gone
        assert not gone.agreed
        again = Participation(world.community.id, world.south.id, world.now)
        uow.communities.put_participation(again)
        assert uow.communities.participation(world.community.id, world.south.id) == again


def test_one_contact_for_each_institution_in_each_community(keep, world):
    first = Contact(world.community.id, world.north.id, world.ada.id, world.now)
    with keep() as uow:
        assert uow.communities.contacts(world.community.id) == {}
        uow.communities.put_contact(first)
        uow.communities.put_contact(first)
        assert uow.communities.contacts(world.community.id) == {world.north.id: first}
        uow.communities.drop_contact(world.community.id, world.south.id)
        assert uow.communities.contacts(world.community.id) == {world.north.id: first}
        uow.communities.drop_contact(world.community.id, world.north.id)
        assert uow.communities.contacts(world.community.id) == {}


def test_one_question_for_each_person_in_each_community(keep, world):
    asked = Handover(
        world.community.id, world.bo.id, world.north.id, Role.CO_FACILITATOR, world.ada.id, world.now
    )
    with keep() as uow:
        assert uow.communities.handovers(world.community.id) == {}
        uow.communities.put_handover(asked)
        uow.communities.put_handover(asked)
        assert uow.communities.handovers(world.community.id) == {world.bo.id: asked}
        uow.communities.drop_handover(world.community.id, world.ada.id)
        assert uow.communities.handovers(world.community.id) == {world.bo.id: asked}
        uow.communities.drop_handover(world.community.id, world.bo.id)
        assert uow.communities.handovers(world.community.id) == {}


def test_who_pauses_because_of_their_institution_is_told_from_who_does_so_themselves(keep, world):
    mine = Membership(
        world.community.id, world.ada.id, world.north.id, Role.MEMBER, Standing.PAUSED, world.now, True
    )
    with keep() as uow:
        for by_institution in (True, False):
            one = replace(mine, by_institution=by_institution)
            uow.communities.put_membership(one)
            assert uow.communities.membership(world.community.id, world.ada.id) == one
            assert one in uow.communities.memberships(world.community.id)
        assert mine.now(Standing.LEFT, world.now).by_institution is False


def test_an_opt_out_holds_until_it_is_taken_back(keep, world):
    with keep() as uow:
        uow.communities.opt_out(["h1", "h2", "h1"])
        uow.communities.opt_out(["h1"])
        assert uow.communities.opted_out(["h1", "h3"]) == {"h1"}
        assert uow.communities.opted_out([]) == frozenset()
        uow.communities.opt_in(["h1", "h9"])
        assert uow.communities.opted_out(["h1", "h2"]) == {"h2"}


def test_spaces_come_back_as_they_were(keep, world):
    trouble = Trouble("policy_forbids", say("Allow {what}.", what="channels"), "Teams administrator")
    stuck = replace(
        world.space.with_part("folder", "f-1"), state=SpaceState.STUCK, trouble=trouble, link="https://t"
    )
    drive = replace(world.space, id=SpaceId("s0"), kind=SpaceKind.DRIVE, parts={}, asked={})
    with keep() as uow:
        assert uow.spaces.get(world.space.id) == world.space
        uow.spaces.put(stuck)
        uow.spaces.put(drive)
        assert uow.spaces.get(world.space.id) == stuck
        assert uow.spaces.get(SpaceId("s9")) is None
        assert uow.spaces.of(world.community.id) == [drive, stuck]
        assert uow.spaces.of_institution(world.north.id) == [drive, stuck]
        assert uow.spaces.of_institution(world.south.id) == []
        uow.spaces.put(world.space)
        assert uow.spaces.get(world.space.id) == world.space


def test_the_unreachable_are_replaced_as_a_list(keep, world):
    opens = say("Open {door} once.", door="Teams")
    with keep() as uow:
        uow.spaces.put_unreachable(
            world.space.id, [Unreachable(world.bo.id, opens), Unreachable(world.ada.id, opens)]
        )
        uow.spaces.put_unreachable(world.space.id, [Unreachable(world.sol.id, say("Elsewhere."))])
        assert uow.spaces.unreachable(world.space.id) == [Unreachable(world.sol.id, say("Elsewhere."))]
        uow.spaces.put_unreachable(world.space.id, [])
        assert uow.spaces.unreachable(world.space.id) == []


def test_a_watch_comes_back_with_its_secret(keep, world):
    first = Subscription("sub-1", world.now)
    with keep() as uow:
        assert uow.watches.of(world.space.id) is None
        uow.watches.put(world.space.id, first, "secret-1")
        assert uow.watches.of(world.space.id) == (first, "secret-1")
        renewed = replace(first, ends=world.now + timedelta(days=1))
        uow.watches.put(world.space.id, renewed, "secret-2")
        assert uow.watches.of(world.space.id) == (renewed, "secret-2")
        uow.watches.drop(world.space.id)
        assert uow.watches.of(world.space.id) is None
