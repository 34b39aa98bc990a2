"""Plans that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from coplink.core.people import AccountId, CommunityId, InstitutionId
from coplink.core.spaces import SpaceId
from coplink.ports.plans import KeptPlan, Part, PlanLine
from coplink.storage.mapping import from_said, to_said
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import PlanRow
from coplink.storage.types import Json


class SqlPlans(Repository):
    def put(self, plan: KeptPlan) -> None:
        self._put(
            PlanRow,
            space=plan.space,
            institution=plan.institution,
            community=plan.community,
            digest=plan.digest,
            hazards=[from_said(said) for said in plan.hazards],
            lines=[_from_line(line) for line in plan.lines],
            made_at=plan.made_at,
            changed=plan.changed,
            approved=plan.approved,
            approved_by=plan.approved_by,
            approved_at=plan.approved_at,
        )

    def of(self, space: SpaceId, to_change: bool = False) -> KeptPlan | None:
        row = self._find_one(PlanRow, lock=to_change, space=space)
        if row is None:
            return None
        return KeptPlan(
            SpaceId(row.space),
            InstitutionId(row.institution),
            CommunityId(row.community),
            row.digest,
            tuple(to_said(said) for said in row.hazards),
            tuple(_to_line(line) for line in row.lines),
            row.made_at,
            row.changed,
            row.approved,
            row.approved_by,
            row.approved_at,
        )

    def approve(self, space: SpaceId, digest: str, by: str, now: datetime) -> bool:
        this = (PlanRow.space == space, PlanRow.digest == digest, PlanRow.approved.is_(None))
        said = update(PlanRow).where(*this).values(approved=digest, approved_by=by, approved_at=now)
        return self._run(said) == 1

    def go_on(self, space: SpaceId, digest: str) -> None:
        of_it = (PlanRow.space == space, PlanRow.approved.is_not(None))
        self._run(update(PlanRow).where(*of_it).values(approved=digest))

    def drop(self, space: SpaceId) -> None:
        self._remove(PlanRow, space=space)


def _from_line(line: PlanLine) -> Json:
    return {
        "part": line.part.value,
        "account": line.account,
        "person": line.person,
        "why": from_said(line.why),
    }


def _to_line(json: Mapping[str, Any]) -> PlanLine:
    return PlanLine(Part(json["part"]), AccountId(json["account"]), json["person"], to_said(json["why"]))
