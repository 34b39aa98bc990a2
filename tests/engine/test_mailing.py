"""Invitations by e-mail over a real line: once at most to each, nothing to who said no, and no sign of a no."""

from __future__ import annotations

import pytest
import structlog

from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Identity, Person, PersonId, Role, Standing
from coplink.core.work import Kind
from coplink.engine import invitations, join, lifecycle, mailing
from coplink.engine.sweep import sweep
from coplink.ports.records import LinkKind
from coplink.storage.tables import MailRow


def invite(school, community, *names, email="{}@school.example", at=None):
    """People who are invited, each with an identity by which a no can be kept."""
    made = []
    with school.services.begin() as uow:
        for name in names:
            institution = (at or school.here).id
            address = email.format(name) if email else None
            person = Person(PersonId(uow.new_id()), institution, name.title(), address)
            uow.people.put(person)
            uow.people.put_identity(Identity(institution, "lti", "realm", name, person.id))
            join.offer(uow, community.id, person, Role.MEMBER, school.clock.now())
            made.append(person)
        uow.commit()
    return made


def press(school, community, person):
    with school.services.begin() as uow:
        mailing.ask(uow, person, community.id, school.clock.now())
        uow.commit()


def send(school, community, person):
    press(school, community, person)
    school.jobs.run_until_idle()


def decline(school, community, person):
    with school.services.begin() as uow:
        join.decline(uow, school.services.sealer, community, person)
        uow.commit()


def rows(school):
    with school.services.begin() as uow:
        found = uow._session.query(MailRow).all()
        return {row.person: (row.institution, row.state, row.asked_at) for row in found}


def work(school, community):
    with school.services.begin() as uow:
        return uow.work.state(Kind.INVITE, community.id)


def go_on(school, **gone):
    school.clock.pass_by(**gone)
    sweep(school.services.begin, school.jobs, school.clock.now())
    school.jobs.run_until_idle()


def test_everybody_who_is_invited_gets_one_letter_that_leads_to_their_invitation(
    school, ana, community, server
):
    invite(school, community, "cy", "di")
    invite(school, community, "nowhere", email=None)
    invite(school, community, "eve", at=school.there)
    send(school, community, ana)
    assert sorted(server.to()) == ["cy@school.example", "di@school.example", "eve@school.example"]
    assert {one.line for one in server.letters} == {1}, "one line for all"
    with school.services.begin() as uow:
        links = {one.institution: one.token for one in uow.links.of(LinkKind.INVITATION, community.id)}
    for one in server.letters:
        text = one.letter.get_content()
        school_of = school.there if one.to.startswith("eve") else school.here
        assert f"http://127.0.0.1:8080/i/{links[school_of.id]}" in text
        assert "Literacy is a community of practice. It is about: Reading in every subject" in text
        assert "Those who facilitate it and invite you: Ana" in text
        assert one.letter["List-Unsubscribe"].strip("<>") in text
    assert work(school, community).done


def test_nobody_is_written_to_twice_whatever_is_pressed_or_swept(school, ana, community, server):
    invite(school, community, "cy")
    send(school, community, ana)
    send(school, community, ana)
    go_on(school, days=2)
    invite(school, community, "di")
    send(school, community, ana)
    assert server.to() == ["cy@school.example", "di@school.example"]


def test_nothing_is_sent_before_somebody_presses(school, ana, community, server):
    invite(school, community, "cy")
    go_on(school, days=2)
    assert server.lines == 0


def test_who_said_no_gets_nothing_and_nothing_kept_tells_them_apart(school, ana, community, server):
    quiet, refusing = invite(school, community, "quiet", "refusing")
    decline(school, community, refusing)
    send(school, community, ana)
    assert server.to() == ["quiet@school.example"]
    kept = rows(school)
    assert kept[quiet.id] == kept[refusing.id]
    with school.services.begin() as uow:
        links = [uow.links.of(LinkKind.NO_THANKS, community.id, one.id) for one in (quiet, refusing)]
        said = [str(one.message) for one in uow.records.history(community.id)]
        reports = uow.records.reports(community.id)
    assert [len(one) for one in links] == [1, 1]
    [ours], [theirs] = links
    assert (ours.used_at, ours.revoked_at, ours.expires_at) == (None, None, theirs.expires_at)
    assert (theirs.used_at, theirs.revoked_at) == (None, None)
    assert said[0] == "sent the invitation by e-mail to the invited who have an address"
    assert not [one for one in reports if one.kind == "invite"], "no counts"


def test_a_no_between_the_press_and_the_letter_counts(school, ana, community, server):
    [cy] = invite(school, community, "cy")
    press(school, community, ana)
    decline(school, community, cy)
    school.jobs.run_until_idle()
    assert (server.lines, server.letters) == (1, []), (
        "a line is opened as for anybody, and nothing said on it"
    )
    assert rows(school)[cy.id][1] == "done"


