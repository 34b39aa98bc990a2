"""Sign-in with Google: the way in, and everything that must not get in."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from bs4 import BeautifulSoup
from cryptography.hazmat.primitives.asymmetric import rsa

from coplink.core.errors import BadToken, LaunchError, LostState
from coplink.ports.door import InboundRequest, Knock

RETURN = "http://127.0.0.1:8080/door/google"
KNOCK = Knock("a-state", "a-nonce", "v" * 43, RETURN)


def visit(campus, door, email="luis.ortega@lakeside.example", knock=KNOCK):
    """What the browser does: go to Google, choose an account, come back; the query it brings."""
    reply = door.begin(knock)
    assert reply.status == 303
    with httpx.Client() as browser:
        page = browser.get(reply.headers["location"] + f"&login_hint={email}")
        assert page.status_code == 200, page.text
        form = BeautifulSoup(page.text, "html.parser").find("form")
        values = {one["name"]: one["value"] for one in form.find_all("input")}
        answer = browser.post(campus.wire.base_url + form["action"], data=values)
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    assert location.startswith(RETURN + "?")
    return {name: texts[0] for name, texts in parse_qs(urlsplit(location).query).items()}


def arrive(door, query, knock=KNOCK):
    return door.open(InboundRequest("GET", "/door/google", query), knock)


def forged(campus, **changes):
    """Google's token end answers with an identity token of these claims."""
    now = int(campus.clock())
    claims = {
        "iss": "https://accounts.google.com", "aud": "lakeside-client.apps.googleusercontent.com",
        "azp": "lakeside-client.apps.googleusercontent.com", "sub": "1", "hd": "lakeside.example",
        "email": "x@lakeside.example", "email_verified": True, "nonce": "a-nonce", "iat": now, "exp": now + 3600,
        **changes,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not ...}
    signin = campus.wire.signin
    return jwt.encode(claims, signin._pem("signing"), "RS256", headers={"kid": signin._kid()})


def answering(campus, monkeypatch, token):
    """The sandbox hands out this identity token instead of its own."""
    monkeypatch.setattr(campus.wire.signin, "_id_token", lambda code: token)


def test_luis_arrives_with_his_account_proved(campus):
    door = campus.door()
    arrival = arrive(door, visit(campus, door))
    luis = campus.wire.region.residents["luis.ortega"]
    assert (arrival.door, arrival.institution) == ("google", "lakeside")
    assert arrival.realm == "https://accounts.google.com/lakeside.example" == campus.connect().realm()
    assert (arrival.subject, arrival.name, arrival.email) == (luis.google_id, luis.name, luis.upn)
    (account,) = arrival.accounts
    assert (account.integration, account.account, account.address) == ("google", luis.google_id, luis.upn)
    assert campus.wire.refusals == []


def test_the_way_out_carries_challenge_state_nonce_and_domain_but_no_secret(campus):
    location = campus.door().begin(KNOCK).headers["location"]
    asked = parse_qs(urlsplit(location).query)
    assert asked["hd"] == ["lakeside.example"]
    assert asked["state"] == ["a-state"]
    assert asked["nonce"] == ["a-nonce"]
    assert asked["code_challenge_method"] == ["S256"]
    assert KNOCK.verifier not in location
    assert "secret" not in location


def test_the_door_redirects_and_is_never_framed(campus):
    door = campus.door()
    assert door.page is None
    assert door.frame_ancestors == ()


def test_everybody_of_the_district_can_be_chosen_and_a_name_that_is_markup_stays_text(campus):
    page = httpx.get(campus.door().begin(KNOCK).headers["location"])
    assert "Sign in as Mei Chen" in BeautifulSoup(page.text, "html.parser").text
    assert "<script>" not in page.text
    assert "ana.ruiz" not in page.text, "people of another district have no account here"


def test_an_answer_nobody_waits_for_is_lost_state(campus):
    door = campus.door()
    query = visit(campus, door)
    for knock in (None, Knock("another", "a-nonce", "v" * 43, RETURN)):
        with pytest.raises(LostState):
            arrive(door, query, knock)


def test_a_code_works_once_and_with_its_verifier_only(campus):
    door = campus.door()
    query = visit(campus, door)
    arrive(door, query)
    with pytest.raises(BadToken):
        arrive(door, query)
    with pytest.raises(BadToken):
        arrive(door, visit(campus, door), Knock("a-state", "a-nonce", "w" * 43, RETURN))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", "You did not sign in"),
        ("admin_policy_enforced", "administrator of lakeside.example"),
    ],
)
def test_a_declined_sign_in_says_so(campus, error, sentence):
    with pytest.raises(LaunchError, match=sentence):
        arrive(campus.door(), {"state": "a-state", "error": error})


