"""Plants a mutant: a module's text is changed before it is compiled, in processes of their own.

Such a process reads the mutant's name from the environment when this package is loaded, before anything else is.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, ModuleType

from coplink.simulation.mutants import MUTANTS, Mutant

NAME = "COPLINK_SIM_MUTANT"


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Processes begun here have this bug."""
    if name is None:
        yield
        return
    if not any(one.name == name for one in MUTANTS):
        raise ValueError(f"there is no mutant called {name!r}")
    os.environ[NAME] = name
    try:
        yield
    finally:
        del os.environ[NAME]


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module's text with the bug in it; nothing of that is kept on disk."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the changed text."""
        path = self.get_filename(fullname)
        text = self.get_data(path).decode()
        if text.count(self._mutant.old) < 1:
            raise ImportError(f"{self._mutant.name}: the text is not in {fullname}")
        return self.source_to_code(text.replace(self._mutant.old, self._mutant.new).encode(), path)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module the bug is for, and no other."""
        if fullname != self._mutant.module:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        if found is None or found.origin is None:
            return None
        found.loader = _Loader(fullname, found.origin, self._mutant)
        return found


def plant() -> None:
    """Plant the bug that the environment names, before its module is loaded."""
    name = os.environ.get(NAME)
    if name is None:
        return
    mutant = next(one for one in MUTANTS if one.name == name)
    if mutant.module in sys.modules:
        raise RuntimeError(f"{mutant.module} is loaded already")
    sys.meta_path.insert(0, _Finder(mutant))
