"""What the tests of jobs share: a store on each kind of database, and a sealer."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from coplink.storage.sealing import FernetSealer
from coplink.testing.databases import postgres_server, sqlite_url

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def sealer(key):
    return FernetSealer([key])


@pytest.fixture(params=STORES)
def address(request, tmp_path) -> str:
    return sqlite_url(tmp_path, "jobs.sqlite") if request.param == "sqlite" else postgres_server().fresh()


@pytest.fixture
def file_address(tmp_path) -> str:
    return sqlite_url(tmp_path, "jobs.sqlite")