def test_an_answer_without_a_code_is_refused(campus):
    with pytest.raises(BadToken):
        arrive(campus.door(), {"state": "a-state"})


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://accounts.example"},
        {"aud": "another-client"},
        {"aud": ["lakeside-client.apps.googleusercontent.com", "another-client"]},
        {"azp": "another-client"},
        {"nonce": "another"},
        {"nonce": ...},
        {"hd": "riverbend.example"},
        {"hd": ...},
        {"email_verified": False},
        {"email_verified": ...},
        {"email": ...},
        {"sub": ...},
        {"sub": ""},
        {"exp": 1},
        {"exp": ...},
        {"exp": "tomorrow"},
        {"iat": ...},
        {"iat": 4_000_000_000},
    ],
    ids=str,
)
def test_an_identity_token_that_is_not_for_us_is_refused(campus, monkeypatch, changes):
    door = campus.door()
    answering(campus, monkeypatch, forged(campus, **changes))
    with pytest.raises(BadToken):
        arrive(door, visit(campus, door))


def test_the_same_token_unchanged_is_accepted(campus, monkeypatch):
    door = campus.door()
    answering(campus, monkeypatch, forged(campus))
    assert arrive(door, visit(campus, door)).subject == "1"


def test_a_token_of_yesterday_is_refused(campus, monkeypatch):
    door = campus.door()
    token = forged(campus, iat=int(campus.clock()) - 3000)
    answering(campus, monkeypatch, token)
    with pytest.raises(BadToken, match="expired"):
        arrive(door, visit(campus, door))


def unsigned(claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'kid': 'x'})}.{part(claims)}."


def test_forged_signatures_are_refused(campus, monkeypatch):
    door = campus.door()
    good = forged(campus)
    claims = jwt.decode(good, options={"verify_signature": False})
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = campus.wire.signin._kid()
    secret = campus.wire.settings("lakeside")["client_secret"].ljust(32, "x")
    for token in (
        jwt.encode(claims, other, "RS256", headers={"kid": kid}),
        jwt.encode(claims, other, "RS256"),
        jwt.encode(claims, secret, "HS256", headers={"kid": kid}),
        unsigned(claims),
        good[:-8] + "AAAAAAAA",
        "no token",
        "x" * 20_000,
    ):
        answering(campus, monkeypatch, token)
        with pytest.raises(BadToken):
            arrive(door, visit(campus, door))


def test_a_new_key_is_fetched_once_and_unknown_ones_not_for_each_token(campus, monkeypatch):
    fetched = []
    keys = campus.wire.signin._keys
    wire = campus.wire
    wire._views["GET /oauth2/v3/certs"] = (lambda request: fetched.append(1) or keys(request), False, None)
    campus.clock.ahead += 7_200  # whatever earlier tests fetched is old
    door = campus.door()
    arrive(door, visit(campus, door))
    arrive(door, visit(campus, door))
    assert len(fetched) == 1
    before = wire.store.get("google.key", "signing")
    wire.signin.rotate()
    try:
        with pytest.raises(BadToken):
            arrive(door, visit(campus, door))
        assert len(fetched) == 1, "within the cooldown nothing is fetched"
        campus.clock.ahead += 60
        arrive(door, visit(campus, door))
        assert len(fetched) == 2
    finally:
        wire.store.put("google.key", "signing", before)
        campus.clock.ahead += 7_200
        arrive(door, visit(campus, door))


def test_google_out_of_order_is_no_security_matter(campus):
    door = campus.door()
    query = visit(campus, door)
    wire = campus.wire
    for status, body in ((500, {}), (200, []), (429, {})):
        wire._views["POST /token"] = (lambda request, s=status, b=body: wire.json(b, s), False, None)
        with pytest.raises(LaunchError) as silent:
            arrive(door, query)
        assert not isinstance(silent.value, BadToken | LostState)


@pytest.mark.parametrize("gone", ["token_url", "jwks_url"])
def test_google_out_of_reach_is_no_security_matter(campus, gone):
    door = campus.door(**{gone: "http://127.0.0.1:9/nothing"})
    with pytest.raises(LaunchError, match="does not answer") as silent:
        arrive(door, visit(campus, door))
    assert not isinstance(silent.value, BadToken | LostState)


def test_a_wrong_client_secret_is_the_administrators_matter(campus):
    door = campus.door(client_secret="wrong")
    with pytest.raises(LaunchError, match="administrator") as refused:
        arrive(door, visit(campus, door))
    assert "wrong" not in refused.value.detail


def test_an_answer_that_is_too_large_is_not_read(campus):
    wire = campus.wire
    door = campus.door()
    query = visit(campus, door)
    wire._views["POST /token"] = (lambda request: wire.json({"id_token": "x" * 400_000}), False, None)
    with pytest.raises(LaunchError, match="does not answer"):
        arrive(door, query)


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://elsewhere.example/door"},
        {"client_id": "unknown"},
        {"code_challenge": ""},
        {"response_type": "token"},
        {"scope": "email"},
        {"unknown": "1"},
    ],
    ids=str,
)
def test_the_pretend_sign_in_is_strict(campus, change):
    location = urlsplit(campus.door().begin(KNOCK).headers["location"])
    query = {name: texts[0] for name, texts in parse_qs(location.query).items()} | change
    answer = httpx.get(f"{location.scheme}://{location.netloc}{location.path}", params=query)
    assert answer.status_code in (400, 401)
    assert campus.wire.refusals
