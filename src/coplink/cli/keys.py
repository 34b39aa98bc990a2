"""``coplink keys``: our own signing keys for learning platforms, and their rotation."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.lti.our_keys import PAUSE, PUBLISHED_AFTER, begins, is_over, signs
from coplink.ports.records import KeyPair


@click.group()
def keys() -> None:
    """Keys that sign what coplink sends to learning platforms."""


@keys.command("list")
@data_option
def keys_list(data: Path | None) -> None:
    """The keys, newest first: which one signs, until when the others are published."""
    services = services_from(admin_settings(data))
    now = services.now()
    for pair in services.our_keys.pairs(now):
        click.echo(f"{pair.kid}  made {moment(pair.made_at)}  {standing(pair, now)}")


@keys.command("rotate")
@click.option(
    "--after",
    "hours",
    type=click.FloatRange(0, 168),
    default=PAUSE.total_seconds() / 3600,
    show_default=True,
    help="Hours until the new key signs: time for platforms to fetch it.",
)
@click.option(
    "--leaked", is_flag=True, help="Withdraw every old key at once: somebody else may have seen them."
)
@data_option
def keys_rotate(hours: float, leaked: bool, data: Path | None) -> None:
    """Publish a new key beside the old one; it signs after a pause, the old one stays published for a week."""
    services = services_from(admin_settings(data))
    now = services.now()
    if leaked:
        made = services.our_keys.replace_all(now)
        click.echo(f"{made.kid} signs now. Platforms refuse what it signs until they fetch the keys again.")
        return
    made = services.our_keys.rotate(now, timedelta(hours=hours))
    until = begins(made) + PUBLISHED_AFTER
    click.echo(f"{made.kid} is published and signs from {moment(begins(made))}.")
    click.echo(f"The old key stays published until {moment(until)}.")


def standing(pair: KeyPair, now: datetime) -> str:
    """What a key does now, in words."""
    if begins(pair) > now:
        return f"published, signs from {moment(begins(pair))}"
    if signs(pair, now):
        return "signs" + (f" until {moment(pair.retired_at)}" if pair.retired_at else "")
    if pair.retired_at is None or is_over(pair, now):
        return "not published any more; the next rotation drops it"
    return f"retired, published until {moment(pair.retired_at + PUBLISHED_AFTER)}"


def moment(at: datetime) -> str:
    """A moment as commands print it."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
