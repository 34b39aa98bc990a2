"""Who someone is, and how they come and go: only by their own act, and a "no" is nobody else's business."""

from __future__ import annotations

import pytest

from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import Account, AccountId, Proof, Role, Standing
from coplink.core.roster import Listed
from coplink.core.work import Kind
from coplink.engine import claim, invitations, join, reading
from coplink.engine.arrive import might_be
from coplink.ports.directory import Found


def standing(school, community, person):
    with school.services.begin() as uow:
        found = uow.communities.membership(community.id, person.id)
    return found.standing if found else None


def test_the_same_identity_is_the_same_person_and_another_realm_is_not(school) -> None:
    first = school.arrive("ana").person
    again = school.arrive("ana", name="Ana R.").person
    other = school.arrive("ana", institution=school.there).person
    assert (again.id, again.name) == (first.id, "Ana R.")
    assert other.id != first.id


def test_two_identities_that_prove_one_account_are_one_person(school) -> None:
    first = school.arrive("robin-old", account="7").person
    second = school.arrive("robin-new", account="7").person
    assert second.id == first.id


def test_a_roster_offers_invitations_and_seats_nobody(school) -> None:
    ana = school.arrive("ana", leads=True, account="1").person
    school.roster.people = [Listed("ana", "Ana", leads=True), Listed("ben", "Ben"), Listed("walt", None)]
    community = school.found(ana)
    school.work()
    with school.services.begin() as uow:
        counts = {m.standing for m in uow.communities.memberships(community.id) if m.person != ana.id}
        assert len(uow.communities.memberships(community.id)) == 3
    assert counts == {Standing.INVITED}
    assert school.board.seats == {AccountId("1"): Role.FACILITATOR}


def test_half_a_roster_offers_what_it_shows_and_is_read_again(school) -> None:
    ana = school.arrive("ana", leads=True).person
    school.roster.people, school.roster.complete = [Listed("ben", "Ben")], False
    community = school.found(ana)
    before = school.clock.now()
    school.jobs.run_due()
    with school.services.begin() as uow:
        assert len(uow.communities.memberships(community.id)) == 2
        assert not next(s for s in uow.work.of(community.id) if s.kind is Kind.READ_ROSTER).done
    assert school.clock.now() == before


def test_someone_known_by_another_door_is_asked_and_becomes_one_person_by_their_own_word(school) -> None:
    ana = school.arrive("ana", leads=True, account="1").person
    school.board.directory["chloe@school.example"] = Found(AccountId("9"), "chloe@school.example")
    school.roster.people = [Listed("chloe", "Chloe", "Chloe@School.example")]
    community = school.found(ana)
    school.work()
    welcome = school.arrive("oid-9", "Chloe P.", account="9", door="pinboard", course=False)
    with school.services.begin() as uow:
        maybe = might_be(uow, welcome.person)
        assert maybe is not None
        assert uow.communities.of_person(welcome.person.id) == []
    with school.services.begin() as uow:
        chloe = claim.confirm(uow, welcome.person, maybe.id)
        uow.commit()
    assert standing(school, community, chloe) is Standing.INVITED
    school.join(community, chloe)
    school.work()
    assert AccountId("9") in school.board.seats


def came_before_the_directory_was_asked(school):
    """Chloe opens her platform while the roster that names her is still unread."""
    ana = school.arrive("ana", leads=True, account="1").person
    school.board.directory["chloe@school.example"] = Found(AccountId("9"), "chloe@school.example")
    school.roster.people = [Listed("chloe", "Chloe", "chloe@school.example")]
    welcome = school.arrive("oid-9", "Chloe P.", account="9", door="pinboard", course=False)
    community = school.found(ana)
    school.work()
    return community, welcome.person


def test_whoever_comes_before_the_directory_was_asked_is_asked_all_the_same(school) -> None:
    community, came = came_before_the_directory_was_asked(school)
    with school.services.begin() as uow:
        maybe = might_be(uow, came)
        assert maybe is not None
        chloe = claim.confirm(uow, came, maybe.id)
        uow.commit()
    school.join(community, chloe)
    school.work()
    assert AccountId("9") in school.board.seats


