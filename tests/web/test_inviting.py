"""Invitations from the page: an announcement seen first, a sentence to forward, letters, and the way to say no."""

from __future__ import annotations

import re

import pytest
from tests.letters import sent_by

from coplink.core.people import Identity, Person, PersonId, Role
from coplink.engine import join


@pytest.fixture
def server(site):
    with sent_by(site.services, site.clock, timeout=2) as made:
        yield made


def invite(site, key, *names):
    with site.services.begin() as uow:
        for name in names:
            person = Person(PersonId(uow.new_id()), site.here.id, name.title(), f"{name}@school.example")
            uow.people.put(person)
            uow.people.put_identity(Identity(site.here.id, "lti", "r", name, person.id))
            join.offer(uow, key, person, Role.MEMBER, site.clock.now())
        uow.commit()


def with_link(ana, site, key):
    """Open the page and make the school's link from there."""
    ana.get(f"/c/{key}/invite")
    answer = ana.post(f"/c/{key}/links", {"institution": site.here.id, "back": "invite"})
    assert answer.location == f"/c/{key}/invite"
    ana.get(f"/c/{key}/invite")
    return ana.soup().select_one("main textarea[readonly]").text


def filled(browser, **changed):
    form = browser.soup().select_one('form[action$="/invite/announcement"]')
    hidden = {one["name"]: one.get("value", "") for one in form.select("input")}
    return {**hidden, "text": form.textarea.text.strip(), **changed}


def notes(site):
    return [note for board in site.boards["Riverbend"].notes.values() for note in board.values()]


def test_a_sentence_to_forward_stands_ready(site, ana, key):
    ana.get(f"/c/{key}/people")
    assert ana.soup().select_one(f'main a[href="/c/{key}/invite"]')
    sentence = with_link(ana, site, key)
    assert re.fullmatch(
        r"You are invited to “Literacy”\. It is about: Reading in every subject\. Read more and answer here, "
        r"yes or no thanks: http://127\.0\.0\.1:8080/i/[\w-]{43}",
        sentence.strip(),
    )
    assert ana.soup().select_one('main button[data-copy="sentence-1"]')


def test_an_announcement_is_seen_first_said_once_and_leads_to_the_invitation(site, ana, key):
    address = with_link(ana, site, key).split()[-1]
    typed = filled(ana)
    assert address in typed["text"]
    edited = {**typed, "text": f"Come and read with us!\n\n{address}"}
    assert ana.post(f"/c/{key}/invite/announcement", {**edited, "do": "look"}).status_code == 200
    assert "This is how it would look. Nothing has been said yet." in ana.says()
    assert "Come and read with us!" in ana.soup().select_one("main ul.cards").text
    site.jobs.run_until_idle()
    assert notes(site) == []
    said = ana.post(f"/c/{key}/invite/announcement", {**filled(ana), "do": "say"})
    assert (said.status_code, said.location) == (303, f"/c/{key}/announcements#said")
    site.jobs.run_until_idle()
    assert [(note.title, note.text, note.inviting) for note in notes(site)] == [
        ("You are invited: Literacy", f"Come and read with us!\n\n{address}", True)
    ]
    ana.get(f"/c/{key}/invite")
    ana.post(f"/c/{key}/invite/announcement", {**edited, "do": "say"})
    site.jobs.run_until_idle()
    assert len(notes(site)) == 1, "the same form says it once"


def test_an_announcement_appears_in_the_places_of_that_school_alone(site, ana, key):
    with_link(ana, site, key)
    ana.post(f"/c/{key}/invite/announcement", {**filled(ana), "do": "say"})
    with site.services.begin() as uow:
        [said] = uow.announced.of(key)
        assert {post.space for post in uow.announced.posts([said.id])[said.id]} == {
            space.id for space in uow.spaces.of(key) if space.institution == site.here.id
        }


@pytest.mark.parametrize(
    ("changed", "why"), [({"text": "Come!"}, "Keep the link"), ({"title": " "}, "a title")]
)
def test_an_announcement_without_link_or_title_is_not_said(site, ana, key, changed, why):
    with_link(ana, site, key)
    assert (
        ana.post(f"/c/{key}/invite/announcement", {**filled(ana), **changed, "do": "say"}).status_code == 400
    )
    assert why in ana.says()
    site.jobs.run_until_idle()
    assert notes(site) == []


