"""coplink's databases and its workers: taken back to an earlier moment, started, watched, killed.

Workers are the real command ``coplink work`` in processes of their own. How long a dead one's jobs stay with it (the
lease) and how often queues are looked at is shortened, everything else is as it is shipped.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url
from tests.crash.town import Town

from coplink.jobs.client import DurableClient
from coplink.pace import sure
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import postgres_server, sqlite_url
from coplink.wiring import Services, build

MOTHER = Path(__file__).with_name("mother.py")
KEY = "Y3Jhc2ggdGVzdHMga2VlcCBubyBzZWNyZXRzIGF0IGE="
LAG = 0.2
BEAT, SILENT = 0.4, 2.5
LEASE = SILENT + BEAT
SURE = 0.8
QUICK = {"polling_seconds": 0.02, "heartbeat_seconds": BEAT, "silent_seconds": SILENT, "lock_seconds": 5.0}

Point = tuple[str, int, str]


class Mother:
    """The process that bears workers; one for a whole test process."""

    def __init__(self, *warm: str) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, str(MOTHER), *warm],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
        assert self._answer() == "ready"

    def bear(self, **asked: Any) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._answer())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@dataclass(frozen=True)
class Line:
    """What one worker said when (seconds on the machine's clock)."""

    pid: int
    at: float
    words: str


class Mortal:
    """A worker process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._file = os.pidfd_open(pid)

    def signal(self, name: signal.Signals) -> None:
        signal.pidfd_send_signal(self._file, name)

    def kill(self) -> None:
        """As a power cut would; comes back when it is dead."""
        if not self.dead():
            self.signal(signal.SIGKILL)
        assert self.dead(10), f"worker {self.pid} does not die"

    def dead(self, seconds: float = 0) -> bool:
        return bool(select.select([self._file], [], [], seconds)[0])

    def forget(self) -> None:
        os.close(self._file)


@dataclass
class House:
    """One database of coplink's own with its job store; ``kept`` is a moment it can be taken back to."""

    mother: Mother
    town: Town
    folder: Path
    kind: str
    jobs: Mapping[str, Any] | None = field(default_factory=lambda: dict(QUICK))
    extra: Mapping[str, str] = field(default_factory=dict)
    _alive: list[Mortal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.url = postgres_server().fresh() if self.kind == "postgres" else sqlite_url(self.folder)
        self.jobs_url = self.url if self.kind == "postgres" else sqlite_url(self.folder, "jobs.sqlite")
        engine = make_engine(self.url)
        upgrade(engine)
        engine.dispose()
        settings = load(
            env_file=None,
            base_url=self.town.place.tool_url,
            loopback=True,
            data_dir=self.folder,
            database_url=self.url,
            job_database_url=self.jobs_url,
            master_keys=KEY,
            lag_seconds_override=dict.fromkeys(self.town.wires, LAG),
        )
        self.services: Services = build(settings)
        self.pages = DurableClient(self.jobs_url, self.services.sealer, debounce_seconds=0.2)
        self.services.jobs = self.pages
        self._looking: Any = None
        self.empty = self.keep()

    # --- moments ----------------------------------------------------------------------------------------------------

    def keep(self) -> Any:
        """How databases and platforms are now."""
        self._let_go()
        outside = self.town.store.kept()
        if self.kind == "postgres":
            name = f"kept_{time.monotonic_ns()}"
            self._copy(self._name, name)
            return outside, name
        into = Path(self.folder / f"kept-{time.monotonic_ns()}")
        into.mkdir()
        for file in self.folder.glob("*.sqlite*"):
            shutil.copy(file, into)
        return outside, into

    def back_to(self, kept: Any) -> None:
        """As databases and platforms were then; nothing is counted yet."""
        self._let_go()
        outside, inside = kept
        if self.kind == "postgres":
            self._copy(inside, self._name)
        else:
            for file in self.folder.glob("*.sqlite*"):
                file.unlink()
            for file in inside.iterdir():
                shutil.copy(file, self.folder)
        self.town.store.back_to(outside)
        self.town.clear()
        (self.folder / "log").unlink(missing_ok=True)

    # --- workers ----------------------------------------------------------------------------------------------------

    def start(self, die: Sequence[Any] | None = None, alone: bool = False) -> Mortal:
        """A worker, to be killed at a point of its own or not; ``alone`` it ends when nothing is left to do."""
        environment = {
            "COPLINK_BASE_URL": self.town.place.tool_url,
            "COPLINK_LOOPBACK": "true",
            "COPLINK_DATA_DIR": str(self.folder),
            "COPLINK_DATABASE_URL": self.url,
            "COPLINK_JOB_DATABASE_URL": self.jobs_url,
            "COPLINK_MASTER_KEYS": KEY,
            "COPLINK_LAG_SECONDS_OVERRIDE": json.dumps(dict.fromkeys(self.town.wires, LAG)),
            "COPLINK_SWEEP_SECONDS": "1",
            "COPLINK_COLLECT_MINUTES": "1440",
            "COPLINK_BACKOFF_SECONDS": "0.5,0.5,1,1,2,2,4,4,8,8",
            "COPLINK_SMTP_HOST": "127.0.0.1",
            "COPLINK_SMTP_PORT": str(self.town.mail.port),
            "COPLINK_SMTP_FROM": "coplink@school.example",
            "COPLINK_SMTP_SECURITY": "none",
            "COPLINK_LOG_LEVEL": "INFO",
            **self.extra,
        }
        pid = self.mother.bear(
            environment=environment,
            jobs=self.jobs,
            sure=SURE if self.jobs else sure.SURE_FOR,
            die=die,
            alone=alone,
            log=str(self.folder / "log"),
        )
        self._alive.append(made := Mortal(pid))
        return made

    @contextmanager
    def workers(self) -> Iterator[None]:
        """Whoever was started inside is dead afterwards."""
        try:
            yield
        finally:
            for one in self._alive:
                one.kill()
                one.forget()
            self._alive.clear()

    # --- looks ------------------------------------------------------------------------------------------------------

    def sql(self, words: str) -> list[tuple[Any, ...]]:
        """Ask the application's database beside everybody else."""
        if self._looking is None:
            self._looking = self._opened(self.url)
        return [tuple(row) for row in self._looking.execute(words).fetchall()]

    def job_sql(self, words: str) -> list[tuple[Any, ...]]:
        """Ask the job store."""
        if self.kind == "postgres":
            return self.sql(words.replace("workflow_status", "coplink_jobs.workflow_status"))
        file = sqlite3.connect(self.jobs_url.removeprefix("sqlite:///"), isolation_level=None)
        try:
            return [tuple(row) for row in file.execute(words).fetchall()]
        finally:
            file.close()

    def undone(self) -> list[tuple[Any, ...]]:
        """Work that is asked for and not done."""
        words = "SELECT kind, target, reason, resting, not_before FROM work WHERE settled < generation"
        return self.sql(words)

    def quiet(self) -> bool:
        """Whether nothing is left to do, and no job waits or runs."""
        if self.undone():
            return False
        words = "SELECT count(*) FROM workflow_status WHERE queue_name = 'coplink-jobs' AND status IN"
        return not self.job_sql(f"{words} ('ENQUEUED', 'PENDING', 'DELAYED')")[0][0]

    def until_quiet(self, seconds: float, unless: Mortal | None = None) -> bool:
        """Wait until it is; False when ``unless`` dies before."""
        until = time.monotonic() + seconds
        while not self.quiet():
            if unless is not None and unless.dead():
                return False
            assert time.monotonic() < until, f"still to do after {seconds} s: {self.undone()}\n{self.log()}"
            time.sleep(0.02)
        return True

    def log(self, last: int = 4000) -> str:
        """The end of what the workers had to say."""
        file = self.folder / "log"
        return file.read_text(errors="replace")[-last:] if file.exists() else ""

    def cut(self) -> bool:
        """Whether a worker met its knife."""
        return any(line.words.startswith("SIG") for line in self.lines())

    def lines(self) -> list[Line]:
        """What workers said about what they do, in order."""
        file = self.folder / "log"
        found = []
        for line in file.read_text(errors="replace").splitlines() if file.exists() else ():
            if line.startswith("@ "):
                _, pid, at, words = line.split(" ", 3)
                found.append(Line(int(pid), float(at), words))
        return found

    def close(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        """Nobody may have a database open while it is replaced."""
        if self._looking is not None:
            self._looking.close()
            self._looking = None
        self.pages.close()
        self.services.storage._engine.dispose()  # type: ignore[attr-defined]

    def _opened(self, url: str) -> Any:
        if self.kind == "postgres":
            return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)

    @property
    def _name(self) -> str:
        return make_url(self.url).database or ""

    def _server(self) -> psycopg.Connection[Any]:
        """The server, beside the database that is replaced."""
        address = make_url(self.url).set(drivername="postgresql", database="postgres")
        return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)

    def _copy(self, old: str, new: str) -> None:
        with self._server() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {new} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {new} TEMPLATE {old}".encode())
