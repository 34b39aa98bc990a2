"""The table is whole, says what it means, and the page in ``docs`` is the table."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from hostile_case import Case, Outcome, Says
from hostile_review import PAGE, number_of, page
from hostile_rows import CASES

ROOT = Path(__file__).parents[2]
# Rows of the specification that name several things, and how many lines they need at least.
SEVERAL = {7: 5, 10: 5, 26: 5, 28: 3, 37: 3, 38: 4, 39: 5, 48: 4, 77: 3, 89: 3, 90: 6, 92: 10, 93: 7, 94: 3}


def test_every_row_of_the_specification_is_there() -> None:
    assert {number_of(case) for case in CASES} - {0} == set(range(1, 95))
    lines = Counter(number_of(case) for case in CASES)
    assert {row: lines[row] for row, least in SEVERAL.items() if lines[row] < least} == {}


def test_every_line_is_another() -> None:
    assert [key for key, times in Counter(case.key for case in CASES).items() if times > 1] == []


def test_every_line_says_what_becomes_of_it() -> None:
    for case in CASES:
        says_what_becomes_of_it(case)


def says_what_becomes_of_it(case: Case) -> None:
    if case.seen:
        name, _, test = case.seen.partition("::")
        defined = ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        assert test in {node.name for node in defined if isinstance(node, ast.FunctionDef)}
        assert case.how
    elif case.outcome is Outcome.REFUSED:
        assert 400 <= case.status < 500
        assert case.says is not Says.NOTHING
        assert case.log
    elif case.outcome is Outcome.HANDLED:
        assert case.how
        assert case.status < 500
    else:
        assert case.status == 303


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run tests/hostile/hostile_review.py"
