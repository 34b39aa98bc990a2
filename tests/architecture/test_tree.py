"""The tree: small files, plain words, one clock, and a commented house."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUFF = Path(sys.executable).with_name("ruff")
OURS = ("src/coplink", "integrations/canvas", "integrations/teams", "integrations/google")
AVOIDED = {
    "sync": "reconcile, collect or read",
    "user": "person or account",
    "tenant": "institution",
    "room": "space",
    "event": "meeting, or message",
    "item": "what it is",
    "manager": "what it does",
    "util": "what it does",
    "helper": "what it does",
    "handler": "the verb; only the worker has handlers",
}
# What the machine's clock is read with. In core and engine `now` is an argument.
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
}


def modules(*folders: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    )


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def defined(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name a module gives: classes, functions, arguments, variables and fields; not what it merely uses."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno


def words(name: str) -> set[str]:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {part.lower().removesuffix("s") for part in parts} | {part.lower() for part in parts}


@pytest.mark.parametrize("folder", ["src/coplink/core", "src/coplink/ports"])
def test_the_words_avoided_are_not_names(folder):
    found = [
        f"{where(path, line)} {name}: say {AVOIDED[word]}"
        for path in modules(folder)
        for name, line in defined(ast.parse(path.read_text(encoding="utf-8")))
        for word in words(name) & AVOIDED.keys()
    ]
    assert not found, "\n".join(found)


def test_the_words_are_found_where_they_hide():
    text = "class UserSync:\n    item_count: int = 0\n    def get(self, tenant_id, resend): self.rooms = self.items()\n"
    hits = {word for name, _ in defined(ast.parse(text)) for word in words(name) & AVOIDED.keys()}
    assert hits == {"user", "sync", "item", "tenant", "room"}


def test_no_module_is_named_after_nothing():
    forbidden = re.compile(r"^(utils?|helpers?|common|misc|manager|handlers?)\.py$")
    found = [str(path.relative_to(ROOT)) for path in modules(*OURS) if forbidden.match(path.name)]
    assert [name for name in found if name != "src/coplink/worker/handlers.py"] == []


def test_no_file_is_longer_than_400_lines():
    long = {
        str(path.relative_to(ROOT)): length
        for path in [*modules(*OURS), *modules("tests")]
        if "versions" not in path.parts  # a migration is one list of steps and is never touched again
        and (length := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long, f"split these, one idea each: {long}"


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in modules(*OURS)
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_no_time_is_naive():
    done = subprocess.run(
        [RUFF, "check", "--isolated", "--select", "DTZ", "--output-format", "concise", *OURS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_core_and_engine_never_read_a_clock():
    found = [
        where(path, node.lineno)
        for path in modules("src/coplink/core", "src/coplink/engine", "src/coplink/ports")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        for owner in [ast.unparse(node.func.value).rpartition(".")[2]]
        if (owner, node.func.attr) in CLOCKS
    ]
    assert not found, f"now is an argument: {found}"


def test_nothing_is_left_for_later():
    later = re.compile(
        r"\b(TODO|FIXME|XXX)\b|NotImplementedError|in production,? (you|one) would", re.IGNORECASE
    )
    found = [
        where(path, number)
        for path in modules(*OURS)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if later.search(line)
    ]
    assert not found


def test_no_folder_of_tests_is_a_package():
    found = [path for path in (ROOT / "tests").rglob("__init__.py") if path.parents[1].name != "example"]
    assert not found, "equal file names would collide; see the import mode"


def test_nothing_points_out_of_the_repository():
    """No path of one machine and no address of a package registry in anything that is kept."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: an unpacked sdist has been looked at before it was built")
    machine = re.compile(
        r"(^|[ \"'=(:])/(home|root|work|tmp|opt|mnt)/\w|--(extra-)?index-url|--find-links"
        r"|\.org/simple|files\.pythonhosted",
    )
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path == Path(__file__) or not path.is_file() or path.suffix in {".png", ".mo", ".ico", ".woff2"}:
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [where(path, number) for number, line in enumerate(lines, 1) if machine.search(line)]
    assert not found
