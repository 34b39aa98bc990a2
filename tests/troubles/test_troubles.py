"""Every trouble has a row for every platform it can come from, and every row's tests fail without its handling."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from trouble_row import COPLINK, ROOT, TROUBLES, Row
from trouble_table import PAGE, PLATFORMS, ROWS, page
from trouble_workshop import CLUMSY, Run, Workshop
from troubles_of_the_house import NOWHERE

from coplink.testing.conformance import SUITES

NAMES = [f"{number} {row.name}" for number, row in enumerate(ROWS)]
NAMED = sorted({test for row in ROWS for test in row.tests})


def test_every_trouble_has_a_row_or_a_reason_for_every_platform():
    rows = {(row.trouble, row.platform) for row in ROWS}
    assert not rows & NOWHERE.keys()
    wanted = {(trouble, platform) for trouble in TROUBLES for platform in PLATFORMS if platform != COPLINK}
    assert (rows | NOWHERE.keys()) >= wanted
    assert {trouble for trouble, _ in rows} == set(TROUBLES)
    assert len({(row.file, row.text) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_what_a_row_takes_out_is_there_exactly_once(row: Row):
    assert row.text
    assert row.text != row.instead
    assert row.tests
    source = (ROOT / row.file).read_text(encoding="utf-8")
    assert source.count(row.text) == 1, (
        "the handling has changed: change the row with it, and run its long test"
    )
    compile(source.replace(row.text, row.instead), row.file, "exec")


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_every_test_that_a_row_names_is_there(row: Row):
    """Written where the row says, or in the suite of that class; the long run has pytest collect it."""
    for test in row.tests:
        file, *_, name = test.partition("[")[0].split("::")
        if "::Test" in test:
            suite = test.split("::")[1].removeprefix("Test") + "Suite"
            assert any(one.__name__ == suite and hasattr(one, name) for one in SUITES), test
        else:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test


@pytest.mark.long
def test_every_test_that_a_row_names_is_collected():
    """With its cases: pytest refuses to begin where a name is nobody's."""
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *NAMED],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-1000:]


def test_the_page_for_readers_is_that_of_the_table():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/troubles/trouble_table.py"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    return Workshop(tmp_path_factory.mktemp("workshop"))


def ends(run: Run, test: str) -> dict[str, str]:
    """How a test that a row names ended, and each of its cases."""
    return {name: how for name, how in run.ended.items() if name == test or name.startswith(f"{test}[")}


@pytest.mark.long
@pytest.mark.timeout(900)
def test_with_nothing_taken_out_all_of_them_pass(workshop: Workshop):
    run = workshop.run(NAMED)
    assert run.code == 0, run.output
    assert run.red == {}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_without_the_handling_the_tests_fail(workshop: Workshop, row: Row):
    run = workshop.without(row)
    assert run.code == 1, run.output
    assert not CLUMSY & set(run.red.values()), run.output
    for test in row.tests:
        assert any(how != "passed" for how in ends(run, test).values()), f"does not notice: {test}"
