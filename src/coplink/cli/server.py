"""The web server: gunicorn in one process, with a worker beside it where one is asked for."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from coplink.cli.base import services_from
from coplink.jobs.client import DurableClient
from coplink.jobs.durable import DurableWorker
from coplink.settings import Settings
from coplink.web import create_app
from coplink.wiring import Services

Attach = Callable[[Services], DurableWorker]


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with one process of threads; the worker starts after the fork, once, beside the web."""

    def __init__(self, settings: Settings, attach: Attach | None) -> None:
        self._settings = settings
        self._attach = attach
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
        if self._attach is not None:
            worker = self._attach(services)
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
