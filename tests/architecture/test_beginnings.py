"""A beginning that was kept is laid out again exactly where it may be, and shared by nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from coplink.storage.database import make_engine
from coplink.testing.beginnings import Untouched, once
from coplink.testing.databases import sqlite_url


@dataclass
class Stage:
    engine: Engine
    as_it_is: bool = True
    lies: list[str] = field(default_factory=list)

    @property
    def fixed(self) -> dict[str, Any]:
        return {}

    def memory(self) -> list[str]:
        return self.lies

    def remember(self, memory: list[str]) -> None:
        self.lies = memory

    def do(self, words: str) -> list[Any]:
        with self.engine.begin() as connection:
            done = connection.execute(text(words))
            return list(done.scalars()) if done.returns_rows else []


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., Stage]:
    """Makes stages, all alike."""
    made: list[Stage] = []

    def one(**more: Any) -> Stage:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Stage(make_engine(sqlite_url(folder)), **more))
        made[-1].do("CREATE TABLE people (name)")
        return made[-1]

    return one


@pytest.fixture
def lived() -> list[int]:
    return []


@pytest.fixture
def begin(lived: list[int]) -> Callable[..., Any]:
    @once
    def begin(stage: Stage, name: str, shown: list[str]) -> list[str]:
        lived.append(1)
        stage.do(f"INSERT INTO people VALUES ('{name} {len(lived)}')")
        stage.lies.append(name)
        return shown

    begin.__wrapped__.__qualname__ += str(id(lived))
    return begin


def test_it_happens_once_and_everybody_has_all_of_it(stage, begin, lived):
    for _ in range(3):
        here = stage()
        shown = ["a list of the caller's"]
        assert begin(here, "Ana", shown) is shown
        assert here.do("SELECT name FROM people") == ["Ana 1"]
        assert here.lies == ["Ana"]
        here.do("DELETE FROM people")
        here.lies.clear()
    assert len(lived) == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda one: one.do("INSERT INTO people VALUES ('Bo')"),
        lambda one: one.lies.append("Bo"),
        lambda one: setattr(one, "as_it_is", False),
    ],
    ids=["another row", "another memory", "other code"],
)
def test_it_happens_anew_where_anything_was_otherwise(stage, begin, lived, other):
    begin(stage(), "Ana", [])
    here = stage()
    other(here)
    begin(here, "Ana", [])
    assert "Ana 2" in here.do("SELECT name FROM people")
    begin(stage(), "Bea", [])
    assert len(lived) == 3


@dataclass
class Services:
    mail: str = "none"


def test_what_a_test_put_in_is_noticed():
    services = Services()
    untouched = Untouched(services, ["school", "community"])
    assert untouched
    services.mail = "a server of the test's"
    assert not untouched
    assert not Untouched(Services(), ["school", "monkeypatch"])
