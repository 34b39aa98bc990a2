"""What the documentation points at exists: links, pictures, anchors, files, modules, addresses, tables, points."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map

from coplink import ports
from coplink.cli.base import settings_from
from coplink.storage.database import make_engine, upgrade
from coplink.storage.tables import Table
from coplink.web import create_app
from coplink.wiring import build

ROOT = Path(__file__).parents[2]
OURS = [
    "README.md",
    "CHANGELOG.md",
    "integrations/README.md",
    *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
]
GUIDES = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "integrations").glob("*/README.md"))
PICTURES = ROOT / "docs" / "screenshots"
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^ *```\w*\n.*?^ *```", re.DOTALL | re.MULTILINE)
# What a page names by its place in the house: "engine/arrive.py" is src/coplink/engine/arrive.py.
HOUSE = [ROOT, ROOT / "src" / "coplink", *(ROOT / "integrations").glob("*/coplink_*")]


def prose(page: str) -> str:
    return FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def codes(page: str) -> set[str]:
    return set(CODE.findall(prose(page)))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as they are made where Markdown is shown."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*OURS, *GUIDES])
def test_every_link_leads_somewhere(page):
    for picture, target in LINK.findall(prose(page)):
        if picture or "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", OURS)
def test_every_picture_exists_and_is_described(page):
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", prose(page))
    assert all(len(described) > 15 for described, _ in pictures)
    paths = [(ROOT / page).parent / target for _, target in pictures]
    if any(PICTURES in path.parents for path in paths) and not PICTURES.exists():
        pytest.skip("docs/screenshots is not there yet: `make screenshots` takes the pictures")
    assert not [path.name for path in paths if not path.is_file()]


@pytest.mark.parametrize("page", OURS)
def test_every_file_named_exists(page):
    named = {
        code
        for code in codes(page)
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)*(\.(py|toml|txt|md)|/)", code) and ("/" in code)
    }
    assert not {code for code in named if not any((start / code).exists() for start in HOUSE)}


@pytest.mark.parametrize("page", OURS)
def test_every_module_named_exists(page):
    named = {code for code in codes(page) if re.fullmatch(r"coplink(_canvas|_teams|_google)?(\.\w+)+", code)}
    for name in sorted(named - {"coplink.sqlite", "coplink.integrations", "coplink.sandboxes"}):
        assert found(name), f"{name} does not exist"


def found(name: str) -> bool:
    """Whether this is a module, or something in one."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        inside, _, last = name.rpartition(".")
        return hasattr(importlib.import_module(inside), last)
    return True


def test_the_groups_of_entry_points_are_those_of_the_build():
    build = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for group in ("coplink.integrations", "coplink.sandboxes"):
        assert f"`{group}`" in prose("integrations/README.md")
        assert f'[project.entry-points."{group}"]' in build


def test_every_class_and_error_named_for_authors_exists():
    names = {code for code in codes("integrations/README.md") if re.fullmatch(r"[A-Z]\w+", code)} - {"None"}
    modules = [
        importlib.import_module(f"coplink.ports.{path.stem}")
        for path in Path(ports.__path__[0]).glob("[a-z]*.py")
    ]
    modules += [
        importlib.import_module(f"coplink.{name}")
        for name in ("core.errors", "core.arrival", "sandbox.wire", "sandbox.store", "testing.conformance")
    ]
    assert len(names) > 10
    assert not {name for name in names if not any(hasattr(module, name) for module in modules)}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory) -> Map:
    """The addresses of the real application."""
    settings = settings_from(tmp_path_factory.mktemp("data"), loopback=True)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    engine.dispose()
    return create_app(build(settings)).url_map


@pytest.mark.parametrize("page", OURS)
def test_every_address_named_is_answered(page, addresses):
    named = {code.removeprefix("https://coplink.example.org") for code in codes(page)}
    named = {code for code in named if re.fullmatch(r"(/[\w.<>-]+)+", code)}
    if page == "README.md":
        assert {"/lti/login", "/lti/launch", "/lti/jwks.json", "/door/google/return"} <= named
    assert not {code for code in named if not answered(addresses, re.sub(r"<\w+>", "x", code))}


def answered(addresses: Map, path: str) -> bool:
    try:
        addresses.bind("coplink.example.org").match(path, method="GET")
    except MethodNotAllowed:
        return True
    except NotFound:
        return False
    return True


def test_an_address_that_is_not_there_is_found(addresses):
    assert answered(addresses, "/lti/launch")
    assert not answered(addresses, "/lti/lunch")


def test_every_table_with_personal_data_is_explained():
    text = prose("docs/operating.md").split("## What is stored about people")[1].split("\n## ")[0]
    told = set(CODE.findall(text))
    for mapper in Table.registry.mappers:
        says = " ".join((mapper.class_.__doc__ or "").split())
        name = mapper.class_.__tablename__
        assert "ersonal data" in says or "keyed hash" in says, (
            f"{name} does not say what it holds about people"
        )
        if "No personal data" not in says:
            assert name in told, f"docs/operating.md does not explain {name}"
    assert {name for name in told if "." not in name} <= set(Table.metadata.tables)


def test_the_points_of_the_story_are_those_on_the_front_page():
    story = (ROOT / "src/coplink/cli/demo/story.py").read_text(encoding="utf-8")
    points = re.findall(r'\("(\d [^"]+)", self\.\w+\)', story)
    assert len(points) == 7
    shown = [code for code in CODE.findall(prose("README.md")) if code in points]
    assert shown == points


def test_the_layers_on_the_front_page_are_those_of_the_rule():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    picture = next(block for block in FENCE.findall(text) if "siblings" in block)
    drawn = set(re.findall(r"\w+", " ".join(line.split("   ")[0] for line in picture.splitlines())))
    here = {
        path.name.removesuffix(".py")
        for path in (ROOT / "src" / "coplink").iterdir()
        if not path.name.startswith(("_", "py.", "."))
    }
    assert here <= drawn, f"the picture lacks {sorted(here - drawn)}"


@pytest.mark.parametrize("page", OURS)
def test_pages_stay_readable(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert len(text.split()) < 3500, "split it: nobody reads a page that long"
    assert text.startswith("# ")
    assert "\t" not in text
