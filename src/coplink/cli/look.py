"""What is installed. What is wrong: ``doctor``; what a reconciliation would do: ``plan``."""

from __future__ import annotations

import click

from coplink import registry


@click.command()
def integrations() -> None:
    """The integrations that are installed, and those that cannot be loaded."""
    found = registry.integrations()
    for key, integration in found.integrations.items():
        can = ", ".join(sorted(capability.value for capability in integration.manifest.capabilities))
        click.echo(f"{key:<10} {integration.manifest.title:<20} {can}")
    for broken in found.broken:
        click.echo(f"{broken.key:<10} cannot be loaded: {broken.reason}")
