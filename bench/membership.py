"""What keeping memberships right costs, in places on three suites at once, with coplink's own two processes.

    python bench/membership.py [--json] [--members N] [--joins N] [--among N] [--quick]

One community with a team, a shared drive with its group, and a group in a course. A run that finds nothing to do among
10,000; ten changes among them; the time from "Join" on the page to a seat in all three, and from "Leave" to none; and a
leave while 10,000 are being seated. See ``bench/README.md``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from applied import split
from boroughs import COMMUNITY, Town
from goals import Goal, Table, tell
from joining import Person
from served import cpu_seconds
from suites import ACCOUNTS
from visits import TOOL, Course

from coplink.core.people import Role

TITLES = {"teams": "Microsoft Teams", "google": "Google Workspace", "canvas": "Canvas"}
PAGES = {"teams": 999, "google": 200, "canvas": 100}  # the most rows of one listing that each platform gives
MEMORY_GOAL, JOIN_GOAL = 150.0, 2.0  # MiB, seconds
STILL = 3.0  # seconds of a worker that has started and rests


@dataclass(frozen=True, slots=True)
class Counted:
    """What one suite was sent in one run, and the least there can be."""

    writes: int
    least: int
    reads: int
    pages: int
    others: int
    wrong: int


@dataclass
class Times:
    """Seconds from the button to each place, person by person."""

    taken: list[Mapping[str, float]] = field(default_factory=list)

    @property
    def whole(self) -> list[float]:
        """Until the last of the places had followed."""
        return [max(one.values()) for one in self.taken]


def least(key: str, come: int, go: int, turn: int) -> int:
    """The least number of sub-requests for so many who come, go, and change their role (performance formula)."""
    if key == "teams":
        return -(-come // 200) - (-go // 20) + turn
    return come + go + turn


def reading(key: str, call: Mapping[str, Any]) -> bool:
    """Whether a call listed who sits there; asking after one of them is none."""
    path = str(call["path"])
    return (
        call["method"] == "GET"
        and not call["filtered"]
        and path.endswith("/memberships" if key == "canvas" else "/members")
    )


def counted(town: Town, key: str, people: int, formula: int, wanted: Mapping[int, Role]) -> Counted:
    """What a suite was sent since counting began; the envelope of a batch is no call of its own."""
    calls = [call for call in town.calls(key) if not str(call["path"]).endswith("/$batch")]
    writes, reads = sum(c["write"] for c in calls), sum(reading(key, c) for c in calls)
    have = town.sitting(key)
    want = {str(ACCOUNTS[key](number)): role.leads for number, role in wanted.items()}
    wrong = sum(have.get(one) != want.get(one) for one in have.keys() | want.keys())
    pages = max(1, -(-people // PAGES[key]))
    return Counted(writes, formula, reads, pages, len(calls) - writes - reads, wrong)


def memory(pid: int) -> float:
    """The most memory (MiB) that a process has had in RAM since it began, by the kernel."""
    told = Path(f"/proc/{pid}/status").read_text()
    return round(int(told.split("VmHWM:")[1].split()[0]) / 1024, 1)


@contextmanager
def founded(members: int, invited: int, crowd: int = 0) -> Iterator[Town]:
    """A town with everything in it."""
    print(f"a community of {members:,}, {invited} invited, {crowd:,} to come", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield Town(Path(folder), stack, members, invited, crowd)


def large(members: int) -> dict[str, Any]:
    """A run without a change, and one with ten, each by a worker that has just started."""
    come, go, turn = split(10)
    told: dict[str, Any] = {}
    with founded(members, come) as town:
        wanted = {number: town.role(number) for number in range(members)}
        cases: dict[str, tuple[dict[int, Role | None], tuple[int, int, int]]] = {
            "nothing changed": ({}, (0, 0, 0)),
            "10 changes": (_ten(members, come, go, turn), (come, go, turn)),
        }
        for case, (changes, (came, gone, turned)) in cases.items():
            pid = town.work()
            time.sleep(STILL)
            before = memory(pid), cpu_seconds(pid)
            town.change(changes)
            wanted = {n: role for n, role in {**wanted, **changes}.items() if role is not None}
            town.clear()
            began = time.monotonic()
            town.look_at_all()
            town.until_done()
            told[case] = {
                "seconds": round(time.monotonic() - began, 1),
                "cpu": round(cpu_seconds(pid) - before[1], 2),
                "mib": memory(pid),
                "mib_before": before[0],
                "places": {
                    key: asdict(counted(town, key, members, least(key, came, gone, turned), wanted))
                    for key in town.suites
                },
            }
            town.rest()
    return told


def _ten(members: int, come: int, go: int, turn: int) -> dict[int, Role | None]:
    """So many come, go, and change their role: nobody who led before."""
    half = members // 2
    changes: dict[int, Role | None] = dict.fromkeys(range(members, members + come), Role.MEMBER)
    changes |= dict.fromkeys(range(half, half + go), None)
    return changes | dict.fromkeys(range(half + go, half + go + turn), Role.CO_FACILITATOR)


def small(among: int, joins: int, crowd: int) -> dict[str, Any]:
    """Joining and leaving by the page, one after the other; then a leave in the middle of a run over a crowd."""
    with founded(among, joins, crowd) as town:
        town.serve()
        pid = town.work()
        course = Course(town.platform, f"{TOOL}/c/{COMMUNITY}")
        town.look_at_all()
        town.until_done()
        people = [Person(number, town.port, COMMUNITY) for number in range(among, among + joins)]
        for person in people:
            person.come_in(course)
        joined = _timed(town, people, Person.join, True)
        left = _timed(town, people, Person.leave, False)
        told = {"join": joined.whole, "leave": left.whole, "by place": [dict(one) for one in joined.taken]}
        if crowd:
            told["crowd"] = _in_the_middle(town, course, among // 2)
        told["mib"] = memory(pid)
        return told


def _timed(town: Town, people: Sequence[Person], deed: Callable[[Person], float], sits: bool) -> Times:
    times = Times()
    for person in people:
        pressed = deed(person)
        times.taken.append({key: town.moment(key, person.number, sits) - pressed for key in town.suites})
        town.until_begun()
    return times


def _in_the_middle(town: Town, course: Course, number: int) -> dict[str, Any]:
    """Everybody of a crowd is to be seated; as soon as the first of them sit, somebody leaves."""
    person = Person(number, town.port, COMMUNITY)
    person.come_in(course)
    seated = {key: len(town.sitting(key)) for key in town.suites}
    town.crowd()
    town.look_at_all()
    first = town.everybody - 1
    while all(len(town.sitting(key)) <= seated[key] for key in town.suites):
        time.sleep(0.2)
    pressed = person.leave()
    taken = {key: town.moment(key, number, False) - pressed for key in town.suites}
    to_come = {key: town.everybody - len(town.sitting(key)) for key in town.suites}
    return {"seconds": taken, "still to be seated": to_come, "crowd": first - town.members}


def judged(big: Mapping[str, Any], little: Mapping[str, Any]) -> list[Goal]:
    """What is promised."""
    found = []
    for case, one in big.items():
        for key, got in one["places"].items():
            name = f"{case}, {TITLES[key]}"
            found.append(Goal(f"{name}: writes − formula", got["writes"] - got["least"], 0))
            found.append(Goal(f"{name}: listings ÷ pages", round(got["reads"] / got["pages"], 3), 1.0))
            found.append(Goal(f"{name}: seats not as wanted", got["wrong"], 0))
    quiet = big.get("nothing changed")
    if quiet is not None:
        found.append(Goal("nothing changed: peak memory of the worker, MiB", quiet["mib"], MEMORY_GOAL))
    if little:
        join, leave = (statistics.median(little[deed]) for deed in ("join", "leave"))
        found.append(Goal("from “Join” to three seats, median, s", round(join, 2), JOIN_GOAL))
        found.append(Goal("from “Leave” to no seat, median, s", round(leave, 2), JOIN_GOAL))
    if "crowd" in little:
        ahead = sum(count > 0 for count in little["crowd"]["still to be seated"].values())
        found.append(Goal("left everywhere while others wait for their seat: yes", int(ahead > 0), 1, True))
    return found


def tables(big: Mapping[str, Any], little: Mapping[str, Any], members: int, among: int) -> list[Table]:
    """For people."""
    rows = [
        [case, TITLES[key], *(str(got[n]) for n in ("writes", "least", "reads", "pages", "others", "wrong"))]
        for case, one in big.items()
        for key, got in one["places"].items()
    ]
    heads = ["", "place", "writes", "formula", "listings", "pages", "other calls", "wrong"]
    found = [Table(f"Runs over a community of {members:,} in three places", heads, rows)]
    worker = [
        [case, f"{one['seconds']:.1f}", f"{one['cpu']:.2f}", f"{one['mib_before']:.0f}", f"{one['mib']:.0f}"]
        for case, one in big.items()
    ]
    heads = ["", "seconds", "CPU s", "MiB at rest", "MiB at most"]
    found.append(Table("The worker, clients of the platforms included", heads, worker))
    if not big:
        found = []
    if little:
        times = []
        for deed in ("join", "leave"):
            all_of_them = sorted(little[deed])
            figures = statistics.median(all_of_them), all_of_them[0], all_of_them[-1]
            times.append([deed, str(len(all_of_them)), *(f"{one:.2f}" for one in figures)])
        if crowd := little.get("crowd"):
            taken = max(crowd["seconds"].values())
            times.append([f"leave while {crowd['crowd']:,} are being seated", "1", f"{taken:.2f}", "", ""])
        heads = ["seconds until all three places follow", "people", "median", "least", "most"]
        found.append(Table(f"By the page, in a community of {among:,}", heads, times))
    return found


def main() -> int:
    """Run it and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--joins", type=int, default=20, help="how many people join by the page, and leave")
    parser.add_argument("--among", type=int, default=200, help="in a community of so many")
    parser.add_argument(
        "--only", choices=["runs", "people"], help="runs over everybody, or people at their pages"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the people")
    given = parser.parse_args()
    members = given.members // 10 if given.quick else given.members
    big = {} if given.only == "people" else large(members)
    little = {} if given.only == "runs" else small(given.among, given.joins, members)
    told = {"runs": big, "people": little}
    return tell(tables(big, little, members, given.among), judged(big, little), told, given.json)


if __name__ == "__main__":
    raise SystemExit(main())
