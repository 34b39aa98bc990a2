"""``coplink demo``: a community of practice across three suites, in a browser, on pretend platforms.

    processes   coplink and the region, each in a process of its own; stopped together
    region      the second process: the four sandboxes and the start page
    seed        connects the real integrations to the sandboxes, the way an admin connects real ones
    browser     a person with a browser, over HTTP, for the headless story
    story       the seven points, seen one after the other; ``--check``

The only place besides the tests that knows the sandbox.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click

from coplink.cli.demo.processes import Demo
from coplink.cli.demo.story import Story, table

FOLDER = Path(".demo")


@click.command()
@click.option("--check", is_flag=True, help="Play the whole story without a browser, print a table and stop.")
@click.option(
    "--json", "as_json", is_flag=True, help="With --check: print one JSON object instead of the table."
)
@click.option("--database-url", default="", help="With --check: play on this database (postgresql://…).")
@click.option(
    "--forget", default="", help="With --check: forget one remembered id before the second run; must fail."
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the demo (.demo).")
@click.option("--reset", is_flag=True, help="Start over: delete the demo's folder first.")
def demo(check: bool, as_json: bool, database_url: str, forget: str, data: Path | None, reset: bool) -> None:
    """Walk a community through Canvas, Teams and Google in a browser; nothing leaves this machine."""
    if check:
        sys.exit(_check(as_json, database_url, forget, data))
    if database_url or as_json or forget:
        raise click.UsageError("--json, --database-url and --forget go with --check.")
    folder = (data or FOLDER).absolute()
    if reset:
        shutil.rmtree(folder, ignore_errors=True)
    for name in (signal.SIGTERM, signal.SIGHUP):  # whatever ends the command ends its processes too
        signal.signal(name, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Demo(folder) as running:
        click.echo(
            "A pretend region with two school districts is open: Canvas, Teams and Google on this machine."
        )
        click.echo("Stop with Ctrl-C; the same command goes on where it stopped.")
        click.echo(f"ready: {running.start_url}")
        running.wait()


def _check(as_json: bool, database_url: str, forget: str, data: Path | None) -> int:
    folder = data.absolute() if data else Path(tempfile.mkdtemp(prefix="coplink-check-"))
    try:
        with Demo(folder, database_url=database_url, fixed_ports=False) as running:
            story = Story(running, forget=forget, say=None if as_json else click.echo)
            result = story.play()
            if not result.ok:
                click.echo(running.last_lines(), err=True)
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)
    click.echo(json.dumps(result.as_json()) if as_json else table(result))
    return 0 if result.ok else 1
