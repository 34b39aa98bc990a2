"""Servers in processes of their own, and the CPU seconds they burn, children included.

The figures are those of the kernel (``/proc/<pid>/stat``: user and system time of the process, of its living children,
and of those that have ended), in steps of a hundredth of a second.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of this machine that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """User and system seconds of a process and all below it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(value) for value in fields[11:15]) / _TICKS
    return own + sum(cpu_seconds(child) for child in children(pid))


def children(pid: int) -> list[int]:
    """The living children of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:  # a thread that has just ended
            continue
    return found


class Server:
    """A command that listens on ``port``; it is stopped by leaving the block."""

    def __init__(self, command: Sequence[str], port: int, environ: Mapping[str, str], log: Path) -> None:
        self.port = port
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, *command], env={**os.environ, **environ}, stdout=self._log, stderr=self._log
        )
        self._name = str(log)

    def __enter__(self) -> Server:
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("a server did not start:\n" + Path(self._name).read_text()[-3000:])

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process and wait for it."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @property
    def pid(self) -> int:
        """The process at the top."""
        return self._process.pid

    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self._process.pid)
