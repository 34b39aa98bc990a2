"""What the admin is asked for is what the calls need: manifest, install files, README and contract agree."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import subprocess
import sys
from dataclasses import replace
from datetime import date, time
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from coplink.core.people import Role
from coplink.core.rhythm import Rhythm, Series, Weekly, check, expand
from coplink.core.spaces import Seat
from coplink.ports.errors import PermissionMissing
from coplink.ports.integration import Capability
from coplink.testing import graph_contract
from coplink_teams import ADMIN, manifest
from coplink_teams.entra import TEAMS_CLIENTS

HERE = Path(__file__).resolve()
SCHEMAS = graph_contract.FILE.parent
INSTALL = files("coplink_teams") / "install"
README = HERE.parents[3] / "integrations" / "teams" / "README.md"
VALUES = {
    "base_url": "https://coplink.school.example",
    "host": "coplink.school.example",
    "client_id": "66666666-7777-8888-9999-aaaaaaaaaaaa",
    "connection_id": "c1",
}


def rendered() -> dict:
    text = (INSTALL / "manifest.json").read_text()
    assert set(re.findall(r"\{\{(\w+)\}\}", text)) == set(VALUES)
    for name, value in VALUES.items():
        text = text.replace("{{" + name + "}}", value)
    return json.loads(text)


def test_the_manifest_and_the_connection_offer_the_same(rig):
    connection = rig.connect()
    offered = {c for c in Capability if c is not Capability.DOOR and getattr(connection, c.value) is not None}
    assert offered | {Capability.DOOR} == manifest.capabilities
    assert connection.realm() == rig.wire.district.tenant_id


def test_listing_the_integration_loads_no_kit():
    probe = (
        "import sys, coplink_teams; print(coplink_teams.integration.manifest.key, "
        "[m for m in ('msgraph', 'msal', 'kiota_abstractions', 'httpx', 'jwt', 'werkzeug', 'flask', 'sqlalchemy') "
        "if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["teams", "[]"]


def test_every_call_is_allowed_by_what_is_asked_for_and_nothing_more_is_asked(rig, parts, wish):
    """Each permission alone is taken away from the list: some call must then be without one."""
    contract = graph_contract.required()
    connection = rig.connect()
    ben = rig.oid("ben.okafor")
    connection.check()
    connection.seats.put(parts, [Seat(ben, Role.MEMBER), Seat(rig.oid("ana.ruiz"), Role.MEMBER)])
    connection.seats.remove(parts, [ben])
    connection.seats._in_host_team(ben)
    connection.directory.find(["ben.okafor@riverbend.example"])
    connection.library.changes(parts, None)
    first = date(2026, 9, 1)
    rhythm = check(Rhythm("America/Los_Angeles", time(15), 60, first, date(2026, 12, 1), Weekly(2, (1,))))
    off = replace(rhythm, called_off=frozenset({first}))
    for some in (off, rhythm, off):
        connection.calendar.put(
            parts, Series(some, "Circle", expand(some)), ("ben.okafor@riverbend.example",), None, "key"
        )
    asked = [scope.name for scope in manifest.scopes]
    calls = {
        (c.method, c.path.removeprefix("/v1.0")) for c in rig.wire.calls if not c.path.endswith("$batch")
    }

    def unmet(granted: list[str]) -> set[str]:
        have = {p for name in granted for p in (name, *graph_contract.HOLDS.get(name, ()))}
        needed = {f"{m} {p}": contract.permissions(m, p) for m, p in calls}
        return {
            call for call, any_of in needed.items() if any_of is not None and any_of and not any_of & have
        }

    assert unmet(asked) == set()
    for name in asked:
        assert unmet([other for other in asked if other != name]), f"{name} is asked for and not needed"


def test_without_a_consent_the_call_says_who_can_give_it(rig, wish):
    for scope in manifest.scopes:
        assert scope.reason
        assert scope.without
    rig.wire.store.put(
        "teams.consent", "riverbend", {"granted": ["ChannelSettings.Read.Group", "User.ReadBasic.All"]}
    )
    with pytest.raises(PermissionMissing) as caught:
        rig.connect().spaces.ensure("channel", wish, {}, "key")
    assert caught.value.who == ADMIN
    checks = rig.connect().check()
    assert [check.ok for check in checks] == [False, True, True, False]
    assert checks[3].scopes == ("Calendars.ReadWrite",)
    assert checks[3].who == ADMIN


def test_the_check_up_names_a_wrong_team(rig):
    checks = rig.connect(team_id="00000000-0000-0000-0000-000000000000").check()
    assert [check.ok for check in checks] == [False, False, True, True]
    assert all(check.ok for check in rig.connect().check())


@pytest.mark.parametrize("version", ["1.25", "1.30"])
def test_the_teams_app_validates_against_microsofts_schema(version):
    file = SCHEMAS / f"teams-manifest-v{version}.schema.json"
    if not file.is_file():
        pytest.skip("no Teams manifest schema: ../shared/contracts is absent")
    app = {**rendered(), "manifestVersion": version}
    app["$schema"] = app["$schema"].replace("1.25", version)
    validator = jsonschema.Draft4Validator(json.loads(file.read_text()))
    assert [error.message for error in validator.iter_errors(app)] == []
    assert list(validator.iter_errors({**app, "accentColor": "blue"}))


def test_the_teams_app_is_consistent_in_itself():
    app = rendered()
    assert app["webApplicationInfo"]["resource"] == f"api://{VALUES['host']}/{VALUES['client_id']}"
    assert app["validDomains"] == [VALUES["host"]]
    assert len(app["name"]["short"]) <= 30
    assert len(app["description"]["short"]) <= 80
    for name, size in (("color.png", 192), ("outline.png", 32)):
        head = (INSTALL / name).read_bytes()[:26]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", head[16:24]) == (size, size)


def test_install_files_ask_for_the_permissions_of_the_manifest():
    listed = json.loads((INSTALL / "permissions.json").read_text())
    asked = [scope.name for scope in manifest.scopes]
    assert sorted(listed["tenant"] + listed["host team"]) == sorted(asked)
    in_team = [p["name"] for p in rendered()["authorization"]["permissions"]["resourceSpecific"]]
    assert in_team == listed["host team"] == [name for name in asked if name.endswith(".Group")]
    assert set(listed["teams clients"]) == TEAMS_CLIENTS
    assert listed["optional claims of the access token"] == ["acct"]
    assert "optional claim `acct`" in README.read_text()


def test_the_readme_lists_every_permission_and_setting_as_the_manifest_does():
    text = README.read_text()
    for scope in manifest.scopes:
        assert f"| `{scope.name}` | {scope.reason} | {scope.without} |" in text
    for field in manifest.fields:
        assert f"| `{field.name}` |" in text


def test_microsofts_library_is_the_one_the_readme_names():
    content = (files("coplink_teams") / "static" / "MicrosoftTeams.min.js").read_bytes()
    text = README.read_text()
    assert hashlib.sha256(content).hexdigest() in text
    assert f"{len(content)} bytes" in text
    assert "MIT License" in (files("coplink_teams") / "static" / "MicrosoftTeams.LICENSE.txt").read_text()
