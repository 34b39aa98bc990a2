"""The promises of ``coplink.ports.door``: it opens for whom it should, and names nobody where it does not."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from coplink.core.errors import LaunchError
from coplink.ports.door import Door, InboundRequest, Knock
from coplink.ports.integration import Capability
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import offered

KNOCK = Knock("a-state", "a-nonce", "v" * 43, "https://coplink.example/door/here")
WRONG = ("another audience", "another signer", "expired", "another institution")


class DoorSuite:
    """Subclass it, and give ``rig`` with ``door``, ``knock`` and ``knocks_wrongly``."""

    @pytest.fixture
    def door(self, rig: Rig) -> Door:
        """The port, of the institution ``here``."""
        if Capability.DOOR not in rig.integration.manifest.capabilities:
            offered(None, Capability.DOOR, rig)
        return rig.door()

    def test_somebody_arrives_with_their_account(self, rig: Rig, door: Door) -> None:
        request, knock = rig.knock()
        arrival = door.open(request, knock)
        manifest = rig.integration.manifest
        assert (arrival.door, arrival.institution) == (manifest.key, "here")
        assert arrival.realm == rig.integration.look_over(rig.settings) == rig.connection.realm()
        assert arrival.subject
        assert {account.integration for account in arrival.accounts} <= {manifest.key}
        assert rig.accounts[0] in {account.account for account in arrival.accounts}

    @pytest.mark.parametrize("wrong", WRONG)
    def test_who_must_not_come_in_does_not(self, rig: Rig, door: Door, wrong: str) -> None:
        ways = rig.knocks_wrongly()
        if wrong not in ways:
            pytest.skip(f"this door does not play: {wrong}")
        request, knock = ways[wrong]()
        with pytest.raises(LaunchError) as refused:
            door.open(request, knock)
        self.says_nothing_secret(rig, refused.value, request)

    def test_every_other_way_the_author_thought_of_is_shut_too(self, rig: Rig, door: Door) -> None:
        others = {name: way for name, way in rig.knocks_wrongly().items() if name not in WRONG}
        if not others:
            pytest.skip("the author names no further ways")
        for name, way in others.items():
            request, knock = way()
            with pytest.raises(LaunchError) as refused:
                door.open(request, knock)
            assert str(refused.value.message), name

    @pytest.mark.parametrize("said", ["", "x", "a.b.c", "é" * 100, "x" * 50_000])
    def test_what_is_no_token_is_refused(self, rig: Rig, door: Door, said: str) -> None:
        words = {"token": said, "code": said, "id_token": said}
        for request in (
            InboundRequest("POST", "/door/x", form=words),
            InboundRequest("GET", "/door/x", query={**words, "state": KNOCK.state}),
        ):
            with pytest.raises(LaunchError):
                door.open(request, KNOCK)

    def test_an_answer_nobody_waits_for_is_refused(self, rig: Rig, door: Door) -> None:
        if door.page is not None:
            pytest.skip("the suite's own page brings the token: there is no login under way")
        request, knock = rig.knock()
        with pytest.raises(LaunchError):
            door.open(request, None)
        assert knock is not None
        with pytest.raises(LaunchError):
            door.open(request, replace(knock, state="another"))

    def test_a_redirecting_door_sends_out_state_and_nonce_and_keeps_the_verifier(
        self, rig: Rig, door: Door
    ) -> None:
        if door.page is not None:
            with pytest.raises(LaunchError):
                door.begin(KNOCK)
            return
        reply = door.begin(KNOCK)
        assert reply.status in (302, 303)
        location = {name.lower(): value for name, value in reply.headers.items()}["location"]
        asked = parse_qs(urlsplit(location).query)
        assert asked["state"] == [KNOCK.state]
        assert asked["nonce"] == [KNOCK.nonce]
        assert asked["redirect_uri"] == [KNOCK.return_url]
        assert KNOCK.verifier not in location
        secrets = [rig.settings.get(one.name, "") for one in rig.integration.manifest.fields if one.secret]
        assert not [secret for secret in secrets if secret and secret in location]

    def test_a_token_door_brings_its_scripts_and_says_who_may_frame_it(self, rig: Rig, door: Door) -> None:
        if door.page is None:
            assert door.frame_ancestors == ()
            return
        assert door.page.assets
        assert all(name.endswith(".js") and script for name, script in door.page.assets.items())
        assert door.frame_ancestors
        assert all("://" in origin and origin != "*" for origin in door.frame_ancestors)

    @staticmethod
    def says_nothing_secret(rig: Rig, refused: LaunchError, request: InboundRequest) -> None:
        """Neither the sentence for people nor the log may hold the token or a secret."""
        told = f"{refused.message} {refused.detail}"
        secrets = [rig.settings.get(one.name, "") for one in rig.integration.manifest.fields if one.secret]
        brought = [*request.form.values(), *request.query.values()]
        assert str(refused.message)
        assert not [secret for secret in (*secrets, *brought) if len(secret) > 20 and secret in told]
