"""The story of the demo on both databases, and the proof that its check can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from coplink.testing.databases import postgres_server


def play(*options: str, folder: Path) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "coplink", "demo", "--check", "--json", "--data", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.long])]
)
def test_every_point_of_the_story_is_seen_and_the_second_run_writes_nothing(
    tmp_path: Path, database: str
) -> None:
    options = ("--database-url", postgres_server().fresh()) if database == "postgres" else ()
    code, told = play(*options, folder=tmp_path)
    assert code == 0, told
    assert told["ok"] is True
    assert [step["ok"] for step in told["steps"]] == [True] * 7  # type: ignore[attr-defined]
    assert told["second_run_writes"] == {"canvas": 0, "teams": 0, "google": 0}
    assert all(count > 0 for count in told["second_run_reads"].values())  # type: ignore[attr-defined]


@pytest.mark.long
@pytest.mark.parametrize("platform", ["canvas", "teams", "google"])
def test_forgetting_one_remembered_id_makes_the_check_fail(tmp_path: Path, platform: str) -> None:
    code, told = play("--forget", platform, folder=tmp_path)
    assert code == 1
    assert told["ok"] is False
    assert [step["ok"] for step in told["steps"]] == [True] * 6 + [False]  # type: ignore[attr-defined]
