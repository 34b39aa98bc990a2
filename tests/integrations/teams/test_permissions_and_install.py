"""What the admin is asked for is what the calls need: manifest, install files, README and contract agree."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, time
from importlib.resources import files
from pathlib import Path

import pytest
from tests.integrations.teams.patience import Moving, forget_this_process, moved
from werkzeug.wrappers import Request, Response

from coplink.core.announcing import Announcement
from coplink.core.people import Role
from coplink.core.rhythm import Rhythm, Series, Weekly, check, expand
from coplink.core.spaces import Seat
from coplink.ports.door import InboundRequest
from coplink.ports.errors import NotReadyYet, PermissionMissing
from coplink.ports.integration import Capability
from coplink.sandbox.wire import Served
from coplink.testing import graph_contract
from coplink_teams import ADMIN, CHANNEL, NO, TEAM, YES, manifest
from coplink_teams.entra import TEAMS_CLIENTS
from coplink_teams.hints import receive
from coplink_teams.operations import GUESTS, OPERATIONS, PERMISSIONS, made

HERE = Path(__file__).resolve()
INSTALL = files("coplink_teams") / "install"
README = HERE.parents[3] / "integrations" / "teams" / "README.md"


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


# --- the table of operations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "switched_on"), [(CHANNEL, ()), (TEAM, ()), (TEAM, (GUESTS,))])
def test_what_is_called_in_a_mode_is_what_the_table_says_and_each_permission_is_needed(
    rig, wish, mode, switched_on, hook
):
    """One whole life of a place: used is declared, declared is used, and without any one permission a call fails."""
    contract = graph_contract.required()
    rig.wire.guests = YES if switched_on else NO
    live(rig, wish, mode, hook)
    forget_this_process()
    assert {name for name, _ in rig.used} == set(made(mode, switched_on))
    calls = {(name.partition(" ")[0], path) for name, path in rig.used}
    settings = {"mode": mode, GUESTS: rig.wire.guests}
    asked = [scope.name for scope in manifest.scopes if scope.needed(settings)]

    def unmet(granted: list[str]) -> set[str]:
        have = {p for name in granted for p in (name, *graph_contract.HOLDS.get(name, ()))}
        needed = {f"{m} {p}": contract.permissions(m, p) for m, p in calls}
        return {call for call, any_of in needed.items() if any_of and not any_of & have}

    assert unmet(asked) == set()
    # A new team is looked at before the app is in it: permissions of the team do not hold yet.
    early = {"Team.ReadBasic.All", "TeamSettings.ReadWrite.Group"}
    for name in asked:
        assert unmet([other for other in asked if other != name]) or name in early, name


def test_the_table_asks_for_what_the_contract_asks_and_for_one_team_rather_than_all():
    contract = graph_contract.required()
    for one in OPERATIONS:
        path = re.sub(r"\{[^}]+\}", "x", one.path)
        known = contract.operation(one.method, path)
        assert known is not None, one.name
        assert known[0] == one.name
        enough = contract.permissions(one.method, path)
        have = {one.permission, *graph_contract.HOLDS.get(one.permission, ())}
        assert not enough or have & enough, f"{one.name} is not allowed by {one.permission}"
        of_one_team = {
            name for name in enough or () if name.endswith(".Group") and not name.startswith("File.")
        }
        if of_one_team and one.modes == {CHANNEL}:
            assert one.permission in of_one_team, f"{one.name} can do with {of_one_team}"
        assert one.why[0].islower() or one.why[0] == "o"
    assert len({(one.name, mode) for one in OPERATIONS for mode in one.modes}) == sum(
        len(one.modes) for one in OPERATIONS
    )
    assert set(PERMISSIONS) == {one.permission for one in OPERATIONS} - {""}


@pytest.fixture
def hook() -> Iterator[str]:
    """An address that echoes, as Graph wants it of who subscribes."""

    @Request.application
    def echo(request: Request) -> Response:
        said = receive(InboundRequest(request.method, request.path, request.args.to_dict()), "s")
        return Response(said.body, said.status, dict(said.headers))

    served = Served(echo)
    yield f"{served.url}/hook/teams/1"
    served.stop()


def waited_for(go: Callable[[], object], clock: Moving) -> None:
    """Go, and go again half a minute later for as long as Microsoft is still at it."""
    for _ in range(30):
        try:
            go()
        except NotReadyYet:
            clock.pass_by(31)
        else:
            return
    raise AssertionError("it never came about")


def live(rig, wish, mode: str, hook: str) -> None:
    """Found, seat, swap an owner, meet, collect, watch, check, rename, archive, restore, let go."""
    clock = moved(rig, mode)
    rig.wire.teams.slow_channels, rig.wire.operations.seconds = True, 100
    connection = rig.connect()
    connection.check()
    parts: dict[str, str] = {}
    for step in connection.spaces.steps(wish):

        def make(step: str = step) -> None:
            parts[step] = connection.spaces.ensure(step, wish, parts, "key").remote

        waited_for(make, clock)
    connection.spaces.describe(parts)
    ben, ana = rig.oid("ben.okafor"), rig.oid("ana.ruiz")
    seats = connection.seats
    seats.read(parts)
    seats.put(parts, [Seat(ben, Role.FACILITATOR), Seat(ana, Role.MEMBER)])
    seats.read(parts)
    seats.put(parts, [Seat(ben, Role.MEMBER, before=Role.FACILITATOR)])
    seats.remove(parts, [ben])
    if mode == CHANNEL:
        seats._in_host_team(ben)
    if connection.guests is not None:
        connection.guests.invite(["new@elsewhere.example"], "")
    connection.directory.find(["ben.okafor@riverbend.example"])
    page = connection.library.changes(parts, None)
    connection.library.changes(parts, page.cursor)
    first = date(2026, 9, 1)
    rhythm = check(Rhythm("America/Los_Angeles", time(15), 60, first, date(2026, 12, 1), Weekly(2, (1,))))
    off = replace(rhythm, called_off=frozenset({first}))
    link = None
    for some in (off, rhythm, off):
        told = Series(some, "Circle", expand(some))
        link = connection.calendar.put(parts, told, ("ben.okafor@riverbend.example",), link, "key")
    subscription = connection.watch.subscribe(parts, hook, "s" * 40, "key")
    connection.watch.stop(connection.watch.renew(parts, subscription))
    connection.announcements.post(parts, Announcement("Title", "Text", "https://c.example/c/1"), "key")
    upkeep = connection.upkeep
    upkeep.rename(parts, "Literacy, renamed")
    waited_for(lambda: upkeep.archive(parts), clock)
    waited_for(lambda: upkeep.restore(parts), clock)
    upkeep.let_go(parts, True)


def test_without_a_consent_the_call_says_who_can_give_it(rig, wish):
    for scope in manifest.scopes:
        assert scope.reason
        assert scope.without
    granted = ["ChannelSettings.ReadWrite.Group", "User.ReadBasic.All"]
    rig.wire.store.put("teams.consent", "riverbend", {"granted": granted})
    with pytest.raises(PermissionMissing) as caught:
        rig.connect().spaces.ensure("channel", wish, {}, "key")
    assert caught.value.who == ADMIN
    lines = [line for line in rig.connect().check() if not line.ok]
    assert {"Calendars.ReadWrite", "TeamSettings.Read.Group"} <= {
        name for line in lines for name in line.scopes
    }


def test_the_install_files_name_the_clients_and_claims_of_the_code():
    text = (INSTALL / "permissions.json").read_text()
    for client in TEAMS_CLIENTS:
        assert client in text
    assert '"optional claims of the access token": ["acct"]' in text
    assert "optional claim `acct`" in README.read_text()


def test_the_readme_lists_every_permission_and_setting_as_the_manifest_does():
    text = README.read_text()
    for scope in manifest.scopes:
        modes = "both" if scope.when is None else "team" if TEAM in scope.when[1] else "channel"
        modes = GUESTS if scope.when is not None and scope.when[0] == GUESTS else modes
        assert f"| `{scope.name}` | {modes} | {scope.reason} | {scope.without} |" in text
    assert len(re.findall(r"^\| `", text, re.MULTILINE)) == len(manifest.scopes) + len(manifest.fields)
    for field in manifest.fields:
        assert f"| `{field.name}` |" in text


def test_microsofts_library_is_the_one_the_readme_names():
    content = (files("coplink_teams") / "static" / "MicrosoftTeams.min.js").read_bytes()
    text = README.read_text()
    assert hashlib.sha256(content).hexdigest() in text
    assert f"{len(content)} bytes" in text
    assert "MIT License" in (files("coplink_teams") / "static" / "MicrosoftTeams.LICENSE.txt").read_text()
