"""A worker that dies at a point that was chosen, by a knife that the test plants: nothing of it is in coplink itself.

It is the real ``coplink work``; or, where hundreds are to die, a process that does the same work with the same database
and platforms without the job store, which only says when. Points are counted while a job is performed: before and
after each commit to the application's database, and before and after each of the two commits by which the job store
notes what came of it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from coplink.cli import process
from coplink.cli.base import services_from, settings_from
from coplink.engine.sweep import sweep
from coplink.jobs import client
from coplink.jobs.durable import DurableWorker
from coplink.jobs.inline import InlineJobs
from coplink.jobs.store import JobStore
from coplink.pace import sure
from coplink.storage.transaction import Transaction
from coplink.wiring import Services
from coplink.worker.handlers import Worker

NOTES = 2  # what came of a go, and what came of the job


def says(*words: object) -> None:
    """One whole line in the log, with who and when."""
    line = f"@ {os.getpid()} {time.monotonic()} {' '.join(map(str, words))}\n"
    os.write(2, line.encode())


class Knife:
    """Kills this process, or stops it, when the ``number``-th moment of a kind is there.

    Of several processes with a knife that is for ``one`` of them only, whoever comes first is struck.
    """

    def __init__(self, kind: str, number: int, when: str, how: str = "SIGKILL", one: str = "") -> None:
        self._kind, self._number, self._when, self._how, self._one = kind, number, when, how, one
        self._counts: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def at(self, kind: str, when: str) -> None:
        with self._lock:
            self._counts[kind, when] = count = self._counts.get((kind, when), 0) + 1
        if (kind, count, when) == (self._kind, self._number, self._when) and self._is_the_one():
            says(self._how, "at", kind, count, when)
            os.kill(os.getpid(), getattr(signal, self._how))

    def _is_the_one(self) -> bool:
        if not self._one:
            return True
        try:
            os.close(os.open(self._one, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


def plant(knife: Knife) -> None:
    """Let the knife see what this process does for a job."""
    here = threading.local()
    perform, commit, opened = Worker.perform, Transaction.commit, client.open_store

    def performed(self: Worker, name: str, target: str, attempt: int) -> float | None:
        here.at_work = True
        says("begins", name, target)
        try:
            return perform(self, name, target, attempt)
        finally:
            says("ends", name, target)
            here.at_work, here.notes = False, NOTES

    def committed(self: Transaction) -> None:
        if not getattr(here, "at_work", False):
            return commit(self)
        knife.at("commit", "before")
        commit(self)
        return knife.at("commit", "after")

    def noting(address: str) -> JobStore:
        store = opened(address)
        done: Callable[[Any], None] = store.engine.dialect.do_commit

        def noted(connection: Any) -> None:
            if not getattr(here, "notes", 0):
                return done(connection)
            here.notes -= 1
            knife.at("note", "before")
            done(connection)
            return knife.at("note", "after")

        store.engine.dialect.do_commit = noted  # type: ignore[method-assign]
        return store

    Worker.perform, Transaction.commit = performed, committed  # type: ignore[method-assign]
    client.open_store = noting


class Telling(DurableWorker):
    """Says when it is at work."""

    def start(self) -> None:
        super().start()
        says("at work")


def live(asked: dict[str, Any]) -> None:
    """Work until told to end, or killed; by itself, ``alone``, also until nothing is left to do."""
    os.environ.update(asked["environment"])
    sure.SURE_FOR = asked["sure"]
    if asked["die"]:
        plant(Knife(*asked["die"]))
    if asked["alone"]:
        do_all(services_from(settings_from()))
        os._exit(0)
    process.DurableWorker = partial(Telling, **(asked["jobs"] or {}))  # type: ignore[assignment, misc]
    process.work.main(args=[], standalone_mode=False)
    os._exit(0)


def do_all(services: Services) -> None:
    """Do what is due, and what comes of it, in this thread: what a worker does, without the job store."""
    services.jobs = jobs = InlineJobs(Worker(services).perform, services.clock)
    while True:
        with services.begin() as uow:
            left = [one for one in uow.work.all() if not one.done and not one.resting]
        if not left:
            return
        sweep(services.begin, jobs, services.now())
        if not jobs.run_due():
            time.sleep(0.02)
