"""What is declared agrees with what is offered, and pages and hooks get their answers without an SDK or a call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from coplink.core.people import Role
from coplink.ports.door import InboundRequest
from coplink.ports.errors import Misconfigured
from coplink.ports.integration import Capability, Manifest, Verdict
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.spaces import AWFUL

# Runs in a fresh interpreter: what pages and hooks ask of an integration, then which of the SDK's modules are there
_ALONE = """
import importlib, json, sys
told = json.loads(sys.stdin.read())
module, _, name = told["where"].partition(":")
integration = getattr(importlib.import_module(module), name)
from coplink.ports.door import InboundRequest
from coplink.ports.spaces import SpaceWish
integration.manifest
integration.look_over(told["settings"])
integration.preview(told["settings"], SpaceWish("Reading circle", "About", "coplink:1", asked=told["asked"]))
integration.receive(told["settings"], InboundRequest("POST", "/hook", body=b"{}"), "a secret")
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} & set(told["sdk"]))))
"""


class ManifestSuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def manifest(self, rig: Rig) -> Manifest:
        """What is declared."""
        return rig.integration.manifest

    def test_everything_declared_is_offered_and_nothing_else(self, rig: Rig, manifest: Manifest) -> None:
        ports = [capability for capability in Capability if capability is not Capability.DOOR]
        offered = {port for port in ports if getattr(rig.connection, port.value) is not None}
        assert offered == manifest.capabilities - {Capability.DOOR}
        door = rig.integration.door("here", rig.settings, rig.around())
        assert (door is not None) == (Capability.DOOR in manifest.capabilities)

    def test_the_words_for_people_are_all_there(self, manifest: Manifest) -> None:
        assert manifest.key.isidentifier()
        assert manifest.key == manifest.key.lower()
        assert all((manifest.title, manifest.admin, manifest.door_name, manifest.space_word))
        assert not manifest.part_words or set(manifest.steps) <= set(manifest.part_words)

    def test_the_limits_make_sense(self, manifest: Manifest) -> None:
        limits = manifest.limits
        assert 0 < limits.facilitators <= limits.seats
        assert 0 < limits.batch <= limits.seats
        assert limits.name_length >= 10
        assert timedelta(0) <= limits.lag < timedelta(days=1)
        assert limits.watch_check > timedelta(0)

    def test_a_watch_has_a_life_and_nothing_else_has(self, manifest: Manifest) -> None:
        assert (manifest.limits.watch_life is not None) == (Capability.WATCH in manifest.capabilities)

    def test_the_roles_begin_with_a_member(self, manifest: Manifest) -> None:
        assert Role.MEMBER in manifest.roles

    def test_every_scope_says_why_and_what_stops_without_it(self, manifest: Manifest) -> None:
        places = [(scope.name, scope.where) for scope in manifest.scopes]
        assert len(set(places)) == len(places)
        assert all(scope.name and scope.reason and scope.without for scope in manifest.scopes)
        fields = {one.name for one in manifest.fields}
        assert {scope.when[0] for scope in manifest.scopes if scope.when} <= fields

    def test_every_field_can_be_asked_for(self, manifest: Manifest) -> None:
        names = [one.name for one in manifest.fields]
        assert len(set(names)) == len(names)
        assert all(one.name.isidentifier() and one.title for one in manifest.fields)
        assert not [one.name for one in manifest.fields if one.secret and one.default], "a secret by default"
        addresses = [one.default for one in manifest.fields if one.name.endswith("_url") and one.default]
        assert all(address.startswith("https://") for address in addresses)

    def test_the_settings_are_those_that_are_declared(self, rig: Rig, manifest: Manifest) -> None:
        names = {one.name for one in manifest.fields}
        required = {one.name for one in manifest.fields if one.default is None}
        assert set(rig.settings) <= names
        assert required <= {name for name, value in rig.settings.items() if value}

    def test_the_steps_are_those_that_are_declared(self, rig: Rig, manifest: Manifest) -> None:
        wish = rig.wish()
        assert set(manifest.chooses) <= set(wish.asked), "the rig's wish holds what a founder chooses"
        if rig.connection.spaces is None:
            assert manifest.steps == ()
            return
        steps = rig.connection.spaces.steps(wish)
        declared = set(manifest.steps) | set(manifest.part_words)
        assert set(steps) <= declared
        assert [step for step in manifest.steps if step in steps] == [s for s in steps if s in manifest.steps]
        assert rig.integration.preview(rig.settings, wish).steps == steps

    def test_looking_settings_over_gives_the_realm_and_calls_nobody(self, rig: Rig) -> None:
        before = rig.calls()
        realm = rig.integration.look_over(rig.settings)
        assert realm
        assert rig.calls() == before
        assert rig.connection.realm() == realm

    def test_settings_of_the_wrong_form_name_who_can_change_them_and_no_secret(
        self, rig: Rig, manifest: Manifest
    ) -> None:
        required = [one for one in manifest.fields if one.default is None]
        for one in required:
            without = {name: value for name, value in rig.settings.items() if name != one.name}
            with pytest.raises(Misconfigured) as wrong:
                rig.integration.look_over(without)
            assert wrong.value.who, one.name
            told = f"{wrong.value.message} {wrong.value.detail}"
            secrets = [rig.settings.get(other.name, "") for other in manifest.fields if other.secret]
            assert not [secret for secret in secrets if secret and secret in told]

    @pytest.mark.parametrize("name", ["Reading circle", AWFUL, "…", "  ", "Ünïcödé 教師 🎓"])
    def test_a_name_is_fitted_beforehand_and_nobody_is_called(
        self, rig: Rig, manifest: Manifest, name: str
    ) -> None:
        before = rig.calls()
        planned = rig.integration.preview(rig.settings, rig.wish(name=name))
        assert 0 < len(planned.name) <= manifest.limits.name_length
        assert rig.calls() == before

    def test_a_call_from_anybody_is_nothing_and_calls_nobody(self, rig: Rig) -> None:
        before = rig.calls()
        for body in (b"", b"{}", b"\xff", b"[" * 20_000, json.dumps({"value": [{}]}).encode()):
            assert (
                rig.integration.receive(rig.settings, InboundRequest("POST", "/hook", body=body), "s") is None
            )
        assert rig.calls() == before

    def test_pages_and_hooks_are_answered_without_the_sdk(self, rig: Rig) -> None:
        if not rig.where or not rig.sdk:
            pytest.skip("the rig names no entry point, or no SDK")
        told = {"where": rig.where, "sdk": list(rig.sdk), "settings": dict(rig.settings)}
        told["asked"] = dict(rig.wish().asked)
        done = subprocess.run(
            [sys.executable, "-c", _ALONE],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == [], "loaded although nobody asked the platform for anything"

    def test_opening_a_connection_calls_nobody(self, rig: Rig) -> None:
        before = rig.calls()
        assert rig.integration.connect(rig.settings, rig.around()).realm()
        assert rig.calls() == before

    # --- the check-up -----------------------------------------------------------------------------------------------

    def test_the_check_up_writes_nothing_and_every_line_has_a_verdict(self, rig: Rig) -> None:
        before = rig.writes()
        lines = rig.connection.check()
        assert lines
        assert rig.writes() == before
        assert len({line.title for line in lines}) == len(lines)
        for line in lines:
            assert line.title
            assert str(line.message)
            assert line.verdict in Verdict
            assert line.verdict is not Verdict.NEEDS_YOU, f"{line.title}: {line.message}"
            assert line.ok or line.fallback is not None

    def test_every_capability_has_a_line(self, rig: Rig, manifest: Manifest) -> None:
        if not rig.lines:
            pytest.skip("the rig names no lines")
        titles = {line.title for line in rig.connection.check()}
        assert set(rig.lines) == manifest.capabilities - {Capability.DOOR}
        assert set(rig.lines.values()) <= titles

    def test_a_check_up_without_credentials_says_who_can_mend_it(self, rig: Rig) -> None:
        rig.revoke()
        bad = [line for line in rig.connection.check() if not line.ok]
        assert bad
        assert all(line.who and str(line.message) for line in bad if line.verdict is Verdict.NEEDS_YOU)
