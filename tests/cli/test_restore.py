"""``coplink db restore``: one that is refused leaves everything, what waits to be done as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from tests.commands import logging_kept

from coplink.cli import cli


def run(folder: Path, *words: str, **settings: str) -> Result:
    environment = {"COPLINK_BASE_URL": "http://127.0.0.1:8080", "COPLINK_LOOPBACK": "true", **settings}
    return CliRunner(env=environment).invoke(cli, [*words, "--data", str(folder)])


@pytest.fixture
def quiet() -> Iterator[None]:
    """Put logging back as it was: the commands set it up for a process of their own."""
    with logging_kept():
        yield


@pytest.fixture
def backed_up(quiet: None, tmp_path: Path) -> Path:
    """A house with a backup and a job store."""
    assert run(tmp_path, "institution", "add", "Riverbend").exit_code == 0
    done = run(tmp_path, "db", "backup", str(tmp_path / "backup"))
    assert done.exit_code == 0, done.output
    (tmp_path / "jobs.sqlite").write_bytes(b"what waits to be done")
    return tmp_path


def test_a_refused_restore_leaves_what_waits_to_be_done(backed_up: Path) -> None:
    jobs, file = backed_up / "jobs.sqlite", str(backed_up / "backup")
    full = run(backed_up, "db", "restore", file)
    assert full.exit_code != 0
    assert "not empty" in str(full.exception)
    other_key = Fernet.generate_key().decode()
    assert run(backed_up, "db", "restore", file, "--replace", COPLINK_MASTER_KEYS=other_key).exit_code != 0
    assert jobs.read_bytes() == b"what waits to be done"

    done = run(backed_up, "db", "restore", file, "--replace")
    assert done.exit_code == 0, done.output
    assert "was forgotten" in done.output
    assert not jobs.exists()
