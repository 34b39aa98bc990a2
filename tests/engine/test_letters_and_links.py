"""What becomes of letters whose link is closed while they go out."""

from __future__ import annotations

from tests.engine.acts import act
from tests.engine.test_mailing import invite, press, send

from coplink.engine import invitations
from coplink.mail.smtp import SmtpLine


def test_who_got_none_because_the_link_was_closed_meanwhile_may_be_asked_for_again(
    school, ana, community, server, monkeypatch
):
    with school.services.begin() as uow:
        invitations.create(uow, community, ana, school.here.id, school.clock.now())
        uow.commit()
    invite(school, community, "ada", "bea", "cy")
    hand_over = SmtpLine.hand_over

    def meanwhile(line, letter):
        done = hand_over(line, letter)
        if len(server.to()) == 1:
            for link in opened(school, community):
                act(school, invitations.revoke, community, ana, link)
        return done

    monkeypatch.setattr(SmtpLine, "hand_over", meanwhile)
    send(school, community, ana)
    assert len(server.to()) == 1
    school.clock.pass_by(hours=1)
    with school.services.begin() as uow:
        invitations.create(uow, community, ana, school.here.id, school.clock.now())
        uow.commit()
    press(school, community, ana)
    school.work()
    assert sorted(server.to()) == [f"{name}@school.example" for name in ("ada", "bea", "cy")]


def opened(school, community):
    with school.services.begin() as uow:
        return [link.id for link in invitations.open_links(uow, community.id, school.clock.now())]
