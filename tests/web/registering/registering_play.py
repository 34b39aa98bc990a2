"""What a registration is made of: an invitation, the page with its button, and what is kept afterwards."""

from __future__ import annotations

from urllib.parse import urlencode

from coplink.engine import platforms
from coplink.lti.outside import Outside

BASE = "http://127.0.0.1:8080"
HOST = "https://lms.example"


def outside(net):
    """What may be called in a played network."""
    return Outside(resolve=net.resolve, dial=net.dial)


def clock_of(site):
    return lambda: site.clock.now().timestamp()


def invitation(site, institution=None):
    with site.services.begin() as uow:
        link = platforms.invite(uow, (institution or site.here).id, site.clock.now())
        uow.commit()
    return link.token


def open_page(site, told, token=None, browser=None):
    browser = browser or site.browser()
    query = {"invitation": token or invitation(site), **told}
    return browser, browser.get(f"/lti/register?{urlencode(query)}")


def press(browser, **changes):
    """Press the page's one button."""
    fields = {
        one["name"]: one["value"]
        for one in browser.soup().select('form[action="/lti/register"] input[type=hidden]')
    }
    return browser.post("/lti/register", {**fields, **changes}, secret="")


def registrations(site):
    with site.services.begin() as uow:
        return {one.client_id: one for one in uow.platforms.all()}


def deployments(site, registration):
    with site.services.begin() as uow:
        return list(uow.platforms.deployments_of(registration.id))


def approve(admin, registration):
    """Press the button on the admin's page, for the addresses it shows."""
    admin.get("/admin")
    action = f"/admin/platforms/{registration.id}/approve"
    shown = admin.soup().select_one(f'form[action="{action}"] input[name=addresses]')
    return admin.post(action, {"addresses": shown["value"]} if shown else {})


def is_refused(site, browser, answer, token):
    """A page with a sentence, a 4xx, nothing stored, and the invitation still open."""
    assert 400 <= answer.status_code < 500, answer.status_code
    assert browser.soup().find("h1").text == "This did not work"
    assert "reference" in browser.says()
    assert registrations(site) == {}
    with site.services.begin() as uow:
        platforms.invited(uow, token, site.clock.now())
