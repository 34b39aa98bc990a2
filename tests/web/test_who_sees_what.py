"""Every page for every kind of person, as one table: what each of them gets."""

from __future__ import annotations

import pytest

from coplink.core.roster import Listed
from coplink.testing.beginnings import once

#            path                         facilitator member invited paused left outsider admin nobody
TABLE = """
             /                            303         303    303     200    200  200      200   303
             /?all=1                      200         200    200     200    200  200      200   303
             /sign-in                     200         200    200     200    200  200      200   200
             /me                          200         200    200     200    200  200      200   303
             /found                       200         403    403     403    403  403      403   303
             /admin                       403         403    403     403    403  403      200   303
             /admin/connections/pinboard  403         403    403     403    403  403      200   303
             /admin/connections/pinboard/disconnect  403  403  403   403    403  403      200   303
             /admin/spaces/nothing        403         403    403     403    403  403      404   303
             /admin/communities/nothing/withdraw  403  403   403     403    403  403      404   303
             /admin/spaces/nothing/plan   403         403    403     403    403  403      404   303
             /admin/connections/nothing   403         403    403     403    403  403      404   303
             /admin/connections/pinboard/return  403  403    403     403    403  403      401   303
             /c/KEY                       200         200    303     200    303  404      404   303
             /c/KEY/places                200         200    404     200    404  404      404   303
             /c/KEY/places/progress       200         200    404     200    404  404      404   303
             /c/KEY/places/nothing        404         404    404     404    404  404      404   303
             /c/KEY/places/nothing/plan   404         404    404     404    404  404      404   303
             /c/KEY/more-places           200         404    404     404    404  404      404   303
             /c/KEY/life                  200         404    404     404    404  404      404   303
             /c/KEY/people                200         200    404     200    404  404      404   303
             /c/KEY/people/nothing        404         404    404     404    404  404      404   303
             /c/KEY/invite                200         404    404     404    404  404      404   303
             /no/nothing                  410         410    410     410    410  410      410   410
             /c/KEY/access                200         200    404     200    404  404      404   303
             /c/KEY/library               200         200    404     200    404  404      404   303
             /c/KEY/meetings              200         200    404     200    404  404      404   303
             /c/KEY/meetings/next         200         200    303     200    303  404      404   303
             /c/KEY/library/nothing       404         404    303     404    303  404      404   303
             /c/KEY/lists/nothing         404         404    303     404    303  404      404   303
             /deep-linking                404         404    404     404    404  404      404   303
             /c/KEY/announcements         200         200    404     200    404  404      404   303
             /c/KEY/history               200         200    404     200    404  404      404   303
             /c/KEY/invitation            200         200    200     200    200  404      404   303
             /c/KEY/leave                 200         200    404     200    404  404      404   303
             /c/nothing                   404         404    404     404    404  404      404   303
             /c/nothing/people            404         404    404     404    404  404      404   303
             /i/nothing                   410         410    410     410    410  410      410   410
             /g/nothing                   404         404    404     404    404  404      404   404
             /admin/claim/nothing         410         410    410     410    410  410      410   410
             /feed/nothing.ics            404         404    404     404    404  404      404   404
             /alive                       200         200    200     200    200  200      200   200
             /ready                       200         200    200     200    200  200      200   200
             /lti/jwks.json               200         200    200     200    200  200      200   200
             /lti/canvas.json             200         200    200     200    200  200      200   200
             /lti/register                410         410    410     410    410  410      410   410
             /privacy                     200         200    200     200    200  200      200   200
             /terms                       200         200    200     200    200  200      200   200
             /nowhere                     404         404    404     404    404  404      404   404
"""
KINDS = ("facilitator", "member", "invited", "paused", "left", "outsider", "admin", "nobody")
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.fixture
@once
def people(site):
    """One browser for each kind of person, all of the same school, and the community's id."""
    site.roster.people = [Listed(one, one.title(), f"{one}@school.example") for one in KINDS[:5]]
    facilitator = site.enter("facilitator", leads=True)
    key = site.found(facilitator)
    site.jobs.run_until_idle()
    facilitator.get(f"/c/{key}/people")
    facilitator.post(f"/c/{key}/links", {"institution": site.here.id})
    link = facilitator.get(f"/c/{key}/people") and facilitator.soup().select_one("input[readonly]")["value"]
    browsers = {"facilitator": facilitator, "nobody": site.browser(), "admin": site.admin()}
    browsers["outsider"] = site.enter("outsider", course=None)
    for kind in ("member", "paused", "left"):
        browser = browsers[kind] = site.browser()
        browser.get("/i/" + link.rpartition("/")[2])
        site.enter(kind, browser=browser)
        browser.get(f"/c/{key}/invitation")
        assert browser.post(f"/c/{key}/join").status_code == 303
    browsers["paused"].post(f"/c/{key}/pause")
    browsers["left"].get(f"/c/{key}/leave")
    assert browsers["left"].post(f"/c/{key}/leave").status_code == 200
    with site.services.begin() as uow:
        from coplink.core.people import Role
        from coplink.engine import join

        site_invited = site.enter("invited")
        join.offer(uow, key, site.person("invited"), Role.MEMBER, site.clock.now())
        uow.commit()
    browsers["invited"] = site_invited
    return browsers, key


def test_the_table_holds(people):
    browsers, key = people
    wrong = []
    for path, *expected in ROWS:
        for kind, status in zip(KINDS, expected, strict=True):
            got = browsers[kind].get(path.replace("KEY", key)).status_code
            if got != int(status):
                wrong.append(f"{path} for {kind}: {got}, not {status}")
    assert not wrong, "\n".join(wrong)


def test_the_table_names_every_page(site):
    paths = {path.partition("?")[0] for path, *_ in ROWS}
    known = {
        "<key>": "KEY",
        "<integration>": "pinboard",
        "<token>": "nothing",
        "<artifact>": "nothing",
        "<chosen>": "nothing",
        "<space>": "nothing",
        "<community>": "nothing",
        "<member>": "nothing",
    }
    missing = []
    for rule in site.app.url_map.iter_rules():
        path = rule.rule
        for name, value in known.items():
            path = path.replace(name, value)
        elsewhere = path.startswith(("/static", "/door", "/hook", "/lti/log", "/lti/lau")) or path == "/i"
        if "GET" in (rule.methods or ()) and path not in paths and not elsewhere:
            missing.append(path)
    assert not missing


def test_only_an_admin_begins_a_consent_and_only_where_there_is_one(people):
    browsers, _ = people
    for kind in ("facilitator", "member", "outsider"):
        assert browsers[kind].post("/admin/connections/pinboard/consent").status_code == 403
    assert browsers["admin"].post("/admin/connections/pinboard/consent").status_code == 200
    assert browsers["admin"].post("/admin/connections/harbour/consent").status_code == 404


def test_only_who_leads_sees_who_is_invited_and_can_invite(people):
    browsers, key = people
    browsers["member"].get(f"/c/{key}/people")
    assert "Invited, not joined" not in browsers["member"].says()
    assert not browsers["member"].soup().select('form[action$="/links"]')
    refused = browsers["member"].post(f"/c/{key}/links", {"institution": "x"}, secret=None)
    assert refused.status_code == 404, "what one may not do there is not there"


def test_a_community_of_another_school_is_not_there_for_its_admin(site, people):
    _, key = people
    lakeside = site.admin(site.there)
    assert lakeside.get("/admin").status_code == 200
    assert "Literacy" not in lakeside.says()
    assert lakeside.get(f"/c/{key}").status_code == 404
