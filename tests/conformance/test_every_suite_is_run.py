"""No port without a suite, no capability declared that is not tested, no connector left out."""

from __future__ import annotations

import ast
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from coplink.ports.integration import Capability, Connection
from coplink.testing.conformance import SUITES

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = tuple(PROJECT["entry-points"]["coplink.integrations"])
SUITE_OF = {capability: f"{capability.value.title()}Suite" for capability in Capability}


def run_by(module: str) -> set[str]:
    """The suites that a test module subclasses with a class that is collected."""
    tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {ast.unparse(base) for node in classes if node.name.startswith("Test") for base in node.bases}


def test_every_port_of_a_connection_has_a_capability_and_every_capability_a_suite():
    ports = {name for name, value in vars(Connection).items() if isinstance(value, property)}
    assert ports == {capability.value for capability in Capability} - {"door"}
    assert {suite.__name__ for suite in SUITES} == {*SUITE_OF.values(), "ManifestSuite"}


@pytest.mark.parametrize("key", [*OURS, "pinboard"])
def test_every_connector_runs_the_suite_of_every_capability_it_declares(key):
    if key == "pinboard":
        declared = frozenset(Capability)
    else:
        (entry,) = entry_points(group="coplink.integrations", name=key)
        declared = entry.load().manifest.capabilities
    wanted = {SUITE_OF[capability] for capability in declared} | {"ManifestSuite"}
    assert wanted <= run_by(f"test_{key}")


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)
def test_every_suite_is_more_than_a_few_tests_and_each_is_named_as_a_promise(suite):
    names = [name for name in vars(suite) if name.startswith("test_")]
    assert len(names) >= 7
    assert all(name.count("_") >= 3 for name in names)
