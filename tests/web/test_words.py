"""Everything a page says can be translated: sentences in templates, and sentences marked in code."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import coplink
from coplink.core.rhythm import Dates, MonthlyDay, MonthlyWeekday, Rhythm, Weekly
from coplink.core.words import say
from coplink.web import shown

SOURCE = Path(coplink.__file__).parent
TEMPLATES = SOURCE / "web/templates"


def test_sentences_of_templates_and_of_code_are_found_for_the_catalogue():
    config = (SOURCE / "web/translations/babel.cfg").read_text()
    mapping = re.findall(r"^\[(\w+): (\S+)\]$", config, re.MULTILINE)
    found = extract_from_dir(
        SOURCE,
        method_map=[(pattern, method) for method, pattern in mapping],
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "say": None},
    )
    sentences = {message if isinstance(message, str) else message[0] for _, _, message, *_ in found}
    assert "What will be made" in sentences
    assert "Give the community a name." in sentences
    assert "%(num)s person belongs" in sentences
    assert len(sentences) > 250


def test_no_words_of_a_template_escape_translation():
    code = r"\{% block (here|root) %\}.*?\{% endblock %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>"
    escaped = []
    for path in TEMPLATES.glob("*.html"):
        text = re.sub(code, " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        words = set(re.findall(r"[A-Za-z]{3,}", text)) - {"coplink"}
        escaped += [f"{path.name}: {words}"] if words else []
    assert not escaped


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (Weekly(1, (0, 3)), "every week on Monday, Thursday"),
        (Weekly(2, (2,)), "every 2 weeks on Wednesday"),
        (MonthlyWeekday(1, -1, 4), "on the last Friday of every month"),
        (MonthlyWeekday(3, 2, 1), "on the second Tuesday, every 3 months"),
        (MonthlyDay(1, 15), "on day 15 of every month"),
        (MonthlyDay(2, 1), "on day 1, every 2 months"),
        (Dates((date(2026, 12, 2), date(2026, 12, 9))), "on 2 chosen days"),
    ],
)
def test_a_rhythm_in_words(site, pattern, words):
    rhythm = Rhythm("Europe/Berlin", time(16), 45, date(2026, 12, 2), date(2027, 6, 1), pattern)
    with site.app.test_request_context():
        assert shown.pattern_in_words(rhythm) == words


def test_times_in_words_for_the_reader(site):
    meeting = datetime(2026, 12, 3, 0, 0, tzinfo=UTC)
    with site.app.test_request_context():
        assert shown.moment(meeting, "America/Los_Angeles") == "Wed 2 Dec, 16:00"
        assert shown.moment(meeting, "Asia/Tokyo") == "Thu 3 Dec, 09:00"
        assert shown.day(meeting, "America/Los_Angeles") == "2 December 2026"
        assert shown.city("America/Los_Angeles") == "Los Angeles"
        assert shown.usable_zone("Not/AZone", None, "Europe/Berlin") == "Europe/Berlin"
        assert shown.usable_zone("../../etc/passwd") == "UTC"
        assert shown.said(say("“{name}” waits.", name="{x} %s <b>")) == "“{x} %s <b>” waits."
