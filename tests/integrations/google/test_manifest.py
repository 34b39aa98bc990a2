"""What the integration declares against what it does: capabilities, scopes, install artefacts, README."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from coplink.ports.errors import Misconfigured
from coplink.ports.integration import Capability
from coplink_google import (
    AUTH,
    BROUGHT_SCOPES,
    CHAT_GROUP_SCOPES,
    CHAT_SCOPES,
    GROUP_SCOPES,
    ROBOT_SCOPES,
    SIGN_IN_SCOPES,
    integration,
    manifest,
)
from coplink_google.operations import (
    FOLDER,
    GROUPS,
    MODES,
    OPERATIONS,
    ROBOT,
    of_mode,
    scopes,
)
from coplink_google.options import Options
from coplink_google.replies import scope_of
from coplink_google.sandbox import contract

HERE = Path(__file__).parents[3] / "integrations" / "google"
INSTALL = files("coplink_google") / "install"


def named():
    """Every operation the connector's source names."""
    pattern = re.compile(r'"((?:drive|calendar|directory|settings|chat|identity)\.[a-zA-Z]+\.[a-zA-Z.]+)"')
    modules = [path for path in (HERE / "coplink_google").glob("*.py") if path.name != "operations.py"]
    return {name for path in modules for name in pattern.findall(path.read_text("utf-8"))}


def test_capabilities_and_properties_agree(connection):
    offered = {one for one in Capability if getattr(connection, one, None) is not None}
    assert offered | {Capability.DOOR, Capability.ANNOUNCEMENTS} == manifest.capabilities
    assert connection.announcements is None, "there is no Chat space unless somebody asks for one"
    assert manifest.limits.watch_life is not None


def test_the_manifest_says_what_the_engine_needs():
    assert (manifest.key, manifest.title, manifest.extra) == ("google", "Google Workspace", "google")
    assert manifest.admin == "Google Workspace administrator"
    assert manifest.invites_attendees
    assert {one.name for one in manifest.fields if one.secret} == {
        "client_secret",
        "service_account",
        "robot_refresh_token",
    }


