"""The commands of the Makefile: listed, and clear where the machine lacks something."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = [
    "demo",
    "demo-reset",
    "test",
    "test-again",
    "test-long",
    "bench",
    "sim",
    "lint",
    "format",
    "lock",
    "clean",
    "screenshots",
]


def make(where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=where, env=clean, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def fresh(tmp_path) -> Path:
    """The Makefile and what it looks at, without an environment."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def a_python(where: Path, script: str) -> str:
    path = where / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return f"PYTHON={path}"


def test_make_alone_lists_the_commands():
    shown = make(ROOT).stdout
    assert {line.split()[0] for line in shown.splitlines()} == {"help", *TARGETS}


def test_an_old_python_is_refused_with_a_sentence(fresh):
    done = make(
        fresh, ".venv/ready", a_python(fresh, 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    )
    assert done.returncode != 0
    assert "coplink needs Python 3.11 or newer; this is Python 3.9.2" in done.stdout
    assert not (fresh / ".venv").exists()


def test_a_python_that_cannot_make_environments_is_refused_with_a_sentence(fresh):
    done = make(fresh, ".venv/ready", a_python(fresh, 'case "$2" in *ensurepip*) exit 1;; esac'))
    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stdout
    assert not (fresh / ".venv").exists()


def test_continuous_integration_makes_a_missing_browser_an_error():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert text.index("export COPLINK_REQUIRE_BROWSER=1") < text.index("make test")
    subprocess.run(["bash", "-n", script], check=True, timeout=10)
