"""How coplink asks for the members of a context, and which of a page's words it needs.

Source: 1EdTech Names and Role Provisioning Services 2.0; each test is named in ``docs/conformance-services.md``.
"""

from __future__ import annotations

import json

import pytest
from werkzeug.wrappers import Request, Response

from coplink.core.arrival import RosterSourceAddress
from coplink.core.roster import whole
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.our_keys import OurKeys
from coplink.lti.outside import LOOPBACK
from coplink.lti.rosters import LtiRosters
from coplink.testing.platform import CORE, MEMBERSHIP, NRPS

MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ANA = {"user_id": "ana", "roles": [f"{MEMBERSHIP}#Instructor"]}
BEN = {"user_id": "ben", "roles": ["Learner"]}


class Service:
    """Token endpoint and membership service of a platform; keeps what it was asked."""

    def __init__(self):
        self.asked, self.scopes = [], []
        self.members, self.links, self.media_type = [ANA, BEN], None, MEDIA_TYPE
        self.container = {"id": "https://lms.example/members", "context": {"id": "course-1"}}

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path == "/token":
            self.scopes.append(request.form["scope"])
            body = {"access_token": "secret-of-the-school", "token_type": "bearer", "expires_in": 3600}
            return Response(json.dumps(body))(environ, start_response)
        self.asked.append(request)
        headers = {"Link": self.links} if self.links else {}
        body = json.dumps({**self.container, "members": self.members})
        return Response(body, headers=headers, mimetype=self.media_type)(environ, start_response)


@pytest.fixture
def service(addresses, door):
    addresses[0].app = service = Service()
    return service


@pytest.fixture
def read(door, addresses, clock, service):
    url = addresses[0].url
    door.put(door.north.registration("reg-north", "north", token_url=f"{url}/token"))
    rosters = LtiRosters(
        door.storage, Connector(door.storage, OurKeys(door.storage), clock, Egress(outside=LOOPBACK))
    )

    def read(**changes):
        values = {"url": f"{url}/members", "context": "course-1", **changes}
        return whole(rosters.read(RosterSourceAddress("reg-north", values)))

    return read


def listed(roster):
    return [(one.subject, one.name, one.email, one.leads) for one in roster.people]


def test_members_are_read_by_get_with_the_media_type_and_a_token_of_one_scope(read, service):
    assert read().complete
    [request] = service.asked
    assert (request.method, request.get_data()) == ("GET", b"")
    assert request.headers["Accept"] == MEDIA_TYPE
    assert request.headers["Authorization"] == "Bearer secret-of-the-school"
    assert "secret" not in request.full_path
    assert service.scopes == [SCOPE]


def test_an_id_and_roles_are_all_that_a_member_needs(read):
    assert listed(read()) == [("ana", None, None, True), ("ben", None, None, False)]


def test_what_nobody_knows_of_a_member_changes_nothing(read, service):
    more = {
        "picture": "https://lms.example/ana.png",
        "middle_name": "Maria",
        "lis_person_sourcedid": "59254-6782-12ab",
        "lti11_legacy_user_id": "668321221-2879",
        "status": "Active",
        "group_enrollments": [{"group_id": "7"}],
        "https://vendor.example/more": {"x": [1]},
        "message": [
            {
                CORE + "message_type": "LtiResourceLinkRequest",
                "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome": {"lis_result_sourcedid": "x"},
            }
        ],
    }
    plain = listed(read())
    service.members = [ANA | more, BEN | more]
    service.container |= {"https://vendor.example/of_the_page": 1}
    assert listed(read()) == plain
    assert listed(read(rlid="course-1")) == plain


@pytest.mark.parametrize(
    "media_type", [f"{MEDIA_TYPE}; charset=utf-8", MEDIA_TYPE.upper(), "application/json"]
)
def test_a_page_is_judged_by_what_it_holds(read, service, media_type):
    service.media_type = media_type
    assert len(read().people) == 2


def test_a_page_without_a_context_is_taken_and_one_of_another_context_is_not(read, service):
    from coplink.ports.errors import UnexpectedReply

    service.container = {}
    assert read().complete
    service.container = {"context": {"id": "course-2"}}
    with pytest.raises(UnexpectedReply):
        read()


def test_a_link_to_differences_is_not_followed(read, service):
    service.links = '<https://lms.example/members?since=1>; rel="differences"'
    assert read().complete
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("versions", "taken"), [(["2.0"], True), (["1.0", "2.0"], True), ([], True), (["3.0"], False)]
)
def test_the_service_is_used_in_the_version_we_know(door, versions, taken):
    claim = {"context_memberships_url": "https://lms.example/members", "service_versions": versions}
    assert (door.launch({NRPS: claim}).arrival.roster is not None) == taken


def test_the_address_of_each_launch_is_its_own(door):
    for url in ("https://lms.example/a/members?x=%2F&y=1", "https://lms.example/b/members"):
        claim = {"context_memberships_url": url, "service_versions": ["2.0"]}
        assert door.launch({NRPS: claim}).arrival.roster.values["url"] == url
