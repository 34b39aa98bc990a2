"""How values become words on a page: sentences in the reader's language, times in the reader's zone."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from flask import Flask
from flask_babel import get_locale, gettext

from coplink.core.errors import DomainError
from coplink.core.people import Level, Role
from coplink.core.rhythm import Dates, MonthlyDay, MonthlyWeekday, Rhythm, Weekly, zone_of
from coplink.core.spaces import SpaceState
from coplink.core.words import Said
from coplink.engine.picked import Kind, Picked


def said(sentence: Said | str) -> str:
    """A sentence in the reader's language, its values filled in."""
    if isinstance(sentence, str):
        return sentence
    values = {name: _date_in(value) if name == "day" else value for name, value in sentence.values.items()}
    return str(Said(str(gettext(sentence.text)), values))


def _date_in(value: str) -> str:
    """A date in words, where a sentence keeps one as ``2026-12-02``."""
    try:
        return day(date.fromisoformat(value))
    except ValueError:
        return value


def usable_zone(*names: str | None) -> str:
    """The first of these that is a known time zone, else UTC."""
    for name in names:
        try:
            if name:
                return str(zone_of(name).key)
        except DomainError:
            continue
    return "UTC"


def moment(when: datetime, zone: str, pattern: str = "EEE d MMM, HH:mm") -> str:
    """An instant as a wall time: “Wed 2 Dec, 16:00”."""
    return format_datetime(when.astimezone(ZoneInfo(zone)), pattern, locale=_locale())


def day(when: datetime | date, zone: str = "UTC") -> str:
    """A date in words: “2 December 2026”."""
    if isinstance(when, datetime):
        when = when.astimezone(ZoneInfo(zone)).date()
    return format_date(when, "d MMMM y", locale=_locale())


def ago(age: timedelta) -> str:
    """How long ago, in words: “5 minutes ago”."""
    return format_timedelta(-max(age, timedelta(seconds=1)), add_direction=True, locale=_locale())


def city(zone: str) -> str:
    """What people call a zone: its city."""
    return zone.rpartition("/")[2].replace("_", " ")


def clock(at: time) -> str:
    """A wall time in words: “16:00”."""
    return format_time(at, "HH:mm", locale=_locale())


def weekday(number: int) -> str:
    """The name of a weekday; 0 is Monday."""
    return format_date(date(2024, 1, 1 + number), "EEEE", locale=_locale())


def pattern_in_words(rhythm: Rhythm) -> str:
    """How often: “every 2 weeks on Wednesday”."""
    match rhythm.pattern:
        case Weekly(every, days):
            names = ", ".join(weekday(number) for number in sorted(set(days)))
            if every == 1:
                return str(gettext("every week on %(days)s", days=names))
            return str(gettext("every %(count)s weeks on %(days)s", count=every, days=names))
        case MonthlyWeekday(every, nth, number):
            words = {
                1: gettext("first"),
                2: gettext("second"),
                3: gettext("third"),
                4: gettext("fourth"),
                -1: gettext("last"),
            }
            which = f"{words[nth]} {weekday(number)}"
            if every == 1:
                return str(gettext("on the %(which)s of every month", which=which))
            return str(gettext("on the %(which)s, every %(count)s months", which=which, count=every))
        case MonthlyDay(every, number):
            if every == 1:
                return str(gettext("on day %(day)s of every month", day=number))
            return str(gettext("on day %(day)s, every %(count)s months", day=number, count=every))
        case Dates(dates):
            return str(gettext("on %(count)s chosen days", count=len(dates)))


def role_name(role: Role) -> str:
    """What a role is called."""
    names = {
        Role.FACILITATOR: gettext("facilitator"),
        Role.CO_FACILITATOR: gettext("co-facilitator"),
        Role.STEWARD: gettext("steward"),
        Role.MEMBER: gettext("member"),
        Role.LISTENING_IN: gettext("listening in"),
        Role.GUEST: gettext("guest"),
    }
    return str(names[role])


def level_name(level: Level) -> str:
    """How far somebody goes along, in a word or two."""
    names = {
        Level.LEADS: gettext("leads"),
        Level.TAKES_PART: gettext("takes part"),
        Level.FOLLOWS: gettext("follows"),
    }
    return str(names[level])


def title_of(one: Picked) -> str:
    """What a thing is called in a course."""
    if one.kind is Kind.MEETING:
        return str(gettext("Next meeting: %(community)s", community=one.community.name))
    return one.name or one.community.name


def text_of(one: Picked) -> str:
    """What a thing is, in a sentence for a course; a meeting by its wall time and zone, which does not grow old."""
    name = one.community.name
    if one.kind is Kind.MEETING and one.rhythm is not None:
        rhythm = one.rhythm
        at = f"{clock(rhythm.start)} ({city(rhythm.zone)})"
        return str(gettext("Meets %(how_often)s, %(at)s", how_often=pattern_in_words(rhythm), at=at))
    if one.kind is Kind.FILE:
        return str(gettext("From the library of “%(community)s”", community=name))
    return one.why or str(gettext("Chosen from the library of “%(community)s”", community=name))


def state_name(state: SpaceState) -> str:
    """How far a place is, in a word or two."""
    names = {
        SpaceState.WAITING: gettext("waiting"),
        SpaceState.MAKING: gettext("being made"),
        SpaceState.STUCK: gettext("needs someone"),
        SpaceState.READY: gettext("ready"),
        SpaceState.REFUSED: gettext("not taking part"),
        SpaceState.ARCHIVED: gettext("at rest"),
        SpaceState.DETACHED: gettext("let go"),
    }
    return str(names[state])


def media_name(media_type: str) -> str:
    """What sort of file it is, in a word; empty where that says nothing."""
    for sign, name in (
        ("wordprocessing", gettext("document")),
        ("msword", gettext("document")),
        ("apps.document", gettext("document")),
        ("spreadsheet", gettext("spreadsheet")),
        ("excel", gettext("spreadsheet")),
        ("presentation", gettext("slides")),
        ("powerpoint", gettext("slides")),
        ("apps.form", gettext("form")),
        ("pdf", "PDF"),
        ("image/", gettext("picture")),
        ("video/", gettext("video")),
        ("audio/", gettext("recording")),
        ("text/", gettext("text")),
    ):
        if sign in media_type:
            return str(name)
    return ""


def words_for(app: Flask) -> None:
    """Give these to every template as filters."""
    filters: dict[str, Callable[..., object]] = {
        "said": said,
        "moment": moment,
        "day": day,
        "ago": ago,
        "city": city,
        "clock": clock,
        "weekday": weekday,
        "pattern_in_words": pattern_in_words,
        "role_name": role_name,
        "level_name": level_name,
        "state_name": state_name,
        "media_name": media_name,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals["weekdays"] = range(len(calendar.day_name))


def _locale() -> str:
    return str(get_locale() or "en")
