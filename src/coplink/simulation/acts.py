"""What people do themselves: join, decline, pause, leave, share the facilitation, prove an account, approve a plan."""

from __future__ import annotations

from collections.abc import Callable

from coplink.core.errors import DomainError, NotAllowed, NotFound, StalePlan
from coplink.core.people import Person, Role
from coplink.core.words import say
from coplink.engine import disclosures, invitations, join, marks, plans
from coplink.ports.plans import KeptPlan
from coplink.ports.storage import UnitOfWork
from coplink.simulation.truth import Human, Word
from coplink.simulation.world import PEOPLE, SUITES, World

REFUSALS = (DomainError, NotAllowed, NotFound, StalePlan)
Weighted = list[tuple[int, Callable[[], None]]]


class Acts:
    """Draws who acts, and lets them; a refusal is an answer too."""

    def __init__(self, world: World) -> None:
        self.world, self.draw = world, world.draw
        self._shown: dict[str, KeptPlan] = {}
        self.weighted: Weighted = [
            (6, self.joins),
            (2, self.declines),
            (2, self.pauses),
            (4, self.leaves),
            (3, self.comes_by_a_suite),
            (2, self.shares_facilitation),
            (1, self.steps_down),
            (3, self.approves),
        ]

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

    def approves(self) -> None:
        """An admin says yes to a plan that waits: as it is now, or as it was when they last looked."""
        community, _ = self._anybody()
        with self.world.house.services.begin() as uow:
            for space in uow.spaces.of(self.world.key(community)):
                kept = plans.waiting(uow, space)
                if kept is None:
                    continue
                before = self._shown.get(space.id, kept)
                self._shown[space.id] = kept
                seen = before if self.draw.random() < 0.5 else kept
                admin = next(a for a in self.world.admins.values() if a.institution == space.institution)
                now = self.world.clock.now()
                try:
                    plans.approve(uow, space, seen.digest, admin, space.integration, now)
                except REFUSALS as refusal:
                    self.world.told(f"  a plan is not approved: {refusal.message}")
                    continue
                uow.commit()
                self.world.told(f"  {admin.name} approves plan {seen.digest} of {space.integration}")
                if kept.approved is None:
                    self.world.brakes.approved(space, seen, now)
                return