def test_somebody_who_has_joined_or_shares_the_address_of_somebody_who_answered_gets_nothing(
    school, ana, community, server
):
    cy, twin, other = invite(school, community, "cy", "twin", "other", email="Same@school.example")
    [lee] = invite(school, community, "lee", email="lee@school.example")
    decline(school, community, twin)
    school.join(community, lee)
    press(school, community, ana)
    assert set(rows(school)) == {cy.id, twin.id, other.id}
    school.jobs.run_until_idle()
    assert server.to() == []


def test_two_records_with_one_address_get_one_letter(school, ana, community, server):
    invite(school, community, "cy", "twin", email="same@school.example")
    send(school, community, ana)
    assert server.to() == ["same@school.example"]


def test_a_refused_address_stops_nobody_else_and_is_not_tried_again(school, ana, community, server):
    invite(school, community, "cy", "di", "eve")
    server.answers["rcpt di@school.example"] = ["550 unknown"]
    send(school, community, ana)
    go_on(school, hours=5)
    assert sorted(server.to()) == ["cy@school.example", "eve@school.example"]
    assert [one for one in server.heard if "di@" in one] == ["rcpt TO:<di@school.example>"]
    assert {state for _, state, _ in rows(school).values()} == {"done"}


def test_a_letter_that_is_taken_later_is_sent_once_later(school, ana, community, server):
    invite(school, community, "cy", "di")
    server.answers["rcpt cy@school.example"] = ["451 greylisted"]
    send(school, community, ana)
    assert server.to() == ["di@school.example"]
    assert not work(school, community).done
    school.work(7200)
    assert server.to() == ["di@school.example", "cy@school.example"]
    assert work(school, community).done


def test_what_is_never_taken_grows_old(school, ana, community, server):
    invite(school, community, "cy")
    server.answers["rcpt"] = ["451 later"] * 1000
    send(school, community, ana)
    school.work(4 * 24 * 3600)
    assert work(school, community).done
    assert server.to() == []
    assert {state for _, state, _ in rows(school).values()} == {"done"}


@pytest.mark.parametrize("how", ["cuts", "waits"])
def test_a_letter_in_doubt_is_never_sent_again(school, ana, community, server, how):
    invite(school, community, "cy", "di")
    getattr(server, how).add("dot")
    send(school, community, ana)
    getattr(server, how).clear()
    school.work(7200)
    assert sorted(server.to()) == ["cy@school.example", "di@school.example"], "each once"
    assert work(school, community).done


def test_a_line_that_is_cut_before_the_text_sends_it_on_the_next(school, ana, community, server):
    invite(school, community, "cy", "di")
    server.cuts.add("data")
    send(school, community, ana)
    school.work(7200)
    assert sorted(server.to()) == ["cy@school.example", "di@school.example"]


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_around_a_letter_never_sends_it_twice(school, ana, community, server, monkeypatch, after):
    from coplink.mail.smtp import SmtpLine

    invite(school, community, "cy", "di")
    real, first = SmtpLine.hand_over, []

    def dies(line, letter):
        if first:
            return real(line, letter)
        first.append(letter.to)
        if after:
            real(line, letter)
        raise Died

    monkeypatch.setattr(SmtpLine, "hand_over", dies)
    press(school, community, ana)
    with pytest.raises(Died):
        school.jobs.run_until_idle()
    go_on(school, hours=1)
    school.work(7200)
    assert server.to().count(first[0]) == int(after), "at most once"
    assert sorted(server.to()) == sorted(
        {"cy@school.example", "di@school.example"} - (set() if after else {first[0]})
    )
    assert work(school, community).done


def test_a_worker_that_was_declared_dead_sends_no_more(school, ana, community, server, monkeypatch):
    from coplink.mail.smtp import SmtpLine

    invite(school, community, "cy", "di", "eve")
    real = SmtpLine.hand_over

    def slow(line, letter):
        done = real(line, letter)
        if len(server.letters) == 1:  # meanwhile another worker began the same work
            with school.services.begin() as uow:
                assert uow.work.begin(Kind.INVITE, community.id, school.clock.now()) is not None
                uow.commit()
        return done

    monkeypatch.setattr(SmtpLine, "hand_over", slow)
    send(school, community, ana)
    assert [one.line for one in server.letters].count(1) == 1, "the other goes over a line of its own"
    go_on(school, hours=1)
    assert len(set(server.to())) == len(server.to()) == 3


def test_a_wrong_sender_asks_the_administrator_and_loses_no_letter(school, ana, community, server):
    invite(school, community, "cy")
    server.answers["mail"] = ["550 not you"]
    send(school, community, ana)
    with school.services.begin() as uow:
        [notice] = [
            one for one in uow.records.notices(community=community.id) if one.about.startswith("invite")
        ]
    assert (str(notice.message), notice.who) == (
        "The mail server does not let coplink write as COPLINK_SMTP_FROM.",
        "coplink’s administrator",
    )
    send(school, community, ana)
    assert server.to() == ["cy@school.example"]


