"""The page on which those who lead say something to everybody, seen first, said once, and followed to each place."""

from __future__ import annotations

import pytest

from coplink.core.words import say
from coplink.ports.errors import PolicyForbids, Unavailable

WORDS = {"title": "Wednesday <b>", "text": "Bring a text.\n\n1 < 2 & <i>so on</i>.", "do": "say"}


def fill(browser, community, **changed):
    """Open the page and send its form, with what is hidden in it."""
    assert browser.get(f"/c/{community}/announcements").status_code == 200
    hidden = browser.soup().select_one("form input[name=key]")["value"]
    return browser.post(f"/c/{community}/announcements", {**WORDS, "key": hidden, **changed})


def notes(site):
    return [note for board in site.boards["Riverbend"].notes.values() for note in board.values()]


def test_it_is_seen_first_then_said_and_followed_to_its_place(site, ana, key):
    ana.get(f"/c/{key}")
    assert ana.soup().select_one(f'a[href="/c/{key}/announcements"]')
    assert fill(ana, key, do="look").status_code == 200
    assert "Nothing has been said yet." in ana.says()
    assert (
        "Wednesday <b> Pin Board · Riverbend: a note on the board Bring a text. 1 < 2 & <i>so on</i>. Ana"
        in ana.says()
    )
    site.jobs.run_until_idle()
    assert notes(site) == []
    form = ana.soup().select_one("main form")
    filled = {one["name"]: one.get("value", "") for one in form.select("input")}
    answer = ana.post(f"/c/{key}/announcements", {**filled, "text": form.textarea.text.strip(), "do": "say"})
    assert (answer.status_code, answer.location) == (303, f"/c/{key}/announcements#said")
    ana.follow()
    assert "on its way" in ana.says()
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/announcements")
    assert "is there Pin Board · Riverbend (new tab)" in ana.says()
    assert [(note.title, note.text, note.by) for note in notes(site)] == [
        ("Wednesday <b>", "Bring a text.\n\n1 < 2 & <i>so on</i>.", "Ana")
    ]
    assert [p.text for p in ana.soup().select("article p")][:2] == ["Bring a text.", "1 < 2 & <i>so on</i>."]


def test_going_back_and_sending_the_form_again_says_nothing_twice(site, ana, key):
    hidden = "the same form"
    for _ in range(2):
        assert fill(ana, key, key=hidden).status_code == 303
    site.jobs.run_until_idle()
    assert len(notes(site)) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": ""}, "Give it a title"),
        ({"text": " "}, "say something"),
        ({"title": "t" * 101}, "at most 100"),
        ({"text": "w" * 2001}, "at most 2000"),
    ],
)
def test_what_cannot_be_said_is_told_beside_what_was_typed(site, ana, key, changed, words):
    assert fill(ana, key, **changed).status_code == 400
    assert words in ana.says()
    form = ana.soup().select_one("main form")
    typed = {"title": form.select_one("[name=title]")["value"], "text": form.textarea.text.strip()}
    expected = {**WORDS, **changed}
    assert typed == {name: expected[name].strip() for name in ("title", "text")}
    site.jobs.run_until_idle()
    assert notes(site) == []


def test_what_is_in_the_way_names_who_can_change_it_and_is_tried_again_when_asked(site, ana, key):
    refusal = PolicyForbids(say("Notes are locked away."), "caretaker", "notes")
    site.boards["Riverbend"].trouble["announcements.post"] = [refusal]
    fill(ana, key)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/announcements")
    assert (
        "needs someone Pin Board · Riverbend Notes are locked away. Who can change it: caretaker."
        in ana.says()
    )
    assert ana.post(f"/c/{key}/announcements/again").status_code == 303
    site.jobs.run_until_idle()
    ana.follow()
    assert "is there Pin Board" in ana.says()
    assert len(notes(site)) == 1


def test_a_platform_that_is_away_is_said_to_be_tried_again(site, ana, key):
    site.boards["Riverbend"].trouble["announcements.post"] = [Unavailable(say("The staff room is locked."))]
    fill(ana, key)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/announcements")
    assert "on its way Pin Board · Riverbend The staff room is locked." in ana.says()
    assert "coplink tries again by itself" in ana.says()


def test_who_belongs_reads_it_and_cannot_speak(site, ana, key):
    fill(ana, key)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/people")
    ana.post(f"/c/{key}/links", {"institution": site.here.id})
    ana.get(f"/c/{key}/people")
    link = ana.soup().select_one("input[readonly]")["value"]
    ben = site.browser()
    ben.get("/i/" + link.rpartition("/")[2])
    site.enter("ben", browser=ben)
    ben.get(f"/c/{key}/invitation")
    ben.post(f"/c/{key}/join")
    ben.get(f"/c/{key}/announcements")
    assert "Bring a text." in ben.says()
    assert "It is also here (in a new tab): Pin Board" in ben.says()
    assert not ben.soup().select('main form[action$="/announcements"]')
    assert "is there" not in ben.says()
    refused = ben.post(f"/c/{key}/announcements", {**WORDS, "key": "k"})
    assert refused.status_code == 403
    assert ben.post(f"/c/{key}/announcements", {**WORDS, "do": "look"}).status_code == 404
    assert ben.post(f"/c/{key}/announcements/again").status_code == 404
    outsider = site.enter("zoe", course=None)
    assert outsider.post(f"/c/{key}/announcements", {**WORDS, "key": "k"}).status_code == 404
    site.jobs.run_until_idle()
    assert len(notes(site)) == 1


def test_a_link_in_the_words_makes_no_invitation_of_them(site, ana, key):
    """An invitation may stand where everybody of a course reads it; what is said to those who belong does not."""
    ana.get(f"/c/{key}/announcements")
    assert fill(ana, key, text="Hand this on: http://127.0.0.1:8080/i/abc", do="say").status_code == 303
    site.jobs.run_until_idle()
    assert [note.inviting for note in notes(site)] == [False]
