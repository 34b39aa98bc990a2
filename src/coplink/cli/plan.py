"""``coplink plan``, ``coplink approve``: what the next reconciliation would do, and a yes to what is too much for it.

Exit code 0: nothing dangerous. 1: a person is needed, or a place could not be looked at.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.core.errors import CoplinkError, DomainError
from coplink.core.people import CommunityId, PersonId
from coplink.core.spaces import Space, SpaceId, SpaceState
from coplink.core.words import say
from coplink.engine import plans
from coplink.engine.plans import Drawn
from coplink.ports.plans import Part
from coplink.wiring import Services

HEADINGS = {
    Part.LOSES: "would lose a seat",
    Part.LEFT: "seems to have left",
    Part.SEATED: "would get a seat",
    Part.ROLE: "would change role",
}
AT_NEXT = "at the next reconciliation this plan is kept and asked about on its page"


@click.command()
@click.argument("community")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@data_option
@click.pass_context
def plan(context: click.Context, community: str, as_json: bool, data: Path | None) -> None:
    """Show what the next reconciliation of a community's spaces would do; changes nothing."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        if uow.communities.get(CommunityId(community)) is None:
            raise DomainError(say("There is no community with that id."))
        spaces = uow.spaces.of(CommunityId(community))
    told = [_told(services, space) for space in spaces]
    needs = any(one["hazards"] or one["trouble"] for one in told)
    if as_json:
        click.echo(json.dumps({"community": community, "needs_a_person": needs, "spaces": told}, indent=2))
    else:
        for one in told:
            _show(one)
    context.exit(1 if needs else 0)


@click.command()
@click.argument("space")
@click.argument("digest")
@data_option
def approve(space: str, digest: str, data: Path | None) -> None:
    """Say yes to exactly the plan with this DIGEST, which waits in SPACE; see ``coplink plan``."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        found = uow.spaces.get(SpaceId(space))
        if found is None:
            raise DomainError(say("There is no space with that id."))
        manifest = services.manifests.get(found.integration)
        title = manifest.title if manifest else found.integration
        plans.approve(uow, found, digest.strip(), None, title, services.now())
        uow.commit()
    click.echo("Approved. coplink reads the place once more and does exactly this, if nothing has changed.")


def _told(services: Services, space: Space) -> dict[str, Any]:
    """One space: its plan where it has one now, or why it could not be looked at."""
    told: dict[str, Any] = {
        "space": space.id,
        "place": space.integration,
        "name": space.name,
        "state": space.state.value,
        "digest": None,
        "waits": False,
        "hazards": [],
        "people": [],
        "asked_to_leave": 0,
        "unreachable": [],
        "trouble": None,
    }
    if space.state is not SpaceState.READY:
        return told
    try:
        with services.begin() as uow:
            reach = services.open(uow, space.connection)
        seats = reach.connection.seats
        if seats is None:
            return told
        drawn = plans.draw(services.begin, reach, seats, space, services.policy, services.now())
    except CoplinkError as error:
        return {**told, "trouble": str(error.message)}
    return {**told, **_drawn(services, drawn)}


def _drawn(services: Services, drawn: Drawn) -> dict[str, Any]:
    unreachable = drawn.known.desired.unreachable
    with services.begin() as uow:
        told = uow.people.many(
            {PersonId(line.person) for line in drawn.lines if line.person} | set(unreachable)
        )
    names: dict[str, str] = {key: one.name for key, one in told.items()}
    return {
        "digest": drawn.plan.digest,
        "waits": drawn.waits,
        "hazards": [str(one) for one in drawn.hazards],
        "people": [
            {
                "part": line.part.value,
                "account": line.account,
                "name": names.get(line.person or ""),
                "why": str(line.why),
            }
            for line in drawn.lines
        ],
        "asked_to_leave": drawn.leaving,
        "unreachable": [{"name": names.get(person), "why": str(why)} for person, why in unreachable.items()],
    }


def _show(one: dict[str, Any]) -> None:
    click.echo(f"{one['place']} · {one['name']} · {one['state']} · {one['space']}")
    if one["trouble"]:
        click.echo(f"  could not be looked at: {one['trouble']}")
    for line in one["people"]:
        who = line["name"] or line["account"]
        click.echo(f"  {HEADINGS[Part(line['part'])]}: {who} ({line['why']})")
    if one["asked_to_leave"]:
        click.echo(f"  asked to leave, done first: {one['asked_to_leave']}")
    if one["digest"] and not one["people"] and not one["asked_to_leave"]:
        click.echo("  nothing to change")
    for line in one["unreachable"]:
        click.echo(f"  {line['name']}: {line['why']}")
    for sentence in one["hazards"]:
        click.echo(f"  stops: {sentence}")
    if one["hazards"]:
        approve = f"coplink approve {one['space']} {one['digest']}"
        click.echo(f"  to do exactly this: {approve}" if one["waits"] else f"  {AT_NEXT}")
