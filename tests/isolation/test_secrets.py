"""No secret of one institution does anything for another: logins, keys, sessions, codes, links, access tokens."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from belongings import Belongings
from town import BASE, COURSE, DEPLOYMENT, LEADER, MEMBER, NOW, Visitor
from walker import missing
from werkzeug.wrappers import Request, Response

from coplink.core.errors import CoplinkError
from coplink.core.people import Standing
from coplink.engine import claim
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.keys import KeysCache
from coplink.lti.outside import Outside
from coplink.ports.records import Deployment, LinkKind
from coplink.sandbox.wire import Served
from coplink.testing.platform import CORE
from coplink.web.session import COOKIE

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


@pytest.fixture
def north(town):
    return town.schools["northern"]


@pytest.fixture
def south(town):
    return town.schools["southern"]


@pytest.fixture
def west(town):
    return town.schools["western"]


def connector_of(town):
    """Service calls, allowed to reach this machine."""
    services = town.services
    egress = Egress(outside=Outside(loopback=True))
    return Connector(services.storage, services.our_keys, services.clock, egress)


def posted(town, begun_at, signed_by, changes=None):
    """A login begun at one school, its launch signed by another's platform: the answer, and the browser."""
    visitor = Visitor(town)
    begun = town.login(begun_at, visitor)
    claims = town.claims(signed_by, LEADER, COURSE, leads=True) | (changes or {})
    form = signed_by.platform.launch_form(begun.location, NOW, claims)
    return visitor.client.post("/lti/launch", base_url=BASE, data=form), visitor


def test_the_same_ids_are_other_people_at_each_school(town):
    found = {word: school.visitors["leader"].person() for word, school in town.schools.items()}
    assert len({one.id for one in found.values()}) == 3
    assert {word: one.name for word, one in found.items()} == {word: f"{word} {LEADER}" for word in found}
    for word, school in town.schools.items():
        page = school.visitors["leader"].get("/?all=1").text
        assert f"{word} circle" in page
        assert not [other for other in town.schools if other != word and other in page]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": "client-north", "azp": "client-north"},
        {"aud": ["client-north", "client-south"], "azp": "client-north"},
        {"aud": ["client-south", "client-north"], "azp": "client-south"},
    ],
)
def test_a_token_of_another_client_opens_no_login(town, north, south, changes):
    """One issuer, one deployment id, one key id, the nonce of this very login: the keys are the registration's own."""
    answer, visitor = posted(town, north, south, changes)
    assert answer.status_code == 401, answer.text
    assert visitor.session() is None


def test_a_login_of_one_deployment_is_not_opened_by_another_of_the_same_client(town, north, west):
    answer, visitor = posted(town, north, west)
    assert answer.status_code == 401
    assert visitor.session() is None


def test_the_deployment_says_whose_a_launch_is_not_the_registration(town, north, west):
    assert north.registration == west.registration
    assert west.visitors["leader"].person().institution == west.institution
    assert north.visitors["leader"].person().institution == north.institution


def test_approving_a_deployment_of_one_client_approves_none_of_the_other(town, north, south):
    with town.services.begin() as uow:
        uow.platforms.put_deployment(Deployment(north.registration, "new", north.institution, NOW))
        uow.platforms.put_deployment(Deployment(south.registration, "new", south.institution))
        uow.commit()
    for school, status in ((north, 303), (south, 403)):
        visitor = Visitor(town)
        form = school.platform.login_form({"target_link_uri": f"{BASE}/", "lti_deployment_id": None})
        begun = visitor.client.post("/lti/login", base_url=BASE, data=form)
        claims = town.claims(school, "99", COURSE, leads=False) | {CORE + "deployment_id": "new"}
        launch = school.platform.launch_form(begun.location, NOW, claims)
        answer = visitor.client.post("/lti/launch", base_url=BASE, data=launch)
        assert answer.status_code == status, (school.word, answer.text)


def test_parsed_keys_are_kept_for_each_registration(town, north, south):
    fetches = Counter()
    kept = {}

    def key_set(environ, start_response):
        fetches[environ["PATH_INFO"]] += 1
        school = north if "north" in environ["PATH_INFO"] else south
        return Response(json.dumps(school.platform.jwks), mimetype="application/json")(
            environ, start_response
        )

    served, cache = Served(key_set), KeysCache(Egress(outside=Outside(loopback=True)))
    try:
        with town.services.begin() as uow:
            for school in (north, south):
                known = uow.platforms.get(school.registration)
                kept[school.word] = [
                    type(known)(**{**_fields(known), "jwks_url": f"{served.url}/{school.word}", "id": key})
                    for key in (known.id, f"{known.id}-again")
                ]
    finally:
        keys = {(word, one.id): cache.key(one, "kid") for word, known in kept.items() for one in known}
        served.stop()
    numbers = {where: key.public_numbers().n for where, key in keys.items()}
    assert len(set(numbers.values())) == 2, "one key id, two keys"
    assert fetches == {"/northern": 2, "/southern": 2}, "nobody's keys come from somebody else's fetch"


def _fields(record):
    return {name: getattr(record, name) for name in record.__slots__}


