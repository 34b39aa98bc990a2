"""What the role addresses of LTI mean for coplink: an exact table, least right for everything unknown.

Only roles in the context (course or group) say anything about the context: Canvas sends institution and system roles
in the same list, and an account administrator is not a teacher of the course. Source: LTI 1.3 core, appendix A.
"""

from __future__ import annotations

from collections.abc import Iterable

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

# Of the finer roles only the one that says "this is the teacher" counts. An assistant leads only where the platform
# also sends the plain Instructor role (Canvas does).
_LEADING = frozenset(
    {
        f"{MEMBERSHIP}#Instructor",
        f"{MEMBERSHIP}#Administrator",
        f"{MEMBERSHIP}#Manager",
        f"{MEMBERSHIP}/Instructor#PrimaryInstructor",
        f"{MEMBERSHIP}/Manager#CourseCoordinator",
        # The short names the specification permits stand for context roles.
        "Instructor",
        "Administrator",
        "Manager",
    }
)


def leads_context(roles: Iterable[str]) -> bool:
    """Whether these roles say that the person teaches, administers or leads the context."""
    return not _LEADING.isdisjoint(roles)


def is_test_account(roles: Iterable[str]) -> bool:
    """Whether this is the platform's pretend student (Canvas' Student View)."""
    return TEST_USER in roles
