"""Every page of coplink that somebody can look at, and how to get there: for accessibility tests and screenshots.

``PAGES`` maps each address rule of the application to the visitor who sees it and where exactly; ``NOT_PAGES`` are the
rules that answer with something else. A rule in neither is a page somebody forgot, and a test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cookie_rules import show_login
from playwright.sync_api import Page
from settled import (
    COURSE,
    FACILITATOR,
    INVITED,
    MEMBER,
    NAME,
    Settled,
    let_a_plan_wait,
    new_admin_link,
    platform_invitation,
)
from visitors import add_to_course, connection, follow, frame_of_tool, launch

from coplink.cli.demo.processes import Demo

ADMIN, ANYBODY, CLAIMANT = "the connection admin", "anybody", "somebody with a one-time link"
NO_COOKIES = "somebody whose browser keeps no cookies"
CHOOSER, STUDENT = "a teacher who adds something to the course", "a student who tries to"


@dataclass(frozen=True, slots=True)
class Look:
    """One page: who looks at it, its address, what its heading says."""

    who: str
    path: str
    heading: str


PAGES: dict[str, Look] = {
    "/": Look(FACILITATOR, "/?all=1", "Welcome"),
    "/sign-in": Look(ANYBODY, "/sign-in", "Where do you come from?"),
    "/g/<token>": Look(ANYBODY, "{presenter}", NAME),
    "/privacy": Look(ANYBODY, "/privacy", "What is kept about you, and why"),
    "/terms": Look(ANYBODY, "/terms", "Terms"),
    "/i/<token>": Look(ANYBODY, "{link}", NAME),
    "/door/<integration>/<connection>": Look(ANYBODY, "/door/teams/{teams}", "One moment"),
    "/door/<integration>/<connection>/choose": Look(
        FACILITATOR, "/door/teams/{teams}/choose", "Which community does this tab open?"
    ),
    "/found": Look(FACILITATOR, "/found", "Found a community"),
    "/c/<key>": Look(FACILITATOR, "/c/{community}", NAME),
    "/c/<key>/meetings": Look(FACILITATOR, "/c/{community}/meetings", "Meetings"),
    "/c/<key>/meetings/next": Look(MEMBER, "/c/{community}/meetings/next", "Next meeting"),
    "/c/<key>/library/<artifact>": Look(MEMBER, "/c/{community}/library/{file}", "Lab roles.docx"),
    "/c/<key>/lists/<chosen>": Look(MEMBER, "/c/{community}/lists/{list}", "For the first week"),
    "/deep-linking": Look(CHOOSER, "/deep-linking", "Put into"),
    "/c/<key>/library": Look(FACILITATOR, "/c/{community}/library", "Library"),
    "/c/<key>/people": Look(FACILITATOR, "/c/{community}/people", "People"),
    "/c/<key>/access": Look(FACILITATOR, "/c/{community}/access", "Who has a way in"),
    "/c/<key>/people/<member>": Look(FACILITATOR, "/c/{community}/people/{person}", "Hugo Marsh"),
    "/c/<key>/invite": Look(FACILITATOR, "/c/{community}/invite", "Invite people"),
    "/no/<token>": Look(ANYBODY, "{no}", NAME),
    "/c/<key>/places/<space>": Look(FACILITATOR, "/c/{community}/places/{space}", "Microsoft Teams"),
    "/c/<key>/places/<space>/plan": Look(
        FACILITATOR, "/c/{community}/places/{space}/plan", "What waits for you in Microsoft Teams"
    ),
    "/c/<key>/life": Look(FACILITATOR, "/c/{community}/life", "Name and rest"),
    "/c/<key>/places": Look(FACILITATOR, "/c/{community}/places", "Places"),
    "/c/<key>/more-places": Look(FACILITATOR, "/c/{community}/more-places", "Add a place"),
    "/c/<key>/announcements": Look(FACILITATOR, "/c/{community}/announcements", "Announcements"),
    "/c/<key>/history": Look(FACILITATOR, "/c/{community}/history", "What happened so far"),
    "/c/<key>/invitation": Look(INVITED, "/c/{community}/invitation", NAME),
    "/c/<key>/leave": Look(MEMBER, "/c/{community}/leave", "Leave"),
    "/me": Look(FACILITATOR, "/me", "Hugo Marsh"),
    "/admin": Look(ADMIN, "/admin", "Connections of Riverbend"),
    "/admin/connections/<integration>": Look(ADMIN, "/admin/connections/teams", "Microsoft Teams"),
    "/admin/spaces/<space>/plan": Look(
        ADMIN, "/admin/spaces/{space}/plan", "What waits for you in Microsoft Teams"
    ),
    "/admin/spaces/<space>": Look(ADMIN, "/admin/spaces/{space}", "Microsoft Teams"),
    "/admin/communities/<community>/withdraw": Look(
        ADMIN, "/admin/communities/{community}/withdraw", "Withdraw Riverbend"
    ),
    "/admin/connections/<integration>/disconnect": Look(
        ADMIN, "/admin/connections/teams/disconnect", "Disconnect Microsoft Teams?"
    ),
    "/lti/register": Look(
        ANYBODY, "/lti/register?invitation={invitation}", "An address for your learning platform"
    ),
    "/admin/claim/<token>": Look(CLAIMANT, "", "Connection admin of Riverbend"),
}
NOT_PAGES = {
    "/static/<path:filename>": "files",
    "/alive": "for the operator's probes",
    "/ready": "for the operator's probes",
    "/lti/login": "sends the browser away",
    "/lti/jwks.json": "keys",
    "/lti/canvas.json": "for Canvas",
    "/door/<integration>/return": "sends the browser away",
    "/admin/connections/<integration>/return": "sends the browser to /admin/connections/<integration>",
    "/door/<integration>/<connection>/assets/<name>": "scripts",
    "/c/<key>/places/progress": "a part of /c/<key>/places",
    "/feed/<token>.ics": "a calendar",
    "/hook/<integration>/<space>": "for platforms",
    "/i": "sends the browser to /i/<token>",
}
# Pages that are not at an address of their own: answers to a form, errors, and what others see of a page above.
MORE = {
    "somebody is invited": Look(INVITED, "/?all=1", "Welcome"),
    "somebody is asked to facilitate": Look(MEMBER, "/c/{community}", NAME),
    "people, for a member": Look(MEMBER, "/c/{community}/people", "People"),
    "who has a way in, for a member": Look(MEMBER, "/c/{community}/access", "Who has a way in"),
    "nothing is here": Look(FACILITATOR, "/c/nothing", "This did not work"),
    "a link that is closed": Look(ANYBODY, "/i/" + "x" * 43, "This link is no longer open"),
    "a student may not add anything": Look(STUDENT, "", "Nothing was put into the course"),
    "a link into a community of others": Look(INVITED, "/?all=1&closed=1", "Welcome"),
    "a tab of its own is offered": Look(NO_COOKIES, "", "One more click"),
    "on the way to the platform in that tab": Look(NO_COOKIES, "tab with cookies", "One moment"),
    "cookies are off there too": Look(NO_COOKIES, "tab", "Cookies are off"),
    "a plan waits": Look(FACILITATOR, "{waiting}", "What waits for you in Microsoft Teams"),
    "a place, for its admin": Look(ADMIN, "/admin/spaces/{space}", "Microsoft Teams"),
    "oneself, for a member": Look(MEMBER, "/c/{community}/people/{member}", "Imani Brooks"),
    "not connected yet": Look(ADMIN, "/admin/connections/google", "Google Workspace"),
}


class Tour:
    """Takes one browser page to coplink's pages: inside the frame of the course where its visitor has one."""

    def __init__(self, demo: Demo, settled: Settled, new_page: Callable[[], Page]) -> None:
        self._demo, self._new_page = demo, new_page
        self._words = {
            "community": settled.community,
            "link": settled.link,
            "teams": connection(demo, "riverbend", "teams"),
            "invitation": platform_invitation(demo, "riverbend"),
            "file": settled.file,
            "list": settled.short_list,
            "presenter": settled.presenter,
            "space": settled.space,
            "person": settled.person,
            "no": settled.no,
            "member": settled.member,
            "waiting": f"/c/{settled.community}/places/{settled.space}/plan",
        }
        self._settled = settled
        self._pages: dict[str, Page] = {}

    def go(self, look: Look):
        """Show this page; returns the frame it is in (of a page without a frame: the page's own)."""
        page = self._visitor(look.who)
        if look.who == STUDENT:
            return frame_of_tool(page)
        if look.who == NO_COOKIES:
            return show_login(page, self._demo, look.path)
        if "{waiting}" in look.path:
            let_a_plan_wait(self._demo, self._settled)
        address = self._demo.tool_url + look.path.format(**self._words) if look.path else ""
        frame = frame_of_tool(page) if len(page.frames) > 1 else page.main_frame
        frame.goto(address or new_admin_link(self._demo, "riverbend"))
        return frame

    def _visitor(self, who: str) -> Page:
        if who not in self._pages:
            page = self._pages[who] = self._new_page()
            if who == CHOOSER:
                add_to_course(page, self._demo, FACILITATOR, COURSE, "link_selection")
            elif who == STUDENT:
                add_to_course(page, self._demo, INVITED, COURSE, "editor_button")
            elif who not in (ADMIN, ANYBODY, CLAIMANT, NO_COOKIES):
                launch(page, self._demo, who, COURSE)
            if who == ADMIN:
                self._become_admin(page)
        return self._pages[who]

    def _become_admin(self, page: Page) -> None:
        page.goto(new_admin_link(self._demo, "riverbend"))
        follow(page.get_by_role("button", name="Begin"))
        page.get_by_role("heading", level=1).wait_for()
