"""What somebody did in a community, as the machine of memberships keeps it; and the community it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from functools import cache

from hypothesis import strategies as st
from machine_stage import Begun, Stage

from coplink.core.arrival import Context
from coplink.core.community import Community
from coplink.core.people import CommunityId, Person, Role, Standing
from coplink.core.rhythm import Rhythm, Weekly
from coplink.engine import connect, found, join, mailing

RHYTHM = Rhythm("UTC", time(16), 45, date(2026, 12, 2), date(2027, 6, 1), Weekly(2, (2,)))
HERE, THERE = 0, 1
EVERYBODY = [(HERE, number) for number in range(5)] + [(THERE, number) for number in range(3)]
WHO = st.sampled_from(EVERYBODY)
COLLEAGUES = st.sets(st.sampled_from([one for one in EVERYBODY if one[0] == HERE]), max_size=4)
INVITED, JOINED, PAUSED, LEFT = Standing
Hashes = Mapping[tuple[int, int], frozenset[str]]


@dataclass
class Stands:
    """What somebody did; ``no``: they declined and did not come after all. ``out``: somebody took them out by hand.

    ``asked``: as what they are asked to facilitate, and have not answered.
    """

    standing: Standing | None = None
    role: Role = Role.MEMBER
    by_institution: bool = False
    no: bool = False
    out: bool = False
    asked: Role | None = None


@dataclass
class Model:
    """``silent``: the numbers to whose addresses no letter goes; both schools' people of one number share them."""

    people: dict[tuple[int, int], Stands] = field(
        default_factory=lambda: {who: Stands() for who in EVERYBODY}
    )
    withdrawn: list[bool] = field(default_factory=lambda: [False, False])
    links: list[bool] = field(default_factory=lambda: [False, False])
    rests: bool = False
    silent: set[int] = field(default_factory=set)

    def comes_in(self, who: tuple[int, int], role: Role) -> None:
        before = self.people[who]
        if before.no:
            self.silent.discard(who[1])
        self.people[who] = Stands(JOINED, role, out=before.out)

    def says_no(self, who: tuple[int, int]) -> None:
        self.people[who].no = True
        self.silent.add(who[1])

    def hashes(self, stage: Stage, key: CommunityId, known: Hashes) -> set[str]:
        """All that is kept of a no, and of an address that has its letter."""
        found = set().union(*(known[who] for who, stands in self.people.items() if stands.no))
        for number in self.silent:
            for one in (f"p{number}@school.example", f"{number}@school.example"):
                found.add(join.no_letters(stage.sealer, key, one))
        return found | {mailing.went(stage.sealer, key, one.to) for one in stage.mail.sent}

    def leads(self, who: tuple[int, int]) -> bool:
        stands = self.people[who]
        return stands.standing is JOINED and stands.role.leads

    def last(self, who: tuple[int, int]) -> bool:
        """Whether they lead and nobody else does."""
        return self.people[who].role.leads and not any(self.leads(one) for one in EVERYBODY if one != who)

    def alone(self, who: tuple[int, int]) -> bool:
        others = (self.people[one].standing for one in EVERYBODY if one != who)
        return self.last(who) and not self.rests and JOINED not in others

    def leader(self) -> tuple[int, int] | None:
        """Somebody who leads; nobody may, where it rests."""
        return next((one for one in EVERYBODY if self.leads(one)), None)


@cache
def founded_once() -> tuple[Begun, dict[tuple[int, int], Person], Community, Hashes]:
    """A community with a place at both schools, that only its founder belongs to."""
    stage = Stage()
    people: dict[tuple[int, int], Person] = {
        (school, number): stage.come(
            stage.schools[school],
            f"p{number}",
            accounts=(("pinboard", str(number)),),
            course=school == HERE,
            leads=number == 0,
        ).person
        for school, number in EVERYBODY
    }
    founder = people[HERE, 0]
    origin = found.Origin(Context("realm", "course-1", "Course"), {"url": "x"}, {})
    places = stage.look(found.places, founder, origin, stage.manifests)
    chosen = tuple(place.connection for place in places)
    answers = found.Answers("form", "Literacy", "Reading", "Teachers", "", chosen, RHYTHM)
    community = stage.act(found.found, founder, origin, answers, stage.manifests, stage.now)
    stage.act(connect.agree, stage.admins[stage.schools[THERE]], community.id, stage.now)
    stage.work()
    hashes = {
        who: join.hashes(
            stage.sealer,
            community.id,
            stage.look(lambda uow, key=person.id: uow.people.identities(key)),
        )
        for who, person in people.items()
    }
    return stage.begun(), people, community, hashes
