"""Letter for letter where the standard says so, and at ease with everything it lets platforms add.

Source: LTI 1.3 core 3.5, 4.1, 4.3, 5.3, 5.4 and appendix A; each test is named in ``docs/conformance-core.md``.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from coplink.core.errors import BadToken, UnknownDeployment, UnknownPlatform
from coplink.lti.launch import DEEP_LINKING, RESOURCE_LINK
from coplink.ports.records import Deployment
from coplink.testing.platform import CORE, MEMBERSHIP, TOOL

LIMIT = 255
ODD = [
    "a+b c&d=e%20f?g#h;i",
    "eyJhbGciOiJub25lIn0.e30.",
    '{"cmid": 7, "launchid": "ltilaunch7_1"}',
    "ünïcödé ✓ 日本",
    "%E2%9C%93/..//\\",
    "x" * 3000,
]

# --- what nobody knows is no trouble ---------------------------------------------------------------------------------

NEW = {
    "https://vendor.example/session": {"id": "x", "deep": [{"er": [1, None]}]},
    "https://purl.imsglobal.org/spec/lti/claim/of_the_future": ["whatever", 7],
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
        "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
        "lineitems": "https://lms.example/lineitems",
    },
    CORE + "lis": {"person_sourcedid": "example.edu:71ee7e42"},
    CORE + "role_scope_mentor": ["somebody", "somebody-else"],
    "picture": "https://lms.example/ana.png",
    "gender": "female",
    "locale": "es",
}


def test_claims_that_nobody_knows_change_nothing(door):
    plain, more = door.launch(), door.launch(NEW)
    assert more.arrival == plain.arrival
    assert more.target_path == plain.target_path


def test_the_language_of_the_launch_comes_before_the_persons_own(door):
    def spoken(launch, own):
        return door.launch({CORE + "launch_presentation": launch, "locale": own}).arrival.locale

    assert spoken({"locale": "en"}, "es") == "en"
    assert spoken({}, "es") == spoken(None, "es") == "es"
    assert spoken(None, None) is None


def test_unknown_members_of_known_claims_change_nothing(door):
    plain = door.launch().arrival
    more = {
        CORE + "context": {"id": "course-1", "title": "Literacy", "type": ["CourseOffering"], "color": "red"},
        CORE + "resource_link": {"id": "link-1", "title": "coplink", "description": "", "color": ["red"]},
        CORE + "launch_presentation": {"locale": "en", "height": 320, "width": "240", "document_target": "x"},
        CORE + "tool_platform": {"guid": "g", "name": "LMS", "url": "https://lms.example", "mood": {}},
    }
    assert door.launch(more).arrival == plain


def test_fields_of_a_login_that_nobody_knows_stay_here(door):
    more = {"canvas_region": "eu", "canvas_environment": "prod", "redirect_uri": "https://evil.example/"}
    asked = dict(parse_qsl(urlsplit(door.login(more).redirect_url).query))
    assert not set(more) - {"redirect_uri"} & set(asked)
    assert asked["redirect_uri"] == f"{TOOL}/lti/launch"


# --- what is the platform's comes back as it was ---------------------------------------------------------------------


@pytest.mark.parametrize("hint", ODD)
@pytest.mark.parametrize("name", ["login_hint", "lti_message_hint"])
def test_a_hint_goes_back_letter_for_letter(door, name, hint):
    url = door.login({name: hint}).redirect_url
    assert url.isascii()
    assert [value for key, value in parse_qsl(urlsplit(url).query) if key == name] == [hint]


def test_a_platform_without_a_message_hint_gets_none_back(door):
    url = door.login({"lti_message_hint": None}).redirect_url
    assert "lti_message_hint" not in dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


# --- ids are compared letter for letter, and may be long -------------------------------------------------------------


@pytest.mark.parametrize("named", ["DEPLOYMENT-1", "deployment-1 ", "Deployment-1"])
def test_a_deployment_of_another_case_is_another_deployment(door, named):
    with pytest.raises(UnknownDeployment):
        door.launch({CORE + "deployment_id": named}, {"lti_deployment_id": None})
    assert Deployment("reg-north", named, "north") in door.deployments()


@pytest.mark.parametrize("changes", [{"iss": "https://LMS.example"}, {"client_id": "CLIENT-NORTH"}])
def test_an_issuer_or_client_of_another_case_is_unknown(door, changes):
    with pytest.raises(UnknownPlatform):
        door.login(changes)


def test_subjects_contexts_and_links_keep_their_case(door):
    changes = {
        "sub": "Subject-OF-Ana",
        CORE + "context": {"id": "Course-1"},
        CORE + "resource_link": {"id": "Link-1"},
    }
    result = door.launch(changes)
    assert (result.arrival.subject, result.arrival.context.id) == ("Subject-OF-Ana", "Course-1")
    assert result.resource_link == "Link-1"


def test_ids_may_have_255_characters(door):
    long = "i" * LIMIT
    with door.storage.begin() as uow:
        uow.platforms.put_deployment(Deployment("reg-north", long, "north", door.clock.now()))
        uow.commit()
    changes = {
        "sub": long,
        CORE + "deployment_id": long,
        CORE + "context": {"id": long},
        CORE + "resource_link": {"id": long},
    }
    result = door.launch(changes, {"lti_deployment_id": long})
    assert result.arrival.subject == result.arrival.context.id == result.deployment_id == long
    assert result.resource_link == long


@pytest.mark.parametrize("name", ["context", "resource_link"])
@pytest.mark.parametrize("wrong", ["i" * (LIMIT + 1), "ü", "a\x00b", ""])
def test_an_id_that_breaks_its_bounds_is_refused(door, name, wrong):
    with pytest.raises(BadToken) as refused:
        door.launch({CORE + name: {"id": wrong}})
    assert f"{name}.id" in refused.value.detail


# --- vocabularies ----------------------------------------------------------------------------------------------------

COURSE = "http://purl.imsglobal.org/vocab/lis/v2/course"


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ([f"{COURSE}#Group"], "group"),
        (["Group"], "group"),
        ([f"{COURSE}#CourseOffering"], "course"),
        ([f"{COURSE}#CourseSection"], "course"),
        ([f"{COURSE}#CourseTemplate"], "course"),
        (["https://vendor.example/types#Club"], "course"),
        (["https://vendor.example/types#Club", f"{COURSE}#Group"], "group"),
        ([], "course"),
    ],
)
def test_the_kind_of_a_context(door, types, kind):
    assert door.launch({CORE + "context": {"id": "c", "type": types}}).arrival.context.kind == kind


def test_a_context_is_called_by_its_title_or_else_by_its_label(door):
    def called(**context):
        return door.launch({CORE + "context": {"id": "c", **context}}).arrival.context.title

    assert called(title="Literacy", label="LIT 1") == "Literacy"
    assert called(label="LIT 1") == "LIT 1"
    assert called() == ""


def test_a_role_of_another_vocabulary_takes_nothing_away(door):
    roles = ["https://vendor.example/roles#Dragon", "", f"{MEMBERSHIP}#Instructor"]
    assert door.launch({CORE + "roles": roles}).arrival.leads_context


# --- what an address serves ------------------------------------------------------------------------------------------


def test_a_message_is_taken_only_where_its_type_is_served(door):
    form = door.north.launch_form(door.login().redirect_url, door.clock.now())
    with pytest.raises(BadToken) as refused:
        door.open(form, accepts=frozenset({DEEP_LINKING}))
    assert "message_type" in refused.value.detail
    assert door.launch().message_type == RESOURCE_LINK


def test_a_request_for_content_needs_neither_roles_nor_a_link(door):
    without = {CORE + "message_type": DEEP_LINKING, CORE + "roles": None, CORE + "resource_link": None}
    result = door.launch(without)
    assert (result.message_type, result.resource_link, result.arrival.leads_context) == (
        DEEP_LINKING,
        "",
        False,
    )
    for name in ("roles", "resource_link"):
        with pytest.raises(BadToken):
            door.launch({CORE + name: None})
