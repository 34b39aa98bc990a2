"""Commands run in the process of a test: in the house it plays in, with logging put back as it was afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from click.testing import CliRunner, Result

from coplink.cli import cli
from coplink.wiring import Services

OTHERS = ("dbos", "gunicorn.error", "gunicorn.access")


@contextmanager
def logging_kept() -> Iterator[None]:
    """Put logging back as it was: the commands set it up for a process of their own."""
    root = logging.getLogger()
    kept = [root, *(logging.getLogger(name) for name in OTHERS)]
    before = [(one.handlers[:], one.level, one.propagate) for one in kept]
    try:
        yield
    finally:
        logging.captureWarnings(False)
        structlog.reset_defaults()
        for one, (handlers, level, propagate) in zip(kept, before, strict=True):
            one.handlers[:], one.propagate = handlers, propagate
            one.setLevel(level)


def command_of(services: Services) -> Callable[..., Result]:
    """Runs a command on a house's own database; what is installed is looked for by the command itself."""
    settings = services.settings
    environment = {
        "COPLINK_BASE_URL": settings.base_url,
        "COPLINK_LOOPBACK": "true",
        "COPLINK_DATABASE_URL": settings.database_url,
        "COPLINK_MASTER_KEYS": settings.master_keys[0].get_secret_value(),
    }

    def run(*words: str) -> Result:
        return CliRunner(env=environment).invoke(cli, [*words, "--data", str(settings.data_dir)])

    return run
