"""Two processes: the pretend region, and coplink as anybody would run it. Killing one leaves the other alone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from coplink.cli.demo.seed import seed
from coplink.core.errors import ConfigurationError
from coplink.core.words import say

PORTS = {"tool": 8080, "start": 8079, "lti": 8081, "canvas": 8082, "teams": 8083, "google": 8084}
PATIENCE = 60.0

# What the demo sets so that minutes become seconds; every one of these is an ordinary documented setting.
QUICK = {
    "COPLINK_LAG_SECONDS_OVERRIDE": '{"canvas": 0.4, "teams": 0.4, "google": 0.4}',
    "COPLINK_DEBOUNCE_SECONDS": "0.3",
    "COPLINK_SWEEP_SECONDS": "2",
    "COPLINK_BACKOFF_SECONDS": "0.5,0.5,1,1,2,2,4,4,8,8",
    "COPLINK_COLLECT_MINUTES": "0.25",
    "COPLINK_LOG_LEVEL": "INFO",
}


@dataclass
class Demo:
    """The demo, running: addresses of the tool, the start page and each sandbox; state in ``folder``."""

    folder: Path
    database_url: str = ""
    fixed_ports: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    _region: subprocess.Popen[bytes] | None = None
    _coplink: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = self._choose_ports()
        try:
            self._start_region()
            seed(self)
            self.start_coplink()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def tool_url(self) -> str:
        """Where coplink answers: another site than the sandboxes, as in life."""
        return f"http://127.0.0.1:{self.ports['tool']}"

    def url(self, sandbox: str) -> str:
        """Where a sandbox (or ``start``) answers."""
        return f"http://localhost:{self.ports[sandbox]}"

    @property
    def start_url(self) -> str:
        """The page with all doors."""
        return self.url("start") + "/"

    def environment(self) -> dict[str, str]:
        """coplink's settings in this demo, as environment variables."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("COPLINK_")}
        ours = {**QUICK, "COPLINK_DATA_DIR": str(self.folder), "COPLINK_BASE_URL": self.tool_url}
        ours["COPLINK_LOOPBACK"] = "true"
        ours["COPLINK_LISTEN"] = f"127.0.0.1:{self.ports['tool']}"
        if self.database_url:
            ours |= {"COPLINK_DATABASE_URL": self.database_url, "COPLINK_JOB_DATABASE_URL": self.database_url}
        return {**kept, **ours, **self.extra}

    def start_coplink(self) -> None:
        """Start coplink (web and worker in one process) and wait until it answers."""
        command = [sys.executable, "-m", "coplink", "run", "--loopback", "--port", str(self.ports["tool"])]
        self._coplink = self._popen(command, "coplink.log", self.environment())
        self._await(self.tool_url + "/ready", self._coplink, "coplink.log")

    def kill_coplink(self) -> None:
        """Kill coplink as a power cut would; the region goes on."""
        _end(self._coplink, signal.SIGKILL)
        self._coplink = None

    def wait(self) -> None:
        """Until one of the processes ends by itself; Ctrl-C comes out as ``KeyboardInterrupt``."""
        while all(p is not None and p.poll() is None for p in (self._region, self._coplink)):
            time.sleep(0.5)
        raise ConfigurationError(say("A process of the demo has ended by itself."), self.last_lines())

    def stop(self) -> None:
        """Stop both processes; what they know stays in the folder. A second Ctrl-C does not leave one behind."""
        with _undisturbed():
            _end(self._coplink, signal.SIGTERM)
            _end(self._region, signal.SIGTERM)
        self._coplink = self._region = None

    def ask(self, sandbox: str, path: str, body: Any = None, method: str = "") -> Any:
        """Ask a sandbox's control pages: ``calls``, ``state``, ``weather`` …; JSON in and out."""
        verb = method or ("GET" if body is None else "POST")
        answer = requests.request(verb, f"{self.url(sandbox)}/_sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def last_lines(self, count: int = 15) -> str:
        """The end of both logs, for someone who wonders what happened."""
        ends = []
        for name in ("coplink.log", "region.log"):
            path = self.folder / name
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
            ends += [f"--- {name}", *(line[:600] for line in lines[-count:])]
        return "\n".join(ends)

    def _choose_ports(self) -> dict[str, int]:
        kept = self.folder / "ports.json"
        if kept.exists():
            return dict(json.loads(kept.read_text(encoding="utf-8")))
        wanted = PORTS if self.fixed_ports and all(map(_free, PORTS.values())) else _some_free_ports()
        kept.write_text(json.dumps(wanted), encoding="utf-8")
        return dict(wanted)

    def _start_region(self) -> None:
        command = [sys.executable, "-m", "coplink.cli.demo.region", str(self.folder), self.tool_url]
        self._region = self._popen([*command, json.dumps(self.ports)], "region.log", dict(os.environ))
        self._await(self.start_url, self._region, "region.log")

    def _popen(self, command: list[str], log: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as out:
            return subprocess.Popen(  # noqa: S603  our own interpreter and our own module
                command,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )

    def _await(self, url: str, process: subprocess.Popen[bytes], log: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if requests.get(url, timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise ConfigurationError(
            say("A part of the demo did not start. Its log is {name} in the demo’s folder.", name=log),
            self.last_lines(),
        )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no signal interrupt: make, for one, passes on what it got, so that the same one arrives twice."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.signal(name, signal.SIG_IGN) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _end(process: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    """Signal the whole session of a process and wait; one that does not go is killed."""
    if process is None:
        return
    for attempt in (how, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, attempt)
        try:
            process.wait(timeout=15)
            return
        except subprocess.TimeoutExpired:
            continue


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _some_free_ports() -> dict[str, int]:
    """Free ports, asked for all at once so that none is given twice."""
    probes = {name: socket.socket() for name in PORTS}
    try:
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}
    finally:
        for probe in probes.values():
            probe.close()
