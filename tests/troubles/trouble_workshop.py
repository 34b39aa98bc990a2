"""A copy of coplink in which one handling is taken out, and a run of tests against the copy; the real tree is never
written to.

The copy comes first on the path of another process. A plugin beside it sees to it that the copy is what is loaded, and
writes down how each test ended.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trouble_row import ROOT, Row

PACKAGES = {
    "src": "coplink",
    "integrations/canvas": "coplink_canvas",
    "integrations/google": "coplink_google",
    "integrations/teams": "coplink_teams",
}
PLUGIN = """
import importlib, json, os, pathlib

HERE = pathlib.Path(__file__).parent
ENDED = {}

def pytest_configure(config):
    for name in ("coplink", "coplink_canvas", "coplink_google", "coplink_teams"):
        where = pathlib.Path(importlib.import_module(name).__file__)
        assert HERE in where.parents, f"{name} is not the copy: {where}"

def pytest_runtest_makereport(item, call):
    if call.excinfo is not None and call.excinfo.typename != "Skipped":
        ENDED[item.nodeid] = call.excinfo.typename
    elif call.when == "call" and call.excinfo is None:
        ENDED.setdefault(item.nodeid, "passed")

def pytest_sessionfinish():
    (HERE / "ended.json").write_text(json.dumps(ENDED))
"""
# What a test stumbles over when the copy itself is broken: that would prove nothing about the handling.
CLUMSY = {
    "SyntaxError",
    "IndentationError",
    "NameError",
    "UnboundLocalError",
    "ImportError",
    "ModuleNotFoundError",
}
LONGEST = 500


@dataclass(frozen=True)
class Run:
    """How a run ended: pytest's exit code, each test with ``passed`` or the name of what it raised, and the output."""

    code: int
    ended: dict[str, str]
    output: str

    @property
    def red(self) -> dict[str, str]:
        """The tests that failed, with what they raised."""
        return {test: how for test, how in self.ended.items() if how != "passed"}


class Workshop:
    """One copy, used for one removal after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for parent, package in PACKAGES.items():
            source = ROOT / parent / package
            shutil.copytree(source, folder / parent / package, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "how_it_ended.py").write_text(PLUGIN)

    def without(self, row: Row) -> Run:
        """Run the row's tests while its handling is taken out."""
        place = self._folder / row.file
        before = place.read_text()
        assert before.count(row.text) == 1, f"{row.file} has this {before.count(row.text)} times: {row.text}"
        _write(place, before.replace(row.text, row.instead))
        try:
            return self.run(row.tests)
        finally:
            _write(place, before)

    def run(self, tests: Iterable[str]) -> Run:
        """Run tests against the copy as it is."""
        ended = self._folder / "ended.json"
        ended.unlink(missing_ok=True)
        path = [self._folder, *(self._folder / parent for parent in PACKAGES)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "how_it_ended", "-p", "no:cacheprovider", "-p", "no:randomly",
             "-p", "no:xdist", "-q", "--timeout", "120", *tests],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
                "PYTHONPATH": os.pathsep.join(map(str, path)),
            },
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )  # fmt: skip
        output = done.stdout[-6000:] + done.stderr[-2000:]
        return Run(done.returncode, json.loads(ended.read_text()) if ended.exists() else {}, output)


def _write(place: Path, text: str) -> None:
    """Write a module, and forget what was compiled of it: Python would not see a change of a moment's difference."""
    place.write_text(text)
    for compiled in place.parent.glob(f"__pycache__/{place.stem}.*.pyc"):
        compiled.unlink()
