"""The check-up of a Google connection: what works, what needs somebody, and what Google has no way of telling.

The robot account comes first (``robot_check``). The service account has no consent, only the admin role it was given:
its rights are asked by readings. A scope that is missing stops its own lines only, and no further one is asked for only
to know something beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from coplink.core.words import Said, say
from coplink.ports.errors import Gone, IntegrationError, Misconfigured, Transient
from coplink.ports.integration import Capability, Check, Surroundings
from coplink_google import ADMIN
from coplink_google.brought import named
from coplink_google.checks import (
    AGAIN,
    BROUGHT_FOLDER,
    CHAT,
    CHAT_APP,
    CONTACTS,
    DELEGATE,
    LICENCE,
    MEETINGS,
    NO_DRIVES,
    PLACES,
    ROBOT_ACCOUNT,
    ROLE,
    SEATS,
    SHARING,
    SPACES,
    reached,
    refused,
    tried,
)
from coplink_google.directory import as_anybody
from coplink_google.fetch import NoAnswer, fetch_json
from coplink_google.operations import DELEGATION, FOLDER
from coplink_google.options import Options
from coplink_google.quota import Quota
from coplink_google.replies import rows_of
from coplink_google.robot_check import RobotCheck
from coplink_google.workspace import Workspace

HOUSE = "coplink’s administrator"
MOST_SKEW = timedelta(seconds=60)
GUESTS = say("On this page: the setting “Guests”.")


class CheckUp:
    """One check-up of one connection."""

    def __init__(self, google: Workspace, options: Options, around: Surroundings) -> None:
        self._google, self._options, self._around = google, options, around
        self._robot = RobotCheck(google, options, around)
        self._again = DELEGATE if options.mode == DELEGATION else AGAIN
        self._date = ""

    def lines(self) -> list[Check]:
        """All lines, each asked for by itself: two accounts are at work here, and one may be well without the other."""
        robot = self._robot.lines()
        self._fresh_tokens()
        told = self._robot.told(robot)
        return robot + [
            line for line in self._others_than_robot() if not line.scopes or set(line.scopes) - told
        ]

    def _others_than_robot(self) -> list[Check]:
        calendars = self._tried(
            say("Calendars"),
            LICENCE,
            MEETINGS,
            "calendar.calendarList.list",
            maxResults=1,
            fields="items(id)",
        )
        if self._options.mode == FOLDER:
            return [self._accounts(), self._folder(), calendars, self._door(), *self._clock()]
        chat = list[Check]()
        if self._options.has_chat:
            chat.append(self._tried(say("Chat"), CHAT_APP, CHAT, "chat.spaces.list", pageSize=1))
        return [
            self._accounts(),
            *chat,
            self._tried(
                say("Groups"), ROLE, PLACES, "directory.groups.list",
                domain=self._options.domain, maxResults=1, fields="groups(id)",
            ),
            self._tried(  # a group nobody has: permission is asked before the group is looked for
                say("Group settings"), ROLE, {SPACES}, "settings.groups.get",
                groupUniqueId=f"cop-check@{self._options.domain}",
            ),
            self._drives(),
            calendars,
            self._others(),
            self._door(),
            *self._clock(),
        ]  # fmt: skip

    def _fresh_tokens(self) -> None:
        """What was granted a moment ago shows in new tokens only."""
        for api in ("drive", "directory"):
            with suppress(IntegrationError):  # the lines that need one say so
                self._google.renew(api)

    def _accounts(self) -> Check:
        """The directory can be asked, and the robot account is there and open."""
        title, robot = str(say("Accounts")), self._options.robot
        try:
            found = self._google.call(
                "directory.users.get",
                userKey=robot,
                fields="id,suspended,archived",
                **as_anybody(self._options),
            )
        except Gone:
            said = say("The robot account does not exist in Google Workspace.")
            return Check(title, False, said, ADMIN, where=ROBOT_ACCOUNT, stops=MEETINGS)
        except IntegrationError as error:
            return refused(title, error, CONTACTS if self._options.mode == FOLDER else ROLE, {SEATS})
        if found.get("suspended") or found.get("archived"):
            said = say("The robot account is suspended or archived.")
            return Check(title, False, said, ADMIN, where=ROBOT_ACCOUNT, stops=MEETINGS)
        return Check(title, True, reached(title))

    # --- drives ---------------------------------------------------------------------------------------------------

    def _drives(self) -> Check:
        title = str(say("Shared drives"))
        try:
            told = self._google.call("drive.about.get", fields="canCreateDrives")
        except IntegrationError as error:
            return refused(title, error, self._again, PLACES)
        if told.get("canCreateDrives") is False:
            where = say(
                "Google Admin console: the robot account’s licence; Drive and Docs, Shared drive creation."
            )
            return Check(title, False, NO_DRIVES, ADMIN, where=where, stops=PLACES)
        return Check(title, True, reached(title))

    def _folder(self) -> Check:
        """The folder that somebody brought: it is there, and the robot account may put folders in it and share them."""
        title = str(say("Folder"))
        try:
            may = named(self._google, self._options).get("capabilities") or {}
        except Misconfigured as error:
            return Check(title, False, error.message, ADMIN, where=BROUGHT_FOLDER, stops=PLACES)
        except IntegrationError as error:
            return refused(title, error, AGAIN, PLACES)
        if may.get("canAddChildren") is False or may.get("canShare") is False:
            said = say("The robot account may not make folders there, or not share them.")
            return Check(title, False, said, ADMIN, where=BROUGHT_FOLDER, stops=PLACES)
        return Check(title, True, reached(title))

    def _others(self) -> Check:
        """A policy about people of other schools is read off a drive coplink made; before that, it is unknown."""
        title = str(say("People of other schools"))
        fallback = say(
            "Whom it keeps out takes part through a place of their own school, and in coplink itself."
        )
        try:
            page = self._google.call(
                "drive.drives.list", pageSize=100, fields="drives(id,restrictions(domainUsersOnly))"
            )
            drives = rows_of(page, "drives")
        except IntegrationError:  # the line about drives says why
            drives = []
        closed = [one for one in drives if (one.get("restrictions") or {}).get("domainUsersOnly") is True]
        if closed:
            said = say("Your organisation lets only its own people into shared drives.")
            return Check(title, False, said, ADMIN, where=SHARING, fallback=fallback, outsiders=True)
        if not self._options.lets_guests_in:
            said = say(
                "coplink puts nobody of another school into a group: the setting “Guests” here is “no”."
            )
            return Check(title, False, said, ADMIN, where=GUESTS, fallback=fallback, outsiders=True)
        if drives:
            said = say("The shared drives coplink made are open to people of other schools.")
            return Check(title, True, said, outsiders=True)
        said = say(
            "Whether your organisation lets people of other schools in shows with the first shared drive."
        )
        return Check(title, True, said, ADMIN, where=SHARING, fallback=fallback)

    # --- the rest -------------------------------------------------------------------------------------------------

    def _door(self) -> Check:
        """The keys by which sign-ins are judged."""
        title = str(say("Sign-in with Google"))
        where = say("On this page: the address of the published keys.")
        silent, stops = (
            say("Google's published keys cannot be read at the moment."),
            frozenset({Capability.DOOR}),
        )
        try:
            Quota(self._around.pace).take("sign-in")
            status, answer, headers = fetch_json(self._options.jwks_url, self._around.timeout)
            self._date = headers.get("date", "")
        except (NoAnswer, Transient):
            return Check(title, False, silent, ADMIN, where=where, asked=False, stops=stops)
        if status >= 500 or status == 429:
            return Check(title, False, silent, ADMIN, where=where, asked=False, stops=stops)
        if status == 200 and answer.get("keys"):
            return Check(title, True, reached(title))
        said = say("There are no keys at the address of the published keys.")
        return Check(title, False, said, ADMIN, where=where, stops=stops)

    def _clock(self) -> list[Check]:
        """Our clock beside the date of an answer (RFC 9110, 6.6.1)."""
        try:
            date = parsedate_to_datetime(self._robot.date or self._date)
        except (TypeError, ValueError):
            return []
        apart = abs(self._around.clock.now() - (date if date.tzinfo else date.replace(tzinfo=UTC)))
        title = str(say("Clock"))
        if apart <= MOST_SKEW:
            return [Check(title, True, say("Works."))]
        seconds = round(apart.total_seconds())
        said = say("coplink’s clock and that of Google are {seconds} seconds apart.", seconds=seconds)
        where = say("The machine coplink runs on: its time service (NTP).")
        return [Check(title, False, said, HOUSE, where=where, stops=MEETINGS)]

    def _tried(
        self, title: Said, where: Said, stops: Iterable[Capability], operation: str, **parameters: object
    ) -> Check:
        return tried(title, where, stops, lambda: self._google.call(operation, **parameters))
