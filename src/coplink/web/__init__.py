"""The pages: ``create_app(services)`` makes the web application; nothing here is global and nothing decides.

    session, guard      who visits; is this form ours; the headers of every answer
    lti, doors          every way in: learning platforms; sign-in pages and tabs; all end in ``engine.arrive``
    deep_linking        put something into a course; placed: the pages such links open
    landing             where am I: my communities, invitations, may I found one here
    founding            four answers, a preview, one click
    community, joining  a community's pages; invited, join, pause, leave; announcing: say something to everybody
    explain             who has a way in, and why things are as they are for one person
    me, connections     my accounts and calendar; what connection admins do; consent: let coplink into a platform
    plans               what is too much to do unasked, and who says yes to it
    hooks, feeds        called by platforms and calendars
    shown, errors       words and times; one page for everything that goes wrong

A view parses what was sent into a dataclass, calls the engine in a unit of work and renders one template. Every page
works without script. May import: wiring and everything below it; no integration.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask_babel import Babel
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from coplink.web import (
    about,
    announcing,
    community,
    connections,
    consent,
    copies,
    deep_linking,
    disconnecting,
    doors,
    errors,
    explain,
    feeds,
    founding,
    further,
    guard,
    health,
    hooks,
    invitations,
    inviting,
    joining,
    landing,
    lifecycle,
    lti,
    me,
    meetings,
    notices,
    organisations,
    placed,
    plans,
    platforms,
    presenting,
    registering,
    shown,
    tab_setup,
)
from coplink.web.desk import Desk
from coplink.wiring import Services

MOST_BYTES = 1_500_000
YEAR = 31_536_000


def create_app(services: Services) -> Flask:
    """The web application over these services."""
    app = Flask(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_PARTS=800,
        SEND_FILE_MAX_AGE_DEFAULT=YEAR,
        BABEL_DOMAIN="messages",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Babel(app, locale_selector=lambda: "en", default_translation_directories="translations")
    desk = Desk(services)
    frames = guard.stand(app, desk)
    errors.answer_all(app, desk)
    shown.words_for(app)
    for views in (
        health.blueprint(desk),
        about.blueprint(desk),
        lti.blueprint(desk),
        doors.blueprint(desk),
        tab_setup.blueprint(desk),
        landing.blueprint(desk),
        founding.blueprint(desk),
        further.blueprint(desk),
        community.blueprint(desk),
        announcing.blueprint(desk),
        placed.blueprint(desk),
        deep_linking.blueprint(desk),
        joining.blueprint(desk),
        copies.blueprint(desk),
        invitations.blueprint(desk),
        explain.blueprint(desk),
        inviting.blueprint(desk),
        me.blueprint(desk),
        connections.blueprint(desk, frames),
        consent.blueprint(desk, frames),
        disconnecting.blueprint(desk, frames),
        lifecycle.blueprint(desk),
        plans.blueprint(desk),
        organisations.blueprint(desk),
        meetings.blueprint(desk),
        presenting.blueprint(desk),
        platforms.blueprint(desk, frames),
        registering.blueprint(desk),
        hooks.blueprint(desk),
        notices.blueprint(desk),
        feeds.blueprint(desk),
    ):
        app.register_blueprint(views)
    digests = _digests(Path(app.static_folder or ""))

    @app.context_processor
    def for_every_page() -> dict[str, Any]:
        visit = desk.visit
        theme = visit.values.get("theme", "")
        return {"visit": visit, "csrf": visit.csrf, "reader": visit.person, "theme": theme, "asset": asset}

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=digests.get(name, ""))

    hops = services.settings.proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _digests(folder: Path) -> dict[str, str]:
    """A name for the content of each static file, so that a new one is fetched and an old one is kept for a year."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in folder.iterdir()
        if path.is_file()
    }
