"""What is said to everybody is one announcement in the group; in a course only where an administrator allowed it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.core.announcing import Announcement
from coplink.ports.errors import Ambiguous, Gone, Misconfigured, OutcomeUnknown, PolicyForbids

HOME = "https://coplink.example/c/1/announcements"
NOTE = Announcement("Wednesday", "Bring a <b>text</b>.\nAny.\n\nAnd tea.", HOME, "Ana & Ruiz")


@pytest.fixture
def announcements(canvas):
    return canvas.connect().announcements


@pytest.fixture
def page(canvas):
    """A community that has only a page in the course."""
    spaces = canvas.connect(place="page").spaces
    return {"course_page": spaces.ensure("course_page", canvas.wish(), {}, "k").remote}


def kept(canvas):
    return canvas.sandbox.store.all("canvas.announcements")


def test_it_stands_in_the_group_in_paragraphs_signed_and_with_the_way_back(faultless, announcements, parts):
    link = announcements.post(parts, NOTE, "key")
    (there,) = kept(faultless)
    assert (there["kind"], str(there["home"]), there["title"]) == ("group", parts["group"], "Wednesday")
    assert there["message"].startswith(
        '<p dir="ltr">Bring a &lt;b&gt;text&lt;/b&gt;.<br>Any.</p><p dir="ltr">And tea.</p>'
        f'<p dir="ltr">Ana &amp; Ruiz · <a href="{HOME}#said-'
    )
    assert link.remote == str(there["id"])
    assert link.link == (
        f"{faultless.sandbox.base_url}/groups/{parts['group']}/discussion_topics/{there['id']}"
    )
    assert (len(faultless.reads), len(faultless.writes)) == (1, 1)


def test_a_write_that_was_done_and_answered_with_a_5xx_is_found_again(canvas, announcements, parts):
    canvas.rain("POST .*discussion_topics", "lose")
    with pytest.raises(OutcomeUnknown):
        announcements.post(parts, NOTE, "key")
    again = announcements.post(parts, NOTE, "key")
    assert again.found
    assert len(kept(canvas)) == 1
    assert again.remote == str(kept(canvas)[0]["id"])


def test_the_mark_is_found_behind_other_peoples_announcements(canvas, announcements, parts):
    canvas.sandbox.most_per_page = 2
    announcements.post(parts, NOTE, "key")
    for number in range(5):
        announcements.post(parts, NOTE, f"other {number}")
    assert announcements.post(parts, NOTE, "key").found
    assert len(kept(canvas)) == 6


def test_two_with_one_mark_are_for_a_person(canvas, announcements, parts):
    announcements.post(parts, NOTE, "key")
    canvas.sandbox.store.put("canvas.announcements", "9", {**kept(canvas)[0], "id": 9})
    with pytest.raises(Ambiguous) as twice:
        announcements.post(parts, NOTE, "key")
    assert twice.value.candidates == ("9", "8001")


def test_with_a_page_alone_nothing_is_said_and_nothing_asked_unless_an_administrator_allows_it(canvas, page):
    canvas.forget_calls()
    for place in ("page", "group"):
        link = canvas.connect(place=place).announcements.post(page, NOTE, "key")
        assert "everybody in the course would be told" in str(link.silent)
    assert (canvas.reads, canvas.writes) == ([], [])
    allowed = canvas.connect(place="page", announce="course").announcements
    link = allowed.post(page, NOTE, "key")
    assert link.silent is None
    (there,) = kept(canvas)
    assert (there["kind"], there["home"]) == ("course", 101)
    assert link.link == f"{canvas.sandbox.base_url}/courses/101/discussion_topics/{there['id']}"


def test_an_invitation_stands_in_the_course_where_courses_may_be_told_and_once(canvas, parts):
    asking = replace(NOTE, inviting=True)
    canvas.connect(announce="group").announcements.post(parts, asking, "one")
    assert [row["kind"] for row in kept(canvas)] == ["group"]
    telling = canvas.connect(announce="course").announcements
    link = telling.post(parts, asking, "two")
    assert telling.post(parts, asking, "two").found
    assert telling.post(parts, NOTE, "three").link != link.link
    assert sorted((row["kind"], row["home"]) for row in kept(canvas))[0] == ("course", 101)
    assert [row["kind"] for row in kept(canvas)] == ["group", "course", "group"]


def test_an_invitation_to_a_group_that_is_gone_says_so(canvas, parts):
    canvas.sandbox.store.drop("canvas.groups", parts["group"])
    with pytest.raises(Gone):
        canvas.connect(announce="course").announcements.post(parts, replace(NOTE, inviting=True), "one")


def test_the_same_key_in_two_courses_are_two(canvas, announcements, parts):
    other = canvas.provision(marker="coplink:" + "e" * 32, name="Writing circle")
    announcements.post(parts, NOTE, "key")
    assert not announcements.post(other, NOTE, "key").found
    assert len(kept(canvas)) == 2


def test_a_course_that_has_ended_says_so_and_not_that_a_permission_is_missing(canvas, announcements, parts):
    course = canvas.sandbox.store.get("canvas.courses", "101")
    canvas.sandbox.store.put("canvas.courses", "101", {**course, "workflow_state": "completed"})
    with pytest.raises(Misconfigured, match="has ended"):
        announcements.post(parts, NOTE, "key")
    assert kept(canvas) == []


def test_a_group_that_is_gone_and_a_tool_switched_off_are_told(canvas, announcements, parts):
    body = {"errors": [{"message": "That page has been disabled for this course"}]}
    canvas.rain("GET .*discussion_topics", status=404, body=body)
    with pytest.raises(PolicyForbids):
        announcements.post(parts, NOTE, "key")
    canvas.sandbox.store.drop("canvas.groups", parts["group"])
    with pytest.raises(Gone, match="group"):
        announcements.post(parts, NOTE, "key")


def test_an_answer_without_an_id_may_have_been_done(canvas, announcements, parts):
    canvas.rain("POST .*discussion_topics", status=200, body={"title": "Wednesday"})
    with pytest.raises(OutcomeUnknown):
        announcements.post(parts, NOTE, "key")
