"""The distribution: built as a stranger would build it, it holds everything and runs in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [Path(folder) for folder in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]


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


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Sdist and wheel; the wheel is made from the unpacked sdist, so what the sdist lacks is lacking here too."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, where=folder)
    return folder


@pytest.fixture(scope="module")
def names(built) -> set[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


@pytest.fixture(scope="module")
def stranger(built, tmp_path_factory) -> Path:
    """An environment that holds the wheel alone; what it depends on is seen through a path, not downloaded again."""
    home = tmp_path_factory.mktemp("stranger")
    run(sys.executable, "-m", "venv", "--without-pip", home / "venv", where=home)
    python = home / "venv" / "bin" / "python"
    wheel = next(built.glob("*.whl"))
    run(
        *(
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            wheel,
        ),
        where=home,
    )
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", where=home).strip()
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def test_the_wheel_holds_every_file_of_every_package(names):
    missing = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                inside = str(Path(package.name) / path.relative_to(ROOT / package))
                missing += [inside] if inside not in names else []
    assert not missing


@pytest.mark.parametrize(
    "part",
    [
        "coplink/py.typed",
        "coplink/web/templates/",
        "coplink/web/static/",
        "coplink/storage/migrations/env.py",
        "coplink/storage/migrations/versions/",
        "coplink_canvas/install/",
        "coplink_teams/install/",
        "coplink_google/install/",
    ],
)
def test_what_is_not_code_is_in_the_wheel_too(names, part):
    assert any(name.startswith(part) and not name.endswith("__init__.py") for name in names)


def test_nothing_else_is_in_the_wheel(names):
    tops = {name.split("/")[0] for name in names}
    tops = {top for top in tops if not top.endswith(".dist-info")}
    assert tops == {package.name for package in PACKAGES}
    assert not [name for name in names if name.endswith((".sqlite", ".key", ".env", ".log", ".pyc"))]


def test_the_sdist_can_be_tested_by_whoever_gets_it(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = {
        "Makefile",
        "README.md",
        "LICENSE",
        "pyproject.toml",
        "requirements/dev.txt",
        "tests/conftest.py",
    }
    assert wanted <= inside


def test_a_stranger_finds_three_integrations(stranger):
    shown = run(stranger / "venv/bin/coplink", "integrations", where=stranger)
    assert all(key in shown for key in ("canvas", "teams", "google")), shown
    script = "import coplink, coplink_teams; print(coplink.__file__, coplink_teams.__file__)"
    files = run(stranger / "venv/bin/python", "-c", script, where=stranger).split()
    assert all(Path(file).is_relative_to(stranger) for file in files), (
        "it must be the wheel that is looked at"
    )


def test_a_stranger_can_make_a_database(stranger):
    here = {"COPLINK_BASE_URL": "https://coplink.example.org", "COPLINK_DATA_DIR": str(stranger / "data")}
    run(stranger / "venv/bin/coplink", "db", "upgrade", where=stranger, **here)
    assert (stranger / "data" / "coplink.sqlite").stat().st_size > 0


@pytest.mark.parametrize("name", ["dev.txt", "run.txt"])
def test_every_requirement_is_pinned_with_its_hashes_and_names_no_registry(name):
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    starts = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(starts) > 50
    assert all("==" in line and line.endswith("\\") for line in starts)
    assert text.count("--hash=sha256:") >= len(starts)
    assert "://" not in text
    assert not [line for line in starts if line.startswith("-")]


def test_what_runs_is_pinned_to_the_versions_that_are_tested():
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return {line.rstrip(" \\") for line in text.splitlines() if "==" in line and line[0].isalnum()}

    assert pins("run.txt") < pins("dev.txt")


def test_every_dependency_declared_is_pinned_in_a_version_that_fits():
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    pins = dict(
        line.split(" ")[0].split("==") for line in text.splitlines() if "==" in line and line[0].isalnum()
    )
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    wanted = [*project["dependencies"], *groups["dev"], *PROJECT["build-system"]["requires"]]
    wanted += [
        one for extra, some in project["optional-dependencies"].items() if extra != "all" for one in some
    ]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_every_integration_is_declared_in_every_place():
    project, hatch = PROJECT["project"], [package.name for package in PACKAGES]
    keys = set(project["entry-points"]["coplink.integrations"])
    assert {f"coplink_{key}" for key in keys} == {name for name in hatch if name != "coplink"}
    assert set(project["entry-points"]["coplink.sandboxes"]) == keys | {"lti"}
    assert keys == set(project["optional-dependencies"]) - {"all"}
    assert all(key in project["optional-dependencies"]["all"][0] for key in keys)
    assert {f"coplink_{key}" for key in keys} < set(PROJECT["tool"]["importlinter"]["root_packages"])
