"""Many calls at once: sent in as few envelopes as may be, and repeated part by part where only a part was refused.

What is repeated is only what cannot have gone wrong by it: a part Google throttled or whose token it no longer took,
and a grant that stands behind one that a policy refused: on a shared drive one such address spoils the rest of its
envelope. A part that was throttled may have been done all the same (``again`` says so); whoever asks looks then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coplink.ports.errors import (
    IntegrationError,
    OutcomeUnknown,
    OwnPace,
    PolicyForbids,
    Reauthorize,
    Throttled,
)
from coplink_google.workspace import Answer, Part, Workspace

ROUNDS = 4
GRANT = "drive.permissions.create"


@dataclass(frozen=True, slots=True)
class Ended:
    """How one part ended: its answer, or the refusal; ``again`` where Google had refused it once before."""

    answer: Answer | None
    refused: IntegrationError | None = None
    again: bool = False


class Batches:
    """Sends parts of one API for whoever knows what they mean."""

    def __init__(self, workspace: Workspace) -> None:
        self._google = workspace

    def send(self, parts: Sequence[Part]) -> list[Ended]:
        """Send all of these. Raises what befell the first envelope as a whole, unless some of it may be done."""
        ended: dict[int, Ended] = {}
        due: Sequence[int] = range(len(parts))
        for turn in range(ROUNDS):
            for lot in self._lots(due, parts):
                self._envelope(parts, lot, ended)
            stale = [number for number in due if isinstance(ended[number].refused, Reauthorize)]
            renewed = turn == 0 and len(due) > 1 and bool(stale) and self._renewed(parts[0])
            slow = [number for number in due if isinstance(ended[number].refused, Throttled)]
            due = sorted(slow + stale if renewed else slow)
            if not due:
                break
        for number in _spoiled(parts, ended):
            self._envelope(parts, [number], ended)
        return [ended[number] for number in range(len(parts))]

    def _lots(self, numbers: Sequence[int], parts: Sequence[Part]) -> Iterable[Sequence[int]]:
        """As many numbers at a time as one envelope of their API holds."""
        if numbers:
            most = self._google.most(parts[0].operation.partition(".")[0])
            yield from (numbers[start : start + most] for start in range(0, len(numbers), most))

    def _envelope(self, parts: Sequence[Part], lot: Sequence[int], ended: dict[int, Ended]) -> None:
        """Send the parts of these numbers, and note how each ended."""
        some = [parts[number] for number in lot]
        answers: Sequence[Answer | IntegrationError]
        try:
            answers = self._google.send(some) if len(some) > 1 else [self._one(some[0])]
        except IntegrationError as error:
            if not ended and not isinstance(error, OutcomeUnknown):
                raise
            answers = [error] * len(some)
        for number, answer in zip(lot, answers, strict=True):
            ended[number] = _ended(ended.get(number), answer)

    def _one(self, part: Part) -> Answer | IntegrationError:
        """A single part needs no envelope."""
        try:
            return self._google.call(part.operation, **part.parameters)
        except IntegrationError as error:
            return error

    def _renewed(self, part: Part) -> bool:
        """Whether there is a fresh token for these parts."""
        try:
            self._google.renew(part.operation.partition(".")[0])
        except IntegrationError:
            return False
        return True


def _ended(before: Ended | None, answer: Answer | IntegrationError) -> Ended:
    """How a part ended now: what our own pace held back was not sent, and Google's word from before it stands."""
    again = before is not None and (before.again or not isinstance(before.refused, OwnPace))
    if not isinstance(answer, IntegrationError):
        return Ended(answer, None, again)
    if isinstance(answer, OwnPace) and before is not None and isinstance(before.refused, Throttled):
        return before
    return Ended(None, answer, again)


def _spoiled(parts: Sequence[Part], ended: Mapping[int, Ended]) -> list[int]:
    """Grants that a policy refused among others: each deserves an envelope of its own."""
    grants = [number for number, part in enumerate(parts) if part.operation == GRANT]
    refused = [number for number in grants if isinstance(ended[number].refused, PolicyForbids)]
    return refused if len(grants) > 1 else []
