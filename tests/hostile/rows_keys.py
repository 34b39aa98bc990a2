"""Rows 38 to 41: the platform's key set, and what it may not do to us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from hostile_case import Case, Outcome, Says
from hostile_stage import Scene, state_of

from coplink.testing.platform import public_jwk

REFUSED = Outcome.REFUSED
NO_KEY = "no usable key"


def published(what: str, log: str = NO_KEY, **changed: Any) -> Case:
    """Row 38: the right key, published in a way that says it is not for this."""

    def do(scene: Scene) -> requests.Response:
        # A sound key beside it: the set as such can be had.
        scene.north.publish(
            public_jwk(scene.north.private, "north", **changed), public_jwk(scene.north.rogue, "other")
        )
        return scene.launch()

    return Case("38", what, REFUSED, 401, do, Says.UNSOUND, log)


def of_another_kind(what: str, forge: Callable[[Scene, dict[str, Any]], str], log: str) -> Case:
    """Row 38: the platform publishes, and signs with, a key that nobody should believe."""

    def do(scene: Scene) -> requests.Response:
        address = scene.begin()
        forged = forge(scene, scene.claims(address))
        scene.north.jwks["keys"].append(public_jwk(scene.north.rogue, "other"))
        return scene.bring({"state": state_of(address), "id_token": forged})

    return Case("38", what, REFUSED, 401, do, Says.UNSOUND, log)


def answers(
    what: str, answer: Callable[[Scene], Callable[[], tuple[int, bytes]]], patience: float = 5.0
) -> Case:
    """Row 39: the key set cannot be had; and the error is not kept, the next launch is good again."""

    def do(scene: Scene) -> requests.Response:
        scene.stage.look_outside(patience)
        honest, scene.north.answer = scene.north.answer, answer(scene)
        refused = scene.launch()
        scene.north.answer = honest
        return refused

    how = "not remembered: the next launch, a moment later, is let in"
    return Case("39", what, REFUSED, 424, do, Says.NO_KEYS, "no key set", check=soon_good_again, how=how)


def soon_good_again(scene: Scene, answer: requests.Response) -> None:
    scene.clock.forward(seconds=3)
    assert scene.launch().status_code == 303


def after_a_good_launch(status: int, body: bytes) -> Callable[[Scene], requests.Response]:
    """Row 39 again, two hours after a launch that was good."""

    def do(scene: Scene) -> requests.Response:
        assert (
            scene.bring(scene.form(scene.begin(visitor=(other := scene.visitor()))), other).status_code == 303
        )
        scene.north.answer = scene.north.says(status, body)
        scene.clock.forward(hours=2)
        scene.mark()
        return scene.launch({"sub": "somebody-new"})

    return do


def flood(scene: Scene) -> requests.Response:
    """Twenty launches, each with a key id of its own."""
    scene.bring(scene.form(scene.begin(visitor=(other := scene.visitor()))), other)
    scene.mark()
    asked = scene.north.fetches
    for number in range(20):
        address = scene.begin()
        forged = scene.north.sign(scene.claims(address), {"kid": f"made-up-{number}"})
        answer = scene.bring({"state": state_of(address), "id_token": forged})
        assert answer.status_code == 401
        scene.clock.forward(seconds=1)
    assert scene.north.fetches - asked <= 1
    return answer


def published_twice(first: str, outcome: Outcome, status: int, says: Says, log: str) -> Case:
    """Two keys under one kid: the first counts, and nothing is guessed."""

    def do(scene: Scene) -> requests.Response:
        keys = {"the platform's": scene.north.private, "another": scene.north.rogue}
        second = next(name for name in keys if name != first)
        scene.north.publish(public_jwk(keys[first], "north"), public_jwk(keys[second], "north"))
        return scene.launch()

    what = f"two keys under one kid, {first} first"
    return Case("S3", what, outcome, status, do, says, log, how="the first of the key set counts")


def key_of_the_other_school(kid: str, log: str) -> Case:
    def do(scene: Scene) -> requests.Response:
        address = scene.begin()
        forged = scene.north.sign(scene.claims(address), {"kid": kid}, scene.south.private)
        return scene.bring({"state": state_of(address), "id_token": forged})

    what = f"the other school's key, under {'its own' if kid == 'south' else 'this school’s'} kid"
    return Case("41", what, REFUSED, 401, do, Says.UNSOUND, log)


CASES = [
    published("a key for encryption (use: enc)", use="enc"),
    published("a key that may not verify (key_ops)", key_ops=["encrypt"]),
    published("a key for another algorithm", alg="RS512"),
    published("a private key published by mistake", d="AQAB"),
    of_another_kind("an RSA key of 1024 bits", lambda s, c: s.north.by_weak_key(c), NO_KEY),
    of_another_kind("a key of a curve, signed as ES256", lambda s, c: s.north.by_curve_key(c), "alg is not"),
    answers("the key set answers 500", lambda s: s.north.says(500, b"{}")),
    answers("the key set answers 404", lambda s: s.north.says(404)),
    answers("the key set is a page", lambda s: s.north.says(200, b"<!doctype html><title>Sign in</title>")),
    answers("the key set is empty", lambda s: s.north.says(200, b'{"keys": []}')),
    answers("the key set has no body", lambda s: s.north.says(200)),
    answers("the key set is a redirect", lambda s: s.north.says(302)),
    answers("the key set is ten megabytes", lambda s: s.north.says(200, b" " * 10_000_000)),
    answers("the key set hangs", lambda s: s.north.says_nothing_for(1.5), 0.5),
    Case("39", "the key set answers 500 after a good launch", Outcome.ACCEPTED, 303,
         after_a_good_launch(500, b""), how="the keys known before stay good"),
    Case("39", "the key set is no JSON after a good launch", Outcome.ACCEPTED, 303,
         after_a_good_launch(200, b"<!doctype html>"), how="the keys known before stay good"),
    Case("39", "the key set was emptied after a good launch", REFUSED, 401,
         after_a_good_launch(200, b'{"keys": []}'), Says.UNSOUND, NO_KEY,
         how="the platform took its keys back, and is taken at its word"),
    Case("40", "twenty launches with invented kids", REFUSED, 401, flood, Says.UNSOUND, NO_KEY,
         how="at most one fetch a minute"),
    published_twice("the platform's", Outcome.ACCEPTED, 303, Says.NOTHING, ""),
    published_twice("another", REFUSED, 401, Says.UNSOUND, "signature"),
    key_of_the_other_school("south", NO_KEY),
    key_of_the_other_school("north", "signature"),
]  # fmt: skip
