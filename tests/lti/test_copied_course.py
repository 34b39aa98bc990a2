"""A course is copied on the pretend platform: its notice, the lost notice, the copied link; coplink as it is served."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from werkzeug.wrappers import Response

from coplink import registry
from coplink.cli.demo.browser import Browser as Visitor
from coplink.core.people import Standing
from coplink.engine import connect, platforms
from coplink.jobs.inline import InlineJobs
from coplink.lti.sandbox import make
from coplink.ports.copies import CopyState
from coplink.ports.records import Registration
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.settings import load
from coplink.testing.pinboard import PinBoard
from coplink.web import create_app
from coplink.wiring import SystemClock, build
from coplink.worker.handlers import Worker


class Stage:
    """coplink and the platform on loopback; people with browsers; a pin board to have a place on."""

    def __init__(self, folder, database, addresses):
        self.addresses = addresses
        settings = load(
            env_file=None,
            base_url=addresses[0].url,
            loopback=True,
            data_dir=folder,
            database_url=database,
            master_keys=Fernet.generate_key().decode(),
        )
        self.services = build(settings)
        board = PinBoard()
        self.services.installed = registry.Found({"pinboard": board}, ())
        self.jobs = self.services.jobs = InlineJobs(Worker(self.services).perform, SystemClock())
        self.lms = make(region(addresses[0].url), Store(), lambda: self.services.now().timestamp())
        self.lms.base_url = addresses[1].url
        addresses[0].app, addresses[1].app = create_app(self.services), self.lms
        with self.services.begin() as uow:
            for district in self.lms.region.districts.values():
                owner = connect.add_institution(uow, district.name)
                known = dict(self.lms.settings(district.key))
                deployment = known.pop("deployment_id")
                registration = Registration(f"reg-{district.key}", owner.id, **known)
                platforms.add(uow, registration, deployment, True, self.services.now(), loopback=True)
                connect.connect(
                    uow,
                    owner.id,
                    board.manifest,
                    {"room": district.key, "key": "k"},
                    lambda given: self.services.look_over("pinboard", given),
                    self.services.now(),
                )
            uow.commit()

    def open(self, who, course="101", link=""):
        """Somebody opens coplink in a course; where they end."""
        browser = Visitor(who)
        page = browser.open(f"{self.lms.base_url}/courses/{course}{link}?as={who}")
        page = browser.send(page, "/lti/login")
        page = browser.send_form(page, page.forms[0])
        return browser, page

    def found(self, who="ana.ruiz", course="101"):
        browser, page = self.open(who, course)
        page = browser.open(page.link("/found"))
        [place] = [value for name, value in page.form("/found").choices if name == "places"]
        page = browser.send(
            page,
            "/found/preview",
            name="Literacy",
            about="Reading in every subject",
            audience="Teachers",
            places=[place],
            pattern="weekly",
            every_weeks="2",
            days=["2"],
            first="2027-01-06",
            last="2027-06-30",
            at="15:00",
            minutes="45",
            zone="America/Los_Angeles",
        )
        page = browser.send(page, "/found", press="Found")
        self.jobs.run_until_idle()
        return page.url.split("/c/")[1][:32]

    def copy(self, who="ana.ruiz", course="101", lose=False):
        """The course's teacher copies it; the copy's number."""
        browser = Visitor(who)
        page = browser.open(f"{self.lms.base_url}/courses/{course}/copy?as={who}")
        more = {"lose": "yes"} if lose else {}
        return browser.send(page, "/copy", **more).url.split("/courses/")[1].split("/")[0]

    def copies(self, community):
        with self.services.begin() as uow:
            return list(uow.copies.of_community(community))


@pytest.fixture
def stage(tmp_path, database, addresses):
    made = Stage(tmp_path, database, addresses)
    yield made
    made.services.storage._engine.dispose()
    for address in addresses:
        address.app = Response(status=503)


def test_notices_are_ordered_after_the_first_visit_and_a_greeting_comes(stage):
    stage.open("ana.ruiz")
    stage.open("ben.okafor")
    stage.jobs.run_until_idle()
    ordered = {one["kind"]: one["handler"] for one in stage.lms.state()["orders"]}
    there = f"{stage.addresses[0].url}/lti/notices"
    assert ordered == {"LtiContextCopyNotice": there, "LtiHelloWorldNotice": there}
    assert [(one["kind"], one["status"]) for one in stage.lms.state()["sent"]] == [
        ("LtiHelloWorldNotice", 202)
    ]
    assert not stage.lms.refusals


@pytest.mark.parametrize("lost", [False, True])
def test_a_copy_inherits_nothing_and_whoever_leads_it_is_asked(stage, lost):
    community = stage.found()
    number = stage.copy(lose=lost)
    assert len(stage.copies(community)) == (0 if lost else 1), "a lost notice is not sent again"
    browser, page = stage.open("ana.ruiz", number)
    assert page.url.endswith("/"), "not in the community: this course is not its"
    assert "This course is a copy" in page.text
    assert "“Literacy” meets" in page.text
    [copy] = stage.copies(community)
    assert (copy.context, copy.state) == (stage.lms.school.courses[number].lti_id, CopyState.OPEN)
    assert copy.context != stage.lms.region.courses["101"].lti_id
    page = browser.send(page, "/copies/", press="Ask to bring")
    page = browser.open(f"{stage.addresses[0].url}/c/{community}")
    assert "asks to bring" in page.text
    stage.lms.school.enrol(stage.lms.school.courses[number], "ben.okafor", "student")
    browser.send(page, f"/copies/{copy.id}", press="Take the course in")
    stage.jobs.run_until_idle()
    _, page = stage.open("ben.okafor", number)
    assert page.url.endswith(f"/c/{community}/invitation"), (
        "invited, because a facilitator took the course in"
    )
    with stage.services.begin() as uow:
        joined = [m for m in uow.communities.memberships(community) if m.standing is Standing.JOINED]
    assert len(joined) == 1, "nobody was added"
    assert not stage.lms.refusals


def test_a_link_copied_with_its_course_opens_nothing_to_who_does_not_belong(stage):
    community = stage.found()
    address = f"{stage.addresses[0].url}/c/{community}"
    stage.lms.school.add_link(stage.lms.region.courses["101"], "Our community", {}, address)
    number = stage.copy()
    copied = stage.lms.school.courses[number]
    [link] = stage.lms.school.links(copied)
    assert link.url == address
    assert stage.lms.school.link(stage.lms.region.courses["101"], link.id) is None, "a link of its own"
    stage.lms.school.enrol(copied, "walt.silent", "student")
    _, page = stage.open("walt.silent", number, f"/links/{link.id}")
    assert "a community you do not belong to" in page.text
    assert "Literacy" not in page.text.replace("Literacy across the curriculum", "")
    with stage.services.begin() as uow:
        owner = uow.communities.get(community).institution
        assert uow.communities.in_context(owner, "reg-riverbend", copied.lti_id) == []
    _, page = stage.open("ana.ruiz", number, f"/links/{link.id}")
    assert page.url == address, "who belongs finds it from anywhere"


def test_students_cannot_copy_and_the_platform_takes_orders_from_its_own_tools_only(stage):
    page = Visitor("ben").look(f"{stage.lms.base_url}/courses/101/copy?as=ben.okafor")
    assert page.status == 403
    assert Visitor("x").look(f"{stage.lms.base_url}/api/lti/notice-handlers/101").status == 401
