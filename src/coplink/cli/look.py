"""Looking without changing: what is installed, what a reconciliation would do. What is wrong: ``doctor``."""

from __future__ import annotations

from pathlib import Path

import click

from coplink import registry
from coplink.cli.base import admin_settings, data_option, services_from
from coplink.core.errors import DomainError
from coplink.core.people import CommunityId
from coplink.core.plan import diff
from coplink.core.policy import hazards
from coplink.core.spaces import Observed, SpaceState
from coplink.core.words import say
from coplink.engine.known import tally_of, wanted


@click.command()
def integrations() -> None:
    """The integrations that are installed, and those that cannot be loaded."""
    found = registry.integrations()
    for key, integration in found.integrations.items():
        can = ", ".join(sorted(capability.value for capability in integration.manifest.capabilities))
        click.echo(f"{key:<10} {integration.manifest.title:<20} {can}")
    for broken in found.broken:
        click.echo(f"{broken.key:<10} cannot be loaded: {broken.reason}")


@click.command()
@click.argument("community")
@data_option
def plan(community: str, data: Path | None) -> None:
    """Show what the next reconciliation of a community's spaces would do; changes nothing."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        if uow.communities.get(CommunityId(community)) is None:
            raise DomainError(say("There is no community with that id."))
        spaces = uow.spaces.of(CommunityId(community))
    for space in spaces:
        click.echo(f"{space.integration} · {space.name} · {space.state.value}")
        with services.begin() as uow:
            reach = services.open(uow, space.connection)
        if space.state is not SpaceState.READY or reach.connection.seats is None:
            continue
        observed: Observed = reach.connection.seats.read(space.parts)
        with services.begin() as uow:
            known = wanted(uow, space, reach)
            remembered = uow.ledger.remembered(space.id, services.now(), reach.lag)
            tally = tally_of(uow, space, services.now())
        drawn = diff(space.id, known.desired, observed, remembered)
        names = {account: known.people[person].name for account, person in known.people_of.items()}
        for change in drawn.changes:
            before, after = change.before or "no seat", change.after or "no seat"
            click.echo(f"  {names.get(change.account, change.account)}: {before} → {after}")
        if not drawn.changes:
            click.echo("  nothing to change")
        for sentence in hazards(drawn, services.policy, tally):
            click.echo(f"  stops: {sentence}")
        for person, reason in known.desired.unreachable.items():
            click.echo(f"  {known.people[person].name}: {reason}")
