"""Claims: rows 42 to 79 of the LTI handbook's table, and the launches that must be let in."""

from __future__ import annotations

import pytest

from coplink.core.errors import BadToken, UnknownDeployment
from coplink.lti.claims import clean
from coplink.testing.platform import CORE, MEMBERSHIP, NRPS

# The test's clock stands still here, in seconds since 1970.
NOW = 1788264000
HERE, OTHER = "client-north", "client-south"
LONG = "x" * 256

BAD = [
    (42, {"exp": None}, "exp"),
    (43, {"exp": NOW - 61}, "exp is past"),
    (43, {"exp": NOW - 86400, "iat": NOW - 90000}, "exp is past"),
    (44, {"exp": NOW + 315360000}, "too far ahead"),
    (44, {"exp": NOW + 3661 + 60}, "too far ahead"),
    (44, {"exp": 1e300}, "no time"),
    (45, {"iat": None}, "iat"),
    (46, {"iat": NOW - 172800}, "too long ago"),
    (46, {"iat": NOW - 361}, "too long ago"),
    (47, {"iat": NOW + 61}, "future"),
    (47, {"nbf": NOW + 61}, "future"),
    (47, {"iat": str(NOW)}, "no time"),
    (47, {"exp": True}, "no time"),
    (47, {"nbf": [NOW]}, "no time"),
    (48, {"iss": None}, "iss"),
    (48, {"iss": "https://other.example"}, "iss"),
    (48, {"iss": "https://lms.example/"}, "iss"),
    (48, {"iss": "http://lms.example"}, "iss"),
    (48, {"iss": ["https://lms.example"]}, "iss"),
    (49, {"aud": None}, "aud"),
    (49, {"aud": ""}, "aud"),
    (49, {"aud": []}, "aud"),
    (49, {"aud": {HERE: 1}}, "aud"),
    (50, {"aud": "nobody"}, "aud"),
    (51, {"aud": ["nobody", OTHER]}, "aud"),
    (51, {"aud": [HERE, 7], "azp": HERE}, "aud"),
    (52, {"aud": [HERE, "another"], "azp": None}, "azp"),
    (53, {"aud": [HERE, "another"], "azp": "another"}, "azp"),
    (54, {"azp": OTHER}, "azp"),
    (54, {"azp": [HERE]}, "azp"),
    (55, {"aud": OTHER, "azp": OTHER}, "aud"),
    (57, {"sub": ""}, "sub"),
    (58, {"sub": 7}, "sub"),
    (58, {"sub": ["subject"]}, "sub"),
    (59, {"sub": LONG}, "sub"),
    (59, {"sub": "sub\x00ject"}, "sub"),
    (59, {"sub": "ünser"}, "sub"),
    (60, {CORE + "version": None}, "version"),
    (61, {CORE + "version": "1.3"}, "version"),
    (61, {CORE + "version": 1.3}, "version"),
    (62, {CORE + "message_type": None}, "message_type"),
    (63, {CORE + "message_type": "Unknown"}, "message_type"),
    (63, {CORE + "message_type": ["LtiResourceLinkRequest"]}, "message_type"),
    (64, {CORE + "message_type": "LtiSubmissionReviewRequest"}, "message_type"),
    (65, {CORE + "version": None, CORE + "roles": None, CORE + "resource_link": None}, "version"),
    (66, {CORE + "deployment_id": None}, "deployment_id"),
    (66, {CORE + "deployment_id": ""}, "deployment_id"),
    (66, {CORE + "deployment_id": 1}, "deployment_id"),
    (67, {CORE + "deployment_id": "another"}, "deployment_id"),  # the login named one
    (69, {CORE + "deployment_id": LONG}, "deployment_id"),
    (69, {CORE + "deployment_id": "dëployment"}, "deployment_id"),
    (70, {CORE + "resource_link": None}, "resource_link"),
    (70, {CORE + "resource_link": {}}, "resource_link.id"),
    (70, {CORE + "resource_link": {"id": ""}}, "resource_link.id"),
    (70, {CORE + "resource_link": {"id": LONG}}, "resource_link.id"),
    (71, {CORE + "resource_link": "link-1"}, "resource_link"),
    (71, {CORE + "resource_link": {"id": 7}}, "resource_link.id"),
    (72, {CORE + "roles": None}, "roles"),
    (73, {CORE + "roles": "Instructor"}, "roles"),
    (73, {CORE + "roles": {"Instructor": True}}, "roles"),
    (73, {CORE + "roles": ["Instructor", 7]}, "roles"),
    (74, {CORE + "target_link_uri": None}, "target_link_uri"),
    (75, {CORE + "target_link_uri": "https://tool.example/c/2"}, "target_link_uri"),
    (75, {CORE + "target_link_uri": "https://tool.example"}, "target_link_uri"),
    (76, {CORE + "target_link_uri": "https://evil.example/"}, "target_link_uri"),
    (77, {CORE + "context": "course-1"}, "context"),
    (77, {CORE + "context": ["course-1"]}, "context"),
    (77, {CORE + "context": {"id": 7}}, "context.id"),
    (77, {CORE + "context": {"title": "no id"}}, "context.id"),
    (77, {CORE + "context": {"id": "c", "type": "CourseOffering"}}, "context.type"),
    (77, {CORE + "context": {"id": "c", "title": ["x"]}}, "context.title"),
    (77, {CORE + "custom": "x=1"}, "custom"),
    (77, {CORE + "custom": ["x"]}, "custom"),
    (77, {CORE + "launch_presentation": "iframe"}, "launch_presentation"),
    (77, {CORE + "tool_platform": "canvas"}, "tool_platform"),
    (77, {"name": 7}, "name"),
    (77, {"email": ["ana@school.example"]}, "email"),
    (77, {NRPS: ["https://lms.example/members"]}, "namesroleservice"),
    (77, {NRPS: {}}, "context_memberships_url"),
    (77, {NRPS: {"context_memberships_url": 7}}, "context_memberships_url"),
    (78, {NRPS: {"context_memberships_url": "https://evil.example/members"}}, "foreign host"),
    (78, {NRPS: {"context_memberships_url": "https://lms.example.evil.example/"}}, "foreign host"),
    (78, {NRPS: {"context_memberships_url": "https://lms.example@evil.example/"}}, "foreign host"),
    (78, {NRPS: {"context_memberships_url": "http://lms.example/members"}}, "foreign host"),
    (78, {NRPS: {"context_memberships_url": "http://169.254.169.254/latest"}}, "foreign host"),
    (78, {NRPS: {"context_memberships_url": "file:///etc/passwd"}}, "foreign host"),
    (78, {NRPS: {"context_memberships_url": "https://lms.example:8443/members"}}, "foreign host"),
]


