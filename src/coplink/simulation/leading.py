"""Who facilitates: asked and answered, given back, taken on; and a community that rests is woken again."""

from __future__ import annotations

from collections.abc import Container

from coplink.core.access import Action, may
from coplink.core.community import Community, Stage
from coplink.core.errors import NotAllowed, NotFound
from coplink.core.people import Person, PersonId, Role
from coplink.core.words import say
from coplink.engine import handing_over, join, lifecycle
from coplink.ports.storage import UnitOfWork
from coplink.simulation.acting import Acting, Weighted
from coplink.simulation.truth import Human, Word
from coplink.simulation.world import World


class Leading(Acting):
    """Nobody is made to facilitate, and somebody does wherever there is work."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.weighted: Weighted = [
            (2, self.shares_facilitation),
            (2, self.answers),
            (1, self.asks_no_more),
            (1, self.steps_down),
            (1, self.takes_on),
            (2, self.wakes_what_rests),
        ]

    def shares_facilitation(self) -> None:
        """Who leads asks somebody to facilitate too."""
        community, human = self._anybody()
        _, other = self._anybody()

        def asks(uow: UnitOfWork, found: Community, person: Person) -> None:
            member, now = self._member(uow, other), self.world.clock.now()
            join.share(uow, found, person, member, Role.CO_FACILITATOR, now)

        self._acts(community, human, "share", None, asks)

    def answers(self) -> None:
        """Who is asked says yes, or no; where nobody is, somebody who is not asked says it."""
        community, human = self._anybody()
        with self.world.house.services.begin() as uow:
            asked = uow.communities.handovers(self.world.key(community))
            known = [one for one in self._everybody() if self._is(uow, one, asked)]
        yes = self.draw.random() < 0.7

        def answers(uow: UnitOfWork, found: Community, person: Person) -> None:
            handing_over.answer(uow, found, person, yes, self.world.clock.now())

        who = next(iter(known), human)
        if self._acts(community, who, f"answer {'yes' if yes else 'no'}", None, answers) and yes:
            self.world.truth.of(community, who).leads = True

    def asks_no_more(self) -> None:
        """Who leads takes a question back."""
        community, human = self._anybody()
        _, other = self._anybody()

        def takes_back(uow: UnitOfWork, found: Community, person: Person) -> None:
            handing_over.take_back(uow, found, person, self._member(uow, other))

        self._acts(community, human, "ask no more", None, takes_back)

    def steps_down(self) -> None:
        """Who leads gives it back."""
        community, human = self._anybody()

        def steps(uow: UnitOfWork, found: Community, person: Person) -> None:
            join.share(uow, found, person, person.id, Role.MEMBER, self.world.clock.now())

        self._acts(community, human, "step down", None, steps)

    def takes_on(self) -> None:
        """Where nobody sees to it, whoever takes part does."""
        self._takes_on(*self._anybody())

    def wakes_what_rests(self) -> None:
        """Somebody is there, or comes back, to each community that rests, facilitates it and wakes it."""
        for name in sorted(self.world.communities):
            with self.world.house.services.begin() as uow:
                found = self._found(uow, name)
                if found.stage is not Stage.CONCLUDED:
                    continue
                members = {one.person: one for one in uow.communities.memberships(found.id)}
                known = {
                    human: members[person.id]
                    for human in self._everybody()
                    if (person := self.world.person(uow, human)) and person.id in members
                }
            human = max(known, key=lambda one: (known[one].standing == "joined", known[one].role.leads))
            if known[human].standing != "joined":
                self._acts(name, human, "come back", Word.JOINED, self._comes_back)
            self._takes_on(name, human)
            self._acts(name, human, "wake", None, self._wakes)

    def _takes_on(self, community: str, human: Human) -> None:
        if self._acts(community, human, "take it on", None, self._now(handing_over.take_on)):
            self.world.truth.of(community, human).leads = True

    def _comes_back(self, uow: UnitOfWork, found: Community, person: Person) -> None:
        join.accept(uow, self.world.house.services.sealer, found, person, self.world.clock.now())

    def _wakes(self, uow: UnitOfWork, found: Community, person: Person) -> None:
        if not may(person, Action.SHAPE, found, uow.communities.membership(found.id, person.id)):
            raise NotAllowed(say("Only who facilitates wakes it."))
        lifecycle.reopen(uow, found, person, self.world.clock.now())

    def _member(self, uow: UnitOfWork, human: Human) -> PersonId:
        member = self.world.person(uow, human)
        if member is None:
            raise NotFound(say("Nobody."))
        return member.id

    def _is(self, uow: UnitOfWork, human: Human, people: Container[PersonId]) -> bool:
        person = self.world.person(uow, human)
        return person is not None and person.id in people
