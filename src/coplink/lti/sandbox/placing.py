"""Pages for putting content into a course: the placements, the tool framed in one of them, and what came of it."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox import placements
from coplink.lti.sandbox.course_pages import CoursePages
from coplink.lti.sandbox.pages import page, refused_page
from coplink.lti.sandbox.placements import COLLABORATION, PLACEMENTS, Answered
from coplink.sandbox.wire import Refuse

ADD = "Add from coplink"
# The frame tells the page around it that it is done, as Canvas' own return page does.
_DONE = 'parent.postMessage({subject: "LtiDeepLinkingResponse"}, "*");'
_WAIT = """
addEventListener("message", (event) => {{
  if (event.origin === {origin} && event.data.subject === "LtiDeepLinkingResponse") location.href = {back};
}});
"""


class Placing(CoursePages):
    """What a visitor sees who puts something into a course."""

    def overview(self, request: Request, course_id: str) -> Response:
        """The placements, and what was put on pages of the course; links stand in its navigation."""
        seat = self._visitor(request, course_id)
        if isinstance(seat, Response):
            return seat
        who, here = quote(seat.person.key), f"/courses/{course_id}/placements"
        shown = "".join(
            f'<li><a href="{here}/{name}?as={who}">{escape(one.title)}</a> <span class="note">{name}</span></li>'
            for name, one in PLACEMENTS.items()
            if placements.allowed(seat, name)
        )
        put = "".join(
            f'<li><iframe class="put" title="{escape(one["title"])}" sandbox="allow-popups"'
            f' srcdoc="{escape(one["html"])}"></iframe></li>'
            for one in self._school.store.all("lti.contents")
            if one["course"] == course_id
        )
        main = (
            f'<h2>{ADD}</h2><ul class="plain">{shown or "<li>Nothing can be added by this person.</li>"}</ul>'
        )
        main += f'<h2>On the page of the course</h2><ul class="plain">{put}</ul>' if put else ""
        return self._in_course(seat, ADD, main)

    def choose(self, request: Request, course_id: str, placement: str) -> Response:
        """The tool in its frame, asked for content."""
        seat = self._visitor(request, course_id)
        if isinstance(seat, Response):
            return seat
        if not placements.allowed(seat, placement):
            return refused_page("This person cannot add anything there.", 403)
        back = f"/courses/{course_id}/placements?as={quote(seat.person.key)}"
        wait = _WAIT.format(origin=json.dumps(self._school.base_url()), back=json.dumps(back))
        return self._in_course(seat, ADD, self._tool(seat, placement=placement) + f"<script>{wait}</script>")

    def answered(self, request: Request, course_id: str) -> Response:
        """The tool's answer, inside the frame: what was taken, or why it was not."""
        if course_id not in self._school.courses:
            return refused_page("There is no such course here.", 404)
        try:
            answer = placements.accept(
                self._school, course_id, request.args.to_dict(), request.form.to_dict()
            )
        except Refuse as refused:
            self._school.store.put(
                "lti.refused", f"{self._school.store.serial('lti.refused')}", {"why": refused.message}
            )
            return refused_page(f"The tool's answer was refused: {refused.message}")
        self._keep(answer)
        back = f"{self._school.page_url()}/courses/{course_id}/placements?as={quote(answer.seat.person.key)}"
        titles = "".join(f"<li>{escape(one['title'])}</li>" for one in answer.contents)
        said = f"<p>{escape(answer.message)}</p>" if answer.message else ""
        body = (
            f'<main class="narrow"><h1>{"Added" if titles else "Nothing was added"}</h1>{said}'
            f'<ul>{titles}</ul><p><a href="{escape(back)}" target="_top">Back to the course</a></p></main>'
        )
        return page("Added", body if said else f"{body}<script>{_DONE}</script>")

    def _keep(self, answer: Answered) -> None:
        course = answer.seat.course
        for one in answer.contents:
            if one["type"] == "ltiResourceLink":
                named = one.get(COLLABORATION)
                seen = [answer.seat.person.subject, *named["users"]] if named is not None else None
                self._school.add_link(course, one["title"], one.get("custom", {}), one["url"], seen)
                continue
            html = one.get("html") or (
                f'<p><a href="{escape(one["url"])}" target="_blank">{escape(one["title"])}</a></p>'
            )
            key = f"{self._school.store.serial('lti.contents')}"
            self._school.store.put(
                "lti.contents", key, {"course": course.id, "title": one["title"], "html": html}
            )
