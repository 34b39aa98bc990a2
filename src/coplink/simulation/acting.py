"""Who acts, and how an act is done: what people of a world do themselves shares this."""

from __future__ import annotations

from collections.abc import Callable

from coplink.core.community import Community
from coplink.core.errors import DomainError, NotAllowed, NotFound, StalePlan
from coplink.core.people import Person
from coplink.ports.storage import UnitOfWork
from coplink.simulation.truth import Human, Word
from coplink.simulation.world import PEOPLE, SUITES, World

REFUSALS = (DomainError, NotAllowed, NotFound, StalePlan)
Weighted = list[tuple[int, Callable[[], None]]]
Deed = Callable[[UnitOfWork, Community, Person], object]


class Acting:
    """Draws who acts, and lets them; a refusal is an answer too."""

    def __init__(self, world: World) -> None:
        self.world, self.draw = world, world.draw

    def _everybody(self) -> list[Human]:
        return [Human(institution, number) for institution in sorted(SUITES) for number in range(PEOPLE)]

    def _anybody(self) -> tuple[str, Human]:
        community = self.draw.choice(sorted(self.world.communities))
        return community, Human(self.draw.choice(sorted(SUITES)), self.draw.randrange(PEOPLE))

    def _acts(self, community: str, human: Human, what: str, word: Word | None, act: Deed) -> bool:
        person = self.world.arrive(human)
        try:
            with self.world.house.services.begin() as uow:
                act(uow, self._found(uow, community), person)
                uow.commit()
        except REFUSALS as refusal:
            self.world.told(f"  {human} wants to {what}: {refusal.message}")
            return False
        self.world.told(f"  {human} {what}s ({community})")
        if word is not None:
            self.world.truth.said(community, human, word)
        return True

    def _now(self, act: Callable[..., object]) -> Deed:
        """An act that is done at the time at which it is done."""
        return lambda uow, found, person: act(uow, found, person, self.world.clock.now())

    def _found(self, uow: UnitOfWork, community: str) -> Community:
        found = uow.communities.get(self.world.key(community))
        assert found is not None  # noqa: S101
        return found
