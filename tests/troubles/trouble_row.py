"""One row of the table of troubles: what goes wrong, where coplink minds it, and which tests notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEAMS, GOOGLE, CANVAS, COPLINK = "Teams", "Google", "Canvas", "coplink itself"

TROUBLES = {
    "202-fails": "A long operation was accepted (202) and fails later",
    "404-after-create": "What was just made is not there (404) for a quarter of an hour",
    "409-exists": "What should be made exists already (409)",
    "429-with": "Slow down (429), with a time",
    "429-without": "Slow down (429), without a time",
    "429-batch-with": "Slow down (429) for parts of a batch, with a time",
    "429-batch-without": "Slow down (429) for parts of a batch, without a time",
    "429-applied": "A part was carried out and answered 429 all the same",
    "503": "Out of order (503), then well again",
    "lost": "The answer to a write is lost after it was carried out",
    "207": "Some of many were done, some refused (207)",
    "410": "The place where reading stopped is forgotten (410)",
    "401-listing": "The token ends in the middle of a listing (401)",
    "consent": "Consent is withdrawn",
    "mailbox": "The mailbox or calendar is missing",
    "last-owner": "The last owner of a place should go",
    "poisoned": "One address spoils a batch of grants",
    "concurrent": "Two writes to the access of one place at the same time",
    "two-markers": "Two places carry our marker",
    "subscription": "A subscription is gone without a word",
    "forged": "A forged notification",
    "flood": "A thousand notifications in a second",
}


@dataclass(frozen=True)
class Row:
    """``text`` of ``file`` is what handles it; where ``instead`` takes its place, ``tests`` must fail."""

    trouble: str
    platform: str
    does: str  # what coplink does, for readers
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the row is called in a list of tests."""
        return f"{self.trouble}, {self.platform}: {Path(self.file).stem}"


def teams(trouble: str, does: str, file: str, text: str, instead: str, *tests: str) -> Row:
    """A row about Microsoft's connector; tests are named from their folder on."""
    return _row(TEAMS, "teams", trouble, does, file, text, instead, tests)


def google(trouble: str, does: str, file: str, text: str, instead: str, *tests: str) -> Row:
    """A row about Google's."""
    return _row(GOOGLE, "google", trouble, does, file, text, instead, tests)


def canvas(trouble: str, does: str, file: str, text: str, instead: str, *tests: str) -> Row:
    """A row about Canvas'."""
    return _row(CANVAS, "canvas", trouble, does, file, text, instead, tests)


def coplink(trouble: str, does: str, file: str, text: str, instead: str, *tests: str) -> Row:
    """A row about what holds for every connector."""
    return Row(trouble, COPLINK, does, f"src/coplink/{file}", text, instead, _full("", tests))


def _row(
    platform: str,
    name: str,
    trouble: str,
    does: str,
    file: str,
    text: str,
    instead: str,
    tests: tuple[str, ...],
) -> Row:
    where = f"integrations/{name}/coplink_{name}/{file}"
    return Row(trouble, platform, does, where, text, instead, _full(f"integrations/{name}/", tests))


def _full(folder: str, tests: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"tests/{test}" if "/" in test else f"tests/{folder}{test}" for test in tests)
