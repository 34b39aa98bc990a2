"""What happens after an error: again, look first, start over, ask a person, or give up and say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coplink.core.errors import CoplinkError, PlanError, UnsafePlan
from coplink.core.spaces import Trouble
from coplink.core.words import Said, say
from coplink.ports.errors import CursorExpired, Gone, NeedsAttention, NotReadyYet, OutcomeUnknown, Transient

BACKOFF = (15.0, 60.0, 300.0, 1800.0)
BEING_MADE = 1800.0  # seconds in which what was just made may well not show: twice what vendors publish
FACILITATOR = "facilitator"
WHO_DECIDES = "facilitator or connection admin"
SUPPORT = "coplink’s administrator"
NOBODY = "nobody: coplink tries again by itself"


@dataclass(frozen=True, slots=True)
class Retry:
    """Again by itself after so many seconds; ``trouble`` is set once a person should know about it."""

    seconds: float
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Plan again from a fresh look, after the platform's lag."""


@dataclass(frozen=True, slots=True)
class StartOver:
    """Forget where reading stopped and begin anew."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Rest until a person acts; the trouble says who and what."""

    trouble: Trouble


Decision = Retry | LookAgain | StartOver | Ask


def decide(error: CoplinkError, attempt: int, backoff: Sequence[float] = BACKOFF) -> Decision:
    """What an error means for the work it interrupted; ``attempt`` counts from 0.

    What passes by itself is tried again for ever, at the longest step, and told once the steps are used up: a seat that
    somebody gave back must not wait for a person to press a button. Everything else is tried a bounded number of times.
    What is still being made is told only after a while: until then all is as it should be.
    """
    told = None if attempt < len(backoff) else Trouble(error.code, error.message, NOBODY)
    match error:
        case NotReadyYet() if error.retry_after and attempt * error.retry_after < BEING_MADE:
            return Retry(error.retry_after)
        case Transient():
            return Retry(max(error.retry_after or 0.0, 0.0) or backoff[min(attempt, len(backoff) - 1)], told)
        case OutcomeUnknown() if told:
            return Retry(backoff[-1], told)
        case OutcomeUnknown() | Gone() if attempt < len(backoff):
            return LookAgain()
        case CursorExpired() if attempt < len(backoff):
            return StartOver()
        case UnsafePlan():
            return Ask(Trouble(error.code, joined(error.hazards), WHO_DECIDES))
        case NeedsAttention():
            return Ask(Trouble(error.code, error.message, error.who))
        case PlanError():
            return Ask(Trouble(error.code, error.message, FACILITATOR))
        case _:
            return Ask(Trouble(error.code, error.message, SUPPORT))


def joined(sentences: Sequence[Said]) -> Said:
    """Several sentences as one, each still with its values."""
    return say(" ".join(str(sentence) for sentence in sentences).replace("{", "(").replace("}", ")"))
