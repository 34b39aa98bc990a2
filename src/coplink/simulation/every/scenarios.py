"""What happens in each scenario: before it, in fair weather; in it, where faults may come; and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coplink.core.people import Role
from coplink.core.work import Kind
from coplink.simulation.every import acts
from coplink.simulation.every.stage import HOME, Expected, Places, Stage
from coplink.simulation.truth import Human

TWO: Places = (("north", "canvas"), ("north", "teams"))
ONE: Places = (("north", "teams"),)
ACROSS: Places = (("north", "teams"), ("south", "google"))
FOUNDER, ANN, BEN, CIM = (Human("north", n) for n in range(4))
EVA, FAY = Human("south", 1), Human("south", 2)

Do = Callable[[Stage], None]


@dataclass(frozen=True)
class Scenario:
    """``before`` is played in fair weather, ``meanwhile`` is what somebody may do while a call is under way."""

    name: str
    title: str
    places: Places
    before: Do
    script: Do
    meanwhile: Do
    expected: Expected
    pairs: bool = False


def _running(stage: Stage, *members: Human) -> None:
    """A community in which these sit, and have been seen to sit."""
    acts.opens(stage, FOUNDER, *(suite for house, suite in stage.places if house == HOME))
    stage.founded(FOUNDER)
    for house in {house for house, _ in stage.places} - {HOME}:
        stage.agreed(house)
    stage.wait(hours=1)
    for human in members:
        acts.opens(stage, human, *(suite for house, suite in stage.places if house == human.institution))
        acts.joins(stage, human)
    stage.wait(hours=1)
    for _ in range(2):
        stage.a_day()


def _with(*members: Human) -> Do:
    return lambda stage: _running(stage, *members)


def _each(*does: Do) -> Do:
    def all_of_them(stage: Stage) -> None:
        for do in does:
            do(stage)

    return all_of_them


def _time(minutes: float = 20) -> Do:
    return lambda stage: stage.wait(minutes=minutes)


def _sits(*wanted: tuple[Human, str, bool]) -> Callable[[Stage], Sequence[str]]:
    def wrong(stage: Stage) -> Sequence[str]:
        return [
            f"{human} {'has no seat' if there else 'sits'} in {suite}"
            for human, suite, there in wanted
            if stage.sits(human, suite) is not there
        ]

    return wrong


def _leaves(human: Human) -> Do:
    return lambda stage: acts.leaves(stage, human)


def _joins(human: Human) -> Do:
    return lambda stage: acts.joins(stage, human)


def _called(kind: Kind, suite: str = "") -> Do:
    return lambda stage: stage.marked(kind, suite)


def _newcomer_proves(stage: Stage) -> None:
    _running(stage)
    acts.opens(stage, ANN, *(suite for _, suite in stage.places))


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "founding",
        "a community is founded in two suites",
        TWO,
        lambda stage: acts.opens(stage, FOUNDER, "canvas", "teams"),
        _each(lambda stage: stage.founded(FOUNDER), _time(30)),
        lambda stage: None,
        Expected(wrong=_sits((FOUNDER, "canvas", True), (FOUNDER, "teams", True))),
    ),
    Scenario(
        "joining",
        "somebody joins, on a link",
        TWO,
        _newcomer_proves,
        _each(_joins(ANN), _time()),
        _leaves(ANN),
        Expected(),
        pairs=True,
    ),
    Scenario(
        "leaving",
        "somebody leaves in coplink",
        TWO,
        _with(ANN, BEN),
        _each(_leaves(ANN), _time()),
        _leaves(BEN),
        Expected(wrong=_sits((ANN, "canvas", False), (ANN, "teams", False))),
        pairs=True,
    ),
    Scenario(
        "leaving-there",
        "somebody is taken out in one suite and must go from the other",
        TWO,
        _with(ANN, BEN),
        _each(lambda stage: acts.taken_out(stage, ANN, "teams"), _called(Kind.RECONCILE, "teams"), _time(40)),
        _leaves(BEN),
        Expected(wrong=_sits((ANN, "canvas", False), (ANN, "teams", False))),
        pairs=True,
    ),
    Scenario(
        "handing-over",
        "who founded shares the facilitation, steps down and leaves",
        TWO,
        _with(ANN, BEN),
        _each(
            lambda stage: acts.role(stage, FOUNDER, ANN, Role.CO_FACILITATOR),
            _time(),
            lambda stage: acts.role(stage, FOUNDER, FOUNDER, Role.MEMBER),
            _leaves(FOUNDER),
            _time(),
        ),
        _leaves(BEN),
        Expected(wrong=_sits((FOUNDER, "canvas", False), (FOUNDER, "teams", False))),
    ),
    Scenario(
        "pausing",
        "somebody takes a break and comes back",
        TWO,
        _with(ANN, BEN),
        _each(lambda stage: acts.pauses(stage, ANN), _time(), _joins(ANN), _time()),
        _leaves(BEN),
        Expected(wrong=_sits((ANN, "canvas", True), (ANN, "teams", True))),
    ),
    Scenario(
        "by-hand",
        "somebody is seated by hand, joins and leaves",
        TWO,
        _with(ANN),
        _each(
            lambda stage: acts.seated_by_hand(stage, BEN, "teams"),
            lambda stage: acts.seated_by_hand(stage, CIM, "teams"),
            _called(Kind.RECONCILE, "teams"),
            _time(),
            lambda stage: acts.opens(stage, BEN, "teams"),
            _joins(BEN),
            _time(),
            _leaves(BEN),
            _time(),
        ),
        _leaves(ANN),
        Expected(wrong=_sits((CIM, "teams", True), (CIM, "canvas", False), (BEN, "canvas", False))),
    ),
    Scenario(
        "files",
        "files are saved, changed and deleted",
        ONE,
        _with(ANN),
        _each(
            lambda stage: acts.saves(stage, "teams", 0, 1, 2, 3),
            _called(Kind.COLLECT),
            _time(),
            lambda stage: acts.saves(stage, "teams", 1),
            lambda stage: acts.deletes(stage, "teams", 2),
            _called(Kind.COLLECT),
            _time(),
        ),
        lambda stage: acts.saves(stage, "teams", 5),
        Expected(wrong=acts.catalogue_of("teams", gone={"f2"}, there={"f0", "f1", "f3"})),
    ),
    Scenario(
        "meetings",
        "a meeting is moved over there, which is offered to all",
        TWO,
        _with(ANN),
        _each(
            lambda stage: acts.moves_a_meeting(stage, "teams"),
            _called(Kind.PLACE_MEETINGS, "teams"),
            _time(),
        ),
        lambda stage: acts.saves(stage, "teams", 5),
        Expected(wrong=acts.offers_of("teams", 1)),
    ),
    Scenario(
        "roster",
        "the course lists somebody new, somebody no more, and for a while nobody",
        ONE,
        _with(ANN),
        _each(
            lambda stage: acts.listed(stage, Human("north", 5), True),
            lambda stage: acts.listed(stage, ANN, False),
            _called(Kind.READ_ROSTER),
            _time(),
            lambda stage: stage.courses.empty.add("course of north"),
            _called(Kind.READ_ROSTER),
            _time(),
        ),
        _leaves(ANN),
        Expected(wrong=acts.invited(Human("north", 5))),
    ),
    Scenario(
        "proving",
        "a member opens a suite's tab for the first time and is one with who joined",
        TWO,
        _each(_with(), _joins(ANN), _time(60), lambda stage: stage.a_day()),
        _each(lambda stage: acts.opens(stage, ANN, "teams"), _time()),
        _leaves(ANN),
        Expected(),
    ),
    Scenario(
        "resting",
        "a place rests, somebody leaves meanwhile, it wakes",
        TWO,
        _with(ANN, BEN),
        _each(
            lambda stage: acts.puts_to_rest(stage, FOUNDER, "teams"),
            _time(),
            _leaves(ANN),
            _time(),
            lambda stage: acts.wakes(stage, FOUNDER, "teams"),
            _time(),
        ),
        _leaves(BEN),
        Expected(wrong=_sits((ANN, "canvas", False), (ANN, "teams", False))),
    ),
    Scenario(
        "agreeing",
        "another institution agrees later and one of its people joins",
        ACROSS,
        _each(
            lambda stage: acts.opens(stage, FOUNDER, "teams"),
            lambda stage: stage.founded(FOUNDER),
            _time(60),
            lambda stage: stage.a_day(),
        ),
        _each(
            lambda stage: stage.agreed("south"),
            _time(),
            lambda stage: acts.opens(stage, EVA, "google"),
            _joins(EVA),
            _time(),
        ),
        _leaves(EVA),
        Expected(),
    ),
    Scenario(
        "withdrawing",
        "an institution withdraws: its place is let go, its people pause",
        ACROSS,
        _with(ANN, EVA, FAY),
        _each(lambda stage: acts.withdraws(stage, "south", EVA, FAY), _time()),
        _leaves(ANN),
        Expected(Counter({"I4: a space of north is detached": 1})),
    ),
)
BY_NAME = {one.name: one for one in SCENARIOS}
