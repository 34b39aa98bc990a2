"""One district with all three suites, and a course that lists two hundred people."""

from __future__ import annotations

from dataclasses import replace

from coplink.sandbox.district import Course, Region, Resident, guid, region

HERE = "riverbend"
SUITES = ("canvas", "teams", "google")
LISTED = 200
COURSE, ANOTHER, CROWDED = "101", "102", "300"
ROSTER_PAGE_2 = r"^GET /api/lti/courses/\d+/names_and_roles.*page="
LISTINGS = {
    "canvas": r"^GET /api/v1/groups/\d+/memberships",
    "teams": r"^GET /v1\.0/teams/[^/]+/channels/[^/]+/members(?!.*filter)",
    "google": r"^GET /admin/directory/v1/groups/[^/]+/members\?",
}
SECOND_PAGES = {
    "canvas": LISTINGS["canvas"] + ".*page=2",
    "teams": LISTINGS["teams"] + ".*skiptoken=1",
    "google": LISTINGS["google"] + ".*pageToken",
}


def one_district() -> Region:
    """The region, with Google Workspace in Riverbend too, and a course that lists two hundred people."""
    plain = region()
    here = replace(
        plain.districts[HERE],
        suite="google",
        google_domain=f"{HERE}.example",
        google_client_id=f"{HERE}-client.apps.googleusercontent.com",
        google_secret=f"{HERE}-google-secret",
        robot=f"coplink@{HERE}.example",
    )
    residents = {
        key: replace(one, google_id=str(10**20 + int(one.canvas_id))) if one.entra_id else one
        for key, one in plain.residents.items()
        if one.district == HERE
    }
    crowd = {f"crowd.{n}": _one_of_many(n) for n in range(LISTED)}
    enrolled = {"ana.ruiz": "teacher", **dict.fromkeys(crowd, "student")}
    crowded = Course(CROWDED, HERE, "Everybody", "ALL", enrolled)
    courses = {COURSE: plain.courses[COURSE], ANOTHER: plain.courses[ANOTHER], CROWDED: crowded}
    return replace(plain, districts={HERE: here}, residents=residents | crowd, courses=courses)


def _one_of_many(number: int) -> Resident:
    key = f"crowd.{number}"
    return Resident(
        key, f"Crowd {number}", HERE, f"{key}@{HERE}.example", str(5000 + number), guid("sub", key)
    )
