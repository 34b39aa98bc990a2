"""Bugs that are planted into the text of a module as it is loaded: each must break a promise in some world.

``planting`` does it. A text that is not found is an error: what a mutant is about has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: in which module, which text is replaced by which; ``also`` plants a second one where two guards hold."""

    name: str
    module: str
    old: str
    new: str
    also: Mutant | None = None

    def within(self, module: str) -> Mutant | None:
        """What is planted into a module, if anything is."""
        return next((one for one in (self, self.also) if one is not None and one.module == module), None)


NOBODY_ASKED = Mutant(
    "whoever is missing is not asked after",
    "coplink.engine.absences",
    "asked = sorted(missing)[:MOST_ASKED]",
    "asked = []",
)


MUTANTS: Sequence[Mutant] = (
    NOBODY_ASKED,
    Mutant(
        "two_way: whoever sits there and does not belong goes",
        "coplink.core.plan",
        "if a not in want and a in parting]",
        "if a not in want]",
    ),
    Mutant(
        "one absence is a departure",
        "coplink.storage.seat_states",
        "        return replace(line, absent_since=now), False",
        "        return (line, True) if line.state is SeatState.SEEN else (None, False)",
    ),
    Mutant(
        "what was given and is gone unseen is given again",
        "coplink.core.plan",
        " | (absent & remembered.given)",
        "",
    ),
    Mutant(
        "no answer is a yes",
        "coplink.storage.seat_states",
        "        case Done.UNKNOWN:\n            return Line(SeatState.INTENDED, now)",
        "        case Done.UNKNOWN:\n            return Line(SeatState.SEEN, now)",
    ),
    Mutant(
        "a seat in doubt is kept when its person leaves",
        "coplink.core.plan",
        "unknown & desired.farewells",
        "unknown & frozenset()",
    ),
    Mutant(
        "whoever was invited is seated",
        "coplink.core.desired",
        "membership.standing is Standing.JOINED",
        "membership.standing in (Standing.JOINED, Standing.INVITED)",
        Mutant(
            "nobody is asked again before a seat is written",
            "coplink.engine.known",
            "left = asked - uow.communities.joined(space.community, asked)",
            "left = asked - asked",
        ),
    ),
    Mutant(
        "a guess says whose seat it is",
        "coplink.storage.repositories.people",
        '"integration": integration, "proof": Proof.PROVED.value}',
        '"integration": integration}',
        Mutant(
            "of two people the last one has it",
            "coplink.engine.known",
            "key=lambda one: one[1] in belong",
            "key=lambda one: one[1] in ()",
        ),
    ),
    Mutant(
        "a break is no leaving",
        "coplink.core.desired",
        "away = membership.standing in (Standing.LEFT, Standing.PAUSED)",
        "away = membership.standing is Standing.LEFT",
    ),
    Mutant(
        "joining takes back no leaving over there",
        "coplink.engine.reconcile",
        "leave(uow, known.community, person, now(), place=reach.manifest.title)",
        "str(person)",
    ),
    Mutant(
        "a roster makes members",
        "coplink.engine.join",
        "Membership(community, key, person.institution, role, Standing.INVITED, now)",
        "Membership(community, key, person.institution, role, Standing.JOINED, now)",
    ),
    Mutant(
        "a no is forgotten at once",
        "coplink.engine.join",
        "    uow.communities.opt_out(hashes(sealer, community.id, uow.people.identities(person.id)))",
        "    hashes(sealer, community.id, uow.people.identities(person.id))",
    ),
    Mutant(
        "nothing stands in the journal",
        "coplink.engine.seating",
        "            entry = uow.journal.open(self.turn, self.space.id, _what(lot), uow.new_id(), self.now())",
        "            entry = 'none'",
    ),
    Mutant(
        "a call inside a transaction",
        "coplink.engine.seating",
        "            uow.ledger.intend(self.space.id, lot, self.now())\n            uow.commit()",
        "            uow.ledger.intend(self.space.id, lot, self.now())\n"
        "            self.seats.remove(self.space.parts, [c.account for c in lot if removing])\n"
        "            uow.commit()",
    ),
    Mutant(
        "intent is kept in mind only",
        "coplink.engine.seating",
        "            uow.ledger.intend(self.space.id, lot, self.now())\n",
        "",
    ),
    Mutant(
        "slowed down means not done",
        "coplink.engine.seating",
        "Done.REFUSED if c.before or c.after is None else Done.UNKNOWN",
        "Done.REFUSED",
    ),
    Mutant(
        "a lot in doubt was done",
        "coplink.engine.seating",
        "result.outcomes.get(change.account, Done.UNKNOWN)",
        "result.outcomes.get(change.account, Done.CHANGED)",
    ),
    Mutant(
        "the cursor goes first",
        "coplink.engine.collect",
        "        with begin() as uow:\n            if not uow.work.holds(turn):",
        "        with begin() as uow:\n"
        "            uow.catalogue.put_cursor(space.id, cursor)\n"
        "            uow.commit()\n"
        "        with begin() as uow:\n            if not uow.work.holds(turn):",
    ),
    Mutant(
        "a forgotten cursor is an empty page",
        "coplink.engine.collect",
        "            if page.last and from_scratch:\n                changed += _withdraw_absent",
        "            if page.last and False:\n                changed += _withdraw_absent",
    ),
    Mutant(
        "what is deleted stays in the catalogue",
        "coplink.core.artifacts",
        "fact.gone",
        "False",
    ),
    Mutant(
        "a new key for each try of a place",
        "coplink.engine.meetings",
        'key = f"{space.id}:{rhythm.version}"',
        'key = f"{space.id}:{uow.new_id()}"',
    ),
    Mutant(
        "meetings in UTC",
        "coplink.core.rhythm",
        "ZoneInfo(",
        "(lambda _: ZoneInfo('UTC'))(",
    ),
    Mutant(
        "places are made by name, not by mark",
        "coplink.engine.provision",
        "space.marker",
        "uow.new_id()",
    ),
    Mutant(
        "the last who leads may go",
        "coplink.engine.join",
        "if known.role.leads and _last_facilitator(uow, community, person):",
        "if False:",
    ),
    Mutant(
        "whoever is asked to facilitate does",
        "coplink.engine.join",
        "    if role.leads and not known.role.leads:\n        if person not in",
        "    if False:\n        if person not in",
    ),
    Mutant(
        "a dangerous plan asks nobody",
        "coplink.engine.plans",
        "        if not found:\n            if kept is not None:",
        "        if True:\n            if kept is not None:",
    ),
    Mutant(
        "a yes to an old plan is for the plan of today",
        "coplink.engine.plans",
        "    if kept is None or kept.digest != digest:\n"
        "        raise StalePlan(STALE if kept is not None else NOT_KEPT)\n",
        "    if kept is None:\n        raise StalePlan(NOT_KEPT)\n    digest = kept.digest\n",
    ),
    Mutant(
        "a lost ledger is looked at once",
        "coplink.storage.repositories.ledger",
        "over = complete and first is not None and now - first >= lag",
        "over = True",
    ),
    Mutant(
        "a removal in doubt is tried again blindly",
        "coplink.engine.seating",
        "        except IntegrationError:\n            raise  # the rows stay intended\n",
        "        except IntegrationError:\n"
        "            if removing:\n"
        "                self.seats.remove(self.space.parts, [change.account for change in lot])\n"
        "            raise\n",
    ),
    Mutant(
        "whoever has the same id elsewhere is the same person",
        "coplink.storage.repositories.people",
        '            _people.c.institution == bindparam("whose"),\n'
        '            _identities.c.institution == bindparam("whose"),\n',
        "",
    ),
    Mutant(
        "work that failed is done",
        "coplink.worker.handlers",
        "                return self._after(turn, decide(error, turn.attempt, backoff), error)",
        "                return self._ended(turn, Settled())",
    ),
    Mutant(
        "a platform is opened, whoever's it is",
        "coplink.wiring",
        "connected = uow.institutions.connection(key)\n        if connected is None:\n            raise NotFound",
        "connected = uow.institutions.connection(key)\n"
        "        every = sorted(uow.institutions.connections(), key=lambda one: one.institution)\n"
        "        same = [one for one in every if connected and one.integration == connected.integration]\n"
        "        connected = same[0] if same else None\n"
        "        if connected is None:\n            raise NotFound",
    ),
)