def test_access_tokens_are_fetched_for_each_institution(town, north, south, west):
    granted = []

    def endpoint(environ, start_response):
        form = Request(environ).form
        granted.append(form["client_assertion"])
        body = {"access_token": f"token-{len(granted)}", "token_type": "Bearer", "expires_in": 3600}
        return Response(json.dumps(body), mimetype="application/json")(environ, start_response)

    served = Served(endpoint)
    try:
        connector = connector_of(town)
        with town.services.begin() as uow:
            known = {
                school.word: type(found := uow.platforms.get(school.registration))(
                    **{**_fields(found), "token_url": f"{served.url}/token"}
                )
                for school in (north, south, west)
            }
        for _ in range(2):
            tokens = {
                school.word: connector.token(known[school.word], school.institution, [SCOPE])
                for school in (north, south, west)
            }
            assert tokens == {"northern": "token-1", "southern": "token-2", "western": "token-3"}
        renewed = connector.token(known["western"], west.institution, [SCOPE], renew="token-3")
        assert renewed == "token-4"
        assert connector.token(known["northern"], north.institution, [SCOPE]) == "token-1"
    finally:
        served.stop()


def test_service_calls_are_for_whom_a_deployment_was_approved(town, north, south, west):
    connector = connector_of(town)
    with town.services.begin() as uow:
        of_north, of_south = (uow.platforms.get(one.registration) for one in (north, south))
    url = f"{north.platform.issuer}/members"
    assert connector.service(of_north, west.institution, [SCOPE], url, "*/*")
    for registration, institution in ((of_north, south.institution), (of_south, north.institution)):
        with pytest.raises(CoplinkError):
            connector.service(registration, institution, [SCOPE], url, "*/*")


def test_what_is_sealed_is_sealed_for_its_owner(town):
    for school in town.schools.values():
        things = Belongings(town.services, school.institution)
        owned = [one for one in things.secrets() if one[1] != "coplink"]
        assert {owner for _, owner, _ in owned} == {school.institution}
        assert {where for where, _, _ in owned} >= {"links.token", "connections.settings", "watches.secret"}
        unowned = {where.partition(".")[0] for where, owner, _ in things.secrets() if owner == "coplink"}
        assert unowned <= {"logins", "sessions"}, "found by a secret, before anybody is known"


def test_no_stored_value_is_a_session(town, south):
    """What stands in the database, in the clear or not, opens nothing in a cookie."""
    things = Belongings(town.services, south.institution)
    values = {value for _, _, value in things.secrets() if value.isascii() and value.isprintable()}
    for value in sorted(values | set(things.names("sessions")) | set(things.names("links"))):
        visitor = Visitor(town)
        visitor.client.set_cookie(COOKIE, value, domain="127.0.0.1", secure=True)
        assert visitor.get("/me").status_code == 303, value


def test_a_form_secret_is_good_in_its_own_session_only(town, north, south):
    leader, other = north.visitors["leader"], south.visitors["leader"]
    for secret in (other.csrf(), north.visitors["member"].csrf(), missing(other.csrf())):
        assert leader.post("/me/code", {}, csrf=secret).status_code == 403
    assert leader.post("/me/code", {}).status_code == 200


def test_anothers_one_time_code_is_no_code(town, north, south):
    owner = south.visitors["leader"].person()
    code = next(
        one.token for one in links(town, LinkKind.ACCOUNT) if one.person == owner.id and one.open_at(NOW)
    )
    visitor = town.launch(north, MEMBER)
    answers = [visitor.post("/me/link", {"code": one}) for one in (code, missing(code))]
    assert [one.status_code for one in answers] == [400, 400]
    assert answers[0].text.replace(code, "") == answers[1].text.replace(missing(code), "")
    with town.services.begin() as uow:
        assert claim.owner_of(uow, owner, code, NOW).id == owner.id, "still good for its own"


def test_an_invitation_of_another_school_shows_its_page_and_lets_nobody_in(town, north, south):
    [token] = [one.token for one in links(town, LinkKind.INVITATION) if one.community == south.community]
    visitor = town.launch(north, MEMBER)
    page = visitor.get(f"/i/{token}")
    assert page.status_code == 200, "whoever holds it may read what it invites to"
    assert visitor.get(f"/c/{south.community}/invitation").status_code == 404
    assert visitor.post(f"/c/{south.community}/join", {}).status_code == 404
    with town.services.begin() as uow:
        standing = {m.person: m.standing for m in uow.communities.memberships(south.community)}
    assert visitor.person().id not in standing
    assert Standing.JOINED in standing.values()


def test_an_admins_link_leads_to_its_own_institution(town, north, south):
    token = next(
        one.token
        for one in links(town, LinkKind.ADMIN)
        if one.institution == south.institution and one.open_at(NOW)
    )
    visitor = town.launch(north, MEMBER)
    before = visitor.secret()
    assert visitor.post(f"/admin/claim/{token}", {}).status_code == 303
    assert visitor.person().institution == south.institution
    assert visitor.secret() != before
    assert "northern" not in visitor.get("/admin").text


def links(town, kind):
    with town.services.begin() as uow:
        return list(uow.links.of(kind))


def test_deployment_ids_are_the_same_everywhere(town, north, south):
    """What this folder tests would be worth little if the schools could be told apart by their ids."""
    assert north.platform.issuer == south.platform.issuer
    assert north.deployment == south.deployment == DEPLOYMENT
    assert north.platform.kid == south.platform.kid
    boards = town.room.rooms
    assert set(boards["northern"].boards) == set(boards["southern"].boards) == set(boards["western"].boards)
