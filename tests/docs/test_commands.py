"""Every command in the documentation is one that coplink has, with options it has and settings its connections take."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from coplink import registry
from coplink.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CHANGELOG.md",
    "integrations/README.md",
    *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]
GUIDES = [str(path.relative_to(ROOT)) for path in (ROOT / "integrations").glob("*/README.md")]
FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`]+)`", re.DOTALL)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def fenced(text: str) -> Iterator[str]:
    """Whole command lines, as somebody would paste them."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.split(" # ")[0].strip().removeprefix("ExecStart=").removeprefix("$ ")
            if re.match(r"(\S*/)?coplink( |$)", line):
                yield " ".join(line.split()).partition(" ")[2]


def inline(text: str) -> Iterator[str]:
    """Commands named in a sentence; they may leave out what must be given."""
    for code in INLINE.findall(FENCE.sub("", text)):
        if code.startswith(("coplink ", ".venv/bin/coplink ")):
            yield " ".join(code.split()).partition(" ")[2]


def walk(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words lead to, and what is left for it."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command “coplink {' '.join(words)}”"
        command, words = found, words[1:]
    return command, words


def check_options(words: list[str]) -> None:
    command, left = walk(words)
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    named = {word.partition("=")[0] for word in left if word.startswith("-")}
    assert named <= known | {"--help"}, f"{command.name} has no {sorted(named - known)}"


def check_line(words: list[str]) -> None:
    """As the command line itself takes it apart: unknown options, missing ones and wrong values are errors."""
    command, left = walk(words)
    with command.make_context(command.name or "", left) as context:
        if command.name == "connect":
            check_fields(context.params["integration"], context.params["given"])


def check_fields(key: str, given: tuple[str, ...]) -> None:
    fields = {field.name: field for field in registry.integrations().get(key).manifest.fields}
    named = {one.partition("=")[0] for one in given}
    assert named <= fields.keys(), f"{key} has no setting {sorted(named - fields.keys())}"
    required = {name for name, field in fields.items() if field.default is None}
    assert required <= named, f"{key} needs {sorted(required - named)} as well"


@pytest.mark.parametrize("page", [*PAGES, *GUIDES])
def test_every_command_exists(page):
    for words in map(shlex.split, fenced(text_of(page))):
        check_line(words)
    for words in map(shlex.split, inline(text_of(page))):
        check_options(words)
        if words[0] == "connect" and len(words) > 1 and words[1].islower():
            assert words[1] in registry.integrations().integrations


def test_the_front_page_shows_how_to_set_up_each_suite():
    shown = [line.split(" --")[0] for line in fenced(text_of("README.md"))]
    for start in (
        "institution add",
        "admin invite",
        "platform add",
        "connect canvas",
        "connect teams",
        "connect google",
    ):
        assert any(line.startswith(start) for line in shown), start
    assert {"doctor", "db upgrade", "run"} <= set(shown)


@pytest.mark.parametrize(
    "line",
    [
        "institution ad Riverbend",
        "admin invite --institutions Riverbend",
        "platform add --institution Riverbend",
        "demo --chek",
        "run --loopback --port many",
        "connect google --institution Lakeside --set domain=lakeside.example --set mailbox=x",
    ],
)
def test_what_is_wrong_is_found(line):
    with pytest.raises((AssertionError, click.UsageError)):
        check_line(shlex.split(line))


def test_commands_are_found_where_they_stand():
    text = "Say `coplink doctor`.\n\n```\n# no\ncoplink connect canvas \\\n  --set a=b   # why\n$ coplink run\n```\n"
    assert list(fenced(text)) == ["connect canvas --set a=b", "run"]
    assert list(inline(text)) == ["doctor"]


@pytest.mark.parametrize("page", [*PAGES, *GUIDES])
def test_every_make_target_exists(page):
    text = text_of(page)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    blocks = "\n".join(FENCE.findall(text))
    named = set(re.findall(r"^make ([a-z-]+)", blocks, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z-]+)`", text)
    )
    assert named <= targets
    if page == "README.md":
        assert {"demo", "demo-reset", "test", "format"} <= named
