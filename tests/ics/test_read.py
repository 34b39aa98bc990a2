"""A district's calendar becomes breaks; everything else in it is left alone, and nonsense is a sentence."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplink.core.errors import DomainError
from coplink.core.rhythm import Break
from coplink.ics.read import breaks

FIRST, LAST = date(2026, 8, 1), date(2027, 7, 31)


def calendar(*entries):
    body = "".join(f"BEGIN:VEVENT\nUID:{n}\n{entry}\nEND:VEVENT\n" for n, entry in enumerate(entries))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:school\n{body}END:VCALENDAR\n".replace("\n", "\r\n")


def whole_days(start, end, summary, more=""):
    return f"DTSTART;VALUE=DATE:{start}\nDTEND;VALUE=DATE:{end}\nSUMMARY:{summary}{more}"


def test_the_last_day_of_a_break_is_the_day_before_the_entry_ends():
    text = calendar(whole_days("20261221", "20270102", "Winter Break"))
    assert breaks(text, FIRST, LAST) == (Break(date(2026, 12, 21), date(2027, 1, 1), "Winter Break"),)


def test_one_day_without_an_end_is_one_day():
    text = calendar("DTSTART;VALUE=DATE:20261111\nSUMMARY:Veterans Day - no school")
    assert breaks(text, FIRST, LAST) == (
        Break(date(2026, 11, 11), date(2026, 11, 11), "Veterans Day - no school"),
    )


@pytest.mark.parametrize(
    "entry",
    [
        whole_days("20260817", "20260818", "First day of school"),
        whole_days("20261221", "20270102", "Winter Break", "\nSTATUS:CANCELLED"),
        "DTSTART:20261111T160000Z\nDTEND:20261111T170000Z\nSUMMARY:Holiday concert",
        whole_days("20291221", "20300102", "Winter Break"),
        whole_days("20261009", "20261010", "Breakfast for families"),
    ],
)
def test_what_is_no_break_is_left_alone(entry):
    assert breaks(calendar(entry), FIRST, LAST) == ()


def test_days_of_one_name_in_a_row_are_one_break_and_repeating_ones_are_found():
    text = calendar(
        *(whole_days(f"202611{d}", f"202611{d + 1}", "Thanksgiving Break") for d in (25, 26, 27)),
        whole_days("20251225", "20251226", "Christmas", "\nRRULE:FREQ=YEARLY"),
        whole_days("20260831", "20260901", "Day off", "\nRRULE:FREQ=SECONDLY"),
    )
    assert breaks(text, FIRST, LAST) == (
        Break(date(2026, 8, 31), date(2026, 8, 31), "Day off"),
        Break(date(2026, 11, 25), date(2026, 11, 27), "Thanksgiving Break"),
        Break(date(2026, 12, 25), date(2026, 12, 25), "Christmas"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:nonsense",
        calendar("DTSTART;VALUE=DATE:99999999\nSUMMARY:Holiday"),
        calendar(whole_days("20261221", "20270102", "Break", "\nRRULE:FREQ=SOMETIMES")),
        calendar("SUMMARY:Holiday without a day"),
        "BEGIN:VCALENDAR" + "x" * 1_000_001,
        calendar(*(whole_days("20261221", "20261222", f"Holiday {n}") for n in range(101))),
    ],
)
def test_nonsense_ends_in_a_sentence_or_in_nothing(text):
    try:
        found = breaks(text, FIRST, LAST)
    except DomainError:
        return
    assert found == ()


@given(st.text(max_size=300), st.integers(0, 200))
def test_any_text_at_all_ends_in_a_sentence_or_in_breaks(noise, at):
    text = calendar(whole_days("20261221", "20270102", "Winter Break"))
    try:
        found = breaks(text[:at] + noise + text[at:], FIRST, LAST)
    except DomainError:
        return
    assert all(one.first <= one.last for one in found)
