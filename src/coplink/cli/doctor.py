"""``coplink doctor``: the house and every connection, asked now, in the same three words as on the admin's pages.

Exit codes, for scripts: 0 nothing needs a person; 1 somebody must act; 3 nobody must, but somebody gave no answer.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.core.errors import CoplinkError
from coplink.core.words import say
from coplink.engine import preflight
from coplink.engine.attention import SUPPORT
from coplink.ports.integration import Check, Verdict
from coplink.ports.records import Connected
from coplink.wiring import Services
from coplink.worker import house

FINE, NEEDED, SILENT = 0, 1, 3
NO_ANSWER = "no answer"
WIDTH = 110


@dataclass(frozen=True, slots=True)
class Section:
    """The lines about one thing: coplink itself, or one connection of an institution."""

    institution: str
    title: str
    integration: str
    checks: tuple[Check, ...]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for other programs.")
@data_option
def doctor(data: Path | None, as_json: bool) -> None:
    """Check coplink and every connection with harmless calls: what works, who must act, what happens instead.

    Ends with 0 when nobody must act, 1 when somebody must, 3 when only somebody gave no answer.
    """
    services, refused = _opened(data)
    pending: list[str] = []
    sections = [_house(refused)]
    if services is not None:
        sections = [_house((*house.lines(services), *_broken(services)))]
        if all(check.ok for check in sections[0].checks if check.title in house.GROUND):
            sections += _connections(services)
            pending = _pending(services)
    code = exit_code(check for section in sections for check in section.checks)
    if as_json:
        click.echo(json.dumps(_as_json(sections, pending, code), ensure_ascii=False, indent=2))
    else:
        _print(sections, pending, code)
    sys.exit(code)


def _opened(data: Path | None) -> tuple[Services | None, tuple[Check, ...]]:
    """The services, or the line that says why there are none."""
    title, where = str(say("Settings")), say("COPLINK_… in the environment, or the file of settings.")
    try:
        settings = admin_settings(data)
        title, where = (
            str(say("Database")),
            say("COPLINK_DATABASE_URL; a newer version needs: coplink db upgrade"),
        )
        return services_from(settings), ()
    except CoplinkError as error:
        return None, (Check(title, False, error.message, SUPPORT, where=where),)
    except Exception as error:  # whatever a database's driver says
        said = say("The database does not answer ({kind}).", kind=type(error).__name__)
        return None, (Check(title, False, said, SUPPORT, where=where),)


def exit_code(checks: Iterable[Check]) -> int:
    """What the lines come to, as a number for scripts."""
    needing = [check for check in checks if check.verdict is Verdict.NEEDS_YOU]
    if any(check.asked for check in needing):
        return NEEDED
    return SILENT if needing else FINE


def word(check: Check) -> str:
    """One of the three words, or that nobody answered."""
    return check.verdict.value if check.asked or check.ok else NO_ANSWER


def _house(checks: tuple[Check, ...]) -> Section:
    return Section("", "coplink", "", checks)


def _broken(services: Services) -> Iterator[Check]:
    for broken in services.installed.broken:
        title = str(say("Integration {key}", key=broken.key))
        said = say("It cannot be loaded: {reason}", reason=broken.reason)
        yield Check(title, False, said, SUPPORT, where=say("The Python packages beside coplink."))


def _connections(services: Services) -> list[Section]:
    with services.begin() as uow:
        names = {known.id: known.name for known in uow.institutions.all()}
        connections = list(uow.institutions.connections())
    connections.sort(key=lambda one: (names.get(one.institution, ""), one.integration))
    return [
        Section(
            names.get(one.institution, ""),
            services.manifests[one.integration].title
            if one.integration in services.manifests
            else one.integration,
            one.integration,
            _checked(services, one),
        )
        for one in connections
    ]


def _checked(services: Services, connected: Connected) -> tuple[Check, ...]:
    """One connection's lines; a mistake of ours in one of them must not hide the others."""
    try:
        return preflight.lines(services.begin, services.open, house.about_connections(services), connected)
    except Exception as error:
        said = say("Something went wrong inside coplink ({kind}).", kind=type(error).__name__)
        return (Check(str(say("Connection")), False, said, SUPPORT, where=say("coplink’s log.")),)


def _pending(services: Services) -> list[str]:
    with services.begin() as uow:
        known = [institution.id for institution in uow.institutions.all()]
        return [
            d.deployment_id for one in known for d in uow.platforms.deployments(one) if d.approved_at is None
        ]


def _print(sections: list[Section], pending: list[str], code: int) -> None:
    institution = ""
    for section in sections:
        if section.institution and section.institution != institution:
            institution = section.institution
            click.echo(institution)
        indent = "  " if section.institution else ""
        click.echo(f"{indent}{section.title}")
        for check in section.checks:
            _print_line(check, indent + "  ")
    if len(sections) == 1 and code != NEEDED:
        click.echo("Nothing is connected yet: coplink connect --help")
    for deployment in pending:
        click.echo(f"Deployment {deployment} waits for approval on the connections page.")
    needed = sum(word(check) == Verdict.NEEDS_YOU for section in sections for check in section.checks)
    silent = sum(word(check) == NO_ANSWER for section in sections for check in section.checks)
    told = [
        f"{needed} need somebody." if needed else "",
        f"{silent} got no answer: ask again later." if silent else "",
    ]
    click.echo(" ".join(filter(None, told)) or "Nobody needs to do anything.")


def _print_line(check: Check, indent: str) -> None:
    click.echo(f"{indent}{word(check):<9}  {check.title}: {check.message}")
    deeper = indent + " " * 11
    if not check.ok:
        who = f"Who can change it: {check.who}." if check.who else ""
        where = f"Where: {check.where}" if check.where else ""
        for text in (who, where, ", ".join(check.scopes)):
            _print_wrapped(text, deeper)
    if check.fallback:
        _print_wrapped(f"{'If not' if check.ok else 'Instead'}: {check.fallback}", deeper)


def _print_wrapped(text: str, indent: str) -> None:
    for line in textwrap.wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False):
        click.echo(indent + line)


def _as_json(sections: list[Section], pending: list[str], code: int) -> dict[str, Any]:
    institutions: dict[str, list[dict[str, Any]]] = {}
    for section in sections[1:]:
        one = {"integration": section.integration, "title": section.title, "lines": _lines(section)}
        institutions.setdefault(section.institution, []).append(one)
    return {
        "exit": code,
        "coplink": _lines(sections[0]),
        "institutions": [{"name": name, "connections": many} for name, many in institutions.items()],
        "deployments waiting for approval": pending,
    }


def _lines(section: Section) -> list[dict[str, Any]]:
    return [
        {
            "title": check.title,
            "word": word(check),
            "message": str(check.message),
            "who": check.who,
            "where": str(check.where) if check.where else None,
            "instead": str(check.fallback) if check.fallback else None,
            "scopes": list(check.scopes),
        }
        for check in section.checks
    ]
