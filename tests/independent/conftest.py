"""Somebody else's platform: PyPI ``lti1p3platform`` behind a little Flask, and the real coplink beside it, over HTTP.

The package brings the messages, the keys, the token endpoint and the roster's frame; what it leaves to its user (HTTP,
storage, who may open what) stands here. It counts pages only when the numbers of a query are numbers, so they are made
so first; it looks at what coplink signs with little care, so the tests do that themselves.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import flask
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lti1p3platform.exceptions import LtiException, PreflightRequestValidationException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.membership import Context
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration as TheirRegistration
from lti1p3platform.request import Request as TheirRequest
from lti1p3platform.response import generate_next_link
from lti1p3platform.service_connector import NamesRoleProvisioningService
from werkzeug.wrappers import Response

from coplink import registry
from coplink.cli.demo.browser import Browser
from coplink.core.people import InstitutionId
from coplink.engine import connect
from coplink.jobs.inline import InlineJobs
from coplink.ports.records import Deployment, Registration
from coplink.sandbox.wire import Served
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import sqlite_url
from coplink.testing.pinboard import PinBoard
from coplink.web import create_app
from coplink.wiring import Services, build
from coplink.worker.handlers import Worker

ROLES = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
COURSE = Context("course-7", "BIO 7", "Biology for teachers")
PEOPLE = {
    "p1": ("Noor Haddad", "noor@meadow.example", "Instructor"),
    "p2": ("Sam Field", "sam@meadow.example", "Learner"),
    "p3": ("Ida Lund", "ida@meadow.example", "Learner"),
}
FORM = (
    '<form data-auto method="post" action="{{ action }}">{% for name, value in fields.items() %}'
    '<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}<button>Go on</button></form>'
)


def form(action: str, fields: dict[str, Any]) -> str:
    """A page that posts these fields onwards."""
    return flask.render_template_string(FORM, action=action, fields=fields)


class Request(TheirRequest):
    """One of our requests as the package wants to see it."""

    def build_metadata(self, request: flask.Request) -> Any:
        query = {name: int(value) if value.isdigit() else value for name, value in request.args.items()}
        return {
            "method": request.method,
            "form_data": request.form.to_dict(),
            "get_data": query,
            "headers": request.headers,
        }


class Platform(LTI1P3PlatformConfAbstract):
    """The platform's own book: one tool, one deployment."""

    def init_platform_config(self, registration: TheirRegistration) -> None:
        self._registration = registration

    def get_registration_by_params(self, **kwargs: Any) -> TheirRegistration:
        return self._registration


class Login(OIDCLoginAbstract):
    """A login, begun by GET or by a posted form."""

    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = kwargs["hint"]

    def get_redirect(self, url: str) -> Any:
        if flask.request.args.get("by") != "post":
            return flask.redirect(url)
        action, _, query = url.partition("?")
        return form(action, Request(flask.Request.from_values(query_string=query)).get_data)


class Launch(LTIAdvantageMessageLaunchAbstract):
    """A launch, answered with the form that carries it to the tool."""

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> str:
        fields = {name: launch_data[name] for name in ("id_token", "state")}
        return form(launch_data["launch_url"], fields)


class Members(NamesRoleProvisioningService):
    """Who is in the course, page by page."""

    def get_context_by_id(self) -> Context:
        return COURSE

    def is_resource_link_valid(self, context_id: str, resource_link_id: str) -> bool:
        return resource_link_id in ("link-1", context_id)

    def get_member_data_page(self, page: int = 1, limit: int = 0, **more: Any) -> Any:
        names = ("name", "email", "roles")
        listed = [
            {"user_id": key, **dict(zip(names, (name, email, [ROLES + role]), strict=True))}
            for key, (name, email, role) in PEOPLE.items()
        ]
        here = listed[(page - 1) * limit : page * limit] if limit else listed
        return {"content": here, "has_next": bool(limit) and page * limit < len(listed)}


