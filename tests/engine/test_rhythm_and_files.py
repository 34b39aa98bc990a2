"""Meetings appear once per calendar with each member invited at home; files appear once in the catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from coplink.core.artifacts import FileFact
from coplink.core.people import AccountId
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, invitations, join, reading
from coplink.engine.sweep import due_by_time, sweep
from coplink.ports.errors import CursorExpired, OutcomeUnknown, Throttled

MADE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def again(school, community, kind):
    school.mark(community, kind)
    school.work()


def file(number: int, **more: object) -> FileFact:
    fact = FileFact(
        f"f{number}",
        f"Paper {number}",
        f"https://pinboard.example/f{number}",
        MADE,
        MADE,
        "1",
        AccountId("1"),
    )
    return replace(fact, **more)


def test_the_rhythm_is_on_the_calendar_without_the_break_and_with_the_members(school, ana) -> None:
    community = school.found(ana)
    school.work()
    ((starts, attendees),) = school.board.series.values()
    days = [start.astimezone(UTC).date() for start in starts]
    assert date(2026, 12, 17) in days
    assert not any(date(2026, 12, 21) < day < date(2027, 1, 2) for day in days)
    assert attendees == ("1@school.example",)
    again(school, community, Kind.PLACE_MEETINGS)
    assert len(school.board.series) == 1


def test_each_member_is_invited_in_their_own_institution_only(school, ana) -> None:
    community = school.found(ana, places=2)
    now = school.clock.now()
    with school.services.begin() as uow:
        admin = connect.admin_of(uow, connect.invite_admin(uow, school.there, "Jo", now).token, now)
        connect.agree(uow, admin, community.id, now)
        link = invitations.create(uow, community, ana, school.there.id, now)
        uow.commit()
    luis = school.arrive("luis", account="50", institution=school.there, course=False).person
    with school.services.begin() as uow:
        join.accept(uow, school.services.sealer, community, luis, now, link)
        uow.commit()
    school.work()
    invited = {room: [a for _, a in board.series.values()] for room, board in school.boards.items()}
    assert invited == {"here": [("1@school.example",)], "there": [("50@school.example",)]}


def test_a_series_whose_answer_was_lost_is_found_again(school, ana) -> None:
    school.board.trouble["calendar.put"] = [OutcomeUnknown("lost")]
    community = school.found(ana)
    school.work()
    assert len(school.board.series) == 1
    with school.services.begin() as uow:
        assert uow.journal.found(community.id) == 1


def test_a_meeting_moved_over_there_is_offered_and_not_undone(school, ana) -> None:
    community = school.found(ana)
    school.work()
    ((key, (starts, attendees)),) = school.board.series.items()
    moved = starts[0] + timedelta(hours=2)
    school.board.series[key] = ((*starts[1:], moved), attendees)
    again(school, community, Kind.PLACE_MEETINGS)
    with school.services.begin() as uow:
        page = reading.meetings(uow, ana, community.id, school.services.manifests, school.clock.now())
    assert page.offers == (("Pin Board", "2026-12-02", moved),)
    assert moved in school.board.series[key][0]


def test_a_meeting_place_the_platform_could_not_make_is_a_facilitators_to_know_until_it_is_there(
    school, ana
) -> None:
    community = school.found(ana)
    school.board.no_room = say("The room is locked.")
    school.work()
    again(school, community, Kind.PLACE_MEETINGS)

    def notices():
        with school.services.begin() as uow:
            return [(one.code, str(one.message), one.who) for one in uow.records.notices(community.id)]

    assert notices() == [("meetings_incomplete", "The room is locked.", "facilitator")]
    school.board.no_room = None
    again(school, community, Kind.PLACE_MEETINGS)
    assert notices() == []


def test_files_appear_once_with_their_author_and_new_ones_are_found_from_where_reading_stopped(
    school, ana
) -> None:
    school.board.files = [file(1), file(2), file(3, author=AccountId("stranger"), author_name="Guest G.")]
    community = school.found(ana)
    school.work()
    with school.services.begin() as uow:
        _, lines = reading.library(uow, ana, community.id, school.services.manifests)
    assert {line.artifact.title: line.author for line in lines} == {
        "Paper 1": "Ana",
        "Paper 2": "Ana",
        "Paper 3": "Guest G.",
    }
    school.board.calls.clear()
    school.board.files.append(file(4))
    again(school, community, Kind.COLLECT)
    with school.services.begin() as uow:
        _, lines = reading.library(uow, ana, community.id, school.services.manifests)
    assert len(lines) == 4
    assert school.board.calls.count("library.changes") == 1


def test_a_crash_between_pages_repeats_a_page_and_skips_none(school, ana) -> None:
    school.board.files = [file(n) for n in range(1, 6)]
    community = school.found(ana)
    school.work()
    school.board.files += [file(n) for n in range(6, 12)]
    real, seen = school.board.call, []

    def stumbling(name: str, write: bool = False) -> None:
        seen.append(name)
        if seen.count("library.changes") == 2 and name == "library.changes":
            raise Throttled(say("Slow down."), retry_after=1)
        real(name, write)

    school.board.call = stumbling
    again(school, community, Kind.COLLECT)
    with school.services.begin() as uow:
        _, lines = reading.library(uow, ana, community.id, school.services.manifests)
        _, told = reading.history(uow, ana, community.id)
    assert len(lines) == 11
    assert sum("to the library" in str(line.happening.message) for line in told) == 11


def test_a_forgotten_place_lists_everything_anew_and_withdraws_what_is_gone(school, ana) -> None:
    school.board.files = [file(1), file(2), file(3)]
    community = school.found(ana)
    school.work()
    school.board.files = [file(1), file(3)]
    school.board.trouble["library.changes"] = [CursorExpired(say("Forgotten."))]
    again(school, community, Kind.COLLECT)
    with school.services.begin() as uow:
        _, lines = reading.library(uow, ana, community.id, school.services.manifests)
        space = uow.spaces.of(community.id)[0]
        kept = uow.catalogue.remotes(space.id)
    assert sorted(line.artifact.remote for line in lines) == ["f1", "f3"]
    assert len(kept) == 3


def test_work_whose_job_was_lost_is_found_by_the_sweep(school, ana) -> None:
    class Deaf:
        def enqueue(self, job: object) -> None:
            pass

    school.services.jobs, jobs = Deaf(), school.services.jobs
    community = school.found(ana)
    school.work()
    assert school.board.boards == {}
    school.services.jobs = jobs
    assert sweep(school.services.begin, jobs, school.clock.now()) > 0
    school.work()
    assert len(school.board.boards) == 2
    assert school.spaces(community)[0].link


def test_time_alone_makes_everything_due_once_a_day(school, ana) -> None:
    community = school.found(ana)
    school.work()
    every, day = timedelta(minutes=15), timedelta(hours=24)
    due_by_time(school.services.begin, school.clock.now(), every, day)
    school.work()
    school.board.calls.clear()
    school.clock.pass_by(minutes=1)
    assert due_by_time(school.services.begin, school.clock.now(), every, day) == 0
    school.clock.pass_by(hours=25)
    assert due_by_time(school.services.begin, school.clock.now(), every, day) > 0
    school.work()
    assert {"seats.read", "calendar.put", "library.changes"} <= set(school.board.calls)
    assert school.spaces(community)
