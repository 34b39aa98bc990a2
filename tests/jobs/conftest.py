"""What the tests of jobs share: a store on each kind of database, and a sealer."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from coplink.testing.databases import postgres_server, sqlite_url

# The sealer is also used by worker processes that the tests start, which find it beside themselves.
_spec = importlib.util.spec_from_file_location("seal", Path(__file__).with_name("seal.py"))
assert _spec is not None
assert _spec.loader is not None
_seal = importlib.util.module_from_spec(_spec)
sys.modules["seal"] = _seal
_spec.loader.exec_module(_seal)
FernetSealer = _seal.FernetSealer

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def sealer(key):
    return FernetSealer(key)


@pytest.fixture(params=STORES)
def address(request, tmp_path) -> str:
    return sqlite_url(tmp_path, "jobs.sqlite") if request.param == "sqlite" else postgres_server().fresh()


@pytest.fixture
def file_address(tmp_path) -> str:
    return sqlite_url(tmp_path, "jobs.sqlite")
