"""A request for content, read from a verified launch, and our answer before a platform that checks all of it."""

from __future__ import annotations

import jwt
import pytest
import requests

from coplink.core.errors import BadToken
from coplink.lti import deep_linking
from coplink.lti.claims import Claims
from coplink.lti.deep_linking import Asked, Chosen, Form
from coplink.lti.our_keys import OurKeys

CORE = "https://purl.imsglobal.org/spec/lti/claim/"
DL = deep_linking.CLAIM
ICON = "https://tool.example/static/icon.svg"


@pytest.fixture
def ask(tool, lms, browser):
    """Asks from a placement of course 101, as the sandbox does; gives what the tool read."""

    def asking(placement, person="ana.ruiz"):
        page = browser.open(f"{lms.base_url}/courses/101/placements/{placement}?as={person}")
        assert page.status_code == 200
        assert browser.submit(browser.submit(page)).text == "welcome"
        result = tool.arrived[-1]
        with tool.storage.begin() as uow:
            registration = uow.platforms.get("reg-riverbend")
        return deep_linking.read(result.claims, registration, result.deployment_id), registration

    return asking


@pytest.fixture
def answer(tool):
    """Signs an answer with our key and brings it back; ``changes`` are claims to forge."""

    def answering(asked, registration, chosen=(), changes=None, header=None, key=None, address=None, **said):
        ours = tool.keys.current(tool.clock.now())
        contents = [deep_linking.content(asked, one, ICON) for one in chosen]
        token = deep_linking.answer(asked, registration, ours, contents, tool.clock.now(), **said)
        if changes is not None or header is not None or key is not None:
            claims = {**jwt.decode(token, options={"verify_signature": False}), **(changes or {})}
            claims = {name: value for name, value in claims.items() if value is not None}
            token = jwt.encode(claims, (key or ours).private, "RS256", {"kid": ours.kid, **(header or {})})
        return requests.post(address or asked.return_url, data={"JWT": token}, timeout=5)

    return answering


def one(tool, path="/c/x", title="Literacy", **more):
    return Chosen("community", title, "Reading in every subject", tool.url + path, **more)


def test_what_canvas_asks_for_by_placement(ask):
    asked, _ = ask("editor_button")
    assert asked.accepts == ("link", "file", "html", "ltiResourceLink", "image")
    assert (asked.form, asked.multiple, asked.auto_create) == (Form.RESOURCE_LINK, True, False)
    assert "%2B&modal=true" in asked.return_url
    assert deep_linking.recalled(asked.kept()) == asked
    asked, _ = ask("conference_selection")
    assert (asked.form, asked.collaboration) == (Form.LINK, False)
    asked, _ = ask("collaboration")
    assert asked.collaboration
    asked, _ = ask("homework_submission")
    assert asked.form is None


def test_an_honest_answer_is_taken_once_and_the_link_launches(ask, answer, tool, lms, browser):
    asked, registration = ask("link_selection")
    told = [one(tool), one(tool, "/c/y?z=1&a=<2>", 'Week 3 "now" <b>')]
    page = answer(asked, registration, told)
    assert "Week 3 &quot;now&quot; &lt;b&gt;" in page.text
    assert "refused" not in page.text
    first, second = lms.school.links(lms.region.courses["101"])
    assert (first.url, second.url) == (f"{tool.url}/c/x", f"{tool.url}/c/y?z=1&a=<2>")
    assert first.custom == {"coplink_opens": "community"}
    opened = browser.open(f"{lms.base_url}/courses/101/links/{first.id}?as=ben.okafor")
    assert browser.submit(browser.submit(opened)).text == "welcome"
    assert tool.arrived[-1].target_path == "/c/x"
    assert tool.arrived[-1].arrival.accounts == (), "whoever made a link proves nothing about who opens it"


def test_an_answer_taken_twice_is_taken_once(ask, answer, tool, lms):
    asked, registration = ask("link_selection")
    nonce = {"nonce": "n" * 43}
    assert "refused" not in answer(asked, registration, [one(tool)], nonce).text
    assert "nonce was used before" in answer(asked, registration, [one(tool)], nonce).text
    assert len(lms.school.links(lms.region.courses["101"])) == 1


FORGED = [
    {"iss": "https://canvas.instructure.com"},
    {"iss": "170000000000202"},
    {"aud": "https://canvas.instructure.com/"},
    {"aud": "170000000000101"},
    {"azp": "somebody"},
    {"exp": 1},
    {"exp": None},
    {"iat": None},
    {"nonce": None},
    {"nonce": "short"},
    {CORE + "message_type": "LtiDeepLinkingRequest"},
    {CORE + "version": "1.2.0"},
    {CORE + "deployment_id": "another"},
    {DL + "data": "another"},
    {DL + "data": None},
    {DL + "content_items": [{"type": "file", "title": "x"}]},
    {DL + "content_items": [{"type": "ltiResourceLink", "title": "x", "url": "https://evil.example/"}]},
    {DL + "content_items": [{"type": "ltiResourceLink", "title": "", "url": "http://127.0.0.1/"}]},
    {DL + "content_items": {"type": "ltiResourceLink"}},
]


