"""What goes back to the platform, and what the links that were put there open."""

from __future__ import annotations

import pytest

from coplink.core.people import CommunityId, Membership, Role, Standing
from coplink.ports.records import ContextLink
from coplink.testing.platform import CORE

BASE = "http://127.0.0.1:8080"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
EVERY_TWO_WEEKS = "Meets every 2 weeks on Wednesday, 16:00 (Los Angeles)"


@pytest.mark.parametrize(
    ("name", "path", "title", "text"),
    [
        ("community", "", "Literacy", "Reading in every subject"),
        ("meeting", "/meetings/next", "Next meeting: Literacy", EVERY_TWO_WEEKS),
        ("file:{k}-Roles <b>.docx", "/library/{k}-Roles <b>.docx", "Roles <b>.docx", "From the library of “Literacy”"),
    ],
)  # fmt: skip
def test_what_is_chosen_goes_back_signed(school, key, name, path, title, text):
    browser = school.choosing()
    page = school.put(browser, key, name.format(k=key[:8]))
    action, claims = school.verified(page)
    assert action == school.return_url
    assert claims["exp"] - claims["iat"] == 300
    assert claims[CORE + "deployment_id"] == school.platform.deployment_id
    assert (claims[CORE + "message_type"], claims[CORE + "version"]) == ("LtiDeepLinkingResponse", "1.3.0")
    assert claims[DL + "data"] == "opaque & <exact>"
    assert not {DL + "msg", DL + "errormsg"} & set(claims)
    [made] = claims[DL + "content_items"]
    assert made["type"] == "ltiResourceLink"
    assert made["url"] == f"{BASE}/c/{key}{path.format(k=key[:8])}"
    assert (made["title"], made["text"]) == (title, text)
    assert made["icon"]["url"] == f"{BASE}/static/icon.svg"
    assert (made["iframe"], "window" in made, "lineItem" in made) == (
        {"width": 800, "height": 640},
        False,
        False,
    )


def test_the_answers_form_may_go_to_the_platform_alone_and_no_other_page_may(school, key):
    browser = school.choosing()
    policies = [
        part for part in browser.page.headers["Content-Security-Policy"].split("; ") if "form-action" in part
    ]
    assert policies == ["form-action 'self'"]
    page = school.put(browser, key, "community")
    assert "form-action https://lms.example;" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    browser.get("/me")
    assert "form-action 'self'" in browser.page.headers["Content-Security-Policy"]


def test_every_answer_has_a_nonce_of_its_own(school, key):
    browser = school.choosing()
    nonces = {
        school.verified(school.put(browser, key, "community"))[1]["nonce"]
        for _ in range(3)
        if browser.get("/deep-linking")
    }
    assert len(nonces) == 3
    assert min(map(len, nonces)) >= 40


def test_data_is_sent_back_only_where_it_came(school, key):
    browser = school.choosing({"data": None})
    assert DL + "data" not in school.verified(school.put(browser, key, "community"))[1]
    browser = school.choosing({"data": ""})
    assert school.verified(school.put(browser, key, "community"))[1][DL + "data"] == ""


def test_several_only_where_several_are_taken(school, key):
    both = ("community", "meeting")
    browser = school.choosing()
    page = school.put(browser, key, *both)
    assert page.status_code == 400
    assert "Only one at a time" in browser.says()
    browser = school.choosing({"accept_multiple": True})
    assert {kind for kind, _ in school.options(browser)} == {"checkbox"}
    assert [
        one["custom"]["coplink_opens"] for one in school.contents(school.put(browser, key, *both))
    ] == list(both)


def test_the_title_is_the_teachers_where_they_give_one(school, key):
    browser = school.choosing({"title": "Week <3>", "text": "Read this first"})
    assert browser.soup().select_one("input[name=title]")["value"] == "Week <3>"
    [made] = school.contents(school.put(browser, key, "community", title=" Our\n<i>place</i> "))
    assert (made["title"], made["text"]) == ("Our <i>place</i>", "Read this first")


