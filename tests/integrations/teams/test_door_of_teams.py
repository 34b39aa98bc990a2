"""The Teams tab: a token of our own directory opens it, everything else does not."""

from __future__ import annotations

import json
import urllib.request

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from coplink.core.errors import BadToken, LaunchError
from coplink.core.words import say
from coplink.ports.door import InboundRequest, Knock
from coplink.ports.integration import Surroundings
from coplink.sandbox.store import Store
from coplink_teams import integration
from coplink_teams.sandbox.entra import Signer


@pytest.fixture
def door(rig):
    return integration.door("inst-1", rig.wire.settings("riverbend"), rig.around)


def knock(door, token):
    return door.open(InboundRequest("POST", "/door/teams/1", form={"token": token}), None)


def test_a_token_of_the_tab_says_who_came(rig, door):
    arrival = knock(door, rig.wire.entra.tab_token(rig.wire.region.residents["ben.okafor"]))
    assert (arrival.door, arrival.institution) == ("teams", "inst-1")
    assert arrival.realm == rig.wire.district.tenant_id
    assert arrival.subject == rig.oid("ben.okafor")
    assert arrival.name == "Ben Okafor"
    assert arrival.accounts[0].integration == "teams"
    assert arrival.accounts[0].account == rig.oid("ben.okafor")
    assert arrival.accounts[0].address == "ben.okafor@riverbend.example"
    assert arrival.email is None, "an address is no identity"


def test_the_sandbox_hands_out_fresh_tokens_by_person(rig, door):
    with urllib.request.urlopen(f"{rig.wire.base_url}/_sandbox/sso?person=walt.silent", timeout=5) as answer:
        token = json.load(answer)["token"]
    assert knock(door, token).subject == rig.oid("walt.silent")


@pytest.mark.parametrize(
    "change",
    [
        {"tid": "11111111-1111-1111-1111-111111111111"},
        {"iss": "https://login.microsoftonline.com/other/v2.0"},
        {"aud": "another-app"},
        {"ver": "1.0"},
        {"scp": "User.Read"},
        {"scp": None},
        {"scp": "not_access_as_user_at_all"},
        {"azp": "00000000-0000-0000-0000-000000000001"},
        {"azp": None},
        {"oid": None},
        {"oid": ""},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"idtyp": "app"},
    ],
    ids=lambda change: ",".join(f"{k}={v}" for k, v in change.items())[:40],
)
def test_a_token_with_one_wrong_claim_is_refused(rig, door, change):
    with pytest.raises(BadToken) as caught:
        knock(door, rig.wire.entra.tab_token(rig.wire.region.residents["ben.okafor"], **change))
    assert "Ben" not in str(caught.value.message)
    assert "claims" in caught.value.detail


ELSEWHERE = "https://sts.windows.net/99999999-9999-9999-9999-999999999999/"


@pytest.mark.parametrize(
    "marks",
    [
        {},
        {"acct": None},
        {"idp": None},
        {"acct": "1", "idp": None},
        {"acct": True, "idp": None},
        {"acct": 2, "idp": None},
        {"acct": 0, "idp": "live.com"},
        {"acct": None, "idp": "mail"},
        {"acct": None, "idp": ["x"]},
        {"acct": None, "idp": ""},
        {"acct": 0, "idp": ELSEWHERE + "?11111111"},
    ],
    ids=str,
)
def test_a_guest_is_sent_to_their_own_organisation(rig, door, marks):
    luis = rig.wire.region.residents["luis.ortega"]
    with pytest.raises(LaunchError) as caught:
        knock(door, rig.wire.entra.guest_token(luis, **marks))
    assert "Open coplink in your own organisation" in str(caught.value.message)
    assert "Luis" not in f"{caught.value.message} {caught.value.detail}"
    assert not isinstance(caught.value, BadToken), "the token is sound; nobody attacked"