def test_without_a_mail_server_no_letter_is_offered(site, ana, key):
    ana.get(f"/c/{key}/invite")
    assert "coplink sends no e-mail here" in ana.says()
    assert not ana.soup().select('form[action$="/invite/mail"]')
    assert ana.post(f"/c/{key}/invite/mail").status_code == 400


def test_letters_are_read_first_and_sent_by_a_press(site, ana, key, server):
    invite(site, key, "cy", "di")
    ana.get(f"/c/{key}/invite")
    assert "Literacy is a community of practice." in ana.soup().select_one("main details").text
    assert "Sent to the invited" not in ana.says()
    site.jobs.run_until_idle()
    assert server.letters == []
    answer = ana.post(f"/c/{key}/invite/mail")
    assert (answer.status_code, answer.location) == (303, f"/c/{key}/invite#mail")
    site.jobs.run_until_idle()
    assert sorted(server.to()) == ["cy@school.example", "di@school.example"]
    ana.get(f"/c/{key}/invite")
    assert "Sent to the invited who have an address, or on its way to them" in ana.says()


def test_the_page_is_the_same_whoever_said_no(site, ana, key, server):
    """Two schools' worth of the same page: in one of them everybody said no before the press."""
    pages = []
    for names, refuses in ((("aa", "bb"), False), (("cc", "dd"), True)):
        community = site.found(ana, key=names[0] * 8, name="Circle")
        invite(site, community, *names)
        if refuses:
            with site.services.begin() as uow:
                found = uow.communities.get(community)
                people = uow.people.many([m.person for m in uow.communities.memberships(community)]).values()
                for person in people:
                    if person.name.lower() in names:
                        join.decline(uow, site.services.sealer, found, person)
                uow.commit()
        ana.get(f"/c/{community}/invite")
        ana.post(f"/c/{community}/invite/mail")
        site.jobs.run_until_idle()
        text = ""
        for page in ("invite", "history", "people", "access"):
            text += ana.get(f"/c/{community}/{page}").text
        text = re.sub(r'name="csrf" value="[^"]*"|X-CSRF-Token": "[^"]*"', "SECRET", text)
        for one, word in zip(names, ("One", "Two"), strict=True):
            text = text.replace(one.title(), word)
        text = re.sub(r"[0-9a-f]{32}\d?|/i/[\w-]{43}|T\d\d:\d\d:[\d.]+\+00:00|\d\d:\d\d", "X", text)
        pages.append(text)
    assert pages[0] == pages[1]
    assert sorted(server.to()) == ["aa@school.example", "bb@school.example"]


def test_a_reader_says_no_without_signing_in_and_looking_says_nothing(site, ana, key, server):
    invite(site, key, "cy", "di")
    ana.get(f"/c/{key}/invite")
    ana.post(f"/c/{key}/invite/mail")
    site.jobs.run_until_idle()
    ways = {
        one.to[:2]: one.letter["List-Unsubscribe"].strip("<>")[len("http://127.0.0.1:8080") :]
        for one in server.letters
    }

    def said_no(name):
        with site.services.begin() as uow:
            person = uow.people.by_identity(site.here.id, "lti", "r", name)
            return join.said_no(uow, site.services.sealer, key, person.id)

    stranger = site.browser()
    assert stranger.get(ways["cy"]).status_code == 200
    assert not said_no("cy"), "a mail server that looks at links says nothing"
    assert "Nobody is told" in stranger.says()
    assert stranger.client.post(ways["cy"], base_url="http://127.0.0.1:8080").status_code == 200
    assert said_no("cy")
    one_click = {"data": {"List-Unsubscribe": "One-Click"}, "base_url": "http://127.0.0.1:8080"}
    assert site.browser().client.post(ways["di"], **one_click).status_code == 200
    assert said_no("di")
    foreign = site.browser().client.post(
        ways["di"], base_url="http://127.0.0.1:8080", headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    assert stranger.get("/no/" + "x" * 43).status_code == 410
    assert stranger.client.post("/no/" + "x" * 43, base_url="http://127.0.0.1:8080").status_code == 410
