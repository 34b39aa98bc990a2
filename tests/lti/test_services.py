"""Tokens and rosters against the sandbox: the assertion's form, two schools on one issuer, odd answers."""

from __future__ import annotations

import json
from dataclasses import replace

import jwt
import pytest
import requests

from coplink.core.arrival import RosterSourceAddress
from coplink.core.people import InstitutionId
from coplink.core.roster import whole
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.our_keys import new_pair
from coplink.lti.outside import LOOPBACK
from coplink.lti.rosters import LtiRosters
from coplink.ports.errors import (
    Gone,
    Misconfigured,
    PermissionMissing,
    Reauthorize,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from coplink.ports.records import Deployment
from coplink.sandbox.weather import Rule

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


@pytest.fixture
def connector(tool, lms, clock):
    return Connector(tool.storage, tool.keys, clock, Egress(outside=LOOPBACK))


@pytest.fixture
def registrations(tool, lms):
    with tool.storage.begin() as uow:
        return {key: uow.platforms.get(f"reg-{key}") for key in ("riverbend", "lakeside")}


@pytest.fixture
def rosters(tool, connector):
    return LtiRosters(tool.storage, connector)


def address(lms, course_id, rlid=True, **changes):
    course = lms.region.courses[course_id]
    values = {
        "url": f"{lms.base_url}/api/lti/courses/{course_id}/names_and_roles",
        "context": course.lti_id,
        "institution": course.district,
    }
    if rlid:
        values["rlid"] = course.lti_id
    return RosterSourceAddress(f"reg-{course.district}", {**values, **changes})


def token(connector, registrations, key="riverbend", scopes=(SCOPE,), **more):
    return connector.token(registrations[key], InstitutionId(key), scopes, **more)


def tokens_given(lms):
    return len(lms.store.keys("lti.tokens"))


# --- our assertion and its tokens -------------------------------------------------------------------------------------


def test_the_assertion_has_the_form_the_standard_asks(tool, connector, registrations, clock):
    assertion = connector.assertion(registrations["riverbend"])
    header, claims = (
        jwt.get_unverified_header(assertion),
        jwt.decode(assertion, options={"verify_signature": False}),
    )
    published = tool.keys.jwks(clock.now())["keys"]
    assert header == {"alg": "RS256", "typ": "JWT", "kid": published[0]["kid"]}
    assert claims.pop("jti")
    assert claims == {
        "iss": "170000000000101",
        "sub": "170000000000101",
        "aud": "https://canvas.instructure.com/login/oauth2/token",
        "iat": int(clock()),
        "exp": int(clock()) + 60,
    }
    other = jwt.decode(connector.assertion(registrations["riverbend"]), options={"verify_signature": False})
    assert other["jti"] != jwt.decode(assertion, options={"verify_signature": False})["jti"]


def test_without_an_audience_the_token_address_is_meant(connector, registrations):
    registration = replace(registrations["riverbend"], audience="")
    claims = jwt.decode(connector.assertion(registration), options={"verify_signature": False})
    assert claims["aud"] == registration.token_url


def test_a_token_is_kept_until_shortly_before_its_end(lms, connector, registrations, clock):
    first = token(connector, registrations)
    clock.forward(minutes=58)
    assert token(connector, registrations) == first
    clock.forward(minutes=1, seconds=1)
    assert token(connector, registrations) != first
    assert tokens_given(lms) == 2


def test_row_91_two_schools_on_one_issuer_never_share_a_token(lms, connector, registrations):
    north, south = token(connector, registrations), token(connector, registrations, "lakeside")
    assert north != south
    assert lms.store.get("lti.tokens", north)["district"] == "riverbend"
    assert lms.store.get("lti.tokens", south)["district"] == "lakeside"
    lent = connector.token(registrations["riverbend"], InstitutionId("lakeside"), [SCOPE])
    assert lent not in (north, south)


def test_a_scope_that_was_not_granted(connector, registrations):
    with pytest.raises(PermissionMissing) as refused:
        token(connector, registrations, scopes=("https://purl.imsglobal.org/spec/lti-ags/scope/score",))
    assert refused.value.who == "learning platform administrator"
    assert "invalid_scope" in refused.value.detail


def test_a_key_the_platform_does_not_know(tool, lms, connector, registrations, clock):
    known = tool.keys.jwks(clock.now())
    tool.keys.jwks = lambda now: {"keys": [{**known["keys"][0], "kid": "another"}]}
    with pytest.raises(Reauthorize) as refused:
        token(connector, registrations)
    assert "invalid_client" in refused.value.detail


def test_a_client_the_platform_does_not_know(connector, registrations):
    with pytest.raises(Reauthorize):
        connector.token(
            replace(registrations["riverbend"], client_id="unknown"), InstitutionId("riverbend"), [SCOPE]
        )


STRICT = [
    {"iss": "170000000000202"},
    {"sub": "someone"},
    {"aud": "https://elsewhere.example"},
    {"exp": 1},
    {"exp": 9999999999},
    {"iat": 1},
    {"jti": None},
    {"exp": None},
]


@pytest.mark.parametrize("wrong", STRICT)
def test_the_sandbox_takes_no_assertion_that_is_not_right(tool, lms, connector, registrations, clock, wrong):
    good = jwt.decode(connector.assertion(registrations["riverbend"]), options={"verify_signature": False})
    claims = {name: value for name, value in {**good, **wrong}.items() if value is not None}
    key = tool.keys.current(clock.now())
    assertion = jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})
    answer = requests.post(registrations["riverbend"].token_url, data=_grant(assertion), timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client"


def test_the_sandbox_takes_an_assertion_once(lms, connector, registrations):
    form = _grant(connector.assertion(registrations["riverbend"]))
    answers = [requests.post(registrations["riverbend"].token_url, data=form, timeout=5) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert "jti" in answers[1].json()["error_description"]


def _grant(assertion):
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": SCOPE,
    }


# --- rosters ----------------------------------------------------------------------------------------------------------


def test_a_roster_says_who_is_in_the_course(lms, rosters):
    roster = whole(rosters.read(address(lms, "101")))
    assert roster.complete
    assert len(roster.people) == 16
    ana = next(person for person in roster.people if person.name == "Ana Ruiz")
    assert (ana.subject, ana.leads) == (lms.region.residents["ana.ruiz"].subject, True)
    assert (ana.email, ana.accounts) == ("ana.ruiz@riverbend.example", {"canvas": "1001"})
    assert sum(person.leads for person in roster.people) == 1
    assert [(call.method, call.status) for call in lms.calls] == [("GET", 200)]
    assert lms.complete_reads == [("roster", "101")]
    assert not lms.refusals


def test_without_rlid_there_are_no_accounts(lms, rosters):
    roster = whole(rosters.read(address(lms, "101", rlid=False)))
    assert {person.accounts for person in roster.people} == {None}


def test_the_pretend_student_is_left_out(lms, rosters):
    lms.school.enrol(lms.region.courses["101"], "student-view", "test")
    roster = whole(rosters.read(address(lms, "101")))
    assert len(roster.people) == 16
    assert roster.complete


def test_somebody_without_an_address_is_listed_without_one(lms, rosters):
    lms.school.enrol(lms.region.courses["101"], "walt.silent", "student")
    [walt] = [p for p in whole(rosters.read(address(lms, "101"))).people if p.name == "Walt Silent"]
    assert walt.email is None


def test_a_district_cannot_read_the_others_course(lms, rosters):
    theirs = address(lms, "202")
    stolen = RosterSourceAddress("reg-riverbend", {**theirs.values, "institution": "riverbend"})
    with pytest.raises(Gone):
        whole(rosters.read(stolen))


def test_where_nothing_is_approved_nothing_is_asked(tool, lms, rosters):
    with tool.storage.begin() as uow:
        uow.platforms.put_deployment(
            Deployment("reg-riverbend", "101:a0c1f2d3b4", InstitutionId("riverbend"))
        )
        uow.commit()
    with pytest.raises(Misconfigured):
        whole(rosters.read(address(lms, "101")))
    with pytest.raises(Misconfigured):
        whole(rosters.read(address(lms, "202", institution="riverbend")))
    assert not lms.calls
    assert tokens_given(lms) == 0


@pytest.mark.parametrize("url", ["https://evil.example/x", "http://127.0.0.1:1/x", "", "file:///etc/passwd"])
def test_an_address_beyond_the_platform_is_never_called(lms, rosters, url):
    with pytest.raises(Misconfigured):
        whole(rosters.read(address(lms, "101", url=url)))
    assert tokens_given(lms) == 0


def test_row_90_a_refused_token_is_renewed_once(lms, rosters):
    whole(rosters.read(address(lms, "101")))
    for key in lms.store.keys("lti.tokens"):
        lms.store.drop("lti.tokens", key)
    assert whole(rosters.read(address(lms, "101"))).complete
    assert [call.status for call in lms.calls] == [200, 401, 200]


def weather(status, times=9, **more):
    return Rule("names_and_roles", "answer", status=status, times=times, body=more.pop("body", {}), **more)


ODD = [
    (weather(401), Reauthorize, None),
    (weather(403), PermissionMissing, None),
    (weather(403, body="403 Forbidden (Rate Limit Exceeded)"), Throttled, None),
    (weather(404), Gone, None),
    (weather(429, headers={"Retry-After": "7"}), Throttled, 7.0),
    (weather(429, headers={"Retry-After": "Tue, 01 Sep 2026 12:00:30 GMT"}), Throttled, 30.0),
    (weather(429, headers={"Retry-After": "soon"}), Throttled, None),
    (weather(429, headers={"Retry-After": "999999999"}), Throttled, 3600.0),
    (weather(500), Unavailable, None),
    (weather(503, headers={"Retry-After": "5"}), Unavailable, 5.0),
    (weather(418), UnexpectedReply, None),
    (weather(302, headers={"Location": "https://evil.example/"}), UnexpectedReply, None),
    (weather(200, body="<html>"), UnexpectedReply, None),
    (weather(200, body=[]), UnexpectedReply, None),
    (weather(200, body={}), UnexpectedReply, None),
    (weather(200, body={"members": {}}), UnexpectedReply, None),
    (weather(200, body={"members": [], "context": {"id": "another"}}), UnexpectedReply, None),
    (Rule("names_and_roles", "lose", times=9), Unavailable, None),
]


@pytest.mark.parametrize(("rule", "error", "wait"), ODD)
def test_row_90_a_first_page_that_fails_says_why(lms, rosters, rule, error, wait):
    lms.weather.add(replace(rule))
    with pytest.raises(error) as refused:
        whole(rosters.read(address(lms, "101")))
    assert getattr(refused.value, "retry_after", None) == wait
    assert str(refused.value.message).endswith(".")
    assert "GET http://" in refused.value.detail
    assert "?" not in refused.value.detail


def test_an_empty_roster_is_empty(lms, rosters):
    course = lms.region.courses["101"]
    for key in lms.school.enrolled(course):
        lms.school.enrol(course, key, None)
    roster = whole(rosters.read(address(lms, "101")))
    assert (roster.people, roster.complete) == ((), True)


def test_a_connection_that_is_slow_to_answer_is_given_up(tool, lms, registrations, clock):
    lms.weather.add(Rule("names_and_roles", "slow", seconds=1.5))
    rosters = LtiRosters(
        tool.storage, Connector(tool.storage, tool.keys, clock, Egress(read=0.3, outside=LOOPBACK))
    )
    with pytest.raises(Unavailable):
        whole(rosters.read(address(lms, "101")))


def test_our_keys_are_made_once_and_published_without_their_secret(tool, clock):
    first, again = tool.keys.jwks(clock.now()), tool.keys.jwks(clock.now())
    assert first == again
    [jwk] = first["keys"]
    assert set(jwk) == {"kty", "n", "e", "kid", "alg", "use"}
    assert tool.keys.current(clock.now()).kid == jwk["kid"]
    assert "PRIVATE" not in json.dumps(first)


def test_a_newer_key_signs_and_both_are_published(tool, clock):
    old = tool.keys.current(clock.now()).kid
    clock.forward(days=1)
    newer = new_pair(clock.now())
    with tool.storage.begin() as uow:
        uow.platforms.put_key(newer)
        uow.commit()
    assert tool.keys.current(clock.now()).kid == newer.kid
    assert [jwk["kid"] for jwk in tool.keys.jwks(clock.now())["keys"]] == [newer.kid, old]
