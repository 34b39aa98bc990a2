"""Reports, notices and the history: what coplink tells people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from coplink.core.people import CommunityId, InstitutionId
from coplink.ports.records import Happening, Notice, Report
from coplink.storage.mapping import from_said, to_said
from coplink.storage.ready import Ready
from coplink.storage.repositories.base import Repository, sql
from coplink.storage.tables import HappeningRow, NoticeRow, ReportRow

KEPT = 200
"""How many reports of one community and kind are kept."""

_reports = sql(ReportRow)
_same = (_reports.c.community == bindparam("of"), _reports.c.kind == bindparam("named"))
_oldest = select(_reports.c.number).where(*_same).order_by(_reports.c.number.desc()).offset(KEPT).limit(1)
DROP_OLDEST = Ready(lambda _: delete(_reports).where(*_same, _reports.c.number <= _oldest.scalar_subquery()))


class SqlRecords(Repository):
    def report(self, report: Report) -> None:
        """Keep it, and let the oldest of its kind go."""
        self._append(
            ReportRow,
            kind=report.kind,
            target=report.target,
            community=report.community,
            at=report.at,
            counts=dict(report.counts),
            sentences=[from_said(said) for said in report.sentences],
        )
        self._run_ready(DROP_OLDEST, of=report.community, named=report.kind)

    def latest(self, kind: str) -> Mapping[str, datetime]:
        found = self._session.execute(
            select(ReportRow.target, func.max(ReportRow.at))
            .where(ReportRow.kind == kind)
            .group_by(ReportRow.target)
        )
        return dict(found.all())

    def reports(self, community: CommunityId, kind: str | None = None, limit: int = 50) -> Sequence[Report]:
        """Newest first."""
        query = select(ReportRow).where(ReportRow.community == community)
        if kind is not None:
            query = query.where(ReportRow.kind == kind)
        return [
            Report(
                row.kind,
                row.target,
                row.community,
                row.at,
                row.counts,
                tuple(to_said(said) for said in row.sentences),
            )
            for row in self._rows(query.order_by(ReportRow.number.desc()).limit(limit))
        ]

    def raise_notice(self, notice: Notice) -> None:
        whose = {} if notice.community is not None else {"institution": notice.institution}
        self._remove(NoticeRow, community=notice.community, about=notice.about, code=notice.code, **whose)
        self._put(
            NoticeRow,
            id=notice.id,
            institution=notice.institution,
            community=notice.community,
            about=notice.about,
            code=notice.code,
            message=from_said(notice.message),
            who=notice.who,
            at=notice.at,
        )

    def clear_notices(self, community: str | None, about: str, at: InstitutionId | None = None) -> None:
        there = {} if at is None else {"institution": at}
        self._remove(NoticeRow, community=community, about=about, **there)

    def notices(
        self, community: CommunityId | None = None, institution: InstitutionId | None = None
    ) -> Sequence[Notice]:
        """Those of a community, of an institution, or all; newest first."""
        query = select(NoticeRow).order_by(NoticeRow.at.desc(), NoticeRow.id)
        if community is not None:
            query = query.where(NoticeRow.community == community)
        if institution is not None:
            query = query.where(NoticeRow.institution == institution)
        return [
            Notice(
                row.id,
                InstitutionId(row.institution),
                row.community,
                row.about,
                row.code,
                to_said(row.message),
                row.who,
                row.at,
            )
            for row in self._rows(query)
        ]

    def say(self, happening: Happening) -> None:
        self._append(
            HappeningRow,
            community=happening.community,
            institution=happening.institution,
            at=happening.at,
            actor=happening.actor,
            message=from_said(happening.message),
        )

    def history(self, community: CommunityId, limit: int = 200) -> Sequence[Happening]:
        """Newest first."""
        query = select(HappeningRow).where(HappeningRow.community == community)
        return [
            Happening(row.community, InstitutionId(row.institution), row.at, row.actor, to_said(row.message))
            for row in self._rows(query.order_by(HappeningRow.number.desc()).limit(limit))
        ]
