"""The sandbox is strict: what a platform would refuse, it refuses, and nothing leaves for an unregistered address."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from bs4 import BeautifulSoup


@pytest.fixture
def request_of(lms, browser, tool):
    """The authentication request that coplink makes for Ana, as fields, before it is sent."""
    page = browser.open(f"{lms.base_url}/courses/101?as=ana.ruiz")
    form = BeautifulSoup(page.text, "html.parser").find("form", id="login")
    fields = {field["name"]: field["value"] for field in form.find_all("input")}
    answer = browser.session.post(form["action"], data=fields, allow_redirects=False, timeout=5)
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}" == lms.base_url
    return address.path, {name: values[0] for name, values in parse_qs(address.query).items()}


def ask(lms, request_of, **changes):
    path, fields = request_of
    fields = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    answer = requests.get(lms.base_url + path, params=fields, timeout=5)
    form = BeautifulSoup(answer.text, "html.parser").find("form")
    posted = {field["name"]: field["value"] for field in form.find_all("input")} if form else {}
    return answer.status_code, form and form["action"], posted


def test_an_honest_request_is_answered_with_a_token_for_the_registered_address(lms, tool, request_of):
    status, action, posted = ask(lms, request_of)
    assert (status, action) == (200, f"{tool.url}/lti/launch")
    assert set(posted) == {"state", "id_token", "lti_storage_target"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": None},
    ],
)
def test_nothing_is_sent_to_an_address_that_is_not_registered(lms, request_of, changes):
    status, action, posted = ask(lms, request_of, **changes)
    assert (status, action, posted) == (400, None, {})


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "openid email"},
        {"response_type": "code"},
        {"response_mode": "query"},
        {"prompt": None},
        {"nonce": None},
        {"nonce": "short"},
        {"state": "short"},
        {"extra": "x"},
        {"lti_message_hint": None},
        {"lti_message_hint": "unknown"},
        {"login_hint": "somebody else"},
    ],
)
def test_a_request_that_is_not_right_is_answered_with_an_error(lms, tool, request_of, changes):
    status, action, posted = ask(lms, request_of, **changes)
    assert (status, action) == (200, f"{tool.url}/lti/launch")
    assert "id_token" not in posted
    assert posted["error"]


def test_another_districts_client_cannot_take_the_launch(lms, request_of):
    _, _, posted = ask(lms, request_of, client_id="170000000000202")
    assert "id_token" not in posted


def test_a_request_works_once(lms, request_of):
    assert "id_token" in ask(lms, request_of)[2]
    assert ask(lms, request_of)[2]["error"] == "launch_no_longer_valid"


def test_a_message_hint_lasts_five_minutes(lms, clock, request_of):
    clock.forward(minutes=6)
    assert ask(lms, request_of)[2]["error"] == "launch_no_longer_valid"


def test_old_hints_are_swept_away(lms, browser, clock):
    for _ in range(3):
        browser.open(f"{lms.base_url}/courses/101?as=ana.ruiz")
        clock.forward(minutes=6)
    assert len(lms.store.keys("lti.hints")) == 1


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {"Authorization": "Bearer nonsense"}, 401),
        ("", {}, 401),
        ("?groupId=1", None, 400),
        ("?limit=x", None, 400),
        ("?page=bookmark:zzz", None, 400),
        ("?page=BOOKMARK:RnJvbSA1MA==", None, 400),
        ("?rlid=unknown", None, 400),
        ("", {"Accept": "application/json"}, 406),
        ("?role=unknown", None, 200),
    ],
)
def test_roster_requests_are_checked(lms, tool, clock, query, headers, status):
    from coplink.lti.connector import Connector
    from coplink.lti.egress import Egress
    from coplink.lti.outside import LOOPBACK
    from coplink.lti.sandbox.rosters import MEDIA_TYPE, NAMES_AND_ROLES

    with tool.storage.begin() as uow:
        registration = uow.platforms.get("reg-riverbend")
    connector = Connector(tool.storage, tool.keys, clock, Egress(outside=LOOPBACK))
    token = connector.token(registration, "riverbend", [NAMES_AND_ROLES])
    good = {"Authorization": f"Bearer {token}", "Accept": MEDIA_TYPE}
    sent = (
        good
        if headers is None
        else {**({} if not headers or "Authorization" in headers else good), **headers}
    )
    address = f"{lms.base_url}/api/lti/courses/101/names_and_roles{query}"
    assert requests.get(address, headers=sent, timeout=5).status_code == status


def test_an_unknown_route_is_refused_and_remembered(lms):
    assert requests.get(f"{lms.base_url}/api/v1/courses", timeout=5).status_code == 404
    assert lms.refusals == ["GET /api/v1/courses"]


def test_pages_and_tokens_are_not_counted(lms, browser):
    browser.launch(lms, "101", "ana.ruiz")
    assert lms.calls == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/courses/101?as=ana.ruiz",
        "/courses/101/people?as=ana.ruiz",
        "/courses/101/placements?as=ana.ruiz",
    ],
)
def test_pages_say_what_they_are(lms, browser, path):
    soup = BeautifulSoup(browser.open(lms.base_url + path).text, "html.parser")
    assert soup.html["lang"] == "en"
    assert soup.title.string
    assert len(soup.find_all("h1")) == 1
    assert all(frame["title"] for frame in soup.find_all("iframe"))
    assert len(soup.find_all("main")) == 1
    assert soup.find("meta", {"name": "viewport"})
