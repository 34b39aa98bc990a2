"""Every call coplink makes to Microsoft Graph, in one table: which permission it needs, in which mode, and why.

The permissions an admin is asked for, the ones the app's package carries, the list in the README and the words about a
refusal are read from here; tests compare the table with the calls that are made. Paths are those of Graph's own
reference. Where Graph takes one of several permissions, the one that reaches least far is asked for: one for a single
team (resource-specific consent, its name ends in ``.Group``) before one for the organisation. Sources: Microsoft Graph
permissions reference and the page of each operation, as of November 2026. Needs no SDK.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coplink.ports.integration import Scope

INVITING, GUESTS = "User.Invite.All", "guests"
CHANNEL, TEAM = MODES = ("channel", "team")  # where a new community gets its place
BOTH = frozenset(MODES)
YES, NO = "yes", "no"
ENTRA, APP = "Entra admin centre, API permissions", "the coplink app in Teams"


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of call: what it is for, the permission it needs, and the modes in which it is made.

    ``setting`` names the one that must be “yes” for it, where there is one.
    """

    method: str
    path: str
    permission: str
    why: str
    modes: frozenset[str] = BOTH
    setting: str = ""

    @property
    def name(self) -> str:
        """The call as Graph's contract names it."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Permission:
    """Why a permission is asked for, and what stops without it."""

    reason: str
    without: str


PERMISSIONS: Mapping[str, Permission] = {
    "TeamSettings.Read.Group": Permission(
        "to see that the host team exists",
        "the check of the connection cannot tell a wrong team id from a missing installation",
    ),
    "Channel.Create.Group": Permission(
        "to make one channel for each community in the host team",
        "no community gets a channel",
    ),
    "ChannelSettings.ReadWrite.Group": Permission(
        "to find a community’s channel again instead of making a second one, and to rename it with the community",
        "channels are neither made nor found",
    ),
    "ChannelMember.ReadWrite.Group": Permission(
        "to see who is in a community’s channel, to add members and to take away those who left",
        "nobody is added to a channel and nobody is removed",
    ),
    "TeamMember.Read.Group": Permission(
        "to explain why somebody cannot be added to a private channel",
        "the reason “not in the host team” is shown as a plain refusal",
    ),
    "Team.Create": Permission(
        "to make a team for each community",
        "no community gets a team",
    ),
    "Team.ReadBasic.All": Permission(
        "to find a community’s team again, by name and description, before the app is in it",
        "teams are neither made nor found",
    ),
    "TeamsAppInstallation.ReadWriteAndConsentSelfForTeam.All": Permission(
        "to put the coplink app, and no other, into the teams it made",
        "no team gets its tab, files or new name",
    ),
    "TeamMember.ReadWrite.All": Permission(
        "to see who is in a community’s team, to add members and owners and to take away those who left",
        "nobody is added to a team and nobody is removed",
    ),
    "TeamSettings.ReadWrite.Group": Permission(
        "to rename, archive and restore a community’s team",
        "a team keeps its name and is not archived when its community ends",
    ),
    "ChannelSettings.Read.Group": Permission(
        "to find the main channel of a community’s team",
        "a team gets neither tab nor library",
    ),
    "TeamsTab.Read.Group": Permission(
        "to see whether a channel already has its tab",
        "no tab is pinned in the channels",
    ),
    "TeamsTab.Create.Group": Permission(
        "to pin the community’s page as a tab in its channel",
        "no tab is pinned in the channels",
    ),
    "TeamsTab.Delete.Group": Permission(
        "to take its own tab away when coplink lets go of a channel",
        "the tab stays until somebody removes it by hand",
    ),
    "TeamsActivity.Send.Group": Permission(
        "to tell everybody in a channel or team what a facilitator says, in their activity feed",
        "what is said to everybody does not appear in Teams",
    ),
    "User.ReadBasic.All": Permission(
        "to look up one account by its e-mail address inside your own organisation",
        "people must open the Teams tab once before they get a seat",
    ),
    "Calendars.ReadWrite": Permission(
        "to keep each community’s meetings in the service mailbox; limit it to that mailbox in Exchange",
        "meetings are not placed in Outlook and Teams calendars",
    ),
    INVITING: Permission(
        "to let people of other schools into communities as guests, where the setting guests is “yes”",
        "people of other schools have no seat here",
    ),
    "Files.Read.All": Permission(
        "to list what is made in a channel’s files; names and links only, never the content",
        "files of the channels do not appear in the community’s library",
    ),
}

_C, _T = frozenset({CHANNEL}), frozenset({TEAM})
_ONE, _CHANNELS = "/teams/{team-id}", "/teams/{team-id}/channels"
_CHANNEL, _TABS = f"{_CHANNELS}/{{channel-id}}", f"{_CHANNELS}/{{channel-id}}/tabs"
_SEATS, _PEOPLE = f"{_CHANNEL}/members", f"{_ONE}/members"
_EVENTS, _WATCHES = "/users/{user-id}/events", "/subscriptions"
_SEATING, _MEMBERS = "ChannelMember.ReadWrite.Group", "TeamMember.ReadWrite.All"
_WRITE, _INSTALL = "TeamSettings.ReadWrite.Group", "TeamsAppInstallation.ReadWriteAndConsentSelfForTeam.All"
_KEEP, _CALENDAR, _FILES = "ChannelSettings.ReadWrite.Group", "Calendars.ReadWrite", "Files.Read.All"

OPERATIONS: tuple[Operation, ...] = (
    Operation("POST", "/$batch", "", "sends up to 20 of the calls below in one"),
    # --- a channel in the host team
    Operation("GET", _ONE, "TeamSettings.Read.Group", "looks whether the host team exists", _C),
    Operation("GET", _CHANNELS, _KEEP, "finds its own channel again by its mark", _C),
    Operation("POST", _CHANNELS, "Channel.Create.Group", "makes the channel", _C),
    Operation(
        "GET",
        f"{_ONE}/operations/{{teamsAsyncOperation-id}}",
        "Channel.Create.Group",
        "asks how the making stands, where Microsoft answers that it takes a while",
        _C,
    ),
    Operation("GET", _CHANNEL, _KEEP, "looks whether the channel is still there, and what it is called", _C),
    Operation("PATCH", _CHANNEL, _KEEP, "renames the channel with the community", _C),
    Operation("GET", _SEATS, _SEATING, "reads who is in the channel", _C),
    Operation("POST", f"{_SEATS}/add", _SEATING, "adds up to 200 people to the channel", _C),
    Operation("POST", f"{_SEATS}/remove", _SEATING, "removes up to 20 people from the channel", _C),
    Operation(
        "PATCH",
        f"{_SEATS}/{{conversationMember-id}}",
        _SEATING,
        "makes somebody an owner of the channel, or not",
        _C,
    ),
    Operation(
        "GET", _PEOPLE, "TeamMember.Read.Group", "finds out why a private channel refused somebody", _C
    ),
    # --- a team of its own
    Operation("GET", "/users/{user-id}/joinedTeams", "Team.ReadBasic.All", "finds its own team again", _T),
    Operation("POST", "/teams", "Team.Create", "orders the team", _T),
    Operation(
        "GET", f"{_ONE}/operations/{{teamsAsyncOperation-id}}", "Team.Create", "asks how an order stands", _T
    ),
    Operation(
        "GET", _ONE, "Team.ReadBasic.All", "looks whether the team is there, and what it is called", _T
    ),
    Operation("GET", f"{_ONE}/installedApps", _INSTALL, "looks whether the team has the coplink app", _T),
    Operation("POST", f"{_ONE}/installedApps", _INSTALL, "puts the coplink app into the team", _T),
    Operation("GET", f"{_ONE}/primaryChannel", "ChannelSettings.Read.Group", "finds the main channel", _T),
    Operation("GET", _PEOPLE, _MEMBERS, "reads who is in the team", _T),
    Operation("POST", f"{_PEOPLE}/add", _MEMBERS, "adds up to 200 people to the team", _T),
    Operation("POST", f"{_PEOPLE}/remove", _MEMBERS, "removes up to 20 people from the team", _T),
    Operation(
        "PATCH",
        f"{_PEOPLE}/{{conversationMember-id}}",
        _MEMBERS,
        "makes somebody an owner of the team, or not",
        _T,
    ),
    Operation("PATCH", _ONE, _WRITE, "renames the team with the community", _T),
    Operation("POST", f"{_ONE}/archive", _WRITE, "archives the team when its community ends", _T),
    Operation("POST", f"{_ONE}/unarchive", _WRITE, "restores the team when its community goes on", _T),
    # --- in either
    Operation("GET", _TABS, "TeamsTab.Read.Group", "looks whether the channel has its tab"),
    Operation("POST", _TABS, "TeamsTab.Create.Group", "pins the community’s page as a tab"),
    Operation(
        "DELETE", f"{_TABS}/{{teamsTab-id}}", "TeamsTab.Delete.Group", "takes its own tab away when asked"
    ),
    Operation(
        "POST",
        f"{_ONE}/sendActivityNotification",
        "TeamsActivity.Send.Group",
        "tells everybody there what a facilitator says",
    ),
    Operation("GET", "/users", "User.ReadBasic.All", "looks up the accounts of some addresses"),
    Operation("GET", "/users/{user-id}", "User.ReadBasic.All", "finds out who the service account is"),
    Operation(
        "POST",
        "/invitations",
        INVITING,
        "lets somebody in as a guest by an address they proved; no mail goes out",
        setting=GUESTS,
    ),
    Operation("GET", f"{_CHANNEL}/filesFolder", _FILES, "finds the channel’s folder"),
    Operation(
        "GET", "/drives/{drive-id}/items/{driveItem-id}/delta()", _FILES, "reads what changed in the folder"
    ),
    Operation("GET", "/drives/{drive-id}/root/delta()", _FILES, "reads on where it stopped, as Graph says"),
    Operation("GET", _WATCHES, _FILES, "finds an earlier subscription to the folder"),
    Operation("POST", _WATCHES, _FILES, "asks to be told when files change"),
    Operation("PATCH", f"{_WATCHES}/{{subscription-id}}", _FILES, "prolongs the subscription"),
    Operation("DELETE", f"{_WATCHES}/{{subscription-id}}", _FILES, "ends the subscription"),
    Operation("GET", _EVENTS, _CALENDAR, "finds its own meetings again"),
    Operation("POST", _EVENTS, _CALENDAR, "puts a meeting into the service mailbox"),
    Operation("GET", f"{_EVENTS}/{{event-id}}", _CALENDAR, "looks at a meeting"),
    Operation("PATCH", f"{_EVENTS}/{{event-id}}", _CALENDAR, "moves a meeting"),
    Operation("DELETE", f"{_EVENTS}/{{event-id}}", _CALENDAR, "takes back one meeting of its own"),
    Operation("POST", f"{_EVENTS}/{{event-id}}/cancel", _CALENDAR, "cancels a meeting"),
    Operation("GET", f"{_EVENTS}/{{event-id}}/instances", _CALENDAR, "reads the dates of a series"),
)


def made(mode: str, settings: Collection[str] = ()) -> frozenset[str]:
    """The names of the calls that are made in a mode, and where these settings are “yes”."""
    return frozenset(
        one.name for one in OPERATIONS if mode in one.modes and (not one.setting or one.setting in settings)
    )


def scopes() -> tuple[Scope, ...]:
    """What an admin grants, each permission with where and when, in the order of the table."""
    names = dict.fromkeys(one.permission for one in OPERATIONS if one.permission)
    return tuple(_scope(name) for name in names)


def _scope(name: str) -> Scope:
    modes = frozenset(mode for one in OPERATIONS if one.permission == name for mode in one.modes)
    # A connection made before there were modes has none in its settings: that is mode channel.
    values = modes | ({""} if CHANNEL in modes else set())
    words, where = PERMISSIONS[name], APP if name.endswith(".Group") else ENTRA
    when = None if modes == BOTH else ("mode", values)
    switches = {one.setting for one in OPERATIONS if one.permission == name}
    if "" not in switches:  # asked for only where it is switched on
        when = (switches.pop(), frozenset({YES}))
    return Scope(name, words.reason, words.without, where, when)
