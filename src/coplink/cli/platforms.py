"""LTI platforms at the command line: invite one to register, add one by hand, list, approve, disable and forget."""

from __future__ import annotations

from pathlib import Path

import click

from coplink.cli.base import admin_settings, data_option, services_from
from coplink.cli.setup import pairs
from coplink.core.errors import NotFound
from coplink.core.words import say
from coplink.engine import connect as setting_up
from coplink.engine import platforms
from coplink.engine.platform_claims import told
from coplink.lti import canvas_config
from coplink.ports.records import Deployment, Registration
from coplink.ports.storage import UnitOfWork

institution_option = click.option(
    "--institution", "name", required=True, help="Name or id of the institution."
)


@click.group()
def platform() -> None:
    """LTI platforms: Canvas, Moodle and others."""


@platform.command("invite")
@institution_option
@data_option
def platform_invite(name: str, data: Path | None) -> None:
    """Print a one-time address (7 days) by which a platform registers itself (dynamic registration)."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        owner = setting_up.the_institution(uow, name)
        link = platforms.invite(uow, owner.id, services.now())
        uow.commit()
    click.echo(f"{services.settings.base_url}{canvas_config.REGISTER}?invitation={link.token}")


@platform.command("add")
@institution_option
@click.option("--issuer", required=True, help="The platform's issuer (https://canvas.instructure.com).")
@click.option("--client-id", required=True, help="The client id the platform gave coplink.")
@click.option("--authorization-url", required=True, help="Where logins are sent.")
@click.option("--token-url", required=True, help="Where service tokens are fetched.")
@click.option("--jwks-url", required=True, help="The platform's public keys.")
@click.option("--audience", default="", help="Audience of token requests, where it is not the token URL.")
@click.option(
    "--claim", "claims", multiple=True, help="Meaning of a custom field: account:canvas=canvas_user_id."
)
@click.option("--deployment-id", help="A deployment of it.")
@click.option("--approve", is_flag=True, help="Let launches of that deployment in.")
@data_option
def platform_add(
    name: str,
    issuer: str,
    client_id: str,
    authorization_url: str,
    token_url: str,
    jwks_url: str,
    audience: str,
    claims: tuple[str, ...],
    deployment_id: str | None,
    approve: bool,
    data: Path | None,
) -> None:
    """Register coplink on an LTI platform by hand; the same again changes nothing."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        owner = setting_up.the_institution(uow, name)
        offered = Registration(
            uow.new_id(),
            owner.id,
            issuer,
            client_id,
            authorization_url,
            token_url,
            jwks_url,
            audience,
            pairs(claims),
        )
        before = _approved(uow, issuer, client_id)
        kept = platforms.add(uow, offered, deployment_id, approve, services.now(), services.settings.loopback)
        waiting = sorted(before - _approved(uow, issuer, client_id))
        # Of a client that is another institution's, it is no news of this one whether its owner is believed.
        doubled = told(uow, kept) if kept.institution == owner.id else None
        uow.commit()
    base = services.settings.base_url
    click.echo(
        f"Registered as {kept.id} ({kept.state.value})."
        f" Login: {base}/lti/login  Launch: {base}/lti/launch  Keys: {base}/lti/jwks.json"
    )
    if doubled is not None:
        click.echo(str(doubled))
    for one in waiting:
        click.echo(
            f"Deployment {one} belongs to another institution and waits again, because the addresses have changed or"
            " another platform tells its accounts already: its admins are told which."
        )


@platform.command("list")
@click.option("--institution", "name", help="Only those of this institution (name or id).")
@data_option
def platform_list(name: str | None, data: Path | None) -> None:
    """The platforms and their deployments: pending, open or approved, disabled."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        only = setting_up.the_institution(uow, name).id if name else None
        names = {one.id: one.name for one in uow.institutions.all()}
        for one in uow.platforms.all():
            deployments = uow.platforms.deployments_of(one.id)
            if only is not None and only not in {one.institution, *(d.institution for d in deployments)}:
                continue
            click.echo(
                f"{one.id}  {one.state.value}  {names[one.institution]}  {one.issuer}  client {one.client_id}"
            )
            for deployment in deployments:
                click.echo(
                    f"  {standing(deployment)}  {names[deployment.institution]}  deployment {deployment.deployment_id}"
                )


@platform.command("approve")
@click.argument("registration")
@click.option("--deployment-id", help="Approve this deployment of it, not the platform itself.")
@click.option(
    "--institution", "name", help="Whose people the deployment brings, if not the platform's owner's."
)
@data_option
def platform_approve(
    registration: str, deployment_id: str | None, name: str | None, data: Path | None
) -> None:
    """Let people in: by a platform, or with --deployment-id by one deployment of it."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        found = _registration(uow, registration)
        if deployment_id is None:
            if name is not None:
                raise click.UsageError(
                    "--institution goes with --deployment-id: it attaches that deployment."
                )
            platforms.approve(uow, found, services.now())
        else:
            owner = setting_up.the_institution(uow, name).id if name else None
            known = uow.platforms.deployment(found.id, deployment_id)
            owner = owner or (known.institution if known else found.institution)
            platforms.approve_deployment(uow, found, deployment_id, owner, services.now())
        uow.commit()
    click.echo("Approved.")


@platform.command("disable")
@click.argument("registration")
@click.option("--deployment-id", help="Disable this deployment of it only.")
@data_option
def platform_disable(registration: str, deployment_id: str | None, data: Path | None) -> None:
    """Let nobody in any more: by a platform, or by one deployment of it."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        found = _registration(uow, registration)
        if deployment_id is None:
            platforms.disable(uow, found)
        else:
            known = uow.platforms.deployment(found.id, deployment_id)
            if known is None:
                raise NotFound(say("That deployment is not known here."))
            platforms.disable_deployment(uow, known, services.now())
        uow.commit()
    click.echo("Disabled.")


@platform.command("forget")
@click.argument("registration")
@data_option
def platform_forget(registration: str, data: Path | None) -> None:
    """Drop a platform that is pending or disabled and by which nobody has ever come."""
    services = services_from(admin_settings(data))
    with services.begin() as uow:
        platforms.forget(uow, _registration(uow, registration))
        uow.commit()
    click.echo("Forgotten.")


def standing(deployment: Deployment) -> str:
    """One word for a deployment."""
    return "approved" if deployment.approved_at else "disabled" if deployment.disabled_at else "pending"


def _approved(uow: UnitOfWork, issuer: str, client_id: str) -> set[str]:
    return {
        one.deployment_id
        for known in uow.platforms.find(issuer, client_id)
        for one in uow.platforms.deployments_of(known.id)
        if one.approved_at
    }


def _registration(uow: UnitOfWork, key: str) -> Registration:
    found = uow.platforms.get(key)
    if found is None:
        raise NotFound(say("There is no platform “{key}”. See: coplink platform list", key=key))
    return found
