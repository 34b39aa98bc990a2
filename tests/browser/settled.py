"""A community in the middle of its life, made over HTTP in moments: for tests that look at pages rather than walk."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from visitors import ZONE, community_in, course_address

from coplink.cli.demo.browser import Browser, Page
from coplink.cli.demo.inside import Inside
from coplink.cli.demo.people import Days, meeting_days
from coplink.cli.demo.processes import Demo
from coplink.core.people import AccountId, CommunityId, Role, Standing
from coplink.core.rhythm import expand
from coplink.core.spaces import SpaceId
from coplink.core.words import say
from coplink.engine import connect, curate, join, mailing, platforms, presenting
from coplink.ports.plans import KeptPlan, Part, PlanLine
from coplink.ports.records import LinkKind
from coplink.sandbox.district import region

COURSE, FACILITATOR, MEMBER, INVITED = "102", "hugo.marsh", "imani.brooks", "jonas.weber"
NAME = "Labs that everybody can enter"
WHY = say("Does not take part in the community.")


@dataclass(frozen=True, slots=True)
class Settled:
    """The community, its invitation link for the other district, a file, a short list, its channel, who facilitates.

    ``member`` belongs; ``no`` is where somebody who is invited says no, ``presenter`` what a guest presenter opens.
    """

    community: str
    link: str
    file: str
    short_list: str
    space: str
    person: str
    member: str
    no: str
    presenter: str


def settle(demo: Demo) -> Settled:
    """Found a community in a course of its own, invite the other district, let somebody join, add a file, and wait."""
    inside = Inside(demo.environment())
    hugo, imani = Browser(FACILITATOR), Browser(MEMBER)
    _launch(hugo, demo, FACILITATOR)
    preview = _answers(hugo, hugo.open(f"{demo.tool_url}/found"))
    found = next(form for form in preview.forms if form.action.endswith("/found"))
    community = community_in(hugo.send_form(preview, found).url)
    inside.until_idle()
    _launch(imani, demo, MEMBER)
    imani.send(_invitation(imani, f"{demo.tool_url}/c/{community}/invitation"), "/join")
    page = hugo.open(f"{demo.tool_url}/c/{community}/people")
    lakeside = next(
        form for form in page.forms if form.action.endswith("/links") and "Lakeside" in form.before[-40:]
    )
    page = hugo.send_form(page, lakeside)
    _add_file(demo)
    inside.mark_everything(CommunityId(community))
    inside.until_idle()
    found_links = re.findall(r"/i/[\w-]+", page.html)
    file, short_list, person = _list(inside, community)
    channel = inside.spaces(CommunityId(community))["teams"].id
    no = _no_thanks(inside, community)
    presenter = _presenter(inside, community)
    member = _member(inside, community)
    return Settled(community, found_links[0], file, short_list, channel, person, member, no, presenter)


def days_asked() -> Days:
    """The meetings a founder asks for here: those held, and the one that falls into a break."""
    return meeting_days(datetime.now(ZoneInfo(ZONE)).date())


def new_admin_link(demo: Demo, district: str) -> str:
    """Another one-time link for a connection admin, as the command line makes them."""
    services = Inside(demo.environment()).services
    with services.begin() as uow:
        institution = connect.the_institution(uow, region().districts[district].name)
        link = connect.invite_admin(uow, institution, "Robin Keeper", services.now())
        uow.commit()
    return f"{demo.tool_url}/admin/claim/{link.token}"


def platform_invitation(demo: Demo, district: str) -> str:
    """The open invitation by which a learning platform of a district may register."""
    services = Inside(demo.environment()).services
    with services.begin() as uow:
        institution = connect.the_institution(uow, region().districts[district].name)
        link = platforms.invite(uow, institution.id, services.now())
        uow.commit()
    return link.token


def _list(inside: Inside, community: str) -> tuple[str, str, str]:
    """A short list of what the library has by now, and who made it."""
    services, key = inside.services, CommunityId(community)
    with services.begin() as uow:
        files = uow.catalogue.of(key)
        [hugo] = [m.person for m in uow.communities.memberships(key) if m.role.leads]
        maker = uow.people.get(hugo)
        drawn = curate.Drawn("settled", "For the first week", "Read both before we meet", (files[0].id,))
        made = curate.make(uow, maker, community, drawn, services.now())
        uow.commit()
    return files[0].id, made.id, hugo


def _no_thanks(inside: Inside, community: str) -> str:
    """The address by which somebody who is invited says no, as it stands in their letter."""
    services, key = inside.services, CommunityId(community)
    with services.begin() as uow:
        [hugo] = [m.person for m in uow.communities.memberships(key) if m.role.leads]
        mailing.ask(uow, uow.people.get(hugo), key, services.now())
        link = uow.links.of(LinkKind.NO_THANKS, key)[0]
        uow.mails.drop_waiting(key)
        uow.commit()
    return f"/no/{link.token}"


def _member(inside: Inside, community: str) -> str:
    """Who joined; they are asked to facilitate, and have not answered."""
    services, key = inside.services, CommunityId(community)
    with services.begin() as uow:
        memberships = [m for m in uow.communities.memberships(key) if m.standing is Standing.JOINED]
        [joined] = [m.person for m in memberships if not m.role.leads]
        [hugo] = [uow.people.get(m.person) for m in memberships if m.role.leads]
        join.share(uow, uow.communities.get(key), hugo, joined, Role.CO_FACILITATOR, services.now())
        uow.commit()
    return joined


def let_a_plan_wait(demo: Demo, settled: Settled) -> None:
    """A plan that needs a person, as the worker would keep it; the worker's next look lets it go again."""
    services = Inside(demo.environment()).services
    with services.begin() as uow:
        space = uow.spaces.get(SpaceId(settled.space))
        names = [(Part.LOSES, settled.member), (Part.LEFT, settled.person), (Part.LOSES, None)]
        lines = [PlanLine(part, AccountId(f"a{n}"), who, WHY) for n, (part, who) in enumerate(names)]
        found = (say("2 of 3 people would lose their seat."), say("Nobody would facilitate there any more."))
        uow.plans.put(
            KeptPlan(
                space.id,
                space.institution,
                space.community,
                "0" * 16,
                found,
                tuple(lines),
                services.now(),
                changed=True,
            )
        )
        uow.commit()


