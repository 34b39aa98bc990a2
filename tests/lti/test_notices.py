"""A platform's notices, each judged on its own: row 93 of the handbook, with two schools on one issuer."""

from __future__ import annotations

import pytest

from coplink.core.errors import BadToken, LaunchError, PendingDeployment, UnknownDeployment, UnknownPlatform
from coplink.lti import notices
from coplink.ports.errors import IntegrationError
from coplink.ports.records import Deployment
from coplink.testing.platform import CORE, rsa_key

COPY, HELLO = "LtiContextCopyNotice", "LtiHelloWorldNotice"
COURSE = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"


def claims_of(platform, now, **changed):
    """An honest notice of a copied course; ``None`` takes a claim out."""
    moment = int(now.timestamp())
    claims = {
        "iss": platform.issuer,
        "aud": platform.client_id,
        "azp": platform.client_id,
        "iat": moment,
        "exp": moment + 3600,
        "nonce": "n-1",
        "version": "1.3.0",
        "deployment_id": platform.deployment_id,
        "notice": {"id": "notice-1", "timestamp": "2026-09-01T12:00:00Z", "type": COPY},
        "context": {"id": "course-2", "label": "LIT", "title": "Literacy (copy)", "type": [COURSE]},
        "origin_contexts": ["course-1"],
        **changed,
    }
    names = ("version", "deployment_id", "notice", "context", "origin_contexts")
    return {CORE + k if k in names else k: v for k, v in claims.items() if v is not None}


@pytest.fixture
def hear(door, clock):
    """Reads a notice that North's platform signed, with changed claims; or any token."""

    def read(token=None, header=None, **changed):
        token = token or door.north.sign(claims_of(door.north, clock.now(), **changed), header)
        return notices.read(door.storage, door.cache, token, clock.now())

    return read


def test_a_notice_of_a_copied_course(hear):
    heard = hear()
    assert (heard.id, heard.type, heard.registration) == ("notice-1", COPY, "reg-north")
    assert (heard.institution, heard.deployment) == ("north", "deployment-1")
    assert (heard.context.realm, heard.context.id, heard.context.title) == (
        "reg-north",
        "course-2",
        "Literacy (copy)",
    )
    assert heard.origins == ("course-1",)


def test_a_copy_without_an_origin_and_a_greeting_are_notices(hear):
    assert hear(origin_contexts=None).origins == ()
    greeting = hear(notice={"id": "n", "type": HELLO}, context=None, origin_contexts=None)
    assert (greeting.type, greeting.context, greeting.origins) == (HELLO, None, ())


def test_an_unknown_kind_is_read_and_means_nothing(hear):
    heard = hear(notice={"id": "n", "type": "LtiNewsOfNextYear"}, context={"id": 7})
    assert (heard.type, heard.context, heard.origins) == ("LtiNewsOfNextYear", None, ())


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"iss": None}, BadToken),
        ({"iss": "https://other.example"}, UnknownPlatform),
        ({"iss": 5}, BadToken),
        ({"aud": None}, BadToken),
        ({"aud": "client-nobody", "azp": None}, UnknownPlatform),
        ({"aud": "client-south", "azp": "client-south"}, BadToken),  # South's keys: South did not sign it
        ({"aud": ["client-north", "client-south"], "azp": None}, BadToken),
        ({"azp": "client-south"}, BadToken),
        ({"deployment_id": None}, BadToken),
        ({"deployment_id": "another"}, UnknownDeployment),
        ({"exp": 1}, BadToken),
        ({"exp": None}, BadToken),
        ({"iat": None}, BadToken),
        ({"iat": 1}, BadToken),
        ({"version": None}, BadToken),
        ({"version": "2"}, BadToken),
        ({"notice": None}, BadToken),
        ({"notice": "notice-1"}, BadToken),
        ({"notice": {"type": COPY}}, BadToken),
        ({"notice": {"id": "", "type": COPY}}, BadToken),
        ({"notice": {"id": "n" * 256, "type": COPY}}, BadToken),
        ({"notice": {"id": "n"}}, BadToken),
        ({"context": None}, BadToken),
        ({"context": {"title": "no id"}}, BadToken),
        ({"origin_contexts": "course-1"}, BadToken),
        ({"origin_contexts": [1]}, BadToken),
    ],
)
def test_a_notice_that_is_not_as_it_must_be_is_refused(door, hear, changed, error):
    with pytest.raises(error):
        hear(**changed)
    assert [d.deployment_id for d in door.deployments()] == ["deployment-1"], "a notice makes nothing known"


