"""What is said to everybody is one notice in the feed of everybody in the channel or team, and one only."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from coplink.core.announcing import TEXT_LENGTH, TITLE_LENGTH, Announcement
from coplink.ports.errors import Gone, OutcomeUnknown, PermissionMissing, PolicyForbids
from coplink.sandbox.weather import Rule
from coplink_teams import ADMIN, MODES, integration
from coplink_teams.announcements import ACTIVITY

NOTE = Announcement("Wednesday", "Bring a text.\n\n" + "word " * 100, "https://c.example/c/1", "Ana Ruiz")


@pytest.fixture
def parts(rig, wish):
    """A channel with its tab."""
    made = {}
    for step in rig.connect().spaces.steps(wish):
        made[step] = rig.connect().spaces.ensure(step, wish, made, "key").remote
    return made


def feed(rig, parts):
    return rig.wire.activity.seen_in(rig.wire.district.host_team, parts["channel"].partition("/")[2])


def test_the_notice_names_who_says_what_and_leads_to_the_tab(rig, parts):
    before = len(rig.wire.calls)
    link = rig.connect().announcements.post(parts, NOTE, "key")
    (seen,) = feed(rig, parts)
    assert seen["words"] == {"by": "Ana Ruiz", "title": "Wednesday"}
    assert seen["preview"].startswith("Bring a text. word word")
    assert seen["preview"].endswith("…")
    assert len(seen["preview"]) <= 150
    assert seen["topic"].endswith(f"/tabs/{parts['tab']}")
    assert len(rig.wire.calls) == before + 1, "one call, however many people"
    assert 0 < int(link.remote) < 2**63


def test_without_a_tab_it_leads_to_the_channel(rig, parts):
    rig.connect().announcements.post({**parts, "tab": "-"}, NOTE, "key")
    assert feed(rig, parts)[0]["topic"].endswith(f"/channels/{parts['channel'].partition('/')[2]}")


def test_an_answer_that_was_lost_leaves_one_notice(rig, parts):
    rig.wire.weather.add(Rule("POST .*sendActivityNotification", "lose"))
    announcements = rig.connect().announcements
    with pytest.raises(OutcomeUnknown):
        announcements.post(parts, NOTE, "key")
    announcements.post(parts, NOTE, "key")
    assert len(feed(rig, parts)) == 1


def test_a_team_with_an_earlier_app_says_what_to_do(rig, parts):
    rig.wire.activity.old_app = True
    with pytest.raises(PolicyForbids, match="new package") as refused:
        rig.connect().announcements.post(parts, NOTE, "key")
    assert refused.value.who == ADMIN
    assert feed(rig, parts) == []


def test_without_the_permission_it_is_missing_and_without_the_channel_it_is_gone(rig, parts):
    granted = [name for name in rig.wire.granted() if not name.startswith("TeamsActivity")]
    rig.wire.store.put("teams.consent", "riverbend", {"granted": granted})
    with pytest.raises(PermissionMissing):
        rig.connect().announcements.post(parts, NOTE, "key")
    rig.wire.store.drop("teams.consent", "riverbend")
    rig.wire.channels.delete(parts["channel"].partition("/")[2])
    with pytest.raises(Gone, match="place in Teams"):
        rig.connect().announcements.post(parts, NOTE, "key")


def test_the_package_declares_the_notice_with_the_gaps_that_are_filled():
    text = (files("coplink_teams") / "install" / "manifest.json").read_text()
    for mode in MODES:
        gaps = integration.gaps({"mode": mode})
        assert '"TeamsActivity.Send.Group"' in gaps["resource_specific"]
        app = json.loads(text.replace("{{resource_specific}}", gaps["resource_specific"]))
        (activity,) = app["activities"]["activityTypes"]
        assert (activity["type"], activity["templateText"]) == (ACTIVITY, "{by}: {title}")


def test_the_longest_words_fit(rig, parts):
    note = Announcement("t" * TITLE_LENGTH, "w" * TEXT_LENGTH, NOTE.link, "n" * 500)
    rig.connect().announcements.post(parts, note, "key")
    (seen,) = feed(rig, parts)
    assert [len(seen["words"][name]) for name in ("by", "title")] == [100, TITLE_LENGTH]
    assert len(seen["preview"]) == 150