def test_whoever_said_no_is_never_asked_again_for_that_account(school) -> None:
    community, came = came_before_the_directory_was_asked(school)
    with school.services.begin() as uow:
        maybe = might_be(uow, came)
        claim.deny(uow, came, maybe.id)
        uow.commit()
    for _ in range(2):
        school.clock.pass_by(days=2)
        school.mark(community, Kind.RECONCILE)
        school.work()
    with school.services.begin() as uow:
        assert might_be(uow, came) is None
        assert [a.proof for a in uow.people.accounts(maybe.id)] == [Proof.DENIED]
        assert [a.proof for a in uow.people.accounts(came.id)] == [Proof.PROVED]
    school.board.directory["chloe@school.example"] = Found(AccountId("10"), "chloe@school.example")
    school.clock.pass_by(days=2)
    school.mark(community, Kind.RECONCILE)
    school.work()
    with school.services.begin() as uow:
        known = {a.account: a.proof for a in uow.people.accounts(maybe.id)}
    assert known == {"9": Proof.DENIED, "10": Proof.PROPOSED}, (
        "another account of theirs is found all the same"
    )


def test_a_no_is_said_only_by_whoever_proved_the_account(school) -> None:
    account = AccountId("9")
    chloe, other = school.arrive("chloe").person, school.arrive("mallory").person
    with school.services.begin() as uow:
        for person in (chloe, other):
            uow.people.put_account(Account(school.here.id, "pinboard", account, person.id, Proof.PROPOSED))
        claim.deny(uow, other, chloe.id)
        uow.commit()
    with school.services.begin() as uow:
        assert [a.proof for a in uow.people.accounts(chloe.id)] == [Proof.PROPOSED]


def test_a_proposed_account_takes_no_seat_until_its_owner_came_through_that_door(school) -> None:
    ana = school.arrive("ana", leads=True, account="1").person
    school.board.directory["ben@school.example"] = Found(AccountId("2"), "ben@school.example")
    community = school.found(ana)
    ben = school.arrive("ben").person
    with school.services.begin() as uow:
        join.offer(uow, community.id, ben, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, ben)
    school.work()
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        assert [a.proof for a in uow.people.accounts(ben.id)] == [Proof.PROPOSED]
        missing = uow.spaces.unreachable(space.id)
    assert AccountId("2") not in school.board.seats
    assert [(m.person, str(m.reason)) for m in missing] == [
        (ben.id, "Open the staff room once; the seat follows by itself.")
    ]


def test_a_question_that_nobody_asked_cannot_be_answered_with_yes(school) -> None:
    ana, mallory = school.arrive("ana", account="1").person, school.arrive("mallory", account="66").person
    with school.services.begin() as uow, pytest.raises(NotAllowed):
        claim.confirm(uow, mallory, ana.id)


def test_two_people_with_one_address_are_never_guessed_apart(school) -> None:
    ana = school.arrive("ana", leads=True).person
    school.board.directory["robin@shared.example"] = Found(AccountId("5"), "robin@shared.example")
    school.roster.people = [
        Listed("r1", "Robin", "robin@shared.example"),
        Listed("r2", "Robin", "robin@shared.example"),
    ]
    school.found(ana)
    school.work()
    with school.services.begin() as uow:
        assert uow.people.holding(school.here.id, "pinboard", AccountId("5")) == []


def test_a_code_carried_from_one_door_to_the_other_joins_both_once(school) -> None:
    ana = school.arrive("ana", account="1").person
    elsewhere = school.arrive("oid-ana", door="pinboard", course=False).person
    with school.services.begin() as uow:
        link = claim.code_for(uow, ana, school.clock.now())
        uow.commit()
    with school.services.begin() as uow:
        assert claim.with_code(uow, elsewhere, link.token, school.clock.now()).id == ana.id
        uow.commit()
    third = school.arrive("oid-3", door="pinboard", course=False).person
    with school.services.begin() as uow, pytest.raises(DomainError):
        claim.with_code(uow, third, link.token, school.clock.now())


