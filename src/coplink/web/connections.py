"""For connection admins: connections and their check-up, communities that ask, own places and their gaps.

An admin sees names, stages and their own institution's places; never content, never who declined. Secrets are taken in
and not shown again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core.errors import ConfigurationError, DomainError, NotFound
from coplink.core.people import CommunityId, Person
from coplink.core.spaces import ConnectionId, SpaceId
from coplink.core.words import Said, say
from coplink.engine import access_list, connect, organisations, preflight, provision, reading
from coplink.ports.errors import IntegrationError
from coplink.ports.integration import Check, Manifest, Verdict
from coplink.ports.records import LinkKind
from coplink.ports.storage import UnitOfWork
from coplink.web import platforms
from coplink.web.desk import Desk, cleaned, see
from coplink.web.guard import Frames

NO_ANSWER = "no answer"
ORDER = (Verdict.NEEDS_YOU.value, NO_ANSWER, Verdict.CANNOT.value, Verdict.WORKS.value)


def blueprint(desk: Desk, frames: Frames) -> Blueprint:
    """The admin's pages."""
    views = Blueprint("connections", __name__)
    views.add_app_template_filter(shown_as)

    @views.get("/admin")
    def overview() -> Response:
        return _overview(desk, desk.admin())

    @views.get("/admin/connections/<integration>")
    def connection(integration: str) -> Response:
        return _form(desk, desk.admin(), integration, {})

    @views.post("/admin/connections/<integration>")
    def save(integration: str) -> Response:
        admin, manifest = desk.admin(), _manifest(desk, integration)
        given = {
            field.name: cleaned(request.form.get(field.name, ""), 20_000)
            for field in manifest.fields
            if field.name in request.form
        }
        try:
            with desk.begin() as uow:
                connect.connect(
                    uow,
                    admin.institution,
                    manifest,
                    given,
                    lambda settings: desk.services.look_over(manifest.key, settings),
                    desk.now(),
                    desk.services.settings.loopback,
                )
                uow.commit()
        except (DomainError, ConfigurationError, IntegrationError) as error:
            shown = {f.name: given.get(f.name, "") for f in manifest.fields if not f.secret}
            return _form(desk, admin, integration, shown, trouble=error.message, status=400)
        frames.forget()
        return see("/admin#connections")

    @views.post("/admin/connections/<integration>/check")
    def check(integration: str) -> Response:
        admin = desk.admin()
        key = _manifest(desk, integration).key
        with desk.begin() as uow:
            connected = uow.institutions.connection_of(admin.institution, key)
            if connected is None:
                raise NotFound(say("This connection is not known."))
            preflight.ask(uow, connected.id)
            uow.commit()
        return see(f"/admin/connections/{key}#checks")

    @views.post("/admin/communities/<community>/agree")
    def agree(community: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            connect.agree(uow, admin, CommunityId(community), desk.now())
            uow.commit()
        return see("/admin#communities")

    @views.post("/admin/communities/<community>/refuse")
    def refuse(community: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            connect.refuse(uow, admin, CommunityId(community), desk.now())
            uow.commit()
        return see("/admin#communities")

    @views.post("/admin/spaces/<space>/again")
    def again(space: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            found = uow.spaces.get(SpaceId(space))
            if found is None or found.institution != admin.institution:
                raise NotFound(say("There is nothing here for you, or it has moved."))
            provision.try_again(uow, found)
            uow.commit()
        return see("/admin#communities")

    @views.get("/admin/claim/<token>")
    def before_claiming(token: str) -> Response:
        """A page with a button: a mail program that opens links must not use the one-time link up."""
        with desk.begin() as uow:
            link = uow.links.by_token(LinkKind.ADMIN, token)
            if link is None or not link.open_at(desk.now()):
                sentence = say("This link has been used or is too old. Ask for a new one.")
                return make_response(render_template("link_closed.html", message=sentence), 410)
            institution = uow.institutions.get(link.institution)
            desk.remember(uow)
            uow.commit()
        return make_response(render_template("claim.html", token=token, institution=institution))

    @views.post("/admin/claim/<token>")
    def claim(token: str) -> Response:
        with desk.begin() as uow:
            person = connect.admin_of(uow, token, desk.now())
            desk.enter(uow, person, {})
            uow.commit()
        return see("/admin")

    return views


def _manifest(desk: Desk, integration: str) -> Manifest:
    manifest = desk.manifests.get(integration)
    if manifest is None:
        raise NotFound(say("There is no integration of that name here."))
    return manifest


@dataclass(frozen=True, slots=True)
class Checked:
    """A check-up as a page shows it: lines that need somebody first, how old it is, whether another is under way.

    The platform is asked by the worker, never by a page; ``silent`` says that there is none.
    """

    lines: tuple[Check, ...]
    age: timedelta | None
    under_way: bool
    silent: bool

    def count(self, word: str) -> int:
        """How many lines have this word."""
        return sum(shown_as(line) == word for line in self.lines)


def shown_as(line: Check) -> str:
    """One of three words, or that nobody answered."""
    return line.verdict.value if line.asked or line.ok else NO_ANSWER


def _checked(desk: Desk, uow: UnitOfWork, connection: ConnectionId) -> Checked:
    found, now = uow.checks.of(connection), desk.now()
    rounds = timedelta(seconds=desk.services.settings.sweep_seconds)
    return Checked(
        tuple(sorted(found.checks, key=lambda line: ORDER.index(shown_as(line)))) if found else (),
        now - found.at if found else None,
        preflight.under_way(uow, connection),
        preflight.worker_silent(uow, now, rounds),
    )


def _overview(desk: Desk, admin: Person) -> Response:
    with desk.begin() as uow:
        connected = {one.integration: one for one in uow.institutions.connections(admin.institution)}
        communities = reading.admin_communities(uow, admin.institution, desk.manifests)
        without = {
            one.community.id: access_list.without_seats(uow, admin.institution, one.places, desk.manifests)
            for one in communities
        }
        withdrawn = {
            one.community.id: organisations.withdrawn(uow, one.community.id, admin.institution)
            for one in communities
        }
        present = {
            one.community.id: bool(organisations.people_in(uow, admin, one.community))
            for one in communities
            if one.refused
        }
        contacts = {
            one.community.id: organisations.contacts(uow, one.community.id).get(admin.institution)
            for one in communities
        }
        text = render_template(
            "admin.html",
            withdrawn=withdrawn,
            present=present,
            contacts=contacts,
            institution=uow.institutions.get(admin.institution),
            manifests=desk.manifests,
            connected=connected,
            ended={one.integration for one in uow.institutions.connections(admin.institution, ended=True)},
            communities=communities,
            without=without,
            platforms=platforms.shown(uow, admin, desk),
            base_url=desk.base_url,
            notices=uow.records.notices(institution=admin.institution),
            checked={key: _checked(desk, uow, one.id) for key, one in connected.items()},
        )
    return make_response(text)


def _form(
    desk: Desk,
    admin: Person,
    integration: str,
    given: dict[str, str],
    trouble: Said | None = None,
    status: int = 200,
) -> Response:
    manifest = _manifest(desk, integration)
    with desk.begin() as uow:
        connected = uow.institutions.connection_of(admin.institution, manifest.key)
        checked = _checked(desk, uow, connected.id) if connected else None
    known = connected.settings if connected else {}
    settings = {field.name: known.get(field.name) or field.default or "" for field in manifest.fields}
    values = {
        field.name: ""
        if field.secret
        else given.get(field.name) or known.get(field.name) or field.default or ""
        for field in manifest.fields
    }
    kept = {field.name for field in manifest.fields if field.secret and known.get(field.name)}
    text = render_template(
        "connection.html",
        manifest=manifest,
        connected=connected,
        values=values,
        kept=kept,
        checked=checked,
        scopes=[scope for scope in manifest.scopes if scope.needed(settings)],
        trouble=trouble,
    )
    return make_response(text, status)
