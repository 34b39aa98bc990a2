"""Which hosts a platform's services may lie on."""

from __future__ import annotations

import pytest

from coplink.lti.origins import may_serve, origin, target_path
from coplink.ports.records import Registration


def registration(**changed):
    values = {
        "id": "r",
        "institution": "north",
        "issuer": "https://lms.example",
        "client_id": "c",
        "authorization_url": "https://sso.lms.example/authorize",
        "token_url": "https://api.lms.example/token",
        "jwks_url": "https://sso.lms.example/jwks",
    }
    return Registration(**{**values, **changed})


CANVAS = registration(issuer="https://canvas.instructure.com")


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("https://lms.example/members", registration()),
        ("https://api.lms.example:443/members?x=1", registration()),
        ("https://SSO.lms.example/members", registration()),
        ("https://river.instructure.com/api/lti/courses/1/names_and_roles", CANVAS),
        (
            "https://canvas.school.example/x",
            registration(claims={"service:hosts": "a.example canvas.school.example"}),
        ),
        ("http://127.0.0.1:8081/x", registration(token_url="http://127.0.0.1:8081/token")),
    ],
)
def test_a_platforms_own_hosts(address, known):
    assert may_serve(address, known)


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("https://other.lms.example/members", registration()),
        ("https://lms.example:8443/members", registration()),
        ("http://lms.example/members", registration()),
        ("https://river.instructure.com/members", registration()),
        ("https://river.instructure.com.evil.example/x", CANVAS),
        ("https://evilinstructure.com/x", CANVAS),
        ("http://river.instructure.com/x", CANVAS),
        ("https://river.instructure.com:444/x", CANVAS),
        ("http://127.0.0.1:8081/x", registration()),
        ("http://127.0.0.1:9/x", registration(token_url="http://127.0.0.1:8081/token")),
        ("https://10.0.0.1/x", CANVAS),
        ("", registration()),
        ("lms.example/members", registration()),
        ("https://lms.example\\@evil.example/x", registration()),
    ],
)
def test_foreign_hosts(address, known):
    assert not may_serve(address, known)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://A.example:443/x", "https://a.example"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:81/", "http://[::1]:81"),
        ("https://a.example:0/", None),
        ("https://a.example:99999/", None),
        ("ftp://a.example/", None),
        ("https://xn--bcher-kva.EXAMPLE/", "https://xn--bcher-kva.example"),
        ("https://*/x", None),
        ("https://*.example/x", None),
        ("https://a;script-src", None),
        ("https://a,b", None),
        ("https://'self'", None),
        ("https://a_b%2f/", None),
        ("https://[::1%25eth0]/", None),
        ("https://[v1.a]/", None),
    ],
)
def test_origins(address, expected):
    assert origin(address) == expected


def test_a_tool_below_a_path_keeps_to_it():
    assert target_path("https://s.example/coplink/c/1", "https://s.example/coplink") == "/coplink/c/1"
    assert target_path("https://s.example/other", "https://s.example/coplink") is None
    assert target_path("https://s.example/coplinked", "https://s.example/coplink") is None
