"""Looking without changing: what is installed, what is wrong, what a reconciliation would do."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from coplink import registry
from coplink.cli.base import admin_settings, data_option, services_from
from coplink.core.errors import CoplinkError, DomainError
from coplink.core.people import CommunityId
from coplink.core.plan import diff
from coplink.core.policy import hazards
from coplink.core.spaces import Observed, SpaceState
from coplink.core.words import say
from coplink.engine.reconcile import tally_of, wanted


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
@data_option
def doctor(data: Path | None) -> None:
    """Check settings and every connection with harmless calls; says what is missing and who can change it."""
    services = services_from(admin_settings(data))
    bad = 0
    click.echo("Settings: fine. Database: up to date.")
    for broken in services.installed.broken:
        bad += 1
        click.echo(f"✗ integration {broken.key}: {broken.reason}")
    with services.begin() as uow:
        connections = list(uow.institutions.connections())
        names = {known.id: known.name for known in uow.institutions.all()}
        pending = [d for known in names for d in uow.platforms.deployments(known) if d.approved_at is None]
    if not connections:
        click.echo("Nothing is connected yet: coplink connect --help")
    for connected in connections:
        title = f"{names.get(connected.institution, '')} · {connected.integration}"
        try:
            checks = services.reach(connected).connection.check()
        except CoplinkError as error:
            bad += 1
            click.echo(f"✗ {title}: {error.message}")
            continue
        for check in checks:
            bad += not check.ok
            who = f" ({check.who})" if check.who and not check.ok else ""
            click.echo(f"{'✓' if check.ok else '✗'} {title} · {check.title}: {check.message}{who}")
    for deployment in pending:
        click.echo(f"… deployment {deployment.deployment_id} waits for approval on the connections page")
    sys.exit(1 if bad else 0)


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
        names = {account.account: known.people[person].name for person, account in known.accounts.items()}
        for change in drawn.changes:
            before, after = change.before or "no seat", change.after or "no seat"
            click.echo(f"  {names.get(change.account, change.account)}: {before} → {after}")
        if not drawn.changes:
            click.echo("  nothing to change")
        for sentence in hazards(drawn, services.policy, tally):
            click.echo(f"  stops: {sentence}")
        for person, reason in known.desired.unreachable.items():
            click.echo(f"  {known.people[person].name}: {reason}")
