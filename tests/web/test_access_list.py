"""The list of who has a way in: grouped by reason for those who lead, about oneself for a member, own people for an
admin."""

from __future__ import annotations

from coplink.core.people import Identity, Person, Role
from coplink.core.spaces import Unreachable
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join
from coplink.engine.sweep import sweep
from coplink.ports.errors import Reauthorize, Unavailable


def joins(site, key, *names, account=True):
    """People of the school join; without an account they have not opened its door yet."""
    with site.services.begin() as uow:
        community = uow.communities.get(key)
        for name in names:
            person = Person(uow.new_id(), site.here.id, name)
            uow.people.put(person)
            uow.people.put_identity(Identity(site.here.id, "lti", "r", name, person.id, site.clock.now()))
            join.offer(uow, key, person, Role.MEMBER, site.clock.now())
            join.accept(uow, site.services.sealer, community, person, site.clock.now())
        uow.commit()


def test_two_hundred_without_a_seat_stay_readable(site, ana, key):
    joins(site, key, *(f"Nn{number:03}" for number in range(200)))
    site.jobs.run_until_idle()
    assert ana.get(f"/c/{key}/access").status_code == 200
    assert "1 of 201 sit in the only place." in ana.says()
    assert "200 people have a seat nowhere yet." in ana.says()
    [group] = ana.soup().select("main li.card")
    words = " ".join(group.get_text(" ").split())
    assert "Pin Board Riverbend 200 people" in words
    assert (
        "once; the seat follows by itself. Who can change it: the person themselves. Ask them to open"
        in words
    )
    named, folded = group.select("p")[2], group.select_one("details")
    assert named.get_text().split(", ")[0] == "Nn000"
    assert len(named.get_text().split(", ")) == 8
    assert folded.summary.get_text() == "and 192 more"
    assert len(folded.p.get_text().split(", ")) == 192


def test_what_is_fine_is_said(site, ana, key):
    ana.get(f"/c/{key}/access")
    assert "1 of 1 sit in the only place." in ana.says()
    assert "Everybody who belongs has a way in. Nothing has to be done." in ana.says()
    assert not ana.soup().select("main li.card")


def test_it_is_linked_from_people_and_places(ana, key):
    for page in ("people", "places"):
        ana.get(f"/c/{key}/{page}")
        assert ana.soup().select_one(f'main a[href="/c/{key}/access"]'), page


def bo_joins(site, key):
    """Somebody with a proved account joins; their browser."""
    browser = site.enter("bo")
    bo = site.person("bo")
    with site.services.begin() as uow:
        join.offer(uow, key, bo, Role.MEMBER, site.clock.now())
        join.accept(uow, site.services.sealer, uow.communities.get(key), bo, site.clock.now())
        uow.commit()
    return browser


def test_a_seat_on_its_way_says_that_it_goes_on_by_itself(site, ana, key):
    bo_joins(site, key)
    ana.get(f"/c/{key}/access")
    assert "The seat is on its way. Who can change it: nobody: it goes on by itself." in ana.says()
    site.boards["Riverbend"].trouble["seats.read"] = [Unavailable(say("The caretaker is busy."))]
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/access")
    assert "The platform did not answer the last time; coplink tries again by itself." in ana.says()
    site.clock.pass_by(hours=1)
    sweep(site.services.begin, site.jobs, site.clock.now())
    site.jobs.run_until_idle()
    ana = site.enter("ana")  # the clock went on, and the visit ended
    ana.get(f"/c/{key}/access")
    assert "2 of 2 sit in the only place." in ana.says()


def space_of(site, key):
    with site.services.begin() as uow:
        return uow.spaces.of(key)[0]


def test_a_place_that_waits_for_a_person_says_for_whom(site, ana, key):
    joins(site, key, "Cy")
    with site.services.begin() as uow:
        space = uow.spaces.of(key)[0]
        uow.spaces.put_unreachable(space.id, [])
        uow.commit()
    turn_to_rest(site, key)
    ana.get(f"/c/{key}/access")
    assert "The key of the cupboard was changed. Who can change it: caretaker." in ana.says()
    assert "As soon as that is changed, let coplink look again." in ana.says()


def turn_to_rest(site, key):
    """The next look fails in a way that only a person can mend."""
    space = space_of(site, key)
    changed = Reauthorize(say("The key of the cupboard was changed."), "caretaker")
    site.boards["Riverbend"].trouble["seats.read"] = [changed]
    with site.services.begin() as uow:
        uow.work.mark(Kind.RECONCILE, space.id, key)
        uow.commit()
    site.jobs.run_until_idle()


def test_a_member_sees_themselves_alone(site, ana, key):
    bo = bo_joins(site, key)
    joins(site, key, "Zoe Hidden")
    site.jobs.run_until_idle()
    assert bo.get(f"/c/{key}/access").status_code == 200
    assert "You sit in 1 of 1 place." in bo.says()
    assert "you have a seat." in bo.says()
    assert "Zoe" not in bo.page.text
    assert "people have a seat nowhere" not in bo.says()
    ana.get(f"/c/{key}/access")
    assert "Zoe Hidden" in ana.says()


def test_an_admin_sees_own_people_by_reason(site, ana, key):
    joins(site, key, "Cy", "Di")
    site.jobs.run_until_idle()
    with site.services.begin() as uow:
        stranger = Person(uow.new_id(), site.there.id, "Someone Elsewhere")
        uow.people.put(stranger)
        space = uow.spaces.of(key)[0]
        known = list(uow.spaces.unreachable(space.id))
        uow.spaces.put_unreachable(space.id, [*known, Unreachable(stranger.id, known[0].reason)])
        uow.commit()
    admin = site.admin()
    admin.get("/admin")
    assert "Without a seat, by reason Pin Board Riverbend 2 people" in admin.says()
    assert "Cy, Di" in admin.says()
    assert "Someone Elsewhere" not in admin.page.text
    assert f"/c/{key}/people" not in admin.page.text
