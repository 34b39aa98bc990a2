"""The files for the Canvas administrator say what the table of calls says, no more and no less."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from coplink_canvas import MANIFEST, integration
from coplink_canvas.operations import OPERATIONS, scopes

INSTALL = files("coplink_canvas") / "install"
WAYS = [{}, {"place": "page"}, {"module": "yes", "catalogue": "group"}, {"place": "page", "module": "yes"}]


def filled(name: str, settings: dict[str, str]) -> str:
    text = (INSTALL / name).read_text("utf-8")
    for gap, value in {**integration.gaps(settings), "base_url": "https://coplink.school.example"}.items():
        text = text.replace("{{" + gap + "}}", value)
    assert "{{" not in text
    return text


@pytest.mark.parametrize("settings", WAYS)
def test_the_keys_scopes_are_those_of_the_calls_that_are_made(settings):
    listed = filled("scopes.txt", settings).splitlines()
    assert listed == list(scopes(settings))
    assert set(listed) == {one.scope for one in OPERATIONS if one.made(settings)}
    assert all(re.fullmatch(r"url:(GET|POST|PUT|DELETE)\|/api/v1/[a-z_/:]+", line) for line in listed)
    assert list(integration.faults({"scopes.txt": filled("scopes.txt", settings).encode()})) == []
    guide = filled("developer-key.md", settings)
    assert {line.split("`")[1] for line in guide.splitlines() if line.startswith("- `url:")} == set(listed)


@pytest.mark.parametrize("settings", WAYS)
def test_the_roles_permissions_are_those_of_the_manifest_for_these_settings(settings):
    guide = filled("developer-key.md", settings)
    named = {
        line.split("`")[1] for line in guide.splitlines() if line.startswith("| `") and "url:" not in line
    }
    assert named == {scope.name for scope in MANIFEST.scopes if scope.needed(settings)}


def test_a_list_that_canvas_would_not_take_is_refused():
    text = filled("scopes.txt", {})
    assert len(list(integration.faults({"scopes.txt": (text + text.splitlines()[0] + "\n").encode()}))) == 2
    assert "is not a scope" in str(integration.faults({"scopes.txt": b"GET /users\n"})[0])


def test_the_guide_names_the_settings_of_the_key_and_where_canvas_sends_people_back():
    guide = filled("developer-key.md", {"base_url": "https://canvas.school.example/"})
    for words in (
        "Enforce Scopes", "Allow Include Parameters", "https://canvas.school.example",
        "`https://coplink.school.example/admin/connections/canvas/return`",
    ):  # fmt: skip
        assert words in guide
    assert "https://<your Canvas>" in filled("developer-key.md", {})
    assert "https://coplink.school.example" in filled("uninstall.md", {})
