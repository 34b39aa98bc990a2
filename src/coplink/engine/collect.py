"""Library changes into the catalogue: metadata with provenance, page by page, cursor and page in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from coplink.core.artifacts import Artifact, ArtifactId, FileFact, Version, merge
from coplink.core.people import AccountId, PersonId, Proof
from coplink.core.spaces import Space, SpaceId, SpaceState
from coplink.core.words import say
from coplink.core.work import Turn
from coplink.engine.outcome import Begin, Now, Open, Outcome, Settled
from coplink.ports.records import Happening, Report
from coplink.ports.storage import UnitOfWork

MOST_PAGES = 10_000


def collect(begin: Begin, open_connection: Open, turn: Turn, now: Now) -> Outcome:
    """Read what changed in one space's files. A crash repeats a page and never skips one.

    A listing from the beginning that reached its end withdraws what it did not show: the platform had forgotten our
    place, and deletions in between are told by absence alone.
    """
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        if space is None or space.state is not SpaceState.READY:
            return Settled()
        reach = open_connection(uow, space.connection)
        cursor = uow.catalogue.cursor(space.id)
    library = reach.connection.library
    if library is None:
        with begin() as uow:
            uow.records.report(Report("collect", space.id, space.community, now(), {}))
            uow.commit()
        return Settled()
    from_scratch, shown, changed = cursor is None, set[str](), 0
    for _ in range(MOST_PAGES):
        page = library.changes(space.parts, cursor)
        shown |= {fact.remote for fact in page.files if not fact.gone}
        cursor = page.cursor
        with begin() as uow:
            if not uow.work.holds(turn):  # another worker went on meanwhile: its cursor is not set back
                return Settled()
            changed += _merge(uow, space, page.files, now())
            if page.last and from_scratch:
                changed += _withdraw_absent(uow, space, shown, now())
            if page.last or not from_scratch:  # a first listing is only a cursor once it is whole
                uow.catalogue.put_cursor(space.id, cursor)
            if page.last:
                counts = {"changed": changed}
                uow.records.report(Report("collect", space.id, space.community, now(), counts))
            uow.commit()
        if page.last:
            break
    return Settled()


def start_over(uow: UnitOfWork, space: SpaceId) -> None:
    """Forget where reading stopped: the platform has."""
    uow.catalogue.put_cursor(space, None)


def _merge(uow: UnitOfWork, space: Space, facts: Iterable[FileFact], now: datetime) -> int:
    facts = list(facts)
    known = dict(uow.catalogue.by_remote(space.id, [fact.remote for fact in facts]))
    authors = _authors(uow, space, facts)
    changed = 0
    for fact in facts:
        before = known.get(fact.remote)
        after = merge(before, fact, _fresh(uow, space, fact, authors), now)
        if after is None:
            continue
        version = None
        if not fact.gone and (before is None or before.version != after.version):
            version = Version(after.id, after.version, after.title, after.changed_at)
        uow.catalogue.put(after, version)
        known[fact.remote] = after
        changed += 1
        if before is None:
            made = "added “{title}” to the library" if after.author else "“{title}” was added to the library"
            said = say(made, title=after.title)
            uow.records.say(Happening(space.community, space.institution, now, after.author or "", said))
    return changed


def _fresh(uow: UnitOfWork, space: Space, fact: FileFact, authors: Mapping[AccountId, PersonId]) -> Artifact:
    return Artifact(
        ArtifactId(uow.new_id()),
        space.community,
        space.id,
        fact.remote,
        fact.name,
        fact.link,
        fact.made_at,
        fact.changed_at,
        fact.version,
        authors.get(fact.author) if fact.author else None,
        fact.author_name,
        fact.media_type,
    )


def _authors(uow: UnitOfWork, space: Space, facts: Iterable[FileFact]) -> Mapping[AccountId, PersonId]:
    """Accounts that are surely one person's; everybody else stays a name on a platform."""
    found: dict[AccountId, PersonId] = {}
    for account in {fact.author for fact in facts if fact.author}:
        holders = uow.people.holding(space.institution, space.integration, account)
        proved = [h.person for h in holders if h.proof is Proof.PROVED]
        if len(proved) == 1:
            found[account] = proved[0]
    return found


def _withdraw_absent(uow: UnitOfWork, space: Space, shown: set[str], now: datetime) -> int:
    absent = [a for a in uow.catalogue.remotes(space.id) if a.remote not in shown and a.withdrawn_at is None]
    for artifact in absent:
        uow.catalogue.put(replace(artifact, withdrawn_at=now), None)
    return len(absent)
