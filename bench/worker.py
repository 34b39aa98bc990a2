"""``coplink work`` as on a server: without ``rich``, which only a development environment has."""

from __future__ import annotations

import sys

sys.modules["rich"] = None  # type: ignore[assignment]

from coplink.cli import cli  # noqa: E402

if __name__ == "__main__":
    cli(["work"])
