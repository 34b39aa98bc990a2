"""Long-running commands: ``run`` (web and worker in one process), ``serve``, ``work``.

A worker by itself loads nothing of the web: its memory is for the places it keeps.
"""

from __future__ import annotations

import gc
import signal
import threading
from pathlib import Path

import click

from coplink.cli.arenas import share_one_heap
from coplink.cli.base import loopback_options, services_from, settings_from
from coplink.engine import preflight
from coplink.engine.sweep import sweep
from coplink.jobs.durable import DurableWorker
from coplink.wiring import Services
from coplink.worker.handlers import Worker
from coplink.worker.timers import ticks


@click.command()
@loopback_options
def run(loopback: bool, port: int | None, data: Path | None) -> None:
    """Run web server and worker in one process (the default)."""
    share_one_heap()
    settings = settings_from(data, loopback, port)
    services_from(settings)  # what is wrong is said here, before anything listens
    from coplink.cli.server import Server

    Server(settings, attach_worker).run()


@click.command()
@loopback_options
def serve(loopback: bool, port: int | None, data: Path | None) -> None:
    """Run the web server only; a ``coplink work`` elsewhere does the work."""
    settings = settings_from(data, loopback, port)
    services_from(settings)
    from coplink.cli.server import Server

    Server(settings, None).run()


@click.command()
@loopback_options
def work(loopback: bool, port: int | None, data: Path | None) -> None:
    """Run the worker only."""
    share_one_heap()
    services = services_from(settings_from(data, loopback, port))
    worker = attach_worker(services)
    worker.start()
    gc.collect()
    gc.freeze()  # what was loaded stays: only what comes and goes is looked through at every collection
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    ended.wait()
    worker.stop()


def attach_worker(services: Services) -> DurableWorker:
    """The durable worker of this process, wired to its services; not started yet."""
    settings = services.settings
    worker = DurableWorker(
        settings.job_database_url,
        services.sealer,
        Worker(services).perform,
        ticks(services),
        worker_concurrency=settings.worker_concurrency,
        debounce_seconds=settings.debounce_seconds,
        look=lambda: sweep(services.begin, services.jobs, services.now()),
    )
    services.jobs = worker
    preflight.at_work(services.begin, services.now())
    return worker
