"""Two doors, one person: both say so; a new account of the same door; and the way back."""

from __future__ import annotations

from coplink.core.people import Account, AccountId, Proof


def proposed(site, person, account, address=None):
    with site.services.begin() as uow:
        uow.people.put_account(
            Account(site.here.id, "pinboard", AccountId(account), person.id, Proof.PROPOSED, address)
        )
        uow.commit()


def test_is_this_you_is_asked_after_proof_and_answered_behind_both_doors(site):
    for answer in ("yes", "no"):
        known = site.enter(f"known-{answer}", account=None, name=f"Known {answer}", realm="gate")
        person = site.person(f"known-{answer}", realm="gate")
        proposed(site, person, f"acc-{answer}")
        new = site.enter(f"new-{answer}", account=f"acc-{answer}")
        new.get("/")
        assert f"belongs to “Known {answer}”" in new.says()
        new.post("/is-this-you", {"person": person.id, "answer": "yes"})
        new.follow()
        assert "Is this you?" not in new.says()
        assert f"Welcome, Known {answer}" not in new.says(), "one word makes nobody somebody else"
        assert "One more yes" in new.says()
        came = site.person(f"new-{answer}")
        known.get("/")
        assert "Was that you?" in known.says()
        known.post("/is-this-you", {"person": came.id, "answer": answer})
        known.follow()
        assert "Was that you?" not in known.says()
        assert (site.person(f"new-{answer}") == site.person(f"known-{answer}", realm="gate")) is (
            answer == "yes"
        )
        known.get("/me")
        assert known.post("/is-this-you", {"person": "someone", "answer": "yes"}).status_code == 403


def test_my_page_tells_the_addresses_of_ones_own_accounts_and_of_no_guessed_one(site):
    ana = site.enter("ana", account="ana-1")
    proposed(site, site.person("ana"), "somebody", "somebody@school.example")
    ana.get("/me")
    assert "ana-1@school.example" in ana.says()
    assert "not proved yet" in ana.says()
    assert "somebody@" not in ana.says()


def test_whoever_said_yes_takes_it_back(site):
    known = site.enter("ana", account=None, realm="gate")
    person = site.person("ana", realm="gate")
    proposed(site, person, "9")
    new = site.enter("mallory", account="9")
    new.get("/")
    new.post("/is-this-you", {"person": person.id, "answer": "yes"})
    new.follow()
    new.post("/is-this-you", {"person": person.id, "answer": "no"})
    new.follow()
    assert "One more yes" not in new.says()
    known.get("/")
    assert "Was that you?" not in known.says()


def test_a_new_account_of_the_same_door_is_linked_by_a_code_and_a_plain_word(site):
    old = site.enter("old-sub", account="1", name="Ana")
    old.get("/me")
    assert "Did your school give you a new account?" in old.says()
    old.post("/me/code")
    code = old.soup().select_one("#my-code")["value"]
    new = site.enter("new-sub", account="2", name="Ana")
    assert site.person("new-sub") != site.person("old-sub"), "the same name and address prove nothing"
    new.get("/me")
    asked = new.post("/me/link", {"code": code})
    assert asked.status_code == 200
    assert new.soup().select_one('input[name="both"]') is not None
    assert new.post("/me/link", {"code": code, "sure": "yes"}).status_code == 400
    assert new.post("/me/link", {"code": code, "sure": "yes", "both": "yes"}).status_code == 303
    new.follow()
    assert "You have several there." in new.says()
    assert site.person("new-sub") == site.person("old-sub")


def test_a_door_that_is_somebody_elses_is_taken_away_and_nobody_is_a_member_by_that(site):
    browser = site.enter("one", account="1")
    browser.get("/me")
    assert browser.soup().select_one('form[action="/me/part"]') is None, "the only door stays"
    browser.post("/me/code")
    code = browser.soup().select_one("#my-code")["value"]
    second = site.enter("two", account=None, realm="gate", name="Two")
    second.get("/me")
    second.post("/me/link", {"code": code, "sure": "yes"})
    me = site.person("one")
    assert site.person("two", realm="gate") == me
    second.get("/me")
    forms = second.soup().select('form[action="/me/part"]')
    assert len(forms) == 2
    fields = next(
        {one["name"]: one["value"] for one in form.select("input") if one["name"] != "csrf"}
        for form in forms
        if form.select_one('input[name="realm"]')["value"] == "gate"
    )
    assert second.post("/me/part", fields).status_code == 303
    assert site.person("one").id == me.id
    assert site.person("two", realm="gate").id != me.id
    second.follow()
    assert second.post("/me/part", fields).status_code == 404, "it is hers no more"
    browser.get("/me")
    assert browser.page.status_code == 303, "visits that began before the parting have ended"


def test_no_member_lets_a_colleague_in_by_linking_and_taking_the_door_away(site):
    _, ben, key, _ = site.joined_by_link()
    yan = site.enter("yan", account=None, realm="gate", name="Yan")
    assert yan.get(f"/c/{key}/invitation").status_code == 404
    ben.get("/me")
    ben.post("/me/code")
    code = ben.soup().select_one("#my-code")["value"]
    yan.get("/me")
    yan.post("/me/link", {"code": code, "sure": "yes"})
    yan.get("/me")
    assert "invited only by a course that lists them" in yan.says()
    form = next(
        one
        for one in yan.soup().select('form[action="/me/part"]')
        if one.select_one('input[name="realm"]')["value"] == "gate"
    )
    fields = {one["name"]: one["value"] for one in form.select("input") if one["name"] != "csrf"}
    assert yan.post("/me/part", fields).status_code == 303
    yan = site.enter("yan", account=None, realm="gate", name="Yan")
    assert yan.get(f"/c/{key}/invitation").status_code == 404
    assert yan.post(f"/c/{key}/join").status_code == 404
    assert yan.get(f"/c/{key}/people").status_code == 404
    ben = site.enter("ben")
    assert ben.get(f"/c/{key}/people").status_code == 200
