"""``coplink disconnect``: the plan, the question, the end, and what a second time says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coplink.cli import cli
from coplink.core.errors import NotFound

SECRET = "secret-token-of-the-service-account"


def coplink(folder: Path, *words: str, answer: str = "") -> Result:
    """Run a command with this data folder; ``answer`` is typed."""
    environment = {"COPLINK_BASE_URL": "https://coplink.school.example"}
    return CliRunner().invoke(cli, [*words, "--data", str(folder)], input=answer, env=environment)


@pytest.fixture
def school(tmp_path: Path) -> Path:
    assert coplink(tmp_path, "institution", "add", "Riverbend").exit_code == 0
    connected = coplink(
        tmp_path, "connect", "canvas", "--institution", "Riverbend",
        "--set", "base_url=https://riverbend.instructure.com", "--set", f"token={SECRET}",
    )  # fmt: skip
    assert connected.exit_code == 0, connected.output
    return tmp_path


def kept(folder: Path) -> tuple[str, str | None]:
    with closing(sqlite3.connect(folder / "coplink.sqlite")) as database:
        return database.execute("SELECT settings, ended_at FROM connections").fetchone()


def test_it_says_what_it_means_asks_and_ends(school: Path) -> None:
    before = kept(school)
    no = coplink(school, "disconnect", "canvas", "--institution", "Riverbend", answer="n\n")
    assert no.exit_code == 0
    assert "Disconnecting Canvas of Riverbend" in no.output
    assert "stays as it is" in no.output
    assert "Nothing was changed." in no.output
    assert kept(school) == before
    yes = coplink(school, "disconnect", "canvas", "--institution", "Riverbend", "--yes")
    assert yes.exit_code == 0, yes.output
    assert "No credential is kept" in yes.output
    assert "Developer Keys" in yes.output, "which console to visit"
    settings, ended = kept(school)
    assert ended
    assert settings != before[0]
    assert "(connected: nothing yet)" in coplink(school, "institution", "list").output
    again = coplink(school, "disconnect", "canvas", "--institution", "Riverbend", "--take-away")
    assert again.exit_code == 0
    assert "was disconnected on" in again.output
    assert "Disconnect it?" not in again.output
    assert kept(school) == (settings, ended)


def test_what_was_never_connected_is_one_sentence(school: Path) -> None:
    for words in (("google", "--institution", "Riverbend"), ("canvas", "--institution", "Lakeside")):
        refused = coplink(school, "disconnect", *words, "--yes")
        assert isinstance(refused.exception, NotFound), "one sentence, as every refusal"
