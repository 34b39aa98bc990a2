"""A school's platform that asks for content, and a community with files of which something can be put there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from bs4 import BeautifulSoup

from coplink.core.artifacts import Artifact, ArtifactId
from coplink.core.people import CommunityId
from coplink.ports.records import Deployment
from coplink.testing.platform import CORE, LmsPlatform

BASE = "http://127.0.0.1:8080"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RETURN = "https://lms.example/back?data=a%26b&x=\"<1>\"&y='z'"
SETTINGS = {
    "deep_link_return_url": RETURN,
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe", "window"],
    "accept_multiple": False,
    "auto_create": True,
    "data": "opaque & <exact>",
}


class School:
    """One school's platform, registered with the site, and what its teachers do."""

    return_url = RETURN

    def __init__(self, site, platform, key, institution):
        self.site, self.platform, self.key, self.institution = site, platform, key, institution
        with site.services.begin() as uow:
            uow.platforms.put(platform.registration(key, institution.id))
            uow.platforms.put_deployment(
                Deployment(key, platform.deployment_id, institution.id, site.clock.now())
            )
            uow.commit()

    def launch(self, claims=None, target="/", browser=None):
        browser = browser or self.site.browser()
        login = self.platform.login_form({"target_link_uri": BASE + target})
        answer = browser.client.post("/lti/login", data=login, base_url=BASE)
        assert answer.status_code == 303, answer.text
        claims = {CORE + "target_link_uri": BASE + target, **(claims or {})}
        form = self.platform.launch_form(answer.location, self.site.clock.now(), claims)
        browser.page = browser.client.post("/lti/launch", data=form, base_url=BASE)
        return browser

    def ask(self, settings=None, claims=None, browser=None):
        """A request for content; ``None`` leaves a setting out."""
        told = {name: value for name, value in {**SETTINGS, **(settings or {})}.items() if value is not None}
        more = {
            CORE + "message_type": "LtiDeepLinkingRequest",
            CORE + "resource_link": None,
            DL + "deep_linking_settings": told,
            **(claims or {}),
        }
        return self.launch(more, "/deep-linking", browser)

    def choosing(self, settings=None, claims=None):
        browser = self.ask(settings, claims)
        assert browser.page.status_code == 303, browser.says()
        assert browser.follow().status_code == 200
        return browser

    def verified(self, page):
        """What the answer's form carries, verified as a platform does."""
        form = BeautifulSoup(page.text, "html.parser").select_one("main form")
        token = form.select_one("input[name=JWT]")["value"]
        [jwk] = self.site.services.our_keys.jwks(self.site.clock.now())["keys"]
        assert jwt.get_unverified_header(token)["kid"] == jwk["kid"]
        key = jwt.PyJWK(jwk)
        claims = jwt.decode(
            token, key, ["RS256"], audience=self.platform.issuer, issuer=self.platform.client_id,
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "nonce", "aud", "iss"]},
        )  # fmt: skip
        return form["action"], claims

    def files(self, key, *titles):
        """Put files into the library of a community; an id is the community's first letters and the title."""
        now = self.site.clock.now()
        with self.site.services.begin() as uow:
            [space] = uow.spaces.of(CommunityId(key))
            for at, title in enumerate(titles):
                name = f"{key[:8]}-{title}"
                made = Artifact(
                    ArtifactId(name), CommunityId(key), space.id, name, title, "https://x.example/f", now,
                    now + timedelta(minutes=at), "1", author_name="Ben",
                )  # fmt: skip
                uow.catalogue.put(made, None)
            uow.commit()

    def withdraw(self, key, title):
        with self.site.services.begin() as uow:
            found = uow.catalogue.some(CommunityId(key), [ArtifactId(f"{key[:8]}-{title}")])
            for one in found.values():
                uow.catalogue.put(replace(one, withdrawn_at=self.site.clock.now()), None)
            uow.commit()

    def options(self, browser):
        return [(one["type"], one["value"]) for one in browser.soup().select("input[name=pick]")]

    def put(self, browser, key, *names, **more):
        return browser.post("/deep-linking", {"community": key, "pick": list(names), "do": "put", **more})

    def contents(self, page):
        return self.verified(page)[1][DL + "content_items"]


@pytest.fixture(scope="session")
def platform():
    with LmsPlatform() as platform:
        yield platform


@pytest.fixture
def school(site, platform):
    return School(site, platform, "reg-here", site.here)


@pytest.fixture
def key(site, school):
    """A community that Ana founded from the course, with three files."""
    key = site.found(school.launch())
    school.files(key, "Roles <b>.docx", "Frames.pdf", "Plan.xlsx")
    return key


@pytest.fixture
def another_school(site, school):
    """The platform of the other institution, on the same issuer."""
    other = LmsPlatform(client_id="client-2", deployment_id="d-2", url=school.platform.url)
    return School(site, other, "reg-there", site.there)
