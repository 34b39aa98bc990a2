"""A migrated database of each kind, and a small world in it: two institutions, one community, one space."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine

from coplink.core.community import Charter, Community, Stage
from coplink.core.people import CommunityId, Institution, InstitutionId, Person, PersonId
from coplink.core.spaces import ConnectionId, Space, SpaceId, SpaceKind, SpaceState
from coplink.ports.records import Connected
from coplink.ports.storage import UnitOfWork
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.tables import Table
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.databases import postgres_server, sqlite_url

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]

Keep = Callable[[], AbstractContextManager[UnitOfWork]]


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: migrating anew for each test would be most of the time."""
    folder = tmp_path_factory.mktemp("migrated")
    engine = make_engine(sqlite_url(folder))
    upgrade(engine)
    engine.dispose()
    return folder / "test.sqlite"


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[Engine]:
    engine = make_engine(postgres_server().fresh())
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest, tmp_path: Path, empty_sqlite: Path) -> Iterator[Engine]:
    """An empty, migrated database."""
    if request.param == "sqlite":
        shutil.copy(empty_sqlite, tmp_path / "test.sqlite")
        engine = make_engine(sqlite_url(tmp_path))
        yield engine
        engine.dispose()
        return
    engine = request.getfixturevalue("migrated_postgres")
    with engine.begin() as connection:
        for table in reversed(Table.metadata.sorted_tables):
            connection.execute(table.delete())
    yield engine


@pytest.fixture
def fresh_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table; ask for it with ``indirect`` parameters."""
    address = sqlite_url(tmp_path, "fresh.sqlite") if request.param == "sqlite" else postgres_server().fresh()
    engine = make_engine(address)
    yield engine
    engine.dispose()


@pytest.fixture
def keys() -> list[str]:
    return [Fernet.generate_key().decode()]


@pytest.fixture
def sealer(keys: list[str]) -> FernetSealer:
    return FernetSealer(keys)


@pytest.fixture
def storage(engine: Engine, sealer: FernetSealer) -> SqlStorage:
    return SqlStorage(engine, sealer)


@pytest.fixture
def keep(storage: SqlStorage) -> Keep:
    """A unit of work that commits at its end."""

    @contextmanager
    def begin() -> Iterator[UnitOfWork]:
        with storage.begin() as uow:
            yield uow
            uow.commit()

    return begin


@dataclass
class World:
    """What the small world is made of."""

    now: datetime
    lag: timedelta
    north: Institution
    south: Institution
    connected: Connected
    ada: Person
    bo: Person
    sol: Person
    community: Community
    space: Space


@pytest.fixture
def world(keep: Keep) -> World:
    north = Institution(InstitutionId("north"), "North District", listed=True)
    south = Institution(InstitutionId("south"), "South District")
    connected = Connected(
        ConnectionId("c1"), north.id, "teams", {"client_secret": "s3cret"}, "directory-1", NOW
    )
    ada = Person(PersonId("ada"), north.id, "Ada", "ada@north.example", "teams", "Europe/London", admin=True)
    bo = Person(PersonId("bo"), north.id, "Bo")
    sol = Person(PersonId("sol"), south.id, "Sol", "sol@south.example")
    community = Community(
        CommunityId("k1"),
        north.id,
        "Reading together",
        Charter("How first readers learn", "Teachers of years 1 and 2", "less guessing"),
        Stage.FORMING,
        NOW,
    )
    space = Space(
        SpaceId("s1"),
        community.id,
        north.id,
        connected.id,
        "teams",
        SpaceKind.CHANNEL,
        "Reading together",
        "marker-1",
        SpaceState.MAKING,
        parts={"channel": "19:abc"},
        asked={"team": "t-1"},
    )
    with keep() as uow:
        for institution in (north, south):
            uow.institutions.add(institution)
        uow.institutions.put_connection(connected)
        for person in (ada, bo, sol):
            uow.people.put(person)
        uow.communities.put(community)
        uow.spaces.put(space)
    return World(NOW, timedelta(minutes=1), north, south, connected, ada, bo, sol, community, space)
