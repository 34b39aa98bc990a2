"""What the tests of several files share and what must not outlive them: started at the first need, ended by a call.

A session's fixture would live on to the end of the run; a demo takes processor time as long as it lives.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Holds one thing at a time."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._held: list[T] = []

    def get(self, start: Callable[[], AbstractContextManager[T]]) -> T:
        """The thing; started if there is none."""
        if not self._held:
            self._held.append(self._stack.enter_context(start()))
        return self._held[0]

    def end(self) -> None:
        """Let go of it; the next who asks starts another. What its ending finds wrong is raised."""
        self._held.clear()
        self._stack.close()
