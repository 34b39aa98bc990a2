"""People of two schools with the same numbers come to one community and go, and a model says what must be so.

The model is what people did. After each step the whole of memberships and of kept "no"s must be what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from machine_stage import Begun, Stage

from coplink.core.arrival import Context
from coplink.core.community import Community
from coplink.core.people import CommunityId, Person, Role, Standing
from coplink.core.rhythm import Rhythm, Weekly, expand
from coplink.core.roster import Listed
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import (
    connect,
    found,
    invitations,
    join,
    lifecycle,
    mailing,
    organisations,
    presenting,
    reading,
)

RHYTHM = Rhythm("UTC", time(16), 45, date(2026, 12, 2), date(2027, 6, 1), Weekly(2, (2,)))
HERE, THERE = 0, 1
EVERYBODY = [(HERE, number) for number in range(5)] + [(THERE, number) for number in range(3)]
WHO = st.sampled_from(EVERYBODY)
COLLEAGUES = st.sets(st.sampled_from([one for one in EVERYBODY if one[0] == HERE]), max_size=4)
INVITED, JOINED, PAUSED, LEFT = Standing
STANDS = {None: 0, INVITED: 1, JOINED: 2, PAUSED: 3, LEFT: 4}


@dataclass
class Stands:
    """What somebody did; ``no``: they declined and did not come after all. ``out``: somebody took them out by hand."""

    standing: Standing | None = None
    role: Role = Role.MEMBER
    by_institution: bool = False
    no: bool = False
    out: bool = False


@dataclass
class Model:
    people: dict[tuple[int, int], Stands] = field(
        default_factory=lambda: {who: Stands() for who in EVERYBODY}
    )
    withdrawn: list[bool] = field(default_factory=lambda: [False, False])
    links: list[bool] = field(default_factory=lambda: [False, False])
    rests: bool = False

    def leads(self, who: tuple[int, int]) -> bool:
        stands = self.people[who]
        return stands.standing is JOINED and stands.role.leads

    def last(self, who: tuple[int, int]) -> bool:
        """Whether they lead and nobody else does."""
        return self.people[who].role.leads and not any(self.leads(one) for one in EVERYBODY if one != who)

    def leader(self) -> tuple[int, int]:
        return next(one for one in EVERYBODY if self.leads(one))


@cache
def _founded() -> tuple[
    Begun, dict[tuple[int, int], Person], Community, dict[tuple[int, int], frozenset[str]]
]:
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


class Memberships(RuleBasedStateMachine):
    @initialize(there=st.sets(WHO, max_size=5), leads=WHO, listed=COLLEAGUES)
    def begins(
        self, there: set[tuple[int, int]], leads: tuple[int, int], listed: set[tuple[int, int]]
    ) -> None:
        """Some have come already, by a link, one of them may lead as well, and some are invited."""
        begun, self.people, self.community, self.hashes = _founded()
        self.stage, self.model, self.letters = Stage(begun), Model(), 0
        self.key = CommunityId(self.community.id)
        self.model.people[HERE, 0] = Stands(JOINED, Role.FACILITATOR)
        for who in sorted(there):
            self.joins(who, listening=False, with_link=True)
        self.shares((HERE, 0), leads, Role.CO_FACILITATOR)
        self.a_roster_lists(listed, teaches=False)

    # --- what people do ---------------------------------------------------------------------------------------------

    @rule(who=WHO, listening=st.booleans(), with_link=st.booleans())
    def joins(self, who: tuple[int, int], listening: bool, with_link: bool) -> None:
        stands, link = self.model.people[who], None
        if with_link:
            link = self._link(who[0])
        was = stands.standing
        opens = was is not None or link is not None
        done = self.stage.tries(
            join.accept, self.stage.sealer, self.community, self.people[who], self.stage.now, link, listening
        )
        assert done is (opens and not self.model.withdrawn[who[0]])
        if done and was is not JOINED:
            role = Role.LISTENING_IN if listening else stands.role
            self.model.people[who] = Stands(JOINED, role, out=stands.out)

    @rule(who=WHO)
    def declines(self, who: tuple[int, int]) -> None:
        stands, looked = self.model.people[who], self._seen()
        before = self.stage.tables("opt_outs")
        done = self.stage.tries(join.decline, self.stage.sealer, self.community, self.people[who])
        assert done is (stands.standing in (None, INVITED))
        if done:
            stands.no = True
        assert self.stage.tables("opt_outs") == before, "a no is kept where somebody might read it"
        assert self._seen() == looked, "who leads sees the no of somebody"

    @rule(who=WHO)
    def pauses(self, who: tuple[int, int]) -> None:
        self._steps_out(who, join.pause, PAUSED)

    @rule(who=WHO)
    def leaves(self, who: tuple[int, int]) -> None:
        self._steps_out(who, join.leave, LEFT)

    @rule(who=WHO, listening=st.booleans())
    def chooses_a_level(self, who: tuple[int, int], listening: bool) -> None:
        stands = self.model.people[who]
        same = stands.role.follows is listening
        done = self.stage.tries(
            join.choose_level, self.community, self.people[who], listening, self.stage.now
        )
        assert done is (stands.standing is JOINED and (same or not self.model.last(who)))
        if done and not same:
            stands.role = Role.LISTENING_IN if listening else Role.MEMBER

    @rule(leader=WHO, who=WHO, role=st.sampled_from(Role))
    def shares(self, leader: tuple[int, int], who: tuple[int, int], role: Role) -> None:
        mine, theirs = self.model.people[leader], self.model.people[who]
        keeps = mine.standing is JOINED and (mine.role.leads or mine.role is Role.STEWARD)
        may = role in (Role.FACILITATOR, Role.CO_FACILITATOR, Role.STEWARD, Role.MEMBER)
        may = may and (self.model.leads(leader) or (keeps and leader == who and role is Role.MEMBER))
        may = may and theirs.standing is JOINED
        if theirs.role is not role:
            may = may and not theirs.role.follows and not (theirs.role.leads and who != leader)
            may = may and not (self.model.last(who) and not role.leads)
        done = self.stage.tries(
            join.share, self.community, self.people[leader], self.people[who].id, role, self.stage.now
        )
        assert done is may
        if done:
            theirs.role = role

    @rule(who=WHO, gives_back=st.booleans())
    def is_the_contact(self, who: tuple[int, int], gives_back: bool) -> None:
        verb = organisations.give_back if gives_back else organisations.take_on
        done = self.stage.tries(verb, self.community, self.people[who], self.stage.now)
        assert not done or self.model.people[who].standing is JOINED

    # --- who invites ------------------------------------------------------------------------------------------------

    @rule(listed=COLLEAGUES, teaches=st.booleans())
    def a_roster_lists(self, listed: set[tuple[int, int]], teaches: bool) -> None:
        """Invite, invite again, and forget: whoever is not listed any more stays what they are."""
        self.stage.roster.people = [Listed(f"p{n}", f"P{n}", leads=teaches) for _, n in sorted(listed)]
        contexts = self.stage.look(lambda uow: uow.communities.contexts(self.key))
        for context in contexts:
            self.stage.act(lambda uow, one=context: uow.work.mark(Kind.READ_ROSTER, one.id, self.key))
        self.stage.work(patience=0)
        if not self.model.withdrawn[HERE]:
            for who in listed:
                stands = self.model.people[who]
                if stands.standing is None:
                    stands.standing = INVITED
                    stands.role = Role.CO_FACILITATOR if teaches else Role.MEMBER

    @rule(school=st.sampled_from([HERE, THERE]))
    def letters_are_sent(self, school: int) -> None:
        self._link(school)
        leader = self.people[self.model.leader()]
        done = self.stage.tries(mailing.ask, leader, self.key, self.stage.now)
        waits = any(
            stands.standing is INVITED and not self.model.withdrawn[at]
            for (at, _), stands in self.model.people.items()
        )
        assert done is (waits and not self.model.rests), self.stage.refusal
        self.stage.work(patience=0)
        sent, self.letters = self.stage.mail.sent[self.letters :], len(self.stage.mail.sent)
        for letter in sent:
            number = int(letter.to.removeprefix("p").partition("@")[0])
            readers = [self.model.people[who] for who in EVERYBODY if who[1] == number]
            readers = [one for one in readers if one.standing is not None]
            assert any(one.standing is INVITED for one in readers), "a letter to somebody who was not invited"
            assert not any(one.no for one in readers), "a letter to somebody who said no"

    @rule(days=st.integers(0, 20))
    def a_guest_presents(self, days: int) -> None:
        leader, everybody = (
            self.people[self.model.leader()],
            self.stage.tables("links", "presenters", "happenings"),
        )
        coming = next((one for one in expand(RHYTHM) if one.ends > self.stage.now), None)
        if coming is None or self.model.rests:
            return
        asked = self.stage.act(
            presenting.ask, leader, self.key, coming.original.isoformat(), "Guest", self.stage.now
        )
        self.stage.clock.advance(self.stage.now + timedelta(days=days))
        opens = self.stage.tries(presenting.opened, asked.link.token, self.stage.now)
        assert opens is (self.stage.now < coming.ends + presenting.AFTERWARDS)
        assert self.stage.tables("links", "presenters", "happenings") == everybody, (
            "a presenter belongs to nobody"
        )

    # --- what institutions and platforms do -------------------------------------------------------------------------

    @rule(school=st.sampled_from([HERE, THERE]))
    def an_institution_withdraws(self, school: int) -> None:
        admin = self.stage.admins[self.stage.schools[school]]
        elsewhere = any(self.model.leads(who) for who in EVERYBODY if who[0] != school)
        done = self.stage.tries(organisations.withdraw, admin, self.key, "No time", False, self.stage.now)
        assert done is (elsewhere or self.model.withdrawn[school])
        if done and not self.model.withdrawn[school]:
            self.model.withdrawn[school], self.model.links[school] = True, False
            for (theirs, _), stands in self.model.people.items():
                if theirs == school and stands.standing is JOINED:
                    stands.standing, stands.by_institution = PAUSED, True

    @rule(school=st.sampled_from([HERE, THERE]))
    def an_institution_agrees_again(self, school: int) -> None:
        self.stage.act(connect.agree, self.stage.admins[self.stage.schools[school]], self.key, self.stage.now)
        self.model.withdrawn[school] = False

    @rule()
    def it_rests_or_wakes(self) -> None:
        leader = self.people[self.model.leader()]
        verb = lifecycle.reopen if self.model.rests else lifecycle.conclude
        self.stage.act(verb, self._community(), leader, self.stage.now)
        self.model.rests = not self.model.rests

    @rule(who=WHO)
    def somebody_takes_a_seat_away(self, who: tuple[int, int]) -> None:
        """Leaving over there, or being taken out: two looks later it counts as leaving, or a person is asked."""
        self.stage.work()
        board = self.stage.boards["here" if who[0] == HERE else "there"]
        if board.seats.pop(self._account(who), None) is not None:
            self.model.people[who].out = True

    @rule(hours=st.integers(1, 40))
    def time_passes_and_work_is_done(self, hours: int) -> None:
        self.stage.clock.advance(self.stage.now + timedelta(hours=hours))
        for space in self._spaces():
            self.stage.act(lambda uow, one=space: uow.work.mark(Kind.RECONCILE, one.id, self.key))
        self.stage.work()
        self._departures()
        for space in self._spaces():
            if space.state is SpaceState.READY and not self.model.rests:
                self._seats_are_right(HERE if space.institution == self.stage.schools[HERE] else THERE)

    # --- what must be so --------------------------------------------------------------------------------------------

    @invariant()
    def the_model_is_right(self) -> None:
        self._departures()
        kept = self._memberships()
        for who, stands in self.model.people.items():
            found = kept.get(self.people[who].id)
            wanted = None
            if stands.standing is not None:
                at = self.stage.schools[who[0]]
                wanted = (at, stands.role.value, stands.standing.value, int(stands.by_institution))
            assert found == wanted, (who, found, wanted)
        assert kept.keys() <= {one.id for one in self.people.values()}, "a member nobody knows"
        assert not any(role == Role.GUEST for _, role, _, _ in kept.values())

    @invariant()
    def somebody_leads(self) -> None:
        assert any(self.model.leads(who) for who in EVERYBODY)

    @invariant()
    def a_no_is_a_hash_and_only_after_a_no(self) -> None:
        wanted = [self.hashes[who] for who, stands in self.model.people.items() if stands.no]
        kept = {hashed for (hashed,) in self.stage.rows("SELECT hash FROM opt_outs")}
        assert kept == set().union(*wanted)

    @invariant()
    def a_contact_belongs(self) -> None:
        for school, person in self.stage.rows("SELECT institution, person FROM contacts"):
            who = next(one for one, known in self.people.items() if known.id == person)
            assert self.stage.schools[who[0]] == school
            assert self.model.people[who].standing is JOINED

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _steps_out(self, who: tuple[int, int], verb: Any, standing: Standing) -> None:
        stands = self.model.people[who]
        done = self.stage.tries(verb, self.community, self.people[who], self.stage.now)
        assert done is (stands.standing in (JOINED, PAUSED) and not self.model.last(who))
        if done:
            stands.standing, stands.by_institution = standing, False

    def _departures(self) -> None:
        """Whoever was taken out by hand may have left by that, unless they are the last who leads."""
        kept = self._memberships()
        for who, stands in self.model.people.items():
            known = kept.get(self.people[who].id)
            if stands.out and stands.standing in (JOINED, PAUSED) and known and known[2] == LEFT:
                assert not self.model.last(who), "the last who leads is gone"
                stands.standing, stands.by_institution, stands.out = LEFT, False, False

    def _seats_are_right(self, school: int) -> None:
        sitting = self.stage.boards["here" if school == HERE else "there"].seats
        for who in EVERYBODY:
            stands = self.model.people[who]
            if who[0] == school and self._account(who) in sitting:
                stands.out = False
                at_home = stands.standing is PAUSED and stands.by_institution
                assert stands.standing is JOINED or at_home, (who, "sits and does not belong")

    def _link(self, school: int) -> Any:
        if self.model.withdrawn[school]:
            return None
        leader = self.people[self.model.leader()]
        return self.stage.act(
            invitations.create, self.community, leader, self.stage.schools[school], self.stage.now
        )

    def _seen(self) -> Any:
        """All that who leads is shown."""
        leader = self.people[self.model.leader()]

        def read(uow: Any) -> Any:
            return (
                reading.people(uow, leader, self.key, self.stage.manifests),
                reading.home(uow, leader, self.key, self.stage.manifests, self.stage.now),
                reading.history(uow, leader, self.key)[1],
                [(one.kind, one.counts) for one in uow.records.reports(self.key)],
            )

        return self.stage.look(read)

    def _account(self, who: tuple[int, int]) -> Any:
        return str(who[1])

    def _community(self) -> Any:
        return self.stage.look(lambda uow: uow.communities.get(self.key))

    def _spaces(self) -> Any:
        return self.stage.look(lambda uow: uow.spaces.of(self.key))

    def _memberships(self) -> dict[str, tuple[str, str, str, int]]:
        kept = self.stage.rows("SELECT person, institution, role, standing, by_institution FROM memberships")
        return {person: tuple(rest) for person, *rest in kept}
