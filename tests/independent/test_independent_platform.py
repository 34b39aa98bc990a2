"""A platform written by others launches coplink, deep-links to it and serves it a roster, all over HTTP."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from coplink.cli.demo.browser import Browser
from coplink.core.arrival import RosterSourceAddress
from coplink.core.people import Role, Standing
from coplink.core.roster import whole

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP = "https://purl.imsglobal.org/spec/lti-dl/claim/"


def found_a_community(meadow):
    """The instructor opens coplink in the course and founds a community; its id."""
    page = meadow.open("p1")
    page = meadow.browser.open(page.link("/found"))
    page = meadow.browser.send(
        page,
        "/found/preview",
        name="Cells and soil",
        about="Teaching biology outdoors",
        audience="Biology teachers",
        places=[meadow.place],
        pattern="weekly",
        every_weeks="2",
        days=["2"],
        first="2027-01-06",
        last="2027-06-30",
        at="15:00",
        minutes="45",
        zone="Europe/Oslo",
    )
    page = meadow.browser.send(page, "/found", press="Found")
    return page.url.split("/c/")[1][:32]


@pytest.mark.parametrize("by", ["get", "post"])
def test_it_launches_coplink_however_the_login_begins(meadow, by):
    page = meadow.open("p2", by=by)
    assert page.status == 200
    assert urlsplit(page.url).path == "/", page.text
    with meadow.services.begin() as uow:
        [school] = uow.institutions.all()
        person = uow.people.by_identity(school.id, "lti", "meadow", "p2")
    assert (person.name, person.email) == ("Sam Field", "sam@meadow.example")
    assert "/found" not in page.html, "a learner founds nothing"


def test_one_answer_of_the_platform_lets_in_once(meadow):
    browser = meadow.open("p2") and meadow.browser
    page = browser.open(f"{meadow.lms.url}/open/p2")  # the platform's answer, not yet posted
    assert browser.send_form(page, page.forms[0]).status == 200
    again = browser.http.post(page.forms[0].action, data=page.forms[0].fields, timeout=10)
    assert again.status_code == 401
    assert "could not be matched" in again.text


def test_a_token_it_did_not_sign_is_refused(meadow):
    browser = meadow.open("p2") and meadow.browser
    page = browser.open(f"{meadow.lms.url}/open/p2")
    fields = dict(page.forms[0].fields)
    head, body, signature = fields["id_token"].split(".")
    changed = head, body[:-2] + ("AA" if body[-2:] != "AA" else "BB"), signature
    refused = browser.http.post(
        page.forms[0].action, data={**fields, "id_token": ".".join(changed)}, timeout=10
    )
    assert refused.status_code == 401


def test_its_roster_becomes_invitations(meadow):
    community = found_a_community(meadow)
    meadow.jobs.run_until_idle()
    with meadow.services.begin() as uow:
        members = {
            uow.people.get(m.person).name: (m.role, m.standing)
            for m in uow.communities.memberships(community)
        }
        [context] = uow.communities.contexts(community)
    assert members == {
        "Noor Haddad": (Role.FACILITATOR, Standing.JOINED),
        "Sam Field": (Role.MEMBER, Standing.INVITED),
        "Ida Lund": (Role.MEMBER, Standing.INVITED),
    }
    assert context.read_at is not None, "read to its end"
    page = meadow.open("p3")
    assert urlsplit(page.url).path == f"/c/{community}/invitation"


@pytest.mark.parametrize("size", [1, 2, None])
def test_its_roster_is_read_page_by_page_to_the_end(meadow, size):
    values = {"url": f"{meadow.lms.url}/members" + (f"?limit={size}" if size else ""), "context": "course-7"}
    with meadow.services.begin() as uow:
        values["institution"] = uow.institutions.all()[0].id
    roster = whole(meadow.services.rosters.read(RosterSourceAddress("meadow", values)))
    assert roster.complete
    assert [(one.subject, one.name, one.leads) for one in roster.people] == [
        ("p1", "Noor Haddad", True),
        ("p2", "Sam Field", False),
        ("p3", "Ida Lund", False),
    ]
    assert len(meadow.lms.assertions) == 1, "one access token serves all pages"


def decoded(meadow, token, audience):
    """What coplink signed, verified with the key set it publishes."""
    keys = requests.get(f"{meadow.url}/lti/jwks.json", timeout=10).json()["keys"]
    key = next(k for k in keys if k["kid"] == jwt.get_unverified_header(token)["kid"])
    assert not set(key) & {"d", "p", "q"}
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], audience=audience)
    assert abs(claims["iat"] - time.time()) < 60
    return claims


def test_what_it_does_not_check_of_our_assertion_we_check(meadow):
    found_a_community(meadow)
    meadow.jobs.run_until_idle()
    [assertion] = meadow.lms.assertions
    claims = decoded(meadow, assertion, audience=f"{meadow.lms.url}/token")
    assert claims["iss"] == claims["sub"] == "coplink-at-meadow"
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert len(claims["jti"]) >= 16


def test_what_a_teacher_chooses_by_deep_linking_is_put_into_the_course_and_opens(meadow):
    community = found_a_community(meadow)
    meadow.jobs.run_until_idle()
    page = meadow.open("p1", what="choose")
    assert urlsplit(page.url).path == "/deep-linking"
    page = meadow.browser.send(page, "/deep-linking", press="Put it there", pick=["community", "meeting"])
    [form] = page.forms
    assert form.action == f"{meadow.lms.url}/deep-link", "the address it named, byte for byte"
    assert meadow.browser.send_form(page, form).text == "Put into the course."
    assert [(item["type"], urlsplit(item["url"]).path) for item in meadow.lms.returned] == [
        ("ltiResourceLink", f"/c/{community}"),
        ("ltiResourceLink", f"/c/{community}/meetings/next"),
    ]
    for item in meadow.lms.returned:
        opened = meadow.open("p1", target=item["url"])
        assert (opened.status, opened.url) == (200, item["url"])


def test_what_it_does_not_check_of_our_answer_we_check(meadow):
    found_a_community(meadow)
    page = meadow.open("p1", what="choose")
    page = meadow.browser.send(page, "/deep-linking", press="Put it there", pick=["community"])
    meadow.browser.send_form(page, page.forms[0])
    [token] = meadow.lms.deep_linking_tokens
    claims = decoded(meadow, token, audience=meadow.lms.url)
    assert claims["iss"] == "coplink-at-meadow"
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert len(claims["nonce"]) >= 16
    assert claims[LTI + "deployment_id"] == "meadow-1"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[DEEP + "data"] == {"page": "3"}, "opaque: it comes back as it was"


def test_a_learner_puts_nothing_into_the_course(meadow):
    meadow.browser = Browser("p2")
    page = meadow.browser.look(f"{meadow.lms.url}/open/p2?what=choose")
    answer = meadow.browser.http.post(page.forms[0].action, data=page.forms[0].fields, timeout=10)
    assert answer.status_code == 403
    assert "Only those who teach" in answer.text
