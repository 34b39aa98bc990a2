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

import click

from coplink import __version__
from coplink.cli.base import said
from coplink.cli.db import db
from coplink.cli.demo import demo
from coplink.cli.disconnect import disconnect
from coplink.cli.doctor import doctor
from coplink.cli.install import install
from coplink.cli.keys import keys
from coplink.cli.look import integrations
from coplink.cli.plan import approve, plan
from coplink.cli.platforms import platform
from coplink.cli.process import run, serve, work
from coplink.cli.secrets import secrets
from coplink.cli.setup import admin, connect, institution
from coplink.core.errors import CoplinkError


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="coplink")
@click.pass_context
def cli(context: click.Context) -> None:
    """One community of practice across Canvas, Microsoft Teams and Google Workspace."""
    if context.invoked_subcommand is None:
        context.invoke(run)


for _command in (
    run,
    serve,
    work,
    db,
    doctor,
    integrations,
    institution,
    admin,
    platform,
    keys,
    connect,
    disconnect,
    install,
    plan,
    approve,
    secrets,
    demo,
):
    cli.add_command(_command)


def main() -> None:
    """The entry point ``coplink``: what coplink refuses is one sentence on standard error, and exit code 1."""
    try:
        cli(standalone_mode=True)
    except CoplinkError as error:
        click.echo(said(error), err=True)
        sys.exit(1)
