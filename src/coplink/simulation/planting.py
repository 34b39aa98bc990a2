"""Plants a mutant: a module's text is changed before it is compiled, in processes of their own.

Such a process reads the mutant's name from the environment when this package is loaded, before anything else is.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType

from coplink.simulation.mutants import MUTANTS, Mutant

NAME = "COPLINK_SIM_MUTANT"


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Processes begun here have this bug."""
    if name is None:
        yield
        return
    mutant = next((one for one in MUTANTS if one.name == name), None)
    if mutant is None:
        raise ValueError(f"there is no mutant called {name!r}")
    lacking(mutant)
    os.environ[NAME] = name
    try:
        yield
    finally:
        del os.environ[NAME]


def lacking(mutant: Mutant) -> None:
    """Raise ``ImportError`` where the text a bug is about is not there (any more)."""
    for one in filter(None, (mutant, mutant.also)):
        found = importlib.util.find_spec(one.module)
        if found is None or found.origin is None or one.old not in Path(found.origin).read_text():
            raise ImportError(f"{one.name}: the text is not in {one.module}")


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
        """The modules the bug is for, and no others."""
        here = self._mutant.within(fullname)
        if here is None:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        if found is None or found.origin is None:
            return None
        found.loader = _Loader(fullname, found.origin, here)
        return found


def plant() -> None:
    """Plant the bug that the environment names, before its module is loaded."""
    name = os.environ.get(NAME)
    if name is None:
        return
    mutant = next(one for one in MUTANTS if one.name == name)
    for one in filter(None, (mutant, mutant.also)):
        if one.module in sys.modules:
            raise RuntimeError(f"{one.module} is loaded already")
    sys.meta_path.insert(0, _Finder(mutant))
