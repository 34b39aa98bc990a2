"""Finds integrations and sandboxes by entry point, in this distribution and in any other that is installed.

Nothing here knows an integration's name. Listing loads each package's front page only: manifest and functions, no SDK,
no Flask, no SQLAlchemy. One that cannot be loaded does not take the site down: it is left out and its reason is kept
for ``coplink doctor`` and ``coplink integrations``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from coplink.core.errors import ConfigurationError
from coplink.core.words import say
from coplink.ports.integration import Integration

if TYPE_CHECKING:
    from coplink.sandbox.wire import Wire

INTEGRATIONS = "coplink.integrations"
SANDBOXES = "coplink.sandboxes"
HOME = "coplink"


@dataclass(frozen=True, slots=True)
class Broken:
    """An announced integration or sandbox that could not be loaded: where it is announced, and why not."""

    key: str
    distribution: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is installed and works, by key, and what is installed and does not."""

    integrations: Mapping[str, Integration]
    broken: tuple[Broken, ...]

    def get(self, key: str) -> Integration:
        """The integration called ``key``; ``ConfigurationError`` says why there is none."""
        if key in self.integrations:
            return self.integrations[key]
        for broken in self.broken:
            if broken.key == key:
                sentence = say("The integration {key} is installed but cannot be loaded.", key=key)
                raise ConfigurationError(sentence, broken.reason)
        raise ConfigurationError(say("There is no integration called {key} here.", key=key))


def integrations(entries: Iterable[EntryPoint] | None = None) -> Found:
    """Load the front page of every announced integration; ``entries`` replaces the installed ones in tests."""
    good: dict[str, Integration] = {}
    broken: list[Broken] = []
    for entry in _one_each(entry_points(group=INTEGRATIONS) if entries is None else entries, broken):
        loaded = _load(entry, broken)
        if loaded is None:
            continue
        declared = getattr(getattr(loaded, "manifest", None), "key", None)
        if declared == entry.name and callable(getattr(loaded, "connect", None)):
            good[entry.name] = loaded
        else:
            reason = f"{entry.value} is no integration with a manifest whose key is {entry.name!r}"
            broken.append(Broken(entry.name, _home(entry), reason))
    return Found(dict(sorted(good.items())), tuple(broken))


def sandboxes(entries: Iterable[EntryPoint] | None = None) -> Mapping[str, Callable[..., Wire]]:
    """The makers of the announced sandboxes, by key: for the demo and the tests. One that cannot be loaded raises."""
    broken: list[Broken] = []
    found = _one_each(entry_points(group=SANDBOXES) if entries is None else entries, broken)
    makers = {entry.name: _load(entry, broken) for entry in found}
    if broken:  # unlike a site, a demo without one of its sandboxes would only pretend to work
        raise ConfigurationError(
            say("The sandbox {key} cannot be loaded.", key=broken[0].key), "; ".join(b.reason for b in broken)
        )
    return dict(sorted(makers.items()))


def _one_each(entries: Iterable[EntryPoint], broken: list[Broken]) -> list[EntryPoint]:
    """One entry for each key: a package from outside never takes the place of one of ours, nor of another's."""
    by_key: dict[str, list[EntryPoint]] = {}
    for entry in entries:
        by_key.setdefault(entry.name, []).append(entry)
    chosen = []
    for key, rivals in sorted(by_key.items()):
        ours = [entry for entry in rivals if _home(entry) == HOME] or (rivals if len(rivals) == 1 else [])
        chosen += ours[:1]
        broken += [
            Broken(key, _home(rival), f"the key {key!r} is announced more than once")
            for rival in rivals
            if not any(rival is one for one in ours[:1])
        ]
    return chosen


def _load(entry: EntryPoint, broken: list[Broken]) -> Any:
    try:
        return entry.load()
    except (Exception, SystemExit) as error:  # code of others: whatever it does at import, the site goes on
        broken.append(Broken(entry.name, _home(entry), f"{type(error).__name__}: {error}"))
        return None


def _home(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else ""
