"""``python -m coplink`` is the command ``coplink``."""

from coplink.cli import main

main()
