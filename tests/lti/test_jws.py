"""One form of a token and no other: what another reader might read differently is refused before any key is used."""

from __future__ import annotations

import base64
import json

import pytest

from coplink.core.errors import BadToken
from coplink.lti import jws
from coplink.testing.platform import LmsPlatform

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def platform():
    return LmsPlatform()


@pytest.fixture(scope="module")
def token(platform):
    return platform.sign({"sub": "ana", "text": "ñ"})


def read(token, platform):
    return jws.read(token).claims(platform.private.public_key())


def with_header(token, header):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return f"{b64(raw)}.{token.split('.', 1)[1]}"


def test_an_honest_token_says_what_was_signed(token, platform):
    assert jws.read(token).kid == "kid-1"
    assert read(token, platform) == {"sub": "ana", "text": "ñ"}


def test_no_other_letters_stand_for_the_same_token(token, platform):
    """Stray bits at the end of a part would be one token in many spellings."""
    for which in range(3):
        parts = token.split(".")
        part = parts[which]
        for letter in ALPHABET.replace(part[-1], ""):
            parts[which] = part[:-1] + letter
            with pytest.raises(BadToken):
                read(".".join(parts), platform)


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("stray", ["=", "==", "\n", " ", "+", "/", "!", "\x00"])
def test_padding_blanks_and_the_other_alphabet_are_refused(token, which, stray):
    for where in (0, 7, None):
        parts = token.split(".")
        at = len(parts[which]) if where is None else where
        parts[which] = parts[which][:at] + stray + parts[which][at:]
        with pytest.raises(BadToken):
            jws.read(".".join(parts))


@pytest.mark.parametrize(
    "form",
    ["", ".", "..", "a.b", "a.b.c.d", "a..c", ".b.c", "ñ.b.c", "A.AAAA.AAAA", "x" * (jws.LONGEST_TOKEN + 1)],
)
def test_anything_that_is_no_token_is_refused(form):
    with pytest.raises(BadToken):
        jws.read(form)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub":"ana","sub":"bo"}',
        b'{"a":{"b":[{"c":1,"c":1}]}}',
        b'{"exp":NaN}',
        b'{"exp":-Infinity}',
        b'{"exp":' + b"9" * 5000 + b"}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"[]",
        b'"text"',
        b"null",
        b"",
        b'{"a":1} {"b":2}',
        b'{"a":1,}',
        b"{'a':1}",
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\x00"}',
    ],
)
def test_a_payload_that_is_not_one_plain_object_is_refused_although_it_is_signed(platform, payload):
    header = {"alg": "RS256", "kid": "kid-1"}
    signed = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    token = f"{signed}.{b64(_signature(platform, signed))}"
    with pytest.raises(BadToken):
        read(token, platform)


def test_half_a_sign_is_read_as_what_it_is_and_large_numbers_too(platform):
    """Legal JSON; whoever uses such a text or number judges it."""
    header = b64(b'{"alg":"RS256","kid":"kid-1"}')
    payload = rb'{"name":"\ud800","n":123456789012345678901234567890,"e":1e400}'
    signed = f"{header}.{b64(payload)}"
    values = read(f"{signed}.{b64(_signature(platform, signed))}", platform)
    assert values == {"name": "\ud800", "n": 123456789012345678901234567890, "e": float("inf")}


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "kid-1"},
        {"alg": "HS256", "kid": "kid-1"},
        {"alg": "rs256", "kid": "kid-1"},
        {"alg": ["RS256"], "kid": "kid-1"},
        {"kid": "kid-1"},
        {"alg": "RS256"},
        {"alg": "RS256", "kid": ""},
        {"alg": "RS256", "kid": 1},
        {"alg": "RS256", "kid": "kid-1", "crit": ["exp"]},
        {"alg": "RS256", "kid": "kid-1", "b64": False},
        b'{"alg":"none","alg":"RS256","kid":"kid-1"}',
        b'{"alg":"RS256","kid":"kid-1","kid":"kid-2"}',
        b"[]",
    ],
)
def test_a_header_that_asks_for_anything_else_is_refused(token, header):
    with pytest.raises(BadToken):
        jws.read(with_header(token, header))


def test_the_header_is_signed_as_it_was_sent(token, platform):
    spaced = with_header(token, b'{ "alg": "RS256", "typ": "JWT", "kid": "kid-1" }')
    assert jws.read(spaced).kid == "kid-1"
    with pytest.raises(BadToken):
        read(spaced, platform)


def _signature(platform, signed):
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return platform.private.sign(signed.encode(), PKCS1v15(), SHA256())
