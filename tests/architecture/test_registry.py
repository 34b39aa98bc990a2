"""The registry: integrations are found, listing is light, and a broken one takes nothing down."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from coplink import registry
from coplink.core.errors import ConfigurationError

SDKS = [
    "msgraph",
    "msgraph_core",
    "msal",
    "kiota_abstractions",
    "googleapiclient",
    "google.auth",
    "canvasapi",
]
HEAVY = [
    *SDKS,
    "flask",
    "sqlalchemy",
    "alembic",
    "dbos",
    "httpx",
    "requests",
    "pylti1p3",
    "werkzeug",
    "cryptography",
]


def entry(name: str, value: str, home: str = "elsewhere") -> EntryPoint:
    made = EntryPoint(name, value, registry.INTEGRATIONS)
    return made._for(SimpleNamespace(name=home))


def test_our_three_integrations_are_found():
    found = registry.integrations()
    assert not found.broken
    assert sorted(found.integrations) == ["canvas", "google", "teams"]
    for key, integration in found.integrations.items():
        assert integration.manifest.key == key
        assert found.get(key) is integration


def test_listing_in_a_fresh_interpreter_loads_no_sdk():
    script = (
        "import json, sys\n"
        "from coplink import registry\n"
        "found = registry.integrations()\n"
        "titles = [i.manifest.title for i in found.integrations.values()]\n"
        f"print(json.dumps([titles, [name for name in {HEAVY!r} if name in sys.modules]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    titles, loaded = json.loads(done.stdout)
    assert len(titles) == 3
    assert loaded == []


def test_each_integration_connects_without_loading_another_ones_sdk():
    theirs = {"canvas": ["canvasapi"], "teams": ["msgraph", "msal"], "google": ["googleapiclient"]}
    for key in theirs:
        strangers = [sdk for other, sdks in theirs.items() if other != key for sdk in sdks]
        script = (
            "import importlib, json, pkgutil, sys\n"
            f"package = importlib.import_module('coplink_{key}')\n"
            "for module in pkgutil.iter_modules(package.__path__):\n"
            f"    importlib.import_module('coplink_{key}.' + module.name)\n"
            f"print(json.dumps([name for name in {strangers!r} if name in sys.modules]))\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == [], f"{key} loads a stranger's SDK"


def test_a_broken_one_is_left_out_and_its_reason_kept():
    good, broken = "coplink_canvas:integration", "no_such_package:integration"
    found = registry.integrations([entry("canvas", good), entry("zoom", broken, "coplink-zoom")])
    assert list(found.integrations) == ["canvas"]
    [reason] = found.broken
    assert (reason.key, reason.distribution) == ("zoom", "coplink-zoom")
    assert "no_such_package" in reason.reason
    with pytest.raises(ConfigurationError, match="zoom is installed but cannot be loaded"):
        found.get("zoom")
    with pytest.raises(ConfigurationError, match="no integration called slack"):
        found.get("slack")


def test_code_that_ends_the_process_at_import_is_broken_too(tmp_path, monkeypatch):
    (tmp_path / "coplink_rude.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.integrations([entry("rude", "coplink_rude:integration")]).broken[0].key == "rude"


def test_what_is_no_integration_or_lies_about_its_key_is_broken():
    found = registry.integrations(
        [entry("moodle", "coplink_canvas:integration"), entry("json", "json:loads")]
    )
    assert not found.integrations
    assert {broken.key for broken in found.broken} == {"moodle", "json"}


def test_nobody_takes_the_place_of_one_of_ours():
    ours, theirs = "coplink_canvas:integration", "json:loads"
    for order in ([("elsewhere", theirs), ("coplink", ours)], [("coplink", ours), ("elsewhere", theirs)]):
        found = registry.integrations([entry("canvas", value, home) for home, value in order])
        assert found.integrations["canvas"].manifest.key == "canvas"
        assert [broken.distribution for broken in found.broken] == ["elsewhere"]
    twins = registry.integrations([entry("zoom", "json:loads", "one"), entry("zoom", "json:dumps", "two")])
    assert not twins.integrations
    assert {broken.distribution for broken in twins.broken} == {"one", "two"}


def test_the_four_sandboxes_are_announced():
    assert sorted(registry.sandboxes()) == ["canvas", "google", "lti", "teams"]


def test_a_demo_does_not_start_without_one_of_its_sandboxes():
    with pytest.raises(ConfigurationError, match="sandbox zoom cannot be loaded"):
        registry.sandboxes([entry("zoom", "no_such_package:make")])
