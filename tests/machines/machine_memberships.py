"""People of two schools with the same numbers come to one community and go, and a model says what must be so.

The model is what people did. After each step the whole of memberships and of kept "no"s must be what it says.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from machine_stage import Stage
from memberships_model import (
    COLLEAGUES,
    EVERYBODY,
    HERE,
    INVITED,
    JOINED,
    LEFT,
    PAUSED,
    RHYTHM,
    THERE,
    WHO,
    Model,
    Stands,
    founded_once,
)

from coplink.core.community import Stage as Life
from coplink.core.people import CommunityId, Role, Standing
from coplink.core.rhythm import expand
from coplink.core.roster import Listed
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import (
    connect,
    handing_over,
    invitations,
    join,
    lifecycle,
    mailing,
    organisations,
    presenting,
    reading,
)


class Memberships(RuleBasedStateMachine):
    @initialize(
        there=st.sets(WHO, max_size=5), leads=WHO, says=st.sampled_from([True, None]), listed=COLLEAGUES
    )
    def begins(
        self,
        there: set[tuple[int, int]],
        leads: tuple[int, int],
        says: bool | None,
        listed: set[tuple[int, int]],
    ) -> None:
        """Some have come already, by a link, one of them may lead as well or is asked to, and some are invited."""
        begun, self.people, self.community, self.hashes = founded_once()
        self.stage, self.model, self.letters = Stage(begun), Model(), 0
        self.key = CommunityId(self.community.id)
        self.model.people[HERE, 0] = Stands(JOINED, Role.FACILITATOR)
        for who in sorted(there):
            self.joins(who, listening=False, with_link=True)
        self.shares((HERE, 0), leads, Role.CO_FACILITATOR)
        if says:
            self.answers_to_being_asked(leads, yes=True)
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
            self.model.comes_in(who, role)

    @rule(who=WHO)
    def declines(self, who: tuple[int, int]) -> None:
        stands, looked = self.model.people[who], self._seen()
        before = self.stage.tables("opt_outs")
        done = self.stage.tries(join.decline, self.stage.sealer, self.community, self.people[who])
        assert done is (stands.standing in (None, INVITED))
        if done:
            self.model.says_no(who)
        assert self.stage.tables("opt_outs") == before, "a no is kept where somebody might read it"
        assert self._seen() == looked, "who leads sees the no of somebody"

    @rule(who=WHO)
    def pauses(self, who: tuple[int, int]) -> None:
        self._steps_out(who, join.pause, PAUSED)

    @rule(who=WHO)
    def leaves(self, who: tuple[int, int]) -> None:
        self._steps_out(who, join.leave, LEFT)

    @rule(leaves=st.booleans(), leads=st.booleans())
    def whoever_leads_or_is_asked_goes(self, leaves: bool, leads: bool) -> None:
        """The last of all, and those who have not answered, come up too rarely by themselves."""
        people = self.model.people
        asked = next((one for one in EVERYBODY if people[one].asked), None)
        who = self.model.leader() if leads else asked
        if who is not None:
            self._steps_out(who, join.leave if leaves else join.pause, LEFT if leaves else PAUSED)

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
            stands.asked = None if listening else stands.asked

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
        if done and role.leads and not theirs.role.leads:
            theirs.asked = theirs.asked or role
        elif done:
            theirs.role = role

    @rule(who=WHO, yes=st.booleans())
    def answers_to_being_asked(self, who: tuple[int, int], yes: bool) -> None:
        stands = self.model.people[who]
        done = self.stage.tries(handing_over.answer, self.community, self.people[who], yes, self.stage.now)
        may = not yes or stands.role.leads or stands.asked is not None
        assert done is (stands.standing is JOINED and may)
        if done:
            stands.role = stands.asked if yes and stands.asked else stands.role
            stands.asked = None

    @rule(leader=WHO, who=WHO)
    def is_asked_no_more(self, leader: tuple[int, int], who: tuple[int, int]) -> None:
        done = self.stage.tries(
            handing_over.take_back, self.community, self.people[leader], self.people[who].id
        )
        assert done is self.model.leads(leader)
        if done:
            self.model.people[who].asked = None

    @rule(who=WHO)
    def takes_it_on(self, who: tuple[int, int]) -> None:
        """Where nobody leads; or the last who does was taken out and stays away."""
        stands = self.model.people[who]
        away = self.stage.look(lambda uow: handing_over.vacancy(uow, self.key, self.stage.now))
        done = self.stage.tries(handing_over.take_on, self.community, self.people[who], self.stage.now)
        vacant = self.model.leader() is None or bool(away and away.notices)
        may = stands.role.leads or (vacant and stands.role.may_be_asked)
        assert done is (stands.standing is JOINED and may)
        if done and not stands.role.leads:
            stands.role, stands.asked = Role.FACILITATOR, None

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
        leads = self.model.leader()
        if leads is None:
            return
        leader = self.people[leads]
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
            assert number not in self.model.silent, "a letter to the address of somebody who said no"

    @rule(days=st.integers(0, 20))
    def a_guest_presents(self, days: int) -> None:
        leads, everybody = self.model.leader(), self.stage.tables("links", "presenters", "happenings")
        coming = next((one for one in expand(RHYTHM) if one.ends > self.stage.now), None)
        if coming is None or self.model.rests or leads is None:
            return
        asked = self.stage.act(
            presenting.ask, self.people[leads], self.key, coming.original.isoformat(), "Guest", self.stage.now
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
        leading = {who[0] for who in EVERYBODY if self.model.leads(who)}
        elsewhere = leading != {school}  # also where nobody leads: at rest, or everybody is away
        done = self.stage.tries(organisations.withdraw, admin, self.key, "No time", False, self.stage.now)
        assert done is (elsewhere or self.model.withdrawn[school])
        if done and not self.model.withdrawn[school]:
            self.model.withdrawn[school], self.model.links[school] = True, False
            for (theirs, _), stands in self.model.people.items():
                if theirs == school and stands.standing is JOINED:
                    stands.standing, stands.by_institution, stands.asked = PAUSED, True, None

    @rule(school=st.sampled_from([HERE, THERE]))
    def an_institution_agrees_again(self, school: int) -> None:
        self.stage.act(connect.agree, self.stage.admins[self.stage.schools[school]], self.key, self.stage.now)
        self.model.withdrawn[school] = False

    @rule()
    def it_rests_or_wakes(self) -> None:
        leads = self.model.leader()
        if leads is None:
            return
        leader = self.people[leads]
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
    def somebody_leads_unless_it_rests(self) -> None:
        rests = self._community().stage is Life.CONCLUDED
        assert rests is self.model.rests
        assert rests or self.model.leader() is not None

    @invariant()
    def a_question_waits_for_its_answer_and_for_nothing_else(self) -> None:
        kept = dict(self.stage.rows("SELECT person, role FROM handovers"))
        asked = {self.people[who].id: one.asked for who, one in self.model.people.items() if one.asked}
        assert kept == asked

    @invariant()
    def a_no_is_a_hash_and_only_after_a_no(self) -> None:
        kept = {hashed for (hashed,) in self.stage.rows("SELECT hash FROM opt_outs")}
        assert kept == self.model.hashes(self.stage, self.key, self.hashes)

    @invariant()
    def a_contact_belongs(self) -> None:
        for school, person in self.stage.rows("SELECT institution, person FROM contacts"):
            who = next(one for one, known in self.people.items() if known.id == person)
            assert self.stage.schools[who[0]] == school
            assert self.model.people[who].standing is JOINED

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _steps_out(self, who: tuple[int, int], verb: Any, standing: Standing) -> None:
        stands, alone = self.model.people[who], self.model.alone(who)
        may = self.model.rests or not self.model.last(who) or (alone and standing is LEFT)
        if standing is LEFT:
            verb = partial(verb, to_rest=True)
        done = self.stage.tries(verb, self.community, self.people[who], self.stage.now)
        assert done is (stands.standing in (JOINED, PAUSED) and may)
        if done:
            stands.standing, stands.by_institution, stands.asked = standing, False, None
            self.model.rests = self.model.rests or alone

    def _departures(self) -> None:
        """Whoever was taken out by hand may have left by that, unless they are the last who leads."""
        kept = self._memberships()
        for who, stands in self.model.people.items():
            known = kept.get(self.people[who].id)
            if stands.out and stands.standing in (JOINED, PAUSED) and known and known[2] == LEFT:
                assert not self.model.last(who), "the last who leads is gone"
                stands.standing, stands.by_institution, stands.out = LEFT, False, False
                stands.asked = None

    def _seats_are_right(self, school: int) -> None:
        sitting = self.stage.boards["here" if school == HERE else "there"].seats
        for who in EVERYBODY:
            stands = self.model.people[who]
            if who[0] == school and self._account(who) in sitting:
                stands.out = False
                at_home = stands.standing is PAUSED and stands.by_institution
                assert stands.standing is JOINED or at_home, (who, "sits and does not belong")

    def _link(self, school: int) -> Any:
        leads = self.model.leader()
        if self.model.withdrawn[school] or leads is None:
            return None
        return self.stage.act(
            invitations.create, self.community, self.people[leads], self.stage.schools[school], self.stage.now
        )

    def _seen(self) -> Any:
        """All that who leads is shown."""
        leads = self.model.leader()
        if leads is None:
            return None
        leader = self.people[leads]

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