def test_a_guests_token_comes_from_the_sandbox_too(rig, door):
    url = f"{rig.wire.base_url}/_sandbox/sso?person=luis.ortega&guest=1"
    with urllib.request.urlopen(url, timeout=5) as answer:
        token = json.load(answer)["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["tid"], claims["acct"]) == (rig.wire.district.tenant_id, 1)
    assert claims["oid"] != rig.oid("ana.ruiz")
    with pytest.raises(LaunchError, match="guest"):
        knock(door, token)


@pytest.mark.parametrize("marks", [{"acct": None}, {"acct": 0}, {"acct": "0"}, {"idp": "home"}])
def test_people_of_the_directory_are_no_guests(rig, door, marks):
    if "idp" in marks:
        marks = {"idp": f"https://sts.windows.net/{rig.wire.district.tenant_id}/"}
    token = rig.wire.entra.tab_token(rig.wire.region.residents["ben.okafor"], **marks)
    assert knock(door, token).subject == rig.oid("ben.okafor")


def test_a_token_of_another_signer_is_refused(rig, door):
    person = rig.wire.region.residents["ben.okafor"]
    claims = jwt.decode(rig.wire.entra.tab_token(person), options={"verify_signature": False})
    key = rsa.generate_private_key(65537, 2048)
    for header in ({"kid": rig.wire.signer.kid}, {"kid": "of our own"}, {}):
        with pytest.raises(BadToken):
            knock(door, jwt.encode(claims, key, "RS256", header))
    with pytest.raises(BadToken):
        knock(door, jwt.encode(claims, "x" * 32, "HS256", {"kid": rig.wire.signer.kid}))
    with pytest.raises(BadToken):
        knock(door, jwt.encode(claims, None, "none", {"kid": rig.wire.signer.kid}))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 100, "x" * 50_000])
def test_what_is_no_token_is_refused(door, token):
    with pytest.raises(BadToken):
        knock(door, token)


def test_a_rolled_key_is_read_again_but_not_for_every_stranger(rig, door, monkeypatch):
    person = rig.wire.region.residents["ben.okafor"]
    knock(door, rig.wire.entra.tab_token(person))
    reads = []
    read = door._keys._read
    monkeypatch.setattr(door._keys, "_read", lambda: reads.append(1) or read())
    ago = door._keys._known
    fresh = Signer(Store())
    fresh.kid = "rolled"
    rig.wire.entra._signer = fresh
    token = rig.wire.entra.tab_token(person)
    with pytest.raises(BadToken):
        knock(door, token)
    assert reads == [], "the cool-down holds"
    ago.read_at -= 120
    assert knock(door, token).subject == rig.oid("ben.okafor")
    assert reads == [1]


def test_yesterdays_keys_serve_while_microsoft_is_away(rig, door, monkeypatch):
    person = rig.wire.region.residents["ben.okafor"]
    knock(door, rig.wire.entra.tab_token(person))

    def away():
        raise LaunchError(say("away"))

    monkeypatch.setattr(door._keys, "_read", away)
    door._keys._known.read_at -= 48 * 3600
    assert knock(door, rig.wire.entra.tab_token(person)).subject == rig.oid("ben.okafor")


def test_without_keys_the_person_is_asked_to_try_again(rig, clock):
    settings = {**rig.wire.settings("riverbend"), "login_url": "http://127.0.0.1:9"}
    door = integration.door("inst-1", settings, Surroundings(clock, rig.calls.append, timeout=2))
    with pytest.raises(LaunchError, match="Try again"):
        knock(door, rig.wire.entra.tab_token(rig.wire.region.residents["ben.okafor"]))


def test_the_tab_is_never_reached_by_a_redirect(door):
    with pytest.raises(LaunchError):
        door.begin(Knock("s", "n", "v", "https://coplink.example/door"))


def test_the_page_brings_its_scripts_and_the_origins_of_teams(rig, door):
    assert list(door.page.assets) == ["tab.js", "MicrosoftTeams.min.js"]
    assert door.page.data["origins"] == f"http://localhost:{rig.served.port}"
    assert door.frame_ancestors == (f"http://localhost:{rig.served.port}",)
    usual = {**rig.wire.settings("riverbend")}
    del usual["frame_origins"]
    assert (
        "https://teams.microsoft.com"
        in integration.door("i", usual, Surroundings(None, None)).frame_ancestors
    )
