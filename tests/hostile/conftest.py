"""One coplink over HTTPS for the whole run, and a fresh scene for each case."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

sys.path.insert(0, str(Path(__file__).parent))  # the tables beside the tests

from hostile_stage import Scene, Stage
from hostile_world import NAMES

from coplink import logs
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import postgres_server, sqlite_url
from coplink.testing.https import Certificate

LOGGERS = ("dbos", "gunicorn.error", "gunicorn.access")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The one certificate; it is also the only one that coplink's own calls trust."""
    return Certificate(tmp_path_factory.mktemp("certificate"), *NAMES)


@pytest.fixture(scope="session")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("hostile")
    yield from _stage(folder, sqlite_url(folder), certificate)


@pytest.fixture(scope="session")
def postgres_stage(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Stage]:
    yield from _stage(tmp_path_factory.mktemp("hostile"), postgres_server().fresh(), certificate)


def _stage(folder: Path, url: str, certificate: Certificate) -> Iterator[Stage]:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
    stage = Stage(folder, url, certificate, io.StringIO())
    yield stage
    stage.stop()


@pytest.fixture
def scene(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sqlite_stage.certificate.trusted)
    with written(sqlite_stage):
        yield sqlite_stage.scene()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_scene(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The same on each of the two databases."""
    stage: Stage = request.getfixturevalue(f"{request.param}_stage")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", stage.certificate.trusted)
    with written(stage):
        yield stage.scene()


class written:
    """Let the stage have the log of this process, as an operator would see it; put everything back afterwards."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __enter__(self) -> None:
        root = logging.getLogger()
        named = [logging.getLogger(name) for name in LOGGERS]
        self._root = root.handlers[:], root.level
        self._named = [(one, one.handlers[:], one.propagate) for one in named]
        logs.configure("INFO", self._stage.log)

    def __exit__(self, *_: object) -> None:
        logging.captureWarnings(False)
        structlog.reset_defaults()
        root = logging.getLogger()
        root.handlers[:], root.level = self._root
        for one, handlers, propagate in self._named:
            one.handlers[:], one.propagate = handlers, propagate
