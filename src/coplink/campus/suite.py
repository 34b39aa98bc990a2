"""A suite of the campus as an integration: what it declares, and its open connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from coplink.campus.places import STEPS, CampusCalendar, CampusDirectory, CampusLibrary, CampusSpaces
from coplink.campus.rooms import Rooms
from coplink.campus.seats import ADMIN, CampusSeats
from coplink.campus.weather import Weather
from coplink.core.people import Role
from coplink.core.spaces import SpaceKind
from coplink.core.words import say
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.integration import Capability, Check, Consent, Field, Limits, Manifest, Surroundings
from coplink.ports.spaces import Planned, SpaceWish
from coplink.ports.watch import Heard

HAS = (
    Capability.SPACES,
    Capability.SEATS,
    Capability.DIRECTORY,
    Capability.CALENDAR,
    Capability.LIBRARY,
)


def manifest_of(key: str, kind: SpaceKind, lag: timedelta, batch: int) -> Manifest:
    """What a suite declares; ``lag`` and ``batch`` are what tells them apart."""
    return Manifest(
        key=key,
        title=key.title(),
        capabilities=frozenset(HAS),
        kind=kind,
        roles=frozenset({Role.FACILITATOR, Role.MEMBER}),
        limits=Limits(seats=500, facilitators=50, name_length=100, batch=batch, lag=lag),
        scopes=(),
        fields=(Field("house", "House"),),
        extra="",
        admin=ADMIN,
        door_name=f"the tab in {key.title()}",
        space_word="room",
        steps=STEPS,
        invites_attendees=True,
    )


@dataclass
class Open:
    """An open connection to one suite of one institution."""

    rooms: Rooms
    weather: Weather

    def __post_init__(self) -> None:
        self.spaces = CampusSpaces(self.rooms, self.weather)
        self.seats = CampusSeats(self.rooms, self.weather)
        self.directory = CampusDirectory(self.rooms, self.weather)
        self.calendar = CampusCalendar(self.rooms, self.weather)
        self.library = CampusLibrary(self.rooms, self.weather)
        self.watch = None
        self.upkeep = None
        self.announcements = None

    def check(self) -> Sequence[Check]:
        """The door is open."""
        return (Check("Suite", True, say("The door is open.")),)

    def realm(self) -> str:
        """Every institution calls its own by the same name."""
        return "realm"


class Suite:
    """The integration; the setting ``house`` says whose rooms a connection opens."""

    def __init__(self, manifest: Manifest, houses: Mapping[str, Rooms], weather: Weather) -> None:
        self.manifest, self._houses, self._weather = manifest, houses, weather

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Open:
        """Enter the house named in the settings."""
        return Open(self._houses[settings["house"]], self._weather)

    def look_over(self, settings: Mapping[str, str]) -> str:
        """Any house will do."""
        return "realm"

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """A frame and a room."""
        return Planned(wish.name, STEPS)

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """Calls of a suite are played by the jobs they lead to."""
        return None

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        """Whoever comes in is played by what their door would say."""
        return None

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> Consent | None:
        """Nobody need be asked."""
        return None
