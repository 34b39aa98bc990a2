"""What starting costs: the web process as ``coplink serve`` loads it, beside one that opens every platform eagerly.

    python bench/start.py [--json] [--rounds N]

Every figure is the median of fresh interpreters, which take turns; byte code is warm. CPU seconds are those of the
kernel for the process (user and system), memory is its highest resident set (``VmHWM``). See ``bench/README.md``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from goals import Goal, Table, tell

KITS = ("msgraph", "msal", "googleapiclient", "canvasapi")
NOWHERE = "http://127.0.0.1:9"
MASTER_KEY = "b" * 43 + "="
GUID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
CPU_GOAL, MEMORY_GOAL = 0.6, 0.75
LATE = (
    "alembic.command",
    "coplink.ics.read",
    "coplink.ics.write",
)  # what the pages load when it is asked for
WAYS = {
    "bare": "an interpreter with nothing in it",
    "serve": "coplink serve: create_app(build(settings))",
    "eager": "the same with nothing left for later, and all three platforms' clients built",
}


def main() -> int:
    """Take the figures and print them; the exit code says whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--probe", choices=WAYS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.probe:
        print(json.dumps(probe(asked.probe, json.load(sys.stdin))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        given = prepared(Path(folder))
        for way in WAYS:
            begun(way, given)  # byte code and the disk's cache
        taken = [{way: begun(way, given) for way in WAYS} for _ in range(asked.rounds)]
    return told(taken, asked.json)


def prepared(folder: Path) -> dict[str, Any]:
    """A database with its tables, and settings for three platforms that are never called."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    from coplink.storage.database import make_engine, upgrade

    address = f"sqlite:///{folder / 'start.sqlite'}"
    engine = make_engine(address)
    upgrade(engine)
    engine.dispose()
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    robot = {"type": "service_account", "client_email": "robot@school.example", "token_uri": NOWHERE}
    teams = {
        "tenant_id": GUID, "client_id": GUID, "client_secret": "s", "team_id": GUID,
        "mailbox": "coplink@school.example", "graph_url": f"{NOWHERE}/v1.0", "login_url": NOWHERE,
    }  # fmt: skip
    google = {
        "domain": "school.example", "client_id": "c", "client_secret": "s", "robot_refresh_token": "r",
        "service_account": json.dumps({**robot, "private_key": key.decode()}), "robot": "robot@school.example",
        "root_url": NOWHERE, "token_url": f"{NOWHERE}/token",
    }  # fmt: skip
    canvas = {"base_url": NOWHERE, "token": "t"}
    return {
        "database": address,
        "data": str(folder),
        "connections": {"teams": teams, "google": google, "canvas": canvas},
    }


def begun(way: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """One fresh interpreter."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COPLINK_")}
    answer = subprocess.run(
        [sys.executable, __file__, "--probe", way],
        input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True, env=clean,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def probe(way: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What this process has cost once everything of its way is loaded."""
    if way != "bare":
        load(given, eager=way == "eager")
    spent = resource.getrusage(resource.RUSAGE_SELF)
    status = Path("/proc/self/status").read_text()
    highest = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return {
        "cpu": spent.ru_utime + spent.ru_stime,
        "megabytes": int(highest.split()[1]) / 1024,
        "modules": len(sys.modules),
        "kits": sorted(name for name in sys.modules if name.partition(".")[0].startswith(KITS)),
    }


def load(given: Mapping[str, Any], eager: bool) -> None:
    """The web application, and with ``eager`` every platform's client. Nobody is called."""
    sys.modules["rich"] = None  # type: ignore[assignment]  # only development brings it along; structlog would load it
    from coplink.settings import load as settings_from
    from coplink.web import create_app
    from coplink.wiring import build

    services = build(
        settings_from(
            env_file=None, base_url="http://127.0.0.1:8000", loopback=True, data_dir=given["data"],
            database_url=given["database"], master_keys=MASTER_KEY,
        )
    )  # fmt: skip
    create_app(services)
    if eager:
        for integration, values in given["connections"].items():
            services.connection(integration, values)
        build_google()
        for name in LATE:
            importlib.import_module(name)


def build_google() -> None:
    """Google's services are made at their first call, from documents that the client brings along."""
    import httplib2
    from googleapiclient import discovery_cache
    from googleapiclient.discovery import build_from_document

    from coplink_google.workspace import APIS

    for name, version, *_ in APIS.values():
        build_from_document(json.loads(discovery_cache.get_static_doc(name, version)), http=httplib2.Http())


def over_bare(figures: Mapping[str, Any], unit: str) -> float:
    """What the web process costs of what everything costs, the interpreter itself not counted."""
    bare, serve, eager = (float(figures[way][unit]) for way in ("bare", "serve", "eager"))
    return round((serve - bare) / (eager - bare), 2)


def told(taken: list[dict[str, dict[str, Any]]], as_json: bool) -> int:
    """Print medians, ratios and goals."""
    figures: dict[str, Any] = {}
    rows = []
    for way, words in WAYS.items():
        cpu = statistics.median(one[way]["cpu"] for one in taken)
        memory = statistics.median(one[way]["megabytes"] for one in taken)
        figures[way] = {"cpu": round(cpu, 3), "megabytes": round(memory, 1)}
        last = taken[-1][way]
        rows.append([words, f"{cpu:.2f}", f"{memory:.0f}", str(last["modules"]), str(len(last["kits"]))])
    cpu, memory = (over_bare(figures, unit) for unit in ("cpu", "megabytes"))
    figures["ratios"] = {"cpu": cpu, "memory": memory}
    kits = sorted({name for one in taken for name in one["serve"]["kits"]})
    figures["kits in the web process"] = kits
    goals = [
        Goal("CPU of coplink serve ÷ CPU of everything", cpu, CPU_GOAL),
        Goal("memory of coplink serve ÷ memory of everything", memory, MEMORY_GOAL),
        Goal(f"modules of {', '.join(KITS)} in coplink serve", len(kits), 0),
    ]
    heads = ["fresh interpreter", "CPU s", "MB", "modules", "of SDKs"]
    note = f"Medians of {len(taken)}; the ratios leave out what the bare interpreter costs."
    if kits:
        note += f" Not to be loaded: {', '.join(kits[:10])}"
    return tell([Table("Starting", heads, rows, note)], goals, figures, as_json)


if __name__ == "__main__":
    sys.exit(main())
