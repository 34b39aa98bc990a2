"""Forks workers that are to be killed: everything is imported once, so a new worker lives after a few milliseconds.

usage: mother.py MODULE... (to be imported as well).

Reads a line of JSON for each (see ``mortal.live``) and answers with its process id. What is still alive when nobody
asks any more is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

WARM = ("coplink.cli.process", "psycopg", "mortal")


def born(asked: dict[str, object]) -> int:
    """A new process that lives as it was asked to; only the mother comes back from here."""
    pid = os.fork()
    if pid:
        return pid
    try:
        log = os.open(str(asked["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        import_module("mortal").live(asked)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def main() -> None:
    children: set[int] = set()
    for name in (*WARM, *sys.argv[1:]):
        import_module(name)
    print("ready", flush=True)
    for line in sys.stdin:
        for pid in list(children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                children.discard(pid)
        children.add(pid := born(json.loads(line)))
        print(pid, flush=True)
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