def test_the_source_names_operations_of_the_table_only():
    unknown = named() - set(OPERATIONS)
    assert unknown <= {one.scope for one in OPERATIONS.values()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_googles_document_takes_the_scope_we_name(name):
    assert contract.method(name).name == name
    assert scope_of(name) in contract.method(name).scopes
    assert OPERATIONS[name].what_for


@pytest.mark.parametrize("mode", MODES)
def test_the_scopes_of_the_manifest_are_those_of_the_table(mode):
    held = {GROUPS: GROUP_SCOPES, ROBOT: ROBOT_SCOPES + BROUGHT_SCOPES}
    for subject, declared in held.items():
        asked = [one.name for one in declared if one.needed({"mode": mode})]
        assert {AUTH + scope for scope in scopes(subject, mode)} == set(asked)
        assert len(asked) == len(scopes(subject, mode))
    needed = {one.name for one in manifest.scopes if one.needed({"mode": mode})}
    assert needed == {AUTH + one.scope for one in of_mode(mode).values()} | {
        one.name for one in SIGN_IN_SCOPES
    }


def test_install_artefact_and_readme_say_the_same_as_the_manifest():
    text = filled((INSTALL / "scopes.json").read_text("utf-8"))
    listed = {holder: [one["scope"] for one in rows] for holder, rows in json.loads(text).items()}
    assert listed == {
        "service_account": [one.name for one in GROUP_SCOPES],
        "robot": [one.name for one in ROBOT_SCOPES],
        "robot_in_mode_folder": [
            one.name for one in ROBOT_SCOPES + BROUGHT_SCOPES if one.needed({"mode": FOLDER})
        ],
        "robot_for_chat": [one.name for one in CHAT_SCOPES],
        "service_account_for_chat": [one.name for one in CHAT_GROUP_SCOPES],
        "sign_in": [one.name for one in SIGN_IN_SCOPES],
        "add_on": ["https://www.googleapis.com/auth/calendar.addons.execute"],
    }
    assert all(one["reason"] and one["without"] for rows in json.loads(text).values() for one in rows)
    assert manifest.scopes == (
        GROUP_SCOPES + ROBOT_SCOPES + BROUGHT_SCOPES + CHAT_GROUP_SCOPES + CHAT_SCOPES + SIGN_IN_SCOPES
    )
    readme = (HERE / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", readme, re.MULTILINE)
    assert rows == [(one.name, one.reason, one.without) for one in manifest.scopes]
    for file, asked in {
        "guide.md": {one.name for one in ROBOT_SCOPES + CHAT_SCOPES},
        "guide-folder.md": {AUTH + one for one in scopes(ROBOT, FOLDER)},
    }.items():
        guide = filled((INSTALL / file).read_text("utf-8"))
        lines = [line.strip() for line in guide.splitlines() if line.strip().startswith(AUTH)]
        assert set(lines) == asked
        assert len(lines) == len(asked)


def test_the_readme_lists_every_setting():
    readme = (HERE / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", readme, re.MULTILINE)
    assert rows == [field.name for field in manifest.fields]


def filled(text: str) -> str:
    for gap, value in {**integration.gaps({}), "base_url": "https://coplink.school.example"}.items():
        text = text.replace("{{" + gap + "}}", value)
    assert "{{" not in text
    return text


def test_the_add_on_leads_to_coplink_and_nowhere_else():
    add_on = json.loads(filled((INSTALL / "addon.json").read_text("utf-8")))
    common = add_on["addOns"]["common"]
    assert set(common) == {"name", "logoUrl", "layoutProperties", "universalActions", "openLinkUrlPrefixes"}
    assert {key for key in add_on["addOns"] if key != "common"} == {"calendar", "drive"}
    files = {"addon.json": json.dumps(add_on).encode()}
    assert list(integration.faults(files)) == []
    plain = {"addon.json": files["addon.json"].replace(b"https://coplink", b"http://coplink")}
    assert len(integration.faults(plain)) == 3
    common["openLinkUrlPrefixes"] = ["https://elsewhere.example/"]
    assert len(integration.faults({"addon.json": json.dumps(add_on).encode()})) == 2


def test_the_front_page_loads_no_client():
    code = (
        "import sys, coplink_google; "
        "print([m for m in ('googleapiclient','google.auth','httplib2','httpx','jwt') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [one.name for one in manifest.fields if one.default is None])
def test_a_missing_setting_is_named(campus, name):
    with pytest.raises(Misconfigured) as wrong:
        campus.connect(**{name: " "})
    title = next(one.title for one in manifest.fields if one.name == name)
    assert title in str(wrong.value.message)
    assert wrong.value.who == manifest.admin


@pytest.mark.parametrize(
    "address",
    [
        "http://www.example",
        "ftp://127.0.0.1",
        "https://a:b@www.example",
        "http://127.0.0.1.example/",
        "//x",
        "https://",
    ],
)
def test_an_unsafe_address_is_refused(campus, address):
    for name in ("root_url", "token_url", "jwks_url", "auth_url"):
        with pytest.raises(Misconfigured):
            campus.connect(**{name: address})
        with pytest.raises(Misconfigured):
            campus.door(**{name: address})


@pytest.mark.parametrize("key", ["{}", "no json", "[]", '{"private_key": "x", "client_email": "y"}'])
def test_a_key_file_that_is_none_is_said_so(campus, key):
    with pytest.raises(Misconfigured, match="key file") as wrong:
        campus.connect(service_account=key)
    assert "private_key" not in wrong.value.detail


def test_secrets_do_not_show(campus):
    settings = campus.wire.settings("lakeside")
    shown = repr(Options.of(settings))
    for name in ("client_secret", "service_account", "robot_refresh_token"):
        assert settings[name] not in shown
