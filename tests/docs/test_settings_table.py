"""The settings in the documentation are those of the code: a table made from it, and no name that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coplink.cli.demo.processes import QUICK
from coplink.settings import SECRETS_DIR, Settings

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "integrations").rglob("*.md")),
]
OF_THE_TESTS = {"COPLINK_REQUIRE_BROWSER"}
NAMES = {f"COPLINK_{name.upper()}" for name in Settings.model_fields} | {SECRETS_DIR}


def default_of(name: str) -> str:
    field = Settings.model_fields[name]
    value = field.default
    if field.is_required():
        return "required"
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, tuple):
        shown = ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in value)
    else:
        shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{shown}`"


def row(name: str) -> str:
    return f"| `COPLINK_{name.upper()}` | {default_of(name)} | {Settings.model_fields[name].description} |"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_table_says_what_the_code_says(name):
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert row(name) in lines, "write this row into README"


def test_the_table_lists_nothing_else():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(COPLINK_\w+)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(NAMES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_setting_that_does_not_exist(page):
    named = set(re.findall(r"COPLINK_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
    assert named <= NAMES | OF_THE_TESTS


def test_what_makes_the_demo_quick_are_settings_anybody_can_read_about():
    assert set(QUICK) <= NAMES
