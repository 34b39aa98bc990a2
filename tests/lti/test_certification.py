"""The launches of 1EdTech's certification guide for tools, one by one: the bad ones out, the valid ones in.

Source: LTI Advantage Conformance Certification Guide 1.3, 6.1; the list is in ``docs/conformance.md``.
"""

from __future__ import annotations

import json

import pytest

from coplink.core.errors import BadToken
from coplink.testing.platform import CORE, MEMBERSHIP, rsa_key

NOBODY = {"name": None, "given_name": None, "family_name": None, "email": None}
INSTRUCTOR, LEARNER = "Instructor", "Learner"
FACULTY = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Faculty"


def launch(door, changes=None, sign=None):
    url = door.login().redirect_url
    claims = door.north.claims(url, door.clock.now(), changes)
    form = door.north.launch_form(url, door.clock.now())
    return door.open({**form, "id_token": (sign or door.north.sign)(claims)})


BAD = {
    "no kid in the header": lambda door: launch(door, sign=lambda c: door.north.sign(c, {"kid": None})),
    "a wrong kid in the header": lambda door: launch(
        door, sign=lambda c: door.north.sign(c, {"kid": "wrong"}, key=rsa_key("stranger"))
    ),
    "a wrong version": lambda door: launch(door, {CORE + "version": "11.3"}),
    "no version": lambda door: launch(door, {CORE + "version": None}),
    "no launch of LTI at all": lambda door: launch(
        door, sign=lambda c: door.north.sign_text(json.dumps({"name": "badltilaunch"}))
    ),
    "several claims missing": lambda door: launch(
        door, {CORE + name: None for name in ("message_type", "roles", "resource_link", "deployment_id")}
    ),
    "wrong times": lambda door: launch(door, {"iat": 11111, "exp": 22222}),
    "no message type": lambda door: launch(door, {CORE + "message_type": None}),
    "no roles": lambda door: launch(door, {CORE + "roles": None}),
    "no deployment": lambda door: launch(door, {CORE + "deployment_id": None}),
    "no resource link": lambda door: launch(door, {CORE + "resource_link": None}),
    "no sub": lambda door: launch(door, {"sub": None}),
}


@pytest.mark.parametrize("how", BAD)
def test_a_known_bad_launch_is_refused(door, how):
    with pytest.raises(BadToken) as refused:
        BAD[how](door)
    assert str(refused.value.message).endswith(".")


VALID = {
    "everything": (lambda role: [f"{MEMBERSHIP}#{role}"], {}),
    "several roles": (lambda role: [f"{MEMBERSHIP}#{role}", FACULTY, f"{MEMBERSHIP}#Mentor"], {}),
    "a short role": (lambda role: [role], {}),
    "an unknown role": (
        lambda role: [f"http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#{role}er"],
        {},
    ),
    "no role": (lambda role: [""], {}),
    "an empty list of roles": (lambda role: [], {}),
    "an email only": (
        lambda role: [f"{MEMBERSHIP}#{role}"],
        {"name": None, "given_name": None, "family_name": None},
    ),
    "names only": (lambda role: [f"{MEMBERSHIP}#{role}"], {"email": None}),
    "no personal data": (lambda role: [f"{MEMBERSHIP}#{role}"], NOBODY),
    "an email and no context": (
        lambda role: [f"{MEMBERSHIP}#{role}"],
        {"name": None, "given_name": None, "family_name": None, CORE + "context": None},
    ),
}
WITHOUT_A_ROLE = {"an unknown role", "no role", "an empty list of roles"}


@pytest.mark.parametrize("role", [INSTRUCTOR, LEARNER])
@pytest.mark.parametrize("how", VALID)
def test_a_valid_launch_is_let_in(door, how, role):
    roles, changes = VALID[how]
    who = launch(door, {**changes, CORE + "roles": roles(role)}).arrival
    assert who.subject == "subject-of-ana"
    assert who.leads_context == (role == INSTRUCTOR and how not in WITHOUT_A_ROLE)
    assert (who.name is None) == ("name" in changes)
    assert (who.email is None) == ("email" in changes)
    assert (who.context is None) == (CORE + "context" in changes)
