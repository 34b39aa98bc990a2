"""How many tests begin, done once: the state that a beginning leaves is kept, and laid out again for the next test.

    @pytest.fixture
    @once
    def community(school, ana):
        ...

The first test that asks lets it happen; the others get its result, the database and what lies in memory as they were
right after it. That holds only where everything was exactly as it was then: the key of what is kept is the content of
the database and of the memory before, and the other arguments. Anything else happens anew, and so does all of a test
that changes the code itself (``as_it_is``). Nothing is shared: every test has copies of its own.
"""

from __future__ import annotations

import functools
import io
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Protocol

from coplink.testing.board import Board

KEPT: dict[bytes, _After] = {}


class Stage(Protocol):
    """Where tests play, on a SQLite file."""

    @property
    def engine(self) -> Any:
        """The database."""

    @property
    def as_it_is(self) -> bool:
        """Whether the code that runs here is nobody's patchwork."""

    @property
    def fixed(self) -> Mapping[str, Any]:
        """What every stage has of its own and can be named, such as its application."""

    def memory(self) -> Any:
        """What is not in the database: picklable."""

    def remember(self, memory: Any) -> None:
        """Have this in memory instead of what is there."""


class PlayedByHand:
    """The part of ``Stage`` that every house of services, paper rosters and pin boards has; ``own`` names what else it
    remembers."""

    own: ClassVar[tuple[str, ...]] = ()
    services: Any
    clock: Any
    jobs: Any
    boards: dict[str, Board]
    roster: Any
    untouched: Any

    @property
    def engine(self) -> Any:
        """The database."""
        return self.services.storage._engine

    @property
    def as_it_is(self) -> bool:
        """Whether nothing of the house was exchanged."""
        return bool(self.untouched)

    def memory(self) -> Any:
        """What is not in the database."""
        jobs = self.jobs._waiting, self.jobs._hints, self.jobs._known, self.jobs._failed
        boards = {room: vars(board) for room, board in self.boards.items()}
        own = {name: getattr(self, name) for name in self.own}
        return self.clock.at, jobs, boards, vars(self.roster), own

    def remember(self, memory: Any) -> None:
        """Have this in memory; who holds a board holds it still."""
        self.clock.at, jobs, boards, roster, own = memory
        self.jobs._waiting, self.jobs._hints, self.jobs._known, self.jobs._failed = jobs
        for room in set(self.boards) - set(boards):
            del self.boards[room]
        for room, told in boards.items():
            vars(self.boards.setdefault(room, Board())).update(told)
        vars(self.roster).update(roster)
        vars(self).update(own)


@dataclass(frozen=True)
class _After:
    database: bytes
    memory: bytes
    others: bytes
    result: bytes


def once(make: Callable[..., Any]) -> Callable[..., Any]:
    """Let a beginning happen once in a test process for each state it starts from; its first argument is the stage."""

    @functools.wraps(make)
    def again(*args: Any, **named: Any) -> Any:
        stage, *others = [*args, *named.values()]
        if not stage.as_it_is:
            return make(*args, **named)
        name = f"{make.__module__}.{make.__qualname__}".encode()
        said = _dumps([_state(one) for one in others], stage)
        before = blake2b(b"\0".join([name, said, _dumps(stage.memory(), stage), _database(stage)])).digest()
        if before not in KEPT:
            result = make(*args, **named)
            KEPT[before] = _After(
                _database(stage),
                _dumps(stage.memory(), stage),
                _dumps([_state(one) for one in others], stage),
                _dumps(result, stage, others),
            )
        else:
            _lay_out(stage, KEPT[before].database)
        kept = KEPT[before]
        stage.remember(_loads(kept.memory, stage))
        for one, state in zip(others, _loads(kept.others, stage), strict=True):
            if hasattr(one, "__setstate__"):
                one.__setstate__(state)
        return _loads(kept.result, stage, others)

    return again


def _state(one: Any) -> Any:
    """An argument, or what it holds now if it can be told to hold that again."""
    return one.__getstate__() if hasattr(one, "__setstate__") else one


def _dumps(thing: Any, stage: Stage, others: Sequence[Any] = ()) -> bytes:
    """As bytes; the stage's fixed things, and the arguments themselves, are only named."""
    names = {id(one): name for name, one in _named(stage, others).items()}

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> str | None:
            return names.get(id(obj))

    into = io.BytesIO()
    Pickler(into).dump(thing)
    return into.getvalue()


def _loads(content: bytes, stage: Stage, others: Sequence[Any] = ()) -> Any:
    known = _named(stage, others)

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: str) -> Any:
            return known[pid]

    return Unpickler(io.BytesIO(content)).load()


def _named(stage: Stage, others: Sequence[Any]) -> dict[str, Any]:
    return {**stage.fixed, **{f"argument {at}": one for at, one in enumerate(others)}}


def _file(stage: Stage) -> Path:
    return Path(str(stage.engine.url.database))


def _database(stage: Stage) -> bytes:
    """Everything that is committed, as the one file that it is when nobody has it open."""
    stage.engine.dispose()
    file = _file(stage)
    beside = file.with_name(file.name + "-wal")
    assert not beside.exists() or not beside.stat().st_size, "somebody has the database open"
    return file.read_bytes()


def _lay_out(stage: Stage, database: bytes) -> None:
    stage.engine.dispose()
    _file(stage).write_bytes(database)


@dataclass
class Untouched:
    """Notices when a test has put something of its own into the services, or may have changed the code."""

    services: Any
    asked_for: Iterable[str]

    def __post_init__(self) -> None:
        self._patched = not {"monkeypatch", "time_machine"}.isdisjoint(self.asked_for)
        self._usual = {
            one.name: getattr(self.services, one.name)
            for one in fields(self.services)
            if not one.name.startswith("_")
        }

    def __bool__(self) -> bool:
        return not self._patched and all(
            getattr(self.services, name) is one for name, one in self._usual.items()
        )
