"""Pages for people: the list of courses, a course with the tool framed in it, and who is in the course.

Whoever visits says in the address whom they are playing (``as``); nothing here is secret, everybody is made up.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox.pages import hidden, page, refused_page
from coplink.lti.sandbox.school import STUDENT_VIEW, ContentLink, School, Seat
from coplink.lti.sandbox.signin import login_form
from coplink.lti.sandbox.storage_frame import beside

ROLES = {
    "teacher": "Teacher",
    "ta": "Teaching assistant",
    "student": "Student",
    "designer": "Designer",
    "test": "Test",
}


class CoursePages:
    """What a visitor sees of the platform."""

    def __init__(self, school: School) -> None:
        self._school = school

    def start(self, request: Request) -> Response:
        """All courses, and everybody one can open them as."""
        parts = ['<header><strong>Canvas</strong><span>pretend platform</span></header><main class="narrow">']
        parts.append("<h1>Courses</h1><p>Choose a person and open the course as they would see it.</p>")
        for district in self._school.region.districts.values():
            parts.append(f"<h2>{escape(district.name)}</h2>")
            for course in self._school.courses.values():
                if course.district == district.key:
                    parts.append(f'<h3>{escape(course.name)}</h3><ul class="plain columns">')
                    parts += [f"<li>{self._open(seat)}</li>" for seat in self._school.seats(course)]
                    parts.append("</ul>")
        return page("Canvas", "".join(parts) + "</main>")

    def course(self, request: Request, course_id: str) -> Response:
        """A course with coplink open in it: the form in the page starts the login inside the frame."""
        seat = self._visitor(request, course_id)
        if isinstance(seat, Response):
            return seat
        return self._in_course(seat, "coplink", self._tool(seat))

    def content_link(self, request: Request, course_id: str, link_id: str) -> Response:
        """The tool, opened by a link that a teacher put into the course."""
        seat = self._visitor(request, course_id)
        if isinstance(seat, Response):
            return seat
        link = self._school.link(seat.course, link_id)
        if link is None or link not in self._school.links_for(seat):
            return refused_page("There is no such link in this course.", 404)
        return self._in_course(seat, link.title, self._tool(seat, link))

    def people(self, request: Request, course_id: str) -> Response:
        """Who is in a course; a visitor may take somebody out, or put them back."""
        seat = self._visitor(request, course_id)
        if isinstance(seat, Response):
            return seat
        rows = [
            f"<tr><td>{escape(other.person.name)}</td><td>{ROLES[other.role]}</td><td>"
            f"{self._button(seat, other.person.key, other.person.name, 'remove', 'Remove')}</td></tr>"
            for other in self._school.seats(seat.course)
        ]
        there = self._school.enrolled(seat.course)
        gone = [
            f"<li>{escape(person.name)} {self._button(seat, person.key, person.name, 'add', 'Add')}</li>"
            for person in self._school.region.of(seat.course.district)
            if person.key not in there
        ]
        main = (
            '<table><thead><tr><th scope="col">Name</th><th scope="col">Role</th>'
            '<th scope="col">Change</th></tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table><h2>Not in this course</h2>"
            f'<ul class="plain">{"".join(gone)}</ul>'
        )
        return self._in_course(seat, "People", main)

    def change_people(self, request: Request, course_id: str) -> Response:
        """Take somebody out of a course, or put them into it as a student."""
        course = self._school.courses.get(course_id)
        key, what, visitor = (request.form.get(name, "") for name in ("person", "change", "as"))
        person = self._school.region.residents.get(key)
        known = course is not None and person is not None and person.district == course.district
        if course is None or not known or what not in ("add", "remove"):
            return refused_page("There is no such person or course here.")
        if what == "remove" or key not in self._school.enrolled(course):
            self._school.enrol(course, key, None if what == "remove" else "student")
        if self._school.seat(course, visitor) is None:
            return redirect("/", 303)
        return redirect(f"/courses/{course.id}/people?as={quote(visitor)}", 303)

    def _tool(self, seat: Seat, link: ContentLink | None = None, placement: str = "") -> str:
        tool = self._school.region.tool_url
        return (
            f'<iframe name="tool" title="coplink" src="about:blank" allow="clipboard-write"></iframe>'
            f'<form id="login" method="post" action="{escape(tool)}/lti/login" target="tool">'
            f"{hidden(login_form(self._school, seat, link, placement))}"
            "<noscript><p><button>Open coplink</button></p></noscript></form>"
            '<script>document.getElementById("login").submit()</script>'
            f"{beside(self._school, seat.course.district)}"
        )

    def _visitor(self, request: Request, course_id: str) -> Seat | Response:
        course = self._school.courses.get(course_id)
        if course is None:
            return refused_page("There is no such course here.", 404)
        seat = self._school.seat(course, request.args.get("as", ""))
        if seat is None:
            return refused_page("This person is not in the course.", 403)
        return seat

    def _open(self, seat: Seat) -> str:
        address = f"/courses/{seat.course.id}?as={quote(seat.person.key)}"
        return f'<a href="{escape(address)}">{escape(seat.person.name)}</a>, {ROLES[seat.role].lower()}'

    def _button(self, visitor: Seat, key: str, name: str, change: str, label: str) -> str:
        fields = {"person": key, "change": change, "as": visitor.person.key}
        return (
            f'<form method="post" action="/courses/{visitor.course.id}/people">{hidden(fields)}'
            f'<button aria-label="{label}: {escape(name)}">{label}</button></form>'
        )

    def _in_course(self, seat: Seat, current: str, main: str) -> Response:
        course, who = seat.course, quote(seat.person.key)
        district = self._school.region.districts[course.district]
        here = f"/courses/{course.id}"
        links = {link.title: f"{here}/links/{link.id}?as={who}" for link in self._school.links_for(seat)}
        entries = {
            "coplink": f"{here}?as={who}",
            **links,
            "Add from coplink": f"{here}/placements?as={who}",
            "People": f"{here}/people?as={who}",
            **({"Copy this course": f"{here}/copy?as={who}"} if seat.role != "student" else {}),
            "Student view": f"{here}?as={STUDENT_VIEW}",
        }
        shown = "".join(
            f'<li><a href="{escape(address)}"{" aria-current=page" if name == current else ""}>{escape(name)}</a></li>'
            for name, address in entries.items()
        )
        body = (
            '<a class="skip" href="#main">Skip to content</a>'
            f'<header><strong>Canvas</strong><a href="/">{escape(district.name)}</a>'
            f'<span class="who">{escape(seat.person.name)}, {ROLES[seat.role].lower()}</span></header>'
            f'<div class="course"><nav aria-label="Course"><p class="note">{escape(course.code)}</p>'
            f"<ul>{shown}</ul></nav>"
            f'<main id="main"><h1>{escape(course.name)}</h1>{main}</main></div>'
        )
        return page(f"{current}: {course.name}", body)
