"""What the people of the story do, each with a browser of their own: launch, join, decline, sign in, agree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from coplink.cli.demo.browser import Browser, Page, unexpected
from coplink.cli.demo.inside import Inside
from coplink.cli.demo.processes import Demo
from coplink.core.people import CommunityId
from coplink.core.rhythm import Break, Rhythm, Weekly, check, expand
from coplink.sandbox.district import Resident, region

COURSE = "101"
FOUNDER = "ana.ruiz"
ZONE = "America/Los_Angeles"
NAME = "Literacy across the curriculum"


@dataclass(frozen=True, slots=True)
class Days:
    """The meetings the founder asks for: those held, and those that fall into a break."""

    first: date
    last: date
    pause: Break
    held: tuple[date, ...]
    skipped: tuple[date, ...]


def meeting_days(today: date) -> Days:
    """Every second Wednesday for half a year, with one school break that takes the third meeting."""
    first = today + timedelta(days=(2 - today.weekday()) % 7 + 7)
    last = first + timedelta(days=182)
    monday = first + timedelta(days=26)
    pause = Break(monday, monday + timedelta(days=4), "School break")
    rhythm = check(Rhythm(ZONE, time(15, 30), 60, first, last, Weekly(2, (2,)), (pause,)))
    meetings = expand(rhythm)
    held = tuple(m.original for m in meetings if not m.cancelled)
    return Days(first, last, pause, held, tuple(m.original for m in meetings if m.cancelled))


class Cast:
    """Everybody in the story."""

    def __init__(self, demo: Demo, inside: Inside) -> None:
        self._demo = demo
        self._inside = inside
        self._region = region(demo.tool_url)
        self._browsers: dict[str, Browser] = {}

    def browser(self, who: str) -> Browser:
        """That person's own browser."""
        return self._browsers.setdefault(who, Browser(who))

    def resident(self, who: str) -> Resident:
        """That person in the region."""
        return self._region.residents[who]

    # --- doors ----------------------------------------------------------------------------------------------------

    def launch(self, who: str, course: str = COURSE) -> Page:
        """Open coplink from the course, as far as the page it leads to."""
        browser = self.browser(who)
        page = browser.open(f"{self._demo.url('lti')}/courses/{course}?as={who}")
        page = browser.send(page, "/lti/login")
        return browser.send(page, "/lti/launch")

    def open_teams(self, who: str) -> Page:
        """Open the Teams tab: the page fetches a token, as the tab's script would."""
        browser = self.browser(f"{who} in Teams")
        page = browser.open(f"{self._demo.tool_url}/door/teams/{self._connection('riverbend', 'teams')}")
        token = self._demo.ask("teams", f"sso?person={who}")["token"]
        return browser.send(page, "/door/teams/", token=token)

    def sign_in_with_google(self, who: str, page: Page) -> Page:
        """Follow the sign-in link of a page and choose the account."""
        browser = self.browser(who)
        chooser = browser.open(page.link("/door/google/"))
        email = self.resident(who).email or ""
        for form in chooser.forms:
            if any(email == value for pair in (form.fields, form.buttons) for _, value, *_ in pair):
                return browser.send_form(chooser, form, press=self.resident(who).name)
        raise unexpected(f"{who} cannot be chosen at Google", chooser.text)

    # --- founding -------------------------------------------------------------------------------------------------

    def preview(self, name: str = NAME) -> Page:
        """Ana answers the four questions and looks at what would be made."""
        self.launch(FOUNDER)
        browser = self.browser(FOUNDER)
        page = browser.open(f"{self._demo.tool_url}/found")
        days = meeting_days(date.today() + timedelta(days=1))  # noqa: DTZ011  a day on the founder's wall calendar
        form = page.form("/found/preview")
        places = [value for name, value in form.choices if name == "places"]
        return browser.send_form(
            page,
            form,
            name=name,
            about="How every subject can teach reading and writing",
            audience="Teachers of all subjects in both districts",
            places=places,
            pattern="weekly",
            every_weeks="2",
            days=["2"],
            first=days.first.isoformat(),
            last=days.last.isoformat(),
            at="15:30",
            minutes="60",
            zone=ZONE,
            breaks=f"{days.pause.first} to {days.pause.last} {days.pause.name}",
        )

    def found(self, preview: Page) -> CommunityId:
        """Press “found” on the preview; the same page may be sent twice."""
        self._last_preview = preview
        form = next(form for form in preview.forms if form.action.endswith("/found"))
        page = self.browser(FOUNDER).send_form(preview, form)
        found = re.search(r"/c/([0-9a-f]{32})", page.url)
        if not found:
            raise unexpected("founding did not lead to the community", page.text)
        return CommunityId(found[1])

    def found_again(self) -> None:
        """The second click."""
        self.found(self._last_preview)

    # --- looking --------------------------------------------------------------------------------------------------

    def _inside_page(self, community: CommunityId, name: str, who: str = FOUNDER) -> Page:
        return self.browser(who).open(f"{self._demo.tool_url}/c/{community}/{name}")

    def places(self, community: CommunityId) -> Page:
        """The page of places, as the facilitator sees it."""
        return self._inside_page(community, "places")

    def people(self, community: CommunityId) -> Page:
        """The list of people, as the facilitator sees it."""
        return self._inside_page(community, "people")

    def people_without_tokens(self, community: CommunityId) -> str:
        """The same page as text, without what differs at every look."""
        return self.people(community).text

    def library(self, community: CommunityId) -> Page:
        """The catalogue."""
        return self._inside_page(community, "library")

    def feed(self, who: str, community: CommunityId) -> str:
        """Make a personal calendar feed and read it, as a calendar program does: without a session."""
        page = self.browser(who).send(self._inside_page(community, "meetings", who), "/feed")
        found = re.search(r"https?://[^\s\"<]+/feed/[\w-]+\.ics", page.html)
        if not found:
            raise unexpected("no feed address on the meetings page", page.text)
        return Browser("a calendar program").open(found[0]).html

    # --- choosing -------------------------------------------------------------------------------------------------

    def join_from_course(self, who: str, community: CommunityId) -> None:
        """Accept the invitation after opening the course."""
        self._answer(self.browser(who), self.launch(who), "/join", community)

    def join_from_teams(self, who: str, community: CommunityId) -> None:
        """Open the tab, say “that is me”, and accept."""
        page = self._that_is_me(who)
        self._answer(self.browser(f"{who} in Teams"), page, "/join", community)

    def confirm_in_teams(self, who: str, community: CommunityId) -> None:
        """Somebody who joined elsewhere opens the tab once, and says there and here that it is them."""
        self._that_is_me(who)
        self.that_was_me(who)

    def that_was_me(self, who: str) -> None:
        """Where coplink knew them already, somebody says that it was them who came by another door."""
        browser = self.browser(who)
        page = browser.open(f"{self._demo.tool_url}/?all=1")
        if any("/is-this-you" in form.action for form in page.forms):
            browser.send(page, "/is-this-you", press="Yes")

    def decline_from_course(self, who: str, community: CommunityId) -> None:
        """Say no."""
        self._answer(self.browser(who), self.launch(who), "/decline", community)

    def join_from_google(self, who: str, link: str, community: CommunityId) -> None:
        """Open the invitation link, sign in with Google, and accept."""
        page = self.sign_in_with_google(who, self.browser(who).open(link))
        self._answer(self.browser(who), page, "/join", community)

    def leave(self, who: str, community: CommunityId) -> None:
        """Leave, with the question in between."""
        browser = self.browser(who)
        page = browser.open(f"{self._demo.tool_url}/c/{community}/leave")
        browser.send(page, "/leave")

    def invite(self, institution: str, community: CommunityId) -> str:
        """Ana makes the invitation link of one institution."""
        page = self.people(community)
        with self._inside.services.begin() as uow:
            asked = uow.institutions.named(institution)
        wanted = ("institution", asked.id if asked else "")
        form = next((f for f in page.forms if f.action.endswith("/links") and wanted in f.fields), None)
        if form is None:
            raise unexpected(f"no invitation for {institution} can be made", page.text)
        page = self.browser(FOUNDER).send_form(page, form)
        found = re.search(r"https?://[^\s\"<]+/i/[\w-]+", page.html)
        if not found:
            raise unexpected("no invitation link on the page", page.text)
        return found[0]

    def agree(self, district: str, community: CommunityId) -> None:
        """The connection admin opens the one-time link and agrees to take part."""
        who = f"admin of {district}"
        known, browser = who in self._browsers, self.browser(who)
        if known:
            page = browser.open(f"{self._demo.tool_url}/admin")
        else:
            links = dict(line.split(" ", 1) for line in self._demo.ask("start", "state")["admins"])
            page = browser.send(browser.open(links[district]), "/admin/claim/")
        browser.send(page, f"/admin/communities/{community}/agree")

    def _answer(self, browser: Browser, page: Page, answer: str, community: CommunityId) -> None:
        if not any(answer in form.action for form in page.forms):
            page = browser.open(f"{self._demo.tool_url}/c/{community}/invitation")
        browser.send(page, answer)

    def _that_is_me(self, who: str) -> Page:
        page = self.open_teams(who)
        return self.browser(f"{who} in Teams").send(page, "/is-this-you", press="Yes")

    # --- over there -----------------------------------------------------------------------------------------------

    def remove_by_hand_in_teams(self, who: str) -> None:
        """Somebody with the right to do so removes a member in Teams."""
        browser = Browser("an owner in Teams")
        page = browser.open(f"{self._demo.url('teams')}/look/team")
        name = self.resident(who).name
        forms = [form for form in page.forms if "/look/remove" in form.action and name in form.before]
        if not forms:
            raise unexpected(f"{who} cannot be removed in Teams", page.text)
        browser.send_form(page, forms[-1])

    def add_file_in_teams(self, who: str, name: str) -> None:
        """Somebody adds a file to the channel's folder."""
        browser = Browser("a member in Teams")
        page = browser.open(f"{self._demo.url('teams')}/look/team")
        browser.send(page, "/look/file", name=name, person=who)

    def add_file_in_drive(self, who: str, name: str) -> None:
        """Somebody adds a file to the shared drive."""
        browser = Browser("a member in Google")
        page = browser.open(f"{self._demo.url('google')}/look/drive")
        form = page.form("/file")
        browser.send_form(page, form, name=name, as_=self.resident(who).email or "")

    def accounts(self, platform: str, who: Iterable[str]) -> set[str]:
        """The accounts of these people on a platform."""
        return {self._account(platform, self.resident(key)) for key in who}

    def sitting(self, platform: str, state: dict[str, Any]) -> set[str]:
        """Who sits in the community's space over there."""
        spaces = {"canvas": "groups", "teams": "channels", "google": "groups"}[platform]
        return {str(member) for space in state[spaces] if space["marker"] for member in space["members"]}

    def names(self, platform: str, accounts: Iterable[str]) -> set[str]:
        """Readable keys for accounts."""
        known = {self._account(platform, person): key for key, person in self._region.residents.items()}
        return {known.get(account, account) for account in accounts}

    def _account(self, platform: str, person: Resident) -> str:
        return str(
            {"canvas": person.canvas_id, "teams": person.entra_id, "google": person.google_id}[platform]
        )

    def _connection(self, district: str, integration: str) -> str:
        for known in self._demo.ask("start", "state")["connections"]:
            if (known["district"], known["integration"]) == (district, integration):
                return str(known["id"])
        raise unexpected(f"{integration} of {district} is not connected")
