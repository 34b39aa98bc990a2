"""An integration in a distribution of its own: coplink finds it, founds a community on it, and names it nowhere."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "example"


def run(*command: str | Path, where: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=where,
        env={"PATH": os.environ["PATH"], "HOME": str(where)} | environment,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def look_at(found: dict[str, Any]) -> None:
    """What must have come of the walk."""
    assert (found["state"], found["boards"]) == ("ready", ["Literacy"])
    assert found["seated"] == {"house": "keeper", "ana.ruiz": "keeper", "ben.okafor": "reader"}
    assert found["left"] == {"house": "keeper", "ana.ruiz": "keeper"}
    assert found["dates"] == 20
    assert found["written_again"] == 0
    assert found["refusals"] == []


@pytest.fixture
def beside(tmp_path) -> Path:
    """The example beside our own coplink, unpacked: its package and what a wheel would announce."""
    site = tmp_path / "site"
    shutil.copytree(EXAMPLE / "coplink_noticeboard", site / "coplink_noticeboard")
    info = site / "coplink_noticeboard-1.0.dist-info"
    info.mkdir()
    announced = "\n".join(
        (
            "[coplink.integrations]",
            "noticeboard = coplink_noticeboard:integration",
            "[coplink.sandboxes]",
            "noticeboard = coplink_noticeboard.sandbox:make",
        )
    )
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coplink-noticeboard\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(announced + "\n")
    return site


def test_a_community_is_founded_on_an_integration_from_elsewhere(beside, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(beside))
    walk = runpy.run_path(str(EXAMPLE / "walk.py"))
    look_at(walk["Walk"](tmp_path).go())


def test_nothing_of_coplink_names_it():
    folders = [ROOT / "src", *(ROOT / "integrations").glob("*/coplink_*")]
    texts = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".toml", ".html")
    ]
    assert len(texts) > 200
    words = ("coplink_noticeboard", '"noticeboard"', "'noticeboard'", "Notice Board")
    named = [path for path in texts if any(word in path.read_text(encoding="utf-8") for word in words)]
    assert named == []
    assert "noticeboard" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Path:
    """A fresh environment with coplink's wheel and the example's, both built without a network."""
    home = tmp_path_factory.mktemp("stranger")
    source = home / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", "conftest.py"))
    for project in (ROOT, source):
        build = (
            sys.executable,
            "-m",
            "build",
            "--no-isolation",
            "--wheel",
            "--outdir",
            home / "dist",
            project,
        )
        run(*build, where=home)
    run(sys.executable, "-m", "venv", "--without-pip", home / "venv", where=home)
    python = home / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, *sorted((home / "dist").glob("*.whl")), where=home)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", where=home).strip()
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


@pytest.mark.long
def test_a_stranger_installs_both_wheels_and_founds_a_community(stranger):
    python = stranger / "venv/bin/python"
    script = "import coplink, coplink_noticeboard as n; print(coplink.__file__, n.__file__)"
    files = run(python, "-c", script, where=stranger).split()
    assert all(Path(file).is_relative_to(stranger / "venv") for file in files), "the wheels are looked at"
    said = run(python, EXAMPLE / "walk.py", stranger, where=stranger)
    found = json.loads(said.splitlines()[-1])
    look_at(found)
    told = found["told"]
    assert "Notice Board" in told["integrations"]
    assert all(title in told["doctor"] for title in ("Boards", "People", "Dates")), told["doctor"]


@pytest.mark.long
def test_its_own_tests_and_the_conformance_suites_pass_against_what_is_installed(stranger):
    (stranger / "source" / "coplink_noticeboard").rename(stranger / "source" / "not_this_one")
    command = (stranger / "venv/bin/python", "-m", "pytest", "tests", "-q", "-p", "no:cacheprovider")
    said = run(*command, where=stranger / "source")
    assert " passed" in said
    assert "failed" not in said


@pytest.mark.long
def test_its_wheel_holds_the_package_and_nothing_else(stranger):
    with zipfile.ZipFile(next((stranger / "dist").glob("coplink_noticeboard-*.whl"))) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"coplink_noticeboard", "coplink_noticeboard-1.0.dist-info"}
