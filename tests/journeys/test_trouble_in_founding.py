"""Founding with every kind of bad answer: the form again with all answers and one clear sentence; nothing is made."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

LONG_AGO, FAR = "2026-01-01", "2029-12-31"
TOMORROW = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011  a day on the founder's wall calendar
CALENDAR = "BEGIN:VCALENDAR\nVERSION:2.0\n" + "X-NONSENSE\n" * 50

BAD = {
    "no name": ({"name": "   "}, "Give the community a name"),
    "a long name": ({"name": "n" * 81}, "Keep the name under 80"),
    "a name of control characters": ({"name": "\x00\x07\u200b"}, "Give the community a name"),
    "no subject": ({"about": ""}, "about"),
    "a long subject": ({"about": "a" * 3000}, "Keep what it is about under"),
    "nobody": ({"audience": ""}, "who the community is for"),
    "a long audience": ({"audience": "a" * 3000}, "too long"),
    "a megabyte": ({"about": "a" * 1_000_000}, ""),
    "no first day": ({"first": ""}, "on which day the meetings begin"),
    "a day that is none": ({"first": "2026-02-31"}, "on which day the meetings begin"),
    "the last before the first": ({"first": TOMORROW, "last": LONG_AGO}, "lies before the first"),
    "too far ahead": ({"first": TOMORROW, "last": FAR}, "at most 18 months"),
    "the year 9999": ({"last": "9999-12-31"}, "too far away"),
    "no meeting between": ({"first": TOMORROW, "last": TOMORROW, "days": []}, ""),
    "a time that is none": ({"at": "25:99"}, "at what time"),
    "a time in other digits": ({"at": "١٥:٣٠"}, "at what time"),
    "no minutes": ({"minutes": ""}, "how many minutes"),
    "a thousand minutes": ({"minutes": "9999"}, "between 5 minutes and a day"),
    "less than nothing": ({"minutes": "-60"}, "how many minutes"),
    "no zone": ({"zone": ""}, "time zone"),
    "an unknown zone": ({"zone": "Mars/Olympus"}, "zone"),
    "a zone that is a path": ({"zone": "../../etc/passwd"}, "zone"),
    "no pattern": ({"pattern": "when the moon is full"}, "how often"),
    "weeks that are none": ({"every_weeks": "0"}, "how many weeks"),
    "the eighth day": ({"days": ["8"]}, "weekday"),
    "a break that is nonsense": ({"breaks": "sometime in spring"}, "is not understood"),
    "a break on no day": ({"breaks": "2026-02-30 to 2026-03-01"}, "does not exist"),
    "a break that ends before it begins": (
        {"breaks": "2027-03-05 to 2027-03-01 Spring"},
        "ends before it begins",
    ),
    "a hundred and one breaks": ({"breaks": "\n".join(["2027-03-01"] * 101)}, "at most 100"),
    "one long break": ({"breaks": f"{LONG_AGO} to 2028-12-31 Sabbatical"}, "fall into a break"),
    "a calendar that is none": ({"breaks": CALENDAR}, ""),
    "no place": ({"places": []}, "Choose at least one place"),
    "a place that is none": ({"places": ["0" * 32]}, "cannot be chosen here"),
    "a tampered place": ({"places": ["' OR 1=1 --"]}, "cannot be chosen here"),
    "a damaged form": ({"key": "<script>"}, "This form is damaged"),
}


def count(scene: Any) -> int:
    return len(scene.inside.communities())


@pytest.mark.parametrize("answers", list(BAD))
def test_a_bad_answer_is_named_and_every_other_answer_is_kept(scene: Any, answers: str) -> None:
    given, said = BAD[answers]
    before = count(scene)
    for path in ("/found/preview", "/found"):
        page = scene.ask("ana.ruiz", path, scene.form(**given))
        assert page.status in (400, 413), page.text
        assert said in page.text
        if page.status == 400 and "key" not in given:
            assert (
                "audience",
                given.get("audience", "Teachers of all subjects")[:6000].strip(),
            ) in page.form("/found/preview").fields
    assert count(scene) == before


def test_a_place_in_another_institutions_course_cannot_be_chosen(scene: Any) -> None:
    with scene.inside.services.begin() as uow:
        other = uow.institutions.named("Lakeside School District")
        canvas = uow.institutions.connection_of(other.id, "canvas")
    page = scene.ask("ana.ruiz", "/found", scene.form(places=[canvas.id]))
    assert page.status == 400
    assert "cannot be chosen here" in page.text


def test_without_the_forms_secret_nothing_is_founded(scene: Any) -> None:
    before = count(scene)
    for csrf in ("", "x" * 43, "é"):
        page = scene.ask(
            "ana.ruiz", "/found", [(k, v) for k, v in scene.form() if k != "csrf"] + [("csrf", csrf)]
        )
        assert page.status == 403
        assert "too old, or it came from elsewhere" in page.text
    page = scene.ask("ana.ruiz", "/found", scene.form(), headers={"Origin": "https://evil.example"})
    assert page.status == 403
    assert count(scene) == before
    assert scene.logged(event="refused", detail="form secret")
    assert scene.logged(event="refused", detail="Origin")


def test_the_same_form_from_another_course_or_twice_is_one_founding(scene: Any) -> None:
    form = scene.form()
    pages = {scene.ask("ana.ruiz", "/found", form).url for _ in range(3)}
    assert len(pages) == 1


NAMES = (
    'Reading: what / how? #1 %{50} <b>~ "yes" *',
    "A community name that is certainly longer than the fifty characters of Teams",
    "con",
    "Café 👩‍🏫 日本語 \u202eabc",
)


@pytest.mark.long
def test_names_that_teams_would_not_take(scene: Any) -> None:
    previews = {name: scene.ask("ana.ruiz", "/found/preview", scene.form(name=name)).text for name in NAMES}
    communities = {name: scene.found(name=name) for name in NAMES}
    scene.inside.until_idle(150)
    channels = {c["marker"]: c["name"] for c in scene.demo.ask("teams", "state")["channels"]}
    for name, community in communities.items():
        scene.one_of_everything(community, series=False)  # calendars shorten and clean names as well
        made = channels[scene.inside.spaces(community)["teams"].marker]
        assert made in previews[name]
        assert 1 <= len(made) <= 50
        assert not set(made) & set("~#%&*{}/\\:<>?+|'\"")
        assert name.split()[0] in scene.page(community, "").text
    assert len({made.casefold() for made in channels.values()}) == len(channels)
