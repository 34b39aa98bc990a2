"""Row 94: too much, and the same thing twice."""

from __future__ import annotations

from collections.abc import Callable

import requests
from hostile_case import Case, Outcome, Says
from hostile_stage import Scene

REFUSED = Outcome.REFUSED
TWICE = "is given twice"


def heavy(scene: Scene) -> requests.Response:
    return heard(lambda: scene.bring({**scene.form(scene.begin()), "more": "x" * 2_000_000}))


def heavy_login(scene: Scene) -> requests.Response:
    return heard(lambda: scene.ana.post("/lti/login", {**scene.north.login_form(), "more": "x" * 2_000_000}))


def heard(send: Callable[[], requests.Response]) -> requests.Response:
    """Whoever sends too much may find the line cut before the answer is read (RFC 9112, 9.6): then once more."""
    for _ in range(4):
        try:
            return send()
        except requests.ConnectionError:
            continue
    return send()


def long_token(scene: Scene) -> requests.Response:
    """A megabyte, soundly signed."""
    return scene.launch({"more": "x" * 1_000_000})


def many_fields(scene: Scene) -> requests.Response:
    form = [*scene.form(scene.begin()).items(), *((f"field-{n}", "x") for n in range(20_000))]
    return scene.bring(form)


def launch_twice(name: str, other: Callable[[str], str]) -> Callable[[Scene], requests.Response]:
    def do(scene: Scene) -> requests.Response:
        form = scene.form(scene.begin())
        return scene.bring([*form.items(), (name, other(form[name]))])

    return do


def login_twice(name: str, other: str) -> Callable[[Scene], requests.Response]:
    def do(scene: Scene) -> requests.Response:
        return scene.ana.post("/lti/login", [*scene.north.login_form().items(), (name, other)])

    return do


def login_twice_by_get(scene: Scene) -> requests.Response:
    return scene.ana.get(
        "/lti/login", params=[*scene.north.login_form().items(), ("iss", "https://x.example")]
    )


def query_and_form(scene: Scene) -> requests.Response:
    """The token in the form, another state in the address: only the form counts."""
    form = scene.form(scene.begin())
    return scene.ana.ask("POST", "/lti/launch", params={"state": form.pop("state")}, data=form)


CASES = [
    Case("94", "a launch of two megabytes", REFUSED, 413, heavy, Says.TOO_MUCH, "Request Entity Too Large"),
    Case("94", "a login of two megabytes", REFUSED, 413, heavy_login, Says.TOO_MUCH, "Request Entity Too"),
    Case("94", "a token of a megabyte, soundly signed", REFUSED, 401, long_token, Says.UNSOUND, "no proper form"),
    Case("94", "a launch with twenty thousand further fields", Outcome.ACCEPTED, 303, many_fields,
         how="what nobody asked for is not looked at"),
    Case("94", "an id_token twice", REFUSED, 400, launch_twice("id_token", str), Says.TWICE, TWICE),
    Case("94", "an id_token twice, the second forged", REFUSED, 400,
         launch_twice("id_token", lambda t: t[:-4]), Says.TWICE, TWICE),
    Case("94", "a state twice", REFUSED, 400, launch_twice("state", lambda s: "x" * 43), Says.TWICE, TWICE),
    Case("94", "a login with iss twice", REFUSED, 400, login_twice("iss", "https://x.example"), Says.TWICE,
         TWICE),
    Case("94", "a login with client_id twice", REFUSED, 400, login_twice("client_id", "client-south"),
         Says.TWICE, TWICE),
    Case("94", "a login by GET with iss twice", REFUSED, 400, login_twice_by_get, Says.TWICE, TWICE),
    Case("94", "a state in the address instead of the form", REFUSED, 401, query_and_form, Says.LOST,
         "state is missing"),
]  # fmt: skip