@pytest.mark.parametrize(
    ("accepts", "targets", "expected"),
    [
        (["ltiResourceLink", "link"], ["window"], {"type": "ltiResourceLink", "window": {"targetName": "_blank"}}),
        (["file", "link", "html"], ["window"], {"type": "link", "window": {"targetName": "_blank"}}),
        (["link"], None, {"type": "link"}),
        (["html", "image"], ["embed"], {"type": "html"}),
    ],
)  # fmt: skip
def test_what_goes_back_has_a_form_the_platform_takes(school, key, accepts, targets, expected):
    browser = school.choosing({"accept_types": accepts, "accept_presentation_document_targets": targets})
    [made] = school.contents(school.put(browser, key, f"file:{key[:8]}-Roles <b>.docx"))
    assert {name: made[name] for name in expected} == expected
    if made["type"] == "html":
        assert "Roles &lt;b&gt;.docx</a>" in made["html"]
        assert "url" not in made
    else:
        assert made["url"].startswith(f"{BASE}/c/{key}/library/")


def test_cancelling_brings_nothing_and_says_nothing(school, key):
    browser = school.choosing()
    browser.post("/deep-linking", {"community": key, "do": "cancel"})
    action, claims = school.verified(browser.page)
    assert action == school.return_url
    assert claims[DL + "content_items"] == []
    assert not {DL + "msg", DL + "errormsg", DL + "log", DL + "errorlog"} & set(claims)


def test_a_collaboration_names_who_joined_and_the_group(site, school, key):
    for sub in ("ben", "invited"):
        school.launch({"sub": sub, "name": sub.title()})
    with site.services.begin() as uow:
        for sub, standing in (("ben", Standing.JOINED), ("invited", Standing.INVITED)):
            person = uow.people.by_identity(site.here.id, "lti", "reg-here", sub)
            member = Membership(
                CommunityId(key), person.id, site.here.id, Role.MEMBER, standing, site.clock.now()
            )
            uow.communities.put_membership(member)
        address = {"url": "https://lms.example/api/lti/groups/7/names_and_roles"}
        uow.communities.put_context(
            ContextLink("c-group", site.here.id, "reg-here", "group-7", "Group", key, address)
        )
        uow.commit()
    browser = school.choosing({}, {"https://www.instructure.com/placement": "collaboration"})
    [made] = school.contents(school.put(browser, key, "community"))
    named = made["https://canvas.instructure.com/lti/collaboration"]
    assert named == {"users": ["ben", "subject-of-ana"], "groups": ["group-7"]}
    browser = school.choosing({}, {"https://www.instructure.com/placement": "link_selection"})
    [made] = school.contents(school.put(browser, key, "community"))
    assert "https://canvas.instructure.com/lti/collaboration" not in made


def test_a_placed_link_opens_for_members_and_is_friendly_to_others(site, school, key):
    placed = {CORE + "resource_link": {"id": "placed"}}
    for path, words in (
        ("", "Literacy"),
        ("/meetings/next", "Wed 2 Dec, 16:00"),
        (f"/library/{key[:8]}-Plan.xlsx", "Plan.xlsx"),
    ):
        browser = school.launch(placed, f"/c/{key}{path}")
        assert browser.page.location == f"/c/{key}{path}"
        assert browser.follow().status_code == 200
        assert words in browser.says()
    stranger = school.launch({**placed, "sub": "somebody-else", "name": "Bo"}, f"/c/{key}/meetings/next")
    assert stranger.follow().status_code == 200
    assert "leads into a community you do not belong to" in stranger.says()
    assert "16:00" not in stranger.says()


def test_a_session_in_the_page_goes_back_by_a_page_of_its_own_once(site, school, key):
    browser = school.choosing()
    secret = browser.client.get_cookie("__Host-coplink", "127.0.0.1").value
    page = site.browser()  # keeps no cookie: the secret is in the page
    choice = {"community": key, "pick": "community", "do": "put"}
    page.post("/deep-linking", choice, browser.secret(), headers={"X-Coplink-Session": secret})
    form = page.soup().select_one("form[data-onwards]")
    assert form["action"] == "/deep-linking/back"
    code = form.select_one("input[name=code]")["value"]
    assert (
        site.browser()
        .post("/deep-linking/back", {"code": code}, "", headers={"Origin": "https://evil.example"})
        .status_code
        == 403
    )
    answer = site.browser().post("/deep-linking/back", {"code": code}, "")
    assert "form-action https://lms.example;" in answer.headers["Content-Security-Policy"]
    framed_by = answer.headers["Content-Security-Policy"].partition("frame-ancestors ")[2].split()
    assert {"'self'", "https://lms.example"} <= set(framed_by)
    assert len(school.contents(answer)) == 1
    assert site.browser().post("/deep-linking/back", {"code": code}, "").status_code == 401
    assert site.browser().post("/deep-linking/back", {"code": "forged"}, "").status_code == 401
