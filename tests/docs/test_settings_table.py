"""The table of settings in README is the one the code describes."""

from __future__ import annotations

from pathlib import Path

import pytest

from coplink.settings import SECRETS_DIR, Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "integrations" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def row(name: str) -> str:
    field = Settings.model_fields[name]
    value = field.default
    if field.is_required():
        shown = "required"
    elif isinstance(value, tuple):
        shown = ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in value)
    elif value is None or value == "":
        shown = ""
    else:
        shown = str(value).lower() if isinstance(value, bool) else str(value)
    default = shown if shown in ("", "required") else f"`{shown}`"
    return f"| `COPLINK_{name.upper()}` | {default} | {field.description} |"


def table() -> str:
    lines = ["| Setting | Default | Meaning |", "|---|---|---|", *map(row, Settings.model_fields)]
    lines.append(f"| `{SECRETS_DIR}` |  | A folder with one file per setting, such as `coplink_master_keys`. |")
    return "\n".join(lines)
