"""Row 92: a platform registers coplink by itself, and lies, or aims coplink at somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import requests
from hostile_case import Case, Outcome, Says
from hostile_stage import Scene
from hostile_world import NEWCOMER
from werkzeug.wrappers import Request, Response

from coplink.engine import platforms
from coplink.lti.sandbox.registering import MeanSite
from coplink.ports.records import RegistrationState

REFUSED, HANDLED = Outcome.REFUSED, Outcome.HANDLED
SITE = f"https://{NEWCOMER}"
STRANGE, UNUSABLE = Says.STRANGE_SITE, Says.UNUSABLE


@cache
def the_site() -> MeanSite:
    return MeanSite(SITE, lambda: 0.0)


class Registering:
    """An invitation of the north, and a platform that was given it."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.site = scene, the_site()
        self.site.clock = scene.clock
        for kept in (self.site.change, self.site.says, self.site.raw, self.site.registered, self.site.seen):
            kept.clear()
        scene.stage.newcomer.app = self.site
        self.north = scene.registration(scene.north).institution
        with scene.services.begin() as uow:
            token = platforms.invite(uow, self.north, scene.clock.now()).token
            uow.commit()
        self.told = {"invitation": token, **self.site.invite()}
        scene.sent += [token, self.told["registration_token"]]
        scene.mark()

    def press(self, **changes: str) -> requests.Response:
        """The page's one button."""
        return self.scene.ana.post("/lti/register", {**self.told, **changes}, headers=OURS)


OURS = {"Origin": "https://coplink.example", "Sec-Fetch-Site": "same-origin"}
Do = Callable[[Registering], requests.Response]


def case(
    what: str, do: Do, says: Says, log: str, status: int = 400, quiet: bool = True, how: str = ""
) -> Case:
    """``quiet``: nobody may have been asked anything."""

    def check(scene: Scene, answer: requests.Response) -> None:
        if quiet:
            assert the_site().seen == []

    return Case(
        "92", what, REFUSED, status, lambda scene: do(Registering(scene)), says, log, check=check, how=how
    )


def aimed(what: str, address: str, says: Says = UNUSABLE, log: str = "configuration: GET") -> Case:
    return case(what, lambda one: one.press(openid_configuration=address), says, log)


def leads_inside(one: Registering) -> requests.Response:
    one.scene.stage.world.point("inside.example", "192.168.1.1")
    return one.press(openid_configuration="https://inside.example/configuration")


def changed(what: str, log: str, says: Says = STRANGE, **change: Any) -> Case:
    """The platform's own description says something else."""

    def do(one: Registering) -> requests.Response:
        one.site.change.update(change)
        answer = one.press()
        assert [request.method for request in one.site.seen] == ["GET"]
        return answer

    return case(what, do, says, log, quiet=False)


def raw(what: str, part: str, answer: Callable[[Request], Response], says: Says, log: str) -> Case:
    def do(one: Registering) -> requests.Response:
        one.site.raw[part] = answer
        return one.press()

    return case(what, do, says, log, quiet=False)


def without_client_id(one: Registering) -> requests.Response:
    one.site.says["client_id"] = None
    return one.press()


def of_the_other_school(one: Registering) -> requests.Response:
    """The platform answers with a client id that the other school has at this issuer."""
    scene = one.scene
    theirs = scene.south.registration("reg-theirs", scene.registration(scene.south).institution)
    scene.put(replace(theirs, issuer=SITE, client_id="client-1"))
    scene.mark()
    return one.press()


def replayed(one: Registering) -> requests.Response:
    assert one.press().status_code == 200
    one.scene.mark()
    one.site.seen.clear()
    return one.press()


def withdrawn(one: Registering) -> requests.Response:
    one.scene.clock.forward(days=8)
    return one.press()


def foreign(one: Registering) -> requests.Response:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    return one.scene.ana.post("/lti/register", one.told, headers=headers)


def honest(scene: Scene) -> requests.Response:
    return Registering(scene).press()


def pending(scene: Scene, answer: requests.Response) -> None:
    """One registration more, which lets nobody in."""
    with scene.services.begin() as uow:
        [made] = uow.platforms.find(SITE, None)
    assert made.state is RegistrationState.PENDING
    assert made.institution == scene.registration(scene.north).institution
    login = scene.north.login_form({"iss": SITE, "client_id": made.client_id, "lti_deployment_id": None})
    assert scene.ana.post("/lti/login", login).status_code == 403


CASES = [
    aimed("a configuration at a private address", "https://10.0.0.7/configuration"),
    aimed("a configuration on this machine", "https://127.0.0.1/configuration"),
    aimed("a configuration on this machine, in one number", "https://2130706433/configuration"),
    aimed("a configuration at the instance data", "https://169.254.169.254/latest/meta-data/"),
    case("a name that leads to a private address", leads_inside, UNUSABLE, "configuration: GET"),
    aimed("a configuration without encryption", f"http://{NEWCOMER}/configuration", Says.NOT_HTTPS,
          "openid_configuration"),
    raw("a configuration that redirects", "configuration",
        lambda request: Response("", 302, {"Location": "https://coplink.example/"}), Says.NOT_SHOWN, "302"),
    raw("a configuration of a megabyte", "configuration", lambda request: Response(b" " * 1_000_000),
        Says.TOO_MUCH_SENT, "bytes"),
    changed("an issuer on another host than its configuration", "names the issuer", issuer="https://x.example"),
    changed("an issuer without encryption", "issuer is no web address", issuer=f"http://{NEWCOMER}"),
    changed("tokens to be had elsewhere", "token_endpoint is on", token_endpoint="https://evil.example/token"),
    changed("keys to be had elsewhere", "jwks_uri is on", jwks_uri="https://evil.example/jwks"),
    changed("a registration to be sent elsewhere", "registration_endpoint is on",
            registration_endpoint="https://evil.example/registrations"),
    case("a client id that another school has at this issuer", of_the_other_school, Says.ANOTHERS,
         "belongs to south", 403, quiet=False),
    case("no registration token", lambda one: one.press(registration_token=""), Says.NO_TOKEN,
         "registration_token is missing"),
    case("an answer without client_id", without_client_id, Says.ODD_ANSWER, "no client_id", quiet=False),
    case("the form sent again", replayed, Says.USED_UP, "has been used"),
    case("an invented invitation", lambda one: one.press(invitation="x" * 43), Says.USED_UP, "has been used"),
    case("an invitation of last week", withdrawn, Says.USED_UP, "has been used"),
    case("the form sent by a foreign page", foreign, Says.FOREIGN, "refused form", 403),
    Case("92", "an honest registration", HANDLED, 200, honest, check=pending,
         how="kept as pending: nobody comes in before a person approves it"),
]  # fmt: skip
