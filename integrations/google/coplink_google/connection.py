"""One domain's way to Google Workspace: the ports, made once, and a check-up."""

from __future__ import annotations

import importlib
import linecache
from collections.abc import Mapping, Sequence

from coplink.core.errors import NotInstalled
from coplink.ports.announcements import Announcements
from coplink.ports.calendar import Calendar
from coplink.ports.directory import Directory
from coplink.ports.guests import Guests
from coplink.ports.integration import Check, Connection, Surroundings
from coplink.ports.library import Library
from coplink.ports.seats import Seats
from coplink.ports.spaces import Spaces
from coplink.ports.upkeep import Upkeep
from coplink.ports.watch import Watch
from coplink_google.options import Options


def open_connection(settings: Mapping[str, str], around: Surroundings) -> Connection:
    """Check the settings and load Google's client; raises ``Misconfigured`` or ``NotInstalled``."""
    options = Options.of(settings)
    try:
        importlib.import_module("googleapiclient.discovery")
        importlib.import_module("google_auth_httplib2")
    except ImportError:
        raise NotInstalled("google") from None
    linecache.clearcache()  # pyparsing, below httplib2, reads the sources of all who import it, and they would stay
    return GoogleConnection(options, around)


class GoogleConnection:
    """The ports over one ``Workspace``."""

    def __init__(self, options: Options, around: Surroundings) -> None:
        from coplink_google.announcements import ChatAnnouncements
        from coplink_google.branch import BranchLibrary
        from coplink_google.calendar import GoogleCalendar
        from coplink_google.chat import ChatSpaces
        from coplink_google.directory import GoogleDirectory
        from coplink_google.leading import LeadingSeats
        from coplink_google.library import GoogleLibrary
        from coplink_google.permissions import Permissions
        from coplink_google.places import FolderUpkeep, LibraryByPlace, SeatsByPlace, UpkeepByPlace
        from coplink_google.seats import GoogleSeats
        from coplink_google.sharing import FolderSeats
        from coplink_google.spaces import GoogleSpaces
        from coplink_google.upkeep import GoogleUpkeep
        from coplink_google.watch import DriveWatch
        from coplink_google.workspace import Workspace

        self._options, self._around = options, around
        self._google = Workspace(options, around)
        self._directory = GoogleDirectory(self._google, options)
        self._spaces = GoogleSpaces(self._google, options)
        group = GoogleSeats(self._google, options, self._directory)
        access = Permissions(self._google)
        members = LeadingSeats(group, access, self._directory, gives=options.leads_manage_files)
        people = FolderSeats(self._google, options, self._directory)
        self._seats: Seats = SeatsByPlace(members, people)
        self._calendar = GoogleCalendar(self._google, around.clock)
        chat = ChatSpaces(self._google, options)
        self._announcements = ChatAnnouncements(self._google) if options.has_chat else None
        self._watch = DriveWatch(self._google, around.clock)
        drives, folders = GoogleUpkeep(self._google, around.clock), FolderUpkeep(self._google, around.clock)
        self._upkeep = UpkeepByPlace(drives, folders, chat)
        self._library = LibraryByPlace(
            GoogleLibrary(self._google, options, self._directory),
            BranchLibrary(self._google, options, self._directory),
        )

    @property
    def spaces(self) -> Spaces | None:
        return self._spaces

    @property
    def seats(self) -> Seats | None:
        return self._seats

    @property
    def announcements(self) -> Announcements | None:
        return self._announcements

    @property
    def guests(self) -> Guests | None:
        """How people of other schools are let in, where the admin said so."""
        from coplink_google.guests import GroupGuests

        return GroupGuests(self._options, self._directory) if self._options.lets_guests_in else None

    @property
    def directory(self) -> Directory | None:
        return self._directory

    @property
    def calendar(self) -> Calendar | None:
        return self._calendar

    @property
    def library(self) -> Library | None:
        return self._library

    @property
    def watch(self) -> Watch | None:
        return self._watch

    @property
    def upkeep(self) -> Upkeep | None:
        return self._upkeep

    def realm(self) -> str:
        return self._options.realm

    def check(self) -> Sequence[Check]:
        """What works, and who can change what does not."""
        from coplink_google.preflight import CheckUp

        return CheckUp(self._google, self._options, self._around).lines()
