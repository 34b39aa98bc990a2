"""Claims removed, emptied, doubled and of the wrong type: always an arrival or a sentence, never a crash."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coplink.core.errors import LaunchError
from coplink.core.words import Said
from coplink.testing.platform import CORE, NRPS

PLAIN = (
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "name",
    "given_name",
    "family_name",
    "email",
)
LTI = (
    "message_type",
    "version",
    "deployment_id",
    "target_link_uri",
    "resource_link",
    "roles",
    "context",
    "custom",
)
NAMES = (
    *PLAIN,
    *(CORE + name for name in (*LTI, "launch_presentation", "tool_platform", "lti1p1", "lis")),
    NRPS,
)
INNER = ("id", "title", "label", "type", "return_url", "url", "context_memberships_url", "canvas_user_id")

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=300),
    st.sampled_from(["", "client-north", "https://lms.example", "https://tool.example/", "1.3.0", "\ud800"]),
)
nonsense = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(INNER) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)
changes = st.dictionaries(st.sampled_from(NAMES), nonsense, min_size=1, max_size=3)


def outcome(door, form):
    try:
        return door.open(form)
    except LaunchError as refused:
        return refused


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=changes, removed=st.sets(st.sampled_from(NAMES), max_size=2))
def test_changed_claims_never_crash(door, changes, removed):
    login = door.login()
    claims = {**door.north.claims(login.redirect_url, door.clock.now()), **changes}
    text = json.dumps({name: value for name, value in claims.items() if name not in removed})
    result = outcome(door, {"state": login.state, "id_token": door.north.sign_text(text)})
    if isinstance(result, LaunchError):
        assert isinstance(result.message, Said)
        assert result.detail
    else:
        arrival = result.arrival
        assert (arrival.institution, arrival.realm) == ("north", "reg-north")
        shown = [
            arrival.name,
            arrival.email,
            arrival.context and arrival.context.title,
            *arrival.asked.values(),
        ]
        assert all(text.isprintable() and text.encode() for text in shown if text is not None)


@pytest.mark.parametrize("name", NAMES)
def test_a_doubled_claim_is_refused(door, name):
    login = door.login()
    claims = door.north.claims(login.redirect_url, door.clock.now())
    text = json.dumps(claims)[:-1] + f", {json.dumps(name)}: {json.dumps(claims.get(name, 1))}" + "}"
    doubled = text if name in claims else text[:-1] + f", {json.dumps(name)}: 2" + "}"
    assert isinstance(
        outcome(door, {"state": login.state, "id_token": door.north.sign_text(doubled)}), LaunchError
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_any_text_as_a_token_never_crashes(door, token):
    login = door.login()
    assert isinstance(outcome(door, {"state": login.state, "id_token": token}), LaunchError)


FIELDS = "iss client_id login_hint lti_message_hint lti_deployment_id deployment_id target_link_uri lti_storage_target"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(FIELDS.split()), st.text(max_size=40) | st.none(), min_size=1))
def test_any_login_form_never_crashes(door, fields):
    try:
        address = door.login(fields).redirect_url
    except LaunchError as refused:
        address = str(refused.message)
    assert address.startswith(
        ("https://lms.example/authorize?", "The learning platform", "coplink does not know")
    )
