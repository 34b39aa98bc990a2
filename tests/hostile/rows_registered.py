"""Rows 42 to 59: the claims that every OpenID token carries."""

from __future__ import annotations

import requests
from hostile_case import Case, Outcome, Says, at, claims_refused
from hostile_stage import Scene

HERE, OTHER, NOBODY = "client-north", "client-south", "client-of-nobody"
DAY, YEAR = 86_400, 31_536_000
LATE = Says.LATE


def of_the_other_school(scene: Scene) -> requests.Response:
    """Row 55: a login of this school, a launch of the other one, sound in itself."""
    return scene.bring(scene.form(scene.begin(), platform=scene.south))


def of_the_other_school_signed_here(scene: Scene) -> requests.Response:
    """Row 55: a key that serves both schools signs for the other client."""
    return scene.launch({"aud": OTHER, "azp": OTHER})


def issuer(what: str, change) -> Case:
    return claims_refused("48", what, {"iss": lambda scene: change(scene.issuer)}, "iss is not")


CASES = [
    claims_refused("42", "no exp", {"exp": None}, "iat or exp is missing"),
    claims_refused("43", "an exp of a minute and a second ago", {"exp": at(-61)}, "exp is past", LATE),
    claims_refused("43", "an exp of yesterday", {"exp": at(-DAY), "iat": at(-DAY - 60)}, "exp is past", LATE),
    claims_refused("44", "an exp in ten years", {"exp": at(10 * YEAR)}, "exp is too far ahead"),
    claims_refused("44", "an exp beyond all times", {"exp": 1e300}, "exp is no time"),
    claims_refused("45", "no iat", {"iat": None}, "iat or exp is missing"),
    claims_refused("46", "an iat of two days ago, exp ahead", {"iat": at(-2 * DAY)}, "too long ago", LATE),
    claims_refused("46", "an iat of six minutes ago", {"iat": at(-361)}, "iat is too long ago", LATE),
    claims_refused("47", "an iat two minutes ahead", {"iat": at(120)}, "in the future", LATE),
    claims_refused("47", "an nbf two minutes ahead", {"nbf": at(120)}, "in the future", LATE),
    claims_refused("47", "an iat that is a text", {"iat": lambda s: str(int(s.clock()))}, "iat is no time"),
    claims_refused("47", "an exp that is true", {"exp": True}, "exp is no time"),
    claims_refused("48", "no iss", {"iss": None}, "iss is not"),
    issuer("another iss", lambda issuer: "https://x.example"),
    issuer("the iss with a slash at its end", lambda issuer: issuer + "/"),
    issuer("the iss without encryption", lambda issuer: issuer.replace("https:", "http:")),
    issuer("the iss in capitals", str.upper),
    issuer("an iss that is a list", lambda issuer: [issuer]),
    claims_refused("49", "no aud", {"aud": None}, "aud is missing"),
    claims_refused("49", "an empty aud", {"aud": ""}, "aud does not name us"),
    claims_refused("49", "an aud that is an empty list", {"aud": []}, "aud does not name us"),
    claims_refused("49", "an aud that is an object", {"aud": {HERE: True}}, "aud is missing or no text"),
    claims_refused("50", "an unknown aud", {"aud": NOBODY, "azp": None}, "aud does not name us"),
    claims_refused("51", "an aud list without us", {"aud": [NOBODY, OTHER], "azp": None}, "does not name us"),
    claims_refused("51", "an aud list with a number in it", {"aud": [HERE, 7]}, "aud is missing or no text"),
    claims_refused("52", "an aud list with us, no azp", {"aud": [HERE, NOBODY], "azp": None}, "azp nobody"),
    claims_refused("53", "an aud list with us, azp another", {"aud": [HERE, NOBODY], "azp": NOBODY}, "azp is"),
    claims_refused("54", "aud us, azp somebody else", {"azp": NOBODY}, "azp is somebody else"),
    claims_refused("54", "aud us, an azp that is a list", {"azp": [HERE]}, "azp is somebody else"),
    claims_refused("54", "aud us, an empty azp", {"azp": ""}, "azp is somebody else"),
    Case("55", "a launch of the other school on a login of this one", Outcome.REFUSED, 401,
         of_the_other_school, Says.UNSOUND, "no usable key"),
    Case("55", "the same, signed by a key of this school", Outcome.REFUSED, 401,
         of_the_other_school_signed_here, Says.UNSOUND, "aud does not name us"),
    claims_refused("56", "no sub: nobody is signed in", {"sub": None}, "sub is missing", Says.WHO),
    claims_refused("57", "an empty sub", {"sub": ""}, "sub is empty"),
    claims_refused("58", "a sub that is a number", {"sub": 7}, "sub is no str"),
    claims_refused("58", "a sub that is a list", {"sub": ["ana"]}, "sub is no str"),
    claims_refused("59", "a sub of 256 letters", {"sub": "x" * 256}, "sub is no proper id"),
    claims_refused("59", "a sub outside ASCII", {"sub": "\u00fcnser"}, "sub is no proper id"),
    claims_refused("59", "a sub with a null in it", {"sub": "a\x00b"}, "sub is no proper id"),
]  # fmt: skip
