"""Rows 27 to 37: the form of a token, its header and its signature (S3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import requests
from hostile_case import Case, Outcome, Says
from hostile_stage import Scene, state_of

from coplink.testing.mean_platform import encoded
from coplink.testing.platform import public_jwk

REFUSED = Outcome.REFUSED
Forge = Callable[[Scene, dict[str, Any]], str]


def token(number: str, what: str, forge: Forge, log: str, says: Says = Says.UNSOUND) -> Case:
    """A launch whose token is made by ``forge`` from honest claims."""

    def do(scene: Scene) -> requests.Response:
        address = scene.begin()
        return scene.bring({"state": state_of(address), "id_token": forge(scene, scene.claims(address))})

    return Case(number, what, REFUSED, 401, do, says, log)


def signed(
    number: str, what: str, log: str, *, key: str = "", algorithm: str = "RS256", **header: Any
) -> Case:
    """Signed by another key or in another way, with header values of its own."""

    def forge(scene: Scene, claims: dict[str, Any]) -> str:
        private = getattr(scene.north, key) if key else scene.north.private
        return scene.north.sign(claims, header, private, algorithm)

    return token(number, what, forge, log)


def header(number: str, what: str, text: str, log: str) -> Case:
    """Properly signed, over a header that is any text."""
    return token(number, what, lambda s, claims: s.north.with_header(claims, text), log)


def without_token(scene: Scene) -> requests.Response:
    return scene.bring({"state": state_of(scene.begin())})


def carried(what: str, name: str, value: Callable[[Scene], Any], kid: str | None = "north") -> Case:
    """Row 37: the header brings the attacker's key, or says where to fetch it; nobody may look."""

    def do(scene: Scene) -> requests.Response:
        address = scene.begin()
        forged = scene.north.sign(scene.claims(address), {name: value(scene), "kid": kid}, scene.north.rogue)
        return scene.bring({"state": state_of(address), "id_token": forged})

    log = "signature" if kid == "north" else "no usable key"
    return Case("37", what, REFUSED, 401, do, Says.UNSOUND, log, check=nobody_looked)


def nobody_looked(scene: Scene, answer: requests.Response) -> None:
    assert not scene.south.asked
    assert set(scene.north.asked) <= {"/jwks"}


def hers(scene: Scene) -> dict[str, Any]:
    return public_jwk(scene.north.rogue, "rogue")


def theirs(scene: Scene) -> str:
    return f"{scene.south.url}/keys"


def shape(what: str, text: str | Forge, log: str = "no proper form") -> Case:
    return token("28", what, text if callable(text) else lambda *_: text, log)


def payload(what: str, text: str, log: str = "no proper JSON") -> Case:
    return token("28", what, lambda scene, _: scene.north.sign_text(text), log)


def cut(parts: int) -> Forge:
    return lambda scene, claims: ".".join((scene.north.sign(claims).split(".") * 2)[:parts])


def none(spelled: str) -> Case:
    log = "alg is not RS256"
    return token("30", f"alg: {spelled}, no signature", lambda s, c: s.north.unsigned(c, spelled), log)


NAME_ONLY = json.dumps({"name": "badltilaunch"})

CASES = [
    Case("27", "no id_token", REFUSED, 401, without_token, Says.UNSOUND, "id_token is missing"),
    token("27", "an empty id_token", lambda *_: "", "id_token is missing"),
    shape("a token of two parts", cut(2)),
    shape("a token of four parts", cut(4)),
    shape("three parts that are not base64", "!!!.###.$$$", "header"),
    shape("a header that is no JSON", f"{encoded(b'no')}.{encoded(b'{}')}.{encoded(b'x')}", "header"),
    shape("a header that is a list", f"{encoded(b'[1]')}.{encoded(b'{}')}.{encoded(b'x')}", "header"),
    shape("dots and nothing between", "..", "header"),
    shape("letters outside ASCII", "\u00e4.\u00f6.\u00fc"),
    payload("a payload that is no JSON", "no json"),
    payload("a payload that is a list", "[1]", "no object"),
    payload("a payload with a claim twice", '{"iss": "a", "iss": "b"}'),
    payload("a payload with NaN", '{"exp": NaN}'),
    payload("a payload fifty thousand levels deep", "[" * 50_000),
    token("29", "a token that is no LTI message", lambda s, _: s.north.sign_text(NAME_ONLY), "iss"),
    none("none"), none("None"), none("NONE"), none("nOnE"), none(""),
    token("31", "HS256 keyed with the public key", lambda s, c: s.north.keyed_with_public(c), "alg"),
    signed("32", "signed as RS512", "alg is not RS256", algorithm="RS512"),
    signed("32", "signed as RS384", "alg is not RS256", algorithm="RS384"),
    signed("32", "signed as PS256", "alg is not RS256", algorithm="PS256"),
    header("32", "RS256 in lower case", '{"alg": "rs256", "kid": "north"}', "alg is not RS256"),
    header("32", "an alg that is a list", '{"alg": ["RS256"], "kid": "north"}', "alg is not RS256"),
    header("32", "no alg", '{"kid": "north"}', "alg is not RS256"),
    header("32", "an alg twice", '{"alg": "none", "alg": "RS256", "kid": "north"}', "header"),
    token("33", "a payload altered after signing", lambda s, c: s.north.altered(c, {"sub": "eve"}), "signature"),
    token("33", "a signature without its last letters", lambda s, c: s.north.sign(c)[:-8], "signature"),
    token("33", "an empty signature", lambda s, c: s.north.sign(c).rpartition(".")[0] + ".", "signature"),
    signed("34", "another key under the right kid", "signature", key="rogue"),
    signed("35", "no kid", "kid is missing", kid=None),
    signed("35", "an empty kid", "kid is missing", kid=""),
    header("35", "a kid that is a number", '{"alg": "RS256", "kid": 7}', "kid is missing"),
    header("35", "a kid that is a list", '{"alg": "RS256", "kid": ["north"]}', "kid is missing"),
    signed("36", "an unknown kid", "no usable key", kid="unknown"),
    signed("36", "a kid that is a path", "no usable key", kid="../../../etc/passwd"),
    signed("36", "a kid that is SQL", "no usable key", kid="' OR 1=1 --"),
    signed("36", "a kid of 60,000 letters", "no usable key", kid="x" * 60_000),
    carried("the attacker's key in the header, under the right kid", "jwk", hers),
    carried("the attacker's key in the header, under its own kid", "jwk", hers, "rogue"),
    carried("the address of the attacker's keys (jku), under the right kid", "jku", theirs),
    carried("the address of the attacker's keys (jku), under its own kid", "jku", theirs, "rogue"),
    carried("the address of the attacker's certificate (x5u)", "x5u", theirs, "rogue"),
    carried("the attacker's certificate (x5c)", "x5c", lambda _: ["AAAA"], "rogue"),
    signed("S3", "a header that demands an extension (crit)", "crit", crit=["b64"], b64=False),
    header("S3", "an extension that leaves the payload plain (b64)",
           '{"alg": "RS256", "kid": "north", "crit": ["b64"], "b64": false}', "crit"),
    token("S3", "an encrypted token, in five parts", lambda s, c: s.north.sealed(c), "no proper form"),
    token("S3", "a token inside a token", lambda s, c: s.north.sign_text(s.north.sign(c)), "no proper JSON"),
]  # fmt: skip
