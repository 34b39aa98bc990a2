"""What people do themselves: join, decline, pause, leave, prove an account, approve a plan."""

from __future__ import annotations

from functools import partial

from coplink.core.community import Community
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Person
from coplink.core.words import say
from coplink.engine import disclosures, invitations, join, marks, plans
from coplink.ports.plans import KeptPlan
from coplink.ports.storage import UnitOfWork
from coplink.simulation.acting import REFUSALS, Acting, Weighted
from coplink.simulation.truth import Word
from coplink.simulation.world import SUITES, World


class Acts(Acting):
    """Each is what somebody presses on a page, or the door they come by."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._shown: dict[str, KeptPlan] = {}
        self.weighted: Weighted = [
            (6, self.joins),
            (2, self.declines),
            (2, self.pauses),
            (4, self.leaves),
            (3, self.comes_by_a_suite),
            (3, self.approves),
        ]

    def joins(self) -> None:
        """On an invitation, or with a link of their institution."""
        community, human = self._anybody()
        world, now = self.world, self.world.clock.now()

        def act(uow: UnitOfWork, found: Community, person: Person) -> None:
            link, known = None, uow.communities.membership(found.id, person.id)
            if known is not None and known.standing == "joined":
                raise DomainError(say("You belong already."))
            if known is None:
                leader = _leading(uow, found)
                if leader is None:
                    raise NotFound(say("Nobody facilitates."))
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

        def act(uow: UnitOfWork, found: Community, person: Person) -> None:
            join.decline(uow, self.world.house.services.sealer, found, person)

        self._acts(community, human, "decline", Word.DECLINED, act)

    def pauses(self) -> None:
        """Takes a break."""
        community, human = self._anybody()
        self._acts(community, human, "pause", Word.PAUSED, self._now(join.pause))

    def leaves(self) -> None:
        """Leaves; the last of all puts the community to rest by that."""
        community, human = self._anybody()
        self._acts(community, human, "leave", Word.LEFT, self._now(partial(join.leave, to_rest=True)))

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


def _leading(uow: UnitOfWork, community: Community) -> Person | None:
    members = uow.communities.memberships(community.id)
    leads = next((m for m in members if m.role.leads and m.standing == "joined"), None)
    return uow.people.get(leads.person) if leads is not None else None
