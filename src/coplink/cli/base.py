"""What commands share: options, loading settings, building services, and saying no in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from coplink import logs
from coplink.core.errors import ConfigurationError, CoplinkError
from coplink.core.words import say
from coplink.settings import Settings, load
from coplink.storage.database import is_current, make_engine, upgrade
from coplink.wiring import Services, build

Command = TypeVar("Command", bound=Callable[..., Any])


def data_option(command: Command) -> Command:
    """``--data DIR``: where the SQLite files and the master key are."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of coplink's files (COPLINK_DATA_DIR).",
    )(command)


def loopback_options(command: Command) -> Command:
    """``--loopback --port P --data DIR``: plain HTTP on this machine, for development and tests."""
    command = click.option(
        "--loopback", is_flag=True, help="Plain HTTP on this machine only; for development."
    )(command)
    command = click.option("--port", type=click.IntRange(1, 65535), help="Port for --loopback (8000).")(
        command
    )
    return data_option(command)


def settings_from(data: Path | None = None, loopback: bool = False, port: int | None = None) -> Settings:
    """Settings from the environment, changed by the command's options. Raises ``BadSetting``."""
    given: dict[str, Any] = {}
    if data is not None:
        given["data_dir"] = data
    if loopback:
        address = f"127.0.0.1:{port or 8000}"
        given |= {"loopback": True, "listen": address, "base_url": f"http://{address}"}
    elif port is not None:
        raise click.UsageError("--port goes with --loopback; otherwise set COPLINK_LISTEN.")
    return load(**given)


def admin_settings(data: Path | None) -> Settings:
    """Settings for a command that serves nothing: a loopback address stands in where none is configured."""
    try:
        return settings_from(data)
    except CoplinkError:
        if data is None:
            raise
        return settings_from(data, loopback=True)


def services_from(settings: Settings) -> Services:
    """Build the services after the database was found to be of this version."""
    logs.configure(settings.log_level)
    engine = make_engine(settings.database_url)
    try:
        if settings.database_url.startswith("sqlite"):
            upgrade(engine)
        elif not is_current(engine):
            raise ConfigurationError(say("The database is of another version. Run: coplink db upgrade"))
    finally:
        engine.dispose()
    return build(settings)


def said(error: CoplinkError) -> str:
    """An error as one line for a terminal."""
    return f"coplink: {error.message}"
