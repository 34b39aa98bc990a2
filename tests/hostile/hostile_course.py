"""A community that lives in a course, and the course's roster as a platform tells it, badly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jwt
import requests
from hostile_stage import Scene, Visitor
from werkzeug.wrappers import Request, Response

from coplink.core.community import Charter, Community, Stage
from coplink.core.people import CommunityId, Membership, PersonId, Role, Standing
from coplink.core.work import Kind, WorkState
from coplink.ports.records import ContextLink
from coplink.testing.mean_platform import MeanPlatform
from coplink.testing.platform import MEMBERSHIP, NRPS
from coplink.worker.handlers import Worker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Answer = Callable[[Request], Response]
ANA = {"user_id": "subject-of-ana", "name": "Ana Ruiz", "roles": [f"{MEMBERSHIP}#Instructor"]}
BEN = {"user_id": "subject-of-ben", "name": "Ben Okafor", "roles": [f"{MEMBERSHIP}#Learner"]}
CLEO = {"user_id": "subject-of-cleo", "name": "Cleo Sand", "roles": [f"{MEMBERSHIP}#Learner"]}
EVERYBODY = (ANA, BEN, CLEO)


def page(*people: Any, following: str = "", **more: Any) -> Response:
    """One page of a roster."""
    body = {"id": "x", "context": {"id": "course-1"}, "members": list(people), **more}
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return Response(json.dumps(body), headers=headers, mimetype="application/json")


class Service:
    """Token endpoint and membership service of one school. ``answer`` is for pages; what was asked is kept."""

    def __init__(self, platform: MeanPlatform) -> None:
        self.platform = platform
        self.answer: Answer = lambda request: page(*EVERYBODY)
        self.bearers: list[str] = []
        self.assertions: list[dict[str, Any]] = []
        self._given = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path == "/jwks":
            return self.platform.key_set(environ, start_response)
        return (self._token(request) if request.path == "/token" else self._page(request))(
            environ, start_response
        )

    def _token(self, request: Request) -> Response:
        claims = jwt.decode(request.form["client_assertion"], options={"verify_signature": False})
        self.assertions.append(claims)
        self._given += 1
        token = f"bearer-{claims['iss']}-{self._given}"
        told = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        return Response(json.dumps(told), mimetype="application/json")

    def _page(self, request: Request) -> Response:
        self.bearers.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return self.answer(request)


class Course:
    """One school's course with a community in it: Ana leads, Ben and Cleo were invited from an honest roster."""

    def __init__(self, scene: Scene, platform: MeanPlatform, visitor: Visitor) -> None:
        self.scene, self.platform, self.visitor = scene, platform, visitor
        self.service = Service(platform)
        scene.stage.addresses[0 if platform is scene.north else 1].app = self.service
        self.url = f"{platform.url}/members"
        known = scene.registration(platform)
        scene.put(replace(known, token_url=f"{platform.url}/token"))
        launch = {NRPS: {"context_memberships_url": self.url, "service_versions": ["2.0"]}}
        address = scene.begin(None, platform, visitor)
        assert scene.bring(scene.form(address, launch, platform), visitor).status_code == 303
        session = scene.session(visitor)
        assert session is not None
        here, now = known.institution, scene.clock.now()
        self.key = CommunityId(f"literacy-{platform.client_id}")
        self.context = f"context-{platform.client_id}"
        charter = Charter("Reading in every subject", "Teachers")
        roster = json.loads(session.values["roster"])
        with scene.services.begin() as uow:
            uow.communities.put(Community(self.key, here, "Literacy", charter, Stage.RUNNING, now))
            uow.communities.put_membership(
                Membership(
                    self.key, PersonId(session.person or ""), here, Role.FACILITATOR, Standing.JOINED, now
                )
            )
            uow.communities.put_context(
                ContextLink(self.context, here, known.id, "course-1", "Literacy", self.key, roster)
            )
            uow.commit()
        self.read()
        self.before = self.members()
        assert len(self.before) == len(EVERYBODY)
        scene.clock.forward(minutes=2)
        self.service.bearers.clear()
        self.service.assertions.clear()
        scene.sent += [f"bearer-{platform.client_id}-{number}" for number in range(1, 9)]
        scene.mark()

    def read(self) -> None:
        """One go of the worker at this roster."""
        with self.scene.services.begin() as uow:
            uow.work.mark(Kind.READ_ROSTER, self.context, self.key)
            uow.commit()
        Worker(self.scene.services).perform(Kind.READ_ROSTER.value, self.context, 0)

    def members(self) -> dict[str, str]:
        with self.scene.services.begin() as uow:
            return {one.person: one.standing.value for one in uow.communities.memberships(self.key)}

    def work(self) -> WorkState:
        with self.scene.services.begin() as uow:
            return next(one for one in uow.work.all() if one.target == self.context)

    def gone(self) -> int:
        """How many people the last complete reading does not list any more."""
        with self.scene.services.begin() as uow:
            last = uow.rosters.last(self.context)
        assert last is not None
        return last.gone

    def notices(self) -> list[str]:
        with self.scene.services.begin() as uow:
            return [one.code for one in uow.records.notices(self.key)]

    def look(self) -> requests.Response:
        """The community's own page, which must not have changed; and nobody has been taken out."""
        assert self.members() == self.before
        assert self.gone() == 0
        return self.visitor.get(f"/c/{self.key}")