def test_the_sandbox_takes_nothing_that_is_not_right(ask, answer, tool, lms):
    asked, registration = ask("link_selection")
    for changes in FORGED:
        assert "was refused" in answer(asked, registration, [one(tool)], changes).text, changes
    assert "was refused" in answer(asked, registration, [one(tool)], header={"kid": "unknown"}).text
    another = asked.return_url.replace("%2B", "+")
    assert "was changed" in answer(asked, registration, [one(tool)], address=another).text
    elsewhere = asked.return_url.replace("/courses/101/", "/courses/102/")
    assert "another course" in answer(asked, registration, [one(tool)], address=elsewhere).text
    assert not lms.school.links(lms.region.courses["101"])


def test_a_collaboration_is_seen_by_whom_it_names(ask, answer, tool, lms, browser):
    asked, registration = ask("collaboration")
    ben, ana = (lms.region.residents[name] for name in ("ben.okafor", "ana.ruiz"))
    assert "Added" in answer(asked, registration, [one(tool, people=(ben.subject,), groups=("g",))]).text
    [link] = lms.school.links(lms.region.courses["101"])
    assert link.visible == (ana.subject, ben.subject)
    assert "Literacy</a>" in browser.open(f"{lms.base_url}/courses/101?as=ben.okafor").text
    assert "links/" not in browser.open(f"{lms.base_url}/courses/101?as=chloe.park").text
    page = browser.open(f"{lms.base_url}/courses/101/links/{link.id}?as=chloe.park")
    assert page.status_code == 404


def test_what_is_said_is_shown_over_there(ask, answer, tool):
    asked, registration = ask("homework_submission")
    page = answer(asked, registration, message="Pages only <b>", log="reference")
    assert "Pages only &lt;b&gt;" in page.text
    page = answer(asked, registration, trouble="Not for students", log="reference")
    assert "Not for students" in page.text


def test_a_student_is_shown_the_editor_alone(lms, tool, browser):
    page = browser.open(f"{lms.base_url}/courses/101/placements?as=ben.okafor")
    assert "editor_button" in page.text
    assert "link_selection" not in page.text
    assert (
        browser.open(f"{lms.base_url}/courses/101/placements/link_selection?as=ben.okafor").status_code == 403
    )


def asked_for(**settings):
    told = {
        "deep_link_return_url": "https://lms.example/back",
        "accept_types": ["ltiResourceLink"],
        **settings,
    }
    return Claims({DL + "deep_linking_settings": told})


@pytest.fixture
def registration(door):
    return door.registrations["reg-north"]


def test_the_return_address_is_used_byte_for_byte(registration):
    for address in (
        "https://lms.example/back?data=a%26b&x=%2B+&y='\"<>#frag",
        "https://LMS.example:443/%41",
        "https://lms.example",
    ):
        assert (
            deep_linking.read(asked_for(deep_link_return_url=address), registration, "d").return_url
            == address
        )


@pytest.mark.parametrize(
    "address",
    ["http://lms.example/", "https://lms.example.evil/", "https://a@lms.example/", "https:\\\\lms.example/", "data:,x"],
)  # fmt: skip
def test_an_address_that_is_not_the_platforms_own_is_refused(registration, address):
    with pytest.raises(BadToken):
        deep_linking.read(asked_for(deep_link_return_url=address), registration, "d")


def test_hosted_canvas_answers_on_every_schools_host_and_no_other(registration):
    from dataclasses import replace

    canvas = replace(registration, issuer="https://canvas.instructure.com")
    for address, good in (
        ("https://riverbend.instructure.com/courses/1/deep_linking_response?data=x", True),
        ("https://riverbend.instructure.com.evil.example/", False),
        ("https://evilinstructure.com/", False),
        ("http://riverbend.instructure.com/", False),
    ):
        claims = asked_for(deep_link_return_url=address)
        if good:
            assert deep_linking.read(claims, canvas, "d").return_origin == "https://riverbend.instructure.com"
        else:
            with pytest.raises(BadToken):
                deep_linking.read(claims, canvas, "d")


def test_one_of_several_is_never_sent_where_one_is_taken(registration, storage, clock):
    key = OurKeys(storage).current(clock.now())
    asked = Asked("reg-north", "d", "https://lms.example/", ("ltiResourceLink",))
    with pytest.raises(ValueError, match="one thing"):
        deep_linking.answer(asked, registration, key, [{}, {}], clock.now())
    with pytest.raises(ValueError, match="nothing"):
        deep_linking.content(
            Asked("reg-north", "d", "https://lms.example/", ("file",)), Chosen("a", "b", "c", "d"), ""
        )


def test_two_schools_of_one_issuer_get_answers_of_their_own(door, storage, clock):
    key = OurKeys(storage).current(clock.now())
    for registration in door.registrations.values():
        asked = Asked(registration.id, "d", "https://lms.example/", ("ltiResourceLink",))
        token = deep_linking.answer(asked, registration, key, [], clock.now())
        claims = jwt.decode(
            token,
            key.private.public_key(),
            ["RS256"],
            audience=registration.issuer,
            options={"verify_exp": False, "verify_iat": False},
        )
        assert claims["iss"] == registration.client_id
