"""What is said to everybody appears once in each place, whatever happens on the way, and each place tells how it is."""

from __future__ import annotations

import pytest
from tests.engine.acts import leads_too

from coplink.core.announcing import PostState
from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import Role
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, join, lifecycle, marks, saying
from coplink.engine.sweep import sweep
from coplink.ports.errors import (
    Gone,
    OutcomeUnknown,
    PolicyForbids,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink.testing.beginnings import once

POST = "announcements.post"


@pytest.fixture
@once
def circle(school, ana):
    """A community whose one place is ready."""
    community = school.found(ana)
    school.work()
    return community


def tell(school, community, person, title="Wednesday", text="Bring a text.", key="form-1"):
    with school.services.begin() as uow:
        drawn = saying.Drawn(key, title, text)
        made = saying.say_to_all(
            uow, person, community.id, drawn, school.services.manifests, school.clock.now()
        )
        uow.commit()
    return made


def lines(school, community, reader):
    with school.services.begin() as uow:
        return saying.page(uow, reader, community.id, school.services.manifests, school.clock.now()).lines


def the_post(school, community, reader):
    ((_, post),) = lines(school, community, reader)[0].posts
    return post


def notes(school):
    return [note for board in school.board.notes.values() for note in board.values()]


def test_it_appears_in_the_place_once_with_who_says_it_and_where_to_read_on(school, circle, ana) -> None:
    tell(school, circle, ana, "  Wednesday \n evening ", "Bring a text.\r\n\r\nAny text.  ")
    school.work()
    (note,) = notes(school)
    assert (note.title, note.text, note.by) == ("Wednesday evening", "Bring a text.\n\nAny text.", "Ana")
    assert note.link == f"http://127.0.0.1:8080/c/{circle.id}/announcements"
    post = the_post(school, circle, ana)
    assert (post.state, post.remote, post.trouble) == (PostState.POSTED, "board-1/note-1", None)
    assert post.link == "https://pinboard.example/board-1/note-1"
    assert lines(school, circle, ana)[0].by == "Ana"


def test_a_form_sent_twice_says_it_once_and_another_form_says_it_again(school, circle, ana) -> None:
    assert tell(school, circle, ana).id == tell(school, circle, ana).id
    school.work()
    tell(school, circle, ana)
    school.work()
    assert len(notes(school)) == 1
    tell(school, circle, ana, key="form-2")
    school.work()
    assert len(notes(school)) == 2
    assert school.board.calls.count(POST) == 2


def test_only_who_leads_speaks_and_whoever_belongs_may_read(school, circle, ana) -> None:
    ben, cleo = (school.arrive(name, account=name).person for name in ("ben", "cleo"))
    with school.services.begin() as uow:
        for person in (ben, cleo):
            join.offer(uow, circle.id, person, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(circle, ben)
    with pytest.raises(NotAllowed):
        tell(school, circle, ben)
    with pytest.raises(NotFound):
        tell(school, circle, cleo)
    with school.services.begin() as uow:
        leads_too(uow, circle, ana, ben, school.clock.now())
        uow.commit()
    tell(school, circle, ben)
    school.work()
    assert [note.by for note in notes(school)] == ["Ben"]
    assert len(lines(school, circle, ana)) == 1
    with pytest.raises(NotFound):
        lines(school, circle, cleo)


@pytest.mark.parametrize(
    ("title", "text"), [("", "x"), ("x", " \n "), ("t" * 101, "x"), ("x", "w" * 2001), ("\x00", "x")]
)
def test_what_cannot_be_said_is_told_in_words_and_nothing_is_kept(school, circle, ana, title, text) -> None:
    with pytest.raises(DomainError):
        tell(school, circle, ana, title, text)
    assert lines(school, circle, ana) == ()


def test_there_is_an_end_to_what_is_said_in_a_day(school, circle, ana) -> None:
    for number in range(saying.MOST_A_DAY):
        tell(school, circle, ana, key=f"form-{number}")
    with pytest.raises(DomainError, match="tomorrow"):
        tell(school, circle, ana, key="one more")
    school.clock.pass_by(hours=25)
    tell(school, circle, ana, key="one more")


def test_a_lost_answer_is_looked_for_and_never_said_twice(school, circle, ana) -> None:
    school.board.trouble[POST] = [OutcomeUnknown("lost")]
    tell(school, circle, ana)
    school.work()
    assert len(notes(school)) == 1
    assert school.board.calls.count(POST) == 2
    assert the_post(school, circle, ana).state is PostState.POSTED
    with school.services.begin() as uow:
        assert uow.journal.found(circle.id) == 1


def test_killed_between_the_write_and_the_record_it_waits_for_the_platform_and_is_said_once(
    school, ana
) -> None:
    school.services.settings = school.services.settings.model_copy(
        update={"lag_seconds_override": {"pinboard": 300.0}}
    )
    circle = school.found(ana)
    school.work()
    real = school.board.answer

    def killed(name: str) -> None:
        school.board.answer = real
        raise KeyboardInterrupt

    tell(school, circle, ana)
    school.board.answer = killed
    with pytest.raises(KeyboardInterrupt):
        school.jobs.run_until_idle()
    assert the_post(school, circle, ana).state is PostState.WAITING
    sweep(school.services.begin, school.jobs, school.clock.now())
    school.jobs.run_until_idle()
    assert school.board.calls.count(POST) == 1, "not before the platform would show it"
    school.clock.pass_by(minutes=6)
    school.work()
    assert school.board.calls.count(POST) == 2
    assert len(notes(school)) == 1
    assert the_post(school, circle, ana).state is PostState.POSTED


@pytest.mark.parametrize("error", [Throttled(say("Slow down."), retry_after=90), Unavailable(say("Away."))])
def test_what_passes_is_tried_again_by_itself_and_says_so_meanwhile(school, circle, ana, error) -> None:
    school.board.trouble[POST] = [error]
    tell(school, circle, ana)
    school.jobs.run_until_idle()
    post = the_post(school, circle, ana)
    assert (post.state, str(post.trouble.message)) == (PostState.WAITING, str(error.message))
    assert "by itself" in post.trouble.who
    school.work()
    assert the_post(school, circle, ana).state is PostState.POSTED
    assert len(notes(school)) == 1


def test_what_a_person_must_change_says_who_and_goes_on_when_it_is_asked_for_again(
    school, circle, ana
) -> None:
    refusal = PolicyForbids(say("Notes are locked away."), "caretaker", "notes")
    school.board.trouble[POST] = [refusal, refusal]
    tell(school, circle, ana, "One")
    school.work()
    school.clock.pass_by(seconds=1)
    tell(school, circle, ana, "Two", key="form-2")
    school.work()
    for line in lines(school, circle, ana):
        ((title, post),) = line.posts
        assert (title, post.state, post.trouble.who) == (
            "Pin Board · Riverbend",
            PostState.STUCK,
            "caretaker",
        )
    with school.services.begin() as uow:
        (notice,) = uow.records.notices(community=circle.id)
        assert (str(notice.message), notice.who) == ("Notes are locked away.", "caretaker")
        marks.everything(uow, circle.id)
        uow.commit()
    school.work()
    assert [note.title for note in notes(school)] == ["One", "Two"]
    with school.services.begin() as uow:
        assert uow.records.notices(community=circle.id) == []


def test_a_place_that_is_gone_is_told(school, circle, ana) -> None:
    school.board.torn_down.add("board-1")
    tell(school, circle, ana)
    school.work()
    post = the_post(school, circle, ana)
    assert (post.state, post.trouble.code) == (PostState.STUCK, Gone.code)
    assert notes(school) == []
    with school.services.begin() as uow:
        assert any("took the board down" in str(one.message) for one in uow.records.notices(circle.id))


def test_words_that_a_platform_does_not_take_keep_no_others_waiting(school, circle, ana) -> None:
    school.board.trouble[POST] = [UnexpectedReply(say("The note burst into flames."))]
    tell(school, circle, ana, "One")
    school.clock.pass_by(seconds=1)
    tell(school, circle, ana, "Two", key="form-2")
    school.work()
    states = {line.said.title: line.posts[0][1].state for line in lines(school, circle, ana)}
    assert states == {"One": PostState.STUCK, "Two": PostState.POSTED}


def test_a_place_that_is_not_ready_shows_it_once_it_is_and_old_news_not_at_all(school, ana) -> None:
    community = school.found(ana, places=2)
    school.work()
    tell(school, community, ana, "Early")
    school.clock.pass_by(days=2)
    tell(school, community, ana, "Late", key="form-2")
    school.work()
    assert [note.title for note in notes(school)] == ["Early", "Late"]
    waiting = [
        p for line in lines(school, community, ana) for _, p in line.posts if p.state is PostState.WAITING
    ]
    assert len(waiting) == 2
    school.clock.pass_by(days=2)
    with school.services.begin() as uow:
        now = school.clock.now()
        admin = connect.admin_of(uow, connect.invite_admin(uow, school.there, "Jo", now).token, now)
        connect.agree(uow, admin, community.id, now)
        uow.commit()
    school.work()
    assert all(space.state is SpaceState.READY for space in school.spaces(community))
    there = [note.title for board in school.boards["there"].notes.values() for note in board.values()]
    assert there == ["Late"]
    states = {post.state for line in lines(school, community, ana) for _, post in line.posts}
    assert states == {PostState.POSTED, PostState.SILENT}
    with school.services.begin() as uow:
        assert all(state.done for state in uow.work.all() if state.kind is Kind.ANNOUNCE)


def test_where_everything_rests_nothing_is_said_and_what_waited_goes_on_after_waking(
    school, circle, ana
) -> None:
    school.board.trouble[POST] = [Unavailable(say("Away."), retry_after=600)]
    tell(school, circle, ana, "Before")
    school.jobs.run_until_idle()
    with school.services.begin() as uow:
        lifecycle.conclude(uow, circle, ana, school.clock.now())
        uow.commit()
    assert the_post(school, circle, ana).state is PostState.SILENT
    with pytest.raises(DomainError, match="rests"):
        tell(school, circle, ana, "Meanwhile", key="form-2")
    with school.services.begin() as uow:
        lifecycle.reopen(uow, uow.communities.get(circle.id), ana, school.clock.now())
        uow.commit()
    school.work()
    assert [note.title for note in notes(school)] == ["Before"]


def test_it_stands_in_the_history_without_its_text(school, circle, ana) -> None:
    tell(school, circle, ana, "Wednesday", "A secret of ours.")
    with school.services.begin() as uow:
        newest = uow.records.history(circle.id)[0]
    assert (newest.actor, str(newest.message)) == (ana.id, "said to everybody: “Wednesday”")


def test_the_day_round_asks_for_nothing_where_everything_is_said(school, circle, ana) -> None:
    tell(school, circle, ana)
    school.work()
    with school.services.begin() as uow:
        marks.everything(uow, circle.id)
        uow.commit()
        assert all(state.done for state in uow.work.all() if state.kind is Kind.ANNOUNCE)
