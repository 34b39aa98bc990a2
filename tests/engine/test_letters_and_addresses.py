"""A no and a letter count for an address: whoever else has it gets no letter, and is kept out of nothing."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.acts import act
from tests.engine.test_mailing import decline, go_on, invite, press, rows, send

from coplink.core.people import Role, Standing
from coplink.engine import invitations, join, mailing
from coplink.mail.smtp import SmtpLine
from coplink.storage.tables import OptOutRow

DEE = "dee@school.example"


def visitor(school, community, ana, subject="dee", account="7", institution=None):
    """Somebody who came by another door, with an invitation link, and is in no list of the community."""
    act(school, invitations.create, community, ana, (institution or school.here).id)
    return school.arrive(
        subject, account=account, door="pinboard", institution=institution, course=False
    ).person


def moves(school, person, address):
    """A door tells another address of them from now on."""
    with school.services.begin() as uow:
        uow.people.put(replace(uow.people.get(person.id), email=address))
        uow.commit()


def test_who_said_no_by_a_link_gets_no_letter_when_listed_under_another_id(school, ana, community, server):
    decline(school, community, visitor(school, community, ana))
    [again] = invite(school, community, "dee-in-course", email=" Dee@School.EXAMPLE ")
    [other] = invite(school, community, "zoe")
    send(school, community, ana)
    assert server.to() == [other.email]
    kept = rows(school)
    assert kept[again.id] == kept[other.id], "the row of who gets nothing looks like that of who got a letter"


def test_it_counts_for_people_of_another_institution_and_for_the_address_of_a_proved_account(
    school, ana, community, server
):
    decline(school, community, visitor(school, community, ana))
    [elsewhere] = invite(school, community, "dee", at=school.there)
    [here] = invite(school, community, "dee-here", email="7@school.example")
    send(school, community, ana)
    assert {elsewhere.id, here.id} == set(rows(school))
    assert server.to() == []


def test_where_the_letter_went_no_other_goes_also_once_its_reader_has_another_address(
    school, ana, community, server
):
    [dee] = invite(school, community, "dee")
    send(school, community, ana)
    token = server.letters[0].letter["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    moves(school, dee, "d.dee@school.example")
    act(school, lambda uow, now: mailing.refuse(uow, school.services.sealer, token, now))
    invite(school, community, "dee-in-course", email=DEE)
    invite(school, community, "dee-elsewhere", email="d.dee@school.example", at=school.there)
    send(school, community, ana)
    assert server.to() == [DEE]


def test_a_letter_that_is_to_be_sent_again_is_not_held_up_by_itself(school, ana, community, server):
    server.answers[f"rcpt {DEE}"] = ["451 later"]
    invite(school, community, "dee")
    send(school, community, ana)
    assert server.to() == []
    go_on(school, hours=1)
    assert server.to() == [DEE]


def test_a_no_while_a_letter_to_the_same_address_is_put_off_counts(
    school, ana, community, server, monkeypatch
):
    twin = visitor(school, community, ana)
    server.answers[f"rcpt {DEE}"] = ["451 later"]
    invite(school, community, "dee-in-course", email=DEE)
    hand_over = SmtpLine.hand_over

    def meanwhile(line, letter):
        done = hand_over(line, letter)
        decline(school, community, twin)
        return done

    monkeypatch.setattr(SmtpLine, "hand_over", meanwhile)
    send(school, community, ana)
    go_on(school, hours=1)
    assert server.to() == []


def test_a_shared_address_keeps_letters_away_and_nobody_out(school, ana, community, server):
    decline(school, community, visitor(school, community, ana))
    [twin] = invite(school, community, "twin", email=DEE)
    with school.services.begin() as uow:
        assert not join.said_no(uow, school.services.sealer, community.id, twin.id)
        assert uow.communities.membership(community.id, twin.id).standing is Standing.INVITED
    assert school.join(community, twin).standing is Standing.JOINED


def test_joining_takes_back_what_they_said_and_what_nobody_else_said(school, ana, community, server):
    dee, eve = visitor(school, community, ana), visitor(school, community, ana, "eve", "8")
    for one in (dee, eve):
        decline(school, community, one)
    mate = school.arrive("eve", account="9").person
    for one in (dee, mate):  # dee had said no, eve's mate of the same address never did
        act(school, join.offer, community.id, one, Role.MEMBER)
        school.join(community, one)
        moves(school, one, f"new-{one.email}")
    invite(school, community, "dee-in-course", email=DEE)
    invite(school, community, "eve-in-course", email="eve@school.example")
    press(school, community, ana)
    school.jobs.run_until_idle()
    assert server.to() == [DEE]


def test_what_is_kept_names_no_address(school, ana, community, server):
    decline(school, community, visitor(school, community, ana))
    invite(school, community, "cy")
    send(school, community, ana)
    with school.services.begin() as uow:
        kept = [row.hash for row in uow._session.query(OptOutRow).all()]
    assert len(kept) == 4, "an identity, two addresses, and one that has its letter"
    assert all(len(one) == 64 and "@" not in one for one in kept)
