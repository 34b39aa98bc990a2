"""Setting up with a real school: institutions, admins and connections (platforms: ``platforms``). The demo does too."""

from __future__ import annotations

from pathlib import Path

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.core.errors import DomainError
from coplink.core.words import say
from coplink.engine import connect as setting_up
from coplink.wiring import Services


@click.group()
def institution() -> None:
    """Schools and districts."""


@institution.command("add")
@click.argument("name")
@click.option(
    "--listed", is_flag=True, help="Facilitators of other institutions here may ask it to take part."
)
@data_option
def institution_add(name: str, listed: bool, data: Path | None) -> None:
    """Add a school or district; the same name again changes nothing."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        added = setting_up.add_institution(uow, name, listed)
        uow.commit()
    click.echo(f"{added.name}: {added.id}")


@institution.command("list")
@data_option
def institution_list(data: Path | None) -> None:
    """The institutions of this server and what is connected."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        for known in uow.institutions.all():
            keys = ", ".join(c.integration for c in uow.institutions.connections(known.id)) or "nothing yet"
            click.echo(f"{known.id}  {known.name}  (connected: {keys})")


@click.group()
def admin() -> None:
    """People who look after an institution's connections."""


@admin.command("invite")
@click.option("--institution", "name", required=True, help="Name or id of the institution.")
@click.option("--name", "person", default="Connection admin", help="How the person is called.")
@data_option
def admin_invite(name: str, person: str, data: Path | None) -> None:
    """Print a one-time link (24 hours) that makes its reader a connection admin."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        link = setting_up.invite_admin(uow, setting_up.the_institution(uow, name), person, services.now())
        uow.commit()
    click.echo(f"{services.settings.base_url}/admin/claim/{link.token}")


@click.command("connect")
@click.argument("integration")
@click.option("--institution", "name", required=True, help="Name or id of the institution.")
@click.option(
    "--set", "given", multiple=True, help="A setting: name=value. Secrets: name=@file reads a file."
)
@data_option
def connect(integration: str, name: str, given: tuple[str, ...], data: Path | None) -> None:
    """Connect an institution's platform; without --set, what it needs is listed."""
    services = services_from(admin_settings(data))
    manifest = services.installed.get(integration).manifest
    if not given:
        click.echo(f"{manifest.title} needs:")
        for field in manifest.fields:
            default = "required" if field.default is None else f"default {field.default or 'empty'}"
            click.echo(
                f"  {field.name:<24} {field.title}{' (secret)' if field.secret else ''} [{default}] {field.help}"
            )
        return
    connection_id = store(services, integration, name, {k: _file(v) for k, v in pairs(given).items()})
    click.echo(f"Connected {manifest.title}: {connection_id}. Check it: coplink doctor")


def store(services: Services, integration: str, institution_name: str, settings: dict[str, str]) -> str:
    """Store a connection through the engine; returns its id."""
    manifest = services.installed.get(integration).manifest
    with services.begin() as uow:
        owner = setting_up.the_institution(uow, institution_name)
        connected = setting_up.connect(
            uow,
            owner.id,
            manifest,
            settings,
            lambda values: services.look_over(integration, values),
            services.now(),
            services.settings.loopback,
        )
        uow.commit()
    return connected.id


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """``name=value`` words as a mapping; raises ``DomainError`` for anything else."""
    found: dict[str, str] = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise DomainError(say("“{word}” is not of the form name=value.", word=key))
        found[key] = value
    return found


def _file(value: str) -> str:
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DomainError(say("Cannot read the file {name}.", name=value[1:])) from error
