"""What happens in a world: acts of people and admins, things done by hand in a suite, what befalls the machine."""

from __future__ import annotations

from coplink.simulation.acting import Weighted
from coplink.simulation.acts import Acts
from coplink.simulation.by_hand import ByHand
from coplink.simulation.leading import Leading
from coplink.simulation.mishaps import Mishaps
from coplink.simulation.world import World


class Deeds:
    """Draws one deed after the other; each is what a page, a platform or a machine would do."""

    def __init__(self, world: World) -> None:
        self.draw = world.draw
        self.leading = Leading(world)
        self.acts, self._by_hand, self._mishaps = Acts(world), ByHand(world), Mishaps(world)

    def one(self) -> None:
        """Anything at all."""
        self._draw([*self._own, *self._by_hand.weighted, *self._mishaps.weighted])

    def meanwhile(self) -> None:
        """What may happen while a call is under way."""
        self._draw([*self._own, *self._by_hand.weighted])

    @property
    def _own(self) -> Weighted:
        return [*self.acts.weighted, *self.leading.weighted]

    def _draw(self, deeds: Weighted) -> None:
        weights, acts = zip(*deeds, strict=True)
        self.draw.choices(acts, weights)[0]()
