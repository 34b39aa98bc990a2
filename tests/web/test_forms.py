"""Every form is ours: without the session's secret, with another's, or from another origin nothing happens."""

from __future__ import annotations

import pytest

CALLED_BY_OTHERS = {"/lti/login", "/lti/launch", "/lti/notices", "/hook/<integration>/<space>"}
WITH_A_CODE = {
    "/lti/held",
    "/lti/register",
    "/deep-linking/back",
    "/no/<token>",
}  # a page without a session yet; its code works once


def posts(app):
    return sorted(rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods)


def concrete(rule):
    return rule.replace("<", "").replace(">", "")


def test_no_route_changes_anything_by_another_method(site):
    methods = {method for rule in site.app.url_map.iter_rules() for method in rule.methods}
    assert methods == {"GET", "HEAD", "OPTIONS", "POST"}


def test_every_form_without_its_secret_is_refused(site):
    ana = site.enter("ana", leads=True)
    other = site.enter("ben")
    theirs = other.secret()
    wrong = []
    for rule in posts(site.app):
        if rule in CALLED_BY_OTHERS | WITH_A_CODE:
            continue
        for what, secret in (("without", ""), ("with another's", theirs)):
            answer = ana.post(concrete(rule), {}, secret=secret)
            if answer.status_code != 403 or "too old, or it came from elsewhere" not in answer.text:
                wrong.append(f"{rule} {what} secret: {answer.status_code}")
        nobody = site.browser().post(concrete(rule), {}, secret=theirs)
        if nobody.status_code != 403:
            wrong.append(f"{rule} for nobody: {nobody.status_code}")
    assert not wrong, "\n".join(wrong)
    assert len(posts(site.app)) > 20


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8081"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_secret(site, headers):
    ana = site.enter("ana", leads=True)
    ana.get("/me")
    answer = ana.post("/me/code", headers=headers)
    assert answer.status_code == 403
    ana.get("/me")
    assert (
        ana.post(
            "/me/code", headers={"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
        ).status_code
        == 200
    )


def test_the_secret_is_also_taken_from_the_header_that_htmx_sends(site):
    ana = site.enter("ana")
    ana.get("/me")
    secret = ana.secret()
    answer = ana.post("/me/code", secret="", headers={"X-CSRF-Token": secret})
    assert answer.status_code == 200
    assert ana.soup().body["hx-headers"] == f'{{"X-CSRF-Token": "{secret}"}}'


def test_too_much_at_once_is_a_sentence(site):
    ana = site.enter("ana", leads=True)
    ana.get("/found")
    answer = ana.post("/found/preview", site.answers(about="x" * 2_000_000))
    assert answer.status_code == 413
    assert "too much at once" in ana.says()
