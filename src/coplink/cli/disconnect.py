"""``coplink disconnect``: what it would do, a question, the leave-taking over there, and what remains for a person.

Works with and without a worker: the command takes leave itself, and a worker that runs at the same time goes on.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.core.errors import NotFound
from coplink.core.spaces import ConnectionId
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect as setting_up
from coplink.engine import disconnect as leaving
from coplink.ports.integration import Manifest
from coplink.ports.records import Connected
from coplink.wiring import Services
from coplink.worker.handlers import Worker

PATIENCE = 120.0  # seconds until the rest is left to a worker
LOOK = 0.5


@click.command("disconnect")
@click.argument("integration")
@click.option("--institution", "name", required=True, help="Name or id of the institution.")
@click.option(
    "--take-away",
    is_flag=True,
    help="Also take away coplink's own tabs, pages and coming meetings; nothing that people made.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def disconnect(integration: str, name: str, take_away: bool, yes: bool, data: Path | None) -> None:
    """Disconnect an institution's platform: nothing there is called any more, no credential is kept.

    What coplink made stays for its people; the last lines say what, and how a person takes it away.
    """
    services = services_from(admin_settings(data))
    manifest = services.installed.get(integration).manifest
    with services.begin() as uow:
        owner = setting_up.the_institution(uow, name)
        connected = uow.institutions.connection_of(owner.id, integration, ended=True)
        if connected is None:
            raise NotFound(say("{title} is not connected there.", title=manifest.title))
        farewell = leaving.plan(uow, connected)
    if connected.ended_at is None:
        _show(manifest, owner.name, farewell, take_away)
        if not yes and not click.confirm("Disconnect it?"):
            click.echo("Nothing was changed.")
            return
        with services.begin() as uow:
            leaving.disconnect(uow, connected, manifest.title, "", take_away, services.now())
            uow.commit()
    elif not leaving.under_way(connected):
        click.echo(f"{manifest.title} was disconnected on {connected.ended_at:%Y-%m-%d}.")
    if not take_leave(services, connected.id, PATIENCE):
        click.echo(
            "A platform gives no answer yet. A worker goes on (coplink run); ask again with this command."
        )
        return
    _remains(services, connected.id, manifest)


def take_leave(services: Services, key: ConnectionId, patience: float) -> bool:
    """Do what is left to be done over there, as a worker would; False where it takes longer than that, in seconds."""
    worker, ends = Worker(services), time.monotonic() + patience
    while True:
        connected = _connected(services, key)
        if connected is None or not leaving.under_way(connected):
            return True
        with services.begin() as uow:
            spaces = uow.spaces.of_institution(connected.institution)
        for space in spaces:
            if space.connection == key and space.parting is not None:
                worker.perform(Kind.UPKEEP.value, space.id, 0)
        worker.perform(Kind.DISCONNECT.value, key, 0)
        connected = _connected(services, key)
        if connected is not None and leaving.under_way(connected):
            if time.monotonic() > ends:
                return False
            time.sleep(LOOK)


def _connected(services: Services, key: ConnectionId) -> Connected | None:
    with services.begin() as uow:
        return uow.institutions.connection(key)


def _show(manifest: Manifest, institution: str, farewell: leaving.Farewell, take_away: bool) -> None:
    click.echo(f"Disconnecting {manifest.title} of {institution}:")
    for place in farewell.places:
        click.echo(f"  let go: {place.community} ({place.seats} people sit there and keep their seats)")
    click.echo(f"  subscriptions that end: {farewell.watched}")
    click.echo("  people come in by its door no more; the connection’s settings and secrets are erased")
    click.echo(
        "  coplink’s own tabs, pages and coming meetings are taken away"
        if take_away
        else "  everything over there stays as it is (with --take-away coplink’s own tabs, pages, coming meetings go)"
    )


def _remains(services: Services, key: ConnectionId, manifest: Manifest) -> None:
    with services.begin() as uow:
        connected = uow.institutions.connection(key)
        places = leaving.remains(uow, connected) if connected else []
    click.echo(
        "Disconnected. No credential is kept. What remains over there, for its people or for you to take away:"
    )
    for place in places:
        click.echo(f"  {place.community}")
        for left in place.left:
            click.echo(f"    {left.title}  {left.link}".rstrip())
            click.echo(f"      {left.how}")
    if not places:
        click.echo("  nothing")
    click.echo("To take coplink itself out:")
    for sentence in manifest.consoles:
        click.echo(f"  {sentence}")
