"""Make a short list of a community's artifacts, for a course or for each other. Whoever belongs may make one;
facilitators and stewards keep them in order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coplink.core import lists
from coplink.core.access import Action
from coplink.core.artifacts import Artifact, ArtifactId
from coplink.core.errors import DomainError, NotFound
from coplink.core.lists import CuratedList, ListId
from coplink.core.people import Person
from coplink.core.words import say
from coplink.engine.reading import Seen, community_of
from coplink.ports.records import Happening
from coplink.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Drawn:
    """What somebody filled in for a list. ``key`` names the form: sending it twice makes one list."""

    key: str
    title: str
    why: str
    entries: tuple[ArtifactId, ...]


def make(uow: UnitOfWork, maker: Person, community: str, drawn: Drawn, now: datetime) -> CuratedList:
    """Keep a list; raises ``DomainError`` in plain words where it cannot be one."""
    seen = community_of(uow, maker, community, Action.SEE_INSIDE)
    key = ListId(hashlib.sha256(f"{maker.id}:{seen.community.id}:{drawn.key}".encode()).hexdigest()[:32])
    if (known := uow.catalogue.curated(key)) is not None:
        return known
    title, why, entries = lists.check(drawn.title, drawn.why, drawn.entries)
    found = uow.catalogue.some(seen.community.id, entries)
    if any(entry not in found for entry in entries):
        raise DomainError(say("One of these files is not there any more. Look again."))
    if gone := next((one for one in found.values() if one.withdrawn_at), None):
        raise DomainError(say("“{title}” was taken away where it was made. Choose others.", title=gone.title))
    made = CuratedList(key, seen.community.id, title, why, entries, maker.id, now)
    uow.catalogue.put_list(made)
    told = say("made the list “{title}”", title=title)
    uow.records.say(Happening(made.community, maker.institution, now, maker.id, told))
    return made


def change(
    uow: UnitOfWork,
    keeper: Person,
    community: str,
    key: str,
    title: str,
    why: str,
    entries: Sequence[ArtifactId],
    now: datetime,
) -> CuratedList:
    """Give a list other words, or take files from it; whoever made it stays its maker. The same again is no act."""
    seen = community_of(uow, keeper, community, Action.KEEP)
    found = uow.catalogue.curated(ListId(key))
    if found is None or found.community != seen.community.id:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    title, why, staying = lists.check(title, why, [one for one in found.entries if one in set(entries)])
    changed = replace(found, title=title, why=why, entries=staying)
    if changed == found:
        return found
    uow.catalogue.put_list(changed)
    told = say("changed the list “{title}”", title=title)
    uow.records.say(Happening(changed.community, keeper.institution, now, keeper.id, told))
    return changed


def read(
    uow: UnitOfWork, reader: Person, community: str, key: str
) -> tuple[Seen, CuratedList, Sequence[Artifact]]:
    """A list and its artifacts in order, what was withdrawn included; ``NotFound`` for whom it is no business of."""
    seen = community_of(uow, reader, community, Action.SEE_INSIDE)
    found = uow.catalogue.curated(ListId(key))
    if found is None or found.community != seen.community.id:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    known = uow.catalogue.some(found.community, found.entries)
    return seen, found, [known[entry] for entry in found.entries if entry in known]
