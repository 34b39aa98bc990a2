"""The tables, by aggregate. Each docstring says whether a table holds personal data, why, and how long."""

from coplink.storage.tables.announcements import AnnouncementRow, PostRow
from coplink.storage.tables.base import Table
from coplink.storage.tables.catalogue import ArtifactRow, CuratedListRow, CursorRow, VersionRow
from coplink.storage.tables.checks import CheckUpRow
from coplink.storage.tables.communities import (
    CharterRow,
    CommunityRow,
    ContactRow,
    ContextRow,
    HandoverRow,
    MembershipRow,
    OptOutRow,
    ParticipationRow,
)
from coplink.storage.tables.copies import CopyRow, HeardNoticeRow, NoticeServiceRow
from coplink.storage.tables.doors import LinkRow, LoginRow, PresenterRow, SessionRow
from coplink.storage.tables.guests import DisclosureRow, GuestRow
from coplink.storage.tables.institutions import (
    ConnectionRow,
    DeploymentRow,
    InstitutionRow,
    KeyPairRow,
    RegistrationRow,
)
from coplink.storage.tables.mails import MailRow
from coplink.storage.tables.meetings import OfferRow, RhythmRow, SeriesLinkRow
from coplink.storage.tables.people import AccountRow, IdentityRow, LookUpRow, PersonRow
from coplink.storage.tables.plans import LedgerLookRow, PlanRow
from coplink.storage.tables.records import HappeningRow, NoticeRow, ReportRow
from coplink.storage.tables.rosters import RosterRow
from coplink.storage.tables.spaces import (
    JournalRow,
    LedgerRow,
    LeftoverRow,
    RemovalRow,
    SeatRow,
    SpaceRow,
    UnreachableRow,
    WatchRow,
)
from coplink.storage.tables.work import WorkRow

__all__ = [
    "AccountRow",
    "AnnouncementRow",
    "ArtifactRow",
    "CharterRow",
    "CheckUpRow",
    "CommunityRow",
    "ConnectionRow",
    "ContactRow",
    "ContextRow",
    "CopyRow",
    "CuratedListRow",
    "CursorRow",
    "DeploymentRow",
    "DisclosureRow",
    "GuestRow",
    "HandoverRow",
    "HappeningRow",
    "HeardNoticeRow",
    "IdentityRow",
    "InstitutionRow",
    "JournalRow",
    "KeyPairRow",
    "LedgerLookRow",
    "LedgerRow",
    "LeftoverRow",
    "LinkRow",
    "LoginRow",
    "LookUpRow",
    "MailRow",
    "MembershipRow",
    "NoticeRow",
    "NoticeServiceRow",
    "OfferRow",
    "OptOutRow",
    "ParticipationRow",
    "PersonRow",
    "PlanRow",
    "PostRow",
    "PresenterRow",
    "RegistrationRow",
    "RemovalRow",
    "ReportRow",
    "RhythmRow",
    "RosterRow",
    "SeatRow",
    "SeriesLinkRow",
    "SessionRow",
    "SpaceRow",
    "Table",
    "UnreachableRow",
    "VersionRow",
    "WatchRow",
    "WorkRow",
]
