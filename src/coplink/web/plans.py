"""The plan of a place that waits for a person: what it would do and why, and the form that says yes to exactly it.

    /c/<key>/places/<space>/plan     by those who lead the community
    /admin/spaces/<space>/plan       by the admins of the place's institution, who see names of their own people only

The page calls no platform: it shows the plan that was kept, and the worker draws it anew before anything is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, Response, make_response, render_template

from coplink.core.access import Action
from coplink.core.errors import StalePlan
from coplink.core.people import AccountId, Person, PersonId
from coplink.core.spaces import Space
from coplink.core.words import Said, say
from coplink.engine import lifecycle, plans, reading
from coplink.ports.plans import KeptPlan, Part, PlanLine
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, see, typed
from coplink.web.shown import usable_zone

UNNAMED = say("People of other institutions, and accounts that nobody here says are theirs:")


@dataclass(frozen=True, slots=True)
class Row:
    """One reason with the people it is for: those with names, and how many without."""

    why: Said
    names: tuple[str, ...]
    others: int


def blueprint(desk: Desk) -> Blueprint:
    """The two pages and their forms."""
    views = Blueprint("plans", __name__)

    @views.get("/c/<key>/places/<space>/plan")
    def plan(key: str, space: str) -> Response:
        return _led(desk, key, space)

    @views.post("/c/<key>/places/<space>/plan")
    def approve(key: str, space: str) -> Response:
        person = desk.person()
        try:
            with desk.begin() as uow:
                seen = reading.community_of(uow, person, key, Action.SHAPE)
                found = lifecycle.space_of_community(uow, seen.community.id, space)
                _approve(desk, uow, found, person)
                uow.commit()
        except StalePlan as error:
            return _led(desk, key, space, error.message)
        return see(f"/c/{seen.community.id}/places/{found.id}/plan")

    @views.get("/admin/spaces/<space>/plan")
    def admin_plan(space: str) -> Response:
        return _governed(desk, space)

    @views.post("/admin/spaces/<space>/plan")
    def admin_approve(space: str) -> Response:
        admin = desk.admin()
        try:
            with desk.begin() as uow:
                found = lifecycle.space_of_admin(uow, admin, space)
                _approve(desk, uow, found, admin)
                uow.commit()
        except StalePlan as error:
            return _governed(desk, space, error.message)
        return see(f"/admin/spaces/{found.id}/plan")

    return views


def _approve(desk: Desk, uow: UnitOfWork, space: Space, person: Person) -> None:
    plans.approve(uow, space, typed("digest", 64), person, _title(desk, space), desk.now())


def _led(desk: Desk, key: str, space: str, trouble: Said | None = None) -> Response:
    person = desk.person()
    with desk.begin() as uow:
        seen = reading.community_of(uow, person, key, Action.SHAPE)
        found = lifecycle.space_of_community(uow, seen.community.id, space)
        return _page(desk, uow, found, person, f"/c/{seen.community.id}/places/{found.id}", False, trouble)


def _governed(desk: Desk, space: str, trouble: Said | None = None) -> Response:
    admin = desk.admin()
    with desk.begin() as uow:
        found = lifecycle.space_of_admin(uow, admin, space)
        return _page(desk, uow, found, admin, f"/admin/spaces/{found.id}", True, trouble)


def _page(
    desk: Desk,
    uow: UnitOfWork,
    space: Space,
    reader: Person,
    back: str,
    own_only: bool,
    trouble: Said | None,
) -> Response:
    kept = plans.waiting(uow, space)
    community = uow.communities.get(space.community)
    approver = uow.people.get(PersonId(kept.approved_by)) if kept and kept.approved_by else None
    if approver is not None and own_only and approver.institution != reader.institution:
        approver = None
    text = render_template(
        "plan.html",
        place=_title(desk, space),
        community=community.name if community else "",
        plan=kept,
        parts=_parts(uow, kept, reader if own_only else None) if kept else {},
        approver=approver.name if approver else "",
        zone=usable_zone(reader.zone),
        back=back,
        trouble=trouble,
    )
    return make_response(text, 409 if trouble else 200)


def _parts(uow: UnitOfWork, kept: KeptPlan, admin: Person | None) -> dict[str, tuple[Row, ...]]:
    """What is shown of each part, by reason; an ``admin`` learns neither names nor reasons of other schools' people."""
    known = uow.people.many([PersonId(line.person) for line in kept.lines if line.person])
    if admin is not None:
        known = {key: one for key, one in known.items() if one.institution == admin.institution}
    whose = {line.account: PersonId(line.person) for line in kept.lines if line.person}
    names = {account: known[person].name for account, person in whose.items() if person in known}
    shown = {}
    for part in Part:
        told = [line for line in kept.lines if line.part is part]
        if admin is not None:
            told = [line if line.account in names else replace(line, why=UNNAMED) for line in told]
        if told:
            shown[part.value] = _rows(told, names)
    return shown


def _rows(lines: list[PlanLine], known: Mapping[AccountId, str]) -> tuple[Row, ...]:
    reasons = {str(line.why): line.why for line in lines}
    rows = []
    for text, why in sorted(reasons.items()):
        alike = [line.account for line in lines if str(line.why) == text]
        names = sorted((known[one] for one in alike if one in known), key=str.casefold)
        rows.append(Row(why, tuple(names), len(alike) - len(names)))
    return tuple(rows)


def _title(desk: Desk, space: Space) -> str:
    manifest = desk.manifests.get(space.integration)
    return manifest.title if manifest else space.integration
