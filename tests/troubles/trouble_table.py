"""All rows, in the order of the list of troubles, and the page for readers that is made of them.

python tests/troubles/trouble_table.py        writes docs/troubles.md
"""

from __future__ import annotations

from trouble_row import CANVAS, COPLINK, GOOGLE, ROOT, TEAMS, TROUBLES, Row
from troubles_of_canvas import ROWS as OF_CANVAS
from troubles_of_google import ROWS as OF_GOOGLE
from troubles_of_teams import ROWS as OF_TEAMS
from troubles_of_the_house import NOWHERE
from troubles_of_the_house import ROWS as OF_THE_HOUSE

PLATFORMS = (TEAMS, GOOGLE, CANVAS, COPLINK)
ROWS: tuple[Row, ...] = tuple(
    sorted(
        (*OF_TEAMS, *OF_GOOGLE, *OF_CANVAS, *OF_THE_HOUSE),
        key=lambda row: (list(TROUBLES).index(row.trouble), PLATFORMS.index(row.platform)),
    )
)
PAGE = ROOT / "docs" / "troubles.md"
HEAD = """# Troubles, and what coplink does about them

Platforms are slow, throttled, half configured, and lose answers. Each line here is a trouble that coplink minds, and
names the file of the tests that show it. They run the vendor's own SDK against a strict stand-in of the
platform. In the long run of the suite (`make test-long`) each handling is taken out of a copy of coplink, one after the
other, and its tests must fail then: `tests/troubles/` holds the table, from which this page is made.
"""


def page() -> str:
    """The page as it should be."""
    lines = [HEAD]
    for trouble, title in TROUBLES.items():
        lines += [f"## {title}", "", "| where | what coplink does | tested in |", "|---|---|---|"]
        for platform in PLATFORMS:
            for row in (row for row in ROWS if (row.trouble, row.platform) == (trouble, platform)):
                lines.append(f"| {platform} | {row.does} | {_files(row)} |")
            if why := NOWHERE.get((trouble, platform)):
                lines.append(f"| {platform} | {why} | – |")
        lines.append("")
    return "\n".join(lines)


def _files(row: Row) -> str:
    files = dict.fromkeys(test.partition("::")[0] for test in row.tests)
    return ", ".join(f"`{file}`" for file in files)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
