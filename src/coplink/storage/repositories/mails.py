"""Who is written to about a community, once at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from coplink.core.people import CommunityId, InstitutionId, PersonId
from coplink.storage.repositories.base import Repository
from coplink.storage.tables import MailRow

WAITING, BEGUN, DONE = "waiting", "begun", "done"


class SqlMails(Repository):
    def ask(self, community: CommunityId, people: Mapping[PersonId, InstitutionId], now: datetime) -> None:
        for person, institution in sorted(people.items()):
            adding = self._insert(MailRow).values(
                community=community, person=person, institution=institution, state=WAITING, asked_at=now
            )
            self._run(adding.on_conflict_do_nothing(index_elements=["community", "person"]))

    def known(self, community: CommunityId) -> frozenset[PersonId]:
        query = select(MailRow.person).where(MailRow.community == community)
        return frozenset(map(PersonId, self._session.scalars(query)))

    def waiting(self, community: CommunityId, after: str, limit: int) -> Sequence[tuple[PersonId, datetime]]:
        query = select(MailRow.person, MailRow.asked_at).where(
            MailRow.community == community, MailRow.state == WAITING, MailRow.person > after
        )
        found = self._session.execute(query.order_by(MailRow.person).limit(limit))
        return [(PersonId(person), asked_at) for person, asked_at in found]

    def begin(self, community: CommunityId, person: PersonId) -> bool:
        return self._move(community, BEGUN, MailRow.person == person, MailRow.state == WAITING) == 1

    def done(self, community: CommunityId, person: PersonId) -> None:
        self._move(community, DONE, MailRow.person == person)

    def again(self, community: CommunityId, person: PersonId) -> None:
        self._move(community, WAITING, MailRow.person == person, MailRow.state == BEGUN)

    def give_up(self, community: CommunityId) -> None:
        self._move(community, DONE, MailRow.state == BEGUN)

    def drop(self, community: CommunityId, person: PersonId) -> None:
        self._run(delete(MailRow).where(MailRow.community == community, MailRow.person == person))

    def drop_waiting(self, community: CommunityId, institution: InstitutionId | None = None) -> None:
        those = delete(MailRow).where(MailRow.community == community, MailRow.state == WAITING)
        self._run(those if institution is None else those.where(MailRow.institution == institution))

    def written(self, community: CommunityId) -> frozenset[PersonId]:
        query = select(MailRow.person).where(MailRow.community == community, MailRow.state != WAITING)
        return frozenset(map(PersonId, self._session.scalars(query)))

    def _move(self, community: CommunityId, state: str, *which: ColumnElement[bool]) -> int:
        change = update(MailRow).where(MailRow.community == community, *which)
        return self._run(change.values(state=state))
