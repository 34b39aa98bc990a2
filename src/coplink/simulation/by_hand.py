"""What people of a suite or a course do there, past coplink."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from coplink.campus.rooms import Rooms
from coplink.core.artifacts import FileFact
from coplink.core.people import AccountId, Role
from coplink.core.work import Kind
from coplink.simulation.acting import Weighted
from coplink.simulation.truth import Human
from coplink.simulation.world import PEOPLE, World


class ByHand:
    """Seats, files, meetings and rosters, changed over there."""

    def __init__(self, world: World) -> None:
        self.world, self.draw = world, world.draw
        self.weighted: Weighted = [
            (4, self.takes_out_by_hand),
            (3, self.seats_by_hand),
            (1, self.promotes_by_hand),
            (4, self.touches_a_file),
            (1, self.moves_a_meeting),
            (3, self.changes_a_roster),
            (1, self.empties_a_roster),
        ]

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
        known = self.world.truth.of(
            self.world.guardian.communities[marker], Human(suite.institution, int(account[1:]))
        )
        known.ever_out.add((suite.name, remote))
        if self.world.seat_state(suite, remote, account) in ("seen", "put", "taken_out"):
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
            if self.world.seat_state(suite, remote, account) in ("seen", "put", "rejoined"):
                suite.rooms[remote].by_hand.discard(account)  # nobody can tell this seat from the one before
            community = self.world.guardian.communities[marker]
            known = self.world.truth.of(community, human)
            with self.world.house.services.begin() as uow:
                person = self.world.person(uow, human)
                theirs = uow.communities.membership(self.world.key(community), person.id) if person else None
            if theirs is not None and theirs.standing == "left":
                known.ended_elsewhere = True  # it was seen before somebody thought better of it
            known.taken_out.discard((suite.name, remote))
            known.ever_out.discard((suite.name, remote))

    def promotes_by_hand(self) -> None:
        """Somebody who sits there is made an owner."""
        found = self._a_room()
        if found and (sitting := sorted(found[0].rooms[found[1]].seats)):
            suite, remote = found
            account = self.draw.choice(sitting)
            suite.add_by_hand(remote, account, Role.FACILITATOR)
            if self.world.seat_state(suite, remote, account) == "raised":
                suite.rooms[remote].raised.add(account)  # nobody can tell this from what coplink did before

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
        if known is not None:  # a platform's own clock is not set back when coplink's is
            now = max(now, known.changed_at + timedelta(seconds=1))
        if known is None or known.gone:
            author = self.draw.choice(sorted(suite.people))
            made = FileFact(
                f"f{number}", f"File {number}", f"https://campus.example/f{number}", now, now, version
            )
            fact = replace(made, author=author)
        else:
            fact = replace(known, changed_at=now, version=version, gone=self.draw.random() < 0.3)
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
            listed.append(self.world.listed(human))
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
