"""What the lines of a check-up share: which features rest on what, where an admin looks, how a refusal reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from coplink.core.words import Said, say
from coplink.ports.errors import Gone, IntegrationError, NeedsAttention, PermissionMissing, Transient
from coplink.ports.integration import Capability, Check
from coplink_google import ADMIN

SPACES, SEATS = Capability.SPACES, Capability.SEATS
PLACES = frozenset({SPACES, SEATS})
MEETINGS = PLACES | {Capability.CALENDAR}
CHAT = PLACES | {Capability.ANNOUNCEMENTS}
CHAT_APP = say(
    "Google Cloud console: Google Chat API, Configuration; Google Admin console: Apps, Google Workspace, Google Chat."
)
ROLE = say("Google Admin console: Account, Admin roles, Groups Admin; assign it to the service account.")
AGAIN = say(
    "The install guide, part “Robot account”: sign in as the robot account once more, and tick every box."
)
CLIENT = say("Google Cloud console: APIs & Services, Credentials; then the settings on this page.")
DELEGATE = say(
    "Google Admin console: Security, Access and data control, API controls, Domain-wide delegation; the install guide "
    "has the client ID and the scopes to paste."
)
KEY = say(
    "Google Cloud console: IAM & Admin, Service accounts, Keys; and the setting “Robot account” on this page."
)
BROUGHT_FOLDER = say(
    "Google Drive: the shared drive of that folder, Manage members, the robot account as Manager; and the setting "
    "“Folder” on this page."
)
CONTACTS = say(
    "Google Admin console: Directory, Directory settings, Sharing settings: contact sharing is on."
)
ENABLE = say("Google Cloud console: APIs & Services, Library; enable the API.")
LICENCE = say("Google Admin console: Directory, Users, the robot account: Licenses, and Apps.")
SHARING = say("Google Admin console: Apps, Google Workspace, Drive and Docs, Sharing settings.")
ROBOT_ACCOUNT = say("Google Admin console: Directory, Users; then the setting “Robot account” on this page.")
NO_DRIVES = say(
    "The robot account may not make shared drives: it has no licence for them, or a setting forbids it."
)


def tried(title: Said, where: Said, stops: Iterable[Capability], call: Callable[[], object]) -> Check:
    """The line for one harmless call; what it looks for need not be there."""
    try:
        call()
    except Gone:
        pass
    except IntegrationError as error:
        return refused(str(title), error, where, stops)
    return Check(str(title), True, reached(str(title)))


def refused(title: str, error: IntegrationError, where: Said, stops: Iterable[Capability]) -> Check:
    """The line for a call that was refused or not answered."""
    who = error.who if isinstance(error, NeedsAttention) else ADMIN
    scopes = error.scopes if isinstance(error, PermissionMissing) else ()
    if isinstance(error, PermissionMissing) and not scopes:
        where = ENABLE
    asked = not isinstance(error, Transient)
    return Check(title, False, error.message, who, scopes, where, None, asked, frozenset(stops))


def reached(title: str) -> Said:
    return say("{title} can be reached.", title=title)