@pytest.mark.parametrize(("row", "changes", "detail"), BAD)
def test_a_bad_claim_is_refused(door, row, changes, detail):
    with pytest.raises(BadToken) as refused:
        door.launch(changes)
    assert detail in refused.value.detail
    assert str(refused.value.message).endswith(".")
    assert [d.deployment_id for d in door.deployments()] == ["deployment-1"]


def test_row_55_a_launch_of_the_other_school_on_a_login_of_this_one(door):
    url = door.login().redirect_url
    with pytest.raises(BadToken):
        door.open(door.south.launch_form(url, door.clock.now()))


def test_row_56_somebody_who_is_not_signed_in_gets_a_friendly_sentence(door):
    with pytest.raises(BadToken) as refused:
        door.launch({"sub": None})
    assert "Please sign in there" in str(refused.value.message)


def test_rows_67_and_68_an_unknown_deployment_and_that_of_another_registration(door):
    from coplink.ports.records import Deployment

    with door.storage.begin() as uow:
        uow.platforms.put_deployment(Deployment("reg-south", "only-south", "south", door.clock.now()))
        uow.commit()
    for unknown in ("another", "only-south"):
        with pytest.raises(UnknownDeployment) as refused:
            door.launch({CORE + "deployment_id": unknown}, {"lti_deployment_id": None})
        assert "administrator" in str(refused.value.message)
    waiting = [d.deployment_id for d in door.deployments() if d.approved_at is None]
    assert sorted(waiting) == ["another", "only-south"]


