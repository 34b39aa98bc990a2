"""Where a learning platform registers coplink: by itself, with an invitation, or by hand from our configuration.

    /lti/register      opened by the platform in a frame; a page with one button, then what happens next
    /lti/canvas.json   the JSON configuration that Canvas takes

An invitation opens the first address once, for one institution, and is used up only when the platform has answered with
a client id. What is registered is pending: nobody comes in before a person approves it.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, make_response, render_template, request

from coplink import logs
from coplink.core.errors import DomainError, LaunchError
from coplink.core.words import say
from coplink.engine import platforms
from coplink.lti import canvas_config, dynamic_registration
from coplink.web.desk import Desk
from coplink.web.guard import ANYBODY

log = logs.get(__name__)


def blueprint(desk: Desk) -> Blueprint:
    """The addresses of registration."""
    views = Blueprint("registering", __name__)

    @views.get(canvas_config.REGISTER)
    def asked() -> Response:
        """A page with a button: nothing is fetched and nothing used up by looking."""
        given = _once(request.args.to_dict(flat=False))
        with desk.begin() as uow:
            try:
                _, institution = platforms.invited(uow, given.get("invitation", ""), desk.now())
            except DomainError as error:
                return make_response(render_template("link_closed.html", message=error.message), 410)
        _in_a_frame(desk)
        page = {"institution": institution, "invitation": given["invitation"], "base_url": desk.base_url}
        if not given.get("openid_configuration"):
            return make_response(render_template("registering_where.html", **page))
        opening = dynamic_registration.opening(given)
        return make_response(render_template("registering.html", opening=opening, **page))

    @views.post(canvas_config.REGISTER)
    def register() -> Response:
        given = _once(request.form.to_dict(flat=False))
        _in_a_frame(desk)
        with desk.begin() as uow:
            invitation, institution = platforms.invited(uow, given.get("invitation", ""), desk.now())
        opening = dynamic_registration.opening(given)
        # No unit of work is open while the platform is asked.
        made = dynamic_registration.register(
            desk.services.egress, opening, desk.base_url, invitation.institution
        )
        with desk.begin() as uow:
            kept = platforms.register(
                uow,
                invitation,
                made.registration,
                made.deployment_id,
                f"“{made.account}” ({opening.site})" if made.account else opening.site,
                made.lacking,
                desk.now(),
            )
            uow.commit()
        log.info("platform registered", registration=kept.id, site=opening.site, state=kept.state.value)
        text = render_template(
            "registered.html", made=made, kept=kept, opening=opening, institution=institution
        )
        return make_response(text)

    @views.get(canvas_config.CONFIGURATION)
    def canvas() -> Response:
        answer = jsonify(canvas_config.configuration(desk.base_url))
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return views


def _in_a_frame(desk: Desk) -> None:
    """Let the platform frame this page and hear when it is done, whoever it is: it holds the invitation."""
    g.framed_by = ANYBODY if desk.services.settings.loopback else ANYBODY[:1]
    g.opener_policy = "unsafe-none"


def _once(given: dict[str, list[str]]) -> dict[str, str]:
    """What was sent, if nothing was sent twice."""
    twice = [name for name, values in given.items() if len(values) > 1]
    if twice:
        message = say("The learning platform said something twice. Please start again over there.")
        raise LaunchError(message, f"{len(twice)} parameters are given twice")
    return {name: values[0] for name, values in given.items()}
