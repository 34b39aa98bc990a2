"""``coplink install``: what an admin uploads or pastes, filled in with this server's addresses and ids."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from urllib.parse import urlsplit

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.core.errors import DomainError
from coplink.core.words import say
from coplink.engine import connect as setting_up
from coplink.lti import canvas_config
from coplink.wiring import Services

GAP = re.compile(r"\{\{([a-z_]+)\}\}")


@click.command("install")
@click.argument("integration")
@click.option("--institution", "name", required=True, help="Name or id of the institution.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to (install-NAME)."
)
@click.option(
    "--zip", "zipped", is_flag=True, help="Also write one zip of the files, as Microsoft Teams takes it."
)
@data_option
def install(integration: str, name: str, out: Path | None, zipped: bool, data: Path | None) -> None:
    """Write what an admin uploads or pastes on a platform, filled in for this server."""
    services = services_from(admin_settings(data))
    values = values_for(services, integration, name)
    folder = out or Path(f"install-{integration}")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file in artefacts(services, integration):
        content = file.read_bytes()
        if not file.name.endswith((".png", ".ico")):
            content = filled(content.decode(), values, file.name).encode()
        (folder / file.name).write_bytes(content)
        written.append(file.name)
    if not written:
        raise DomainError(say("There is nothing to install for {name}.", name=integration))
    if zipped:
        with zipfile.ZipFile(folder / f"coplink-{integration}.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
            for one in written:
                if one == "manifest.json" or one.endswith(
                    ".png"
                ):  # a package with anything else in it is refused
                    bundle.write(folder / one, one)
        written.append(f"coplink-{integration}.zip")
    click.echo(f"Written to {folder}: {', '.join(written)}")


def artefacts(services: Services, integration: str) -> Iterator[Traversable]:
    """The files that lie in the ``install`` folder of an integration's package."""
    package = type(services.installed.get(integration)).__module__.partition(".")[0]
    folder = files(package) / "install"
    if folder.is_dir():
        yield from sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: file.name)


def values_for(services: Services, integration: str, institution: str) -> Mapping[str, str]:
    """What fills the gaps: this server's addresses and LTI configuration, the connection's settings but secrets."""
    base = services.settings.base_url
    manifest = services.installed.get(integration).manifest
    secret = {field.name for field in manifest.fields if field.secret}
    with services.begin() as uow:
        owner = setting_up.the_institution(uow, institution)
        connected = uow.institutions.connection_of(owner.id, integration)
    found = {"base_url": base, "host": urlsplit(base).netloc}
    found["lti_configuration"] = json.dumps(canvas_config.configuration(base), indent=2)
    if connected is not None:
        found["connection_id"] = connected.id
        found |= {key: value for key, value in connected.settings.items() if value and key not in secret}
    return found


def filled(text: str, values: Mapping[str, str], name: str) -> str:
    """The text with every ``{{gap}}`` filled; raises ``DomainError`` naming the first one that cannot be."""
    missing = [gap for gap in GAP.findall(text) if gap not in values]
    if missing:
        raise DomainError(
            say(
                "{file} needs “{gap}”: connect the platform first, with that setting.",
                file=name,
                gap=missing[0],
            )
        )
    return GAP.sub(lambda gap: values[gap[1]], text)
