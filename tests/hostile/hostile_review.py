"""The reviewed table as a page: ``docs/hostile-launches.md`` says what is done, what becomes of it, where it is seen.

Run as a program it writes the page anew; ``test_review`` holds page and table together.
"""

from __future__ import annotations

import re
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

This page is written from the table in `tests/hostile/` by `tests/hostile/hostile_review.py`, and a test holds the two
together.
"""


def number_of(case: Case) -> int:
    """The row's number; 0 for further cases, whose numbers begin with a letter."""
    return int(case.number) if case.number.isdigit() else 0


def lines(cases: list[Case]) -> list[str]:
    head = ["| no. | what is done | outcome | status | what people read, what is done | seen in |"]
    head.append("|---|---|---|---|---|---|")
    return head + [line(case) for case in cases]


def line(case: Case) -> str:
    words = f"“… {case.says.value} …”" if case.says is not Says.NOTHING else ""
    told = "; ".join(text for text in (words, case.how, left(case)) if text)
    status = str(case.status) if case.status else "–"
    cells = (case.number, case.what, f"**{case.outcome}**", status, told, f"`{seen(case)}`")
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"


def left(case: Case) -> str:
    if case.outcome is not Outcome.REFUSED or not case.leaves:
        return ""
    return "leaves in the database: " + ", ".join(f"{rows} in {name}" for name, rows in case.leaves.items())


def seen(case: Case) -> str:
    return (case.seen or f"tests/hostile/{WHERE[case.key]}.py").partition("::")[0]


def page() -> str:
    """The whole page."""
    text = [HEAD]
    for title, first, last in SECTIONS:
        chosen = sorted((case for case in CASES if first <= number_of(case) <= last), key=number_of)
        text += [f"## {title}", "", *lines(chosen), ""]
    for title, letter in FURTHER:
        chosen = [case for case in CASES if case.number.startswith(letter)]
        text += [f"## {title}", "", *lines(sorted(chosen, key=_further)), ""]
    return "\n".join(text)


def _further(case: Case) -> int:
    return int(re.sub(r"\D", "", case.number))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
