"""People with several doors, several ids and several accounts, at two schools whose ids and addresses are equal."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from machine_stage import Begun, Stage
from people_model import Held, Human, Id, People, Seat, same_door

from coplink.core.arrival import Context
from coplink.core.community import Community
from coplink.core.people import Account, AccountId, Identity, Person, PersonId, Proof, Standing
from coplink.core.rhythm import Rhythm, Weekly
from coplink.core.roster import Listed
from coplink.engine import apart, claim, found, join
from coplink.engine.arrive import might_be
from coplink.engine.listed import welcome

RHYTHM = Rhythm("UTC", time(16), 45, date(2026, 12, 2), date(2027, 6, 1), Weekly(2, (2,)))
NUMBERS = (1, 2)
# Canvas gives one human several ids, the second of which may be all they have in older courses; Moodle is another
# registration of the same school; "-new" is an account that a school gave anew.
WAYS = (
    ("lti", "canvas", ""),
    ("lti", "canvas", "-past"),
    ("lti", "moodle", ""),
    ("teams", "tid", ""),
    ("teams", "tid", "-new"),
    ("google", "accounts.google.com", ""),
)
IDS: list[Id] = [
    (school, door, realm, f"{number}{tail}")
    for school in (0, 1)
    for number in NUMBERS
    for door, realm, tail in WAYS
]
NEAR = [one for one in IDS if one[0] == 0 and one[3].startswith("1")]
"""Most of it happens to one human, or nothing would ever come together."""
ANY = st.one_of(st.sampled_from(NEAR), st.sampled_from(NEAR), st.sampled_from(IDS))
SCHOOL, NUMBER = st.sampled_from([0, 0, 0, 1]), st.sampled_from([1, 1, 1, 2])


def first_account(one: Id) -> Seat | None:
    """What a door proves: the numbers are equal on all platforms. Moodle proves nothing."""
    _, door, realm, subject = one
    if door != "lti":
        return (door, subject)
    return ("canvas", subject) if realm == "canvas" else None


@cache
def _begun() -> tuple[Begun, list[Community]]:
    """A community at each school, in which nobody who plays here leads."""
    stage, communities = Stage(), []
    for school in stage.schools:
        founder = stage.come(school, "founder", realm="canvas", course=True, leads=True).person
        origin = found.Origin(Context("canvas", "course-1", "Course"), {"url": "x"}, {})
        places = stage.look(found.places, founder, origin, stage.manifests)
        answers = found.Answers("form", "Literacy", "Reading", "All", "", (places[0].connection,), RHYTHM)
        communities.append(stage.act(found.found, founder, origin, answers, stage.manifests, stage.now))
    return stage.begun(), communities


class Identities(RuleBasedStateMachine):
    @initialize(listed=st.sets(st.tuples(SCHOOL, NUMBER, st.booleans()), max_size=6))
    def begins(self, listed: set[tuple[int, int, bool]]) -> None:
        """Some were listed already, by whichever of their ids."""
        begun, self.communities = _begun()
        self.stage, self.model = Stage(begun), People()
        self.proves: dict[Id, Seat | None] = {one: first_account(one) for one in IDS}
        self.codes: list[tuple[str, Human, Any]] = []
        self.used, self.silent = set[str](), set[str]()
        self.others = {person for (person,) in self.stage.rows("SELECT id FROM people")}
        self.told = 0
        for school, number, past in sorted(listed):
            self.a_roster_lists(school, number, past, naming=False)

    # --- doors ------------------------------------------------------------------------------------------------------

    @rule(one=ANY, minutes=st.sampled_from([1, 90]))
    def comes(self, one: Id, minutes: int) -> None:
        """A launch, with the same address whoever it is and wherever they come from."""
        self._later(minutes)
        self._comes(one)

    def _comes(self, one: Id) -> Human:
        school, door, realm, subject = one
        proves = self.proves[one]
        accounts = (proves,) if proves else ()
        self.stage.come(self.stage.schools[school], subject, door=door, realm=realm, accounts=accounts)
        before = list(self.model.all)
        human = self.model.comes(one, proves, self.stage.now)
        self._moved(before, human)
        return human

    @rule(
        school=SCHOOL,
        number=NUMBER,
        past=st.booleans(),
        naming=st.booleans(),
    )
    def a_roster_lists(self, school: int, number: int, past: bool, naming: bool) -> None:
        """Whoever is listed becomes known and invited; a roster may name their account."""
        subject = f"{number}-past" if past else f"{number}"
        named = {"canvas": AccountId(subject)} if naming else None
        listed = [Listed(subject, "P", f"{number}@school.example", accounts=named or {})]
        context = self.stage.look(lambda uow: uow.communities.contexts(self.communities[school].id))[0]
        self.stage.act(welcome, context, listed, self._later())
        one = (school, "lti", "canvas", subject)
        human = self.model.of(one) or self.model.new(one, None)
        if named:
            human.accounts.setdefault(("canvas", subject), Held(Proof.PROPOSED))
        if human.stands is None:
            human.stands = (Standing.INVITED, self.stage.now)

    @rule(data=st.data(), platform=st.sampled_from(["teams", "google"]), number=NUMBER)
    def a_directory_proposes(self, data: Any, platform: str, number: int) -> None:
        """By an address, which may be wrong: only for somebody who has no account there."""
        human = self.model.of(data.draw(st.sampled_from(sorted(self.model.ids()) or IDS)))
        if human is None or any(on == platform for on, _ in human.accounts):
            return
        person, seat = self._person(human), (platform, str(number))
        account = Account(person.institution, platform, AccountId(seat[1]), person.id, Proof.PROPOSED)
        self.stage.act(lambda uow: uow.people.put_account(account))
        human.accounts[seat] = Held(Proof.PROPOSED)

    @rule(school=SCHOOL, number=NUMBER, back=st.booleans())
    def canvas_merges_two_accounts(self, school: int, number: int, back: bool) -> None:
        """The older id stays in older courses, and proves the account that was kept."""
        kept = f"{number}-past" if back else f"{number}"
        for tail in ("", "-past"):
            self.proves[school, "lti", "canvas", f"{number}{tail}"] = ("canvas", kept)

    # --- linking ----------------------------------------------------------------------------------------------------

    @rule(data=st.data(), yes=st.booleans())
    def answers_is_this_you(self, data: Any, yes: bool) -> None:
        human = self._comes(data.draw(st.sampled_from(self.model.asked(self.proves, Proof.PROPOSED) or IDS)))
        me = self._person(human)
        asked = self.stage.look(might_be, me)
        might = {
            id(other): other
            for seat in human.proved()
            for other in self.model.holding(human, seat, Proof.PROPOSED)
        }
        assert (asked is not None) is (len(might) == 1)
        if asked is None:
            return
        other = next(iter(might.values()))
        assert asked.id == self._person(other).id
        self._later()
        if not yes:
            self.stage.act(claim.deny, me, asked.id)
            human.denies(other)
            return
        said_too = any(human.accounts.get(seat) == Held(Proof.CLAIMED) for seat in other.proved())
        done = self.stage.tries(claim.confirm, me, asked.id)
        assert done is not same_door(human, other)
        if done and said_too:
            self._unite(other, human)
        elif done and other.known:
            for seat in human.proved():
                if other.accounts.get(seat) == Held(Proof.PROPOSED):
                    other.accounts[seat] = Held(Proof.CLAIMED)
        elif done:
            self._unite(human, other)

    @rule(data=st.data(), yes=st.booleans())
    def answers_was_that_you(self, data: Any, yes: bool) -> None:
        claimed = [one for human in self.model.all if human.claimed for one in sorted(human.came)]
        human = self._comes(data.draw(st.sampled_from(claimed or IDS)))
        me = self._person(human)
        claimed = self.stage.look(claim.claimed_by, me)
        provers = [
            other
            for seat, held in human.accounts.items()
            if held.proof is Proof.CLAIMED
            for other in self.model.holding(human, seat, Proof.PROVED)
        ]
        assert (claimed is not None) is bool(provers)
        if claimed is None:
            return
        other = next(prover for prover in provers if self._person(prover).id == claimed.person.id)
        self._later()
        if not yes:
            self.stage.act(claim.deny, me, claimed.person.id)
            human.denies(other)
            return
        done = self.stage.tries(claim.confirm, me, claimed.person.id)
        assert done is not same_door(human, other)
        if done:
            self._unite(other, human)

    @rule(one=ANY, other=ANY)
    def says_to_be_somebody_unasked(self, one: Id, other: Id) -> None:
        """A form that nobody was shown: whoever is named in it, it makes nobody somebody else."""
        human, named = self._comes(one), self.model.of(other)
        if named is None or named is human:
            return
        me, asked = self._person(human), self.stage.look(might_be, self._person(human))
        claimed = self.stage.look(claim.claimed_by, me)
        key = self._person(named).id
        if key in (asked and asked.id, claimed and claimed.person.id):
            return
        assert not self.stage.tries(claim.confirm, me, key)

    @rule(one=ANY)
    def fetches_a_code(self, one: Id) -> None:
        human = self._comes(one)
        link = self.stage.act(claim.code_for, self._person(human), self.stage.now)
        self.codes.append((link.token, human, self.stage.now))

    @precondition(lambda self: self.codes)
    @rule(one=ANY, data=st.data(), both=st.booleans(), minutes=st.sampled_from([1, 1, 1, 20]))
    def uses_a_code(self, one: Id, data: Any, both: bool, minutes: int) -> None:
        """At once, too late, for the second time, at another school, or with two accounts behind one door."""
        known = sorted(self.model.ids())
        human = self._comes(data.draw(st.sampled_from([one, *known])))
        self._uses(human, data.draw(st.sampled_from(self.codes[-4:])), both, minutes)

    @rule(one=ANY, other=ANY)
    def says_no_and_shows_another_door(self, one: Id, other: Id) -> None:
        """What a parting has to keep: the no of one door, which counts for the other."""
        self._answers(self._comes(one), "decline")
        self.fetches_a_code(one)
        self._uses(self._comes(other), self.codes[-1], both=True, minutes=1)

    def _uses(self, human: Human, code: tuple[str, Human, Any], both: bool, minutes: int) -> None:
        self._later(minutes)
        token, owner, made = code
        good = (
            token not in self.used
            and self.stage.now - made < claim.CODE_LIFE
            and owner.school == human.school
        )
        good = good and (owner is human or both or not same_door(human, owner))
        done = self.stage.tries(claim.with_code, self._person(human), token, self.stage.now, both)
        assert done is good
        if done:
            self.used.add(token)
            if owner is not human:
                self._unite(human, owner)

    @rule(one=ANY, word=st.sampled_from(["", "x", "0" * 16]))
    def makes_up_a_code(self, one: Id, word: str) -> None:
        me = self._person(self._comes(one))
        assert not self.stage.tries(claim.with_code, me, word, self.stage.now, True)

    @rule(one=ANY, data=st.data())
    def takes_a_door_away(self, one: Id, data: Any) -> None:
        human = self._comes(one)
        theirs = data.draw(st.sampled_from([*sorted(human.came), *IDS[:2]]))
        rest = [at for known, at in human.came.items() if known[1:] != theirs[1:]]
        now = self._later()
        done = self.stage.tries(apart.part, self.stage.sealer, self._person(human), *theirs[1:], now)
        assert done is (any(known[1:] == theirs[1:] for known in human.came) and any(rest))
        if done:
            gone = self.model.parts(human, (human.school, *theirs[1:]))
            self.all_is_right()
            person, community = self._person(gone), self.communities[human.school]
            let_in = self.stage.tries(join.accept, self.stage.sealer, community, person, now)
            assert not let_in, "parting let in"
            self.used |= {token for token, owner, _ in self.codes if owner is human}

    # --- what one has -----------------------------------------------------------------------------------------------

    @rule(one=ANY, data=st.data(), act=st.sampled_from(["join", "join", "decline", "leave", "pause"]))
    def answers(self, one: Id, data: Any, act: str) -> None:
        invited = [known for human in self.model.all if human.stands for known in sorted(human.came)]
        self._answers(self._comes(data.draw(st.sampled_from([one, *invited]))), act)

    def _answers(self, human: Human, act: str) -> None:
        person, community, now = self._person(human), self.communities[human.school], self._later()
        standing = human.stands[0] if human.stands else None
        if act == "join":
            done = self.stage.tries(join.accept, self.stage.sealer, community, person, now)
            assert done is (standing is not None)
            if done and standing is not Standing.JOINED:
                human.stands = (Standing.JOINED, now)
                if self.model.said_no(human):
                    self.silent -= self._letters(person)
                self.model.no -= human.speaking
        elif act == "decline":
            done = self.stage.tries(join.decline, self.stage.sealer, community, person)
            assert done is (standing in (None, Standing.INVITED))
            if done:
                self.model.no |= human.speaking
                self.silent |= self._letters(person)
        else:
            done = self.stage.tries(getattr(join, act), community, person, now)
            assert done is (standing in (Standing.JOINED, Standing.PAUSED))
            if done:
                human.stands = (Standing.LEFT if act == "leave" else Standing.PAUSED, now)

    @precondition(lambda self: any(not human.known for human in self.model.all))
    @rule(data=st.data())
    def says_no_by_a_letter(self, data: Any) -> None:
        """Whom a roster listed, and who never came, by the address in what was sent to them."""
        listed = [one for human in self.model.all if not human.known for one in sorted(human.came)]
        human = self.model.of(data.draw(st.sampled_from(listed)))
        assert human is not None
        self._later()
        person = self._person(human)
        self.stage.act(join.decline, self.stage.sealer, self.communities[human.school], person)
        self.model.no |= human.speaking
        self.silent |= self._letters(person)

    # --- what must be so --------------------------------------------------------------------------------------------

    @invariant()
    def all_is_right(self) -> None:
        self.everybody_is_who_they_are()
        self.an_account_is_one_persons()
        self.nothing_is_lost_and_nobody_is_made_a_member()
        self.a_no_is_nobody_elses_and_stays()

    def everybody_is_who_they_are(self) -> None:
        kept = self.stage.rows("SELECT institution, door, realm, subject, person FROM identities")
        owners: dict[Id, str] = {}
        for school, door, realm, subject, person in kept:
            if person not in self.others:
                owners[self.stage.schools.index(school), door, realm, subject] = person
        assert owners.keys() == set(self.model.ids())
        people = {frozenset(human.came): {owners[one] for one in human.came} for human in self.model.all}
        assert all(len(keys) == 1 for keys in people.values()), "ids of one human lead to two people"
        several = [key for keys in people.values() for key in keys]
        assert len(several) == len(set(several)), "two humans are one person"
        walls = dict(self.stage.rows("SELECT id, institution FROM people"))
        assert walls.keys() == self.others | set(several), "somebody is left over, or lost"
        self.keys = {human: next(iter(people[frozenset(human.came)])) for human in self.model.all}
        assert all(walls[key] == self.stage.schools[human.school] for human, key in self.keys.items())

    def an_account_is_one_persons(self) -> None:
        kept = self.stage.rows(
            "SELECT person, integration, account, proof, door, realm, subject FROM accounts"
        )
        wanted = {
            (self.keys[human], *seat, held.proof.value, *(held.by[1:] if held.by else (None, None, None)))
            for human in self.model.all
            for seat, held in human.accounts.items()
        }
        assert set(kept) == wanted
        proved = [
            (human.school, seat)
            for human in self.model.all
            for seat, held in human.accounts.items()
            if held.proof is Proof.PROVED
        ]
        assert len(proved) == len(set(proved)), "two people proved one account"

    def nothing_is_lost_and_nobody_is_made_a_member(self) -> None:
        kept = self.stage.rows("SELECT community, person, standing FROM memberships")
        wanted = {
            (self.communities[human.school].id, self.keys[human], human.stands[0].value)
            for human in self.model.all
            if human.stands
        }
        assert {one for one in kept if one[1] not in self.others} == wanted
        told = self.stage.rows("SELECT actor FROM happenings")
        assert len(told) >= self.told, "history is lost"
        self.told = len(told)
        assert {actor for (actor,) in told} <= self.others | set(self.keys.values()), "history of nobody"

    def a_no_is_nobody_elses_and_stays(self) -> None:
        wanted = set(self.silent)
        for school, door, realm, subject in self.model.no:
            one = Identity(self.stage.schools[school], door, realm, subject, PersonId(""))
            wanted |= join.hashes(self.stage.sealer, self.communities[school].id, [one])
        assert {hashed for (hashed,) in self.stage.rows("SELECT hash FROM opt_outs")} == wanted

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _letters(self, person: Person) -> set[str]:
        """What keeps letters from the addresses that are known to be theirs now."""
        key = self.communities[self.stage.schools.index(person.institution)].id
        return set(self.stage.look(join.addresses, self.stage.sealer, key, person))

    def _person(self, human: Human) -> Person:
        """As the door would know them."""
        school, *named = next(iter(human.came))
        return self.stage.look(lambda uow: uow.people.by_identity(self.stage.schools[school], *named))

    def _later(self, minutes: int = 1) -> Any:
        self.stage.clock.advance(self.stage.now + timedelta(minutes=minutes))
        return self.stage.now

    def _unite(self, gone: Human, into: Human) -> None:
        self.model.unite(gone, into, by_word=True)
        self._moved([gone], into)

    def _moved(self, before: list[Human], into: Human) -> None:
        """Codes of whoever became one with somebody are that somebody's."""
        here = set(map(id, self.model.all))
        lost = {id(one) for one in before if id(one) not in here}
        self.codes = [(token, into if id(owner) in lost else owner, at) for token, owner, at in self.codes]