def test_a_decline_is_known_to_the_person_alone_and_stops_further_invitations(school) -> None:
    ana = school.arrive("ana", leads=True, account="1").person
    school.roster.people = [Listed("dana", "Dana"), Listed("eli", "Eli")]
    community = school.found(ana)
    school.work()
    dana = school.arrive("dana").person

    def seen_by_ana():
        with school.services.begin() as uow:
            people = reading.people(uow, ana, community.id, school.services.manifests)
            home = reading.home(uow, ana, community.id, school.services.manifests, school.clock.now())
            _, lines = reading.history(uow, ana, community.id)
            reports = uow.records.reports(community.id)
        return people, home, lines, [(r.kind, r.counts) for r in reports]

    before = seen_by_ana()
    with school.services.begin() as uow:
        join.decline(uow, school.services.sealer, community, dana)
        uow.commit()
    assert seen_by_ana() == before
    with school.services.begin() as uow:
        assert join.said_no(uow, school.services.sealer, community.id, dana.id)
        assert not join.offer(uow, community.id, dana, Role.MEMBER, school.clock.now())
    school.join(community, dana)
    with school.services.begin() as uow:
        assert not join.said_no(uow, school.services.sealer, community.id, dana.id)


def test_leaving_frees_every_seat_and_nothing_brings_the_person_back(school) -> None:
    ana = school.arrive("ana", leads=True, account="1").person
    school.roster.people = [Listed("ben", "Ben")]
    community = school.found(ana)
    school.work()
    ben = school.arrive("ben", account="2").person
    school.join(community, ben)
    school.work()
    assert AccountId("2") in school.board.seats
    with school.services.begin() as uow:
        join.leave(uow, community, ben, school.clock.now())
        uow.commit()
    school.work()
    assert AccountId("2") not in school.board.seats
    school.arrive("ben", account="2")
    with school.services.begin() as uow:
        for context in uow.communities.contexts(community.id):
            uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        uow.commit()
    school.work()
    assert standing(school, community, ben) is Standing.LEFT
    assert AccountId("2") not in school.board.seats


def test_the_last_facilitator_hands_over_first(school, community, ana) -> None:
    with school.services.begin() as uow, pytest.raises(DomainError, match="Hand over"):
        join.leave(uow, community, ana, school.clock.now())


def test_an_invitation_link_opens_for_its_institution_only_and_can_be_closed(school) -> None:
    ana = school.arrive("ana", leads=True).person
    community = school.found(ana)
    luis = school.arrive("luis", institution=school.there, course=False).person
    zoe = school.arrive("zoe", course=False).person
    now = school.clock.now()
    with school.services.begin() as uow:
        link = invitations.create(uow, community, ana, school.there.id, now)
        assert invitations.create(uow, community, ana, school.there.id, now).id == link.id
        uow.commit()
    assert standing(school, community, luis) is None
    with school.services.begin() as uow, pytest.raises(NotAllowed):
        join.accept(uow, school.services.sealer, community, zoe, now, link)
    with school.services.begin() as uow:
        assert (
            join.accept(uow, school.services.sealer, community, luis, now, link).standing is Standing.JOINED
        )
        invitations.revoke(uow, community, ana, link.id, now)
        uow.commit()
    with school.services.begin() as uow, pytest.raises(DomainError, match="no longer open"):
        invitations.opened(uow, link.token, now)
    school.clock.pass_by(days=31)
    with school.services.begin() as uow:
        fresh = invitations.create(uow, community, ana, school.there.id, now)
        uow.commit()
    with school.services.begin() as uow, pytest.raises(DomainError):
        invitations.opened(uow, fresh.token, school.clock.now())


def test_an_outsider_learns_nothing_about_a_community(school) -> None:
    ana = school.arrive("ana", leads=True).person
    community = school.found(ana)
    outsider = school.arrive("zoe", course=False).person
    with school.services.begin() as uow:
        for page in (reading.people, reading.library):
            with pytest.raises(NotFound):
                page(uow, outsider, community.id, school.services.manifests)
        with pytest.raises(NotAllowed):
            invitations.create(uow, community, outsider, school.there.id, school.clock.now())
