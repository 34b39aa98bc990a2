"""What goes over the wire when coplink asks a platform for an access token, and which answers it takes.

Source: 1EdTech Security Framework, securing web services; RFC 6749 5.1, RFC 7523; ``docs/conformance-security.md``.
"""

from __future__ import annotations

import json
import ssl
import warnings
from urllib.parse import parse_qsl

import jwt
import pytest
from werkzeug.wrappers import Request, Response

from coplink.core.people import InstitutionId
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.our_keys import OurKeys
from coplink.lti.outside import LOOPBACK
from coplink.ports.errors import PermissionMissing, Unavailable, UnexpectedReply
from coplink.testing.https import Certificate, Secure

NORTH = InstitutionId("north")
MEMBERS, SCORES = "https://purl.imsglobal.org/spec/lti-nrps/scope/members", "https://example.org/scope/scores"
GOOD = {"access_token": "t" * 20, "token_type": "Bearer", "expires_in": 3600}


class TokenEndpoint:
    """A platform's token endpoint that keeps what it was asked and answers as it is told."""

    def __init__(self):
        self.asked, self.answer = [], GOOD

    def __call__(self, environ, start_response):
        request = Request(environ)
        body = request.get_data()
        self.asked.append((request.method, request.content_type, dict(request.headers), body.decode()))
        answer = dict(self.answer)
        if answer.get("access_token") == GOOD["access_token"]:
            answer["access_token"] += str(len(self.asked))
        return Response(json.dumps(answer), mimetype="application/json")(environ, start_response)


@pytest.fixture
def endpoint(addresses):
    addresses[0].app = endpoint = TokenEndpoint()
    return endpoint


@pytest.fixture
def ask(door, addresses, clock, endpoint):
    """Asks for a token of the northern school, which holds the endpoint."""
    registration = door.north.registration("reg-north", NORTH, token_url=f"{addresses[0].url}/token?school=1")
    keys = OurKeys(door.storage)
    connector = Connector(door.storage, keys, clock, Egress(outside=LOOPBACK))

    def ask(*scopes, **more):
        return connector.token(registration, NORTH, scopes or (MEMBERS,), **more)

    ask.keys, ask.registration = keys, registration
    return ask


def test_the_request_has_exactly_these_parts(ask, endpoint, clock):
    ask(SCORES, MEMBERS)
    [(method, kind, headers, body)] = endpoint.asked
    assert (method, kind.partition(";")[0]) == ("POST", "application/x-www-form-urlencoded")
    assert "Authorization" not in headers, "the assertion alone says who asks"
    form = dict(parse_qsl(body, strict_parsing=True))
    assertion = form.pop("client_assertion")
    assert form == {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": f"{SCORES} {MEMBERS}",
    }
    [jwk] = ask.keys.jwks(clock.now())["keys"]
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "typ": "JWT", "kid": jwk["kid"]}
    claims = jwt.decode(
        assertion,
        jwt.PyJWK(jwk),
        algorithms=["RS256"],
        audience=ask.registration.token_url,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["iss"] == claims["sub"] == "client-north"
    assert claims["exp"] - claims["iat"] <= 300


def test_each_assertion_is_its_own(ask, endpoint):
    first = ask()
    ask(renew=first)
    made = [dict(parse_qsl(body))["client_assertion"] for *_, body in endpoint.asked]
    ids = {jwt.decode(one, options={"verify_signature": False})["jti"] for one in made}
    assert len(made) == len(ids) == 2


def test_one_token_serves_until_its_end_and_another_scope_needs_another(ask, endpoint, clock):
    first = ask()
    assert ask() == first
    assert ask(SCORES) != first
    assert len(endpoint.asked) == 2
    clock.forward(hours=1)
    assert ask() != first


@pytest.mark.parametrize(("life", "asked"), [(None, 2), (0, 2), (-1, 2), ("3600", 2), (True, 2), (120, 1)])
def test_a_token_without_a_proper_life_is_used_once(ask, endpoint, life, asked):
    endpoint.answer = {**GOOD, "expires_in": life}
    ask(), ask()
    assert len(endpoint.asked) == asked


def test_no_token_is_kept_longer_than_an_hour(ask, endpoint, clock):
    endpoint.answer = {**GOOD, "expires_in": 86_400_000}
    first = ask()
    clock.forward(minutes=61)
    assert ask() != first


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": ""},
        {"access_token": None},
        {"access_token": 7},
        {"access_token": ["t"]},
        {"access_token": "tökén"},
        {"access_token": "to\nken"},
        {"access_token": "token", "token_type": "mac"},
    ],
)
def test_an_answer_that_holds_no_usable_token_is_refused(ask, endpoint, answer):
    endpoint.answer = answer
    with pytest.raises(UnexpectedReply) as refused:
        ask()
    assert "token" not in str(refused.value.message)


@pytest.mark.parametrize("granted", [None, "", f"{SCORES} {MEMBERS}", MEMBERS])
def test_a_grant_of_all_that_was_asked_or_of_nothing_named_is_enough(ask, endpoint, granted):
    endpoint.answer = {**GOOD, "scope": granted}
    assert ask().startswith("t")


def test_a_grant_of_less_than_was_asked_is_said_with_what_is_missing(ask, endpoint):
    endpoint.answer = {**GOOD, "scope": SCORES}
    with pytest.raises(PermissionMissing) as refused:
        ask()
    assert refused.value.scopes == (MEMBERS,)


def test_a_token_may_be_anything_in_ascii(ask, endpoint):
    endpoint.answer = {**GOOD, "access_token": "eyJhbGciOiJub25lIn0.e30.~+/=-_!"}
    assert ask() == "eyJhbGciOiJub25lIn0.e30.~+/=-_!"


# --- the line itself -------------------------------------------------------------------------------------------------


@pytest.fixture
def safe(tmp_path):
    """A server over TLS; ``trusted`` is the file its visitors must trust."""
    certificate = Certificate(tmp_path)
    served = Secure(Response("here"), certificate)
    yield served, certificate
    served.stop()


def test_only_a_platform_with_a_certificate_we_trust_is_heard(safe, monkeypatch):
    served, certificate = safe
    with pytest.raises(Unavailable) as refused:
        Egress(outside=LOOPBACK).get(f"https://localhost:{served.port}/", 100)
    assert "SSLError" in refused.value.detail
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate.trusted)
    assert Egress(outside=LOOPBACK).get(f"https://localhost:{served.port}/", 100).body == b"here"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_nothing_older_than_tls_1_2_is_spoken(safe, monkeypatch, version):
    served, certificate = safe
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate.trusted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        certificate.shown.set_ciphers("ALL:@SECLEVEL=0")
        certificate.shown.minimum_version = ssl.TLSVersion.TLSv1
        certificate.shown.maximum_version = version
    with pytest.raises(Unavailable) as refused:
        Egress(outside=LOOPBACK).get(f"https://localhost:{served.port}/", 100)
    assert "SSLError" in refused.value.detail
    certificate.shown.maximum_version = ssl.TLSVersion.TLSv1_2
    assert Egress(outside=LOOPBACK).get(f"https://localhost:{served.port}/", 100).body == b"here"


@pytest.mark.parametrize("address", ["http://lms.example/token", "ftp://lms.example/", "lms.example", ""])
def test_nothing_is_sent_without_encryption(address):
    with pytest.raises(UnexpectedReply):
        Egress(outside=LOOPBACK).post_form(address, 100, {"client_assertion": "secret"})
