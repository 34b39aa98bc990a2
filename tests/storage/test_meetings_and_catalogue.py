from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from coplink.core.artifacts import Artifact, ArtifactId, Version
from coplink.core.people import CommunityId
from coplink.core.rhythm import Break, Dates, MonthlyDay, MonthlyWeekday, Rhythm, Weekly, expand
from coplink.core.spaces import SpaceId
from coplink.core.words import say
from coplink.ports.calendar import SeriesLink
from coplink.ports.records import Happening, Notice, Report
from coplink.storage.mapping import to_rhythm
from coplink.storage.tables import VersionRow

FIRST, LAST = date(2026, 9, 3), date(2027, 6, 30)


def rhythm(pattern=None, **changes):
    return replace(
        Rhythm("America/New_York", time(15, 30), 60, FIRST, LAST, pattern or Weekly(2, (3,))), **changes
    )


@pytest.mark.parametrize(
    "pattern",
    [
        Weekly(2, (0, 3)),
        MonthlyWeekday(1, -1, 2),
        MonthlyDay(3, 28),
        Dates((date(2026, 9, 3), date(2026, 10, 8))),
    ],
    ids=lambda pattern: type(pattern).__name__,
)
def test_a_rhythm_comes_back_with_the_same_meetings(keep, world, pattern):
    kept = rhythm(
        pattern,
        breaks=(Break(date(2026, 12, 21), date(2027, 1, 3), "winter break"),),
        moves={FIRST: datetime.combine(date(2026, 9, 4), time(16, 0))},
        called_off=frozenset({date(2026, 10, 1)}),
    )
    with keep() as uow:
        assert uow.meetings.rhythm(world.community.id) is None
        uow.meetings.put(world.community.id, kept)
        found = uow.meetings.rhythm(world.community.id)
    assert found == kept
    assert expand(found) == expand(kept)


def test_the_newest_version_counts_whatever_the_order(keep, world):
    with keep() as uow:
        for version in (1, 3, 2):
            uow.meetings.put(world.community.id, rhythm(minutes=30 * version, version=version))
        assert uow.meetings.rhythm(world.community.id) == rhythm(minutes=90, version=3)


def test_an_unknown_pattern_is_an_error_and_no_guess():
    with pytest.raises(ValueError, match="pattern"):
        to_rhythm(
            {
                "zone": "UTC",
                "start": "15:00:00",
                "minutes": 60,
                "first": "2026-09-03",
                "last": "2026-09-03",
                "pattern": {"yearly": 1},
            }
        )


def test_where_a_series_stands(keep, world):
    link = SeriesLink({"series": "ev-1"}, {"series": "etag-1"}, "digest", found=1)
    with keep() as uow:
        assert uow.meetings.link(world.space.id, 1) is None
        uow.meetings.put_link(world.space.id, 1, SeriesLink({}))
        uow.meetings.put_link(world.space.id, 1, link)
        uow.meetings.put_link(world.space.id, 2, SeriesLink({"2026-09-03": "ev-2"}))
        assert uow.meetings.link(world.space.id, 1) == link
        uow.meetings.put_link(world.space.id, 1, None)
        assert uow.meetings.link(world.space.id, 1) is None
        assert uow.meetings.link(world.space.id, 2) == SeriesLink({"2026-09-03": "ev-2"})


def test_moves_seen_are_offered_until_they_are_dropped(keep, world):
    other = replace(world.space, id=SpaceId("s2"))
    moved = world.now + timedelta(days=2)
    with keep() as uow:
        uow.spaces.put(other)
        uow.meetings.place_offer(world.community.id, world.space.id, "2026-09-17", moved)
        uow.meetings.place_offer(world.community.id, world.space.id, "2026-09-03", moved)
        uow.meetings.place_offer(world.community.id, world.space.id, "2026-09-03", None)
        uow.meetings.place_offer(world.community.id, other.id, "2026-09-03", moved)
        assert uow.meetings.offers(world.community.id) == [
            (world.space.id, "2026-09-03", None),
            (other.id, "2026-09-03", moved),
            (world.space.id, "2026-09-17", moved),
        ]
        uow.meetings.drop_offers(world.community.id, world.space.id)
        assert uow.meetings.offers(world.community.id) == [(other.id, "2026-09-03", moved)]


def artifact(world, name="f1", days=0, **changes):
    when = world.now + timedelta(days=days)
    made = Artifact(
        ArtifactId(name),
        world.community.id,
        world.space.id,
        f"remote-{name}",
        f"Plan {name}",
        "https://file",
        world.now,
        when,
        "v1",
        world.ada.id,
        "Ada",
        "text/plain",
    )
    return replace(made, **changes)


def test_the_catalogue_shows_the_newest_first_and_not_what_is_withdrawn(keep, world):
    old, new = artifact(world, "f1"), artifact(world, "f2", 2, author=None, author_name="someone")
    gone = artifact(world, "f3", 1, withdrawn_at=world.now)
    with keep() as uow:
        for one in (old, new, gone):
            uow.catalogue.put(one, None)
        assert uow.catalogue.of(world.community.id) == [new, old]
        assert uow.catalogue.of(world.community.id, limit=1) == [new]
        assert uow.catalogue.remotes(world.space.id) == [old, new, gone]
        assert uow.catalogue.by_remote(world.space.id, ["remote-f3", "remote-f9"]) == {"remote-f3": gone}
        assert uow.catalogue.by_remote(SpaceId("s9"), ["remote-f1"]) == {}


