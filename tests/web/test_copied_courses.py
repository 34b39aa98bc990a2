"""A copied course on the pages of those who lead it and those who facilitate, and a platform's notices at our door."""

from __future__ import annotations

import json

import pytest

from coplink.core.arrival import Arrival, Context
from coplink.core.people import InstitutionId
from coplink.ports.records import Deployment
from coplink.testing.beginnings import once
from coplink.testing.platform import CORE, LmsPlatform
from coplink.web import arriving
from coplink.web.desk import Desk

BASE = "http://127.0.0.1:8080"
COPY = "LtiContextCopyNotice"


@pytest.fixture
@once
def copied(site):
    """Ana's community meets in course-1; Ben leads course-2, which says that it was copied from it."""
    ana = site.enter("ana", leads=True, title="Literacy course")
    key = site.found(ana)
    site.jobs.run_until_idle()
    ben = copier(site, "ben")
    return ana, key, ben


def copier(site, who, **told):
    return site.enter(
        who,
        **{
            "course": "course-2",
            "title": "Literacy course (copy)",
            "leads": True,
            "asked": {"previous_contexts": "course-1"},
            **told,
        },
    )


def press(browser, part, answer):
    form = next(f for f in browser.soup().find_all("form") if part in f.get("action", ""))
    return browser.post(form["action"], {"answer": answer})


def test_nothing_is_inherited_and_the_three_ways_are_offered(copied):
    _, key, ben = copied
    ben.get("/")
    assert ben.page.status_code == 200, "no community opens by itself"
    says = ben.says()
    assert "This course is a copy" in says
    assert (
        "“Literacy course (copy)” was copied from “Literacy course”, where the community “Literacy” meets."
        in says
    )
    answers = [b["value"] for b in ben.soup().select('form[action^="/copies/"] button')]
    assert answers == ["afresh", "ask", "later"]
    assert ben.get(f"/c/{key}").status_code == 404


def test_who_does_not_lead_the_copy_is_asked_nothing(site, copied):
    cleo = copier(site, "cleo", leads=False)
    cleo.get("/?all=1")
    assert "copied from" not in cleo.says()
    _, _, ben = copied
    ben.get("/?all=1")
    action = next(f["action"] for f in ben.soup().find_all("form") if "/copies/" in f.get("action", ""))
    assert cleo.post(action, {"answer": "ask"}).status_code == 403


def test_start_afresh(copied):
    _, _, ben = copied
    ben.get("/")
    assert press(ben, "/copies/", "afresh").location == "/found"
    ben.get("/?all=1")
    assert "This course is a copy" not in ben.says()


def test_not_now(copied):
    _, _, ben = copied
    ben.get("/")
    assert press(ben, "/copies/", "later").status_code == 303
    ben.get("/?all=1")
    assert "You decide later." in ben.says()
    assert not ben.soup().select('form[action^="/copies/"]')
    ben.get("/?all=1&copied=1")
    assert ben.soup().select('form[action^="/copies/"]')


def test_ask_and_be_taken_in(site, copied):
    ana, key, ben = copied
    ben.get("/")
    press(ben, "/copies/", "ask")
    ben.get("/?all=1")
    assert "have been asked to take this course in" in ben.says()
    ana.get(f"/c/{key}")
    assert "Ben asks to bring “Literacy course (copy)” into this community." in ana.says()
    assert press(ana, "/copies/", "take").status_code == 303
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}")
    assert "A course was copied" not in ana.says()
    ana.get(f"/c/{key}/history")
    assert "took the course “Literacy course (copy)” in" in ana.says()
    ben.get("/?all=1")
    assert "This course is a copy" not in ben.says()


def test_ask_and_be_refused(copied):
    ana, key, ben = copied
    ben.get("/")
    press(ben, "/copies/", "ask")
    ana.get(f"/c/{key}")
    press(ana, "/copies/", "refuse")
    ben.get("/?all=1")
    assert "did not take this course in" in ben.says()
    assert "/found" in ben.page.text


def test_a_facilitator_understands_and_nobody_else_is_shown(site, copied):
    ana, key, _ = copied
    ana.get(f"/c/{key}")
    assert "A course was copied" in ana.says()
    press(ana, "/copies/", "understood")
    ana.get(f"/c/{key}")
    assert "A course was copied" not in ana.says()


def test_a_link_copied_with_its_course_leads_nobody_inside(site, copied):
    """The link in the copy still names the old community; who launches it from there is no member of it."""
    _, key, _ = copied
    arrival = Arrival(
        "pinboard", site.here.id, "staff", "dora", "Dora", context=Context("realm", "course-2", "Copy")
    )
    with site.app.test_request_context("/"):
        where = arriving.arrived(Desk(site.services), arrival, target=f"/c/{key}")
    assert where == arriving.CLOSED
    with site.services.begin() as uow:
        assert uow.communities.in_context(site.here.id, "realm", "course-2") == []
        person = uow.people.by_identity(site.here.id, "pinboard", "staff", "dora")
        assert uow.communities.membership(key, person.id) is None