@dataclass
class Lms:
    """The platform, served; ``returned`` is what deep linking put into the course, as the package read it."""

    tool_url: str
    page_size: int | None = None
    returned: list[dict[str, Any]] = field(default_factory=list)
    deep_linking_tokens: list[str] = field(default_factory=list)
    assertions: list[str] = field(default_factory=list)
    hints: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.app = self._app()
        self.served = Served(self.app)
        self.url = self.served.url
        registration = TheirRegistration()
        registration.set_iss(self.url).set_client_id("coplink-at-meadow").set_deployment_id("meadow-1")
        registration.set_launch_url(f"{self.tool_url}/").set_deeplink_launch_url(
            f"{self.tool_url}/deep-linking"
        )
        registration.set_oidc_login_url(f"{self.tool_url}/lti/login")
        registration.set_tool_key_set_url(f"{self.tool_url}/lti/jwks.json")
        registration.set_platform_private_key(private).set_platform_public_key(public)
        self.conf = Platform(registration=registration)

    def registration(self, institution: InstitutionId) -> Registration:
        """How coplink knows it."""
        where = {f"{name}_url": f"{self.url}/{name}" for name in ("authorization", "token", "jwks")}
        return Registration("meadow", institution, self.url, "coplink-at-meadow", **where)

    def _app(self) -> flask.Flask:
        app = flask.Flask("lms")
        app.get("/open/<who>")(self._open)
        app.route("/authorization", methods=["GET", "POST"])(self._authorize)
        app.get("/jwks")(lambda: flask.jsonify(self.conf.get_jwks()))
        app.post("/token")(self._token)
        app.get("/members")(self._members)
        app.post("/deep-link")(self._deep_link)
        return app

    def _open(self, who: str) -> Any:
        hint = secrets.token_urlsafe(16)
        what, target = (flask.request.args.get(name, "") for name in ("what", "target"))
        self.hints[hint] = {"who": who, "what": what, "target": target or f"{self.tool_url}/"}
        login = Login(Request(flask.request), self.conf)
        login.set_launch_url(self.hints[hint]["target"])
        login.set_lti_message_hint(hint=hint)
        if self.hints[hint]["what"] == "choose":
            login.set_deeplinking_launch_url()
        return login.initiate_login(who)

    def _authorize(self) -> Any:
        asked = flask.request.values
        about = self.hints.pop(asked.get("lti_message_hint", ""), None)
        if about is None or about["who"] != asked.get("login_hint"):
            return "This launch is not known here.", 400
        name, email, role = PEOPLE[about["who"]]
        launch = Launch(Request(flask.request), self.conf)
        launch.set_user_data(about["who"], [ROLES + role], name, email)
        launch.set_launch_context_claim(COURSE.id, ["CourseOffering"], COURSE.title, COURSE.label)
        launch.set_launch_presentation_claim("iframe", f"{self.url}/back")
        if about["what"] == "choose":
            launch.set_dl(f"{self.url}/deep-link", accept_types={"ltiResourceLink"}, extra_data={"page": "3"})
        else:
            launch.set_launch_url(about["target"])
            launch.set_resource_link_claim("link-1", title="coplink")
            size = f"?limit={self.page_size}" if self.page_size else ""
            launch.set_nrps(f"{self.url}/members{size}")
        try:
            return launch.lti_launch()
        except PreflightRequestValidationException:
            return "The tool's request is not as it must be.", 400

    def _token(self) -> Any:
        self.assertions.append(flask.request.form.get("client_assertion", ""))
        try:
            return flask.jsonify(self.conf.get_access_token(flask.request.form.to_dict()))
        except LtiException:
            return flask.jsonify({"error": "invalid_client"}), 401

    def _members(self) -> Any:
        service = Members(Request(flask.request), self.conf, f"{self.url}/members")
        found = service.handle_resp(service.handle_get_members)
        if found.result is None:
            return flask.jsonify({"error": found.message}), found.code
        answer = flask.jsonify(found.result)
        if "next" in found.result:
            answer.headers["Link"] = generate_next_link(found.result["next"])
        answer.content_type = found.media_type
        return answer

    def _deep_link(self) -> Any:
        self.deep_linking_tokens.append(flask.request.form["JWT"])
        self.returned += self.conf.validate_deeplinking_resp(flask.request.form.to_dict())
        return "Put into the course."


@dataclass
class Meadow:
    """A school with this platform and a pin board, and coplink as it is served."""

    url: str
    services: Services
    jobs: InlineJobs
    lms: Lms
    place: str

    def open(self, who: str, **how: str) -> Any:
        """Somebody opens coplink in the course; the last page of the way. ``self.browser`` is theirs afterwards.

        ``by`` is how the login begins, ``what`` is ``choose`` for deep linking, ``target`` what a link opens.
        """
        self.browser = Browser(who)
        return self.browser.go_on(self.browser.open(f"{self.lms.url}/open/{who}?{urlencode(how)}"))


@pytest.fixture
def meadow(tmp_path) -> Iterator[Meadow]:
    """coplink as in production, but for the address; its calls to the platform are real."""
    engine = make_engine(sqlite_url(tmp_path))
    upgrade(engine)
    engine.dispose()
    apps: list[flask.Flask] = []

    def whole(environ: Any, start_response: Any) -> Any:
        return (apps[0] if apps else Response(status=503))(environ, start_response)

    served = Served(whole)
    settings = load(
        env_file=None,
        base_url=served.url,
        loopback=True,
        data_dir=tmp_path,
        database_url=sqlite_url(tmp_path),
        master_keys=Fernet.generate_key().decode(),
    )
    services = build(settings)
    board = PinBoard()
    services.installed = registry.Found({"pinboard": board}, ())
    jobs = services.jobs = InlineJobs(Worker(services).perform, services.clock)
    lms = Lms(served.url)
    with services.begin() as uow:
        school = connect.add_institution(uow, "Meadow")
        open_board = lambda given: services.look_over("pinboard", given)  # noqa: E731
        connected = connect.connect(
            uow, school.id, board.manifest, {"room": "1", "key": "k"}, open_board, services.now()
        )
        uow.platforms.put(lms.registration(school.id))
        uow.platforms.put_deployment(Deployment("meadow", "meadow-1", school.id, services.now()))
        uow.commit()
    apps.append(create_app(services))
    yield Meadow(served.url, services, jobs, lms, connected.id)
    for one in (served, lms.served):
        one.stop()
    services.storage._engine.dispose()
