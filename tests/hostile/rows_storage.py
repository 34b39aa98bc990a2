"""Row 26: a browser without cookies, and a platform that keeps the state for it."""

from __future__ import annotations

from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy

import requests
from bs4 import BeautifulSoup
from hostile_case import Case, Outcome, Says, elsewhere
from hostile_stage import Scene, Visitor, state_of

REFUSED, HANDLED = Outcome.REFUSED, Outcome.HANDLED
LOST = Says.LOST
FRAME = {"lti_storage_target": "post_message_forwarding"}
OURS = {"Origin": "https://coplink.example", "Sec-Fetch-Site": "same-origin"}
BROWSER = "tests/browser/test_platform_storage.py"


class Page:
    """A launch that is verified and held: what the page knows, and what the platform kept."""

    def __init__(self, scene: Scene) -> None:
        scene.ana.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.scene = scene
        before = self._told(scene.knock(FRAME))
        self.kept, self.asks = before["data-value"], before["data-origin"]
        form = scene.form(before["data-onwards"])
        self.held = scene.bring(form)
        self.code = self._told(self.held)["data-code"]
        scene.sent += [self.kept, self.code]
        scene.mark()

    def _told(self, page: requests.Response) -> dict[str, str]:
        assert page.status_code == 200, page.text
        card = BeautifulSoup(page.text, "html.parser").select_one("[data-ask]")
        assert card is not None, page.text
        return {name: str(value) for name, value in card.attrs.items()}

    def show(self, **form: str) -> requests.Response:
        return self.scene.ana.post("/lti/held", form, headers=OURS)


def shows(make: Callable[[Page], dict[str, str]]) -> Callable[[Scene], requests.Response]:
    def do(scene: Scene) -> requests.Response:
        page = Page(scene)
        return page.show(**make(page))

    return do


def twice(scene: Scene) -> requests.Response:
    page = Page(scene)
    assert page.show(code=page.code, state=page.kept).status_code in (200, 204, 303)
    scene.mark()
    return page.show(code=page.code, state=page.kept)


def after_a_wrong_one(scene: Scene) -> requests.Response:
    page = Page(scene)
    assert page.show(code=page.code, state="x" * 43).status_code == 401
    scene.mark()
    return page.show(code=page.code, state=page.kept)


def too_late(scene: Scene) -> requests.Response:
    page = Page(scene)
    scene.clock.forward(seconds=61)
    return page.show(code=page.code, state=page.kept)


def by_a_foreign_page(scene: Scene) -> requests.Response:
    page = Page(scene)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    return scene.ana.post("/lti/held", {"code": page.code, "state": page.kept}, headers=foreign)


def another_browser_with_cookies(scene: Scene) -> requests.Response:
    """The login began in a browser without cookies; another one, which has ours, ends it."""
    other = scene.visitor()
    other.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    page = BeautifulSoup(scene.knock(FRAME, visitor=other).text, "html.parser").select_one("[data-ask]")
    assert page is not None
    scene.begin()  # Ana's browser has a name of its own
    scene.mark()
    return scene.bring(scene.form(str(page["data-onwards"])))


def the_state_as_code(scene: Scene) -> requests.Response:
    """A state opens no held launch, and a login under way is not one."""
    address = scene.begin()
    scene.mark()
    return scene.ana.post("/lti/held", {"code": state_of(address), "state": state_of(address)}, headers=OURS)


def honest(scene: Scene) -> requests.Response:
    page = Page(scene)
    assert page.asks == scene.issuer
    return page.show(code=page.code, state=page.kept)


def in_the_page(scene: Scene, answer: requests.Response) -> None:
    """The session lives in the page: its secret is in a header, never in an address or a cookie."""
    secret = answer.headers["X-Coplink-Session"]
    assert secret not in answer.url + answer.headers.get("Location", "") + answer.headers.get(
        "X-Coplink-Go", ""
    )
    assert not scene.ana.cookie()
    visitor: Visitor = scene.ana
    assert "Ana Ruiz" in visitor.get("/me", headers={"X-Coplink-Session": secret}).text
    assert "Ana Ruiz" not in visitor.get("/me").text


CASES = [
    Case("26", "the platform gives another state back", REFUSED, 401,
         shows(lambda page: {"code": page.code, "state": "x" * 43}), LOST, "another state or none"),
    Case("26", "the platform gives null back", REFUSED, 401,
         shows(lambda page: {"code": page.code, "state": ""}), LOST, "another state or none"),
    Case("26", "the page sends no state at all", REFUSED, 401,
         shows(lambda page: {"code": page.code}), LOST, "another state or none"),
    Case("26", "an invented code", REFUSED, 401,
         shows(lambda page: {"code": "x" * 43, "state": page.kept}), LOST, "unknown or old"),
    Case("26", "a state as code", REFUSED, 401, the_state_as_code, LOST, "unknown or old"),
    Case("26", "the same code twice", REFUSED, 401, twice, LOST, "unknown or old"),
    Case("26", "the right state after a wrong one", REFUSED, 401, after_a_wrong_one, LOST, "unknown or old"),
    Case("26", "the right state after a minute", REFUSED, 401, too_late, LOST, "unknown or old"),
    Case("26", "the right state, sent by a foreign page", REFUSED, 403, by_a_foreign_page, Says.FOREIGN,
         "refused form"),
    Case("26", "ended by another browser that has a cookie of ours", REFUSED, 401, another_browser_with_cookies,
         LOST, "another browser"),
    Case("26", "the right state, from the registered origin", HANDLED, 200, honest, check=in_the_page,
         how="let in; the session lives in the page, no cookie is set"),
    elsewhere("26", "the right state from another origin, or under another message_id", HANDLED,
              "the page does not hear it; after four seconds it offers a tab of its own",
              f"{BROWSER}::test_reading_back_noise_and_the_right_state_of_another_origin_are_not_heard"),
    elsewhere("26", "no answer ever", HANDLED, "after four seconds the page offers a tab of its own",
              f"{BROWSER}::test_keeping_noise_of_all_kinds_and_a_right_answer_of_another_origin_are_not_heard"),
]  # fmt: skip