@pytest.mark.parametrize("kind", ["", "x", "a.b.c", "a" * 140_000, "ä.b.c", "e30.e30.", "W10.W10.x"])
def test_what_is_no_token_is_refused(hear, kind):
    with pytest.raises(LaunchError):
        hear(token=kind or ".")


def test_a_notice_with_a_wrong_or_missing_signature_is_refused(door, clock, hear):
    claims = claims_of(door.north, clock.now())
    good = door.north.sign(claims)
    head, body, signature = good.split(".")
    wrong = [
        door.north.sign(claims, key=rsa_key("somebody")),
        door.south.sign(claims, {"kid": "north"}),
        f"{head}.{body}.",
        f"{head}.{body}x.{signature}",
        door.north.sign(claims, {"kid": "unknown"}),
        door.north.sign(claims, {"kid": None}),
    ]
    for token in wrong:
        with pytest.raises(BadToken):
            hear(token=token)
    assert hear(token=good).id == "notice-1"


def test_a_deployment_that_waits_for_approval_tells_nothing(door, clock, hear):
    with door.storage.begin() as uow:
        uow.platforms.put_deployment(Deployment("reg-north", "waiting", "north"))
        uow.commit()
    with pytest.raises(LaunchError) as refused:
        hear(deployment_id="waiting")
    assert refused.type in (PendingDeployment, UnknownDeployment)


def test_a_platform_whose_keys_cannot_be_had_may_send_again(door, hear):
    door.north.answer = lambda: (500, b"")
    with pytest.raises(IntegrationError):
        hear()


def test_the_institution_is_the_deployments_not_the_registrations(door, clock, hear):
    with door.storage.begin() as uow:
        uow.platforms.put_deployment(Deployment("reg-north", "lent", "south", clock.now()))
        uow.commit()
    assert hear(deployment_id="lent").institution == "south"


def test_a_notice_counts_once_for_each_registration(door, clock):
    until = clock.now() + notices.ONCE_FOR
    with door.storage.begin() as uow:
        heard = [
            uow.notice_services.hear(one, "n-1", clock.now(), until) for one in ("reg-north", "reg-north")
        ]
        heard.append(uow.notice_services.hear("reg-south", "n-1", clock.now(), until))
        uow.commit()
    assert heard == [True, False, True]
    clock.forward(hours=3)
    with door.storage.begin() as uow:
        assert uow.notice_services.hear("reg-north", "n-2", clock.now(), clock.now()), "old ones are dropped"
        assert uow.notice_services.hear("reg-north", "n-1", clock.now(), clock.now()), (
            "long after any token is good"
        )


# --- what a launch offers --------------------------------------------------------------------------------------------

SERVICE = CORE + "platformnotificationservice"


def offered(door, **changed):
    service = {
        "service_versions": ["1.0"],
        "platform_notification_service_url": f"{door.north.issuer}/api/lti/notice-handlers/106",
        "scope": [notices.SCOPE],
        "notice_types_supported": [HELLO, "LtiAssetProcessorSubmissionNotice", COPY],
        **changed,
    }
    return door.launch({SERVICE: service}).arrival.notices


def test_a_launch_says_where_notices_are_ordered(door):
    told = offered(door)
    assert told.url == f"{door.north.issuer}/api/lti/notice-handlers/106"
    assert (told.deployment, told.types) == ("deployment-1", (COPY, HELLO))
    assert door.launch().arrival.notices is None


@pytest.mark.parametrize(
    "changed",
    [
        {"platform_notification_service_url": "https://evil.example/orders"},
        {"platform_notification_service_url": "http://lms.example/orders"},
        {"platform_notification_service_url": ""},
        {"platform_notification_service_url": None},
        {"notice_types_supported": [HELLO]},
        {"notice_types_supported": None},
    ],
)
def test_an_order_goes_nowhere_but_to_the_platforms_own_host(door, changed):
    assert offered(door, **changed) is None


def test_a_service_of_the_wrong_shape_is_refused_like_any_claim(door):
    with pytest.raises(BadToken):
        door.launch({SERVICE: ["https://lms.example/orders"]})
    with pytest.raises(BadToken):
        offered(door, notice_types_supported=COPY)


def test_the_key_set_is_asked_once_for_many_notices(door, clock, hear):
    for number in range(5):
        hear(notice={"id": f"n-{number}", "type": HELLO})
    assert door.north.fetches == 1