def test_fifty_letters_go_over_one_line(school, ana, community, server):
    invite(school, community, *(f"p{number}" for number in range(101)))
    send(school, community, ana)
    assert len(set(server.to())) == len(server.letters) == 101
    assert [sum(one.line == line for one in server.letters) for line in (1, 2, 3)] == [50, 50, 1]


def test_a_closed_link_and_a_community_at_rest_send_nothing(school, ana, community, server):
    invite(school, community, "cy")
    press(school, community, ana)
    with school.services.begin() as uow:
        for link in invitations.open_links(uow, community.id, school.clock.now()):
            invitations.revoke(uow, community, ana, link.id, school.clock.now())
        uow.commit()
    school.jobs.run_until_idle()
    assert (server.letters, rows(school)) == ([], {}), "and may be asked for again"
    press(school, community, ana)
    with school.services.begin() as uow:
        lifecycle.conclude(uow, community, ana, school.clock.now())
        uow.commit()
    school.jobs.run_until_idle()
    assert server.letters == []
    with pytest.raises(DomainError):
        press(school, community, ana)


def test_only_who_facilitates_asks(school, ana, community, server):
    bo = school.arrive("bo", account="2").person
    with pytest.raises(NotFound):
        press(school, community, bo)


def test_the_address_in_the_letter_says_no_and_throws_nobody_out(school, ana, community, server):
    cy, di = invite(school, community, "cy", "di")
    send(school, community, ana)
    tokens = {one.to: one.letter["List-Unsubscribe"].strip("<>").rpartition("/")[2] for one in server.letters}
    school.join(community, di)
    with school.services.begin() as uow:
        for token in tokens.values():
            mailing.refuse(uow, school.services.sealer, token, school.clock.now())
        uow.commit()
    with school.services.begin() as uow:
        assert join.said_no(uow, school.services.sealer, community.id, cy.id)
        assert uow.communities.membership(community.id, cy.id).standing is Standing.INVITED
        assert uow.communities.membership(community.id, di.id).standing is Standing.JOINED
        assert not join.said_no(uow, school.services.sealer, community.id, di.id)
        with pytest.raises(DomainError):
            mailing.refuse(uow, school.services.sealer, "x" * 43, school.clock.now())


def test_no_address_is_ever_in_a_log(school, ana, community, server):
    invite(school, community, "cy", "di")
    server.answers["rcpt cy@school.example"] = ["451 <cy@school.example> later", "550 <cy@school.example> no"]
    server.cuts.add("data")
    with structlog.testing.capture_logs() as entries:
        send(school, community, ana)
        school.work(7200)
    shown = str(entries)
    assert "work goes on later" in shown
    assert "@school.example" not in shown


def shown(school, community):
    """What those who facilitate can see of letters: notices, the history, and when somebody pressed."""
    with school.services.begin() as uow:
        notices = [
            (one.code, str(one.message), one.who) for one in uow.records.notices(community=community.id)
        ]
        told = [str(one.message) for one in uow.records.history(community.id)]
        return sorted(notices), told, mailing.pressed_at(uow, community.id)


TROUBLES = {
    "puts the letter off": lambda server: server.answers.update({"rcpt": ["451 later"] * 1000}),
    "lets nobody write": lambda server: server.answers.update({"mail": ["550 not you"] * 1000}),
    "is away when a letter is due": lambda server: server.answers.update({"rcpt": ["421 closing"] * 1000}),
    "leaves a letter in doubt": lambda server: server.cuts.add("dot"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_with_one_invited_nothing_shows_whether_they_said_no_whatever_the_server_does(
    school, ana, server, trouble
):
    """Two communities with one invited person each, of whom one said no: all that shows is the same."""
    pages = []
    TROUBLES[trouble](server)
    for name, refuses in (("quiet", False), ("refusing", True)):
        community = school.found(ana, name=name)
        [invited] = invite(school, community, name)
        if refuses:
            decline(school, community, invited)
        seen = []
        for _ in range(2):  # pressed again, after the link was closed and what waited was dropped
            begun = school.clock.now()
            send(school, community, ana)
            school.work(3 * 3600)
            notices, told, pressed = shown(school, community)
            seen.append((notices, told, pressed == begun))
            with school.services.begin() as uow:
                for link in invitations.open_links(uow, community.id, school.clock.now()):
                    invitations.revoke(uow, community, ana, link.id, school.clock.now())
                uow.work.mark(Kind.INVITE, community.id, community.id)
                uow.commit()
            school.work(3600)
            seen.append(shown(school, community)[:2])
        pages.append(seen)
    assert pages[0] == pages[1]
    assert "refusing@school.example" not in server.to()


def test_where_nobody_who_is_invited_has_an_address_the_press_says_so(school, ana, community, server):
    invite(school, community, "nowhere", email=None)
    with pytest.raises(DomainError, match="Nobody who is invited has an e-mail address"):
        press(school, community, ana)