def test_the_institution_is_the_deployments_not_the_registrations(door):
    from coplink.ports.records import Deployment

    with door.storage.begin() as uow:
        uow.platforms.put_deployment(Deployment("reg-north", "lent", "south", door.clock.now()))
        uow.commit()
    who = door.launch({CORE + "deployment_id": "lent"}, {"lti_deployment_id": "lent"}).arrival
    assert (who.institution, who.roster.values["institution"]) == ("south", "south")


def test_row_79_an_old_lti_1_1_id_links_nothing(door):
    old = {CORE + "lti1p1": {"user_id": "1", "oauth_consumer_key": "k", "oauth_consumer_key_sign": "forged"}}
    assert door.launch(old).arrival == door.launch().arrival


LEARNER, TEACHER = f"{MEMBERSHIP}#Learner", f"{MEMBERSHIP}#Instructor"
NOBODY = {"name": None, "given_name": None, "family_name": None, "email": None}
GOOD = [
    ("instructor with everything", {}, {"leads_context": True}),
    ("student with everything", {CORE + "roles": [LEARNER]}, {"leads_context": False}),
    ("no personal data", NOBODY, {"name": None, "email": None}),
    ("names only", {"email": None}, {"name": "Ana Ruiz", "email": None}),
    ("given and family name only", {"name": None}, {"name": "Ana Ruiz"}),
    ("email only", {**NOBODY, "email": "ana@school.example"}, {"email": "ana@school.example"}),
    ("several roles", {CORE + "roles": [LEARNER, TEACHER]}, {"leads_context": True}),
    ("short role name", {CORE + "roles": ["Instructor"]}, {"leads_context": True}),
    (
        "unknown role address",
        {CORE + "roles": ["https://x.example/roles#Instructor"]},
        {"leads_context": False},
    ),
    ("an empty text among the roles", {CORE + "roles": ["", LEARNER]}, {"leads_context": False}),
    ("no roles at all", {CORE + "roles": []}, {"leads_context": False}),
    ("no context", {CORE + "context": None}, {"context": None, "roster": None}),
    ("aud as a list of one", {"aud": [HERE]}, {}),
    ("aud as a list of one without azp", {"aud": [HERE], "azp": None}, {}),
    ("aud as a list with azp", {"aud": ["another", HERE], "azp": HERE}, {}),
    ("no azp", {"azp": None}, {}),
    ("a token of one minute", {"exp": NOW + 60}, {}),
    ("a clock a few seconds ahead", {"iat": NOW + 5, "exp": NOW + 65}, {}),
    ("a clock a few seconds behind", {"iat": NOW - 65, "exp": NOW - 5}, {}),
    ("a clock ahead with nbf", {"iat": NOW + 30, "nbf": NOW + 30, "exp": NOW + 90}, {}),
    ("times with fractions", {"iat": NOW - 0.5, "exp": NOW + 60.5}, {}),
    ("no names and roles", {NRPS: None}, {"roster": None}),
    (
        "another version of names and roles",
        {NRPS: {"context_memberships_url": "https://lms.example/m", "service_versions": ["9.0"]}},
        {"roster": None},
    ),
    ("no custom parameters", {CORE + "custom": None}, {"accounts": (), "asked": {}}),
    ("an empty name", {"name": " ", "given_name": "", "family_name": None}, {"name": None}),
    ("something that is no address", {"email": "not an address"}, {"email": None}),
]


