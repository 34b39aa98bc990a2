"""Microsoft Teams: a channel in a host team or a team for each community, meetings, files, and the Teams tab.

Listing this package loads ports and core only; ``connect`` loads Microsoft's SDK, ``door`` does not need it.

    connection.py settings.py       opens a connection; offers the ports, checks each feature
    graph.py                        the only importer of msgraph and msal; one event loop, one client
    calls.py batch.py limits.py signin.py   what goes through it: bounded, limited, recorded; our own $batch; tokens
    answers.py replies.py           what each odd answer of Microsoft means
    spaces.py seats.py calendar.py library.py watch.py upkeep.py announcements.py    one port each
    directory.py guests.py          whose an address is; who is let in by one
    channels.py teams.py            the two modes of a place; fittings.py: folder and tab in either
    long_running.py missing.py parts.py    what goes on behind a 202; since when it does not show; ids of the steps
    names.py recurrence.py mailbox.py service_account.py    what they stand on
    operations.py                   every call, the permission it needs, and so what an admin grants
    door.py entra.py                the Teams tab: a verified token becomes an Arrival
    sandbox/                        Microsoft Graph and Entra sign-in, pretended
    install/ static/                what the admin uploads; the scripts of the tab
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from coplink.core.errors import NotInstalled
from coplink.core.people import Role
from coplink.core.spaces import SpaceKind
from coplink.core.words import Said
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.integration import (
    Capability,
    Connection,
    Field,
    Limits,
    Manifest,
    Surroundings,
)
from coplink.ports.spaces import Planned, SpaceWish
from coplink.ports.watch import Heard
from coplink_teams.operations import CHANNEL as CHANNEL
from coplink_teams.operations import MODES as MODES
from coplink_teams.operations import NO as NO
from coplink_teams.operations import TEAM as TEAM
from coplink_teams.operations import YES as YES
from coplink_teams.operations import scopes

ADMIN = "Microsoft 365 administrator"
CHANNEL_STEPS = ("channel", "folder", "tab")
TEAM_STEPS = ("order", "team", "app", "channel", "folder", "tab")
GRAPH_URL = "https://graph.microsoft.com/v1.0"
LOGIN_URL = "https://login.microsoftonline.com"
FRAME_ORIGINS = "https://teams.microsoft.com https://*.teams.microsoft.com https://*.cloud.microsoft"

_FIELDS = (
    Field("tenant_id", "Directory (tenant) id", "Entra admin centre, Overview"),
    Field("client_id", "Application (client) id", "Entra admin centre, App registrations"),
    Field(
        "client_secret", "Client secret", "Certificates & secrets; note the day on which it ends", secret=True
    ),
    Field(
        "mode",
        "Mode",
        "channel: each community gets a channel in the host team; team: a team of its own. "
        "Places that exist stay as they are",
        default=CHANNEL,
        choices=(CHANNEL, TEAM),
    ),
    Field(
        "team_id",
        "Host team",
        "The id of the team that holds the channels (groupId in “Get link to team”); not needed in mode team",
        default="",
    ),
    Field(
        "mailbox", "Service mailbox", "The sign-in name of the account that owns channels, teams and meetings"
    ),
    Field(
        "app_id",
        "Teams app id in your catalogue",
        "Empty: no tab is pinned in the channels; needed in mode team",
        default="",
    ),
    Field(
        "guests",
        "Guests",
        "yes: people of other schools who join a community are invited into your directory as guests, by an address "
        "they proved. Needs one permission more",
        default=NO,
        choices=(NO, "yes"),
    ),
    Field("calls_per_second", "Calls per second to the host team", "Microsoft publishes 4", default="4"),
    Field("graph_url", "Address of Microsoft Graph", "Another one for national clouds", default=GRAPH_URL),
    Field(
        "login_url", "Address of the sign-in service", "Another one for national clouds", default=LOGIN_URL
    ),
    Field("frame_origins", "Origins that may frame the tab", "Separated by blanks", default=FRAME_ORIGINS),
)

manifest = Manifest(
    key="teams",
    title="Microsoft Teams",
    capabilities=frozenset(Capability),
    kind=SpaceKind.CHANNEL,
    roles=frozenset({Role.FACILITATOR, Role.MEMBER}),
    limits=Limits(
        seats=5000,
        facilitators=100,
        name_length=256,  # a team's; a channel's name has at most 50
        batch=600,
        lag=timedelta(minutes=15),
        watch_life=timedelta(days=28),
        announced=150,
    ),
    scopes=scopes(),
    fields=_FIELDS,
    extra="teams",
    admin=ADMIN,
    door_name="the Teams tab",
    space_word="channel",
    space_words={"order": "team", "team": "team"},
    steps=CHANNEL_STEPS,
    part_words={
        "order": "order for a team",
        "team": "team",
        "app": "coplink app",
        "channel": "channel",
        "folder": "folder for files",
        "tab": "coplink tab",
    },
    invites_attendees=True,
    package=True,
    announced_as="a notice in the activity feed of everybody there",
    consoles=(
        "Microsoft Teams: an owner of the host team (or of each team) removes the app under Manage team, Apps.",
        "Teams admin centre, Manage apps: delete the app.",
        "Microsoft Entra admin centre, App registrations: delete coplink’s app, with its permissions and its secret.",
        "Microsoft 365 admin centre: keep the service account as long as its meetings are needed.",
    ),
)


class TeamsIntegration:
    """Code for Microsoft Teams; keeps nothing."""

    manifest = manifest

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Connection:
        """One institution's way to Microsoft Graph; raises ``NotInstalled`` without the extra."""
        try:
            from coplink_teams.connection import open_connection
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in {
                "msgraph",
                "msgraph_core",
                "kiota_abstractions",
                "kiota_http",
                "msal",
            }:
                raise NotInstalled(manifest.extra) from error
            raise
        return open_connection(settings, around)

    def look_over(self, settings: Mapping[str, str]) -> str:
        """The Entra directory id; raises ``Misconfigured``."""
        from coplink_teams.settings import read_settings

        return read_settings(settings).tenant_id

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """What the channel or the team will be called, and its parts."""
        from coplink_teams.names import planned

        return planned(wish, settings.get("mode") or CHANNEL)

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """Read a call of Graph's."""
        from coplink_teams.hints import receive

        return receive(request, secret, settings.get("tenant_id", ""))

    def gaps(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """The permissions of the connection's mode, for the app's package."""
        from coplink_teams.package import gaps

        return gaps(settings)

    def faults(self, files: Mapping[str, bytes]) -> Sequence[Said]:
        """What Teams would not take of the package."""
        from coplink_teams.package import faults

        return faults(files)

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        """The Teams tab of one institution."""
        from coplink_teams.door import TeamsTab

        return TeamsTab(institution, settings, around)

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> None:
        """None: an administrator consents in Entra itself."""


integration = TeamsIntegration()
