"""A worker process for the tests, to be killed: appends a line for each step it does.

Usage: worker_process.py ADDRESS LINES KEY alone|many [SECONDS_PER_STEP]. Jobs are three steps, a short wait between.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from coplink.jobs.durable import DurableWorker
from coplink.storage.sealing import FernetSealer


class Lines:
    """Appends whole lines, however many processes do so at once."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, *words: object) -> None:
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


def main(address: str, path: str, key: str, mode: str, seconds: str = "0.01") -> None:
    lines = Lines(path)

    def perform(name: str, target: str, attempt: int) -> float | None:
        lines.write("begin", target, attempt, os.getpid(), time.time())
        time.sleep(float(seconds))
        lines.write("end", target, attempt, os.getpid(), time.time())
        return 0.01 if name == "three" and attempt < 2 else None

    worker = DurableWorker(
        address,
        FernetSealer([key]),
        perform,
        {"every-second": ("* * * * * *", lambda: lines.write("tick", int(time.time()), 0, os.getpid(), 0))},
        worker_concurrency=20,
        heartbeat_seconds=0.5,
        silent_seconds=2.5,
        lock_seconds=0.5,
        several=mode == "many",
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker.start()
    print("started", flush=True)
    stop.wait()
    worker.stop(grace_seconds=5)


if __name__ == "__main__":
    main(*sys.argv[1:])
