"""Rows 12 to 25: state, nonce and replay."""

from __future__ import annotations

import threading

import requests
from hostile_case import Case, Outcome, Says, claims_refused
from hostile_stage import Scene, Visitor, state_of

REFUSED, HANDLED = Outcome.REFUSED, Outcome.HANDLED
LOST, UNSOUND = Says.LOST, Says.UNSOUND
TRIES = 50


def without_state(scene: Scene):
    form = scene.form(scene.begin())
    del form["state"]
    return scene.bring(form)


def with_state(state: str):
    return lambda scene: scene.bring({**scene.form(scene.begin()), "state": state})


def of_another_browser(scene: Scene):
    """Somebody begins a login in their own browser and makes Ana's browser end it."""
    attacker = scene.visitor()
    attacker.get("/sign-in")
    scene.ana.get("/sign-in")
    form = scene.form(scene.begin(visitor=attacker))
    scene.knock()  # Ana's browser has a name of its own
    return scene.bring(form)


def from_a_foreign_page(scene: Scene):
    """The same from a page of the attacker's, in a browser that coplink has never seen."""
    form = scene.form(scene.begin(visitor=scene.visitor()))
    return scene.bring(form, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})


def too_late(scene: Scene):
    address = scene.begin()
    scene.clock.forward(minutes=5, seconds=1)
    return scene.bring(scene.form(address))


def again(**later: float):
    def do(scene: Scene):
        form = scene.form(scene.begin())
        assert scene.bring(form).status_code == 303
        scene.mark()
        scene.clock.forward(**later)
        return scene.bring(form)

    return do


def stolen_before_use(scene: Scene):
    """Somebody copies the form on its way and is faster than Ana."""
    form = scene.form(scene.begin())
    thief = scene.visitor()
    scene.begin(visitor=thief)
    answer = scene.bring(form, visitor=thief)
    assert not thief.cookie()
    return answer


def stolen_after_use(scene: Scene):
    form = scene.form(scene.begin())
    assert scene.bring(form).status_code == 303
    scene.mark()
    thief = scene.visitor()
    scene.begin(visitor=thief)
    answer = scene.bring(form, visitor=thief)
    assert not thief.cookie()
    return answer


def nonce_used_before(scene: Scene):
    first = scene.begin()
    assert scene.bring(scene.form(first)).status_code == 303
    scene.mark()
    return scene.bring({**scene.form(first), "state": state_of(scene.begin())})


def nonce_of_another_login(scene: Scene):
    first, second = scene.begin(), scene.begin()
    return scene.bring({**scene.form(first), "state": state_of(second)})


def nonce_of_another_browser(scene: Scene):
    theirs = scene.begin(visitor=scene.visitor())
    return scene.bring({**scene.form(theirs), "state": state_of(scene.begin())})


