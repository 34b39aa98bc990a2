"""Who sits in a place by somebody's hand: the page lets those who facilitate invite them, and sends nothing itself."""

from __future__ import annotations

import pytest

from coplink.core.people import Account, AccountId, Person, Proof, Role
from coplink.core.work import Kind
from coplink.engine.sweep import sweep


@pytest.fixture
def ana(site):
    return site.enter("ana", leads=True)


@pytest.fixture
def key(site, ana):
    """A community in whose place two people sit by hand; of one of them coplink knows whose account it is."""
    key = site.found(ana)
    site.jobs.run_until_idle()
    with site.services.begin() as uow:
        zoe = Person(uow.new_id(), site.here.id, "Zoe <b>Hand</b>")
        uow.people.put(zoe)
        uow.people.put_account(
            Account(
                site.here.id, "pinboard", AccountId("by-hand"), zoe.id, Proof.PROPOSED, "zoe@school.example"
            )
        )
        (space,) = uow.spaces.of(key)
        uow.work.mark(Kind.RECONCILE, space.id, key)
        uow.commit()
    seats = site.boards["Riverbend"].sitting(space.parts["board"])
    seats |= {AccountId("by-hand"): Role.MEMBER, AccountId("nobody-knows"): Role.MEMBER}
    sweep(site.services.begin, site.jobs, site.clock.now())
    site.jobs.run_until_idle()
    return key


def test_whoever_facilitates_invites_them_by_a_press(site, ana, key):
    ana.get(f"/c/{key}/people")
    assert "There, and not in the community" in ana.says()
    assert "Nobody is invited unless you do it." in ana.says()
    section = ana.soup().select_one("section[aria-labelledby=beside]")
    assert "1 person is not named here." in " ".join(section.get_text(" ").split())
    assert section.select_one(f"a[href='/c/{key}/invite']")
    [form] = section.select("form")
    assert "Invite Zoe <b>Hand</b>" in form.get_text()
    assert ana.post(form["action"], {}).status_code == 303
    ana.get(f"/c/{key}/people")
    section = ana.soup().select_one("section[aria-labelledby=beside]")
    assert not section.select("form")
    assert "Zoe <b>Hand</b> Invited" in " ".join(section.get_text(" ").split())
    with site.services.begin() as uow:
        standings = {one.standing.value for one in uow.communities.memberships(key)}
    assert standings == {"joined", "invited"}


def test_nobody_is_invited_so_who_does_not_sit_there(site, ana, key):
    with site.services.begin() as uow:
        ben = Person(uow.new_id(), site.here.id, "Ben")
        uow.people.put(ben)
        uow.commit()
    assert ana.post(f"/c/{key}/people/{ben.id}/invite", {}).status_code == 404
