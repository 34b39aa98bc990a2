"""Long-running commands: ``run`` (web and worker in one process), ``serve``, ``work``."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from coplink.cli.base import loopback_options, services_from, settings_from
from coplink.engine import preflight
from coplink.engine.sweep import sweep
from coplink.jobs.client import DurableClient
from coplink.jobs.durable import DurableWorker
from coplink.settings import Settings
from coplink.web import create_app
from coplink.wiring import Services
from coplink.worker.handlers import Worker
from coplink.worker.timers import ticks


@click.command()
@loopback_options
def run(loopback: bool, port: int | None, data: Path | None) -> None:
    """Run web server and worker in one process (the default)."""
    settings = settings_from(data, loopback, port)
    services_from(settings)  # what is wrong is said here, before anything listens
    _Server(settings, with_worker=True).run()


@click.command()
@loopback_options
def serve(loopback: bool, port: int | None, data: Path | None) -> None:
    """Run the web server only; a ``coplink work`` elsewhere does the work."""
    settings = settings_from(data, loopback, port)
    services_from(settings)
    _Server(settings, with_worker=False).run()


@click.command()
@loopback_options
def work(loopback: bool, port: int | None, data: Path | None) -> None:
    """Run the worker only."""
    services = services_from(settings_from(data, loopback, port))
    worker = attach_worker(services)
    worker.start()
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


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with one process of threads; the worker starts after the fork, once, beside the web."""

    def __init__(self, settings: Settings, with_worker: bool) -> None:
        self._settings = settings
        self._with_worker = with_worker
        self._stop: Callable[[], None] = lambda: None
        super().__init__()

    def load_config(self) -> None:
        for key, value in {
            "bind": self._settings.listen,
            "workers": 1,
            "threads": self._settings.web_threads,
            "worker_class": "gthread",
            "timeout": 120,
            "graceful_timeout": 10,
            "keepalive": 5,
            "limit_request_line": 8190,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "coplink",
            "worker_exit": self._ended,
        }.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        services = services_from(self._settings)
        if self._with_worker:
            worker = attach_worker(services)
            worker.start()
            self._stop = worker.stop
        else:
            client = DurableClient(
                self._settings.job_database_url,
                services.sealer,
                debounce_seconds=self._settings.debounce_seconds,
            )
            services.jobs = client
            self._stop = client.close
        app = create_app(services)
        gc.collect()
        gc.freeze()  # what was loaded stays: looking through it at every collection would only take time
        return app

    def _ended(self, arbiter: object, worker: object) -> None:
        self._stop()
