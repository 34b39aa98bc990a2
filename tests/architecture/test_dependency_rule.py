"""The dependency rule of ``pyproject.toml``, one test for each contract, and proof that each of them bites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.application.output import console
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

ROOT = Path(__file__).parents[2]
RULE = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS: dict[str, dict[str, Any]] = {contract["id"]: contract for contract in RULE["contracts_options"]}
KINDS = {
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "protected": ProtectedContract,
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    first, *others = RULE["session_options"]["root_packages"]
    return grimp.build_graph(first, *others, include_external_packages=True, cache_dir=None)


def broken(graph: grimp.ImportGraph, contract_id: str) -> str:
    """Check one contract; return what breaks it, readably, or nothing."""
    options = CONTRACTS[contract_id]
    contract = KINDS[options["type"]](options["name"], RULE["session_options"], options)
    check = contract.check(deepcopy(graph), verbose=False)
    if check.kept:
        return ""
    with console.capture() as shown:
        contract.render_broken_contract(check)
    return shown.get()


@pytest.mark.parametrize("contract_id", CONTRACTS)
def test_the_contract_holds(graph, contract_id):
    assert broken(graph, contract_id) == "", f"{CONTRACTS[contract_id]['name']} ({contract_id})"


def test_every_contract_is_one_of_ours():
    assert len(CONTRACTS) == len(RULE["contracts_options"]) >= 15, (
        "fifteen contracts, each with an id of its own"
    )
    assert {contract["type"] for contract in CONTRACTS.values()} == set(KINDS)


PLANTED = [
    ("coplink.core.planted", "coplink.ports.seats", {"layers"}),
    ("coplink.ports.planted", "coplink.sandbox.weather", {"layers", "sandbox-is-for-demo-and-tests"}),
    ("coplink.engine.planted", "coplink.storage.database", {"layers", "core-is-pure"}),
    ("coplink.storage.planted", "coplink.jobs.durable", {"layers"}),
    ("coplink.engine.planted", "coplink.wiring", {"layers", "core-is-pure"}),
    ("coplink.web.planted", "coplink.worker", {"layers"}),
    ("coplink.worker.planted", "coplink.cli", {"layers"}),
    ("coplink.without_a_layer", None, {"layers"}),
    ("coplink.engine.planted", "logging", {"core-is-pure"}),
    ("coplink.core.planted", "sqlalchemy", {"core-is-pure", "one-importer-sqlalchemy"}),
    ("coplink.ports.planted", "msgraph", {"core-is-pure", "one-importer-microsoft"}),
    ("coplink_teams.planted", "coplink_google", {"integrations-are-strangers"}),
    ("coplink.wiring", "coplink_canvas", {"no-integration-by-name"}),
    ("coplink_canvas.planted", "coplink.engine.planted", {"integrations-see-ports-and-core"}),
    ("coplink_google.planted", "coplink.logs", {"integrations-see-ports-and-core"}),
    ("coplink.wiring", "coplink.sandbox.wire", {"sandbox-is-for-demo-and-tests"}),
    ("coplink_canvas.spaces", "coplink.sandbox.district", {"sandbox-is-for-demo-and-tests"}),
    ("coplink_teams.spaces", "coplink_teams.sandbox", {"test-only"}),
    ("coplink.storage.planted", "pytest", {"testing-is-for-tests"}),
    ("coplink.wiring", "coplink.testing", {"testing-is-for-tests"}),
    ("coplink_canvas.spaces", "canvasapi", {"one-importer-canvasapi"}),
    ("coplink_teams.watch", "msal", {"one-importer-microsoft"}),
    ("coplink_google.watch", "google", {"one-importer-google"}),
    ("coplink.web.planted", "pylti1p3", {"one-importer-pylti1p3"}),
    ("coplink.worker.planted", "dbos", {"one-importer-dbos"}),
    ("coplink.web.planted", "sqlalchemy", {"one-importer-sqlalchemy"}),
    ("coplink.lti.planted", "flask", {"one-importer-flask"}),
]


@pytest.mark.parametrize(
    ("importer", "imported", "named"), PLANTED, ids=[f"{one} to {two}" for one, two, _ in PLANTED]
)
def test_a_violation_is_named_by_its_contract(graph, importer, imported, named):
    planted = deepcopy(graph)
    before = {contract_id: broken(planted, contract_id) for contract_id in CONTRACTS}
    planted.add_module(importer)
    if imported:
        inside = imported.startswith("coplink")
        if imported not in planted.modules:
            planted.add_module(imported, is_squashed=not inside)
        planted.add_import(
            importer=importer, imported=imported, line_number=1, line_contents="import planted"
        )
    assert {
        contract_id for contract_id in CONTRACTS if broken(planted, contract_id) != before[contract_id]
    } == named
    assert all(importer.rpartition(".")[2] in broken(planted, contract_id) for contract_id in named)


def test_a_module_planted_in_a_copy_of_the_tree_is_found(tmp_path):
    """The same from the outside: files on the disk, the real command, the contract's name in what it prints."""
    without = shutil.ignore_patterns("__pycache__", "static", "install")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=without)
    shutil.copytree(ROOT / "integrations", tmp_path / "integrations", ignore=without)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src/coplink/core/planted.py").write_text("import flask\n", encoding="utf-8")
    (tmp_path / "src/coplink/homeless.py").write_text("", encoding="utf-8")
    (tmp_path / "integrations/canvas/coplink_canvas/planted.py").write_text(
        "from coplink_teams import integration\n", encoding="utf-8"
    )
    places = ["src", *(f"integrations/{name}" for name in ("canvas", "teams", "google"))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(tmp_path / place) for place in places)}
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    for contract_id in ("core-is-pure", "one-importer-flask", "layers", "integrations-are-strangers"):
        assert f"{CONTRACTS[contract_id]['name']} BROKEN" in done.stdout, done.stdout
    assert "coplink.core.planted -> flask (l.1)" in done.stdout
    assert "homeless" in done.stdout