@pytest.mark.parametrize(("changes", "expected"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
def test_a_good_launch_is_let_in(door, changes, expected):
    who = door.launch(changes).arrival
    assert (who.institution, who.realm, who.subject) == ("north", "reg-north", "subject-of-ana")
    assert {name: getattr(who, name) for name in expected} == expected


def test_nothing_but_what_is_needed(door):
    """The smallest launch a platform may send."""
    small = dict.fromkeys(
        ("azp", *NOBODY, CORE + "context", CORE + "custom", CORE + "launch_presentation", NRPS)
    )
    who = door.launch(small).arrival
    assert (who.name, who.email, who.context, who.accounts, who.roster) == (None, None, None, (), None)


def test_null_counts_as_absent(door):
    """Canvas sends null for what it has not; python-side None is left out, so the text is signed as it is."""
    import json

    login = door.login()
    claims = door.north.claims(login.redirect_url, door.clock.now())
    claims[CORE + "resource_link"] = {"id": "link-1", "title": None, "validation_context": None}
    claims[CORE + "context"] = {"id": "c", "title": None, "label": "LIT", "type": None}
    claims[CORE + "launch_presentation"] = None
    claims["email"] = None
    token = door.north.sign_text(json.dumps(claims))
    who = door.open({"state": login.state, "id_token": token}).arrival
    assert (who.email, who.context.title) == (None, "LIT")


ITSELF = {CORE + "resource_link": {"id": "course-1"}}  # the tool in the navigation of the course


def test_custom_parameters_become_accounts_and_wishes(door):
    custom = {"canvas_user_id": 1001, "canvas_course_id": "101", "sis": "$Canvas.user.sisSourceId"}
    who = door.launch({**ITSELF, CORE + "custom": custom}).arrival
    assert [(a.integration, a.account) for a in who.accounts] == [("canvas", "1001")]
    assert who.asked == {"course": "101"}


@pytest.mark.parametrize("absent", ["$Canvas.user.id", "", None, ["1001"], {"id": 1}, True, "\x00"])
def test_a_custom_parameter_without_a_value_proves_nothing(door, absent):
    custom = {"canvas_user_id": absent, "canvas_course_id": absent}
    who = door.launch({**ITSELF, CORE + "custom": custom}).arrival
    assert who.accounts == ()
    assert who.asked == {}


@pytest.mark.parametrize(
    "changes",
    [
        {CORE + "resource_link": {"id": "link-1"}},
        {CORE + "resource_link": {"id": "COURSE-1"}},
        {CORE + "resource_link": {"id": "course-1 "}},
        {CORE + "resource_link": {"id": "course-1", "title": "x"}, CORE + "context": {"id": "course-2"}},
        {CORE + "resource_link": {"id": "course-1"}, CORE + "context": None},
        {CORE + "tool_platform": {"guid": "g", "product_family_code": "canvas"}},
    ],
)
def test_custom_parameters_of_a_link_that_a_teacher_made_prove_nothing(door, changes):
    forged = {CORE + "custom": {"canvas_user_id": "1002", "canvas_course_id": "999"}}
    who = door.launch({**forged, **changes}).arrival
    assert who.accounts == ()
    assert who.asked == {}
    assert (who.subject, who.name) == ("subject-of-ana", "Ana Ruiz")


def test_a_group_is_a_group(door):
    kind = "http://purl.imsglobal.org/vocab/lis/v2/course#Group"
    changes = {CORE + "context": {"id": "g", "type": [kind]}, CORE + "roles": [f"{MEMBERSHIP}#Manager"]}
    who = door.launch(changes).arrival
    assert (who.context.kind, who.leads_context) == ("group", True)


def test_the_roster_of_the_whole_course_is_asked_where_that_is_known_to_work(door):
    assert "rlid" not in door.launch().arrival.roster.values
    canvas = {CORE + "tool_platform": {"guid": "g", "product_family_code": "canvas"}}
    assert door.launch(canvas).arrival.roster.values["rlid"] == "course-1"
    same = {CORE + "resource_link": {"id": "course-1"}}
    assert door.launch(same).arrival.roster.values["rlid"] == "course-1"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://lms.example/", "x" * 5000, "https://a b/"]
)
def test_a_return_address_that_must_not_be_used_is_dropped(door, address):
    result = door.launch({CORE + "launch_presentation": {"return_url": address, "locale": "es"}})
    assert result.presentation.return_url is None
    assert result.presentation.locale == "es"


def test_the_platforms_pages_may_frame_us(door):
    back = {CORE + "launch_presentation": {"return_url": "https://school.lms.example/x?y=1"}}
    assert door.launch(back).frame_ancestors == ("https://school.lms.example", "https://lms.example")


def test_text_for_people_is_cleaned():
    assert clean("  A\x00na\n\tRuiz \ud800") == "A na Ruiz"
    assert len(clean("x" * 10_000)) == 500
