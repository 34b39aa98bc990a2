"""``coplink db``: bring the database up to date, back it up, restore it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from coplink import logs
from coplink.cli.base import loopback_options, settings_from
from coplink.core.errors import ConfigurationError
from coplink.core.words import say
from coplink.jobs.emptying import empty_jobs
from coplink.settings import Settings
from coplink.storage.backup import back_up, check, may_restore
from coplink.storage.backup import restore as restored
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer


@click.group()
def db() -> None:
    """The database: bring it up to date, back it up, restore it."""


@db.command("upgrade")
@loopback_options
def db_upgrade(loopback: bool, port: int | None, data: Path | None) -> None:
    """Bring the database to this version of coplink."""
    settings = settings_from(data, loopback, port)
    logs.configure(settings.log_level)
    upgrade(make_engine(settings.database_url))
    click.echo("The database is up to date.")


@db.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--check", "only_check", is_flag=True, help="Only say whether FILE is a whole backup that the key opens."
)
@loopback_options
def db_backup(file: Path, only_check: bool, loopback: bool, port: int | None, data: Path | None) -> None:
    """Write everything that lasts into FILE, while coplink goes on working. The master key is kept elsewhere."""
    settings = settings_from(data, loopback, port)
    logs.configure(settings.log_level)
    sealer = _sealer(settings)
    if only_check:
        card = check(file, sealer)
        word = "Whole"
    else:
        card = back_up(make_engine(settings.database_url), sealer, file, datetime.now(UTC))
        word = "Written"
    size = file.stat().st_size / 1_000_000
    click.echo(f"{word}: {file} ({sum(card.rows.values()):,} rows, {size:.1f} MB, {card.made_at[:16]} UTC).")
    click.echo(
        "Keep it apart from the master key: without the key it is worth nothing, with it it opens everything."
    )


@db.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Give up what the database holds now.")
@loopback_options
def db_restore(file: Path, replace: bool, loopback: bool, port: int | None, data: Path | None) -> None:
    """Put FILE into the database of the settings, whichever kind that is. Stop all processes of coplink first."""
    settings = settings_from(data, loopback, port)
    logs.configure(settings.log_level)
    sealer, now = _sealer(settings), datetime.now(UTC)
    engine = make_engine(settings.database_url)
    may_restore(file, engine, sealer, replace)  # a restore that is refused leaves the jobs as well
    emptied = empty_jobs(settings.job_database_url)  # refused while a worker lives
    card = restored(file, engine, sealer, now, replace)
    click.echo(f"Restored: {sum(card.rows.values()):,} rows of {card.made_at[:16]} UTC.")
    if emptied:
        click.echo("What waited to be done was forgotten; everything known is looked at anew.")
    click.echo("Now: coplink doctor, then start coplink. Nobody is removed by what the backup says.")


def _sealer(settings: Settings) -> FernetSealer:
    keys = [key.get_secret_value() for key in settings.master_keys]
    if not keys:
        raise ConfigurationError(say("COPLINK_MASTER_KEYS: there is no key to seal secrets with."))
    return FernetSealer(keys)
