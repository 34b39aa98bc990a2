"""Registrations that do not hold together (case 92): a sentence, nothing kept, the invitation still open."""

from __future__ import annotations

import threading

import pytest
from registering_play import (
    HOST,
    clock_of,
    invitation,
    is_refused,
    open_page,
    press,
    registrations,
)
from werkzeug.wrappers import Response

from coplink.lti.sandbox.registering import NRPS, CanvasSite

CHANGED = {
    "issuer of another host": {"issuer": "https://canvas.example"},
    "issuer with another port": {"issuer": f"{HOST}:8443"},
    "the hosted Canvas from elsewhere": {"issuer": "https://canvas.instructure.com"},
    "issuer without encryption": {"issuer": "http://lms.example"},
    "no issuer": {"issuer": None},
    "issuer a number": {"issuer": 7},
    "endless issuer": {"issuer": HOST + "/" + "x" * 300},
    "tokens elsewhere": {"token_endpoint": "https://evil.example/token"},
    "keys elsewhere": {"jwks_uri": "https://evil.example/jwks"},
    "keys without encryption": {"jwks_uri": "http://lms.example/jwks"},
    "logins elsewhere": {"authorization_endpoint": "https://lms.example.evil.example/authorize"},
    "registration elsewhere": {"registration_endpoint": "https://lms.example@evil.example/registrations"},
    "no registration": {"registration_endpoint": None},
    "unsigned launches": {"id_token_signing_alg_values_supported": ["none"]},
    "passwords for tokens": {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
    "codes": {"response_types_supported": ["code"]},
    "no LTI": {"https://purl.imsglobal.org/spec/lti-platform-configuration": None},
    "no launches": {"https://purl.imsglobal.org/spec/lti-platform-configuration": {"messages_supported": []}},
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_a_configuration_that_does_not_hold_together_is_refused(desk, mean, change):
    mean.change = change
    token = invitation(desk)
    browser, _ = open_page(desk, mean.invite(), token)
    is_refused(desk, browser, press(browser), token)
    assert [one.method for one in mean.seen] == ["GET"], "our registration was not sent"


RAW = {
    "an error": lambda request: Response("no", 500),
    "a redirect": lambda request: Response("", 302, {"Location": f"{HOST}/elsewhere"}),
    "HTML": lambda request: Response("<html>", mimetype="text/html"),
    "a list": lambda request: Response("[]", mimetype="application/json"),
    "a deep nest": lambda request: Response("[" * 100_000, mimetype="application/json"),
    "far too much": lambda request: Response(b"{" + b" " * 300_000 + b"}", mimetype="application/json"),
}


@pytest.mark.parametrize("answer", RAW.values(), ids=RAW)
@pytest.mark.parametrize("part", ["configuration", "registration"])
def test_odd_answers_are_refused_and_the_invitation_stays_open(desk, mean, part, answer):
    mean.raw[part] = answer
    token = invitation(desk)
    browser, _ = open_page(desk, mean.invite(), token)
    is_refused(desk, browser, press(browser), token)
    assert all(one.path != "/elsewhere" for one in mean.seen)


@pytest.mark.parametrize(
    "says",
    [
        {"client_id": None},
        {"client_id": ""},
        {"client_id": {"id": 1}},
        {"client_id": "x" * 256},
        {"client_id": "a\u0000b"},
        {"deployment_id": ["1"]},
        {"deployment_id": ""},
    ],
)
def test_an_answer_without_proper_ids_is_refused(desk, mean, says):
    mean.says = says
    token = invitation(desk)
    browser, _ = open_page(desk, mean.invite(), token)
    is_refused(desk, browser, press(browser), token)


def test_a_platforms_refusal_is_a_sentence_and_its_reasons_are_in_the_log_alone(desk, net, capsys):
    canvas = CanvasSite("https://sso.canvaslms.com", clock_of(desk), "https://canvas.instructure.com")
    canvas.scopes = lambda: ()  # says so at the second look only
    told = canvas.configuration()
    told["scopes_supported"] = [NRPS]
    canvas.configuration = lambda: told
    net.host("sso.canvaslms.com", canvas)
    token = invitation(desk)
    browser, _ = open_page(desk, canvas.invite(), token)
    is_refused(desk, browser, press(browser), token)
    assert "refused to register coplink" in browser.says()
    assert "is unknown" not in browser.says()
    assert canvas.refusals == [f"POST /api/lti/registrations: scope {NRPS} is unknown"]


@pytest.mark.parametrize("token", ["", "a b", "x\u00e9", "x" * 9000])
def test_a_registration_without_a_proper_token_is_refused(desk, mean, token):
    invited = invitation(desk)
    told = {**mean.invite(), "registration_token": token}
    browser, page = open_page(desk, told, invited)
    is_refused(desk, browser, page, invited)
    assert mean.seen == []


def test_without_an_open_invitation_there_is_nothing(desk, mean):
    told = mean.invite()
    for token in ("nothing", "x" * 43):
        assert open_page(desk, told, token)[1].status_code == 410
        assert (
            desk.browser().post("/lti/register", {"invitation": token, **told}, secret="").status_code == 400
        )
    assert desk.browser().get("/lti/register").status_code == 410
    token = invitation(desk)
    desk.clock.pass_by(days=7, seconds=1)
    assert open_page(desk, told, token)[1].status_code == 410
    token = invitation(desk)
    admin = desk.admin()
    admin.get("/admin")
    action = admin.soup().select_one('form[action$="/withdraw"]')["action"]
    assert admin.post(action).status_code == 303
    assert open_page(desk, told, token)[1].status_code == 410
    assert mean.seen == []


def test_a_replayed_form_and_a_race_register_once(desk, mean):
    token = invitation(desk)
    told = mean.invite()
    browsers = [open_page(desk, told, token)[0] for _ in range(2)]
    meet = threading.Barrier(2, timeout=10)
    honest = mean.register

    def together(request):
        meet.wait()
        return honest(request)

    mean.register = together
    mean.check_token = lambda request: told["registration_token"]
    mean._tokens = type("Forgiving", (dict,), {"__delitem__": lambda self, key: None})(mean._tokens)
    answers = []
    runs = [threading.Thread(target=lambda b=b: answers.append(press(b).status_code)) for b in browsers]
    for run in runs:
        run.start()
    for run in runs:
        run.join(20)
    assert sorted(answers) == [200, 400]
    assert len(registrations(desk)) == 1
    assert press(browsers[0]).status_code in (400, 410), "the page is not shown again"
    assert len(registrations(desk)) == 1


def test_a_client_of_another_institution_is_not_taken_over(desk, mean):
    browser, _ = open_page(desk, mean.invite())
    press(browser)
    [(client_id, before)] = registrations(desk).items()
    mean.says = {"client_id": client_id}
    theirs = invitation(desk, desk.there)
    browser, _ = open_page(desk, mean.invite(), theirs)
    answer = press(browser)
    assert answer.status_code == 403
    assert "another institution" in browser.says()
    assert registrations(desk) == {client_id: before}


def test_neither_invitation_nor_token_reaches_the_log(desk, mean, capsys, caplog):
    caplog.set_level("INFO")  # another test may have left the log going another way
    token, told = invitation(desk), mean.invite()
    mean.says = {"client_id": None}
    browser, _ = open_page(desk, told, token)
    press(browser)
    mean.says = {}
    browser, _ = open_page(desk, told := mean.invite(), token)
    press(browser)
    logged = "".join(capsys.readouterr()) + caplog.text
    assert "platform registered" in logged
    assert token not in logged
    assert told["registration_token"] not in logged
