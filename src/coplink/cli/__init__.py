"""The command line: each command a thin call into the engine.

    run | serve | work          web and worker in one process; web only; worker only
    db upgrade                  bring the database to this version
    db backup, db restore       one file that holds everything; back again, into either kind of database
    doctor, integrations        what is wrong, who can change it; what is installed
    institution, admin, platform, connect      set up with a real school, step by step
    disconnect <integration>    take a system out again: what it means first, what remains at the end
    install <integration>       what an admin uploads or pastes over there
    keys rotate                 a new key for what we sign to platforms, the old one beside it for a while
    secrets rotate              seal everything anew with the newest key
    plan <community>            what the next reconciliation would do; approve <space> <digest>: a yes to too much
    demo                        all of it in a browser, on pretend platforms

May import: everything; only ``cli.demo`` knows the sandbox.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from coplink import __version__
from coplink.cli.base import said
from coplink.core.errors import CoplinkError

COMMANDS = {
    **dict.fromkeys(("run", "serve", "work"), "process"),
    "db": "db",
    "doctor": "doctor",
    "integrations": "look",
    **dict.fromkeys(("institution", "admin", "connect"), "setup"),
    "platform": "platforms",
    "keys": "keys",
    "disconnect": "disconnect",
    "install": "install",
    **dict.fromkeys(("plan", "approve"), "plan"),
    "secrets": "secrets",
    "demo": "demo",
}
"""Each command, and the module that has it."""


class Commands(click.Group):
    """Commands that are loaded when they are asked for: a worker keeps nothing of the others in memory."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The one of this name."""
        return command(cmd_name) if cmd_name in COMMANDS else None


def command(name: str) -> click.Command:
    """Load a command."""
    found: click.Command = getattr(import_module(f"coplink.cli.{COMMANDS[name]}"), name)
    return found


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="coplink")
@click.pass_context
def cli(context: click.Context) -> None:
    """One community of practice across Canvas, Microsoft Teams and Google Workspace."""
    if context.invoked_subcommand is None:
        context.invoke(command("run"))


def main() -> None:
    """The entry point ``coplink``: what coplink refuses is one sentence on standard error, and exit code 1."""
    try:
        cli(standalone_mode=True)
    except CoplinkError as error:
        click.echo(said(error), err=True)
        sys.exit(1)
