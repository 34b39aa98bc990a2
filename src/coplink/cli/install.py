"""``coplink install``: what an admin uploads or pastes, filled in with this server's addresses and ids.

Everything is filled and looked over before anything is written. Where a platform takes one zip (``Manifest.package``)
it is written too: the same bytes for the same content, whole or not at all.
"""

from __future__ import annotations

import io
import json
import os
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
from coplink.ports.integration import Installs
from coplink.ports.records import Connected
from coplink.wiring import Services

GAP = re.compile(r"\{\{([a-z_]+)\}\}")
AS_THEY_ARE = (".png", ".ico", ".svg")
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the time of every entry: a zip cannot do without one
TOLD = 6  # letters; a shorter secret may well stand in a text by chance


@click.command("install")
@click.argument("integration")
@click.option("--institution", "name", required=True, help="Name or id of the institution.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to (install-NAME)."
)
@click.option(
    "--zip", "zipped", is_flag=True, help="Also write one zip where the platform does not ask for it."
)
@data_option
def install(integration: str, name: str, out: Path | None, zipped: bool, data: Path | None) -> None:
    """Write what an admin uploads or pastes on a platform, filled in for this server."""
    services = services_from(admin_settings(data))
    written = rendered(services, integration, name)
    if zipped or services.installed.get(integration).manifest.package:
        written[f"coplink-{integration}.zip"] = package(written)
    folder = out or Path(f"install-{integration}")
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in written.items():
        _write(folder / file, content)
    click.echo(f"Written to {folder}: {', '.join(written)}")


def rendered(services: Services, integration: str, institution: str) -> dict[str, bytes]:
    """Every file, filled and looked over; raises ``DomainError`` for the first thing that is wrong."""
    with services.begin() as uow:
        owner = setting_up.the_institution(uow, institution)
        connected = uow.institutions.connection_of(owner.id, integration)
    values = values_for(services, integration, connected)
    found = {}
    for file in artefacts(services, integration):
        content = file.read_bytes()
        if not file.name.endswith(AS_THEY_ARE):
            content = filled(content.decode(), values, file.name).encode()
        found[file.name] = content
    if not found:
        raise DomainError(say("There is nothing to install for {name}.", name=integration))
    _look_over(services, integration, connected, found)
    return found


def artefacts(services: Services, integration: str) -> Iterator[Traversable]:
    """The files that lie in the ``install`` folder of an integration's package."""
    folder = files(type(services.installed.get(integration)).__module__.partition(".")[0]) / "install"
    if folder.is_dir():
        yield from sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: file.name)


def values_for(services: Services, integration: str, connected: Connected | None) -> Mapping[str, str]:
    """What fills the gaps: this server's addresses and LTI configuration, the connection's settings but secrets."""
    base, found = services.settings.base_url, services.installed.get(integration)
    secret = {field.name for field in found.manifest.fields if field.secret}
    open_ones = {k: v for k, v in (connected.settings if connected else {}).items() if v and k not in secret}
    house = {
        "base_url": base,
        "host": urlsplit(base).netloc,
        "lti_configuration": json.dumps(canvas_config.configuration(base), indent=2),
    }
    if connected is not None:
        house["connection_id"] = connected.id
    computed = found.gaps(open_ones) if isinstance(found, Installs) else {}
    return {**open_ones, **computed, **house}


def filled(text: str, values: Mapping[str, str], name: str) -> str:
    """The text with every ``{{gap}}`` filled; raises ``DomainError`` naming the first one that cannot be.

    Within a text of a JSON file a value is written as JSON writes it.
    """
    missing = [gap for gap in GAP.findall(text) if gap not in values]
    if missing:
        raise DomainError(
            say(
                "{file} needs “{gap}”: connect the platform first, with that setting.",
                file=name,
                gap=missing[0],
            )
        )

    def fill(gap: re.Match[str]) -> str:
        line = text[: gap.start()].rpartition("\n")[2]
        within = name.endswith(".json") and line.count('"') % 2 == 1
        return json.dumps(values[gap[1]], ensure_ascii=False)[1:-1] if within else values[gap[1]]

    return GAP.sub(fill, text)


def package(found: Mapping[str, bytes]) -> bytes:
    """One zip of the manifest and its pictures, nothing beside them; the same content makes the same bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as bundle:
        for name in sorted(found):
            if name == "manifest.json" or name.endswith(
                ".png"
            ):  # a package with anything else in it is refused
                entry = zipfile.ZipInfo(name, BEGINNING)
                entry.compress_type, entry.external_attr, entry.create_system = (
                    zipfile.ZIP_DEFLATED,
                    0o644 << 16,
                    3,
                )
                bundle.writestr(entry, found[name], compresslevel=9)
    return held.getvalue()


def _look_over(
    services: Services, integration: str, connected: Connected | None, found: Mapping[str, bytes]
) -> None:
    maker = services.installed.get(integration)
    for name, content in found.items():
        if name.endswith(AS_THEY_ARE):
            continue
        text = content.decode()
        if GAP.search(text):
            raise DomainError(say("{file} still has a gap: a setting looks like one.", file=name))
        if name.endswith(".json"):
            try:
                json.loads(text)
            except ValueError as error:
                raise DomainError(
                    say("{file} is no JSON once it is filled.", file=name), str(error)
                ) from error
        for field in maker.manifest.fields:
            value = (connected.settings if connected else {}).get(field.name, "")
            if field.secret and len(value) >= TOLD and value in text:
                raise DomainError(
                    say("{file} would tell the secret “{field}”.", file=name, field=field.title)
                )
    for fault in maker.faults(found) if isinstance(maker, Installs) else ():
        raise DomainError(fault)


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all: written beside, then renamed."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