def test_every_version_is_kept_once(engine, keep, world):
    with keep() as uow:
        for version in ("v1", "v2", "v2"):
            known = artifact(world, version=version)
            uow.catalogue.put(known, Version(known.id, version, known.title, known.changed_at))
        assert uow.catalogue.by_remote(world.space.id, ["remote-f1"])["remote-f1"].version == "v2"
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(VersionRow)) == 2


def test_artifacts_and_cursor_share_one_fate(storage, keep, world):
    with keep() as uow:
        assert uow.catalogue.cursor(world.space.id) is None
        uow.catalogue.put_cursor(world.space.id, "page-1")
    with storage.begin() as uow:
        uow.catalogue.put(artifact(world), None)
        uow.catalogue.put_cursor(world.space.id, "page-2")
    with keep() as uow:
        assert uow.catalogue.cursor(world.space.id) == "page-1"
        assert uow.catalogue.of(world.community.id) == []
        uow.catalogue.put_cursor(world.space.id, None)
        assert uow.catalogue.cursor(world.space.id) is None


def test_reports_newest_first_and_of_a_kind(keep, world):
    def report(n, kind="reconcile"):
        return Report(kind, "s1", world.community.id, world.now, {"put": n}, (say("{n} seats.", n=n),))

    with keep() as uow:
        for one in (report(1), report(2, "collect"), report(3)):
            uow.records.report(one)
        assert uow.records.reports(world.community.id) == [report(3), report(2, "collect"), report(1)]
        assert uow.records.reports(world.community.id, "reconcile", limit=1) == [report(3)]
        assert uow.records.reports(world.community.id, "provision") == []


def test_when_each_target_had_its_last_report_of_a_kind(keep, world):
    other = replace(world.community, id=CommunityId("k2"))
    with keep() as uow:
        uow.communities.put(other)
        for kind, target, community, hours in (
            ("collect", "s1", world.community.id, 1),
            ("collect", "s1", world.community.id, 3),
            ("collect", "s1", world.community.id, 2),
            ("collect", "s2", world.community.id, 1),
            ("collect", "s3", other.id, 5),
            ("full", "s1", world.community.id, 9),
        ):
            uow.records.report(Report(kind, target, community, world.now + timedelta(hours=hours), {}))
    with keep() as uow:
        found = uow.records.latest("collect")
        assert {target: (at - world.now) / timedelta(hours=1) for target, at in found.items()} == {
            "s1": 3,
            "s2": 1,
            "s3": 5,
        }
        assert {at.tzinfo for at in found.values()} == {UTC}
        assert uow.records.latest("provision") == {}


def test_only_the_newest_reports_of_a_kind_are_kept(engine, keep, world):
    with keep() as uow:
        uow.records.report(Report("full", "k1", world.community.id, world.now, {"n": -1}))
        for n in range(210):
            uow.records.report(Report("collect", "s1", world.community.id, world.now, {"n": n}))
        kept = uow.records.reports(world.community.id, limit=1000)
    assert [report.counts["n"] for report in kept] == [*range(209, 9, -1), -1]


def notice(world, key, community="k1", code="stuck", institution=None, **changes):
    made = Notice(
        key,
        institution or world.north.id,
        community,
        "s1",
        code,
        say("Allow {what}.", what=key),
        "admin",
        world.now,
    )
    return replace(made, **changes)


def test_one_open_notice_per_community_subject_and_code(keep, world):
    first, again, other = notice(world, "n1"), notice(world, "n2"), notice(world, "n3", code="reauthorize")
    with keep() as uow:
        for one in (first, again, other):
            uow.records.raise_notice(one)
        assert uow.records.notices(community=world.community.id) == [again, other]
        assert uow.records.notices(institution=world.north.id) == [again, other]
        assert uow.records.notices(institution=world.south.id) == []
        assert uow.records.notices() == [again, other]
        uow.records.clear_notices(world.community.id, "s2")
        assert len(uow.records.notices()) == 2
        uow.records.clear_notices(world.community.id, "s1")
        assert uow.records.notices() == []


def test_notices_outside_a_community_stay_within_their_institution(keep, world):
    north = notice(world, "n1", community=None)
    south = notice(world, "n2", community=None, institution=world.south.id)
    inside = notice(world, "n3")
    with keep() as uow:
        for one in (north, south, inside):
            uow.records.raise_notice(one)
        uow.records.raise_notice(replace(north, id="n4"))
        assert uow.records.notices(institution=world.south.id) == [south]
        assert [n.id for n in uow.records.notices(institution=world.north.id)] == ["n3", "n4"]
        uow.records.clear_notices(None, "s1")
        assert uow.records.notices() == [inside]


def test_the_history_is_told_newest_first(keep, world):
    def happening(n, actor="ada"):
        said = say("{name} joined.", name=f"P{n}")
        return Happening(world.community.id, world.north.id, world.now, actor, said)

    with keep() as uow:
        for n in range(3):
            uow.records.say(happening(n, actor="" if n == 1 else "ada"))
        assert uow.records.history(world.community.id) == [happening(2), happening(1, ""), happening(0)]
        assert uow.records.history(world.community.id, limit=1) == [happening(2)]
