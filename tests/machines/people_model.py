"""Who is one with whom, and what each has: written down from what people did, and from nothing else.

An *id* is (school, door, realm, subject). Whoever plays may hold several; all ids of one number have one address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from coplink.core.people import Proof, Standing

Id = tuple[int, str, str, str]
Seat = tuple[str, str]
STRONGEST = [Proof.PROVED, Proof.DENIED, Proof.CLAIMED, Proof.PROPOSED]
FURTHER = list(Standing)


@dataclass(frozen=True)
class Held:
    """An account of somebody: how far it is known to be theirs, and the id that proved it."""

    proof: Proof
    by: Id | None = None


@dataclass(eq=False)
class Human:
    """One person as coplink should know them. ``came``: when each id was proved, or None where it was only listed."""

    school: int
    came: dict[Id, datetime | None] = field(default_factory=dict)
    accounts: dict[Seat, Held] = field(default_factory=dict)
    stands: tuple[Standing, datetime] | None = None

    @property
    def known(self) -> bool:
        """Whether anybody ever came as them."""
        return any(self.came.values())

    @property
    def claimed(self) -> bool:
        """Whether somebody says to be them."""
        return any(held.proof is Proof.CLAIMED for held in self.accounts.values())

    @property
    def speaking(self) -> set[Id]:
        """The ids whose "no" is theirs: those they came by, or all where they never came."""
        return {one for one, at in self.came.items() if at} or set(self.came)

    def proved(self) -> set[Seat]:
        return {seat for seat, held in self.accounts.items() if held.proof is Proof.PROVED}

    def denies(self, other: Human) -> None:
        """Neither is asked again about what only one of them proved."""
        for seat in self.proved():
            if other.accounts.get(seat) in (Held(Proof.PROPOSED), Held(Proof.CLAIMED)):
                other.accounts[seat] = Held(Proof.DENIED)
        for seat in other.proved():
            if self.accounts.get(seat) == Held(Proof.CLAIMED):
                self.accounts[seat] = Held(Proof.DENIED)


class People:
    """Everybody, and every "no"."""

    def __init__(self) -> None:
        self.all: list[Human] = []
        self.no: set[Id] = set()

    def of(self, one: Id) -> Human | None:
        return next((human for human in self.all if one in human.came), None)

    def new(self, one: Id, at: datetime | None) -> Human:
        human = Human(one[0], {one: at})
        self.all.append(human)
        return human

    def ids(self) -> Iterator[Id]:
        for human in self.all:
            yield from human.came

    def holding(self, me: Human, seat: Seat, proof: Proof) -> list[Human]:
        """Others of the same school who hold an account."""
        return [
            human
            for human in self.all
            if human is not me
            and human.school == me.school
            and seat in human.accounts
            and human.accounts[seat].proof is proof
        ]

    def comes(self, one: Id, proves: Seat | None, now: datetime) -> Human:
        """Somebody comes by a door, which proves an account, or none."""
        human, before = self.of(one), None
        if human is None:
            human = self.new(one, now)
        else:
            before = human.came[one]
            if before is None and human.known:
                human = self._by_own_word(human, one)
            if before is None or now - before >= timedelta(hours=1):
                human.came[one] = now
        if proves is None:
            return human
        for other in self.holding(human, proves, Proof.PROVED):
            self.unite(human, other)
            human = other
        mine = human.accounts.get(proves)
        if (
            mine is None
            or mine.proof is not Proof.PROVED
            or before is None
            or now - before >= timedelta(hours=1)
        ):
            for seat, held in list(human.accounts.items()):
                if held == Held(Proof.PROVED, one) and seat[0] == proves[0] and seat != proves:
                    del human.accounts[seat]
        if mine is None or mine.proof is not Proof.PROVED:
            human.accounts[proves] = Held(Proof.PROVED, one)
        return human

    def _by_own_word(self, human: Human, one: Id) -> Human:
        """Who was claimed by somebody else's word comes themselves: another, until they say so too."""
        del human.came[one]
        apart = self.new(one, None)
        apart.accounts = {seat: Held(Proof.CLAIMED) for seat in human.proved()}
        return apart

    def unite(self, gone: Human, into: Human, by_word: bool = False) -> None:
        into.came |= gone.came
        for seat, held in gone.accounts.items():
            known = into.accounts.get(seat)
            if known is None or STRONGEST.index(held.proof) < STRONGEST.index(known.proof):
                into.accounts[seat] = held
            elif by_word and held.proof is Proof.PROVED and held.by is not None:
                into.accounts[seat] = replace(known, by=held.by)
        answers = [stands for stands in (gone.stands, into.stands) if stands is not None]
        into.stands = max(
            answers,
            key=lambda one: (one[0] is not Standing.INVITED, one[1], FURTHER.index(one[0])),
            default=None,
        )
        self.all.remove(gone)

    def parts(self, human: Human, one: Id) -> Human:
        """An id becomes a person of its own, who is invited to nothing by that."""
        apart = self.new(one, human.came.pop(one))
        for seat, held in list(human.accounts.items()):
            if held == Held(Proof.PROVED, one):
                apart.accounts[seat] = held
                human.accounts[seat] = Held(Proof.DENIED)
        if apart.known:  # who was only listed said nothing, and nobody's word is theirs
            both = human.speaking | {one}
            if both & self.no:
                self.no |= both
            if human.stands is not None and human.stands[0] is Standing.LEFT:
                self.no.add(one)
        return apart

    def asked(self, proves: dict[Id, Seat | None], proof: Proof) -> list[Id]:
        """Ids that prove what is held so by somebody."""
        seats = {
            (human.school, seat)
            for human in self.all
            for seat, held in human.accounts.items()
            if held.proof is proof
        }
        return [one for one, seat in proves.items() if (one[0], seat) in seats]

    def said_no(self, human: Human) -> bool:
        return bool(human.speaking & self.no)


def same_door(one: Human, other: Human) -> bool:
    """Whether both came by one door, or hold different accounts of one platform."""
    doors = [{ids[1:3] for ids, at in human.came.items() if at} for human in (one, other)]
    mine, theirs = one.proved(), other.proved()
    platforms = {on for on, _ in mine - theirs} & {on for on, _ in theirs - mine}
    return bool(doors[0] & doors[1] or platforms)
