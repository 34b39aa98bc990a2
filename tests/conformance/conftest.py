"""One loopback server for all sandboxes of a run: each test puts its own behind it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coplink.testing.conformance import Front

sys.path.insert(0, str(Path(__file__).parent))  # the rigs beside the tests


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    front = Front()
    yield front
    front.close()