def at_once(scene: Scene):
    """One launch, posted fifty times at the same moment; the answer that let somebody in."""
    form = scene.form(scene.begin())
    start, answers = threading.Barrier(TRIES), []

    def post() -> None:
        same_browser = Visitor(scene.stage)
        same_browser.session.cookies.update(scene.ana.session.cookies)
        start.wait()
        answers.append(scene.bring(form, visitor=same_browser))

    threads = [threading.Thread(target=post) for _ in range(TRIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * (TRIES - 1)
    return next(answer for answer in answers if answer.status_code == 303)


def one_came(scene: Scene, answer: requests.Response) -> None:
    assert scene.grown()["sessions"] == 1
    assert scene.grown()["people"] == 1


def planted(scene: Scene) -> requests.Response:
    """S20: somebody puts the cookies of their own session into Ana's browser before she comes."""
    attacker = scene.visitor()
    address = scene.begin(visitor=attacker)
    assert (
        scene.bring(scene.form(address, {"sub": "subject-of-eve", "name": "Eve"}), attacker).status_code
        == 303
    )
    scene.ana.session.cookies.update(attacker.session.cookies)
    scene.mark()
    answer = scene.launch()
    assert scene.ana.cookie() != attacker.cookie()
    assert "Ana Ruiz" in scene.ana.get("/me").text
    assert "Ana Ruiz" not in attacker.get("/me").text
    return answer


def invented_session(scene: Scene) -> requests.Response:
    """S20: a session id made up by somebody does not become a session by the launch."""
    made_up = "m" * 43
    scene.ana.session.cookies.set("__Host-coplink", made_up, domain="coplink.example", path="/", secure=True)
    scene.mark()
    answer = scene.launch()
    assert scene.ana.cookie() != made_up
    return answer


def new_secret(scene: Scene, answer: requests.Response) -> None:
    assert scene.ana.cookie() != scene.cookie_before


def by_get(scene: Scene):
    return scene.ana.get("/lti/launch", params=scene.form(scene.begin()))


def platform_error(code: str, **more: str):
    def do(scene: Scene):
        said = {"error": code, "error_description": "<script>alert(1)</script>", **more}
        return scene.bring({"state": state_of(scene.begin()), **said})

    return do


def error(code: str, says: Says, what: str = "") -> Case:
    what = what or f"the platform answers with the error {code}"
    return Case("25", what, REFUSED, 400, platform_error(code), says, f"platform: '{code}'", check=quiet)


def quiet(scene: Scene, answer: requests.Response) -> None:
    assert "alert(1)" not in answer.text


CASES = [
    Case("12", "no state", REFUSED, 401, without_state, LOST, "state is missing"),
    Case("12", "an empty state", REFUSED, 401, with_state(""), LOST, "state is missing"),
    Case("13", "an invented state", REFUSED, 401, with_state("x" * 43), LOST, "unknown, used or expired"),
    Case("13", "a state without end", REFUSED, 401, with_state("x" * 5000), LOST, "no proper form"),
    Case("13", "a state of odd letters", REFUSED, 401, with_state("\u00fc\x00'--"), LOST, "no proper form"),
    Case("14", "a state of another browser", REFUSED, 401, of_another_browser, LOST, "another browser"),
    Case("14", "the same, posted by a foreign page", REFUSED, 401, from_a_foreign_page, LOST, "another brow"),
    Case("15", "a login of more than five minutes ago", REFUSED, 401, too_late, LOST, "expired"),
    Case("16", "the same post at once again", REFUSED, 401, again(), LOST, "used or expired"),
    Case("16", "the same post 11 seconds later", REFUSED, 401, again(seconds=11), LOST, "used or expired"),
    Case("16", "the same post an hour later", REFUSED, 401, again(hours=1), LOST, "used or expired"),
    Case("17", "somebody else's browser posts first", REFUSED, 401, stolen_before_use, LOST, "another browser"),
    Case("17", "somebody else's browser posts it again", REFUSED, 401, stolen_after_use, LOST, "used or exp"),
    Case("18", "a used nonce under a new state", REFUSED, 401, nonce_used_before, UNSOUND, "nonce"),
    Case("19", "the nonce of another login", REFUSED, 401, nonce_of_another_login, UNSOUND, "nonce"),
    Case("20", "the nonce of another browser", REFUSED, 401, nonce_of_another_browser, UNSOUND, "nonce"),
    claims_refused("21", "no nonce", {"nonce": None}, "nonce"),
    claims_refused("21", "an empty nonce", {"nonce": ""}, "nonce"),
    claims_refused("22", "an unknown nonce", {"nonce": "x" * 43}, "nonce"),
    claims_refused("22", "a nonce that is a list", {"nonce": ["x"]}, "nonce"),
    Case("23", "fifty posts of one launch at the same moment", HANDLED, 303, at_once, check=one_came,
         how="exactly one is let in, the others are refused with 401"),
    Case("24", "a launch by GET", REFUSED, 405, by_get, Says.WRONG_WAY, "GET: Method"),
    error("login_required", Says.SIGNED_OUT),
    error("interaction_required", Says.SIGNED_OUT),
    error("access_denied", Says.NOT_LET_IN),
    error("server_error", Says.PLATFORM_TROUBLE),
    error("launch_no_longer_valid", Says.NOT_OPENED),
    Case("S20", "the session of somebody else, planted before the launch", HANDLED, 303, planted, check=new_secret,
         how="the launch begins a session with a new secret; the planted one stays somebody else's, or ends"),
    Case("S20", "an invented session id, planted before the launch", HANDLED, 303, invented_session,
         check=new_secret, how="it never becomes a session"),
    error("<script>", Says.NOT_OPENED, "the platform answers with an error that is markup"),
]  # fmt: skip
