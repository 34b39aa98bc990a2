"""Canvas: a group in a course (or a page only), its members, the meetings on its calendar, and what is made there.

This front page holds the manifest and the integration; the SDK (``canvasapi``) is loaded by ``connect`` only. The way
in from Canvas is LTI and lives in ``coplink.lti``. May import: ``coplink.ports`` and ``coplink.core``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from coplink.core.errors import NotInstalled
from coplink.core.people import Role
from coplink.core.spaces import SpaceKind
from coplink.core.words import Said
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.integration import Capability, Field, Limits, Manifest, Scope, Surroundings
from coplink.ports.spaces import Planned, SpaceWish
from coplink.ports.watch import Heard
from coplink_canvas.operations import COURSE_CATALOGUE, COURSE_TOLD, GROUP_PLACE, MODULE_LINK, PAGE_PLACE

if TYPE_CHECKING:
    from coplink_canvas.connection import CanvasConnection
    from coplink_canvas.tokens import KeyConsent

ADMIN = "Canvas administrator"

MANIFEST = Manifest(
    key="canvas",
    title="Canvas",
    capabilities=frozenset(
        {
            Capability.SPACES,
            Capability.SEATS,
            Capability.CALENDAR,
            Capability.LIBRARY,
            Capability.UPKEEP,
            Capability.ANNOUNCEMENTS,
        }
    ),
    kind=SpaceKind.GROUP,
    roles=frozenset({Role.FACILITATOR, Role.MEMBER}),
    # Canvas publishes no limit for the members of a group; names are its strings of 255 characters.
    limits=Limits(seats=20_000, facilitators=100, name_length=255, batch=50, lag=timedelta(seconds=10)),
    scopes=(
        Scope(
            "manage_groups_add",
            "makes the group set and the group of a community in the course that was chosen",
            "no community gets a place in Canvas",
            when=GROUP_PLACE,
        ),
        Scope(
            "manage_groups_manage",
            "seats members, writes the page about the community, puts the meetings on the group's calendar and"
            " announces there what is said to everybody",
            "nobody is seated or unseated, and neither meetings nor announcements are in Canvas",
            when=GROUP_PLACE,
        ),
        Scope(
            "read_roster",
            "asks whether somebody whom Canvas refused is in the course at all",
            "a refused seat is shown without its reason",
            when=GROUP_PLACE,
        ),
        Scope(
            "read_course_content",
            "lists the published files and pages of the course for the library",
            "what is made in the course is not in the library; what is made in the group is",
            when=COURSE_CATALOGUE,
        ),
        Scope(
            "manage_wiki_create",
            "makes a community's page in the course",
            "no community gets a page in a course",
            when=PAGE_PLACE,
        ),
        Scope(
            "manage_wiki_update",
            "finds that page again, renames it with the community and says on it that the community rests",
            "a community's page keeps its old name",
            when=PAGE_PLACE,
        ),
        Scope(
            "manage_wiki_delete",
            "takes a community's page away when an administrator asks for it",
            "a teacher takes the page away",
            when=PAGE_PLACE,
        ),
        Scope(
            "manage_course_content_add",
            "makes the module for links to communities",
            "the course's modules show no link to the community",
            when=MODULE_LINK,
        ),
        Scope(
            "manage_course_content_edit",
            "puts the link into the module and renames it with the community",
            "the course's modules show no link to the community",
            when=MODULE_LINK,
        ),
        Scope(
            "manage_course_content_delete",
            "takes the link away when an administrator asks for it",
            "a teacher takes the link away",
            when=MODULE_LINK,
        ),
        Scope(
            "read_announcements",
            "looks whether an announcement in the course was made by an earlier try",
            "nothing is announced in a course",
            when=COURSE_TOLD,
        ),
        Scope(
            "moderate_forum",
            "announces in the course: invitations, and what is said in a community that has only a page there",
            "nothing is announced in a course",
            when=COURSE_TOLD,
        ),
    ),
    fields=(
        Field(
            "base_url",
            "Address of Canvas",
            "The address people use, for example https://district.instructure.com",
        ),
        Field(
            "client_id",
            "Client id of the developer key",
            "The number in the Details column of the API key. With it, consent is given on this page.",
            default="",
        ),
        Field(
            "client_secret",
            "Secret of the developer key",
            "Show Key, in the same column.",
            secret=True,
            default="",
        ),
        Field(
            "refresh_token",
            "Consent",
            "Comes by itself when consent is given.",
            secret=True,
            default="",
        ),
        Field(
            "token",
            "Access token",
            "Only where there is no developer key: a token of the service account, made under Account, Settings.",
            secret=True,
            default="",
        ),
        Field(
            "place",
            "Place",
            "group: a group in the course; page: only a page in the course.",
            default="group",
            choices=("group", "page"),
        ),
        Field(
            "module",
            "Link in the modules",
            "yes: the course's modules link to the community; no.",
            default="no",
            choices=("no", "yes"),
        ),
        Field(
            "catalogue",
            "Library",
            "course: published files and pages of the course and the group; group: only the group's.",
            default="course",
            choices=("course", "group"),
        ),
        Field(
            "announce",
            "Announcements",
            "group: in groups only; course: everybody in the course gets invitations, and what is said where there"
            " is only a page.",
            default="group",
            choices=("group", "course"),
        ),
    ),
    extra="canvas",
    admin=ADMIN,
    door_name="the course in Canvas",
    space_word="group",
    steps=("category", "group", "page"),
    part_words={
        "category": "group set",
        "group": "group",
        "page": "page about the community",
        "course_page": "page in the course",
        "module": "link in the modules",
    },
    chooses=("course",),
    invites_attendees=False,
    consents=True,
    consoles=(
        "Canvas, Admin, Developer Keys: delete coplink’s API key and its LTI key.",
        "Canvas, Admin, Settings, Apps: delete the app, if it was added there.",
        "Canvas, Account of the service account, Settings, Approved Integrations: delete its token.",
    ),
    announced_as="an announcement in the group or the course",
)


class CanvasIntegration:
    """Code for Canvas; keeps nothing."""

    @property
    def manifest(self) -> Manifest:
        """What it declares, readable without the SDK."""
        return MANIFEST

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> CanvasConnection:
        """One institution's way to its Canvas; no call is made yet. Raises ``Misconfigured`` for a bad address."""
        try:
            from coplink_canvas.connection import CanvasConnection
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("canvasapi", "requests", "pyrate_limiter"):
                raise
            raise NotInstalled(MANIFEST.extra) from error
        return CanvasConnection(settings, around)

    def look_over(self, settings: Mapping[str, str]) -> str:
        """The host of this Canvas; raises ``Misconfigured``."""
        from coplink_canvas.names import Access, Choices, host

        Access.of(settings)
        Choices.of(settings)
        return host(settings.get("base_url", ""))

    def preview(self, settings: Mapping[str, str], wish: SpaceWish) -> Planned:
        """What the group will be called, and the parts around it."""
        from coplink_canvas.names import Choices, fitted, steps

        return Planned(fitted(wish.name), steps(Choices.of(settings), wish.parts))

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        """None: Canvas tells nobody about a group."""
        return None

    def gaps(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Scopes and permissions for the files an admin gets."""
        from coplink_canvas.package import gaps

        return gaps(settings)

    def faults(self, files: Mapping[str, bytes]) -> Sequence[Said]:
        """What Canvas would not take of the list of scopes."""
        from coplink_canvas.package import faults

        return faults(files)

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        """None: people come from Canvas through LTI."""
        return None

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> KeyConsent | None:
        """Consent to a developer key; None where these settings have none."""
        from coplink_canvas.names import Access, address

        access = Access.of(settings)
        if not access.client_id:
            return None
        from coplink_canvas.tokens import KeyConsent, posting
        from coplink_canvas.transport import Guarded, session

        base_url = address(settings.get("base_url", ""))
        return KeyConsent(base_url, settings, access, posting(base_url, session(Guarded(around))))


integration = CanvasIntegration()
