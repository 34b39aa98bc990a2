"""The front page of the Google Workspace integration: what it declares, and where its parts begin.

    workspace.py     the only user of Google's client: credentials, one service per thread; transport.py: its wire
    batches.py       many calls in one envelope, repeated part by part
    operations.py    every operation coplink calls: as whom, with which scope, what for
    replies.py       what each odd reply of Google means
    options.py       a connection's settings, checked
    spaces.py        group, shared drive, grant, folder and calendar of a community; drives.py, marks.py: its parts
    seats.py         who is in the group, and so in drive and calendar; seating.py: one writing of seats
    guests.py        people of other schools in a group
    directory.py     accounts of the connection's own domain by address
    calendar.py      one recurring event a series (recurring.py), single ones for dates (singles.py);
                     meetings.py: how Google writes rules and events; standing.py: what stands on the calendar
    library.py       files of the shared drive; watch.py: being called when they change, hints.py: those calls
    chat.py          the community's space in Google Chat; announcements.py: what is said to everybody there
    places.py        which kind of place a call is about: coplink's own, or (brought.py) a folder in one that somebody
                     brought, with access given one by one (sharing.py) and files below it (branch.py)
    upkeep.py        another name, rest, waking, and what stays without coplink; giving_back.py: the consent's end
    preflight.py     the check-up; robot_check.py: as the robot account, checks.py: what its lines share
    permissions.py   access to the shared drive, one write at a time; leading.py: facilitators who manage files
    door.py          sign-in with Google (OpenID Connect); keyset.py: its published keys
    sandbox/         the same APIs, pretended

This file imports ports and core only; Google's client is loaded by ``connect``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from coplink.core.people import Role
from coplink.core.spaces import SpaceKind
from coplink.core.words import Said
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.integration import Capability, Connection, Field, Limits, Manifest, Scope, Surroundings
from coplink.ports.spaces import Planned, SpaceWish
from coplink.ports.watch import Heard

ADMIN = "Google Workspace administrator"
AUTH = "https://www.googleapis.com/auth/"

OWN = ("mode", frozenset({"", "none", "delegation"}))  # where coplink makes groups and shared drives
BROUGHT = ("mode", frozenset({"folder"}))

GROUP_SCOPES = (
    Scope(
        AUTH + "admin.directory.group",
        "make the group of a community, and put its members in or take them out",
        "no group, and so no seats in the shared drive",
        when=OWN,
    ),
    Scope(
        AUTH + "apps.groups.settings",
        "close the group to all but its members, and open it to invited people of other schools",
        "no group is made",
        when=OWN,
    ),
    Scope(
        AUTH + "admin.directory.user.readonly",
        "find the one account of your domain that belongs to an address or an author",
        "members must sign in with Google once, and authors are shown by name only",
        when=OWN,
    ),
)
ROBOT_SCOPES = (
    Scope(
        AUTH + "drive",
        "make or find a community's place (Google has no smaller permission for that), share it, list its files",
        "no place and no library",
    ),
    Scope(
        AUTH + "calendar.app.created",
        "make the community's calendar and keep its meetings; coplink cannot see any other calendar's events",
        "no calendar and no meetings",
    ),
    Scope(
        AUTH + "calendar.acls",
        "let the group see the community's calendar",
        "members do not see the calendar",
        when=OWN,
    ),
    Scope(
        AUTH + "calendar.calendarlist.readonly",
        "find the community's calendar again instead of making a second one",
        "no calendar is made",
    ),
)
BROUGHT_SCOPES = (
    Scope(
        AUTH + "admin.directory.user.readonly",
        "find the one account of your domain that belongs to an address, as anybody in the domain may",
        "nobody gets access to a community's folder",
        where="in mode folder",
        when=BROUGHT,
    ),
)
CHAT = ("chat", frozenset({"yes"}))
CHAT_SCOPES = (
    Scope(
        AUTH + "chat.spaces",
        "make the community's Chat space, and find it again instead of making a second one",
        "no Chat space is made",
        when=CHAT,
    ),
    Scope(
        AUTH + "chat.memberships",
        "put the community's group into its Chat space",
        "nobody is in the Chat space",
        when=CHAT,
    ),
    Scope(
        AUTH + "chat.messages.create",
        "say in the Chat space what a facilitator says to everybody; coplink cannot read what others say there",
        "announcements do not appear in Google Chat",
        when=CHAT,
    ),
)
CHAT_GROUP_SCOPES = (
    Scope(
        AUTH + "cloud-identity.groups.readonly",
        "know the number by which Chat calls the community's group",
        "the group cannot be put into the Chat space",
        when=CHAT,
    ),
)
SIGN_IN_SCOPES = (
    Scope("openid", "know that somebody signed in", "no sign-in with Google"),
    Scope("email", "know the address that meetings are sent to", "no sign-in with Google"),
    Scope("profile", "greet people by name", "people are shown without a name"),
)

manifest = Manifest(
    key="google",
    title="Google Workspace",
    capabilities=frozenset(
        {
            Capability.SPACES,
            Capability.SEATS,
            Capability.DIRECTORY,
            Capability.CALENDAR,
            Capability.LIBRARY,
            Capability.WATCH,
            Capability.UPKEEP,
            Capability.ANNOUNCEMENTS,
            Capability.DOOR,
        }
    ),
    kind=SpaceKind.DRIVE,
    roles=frozenset({Role.FACILITATOR, Role.MEMBER}),
    # 50,000 people in total through groups on one drive; 75 characters in a group's name (both July 2026)
    limits=Limits(
        seats=50_000,
        facilitators=1_000,
        name_length=73,
        batch=1_000,
        lag=timedelta(minutes=5),
        watch_life=timedelta(days=6),
    ),
    scopes=GROUP_SCOPES + ROBOT_SCOPES + BROUGHT_SCOPES + CHAT_GROUP_SCOPES + CHAT_SCOPES + SIGN_IN_SCOPES,
    fields=(
        Field(
            "domain", "Domain", "The primary domain of your Google Workspace, for instance school.example."
        ),
        Field(
            "mode",
            "Mode",
            "“none”: the robot account gives its consent itself; nobody acts for anybody else. “delegation”: the "
            "service account acts as the robot account, by domain-wide delegation. “folder”: no drives and groups are "
            "made; each community gets a folder in the one named below.",
            default="none",
            choices=("none", "delegation", "folder"),
        ),
        Field(
            "folder",
            "Folder",
            "In mode folder: the link of a shared drive, or of a folder on one, that the robot account may manage.",
            default="",
        ),
        Field("client_id", "OAuth client ID", "Of the web client in your Cloud project."),
        Field("client_secret", "OAuth client secret", "Of the same client.", secret=True),
        Field(
            "service_account",
            "Service account key",
            "The JSON key file of the service account that has the Groups Admin role. Not needed in mode folder.",
            secret=True,
            default="",
        ),
        Field(
            "robot_refresh_token",
            "Refresh token of the robot account",
            "Made once, signed in as the robot account; see the install guide. Not needed in mode delegation.",
            secret=True,
            default="",
        ),
        Field("robot", "Robot account", "Its address, for instance coplink@school.example."),
        Field(
            "file_managers",
            "Facilitators manage files",
            "yes makes facilitators content managers of the shared drive, who may move and delete everybody's files. "
            "no: they add and edit files like all members.",
            default="no",
            choices=("no", "yes"),
        ),
        Field(
            "guests",
            "Guests",
            "yes: people of other schools who join a community are put into its group, by an address they proved. "
            "no: they take part through a place of their own school.",
            default="no",
            choices=("no", "yes"),
        ),
        Field(
            "chat",
            "Chat space",
            "yes: each new community gets a space in Google Chat with its group in it, where announcements appear.",
            default="no",
            choices=("no", "yes"),
        ),
        Field("root_url", "Address of Google's APIs", "Leave empty.", default=""),
        Field(
            "auth_url", "Address of the sign-in page", default="https://accounts.google.com/o/oauth2/v2/auth"
        ),
        Field("token_url", "Address for tokens", default="https://oauth2.googleapis.com/token"),
        Field(
            "jwks_url", "Address of the published keys", default="https://www.googleapis.com/oauth2/v3/certs"
        ),
        Field("issuer", "Issuer of sign-ins", default="https://accounts.google.com"),
    ),
    extra="google",
    admin=ADMIN,
    door_name="Google sign-in",
    space_word="shared drive",
    steps=("group", "drive", "grants", "folder", "calendar"),
    part_words={
        "group": "group of members",
        "drive": "shared drive",
        "grants": "access for members",
        "folder": "library folder",
        "calendar": "calendar",
        "chat": "Chat space",
    },
    announced_as="a message in the Chat space, where there is one",
    invites_attendees=True,
    consoles=(
        "Google Account of the robot account, Security, Third-party connections: remove coplink.",
        "Google Cloud console, Credentials and Service accounts: delete the OAuth client, the key and the service "
        "account.",
        "Google Admin console, Admin roles: take the role from the service account; Domain-wide delegation: remove it, "
        "if given.",
        "Google Admin console: give shared drives and calendars another owner before the robot account is deleted.",
    ),
)


class GoogleWorkspace:
    """The integration object: a manifest, connections and doors."""

    @property
    def manifest(self) -> Manifest:
        return manifest

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Connection:
        """A connection with one domain's credentials; raises ``NotInstalled`` without Google's client."""
        from coplink_google.connection import open_connection

        return open_connection(settings, around)

    def look_over(self, settings: Mapping[str, str]) -> str:
        """The realm of this domain's sign-in; raises ``Misconfigured``."""
        from coplink_google.options import Options

        return Options.of(settings).realm

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """What the shared drive will be called, and the parts around it."""
        from coplink_google.names import drive_name, steps_of

        return Planned(
            drive_name(wish.name),
            steps_of(settings.get("mode", ""), settings.get("chat", ""), wish.parts),
        )

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """Read a call of Google's: nothing but a hint that files have changed."""
        from coplink_google.hints import receive

        return receive(request, secret)

    def gaps(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """The scopes with their reasons, for the files an admin gets."""
        from coplink_google.package import gaps

        return gaps()

    def faults(self, files: Mapping[str, bytes]) -> Sequence[Said]:
        """What Google would not take of the add-on's file."""
        from coplink_google.package import faults

        return faults(files)

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        """Sign-in with Google for people of this connection's domain."""
        from coplink_google.door import GoogleDoor
        from coplink_google.options import Options

        return GoogleDoor(institution, Options.of(settings), around)

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> None:
        """None: the robot's consent is made with the credentials."""

    def give_back(self, settings: Mapping[str, str], around: Surroundings) -> None:
        """Revoke the robot account's refresh token, and its consent with it."""
        from coplink_google.giving_back import give_back
        from coplink_google.options import Options

        give_back(Options.of(settings), around)


integration = GoogleWorkspace()
