"""The connection admin's pages: systems in and never shown again, check-ups, agreeing for the institution."""

from __future__ import annotations

from dataclasses import replace

from staff_room import StaffRoom

from coplink import registry
from coplink.engine import connect
from coplink.ports.integration import Field


def test_an_admin_link_works_once_and_only_by_its_button(site):
    with site.services.begin() as uow:
        link = connect.invite_admin(uow, site.here, "Kim", site.clock.now())
        uow.commit()
    kim, thief = site.browser(), site.browser()
    path = f"/admin/claim/{link.token}"
    for _ in range(2):
        assert kim.get(path).status_code == 200, "looking does not use it up"
    thief.get(path)
    assert kim.post(path).location == "/admin"
    kim.follow()
    assert "Connections of Riverbend" in kim.says()
    assert thief.post(path).status_code == 400
    assert "has been used or is too old" in thief.says()
    assert kim.get(path).status_code == 410


def test_an_admin_link_expires(site):
    with site.services.begin() as uow:
        link = connect.invite_admin(uow, site.here, "Kim", site.clock.now())
        uow.commit()
    site.clock.pass_by(hours=25)
    assert site.browser().get(f"/admin/claim/{link.token}").status_code == 410


def test_a_connection_is_changed_checked_and_its_secret_never_shown(site):
    kim = site.admin()
    kim.get("/admin/connections/pinboard")
    assert "cupboard-key-7" not in kim.page.text
    assert "One is kept and not shown" in kim.says()
    assert kim.soup().select_one("#f-room")["value"] == "Riverbend"
    kim.post("/admin/connections/pinboard", {"room": "Attic", "key": ""})
    assert kim.page.status_code == 303
    with site.services.begin() as uow:
        kept = uow.institutions.connection_of(site.here.id, "pinboard").settings
    assert kept == {"room": "Attic", "key": "cupboard-key-7"}, "an empty secret keeps the old one"
    kim.get("/admin/connections/pinboard")
    kim.post("/admin/connections/pinboard/check")
    site.jobs.run_until_idle()
    kim.follow()
    assert "works Staff room : The door is open." in kim.says()


def test_a_kept_secret_does_not_follow_an_address_to_another_server(site):
    class Posted(StaffRoom):
        manifest = replace(
            StaffRoom.manifest,
            fields=(*StaffRoom.manifest.fields, Field("board_url", "Address", default="https://a.example/1")),
        )

    site.services.installed = registry.Found({"pinboard": Posted()}, ())

    def kept():
        with site.services.begin() as uow:
            return uow.institutions.connection_of(site.here.id, "pinboard").settings

    kim, page, before = site.admin(), "/admin/connections/pinboard", kept()
    kim.get(page)
    elsewhere = {"room": "Attic", "key": "", "board_url": "https://b.example/1"}
    assert kim.post(page, elsewhere).status_code == 400
    assert "“Address” leads to another server now" in kim.says()
    assert "Enter “Key of the cupboard” again." in kim.says()
    assert kim.soup().select_one("#f-board_url")["value"] == "https://b.example/1", "what was typed stays"
    assert kept() == before
    assert kim.post(page, {**elsewhere, "key": "new-key"}).status_code == 303
    assert kept() == {"room": "Attic", "key": "new-key", "board_url": "https://b.example/1"}


def test_a_choice_is_made_from_what_there_is_and_taken_back(site):
    class Choosing(StaffRoom):
        manifest = replace(
            StaffRoom.manifest,
            fields=(
                *StaffRoom.manifest.fields,
                Field("guests", "Guests", default="no", choices=("no", "yes")),
                Field("note", "Note", default=""),
            ),
        )

    site.services.installed = registry.Found({"pinboard": Choosing()}, ())

    def kept(name):
        with site.services.begin() as uow:
            return uow.institutions.connection_of(site.here.id, "pinboard").settings[name]

    kim, page = site.admin(), "/admin/connections/pinboard"
    kim.get(page)
    assert [one.text for one in kim.soup().select("#f-guests option")] == ["no", "yes"]
    assert kim.post(page, {"room": "Attic", "guests": "Yes ", "note": "old"}).status_code == 303
    assert (kept("guests"), kept("note")) == ("yes", "old")
    kim.get(page)
    assert kim.soup().select_one("#f-guests option[selected]").text == "yes"
    assert kim.post(page, {"room": "Attic", "guests": "perhaps"}).status_code == 400
    assert "“perhaps” is no choice for “Guests”: no, yes." in kim.says()
    assert kim.post(page, {"room": "Attic", "guests": "no", "note": ""}).status_code == 303
    assert (kept("guests"), kept("note"), kept("key")) == ("no", "", "cupboard-key-7")


def test_what_is_missing_is_said_and_the_rest_kept(site):
    school = connect.add_institution
    with site.services.begin() as uow:
        third = school(uow, "Hillside")
        uow.commit()
    kim = site.admin(third)
    kim.get("/admin/connections/pinboard")
    answer = kim.post("/admin/connections/pinboard", {"room": "Attic", "key": ""})
    assert answer.status_code == 400
    assert "“Key of the cupboard” is missing." in kim.says()
    assert kim.soup().select_one("#f-room")["value"] == "Attic"
    kim.post("/admin/connections/pinboard", {"room": "Attic", "key": "very-secret", "elsewhere": "ignored"})
    assert kim.page.status_code == 303
    kim.follow()
    assert "very-secret" not in kim.page.text
    kim.get("/me")
    assert kim.post("/admin/connections/harbour/check").status_code == 404


def test_another_institution_agrees_and_its_place_is_made(site):
    ana = site.enter("ana", leads=True)
    places = site.places()
    key = site.found(ana, places=[places["Riverbend/pinboard"], places["Lakeside/pinboard"]])
    site.jobs.run_until_idle()
    noor, kim = site.admin(site.there), site.admin()
    noor.get("/admin")
    assert "“Literacy” asks your institution to take part." in noor.says()
    assert "Reading in every subject" not in noor.page.text, "an admin sees no content"
    kim.get("/admin")
    assert kim.post(f"/admin/communities/{key}/refuse").status_code == 400, "it is our own"
    noor.get("/admin")
    noor.post(f"/admin/communities/{key}/refuse")
    ana.get(f"/c/{key}/places")
    assert "Lakeside does not take part." in ana.says()
    noor.get("/admin")
    assert "Your institution said no." in noor.says()
    noor.post(f"/admin/communities/{key}/agree")
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/places")
    assert "Every place is ready." in ana.says()
    noor.get("/me")
    assert noor.post("/admin/communities/nothing/agree").status_code == 404
    assert noor.post("/admin/spaces/nothing/again", secret=None).status_code == 404
    noor.get("/me")
    assert (
        noor.post("/admin/deployments/approve", {"registration": "x", "deployment": "y"}).status_code == 404
    )


def test_a_place_of_another_institution_cannot_be_tried_again_by_this_admin(site):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    with site.services.begin() as uow:
        space = uow.spaces.of(key)[0].id
    noor, kim = site.admin(site.there), site.admin()
    noor.get("/admin/connections/pinboard")
    assert noor.post(f"/admin/spaces/{space}/again").status_code == 404
    kim.get("/admin/connections/pinboard")
    assert kim.post(f"/admin/spaces/{space}/again").status_code == 303
