"""``coplink secrets rotate``: seal everything anew with the newest master key."""

from __future__ import annotations

from pathlib import Path

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.storage.database import make_engine
from coplink.storage.rotation import rotate
from coplink.storage.sealing import FernetSealer


@click.group()
def secrets() -> None:
    """The master keys that seal secrets."""


@secrets.command("rotate")
@data_option
def secrets_rotate(data: Path | None) -> None:
    """Seal every secret anew with the first of COPLINK_MASTER_KEYS; the others may be dropped afterwards, but the last.

    The last key also makes the keyed hashes that remember a "no": keep it at the end of the list.
    """
    settings = admin_settings(data)
    services_from(settings)
    sealer = FernetSealer([key.get_secret_value() for key in settings.master_keys])
    count = rotate(make_engine(settings.database_url), sealer)
    click.echo(f"Sealed anew: {count}.")