def _presenter(inside: Inside, community: str) -> str:
    """The address of the one page of somebody who presents at the next meeting."""
    services, key = inside.services, CommunityId(community)
    with services.begin() as uow:
        [hugo] = [m.person for m in uow.communities.memberships(key) if m.role.leads]
        rhythm, now = uow.meetings.rhythm(key), services.now()
        coming = next(one for one in expand(rhythm) if not one.cancelled and one.ends > now)
        day = coming.original.isoformat()
        made = presenting.ask(uow, uow.people.get(hugo), community, day, "Dr. Okafor", now)
        uow.commit()
    return f"/g/{made.link.token}"


def _launch(browser: Browser, demo: Demo, who: str) -> Page:
    page = browser.open(course_address(demo, who, COURSE))
    return browser.send(browser.send(page, "/lti/login"), "/lti/launch")


def _invitation(browser: Browser, address: str) -> Page:
    """The invitation, as soon as the roster of the course has been read."""
    for _ in range(100):
        page = browser.look(address)
        if page.status == 200:
            break
        time.sleep(0.2)
    return page


def _answers(browser: Browser, page: Page) -> Page:
    days = days_asked()
    form = page.form("/found/preview")
    places = [value for name, value in form.choices if name == "places"]
    return browser.send_form(
        page,
        form,
        name=NAME,
        about="How to run a lab in which every student can take part",
        audience="Science teachers and assistants",
        places=places,
        first=days.first.isoformat(),
        last=days.last.isoformat(),
        zone=ZONE,
        breaks=f"{days.pause.first} to {days.pause.last} {days.pause.name}",
    )


def _add_file(demo: Demo) -> None:
    browser = Browser("a member in Teams")
    page = browser.open(f"{demo.url('teams')}/look/team")
    ours = next(one["id"] for one in demo.ask("teams", "state")["channels"] if one["name"] == NAME)
    form = next(form for form in page.forms if ("channel", ours) in form.fields)
    browser.send_form(page, form, name="Lab roles.docx", person=MEMBER)
