"""What happens in a world: acts of people and admins, things done by hand in a suite, what befalls the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from coplink.campus.rooms import Rooms
from coplink.core.artifacts import FileFact
from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.people import AccountId, Person, Role
from coplink.core.roster import Listed
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import disclosures, invitations, join, marks
from coplink.engine.sweep import due_by_time
from coplink.ports.jobs import Job
from coplink.ports.storage import UnitOfWork
from coplink.simulation.truth import Human, Word
from coplink.simulation.world import DAY, PEOPLE, SUITES, World

REFUSALS = (DomainError, NotAllowed, NotFound)


class Deeds:
    """Draws one deed after the other; each is what a page, a platform or a machine would do."""

    def __init__(self, world: World) -> None:
        self.world, self.draw = world, world.draw
        self._of_people: list[tuple[int, Callable[[], None]]] = [
            (6, self.joins),
            (2, self.declines),
            (2, self.pauses),
            (4, self.leaves),
            (3, self.comes_by_a_suite),
            (2, self.shares_facilitation),
            (1, self.steps_down),
        ]
        self._by_hand: list[tuple[int, Callable[[], None]]] = [
            (4, self.takes_out_by_hand),
            (3, self.seats_by_hand),
            (1, self.promotes_by_hand),
            (4, self.touches_a_file),
            (1, self.moves_a_meeting),
            (3, self.changes_a_roster),
            (1, self.empties_a_roster),
        ]
        self._of_machines: list[tuple[int, Callable[[], None]]] = [
            (8, self.time_passes),
            (2, self.days_pass),
            (1, self.the_clock_jumps),
            (2, self.calls_come),
            (1, self.restarts),
            (2, self.signs_in_again),
            (2, self.the_daily_round),
        ]

    def one(self) -> None:
        """Anything at all."""
        self._draw([*self._of_people, *self._by_hand, *self._of_machines])

    def meanwhile(self) -> None:
        """What may happen while a call is under way."""
        self._draw([*self._of_people, *self._by_hand])

    def _draw(self, deeds: list[tuple[int, Callable[[], None]]]) -> None:
        weights, acts = zip(*deeds, strict=True)
        self.draw.choices(acts, weights)[0]()

    # --- acts of people -------------------------------------------------------------------------------------------

    def _anybody(self) -> tuple[str, Human]:
        community = self.draw.choice(sorted(self.world.communities))
        return community, Human(self.draw.choice(sorted(SUITES)), self.draw.randrange(PEOPLE))

    def _acts(
        self,
        community: str,
        human: Human,
        what: str,
        word: Word | None,
        act: Callable[[UnitOfWork, Person], object],
    ) -> None:
        person = self.world.arrive(human)
        try:
            with self.world.house.services.begin() as uow:
                act(uow, person)
                uow.commit()
        except REFUSALS as refusal:
            self.world.told(f"  {human} wants to {what}: {refusal.message}")
            return
        self.world.told(f"  {human} {what}s ({community})")
        if word is not None:
            self.world.truth.said(community, human, word)

    def joins(self) -> None:
        """On an invitation, or with a link of their institution."""
        community, human = self._anybody()
        world, now = self.world, self.world.clock.now()

        def act(uow: UnitOfWork, person: Person) -> None:
            found = uow.communities.get(world.key(community))
            assert found is not None  # noqa: S101
            link, known = None, uow.communities.membership(found.id, person.id)
            if known is not None and known.standing == "joined":
                raise DomainError(say("You belong already."))
            if known is None:
                leads = next(
                    m
                    for m in uow.communities.memberships(found.id)
                    if m.role.leads and m.standing == "joined"
                )
                leader = uow.people.get(leads.person)
                assert leader is not None  # noqa: S101
                link = invitations.create(uow, found, leader, person.institution, now)
            join.accept(uow, world.house.services.sealer, found, person, now, link)
            schools = [one.id for one in disclosures.elsewhere(uow, found.id, person)]
            disclosures.told(uow, found.id, person, schools, now)

        self._acts(community, human, "join", Word.JOINED, act)

    def declines(self) -> None:
        """Says no."""
        community, human = self._anybody()
        if self.world.truth.of(community, human).word not in (Word.NONE, Word.DECLINED):
            return

        def act(uow: UnitOfWork, person: Person) -> None:
            found = uow.communities.get(self.world.key(community))
            assert found is not None  # noqa: S101
            join.decline(uow, self.world.house.services.sealer, found, person)

        self._acts(community, human, "decline", Word.DECLINED, act)

    def pauses(self) -> None:
        """Takes a break."""
        community, human = self._anybody()
        self._acts(community, human, "pause", Word.PAUSED, self._step_out(community, join.pause))

    def leaves(self) -> None:
        """Leaves."""
        community, human = self._anybody()
        self._acts(community, human, "leave", Word.LEFT, self._step_out(community, join.leave))

    def _step_out(self, community: str, act: Callable[..., object]) -> Callable[[UnitOfWork, Person], object]:
        def stepping(uow: UnitOfWork, person: Person) -> None:
            found = uow.communities.get(self.world.key(community))
            assert found is not None  # noqa: S101
            act(uow, found, person, self.world.clock.now())

        return stepping

    def comes_by_a_suite(self) -> None:
        """Opens the tab of a suite, which proves the account; “that is me” is said by the code of the other door."""
        _, human = self._anybody()
        suite = self.draw.choice(SUITES[human.institution])
        self.world.told(f"  {human} opens {suite}")
        known = self.world.arrive(human)
        came = self.world.arrive(human, suite=suite)
        if came.id != known.id:
            with self.world.house.services.begin() as uow:
                one, other = uow.people.get(known.id), uow.people.get(came.id)
                if one is not None and other is not None:
                    uow.people.merge(gone=other.id, into=one.id)
                    marks.person_changed(uow, one.id)
                    uow.commit()

    def shares_facilitation(self) -> None:
        """Who leads asks somebody else in."""
        self._role("share", Role.CO_FACILITATOR)

    def steps_down(self) -> None:
        """Who leads gives it back."""
        self._role("step down", Role.MEMBER)

    def _role(self, what: str, role: Role) -> None:
        community, human = self._anybody()
        other = human if role is Role.MEMBER else self._anybody()[1]

        def act(uow: UnitOfWork, person: Person) -> None:
            found = uow.communities.get(self.world.key(community))
            member = self.world.person(uow, other)
            assert found is not None  # noqa: S101
            if member is None:
                raise NotFound(say("Nobody."))
            join.share(uow, found, person, member.id, role, self.world.clock.now())

        self._acts(community, human, what, None, act)

    # --- by hand, in a suite --------------------------------------------------------------------------------------

    def _a_room(self) -> tuple[Rooms, str] | None:
        rooms = [
            (suite, remote)
            for houses in self.world.suites.values()
            for suite in houses.values()
            for remote, _ in suite.boards()
        ]
        return self.draw.choice(rooms) if rooms else None

    def takes_out_by_hand(self) -> None:
        """Somebody who sits there is taken out, or goes; now and then nearly everybody is."""
        found = self._a_room()
        if found is None:
            return
        suite, remote = found
        room = suite.rooms[remote]
        crowd = sorted(room.seats)
        if self.draw.random() < 0.9:
            crowd = crowd[:1] if not crowd else [self.draw.choice(crowd)]
        for account in crowd:
            suite.remove_by_hand(remote, account)
            self._remember_taken_out(suite, remote, account)

    def _remember_taken_out(self, suite: Rooms, remote: str, account: AccountId) -> None:
        marker = suite.rooms[remote].marker.partition("/")[2]
        states = self.world.house.sql(
            "SELECT ledger.state FROM ledger JOIN spaces ON spaces.id = ledger.space"
            " WHERE spaces.marker = ? AND ledger.account = ?",
            marker,
            account,
        )
        known = self.world.truth.of(
            self.world.guardian.communities[marker], Human(suite.institution, int(account[1:]))
        )
        if states == [("seen",)]:
            known.taken_out.add((suite.name, remote))

    def seats_by_hand(self) -> None:
        """Somebody is seated by an owner over there, member of the community or not."""
        found = self._a_room()
        if found is None:
            return
        suite, remote = found
        account = self.draw.choice(sorted(suite.people))
        marker = suite.rooms[remote].marker.partition("/")[2]
        human = Human(suite.institution, int(account[1:]))
        if account not in suite.rooms[remote].seats:
            suite.add_by_hand(remote, account)
            community = self.world.guardian.communities[marker]
            known = self.world.truth.of(community, human)
            with self.world.house.services.begin() as uow:
                person = self.world.person(uow, human)
                theirs = uow.communities.membership(self.world.key(community), person.id) if person else None
            if theirs is not None and theirs.standing == "left":
                known.ended_elsewhere = True  # it was seen before somebody thought better of it
            known.taken_out.discard((suite.name, remote))

    def promotes_by_hand(self) -> None:
        """Somebody who sits there is made an owner."""
        found = self._a_room()
        if found and (sitting := sorted(found[0].rooms[found[1]].seats)):
            found[0].add_by_hand(found[1], self.draw.choice(sitting), Role.FACILITATOR)

    def touches_a_file(self) -> None:
        """A file is made, changed or deleted."""
        found = self._a_room()
        if found is None:
            return
        suite, remote = found
        log, now = suite.rooms[remote].files, self.world.clock.now()
        number = self.draw.randrange(4)
        known = next((fact for fact in reversed(log) if fact.remote == f"f{number}"), None)
        version = str(len(log) + 1)
        if known is None or known.gone:
            author = self.draw.choice(sorted(suite.people))
            made = FileFact(
                f"f{number}", f"File {number}", f"https://campus.example/f{number}", now, now, version
            )
            fact = replace(made, author=author)
        else:
            # A platform's own clock is not set back when coplink's is.
            later = max(now, known.changed_at + timedelta(seconds=1))
            fact = replace(known, changed_at=later, version=version, gone=self.draw.random() < 0.3)
        log.append(fact)
        self.world.told(f"  {suite.name}: {fact.name} is {'deleted' if fact.gone else 'saved'} in {remote}")

    def moves_a_meeting(self) -> None:
        """Somebody drags a meeting to another hour."""
        found = self._a_room()
        if found is None or not found[0].rooms[found[1]].series:
            return
        room = found[0].rooms[found[1]]
        key = sorted(room.series)[0]
        digest, starts, attendees = room.series[key]
        place = self.draw.randrange(len(starts))
        moved = tuple(at + timedelta(hours=3) if n == place else at for n, at in enumerate(starts))
        room.series[key] = (digest, moved, attendees)
        self.world.told(f"  {found[0].name}: a meeting is moved in {found[1]}")

    def changes_a_roster(self) -> None:
        """Somebody is enrolled in a course, or not any more."""
        name = self.draw.choice(sorted(self.world.courses.listed))
        institution = name.removeprefix("course of ")
        human = Human(institution, self.draw.randrange(PEOPLE))
        listed = self.world.courses.listed[name]
        there = [one for one in listed if one.subject == human.subject]
        if there:
            listed.remove(there[0])
        else:
            listed.append(Listed(human.subject, f"P{human.number}", human.email))
        self.world.told(f"  {human} is {'no longer' if there else 'now'} listed in the {name}")
        self._mark_rosters()

    def empties_a_roster(self) -> None:
        """A course lists nobody, or everybody again."""
        name = self.draw.choice(sorted(self.world.courses.listed))
        self.world.courses.empty ^= {name}
        self.world.told(
            f"  the {name} lists {'nobody' if name in self.world.courses.empty else 'its people'}"
        )
        self._mark_rosters()

    def _mark_rosters(self) -> None:
        with self.world.house.services.begin() as uow:
            for community in self.world.communities.values():
                for context in uow.communities.contexts(community.id):
                    uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
            uow.commit()

    # --- time, machines, admins -----------------------------------------------------------------------------------

    def time_passes(self) -> None:
        """Seconds or hours."""
        seconds = self.draw.choice((1, 20, 120, 400, 3600, 20_000))
        self.world.clock.pass_by(seconds=seconds)
        self.world.told(f"  {seconds} s pass")

    def days_pass(self) -> None:
        """A day, or a holiday."""
        days = self.draw.choice((1, 1, 3, 10))
        self.world.clock.pass_by(days=days)
        self.world.told(f"  {days} days pass")

    def the_clock_jumps(self) -> None:
        """The machine's clock is set back, or far ahead."""
        hours = self.draw.choice((-1, -1, 1, 30 * 24))
        self.world.clock.pass_by(hours=hours)
        self.world.told(f"  the clock jumps by {hours} h")

    def calls_come(self) -> None:
        """A suite calls: files or seats changed; twice, late, or for nothing."""
        if not self.world.options.hints:
            return
        with self.world.house.services.begin() as uow:
            spaces = [s for one in self.world.communities.values() for s in uow.spaces.of(one.id)]
        for _ in range(self.draw.choice((1, 1, 2, 5))):
            space = self.draw.choice(spaces)
            kind = self.draw.choice((Kind.COLLECT, Kind.RECONCILE))
            with self.world.house.services.begin() as uow:
                uow.work.mark(kind, space.id, space.community, urgent=False)
                uow.commit()
            self.world.house.jobs.hint(Job(f"hint:{kind}:{space.id}", kind, space.id, space.community))
        self.world.told("  suites call")

    def restarts(self) -> None:
        """The process is restarted; what was queued is lost."""
        self.world.house.restart()
        self.world.told("  coplink is restarted")

    def signs_in_again(self) -> None:
        """An admin signs in again where a sign-in had ended."""
        for houses in self.world.suites.values():
            for suite in houses.values():
                suite.signed_out = False

    def the_daily_round(self) -> None:
        """What time alone makes due."""
        due_by_time(self.world.house.services.begin, self.world.clock.now(), timedelta(minutes=10), DAY)
