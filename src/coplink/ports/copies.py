"""Courses that were copied from a course where a community meets, and the platforms that tell us of it.

A copy belongs to nobody's community until people decide: whoever leads the copied course, and, where they ask to bring
it in, a facilitator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from coplink.core.people import CommunityId, InstitutionId, PersonId
from coplink.ports.records import ContextLink


class CopyState(StrEnum):
    """What became of a copy. ``OPEN`` and ``LATER`` wait for who leads the course, ``ASKED`` for a facilitator."""

    OPEN = "open"
    LATER = "later"
    AFRESH = "afresh"
    ASKED = "asked"
    TAKEN = "taken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CourseCopy:
    """A context copied from one of a community's.

    ``roster`` is where its people can be read, once somebody asked; ``seen_at`` when a facilitator took note.
    """

    id: str
    institution: InstitutionId
    realm: str
    context: str
    title: str
    origin_title: str
    community: CommunityId
    state: CopyState
    heard_at: datetime
    seen_at: datetime | None = None
    asked_by: PersonId | None = None
    roster: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class NoticeService:
    """Where one deployment takes orders for notices, and how far ours has come.

    ``url`` and ``types`` are what launches say. ``callback`` is where we asked to be told and ``asked_at`` when, both
    written before the platform was asked; ``ordered_at`` is empty until it said yes.
    """

    id: str
    institution: InstitutionId
    registration: str
    deployment: str
    url: str
    types: tuple[str, ...]
    callback: str = ""
    asked_at: datetime | None = None
    ordered_at: datetime | None = None


class NoticeOrders(Protocol):
    """Orders notices from a platform; the same order again changes nothing."""

    def order(self, service: NoticeService) -> None:
        """Ask to be told at ``service.callback``; raises ``IntegrationError``."""
        ...


class Copies(Protocol):
    """Copies, one for each context and community."""

    def add(self, copy: CourseCopy) -> bool:
        """Add it; False, and nothing happens, when this context's copy is known to the community."""
        ...

    def put(self, copy: CourseCopy) -> None: ...
    def get(self, key: str) -> CourseCopy | None: ...
    def of_context(self, institution: InstitutionId, realm: str, context: str) -> Sequence[CourseCopy]: ...
    def of_community(self, community: CommunityId) -> Sequence[CourseCopy]:
        """Newest first."""
        ...

    def origins(
        self, institution: InstitutionId, realm: str, contexts: Iterable[str]
    ) -> Sequence[ContextLink]:
        """Those of the contexts that belong to communities, within one institution."""
        ...


class NoticeServices(Protocol):
    """Orders for notices, and the notices that came."""

    def put(self, service: NoticeService) -> None: ...
    def get(self, key: str) -> NoticeService | None: ...
    def of(self, institution: InstitutionId, registration: str, deployment: str) -> NoticeService | None: ...
    def unfilled(self) -> Sequence[NoticeService]:
        """Orders that no platform has said yes to yet."""
        ...

    def hear(self, registration: str, notice: str, now: datetime, until: datetime) -> bool:
        """Note that a notice came, atomically; False when it had come before. Drops a bounded number of old ones."""
        ...
