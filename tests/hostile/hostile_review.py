"""The reviewed table as a page: ``docs/hostile-launches.md`` says what is done, what becomes of it, where it is seen.

Run as a program it writes the page anew; ``test_review`` holds page and table together.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hostile_case import Case, Outcome, Says
from hostile_rows import CASES, WHERE

PAGE = Path(__file__).parents[2] / "docs" / "hostile-launches.md"
SECTIONS = (
    ("Login initiation", 1, 11),
    ("State, nonce, replay", 12, 26),
    ("Form and signature of a token", 27, 41),
    ("Registered claims", 42, 59),
    ("LTI claims", 60, 79),
    ("Deep linking and other messages", 80, 87),
    ("Sessions, services, registration, notices", 88, 94),
)
FURTHER = (("Further headers and tokens", "S"), ("What must be let in", "A"))
HEAD = """# Hostile launches

What coplink does with every launch that must not be let in, every one that must, and everything around them that
somebody could try. Each line is seen in every run of the suite: coplink is served over HTTPS with the settings of
production, two schools share one issuer, and whoever knocks is a browser with cookies of its own.

The numbers 1 to 94 are those of the specification. *Refused* means more than its status: the page has a sentence and a
reference, the log has the detail under that reference, no session, person or other row is left but what the line names,
and neither page nor log holds a token, a secret, a name or an address. Every answer carries its security headers.

Sentences stand here by a short name; the words that people read are [at the end](#what-people-read). The page is
written from the table in `tests/hostile/` by `tests/hostile/hostile_review.py`, and a test holds the two together.
"""


def number_of(case: Case) -> int:
    """The row's number; 0 for further cases, whose numbers begin with a letter."""
    return int(case.number) if case.number.isdigit() else 0


def lines(cases: list[Case]) -> list[str]:
    """One line for what has the same number and ends in the same way."""
    together: dict[tuple[str, str], list[str]] = {}
    for case in cases:
        together.setdefault((case.number, end(case)), []).append(cell(case.what))
    found = [f"|{number}|{'; '.join(what)}|{ended}|" for (number, ended), what in together.items()]
    return ["|no.|what is done|outcome|what people read, what is done|", "|---|---|---|---|", *found]


def end(case: Case) -> str:
    """The outcome and what goes with it, as two cells."""
    status = f" {case.status}" if case.status else ""
    words = f"*{short(case.says)}*" if case.says is not Says.NOTHING else ""
    seen = f"seen in `{case.seen.partition('::')[0]}`" if case.seen else ""
    told = "; ".join(text for text in (words, case.how, left(case), seen) if text)
    return f"**{case.outcome}**{status}|{cell(told)}"


def short(says: Says) -> str:
    return says.name.lower().replace("_", " ")


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def left(case: Case) -> str:
    if case.outcome is not Outcome.REFUSED or not case.leaves:
        return ""
    return "leaves " + ", ".join(f"{rows} row in {name}" for name, rows in case.leaves.items())


def section(title: str, cases: list[Case]) -> list[str]:
    files = sorted({f"`tests/hostile/{WHERE[case.key]}.py`" for case in cases})
    return [f"## {title}", "", f"Seen in {', '.join(files)}.", "", *lines(cases), ""]


def page() -> str:
    """The whole page."""
    text = [HEAD]
    for title, first, last in SECTIONS:
        chosen = [case for case in CASES if first <= number_of(case) <= last]
        text += section(title, sorted(chosen, key=number_of))
    for title, letter in FURTHER:
        chosen = [case for case in CASES if case.number.startswith(letter)]
        text += section(title, sorted(chosen, key=lambda case: int(case.number[1:])))
    used = {case.says for case in CASES} - {Says.NOTHING}
    text += ["## What people read", "", "|short|words of the sentence|", "|---|---|"]
    text += [f"|*{short(says)}*|… {says.value} …|" for says in Says if says in used]
    text.append("")
    return "\n".join(text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
