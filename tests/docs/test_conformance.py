"""The conformance checklist holds: every row has a level and a proof that exists, every sum is the sum."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("conformance*.md"))
LEVELS = ("must", "should", "may")
HEAD = ("Id", "Requirement", "Level", "What coplink does", "Proof")
ID = re.compile(r"([A-Z]+)-(\d\d)")
PROOF = re.compile(r"`(tests/[\w/]+\.py)::((?:\w+::)?test_\w+)(?:\[[^\]]*\])?`")
REASON = re.compile(r"\bnot (offered|done): \w.{15,}")


@dataclass(frozen=True)
class Row:
    """One requirement, as a page states it."""

    page: str
    id: str
    requirement: str
    level: str
    does: str
    proof: str

    @property
    def prefix(self) -> str:
        return self.id.partition("-")[0]

    @property
    def proofs(self) -> list[tuple[str, str]]:
        return PROOF.findall(self.proof)


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|"))


def rows_of(page: str, text: str) -> Iterator[Row]:
    """The rows of every table with our head; a table with fewer or more cells in a line is an error."""
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
        elif cells(line) == HEAD:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            found = cells(line)
            assert len(found) == len(HEAD), line
            yield Row(page, *found)


def faults(row: Row) -> list[str]:
    """What is wrong with a row, in words."""
    said = []
    if not ID.fullmatch(row.id):
        said.append("an odd id")
    if row.level not in LEVELS:
        said.append("no level")
    if len(row.requirement) < 10 or not row.does:
        said.append("nothing said")
    if PROOF.sub("", row.proof).strip():
        said.append("a proof that is no test")
    reasons = REASON.search(row.does)
    if row.level == "must" and not row.proofs and not (reasons and reasons[1] == "offered"):
        said.append("a must without proof")
    if not row.proofs and not reasons:
        said.append("neither proof nor reason")
    said += [f"no test {path}::{name}" for path, name in row.proofs if name not in named_in(path)]
    if len(set(row.proofs)) != len(row.proofs):
        said.append("a proof twice")
    return said


@cache
def named_in(path: str) -> frozenset[str]:
    """The tests of a file, methods as ``Class::name``; none where there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(found)


ROWS = [row for page in PAGES for row in rows_of(page.name, page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_a_requirement_has_a_level_and_a_proof_that_exists(row):
    assert faults(row) == []


def test_ids_are_unique_and_counted_without_a_gap():
    for prefix in {row.prefix for row in ROWS}:
        mine = [row for row in ROWS if row.prefix == prefix]
        assert [row.id for row in mine] == [f"{prefix}-{n:02}" for n in range(1, len(mine) + 1)]
        assert len({row.page for row in mine}) == 1, f"{prefix} stands on several pages"


def test_the_sums_on_the_front_page_are_the_sums():
    text = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    lines = [cells(line) for line in text.splitlines() if re.match(r"\| [A-Z]+ \|", line)]
    told = {line[0]: tuple(map(int, line[-4:])) for line in lines}
    counted = {}
    for prefix in {row.prefix for row in ROWS}:
        mine = [row for row in ROWS if row.prefix == prefix]
        levels = Counter(row.level for row in mine)
        without = sum(not row.proofs for row in mine)
        counted[prefix] = (*(levels[level] for level in LEVELS), without)
    assert told == counted


def test_no_requirement_is_stated_twice():
    stated = Counter(row.requirement for row in ROWS)
    assert [text for text, times in stated.items() if times > 1] == []


GOOD = (
    "| X-01 | Something is so | must | it is |"
    " `tests/docs/test_conformance.py::test_no_requirement_is_stated_twice` |"
)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("", "", None),
        ("stated_twice", "stated_twice[a::b c]", None),
        ("must", "", "no level"),
        ("must", "shall", "no level"),
        ("X-01", "X-1", "an odd id"),
        (
            "stated_twice",
            "stated_thrice",
            "no test tests/docs/test_conformance.py::test_no_requirement_is_stated_thrice",
        ),
        (
            "test_conformance",
            "test_nothing",
            "no test tests/docs/test_nothing.py::test_no_requirement_is_stated_twice",
        ),
        ("`tests/docs/test_conformance.py::test_no_requirement_is_stated_twice`", "", "a must without proof"),
        ("`tests/docs", "see `tests/docs", "a proof that is no test"),
        ("it is", "", "nothing said"),
    ],
)
def test_a_faulty_row_would_be_seen(before, after, fault):
    text = "| " + " | ".join(HEAD) + " |\n|---|---|---|---|---|\n" + GOOD.replace(before, after) + "\n"
    [row] = rows_of("page", text)
    assert (fault in faults(row)) if fault else faults(row) == []


@pytest.mark.parametrize(
    ("level", "does", "good"),
    [
        ("must", "not offered: nobody would want to have it here", True),
        ("must", "not done: there was something else to do today", False),
        ("must", "not offered", False),
        ("should", "not done: there was something else to do today", True),
        ("may", "not offered: nobody would want to have it here", True),
        ("may", "we do not know", False),
    ],
)
def test_what_is_missing_needs_a_reason(level, does, good):
    assert bool(faults(Row("page", "X-01", "Something is so", level, does, ""))) != good
