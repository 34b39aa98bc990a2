"""Tokens and their signatures: rows 27 to 41 of the LTI handbook's table."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coplink.core.errors import BadToken, NoKeys
from coplink.lti.egress import unreachable
from coplink.ports.errors import Unavailable
from coplink.testing.platform import public_jwk, rsa_key, unsigned


@pytest.fixture
def launch(door):
    """Posts whatever ``make(claims)`` makes of the honest claims of a fresh login."""

    def post(make):
        url = door.login().redirect_url
        token = make(door.north.claims(url, door.clock.now()))
        state = parse_qs(urlsplit(url).query)["state"][0]
        return door.open({"state": state} | ({} if token is None else {"id_token": token}))

    return post


def part(values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


def altered(token):
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{part({**claims, 'sub': 'subject-of-eve'})}.{signature}"


def with_secret_of_the_public_key(north, claims):
    pem = north.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = part({"alg": "HS256", "kid": north.kid}), part(claims)
    import hashlib
    import hmac

    mac = hmac.new(pem, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


EVE = rsa_key("eve")
FORGED = [
    (27, "missing", lambda p, c: None),
    (27, "missing", lambda p, c: ""),
    (28, "form", lambda p, c: "one.two"),
    (28, "form", lambda p, c: p.sign(c) + ".four"),
    (28, "form", lambda p, c: "a.b.c.d.e"),
    (28, "header", lambda p, c: "!!.??.!!"),
    (28, "header", lambda p, c: ".." + "x"),
    (28, "form", lambda p, c: "ü.ü.ü"),
    (28, "form", lambda p, c: "x" * 200_000),
    (28, "header", lambda p, c: part(["list"]) + ".e30.x"),
    (28, "JSON", lambda p, c: p.sign_text("no JSON")),
    (28, "JSON", lambda p, c: p.sign_text("[" * 60_000)),
    (28, "object", lambda p, c: p.sign_text("[1]")),
    (28, "object", lambda p, c: p.sign_text("null")),
    (28, "JSON", lambda p, c: p.sign_text(json.dumps(c)[:-1] + ', "sub": "subject-of-eve"}')),
    (28, "JSON", lambda p, c: p.sign_text(json.dumps(c)[:-1] + ', "x": NaN}')),
    (29, "iss", lambda p, c: p.sign({"name": "Ana"})),
    (30, "alg", lambda p, c: unsigned(c, {"alg": "none", "kid": p.kid})),
    (30, "alg", lambda p, c: unsigned(c, {"alg": "None", "kid": p.kid})),
    (30, "alg", lambda p, c: unsigned(c, {"kid": p.kid})),
    (30, "alg", lambda p, c: unsigned(c, {"alg": "rs256", "kid": p.kid})),
    (30, "signature", lambda p, c: unsigned(c, {"alg": "RS256", "kid": p.kid})),
    (31, "alg", with_secret_of_the_public_key),
    (32, "alg", lambda p, c: p.sign(c, algorithm="RS512")),
    (32, "alg", lambda p, c: p.sign(c, algorithm="PS256")),
    (32, "alg", lambda p, c: p.sign(c, key=ec.generate_private_key(ec.SECP256R1()), algorithm="ES256")),
    (33, "signature", lambda p, c: altered(p.sign(c))),
    (33, "signature", lambda p, c: p.sign(c)[:-8] + "AAAAAAAA"),
    (34, "signature", lambda p, c: p.sign(c, key=EVE)),
    (35, "kid", lambda p, c: p.sign(c, {"kid": None})),
    (35, "kid", lambda p, c: p.sign(c, {"kid": ""})),
    (36, "no usable key", lambda p, c: p.sign(c, {"kid": "other"}, key=EVE)),
    (36, "no usable key", lambda p, c: p.sign(c, {"kid": "../../etc/passwd"})),
    (36, "no usable key", lambda p, c: p.sign(c, {"kid": "' OR 1=1 --"})),
    (37, "signature", lambda p, c: p.sign(c, {"jwk": public_jwk(EVE, p.kid)}, key=EVE)),
    (37, "signature", lambda p, c: p.sign(c, {"jku": "https://evil.example/jwks"}, key=EVE)),
    (37, "signature", lambda p, c: p.sign(c, {"x5u": "https://evil.example/x5u"}, key=EVE)),
    (37, "crit", lambda p, c: p.sign(c, {"crit": ["exp"], "exp": 1})),
]


@pytest.mark.parametrize(("row", "detail", "forge"), FORGED)
def test_a_forged_token_is_refused(door, launch, row, detail, forge):
    with pytest.raises(BadToken) as refused:
        launch(lambda claims: forge(door.north, claims))
    assert detail in refused.value.detail
    assert str(refused.value.message).startswith(
        "The learning platform sent a launch that coplink cannot accept"
    )


def test_row_35_a_kid_that_is_no_text(door, launch):
    def forge(claims):
        _, body, signature = door.north.sign(claims).split(".")
        return f"{part({'alg': 'RS256', 'kid': 7})}.{body}.{signature}"

    with pytest.raises(BadToken):
        launch(forge)


def test_row_37_an_honest_token_with_a_useless_hint_is_accepted_and_nothing_is_fetched_there(door, launch):
    result = launch(lambda claims: door.north.sign(claims, {"jku": f"{door.south.url}/jwks"}))
    assert result.arrival.name == "Ana Ruiz"
    assert door.south.fetches == 0


WEAK = [
    ("for encryption", lambda p: public_jwk(p.private, p.kid, use="enc")),
    ("for another algorithm", lambda p: public_jwk(p.private, p.kid, alg="RS512")),
    ("not for verifying", lambda p: public_jwk(p.private, p.kid, key_ops=["encrypt"])),
    ("with its private part", lambda p: public_jwk(p.private, p.kid, d="AQAB")),
    ("of another kind", lambda p: {"kty": "oct", "k": "c2VjcmV0", "kid": p.kid}),
    ("broken", lambda p: {**public_jwk(p.private, p.kid), "n": "!!"}),
    ("without a modulus", lambda p: {"kty": "RSA", "e": "AQAB", "kid": p.kid}),
    ("with a number for an id", lambda p: public_jwk(p.private, 7)),
]


@pytest.mark.parametrize("jwk", [jwk for _, jwk in WEAK], ids=[name for name, _ in WEAK])
def test_row_38_a_key_that_must_not_be_used(door, launch, jwk):
    door.north.jwks = {"keys": ["no key", jwk(door.north), public_jwk(rsa_key("spare"), "spare")]}
    with pytest.raises(BadToken) as refused:
        launch(door.north.sign)
    assert "no usable key" in refused.value.detail


def test_row_38_a_short_key(door, launch):
    weak = rsa_key("weak", 1024)
    door.north.jwks["keys"].append(public_jwk(weak, "weak"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token_maker = door.north.sign({"x": 1}, {"kid": "weak"}, key=weak)
    assert token_maker
    door.north.private, door.north.kid = weak, "weak"
    with pytest.raises(BadToken) as refused, pytest.warns(jwt.InsecureKeyLengthWarning):
        launch(door.north.sign)
    assert "no usable key" in refused.value.detail


def test_a_good_key_among_bad_ones_is_used(door, launch):
    door.north.jwks["keys"] = [*(jwk(door.north) for _, jwk in WEAK), *door.north.jwks["keys"]]
    assert launch(door.north.sign).arrival.name == "Ana Ruiz"


BROKEN_SETS = [
    (500, b"{}"),
    (404, b'{"keys": []}'),
    (200, b"<html>Sign in</html>"),
    (200, b'{"keys": []}'),
    (200, b'{"keys": {}}'),
    (200, b"[]"),
    (200, b"null"),
    (200, b"[" * 100_000),
    (200, b" " * 300_000),
    (302, b""),
]


@pytest.mark.parametrize("answer", BROKEN_SETS)
def test_row_39_a_key_set_that_cannot_be_had_is_no_fault_of_the_visitor(door, launch, clock, answer):
    door.north.answer = lambda: answer
    with pytest.raises(NoKeys) as refused:
        launch(door.north.sign)
    assert "does not answer" in str(refused.value.message)
    door.north.answer = lambda: (200, json.dumps(door.north.jwks).encode())
    clock.forward(seconds=3)  # nothing of the error was remembered
    assert launch(door.north.sign).arrival.name == "Ana Ruiz"


def test_row_39_a_key_set_that_hangs(door, launch):
    import threading

    from coplink.lti.egress import Egress
    from coplink.lti.keys import KeysCache
    from coplink.lti.outside import LOOPBACK

    let_go = threading.Event()
    door.cache = KeysCache(Egress(read=0.2, outside=LOOPBACK), clock=door.clock)
    door.north.answer = lambda: (let_go.wait(10), (200, b"{}"))[1]
    with pytest.raises(NoKeys):
        launch(door.north.sign)
    let_go.set()


def test_row_39_who_waits_for_a_key_set_that_hangs_takes_its_result(door, clock):
    import threading

    from coplink.lti.keys import KeysCache

    class Hangs:
        fetches = 0
        begun, let_go = threading.Event(), threading.Event()

        def get(self, url, limit):
            Hangs.fetches += 1
            self.begun.set()
            assert self.let_go.wait(20)
            clock.forward(seconds=8)  # it hung for longer than the pause after a failure
            raise unreachable("hangs")

    cache = KeysCache(Hangs(), clock=door.clock)
    registration = door.north.registration("reg-north", "north")
    ended = []

    def ask():
        with pytest.raises(Unavailable):
            cache.key(registration, "any")
        ended.append(1)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert Hangs.begun.wait(20)
    Hangs.let_go.set()
    for thread in threads:
        thread.join(20)
    assert len(ended) == 6
    with pytest.raises(Unavailable):  # and the pause counts from the end of the fetch
        cache.key(registration, "any")
    assert Hangs.fetches == 1


def test_row_40_unknown_key_ids_cause_one_fetch_a_minute(door, launch, clock):
    assert launch(door.north.sign).arrival.name == "Ana Ruiz"
    for _ in range(5):
        with pytest.raises(BadToken):
            launch(lambda claims: door.north.sign(claims, {"kid": "unknown"}))
    assert door.north.fetches == 1
    clock.forward(seconds=61)
    for _ in range(5):
        with pytest.raises(BadToken):
            launch(lambda claims: door.north.sign(claims, {"kid": "unknown"}))
    assert door.north.fetches == 2


def test_row_40_a_platform_that_is_down_is_not_asked_for_every_visitor(door, launch):
    door.north.answer = lambda: (503, b"")
    for _ in range(5):
        with pytest.raises(NoKeys):
            launch(door.north.sign)
    assert door.north.fetches == 1


def test_row_41_the_key_of_another_school_of_the_same_issuer(door, launch):
    door.launch()
    south = door.south
    url = door.login(platform=south).redirect_url
    assert door.open(south.launch_form(url, door.clock.now())).arrival.institution == "south"
    for kid in (south.kid, door.north.kid):
        with pytest.raises(BadToken):
            launch(lambda claims, kid=kid: door.north.sign(claims, {"kid": kid}, key=south.private))


def test_a_new_key_in_the_set_is_found_at_its_first_launch(door, launch, clock):
    launch(door.north.sign)
    clock.forward(minutes=5)
    door.north.private, door.north.kid = rsa_key("rotated"), "rotated"
    door.north.jwks["keys"].append(public_jwk(door.north.private, "rotated"))
    assert launch(door.north.sign).arrival.name == "Ana Ruiz"
    assert door.north.fetches == 2


def test_many_launches_cost_one_fetch_and_the_old_keys_outlast_a_breakdown(door, launch, clock):
    for _ in range(5):
        launch(door.north.sign)
    assert door.north.fetches == 1
    door.north.answer = lambda: (500, b"down")
    clock.forward(hours=5)
    for _ in range(5):
        assert launch(door.north.sign).arrival.name == "Ana Ruiz"
    assert door.north.fetches == 2


def test_an_emptied_key_set_takes_the_keys_back(door, launch, clock):
    launch(door.north.sign)
    door.north.jwks = {"keys": []}
    clock.forward(minutes=61)
    with pytest.raises(BadToken):
        launch(door.north.sign)


def test_old_keys_outlast_a_breakdown_of_hours_not_of_days(door, launch, clock):
    launch(door.north.sign)
    door.north.answer = lambda: (500, b"down")
    clock.forward(hours=23)
    launch(door.north.sign)
    clock.forward(hours=2)
    with pytest.raises(NoKeys):
        launch(door.north.sign)


def test_a_key_that_was_withdrawn_ends_with_the_hour(door, launch, clock):
    launch(door.north.sign)
    door.north.jwks = {"keys": [public_jwk(rsa_key("spare"), "spare")]}
    clock.forward(minutes=61)
    with pytest.raises(BadToken):
        launch(door.north.sign)
