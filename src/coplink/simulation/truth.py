"""What people did, kept beside the database; and the watcher, which sees every write before it is done.

Coplink's promises are held against people's own acts, never against what coplink remembers of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from coplink.campus.rooms import Rooms
from coplink.core.people import AccountId, Role


class Word(StrEnum):
    """A person's last own act towards a community."""

    NONE = "none"
    JOINED = "joined"
    PAUSED = "paused"
    LEFT = "left"
    DECLINED = "declined"


class Human(NamedTuple):
    """Somebody of an institution; the same numbers are somebody else elsewhere."""

    institution: str
    number: int

    @property
    def subject(self) -> str:
        """The id by which the course's platform knows them."""
        return f"s{self.number}"

    @property
    def account(self) -> AccountId:
        """Their account in every suite of their institution."""
        return AccountId(f"a{self.number}")

    @property
    def email(self) -> str:
        """Their address."""
        return f"p{self.number}@{self.institution}.example"

    def __str__(self) -> str:
        return f"{self.institution}'s {self.number}"


@dataclass
class Standing:
    """How one person stands to one community by their own acts. ``run`` is the run of work during which they acted,
    ``call`` how many calls there had been.

    ``leads``: they founded it, or said yes to facilitating it. ``taken_out`` are the rooms, by suite and id, where
    somebody took a seat away that coplink knew it had given; ``ever_out`` those where somebody took one away at all.
    """

    word: Word = Word.NONE
    run: int = -1
    call: int = -1
    taken_out: set[tuple[str, str]] = field(default_factory=set)
    ever_out: set[tuple[str, str]] = field(default_factory=set)
    ended_elsewhere: bool = False
    leads: bool = False
    words: list[tuple[int, Word]] = field(default_factory=list)

    def word_at(self, call: int) -> Word:
        """Their word when there had been so many calls."""
        return next((word for at, word in reversed(self.words) if at <= call), Word.NONE)


@dataclass
class Truth:
    """Acts by community and person; what coplink wrote against them is a violation."""

    acts: dict[tuple[str, Human], Standing] = field(default_factory=dict)
    run: int = 0
    violations: list[str] = field(default_factory=list)
    effects: Counter[str] = field(default_factory=Counter)
    calls: Callable[[], int] = lambda: 0

    def of(self, community: str, human: Human) -> Standing:
        """How somebody stands."""
        return self.acts.setdefault((community, human), Standing())

    def said(self, community: str, human: Human, word: Word) -> None:
        """Somebody acted just now."""
        known = self.of(community, human)
        known.word, known.run, known.call = word, self.run, self.calls()
        known.words.append((known.call, word))
        if word is Word.JOINED:
            known.taken_out.clear()
            known.ever_out.clear()
            known.ended_elsewhere = False

    def broken(self, invariant: str, sentence: str) -> None:
        """A promise was broken."""
        self.violations.append(f"{invariant}: {sentence}")


class Guardian:
    """``campus.rooms.Watcher``: judges every write of coplink."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.communities: dict[str, str] = {}
        self.journalled: Callable[[str], bool] = lambda marker: True
        self.meant: Callable[[str, AccountId], bool] = lambda marker, account: False
        self.undisturbed: Callable[[], bool] = lambda: False
        self.leading: Callable[[str], set[AccountId]] = lambda marker: set()
        self.busy: Callable[[], bool] = lambda: False
        self.raised: Callable[[Rooms, str, AccountId], bool] = lambda suite, room, account: False

    def seats(self, suite: Rooms, room: str, account: AccountId, role: Role) -> None:
        """A seat, or another role for somebody who sits."""
        where, sits = f"{suite.name} {room}", suite.rooms[room].seats.get(account)
        self._written(suite, room, "seats")
        human, known = self._person(suite, room, account)
        self.truth.effects["seats"] += 1
        lowered = sits is not None and sits.leads and not role.leads
        # Who goes, and sat there by somebody else's making as far as coplink can know, leads no more.
        undone = lowered and self.raised(suite, room, account)
        if known.word is not Word.JOINED and known.run != self.truth.run and not undone:
            self.truth.broken("I3", f"{human}, whose word is {known.word}, is seated in {where}")
        if sits is None and (suite.name, room) in known.taken_out and known.run != self.truth.run:
            self.truth.broken("I12", f"{human}, who was taken out by hand, is seated again in {where}")
        made = suite.rooms[room].by_hand - suite.rooms[room].raised
        if lowered and account in made:
            self.truth.broken("I2", f"{human}, made facilitator by hand, is demoted in {where}")
        if lowered and not suite.known(room, account):
            self.truth.broken("I19", f"the ledger was lost, and {human} is demoted in {where} at once")

    def removes(self, suite: Rooms, room: str, account: AccountId) -> None:
        """A seat taken away."""
        where = f"{suite.name} {room}"
        self._written(suite, room, "removes")
        human, known = self._person(suite, room, account)
        self.truth.effects["removals"] += 1
        gone = known.word in (Word.LEFT, Word.PAUSED) or known.run == self.truth.run
        lost = suite.rooms[room].looks is not None  # then nobody knows any more who seated whom
        went = gone or bool(known.taken_out) or known.ended_elsewhere  # also by leaving in another suite
        if account in suite.rooms[room].by_hand and not (
            went and (lost or self.meant(suite.rooms[room].marker.partition("/")[2], account))
        ):
            self.truth.broken("I2", f"{human}, who was seated by hand, is removed from {where}")
        if account in suite.rooms[room].by_hand and not gone and account in suite.rooms[room].doubtful:
            self.truth.broken("I9", f"{human}, seated nobody knows by whom, is removed from {where}")
        if not suite.known(room, account):
            self.truth.broken("I19", f"the ledger was lost, and {human} is removed from {where} at once")
        gone = went
        if not gone:
            self.truth.broken("I1", f"{human}, whose word is {known.word}, is removed from {where}")
        others = [a for a, role in suite.rooms[room].seats.items() if role.leads and a != account]
        if suite.rooms[room].seats[account].leads and not others and not gone:
            self.truth.broken("I13", f"the last facilitator is removed from {where}")
        if suite.rooms[room].seats[account].leads and not others and gone and self.undisturbed():
            sitting = self.leading(suite.rooms[room].marker.partition("/")[2]) - {account}
            if left := sorted(sitting & suite.rooms[room].seats.keys()):
                self.truth.broken(
                    "I13", f"{human} is removed from {where}, and {left[0]} does not lead there yet"
                )

    def repeats(self, suite: Rooms, room: str, account: AccountId) -> None:
        """A removal of unknown outcome is tried again without a look."""
        human, _ = self._person(suite, room, account)
        self.truth.broken("I10", f"{human} is removed from {suite.name} {room} again, and nobody looked")

    def makes(self, suite: Rooms, room: str, what: str) -> None:
        """Something else is made."""
        self._written(suite, room, what)
        self.truth.effects[what] += 1

    def _written(self, suite: Rooms, room: str, what: str) -> None:
        if self.busy():
            self.truth.broken("I22", f"a transaction is open while {suite.name} is written to")
        marker = suite.rooms[room].marker if room in suite.rooms else room
        if not self.journalled(marker.partition("/")[2]):
            self.truth.broken("I22", f"{suite.name} {what} without a row in the journal")

    def _person(self, suite: Rooms, room: str, account: AccountId) -> tuple[Human, Standing]:
        human = Human(suite.institution, int(account[1:]))
        return human, self.truth.of(self.communities[suite.rooms[room].marker.partition("/")[2]], human)