# --- notices at our door ---------------------------------------------------------------------------------------------


@pytest.fixture
def platform(site, copied):
    """The platform of this school; its contexts are those of the community."""
    with LmsPlatform() as lms:
        with site.services.begin() as uow:
            uow.platforms.put(lms.registration("realm", InstitutionId(site.here.id)))
            uow.platforms.put_deployment(
                Deployment("realm", lms.deployment_id, site.here.id, site.clock.now())
            )
            uow.commit()
        yield lms


@pytest.fixture
def tell(site, platform):
    """Posts notices: a list of changed claims or of ready tokens."""

    def signed(changed):
        moment = int(site.clock.now().timestamp())
        claims = {
            "iss": platform.issuer,
            "aud": platform.client_id,
            "iat": moment,
            "exp": moment + 3600,
            CORE + "version": "1.3.0",
            CORE + "deployment_id": platform.deployment_id,
            CORE + "notice": {"id": "n-1", "type": COPY},
            CORE + "context": {"id": "course-3", "title": "Third"},
            CORE + "origin_contexts": ["course-1"],
        }
        return platform.sign({**claims, **{CORE + name: value for name, value in changed.items()}})

    def post(*notices, body=None):
        tokens = [one if isinstance(one, str) else signed(one) for one in notices]
        sent = json.dumps({"notices": [{"jwt": one} for one in tokens]}) if body is None else body
        return site.app.test_client().post(
            "/lti/notices", base_url=BASE, data=sent, content_type="application/json"
        )

    post.signed = signed
    return post


def heard(site, key):
    with site.services.begin() as uow:
        return sorted(copy.context for copy in uow.copies.of_community(key))


def test_a_notice_is_taken_and_its_copy_asked_about(site, copied, tell):
    _, key, _ = copied
    assert tell({}).status_code == 202
    assert heard(site, key) == ["course-2", "course-3"]
    dora = site.enter("dora", course="course-3", leads=True)
    dora.get("/")
    assert "This course is a copy" in dora.says()


def test_a_repeated_notice_does_nothing_more(site, copied, tell):
    _, key, _ = copied
    token = tell.signed({})
    again = tell.signed({"context": {"id": "course-4"}})  # the same id, told of something else
    assert [tell(one).status_code for one in (token, token, again)] == [202, 202, 202]
    assert heard(site, key) == ["course-2", "course-3"]


def test_each_notice_of_a_call_is_judged_on_its_own(site, copied, tell):
    _, key, _ = copied
    third = {"notice": {"id": "n-3", "type": COPY}}
    fourth = {"notice": {"id": "n-4", "type": COPY}, "context": {"id": "course-4"}}
    forged = tell.signed({"notice": {"id": "n-5", "type": COPY}, "context": {"id": "course-5"}})[:-4] + "AAAA"
    unknown = {"notice": {"id": "n-6", "type": "LtiNewsOfNextYear"}}
    assert tell(third, forged, "nonsense", unknown, {"deployment_id": "other"}, fourth).status_code == 202
    assert heard(site, key) == ["course-2", "course-3", "course-4"]


def test_unknown_kinds_are_passed_over(site, copied, tell):
    assert tell({"notice": {"id": "n", "type": "LtiNewsOfNextYear"}}).status_code == 202
    assert heard(site, copied[1]) == ["course-2"]


def test_a_call_with_nothing_in_order_is_refused_and_opens_no_session(site, copied, tell):
    for answer in (tell("nonsense"), tell({"version": "2"}), tell({"deployment_id": "other"}, "x")):
        assert answer.status_code == 401
        assert "Set-Cookie" not in answer.headers
    assert heard(site, copied[1]) == ["course-2"]


NO_LISTS = (
    "",
    "no json",
    "[]",
    "null",
    '{"notices": 5}',
    '{"notices": {"jwt": "x"}}',
    '{"notices": [{"token": "x"}]}',
    '{"notices": ["x"]}',
    '{"notices": [{"jwt": 5}]}',
    json.dumps({"notices": [{"jwt": "x"}] * 51}),
    "[" * 5000,
)


@pytest.mark.parametrize("body", NO_LISTS)
def test_what_is_no_list_of_notices_is_refused(tell, body):
    assert tell(body=body).status_code == 400


def test_an_empty_list_and_too_much_at_once(tell):
    assert tell().status_code == 202
    assert tell(body=b'{"notices": [{"jwt": "' + b"x" * 600_000 + b'"}]}').status_code == 413


def test_while_the_platforms_keys_cannot_be_had_it_is_told_so(site, copied, tell, platform):
    platform.answer = lambda: (500, b"")
    assert tell({}).status_code == 503
    assert heard(site, copied[1]) == ["course-2"]


def test_copies_are_asked_about_within_one_institution(site, copied):
    lee = site.enter(
        "lee", at=site.there, course="course-2", leads=True, asked={"previous_contexts": "course-1"}
    )
    lee.get("/?all=1")
    assert "copied from" not in lee.says()
