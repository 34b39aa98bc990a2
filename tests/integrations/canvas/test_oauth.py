"""Consent to a scoped developer key: given once on Canvas' page, renewed by itself, withdrawn with a clear word."""

from __future__ import annotations

import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from bs4 import BeautifulSoup

from coplink.core.people import AccountId, Role
from coplink.ports.errors import Misconfigured, OutcomeUnknown, PermissionMissing, Reauthorize, Unavailable
from coplink.ports.integration import Surroundings
from coplink_canvas import integration
from coplink_canvas.operations import scopes

BACK = "https://coplink.example/admin/connections/canvas/return"
SECRETS = ("riverbend-canvas-key-secret",)


@pytest.fixture
def clock(canvas):
    """The clock of both sides, moved by hand."""
    canvas.wall.shows = canvas.wall.now().replace(microsecond=0)
    canvas.sandbox.clock = lambda: canvas.wall.shows.timestamp()

    def later(**gone):
        canvas.wall.shows += timedelta(**gone)

    return later


@pytest.fixture
def fetched(canvas):
    """How many tokens were fetched."""

    def count():
        return [call.operation for call in canvas.calls].count("POST /login/oauth2/token")

    return count


def consent(canvas, **settings):
    around = Surroundings(canvas.wall, canvas.calls.append, timeout=canvas.timeout, pace=canvas.pace)
    return integration.consent({**canvas.sandbox.key_settings("riverbend"), **settings}, around)


def crowd(canvas, parts, size=150):
    """So many members that a listing has two pages."""
    for n in range(size):
        canvas.sandbox.sit(parts["group"], str(5000 + n), moderator=False)


# --- the round trip ---------------------------------------------------------------------------------------------------


def test_consent_is_asked_for_on_canvas_page_with_exactly_the_scopes_of_the_settings(canvas):
    address = urlsplit(consent(canvas, place="page").begin("state-7", BACK))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}

    assert f"{address.scheme}://{address.netloc}" == canvas.sandbox.base_url
    assert address.path == "/login/oauth2/auth"
    assert asked.pop("scope").split() == list(scopes({"place": "page"}))
    key = canvas.sandbox.key_of("riverbend")["id"]
    assert asked == {"client_id": key, "response_type": "code", "redirect_uri": BACK, "state": "state-7"}
    assert canvas.calls == [], "nobody is called for it"


def authorize(canvas, trip):
    """What the administrator does in the browser; the query with which they come back."""
    page = requests.get(trip.begin("state-7", BACK), timeout=5, allow_redirects=False)
    if page.status_code != 200:
        return parse_qs(urlsplit(page.headers.get("Location", "")).query), page
    form = BeautifulSoup(page.text, "html.parser").find("form")
    data = {field["name"]: field["value"] for field in form.find_all("input")}
    answer = requests.post(
        f"{canvas.sandbox.base_url}{form['action']}", data=data, timeout=5, allow_redirects=False
    )
    return parse_qs(urlsplit(answer.headers["Location"]).query), answer


def test_what_comes_back_is_a_consent_that_works(canvas, fetched):
    canvas.sandbox.change_key("riverbend", redirects=[BACK])
    trip = consent(canvas)
    back, _ = authorize(canvas, trip)
    assert back["state"] == ["state-7"]

    settings = trip.finish(back["code"][0], BACK)

    assert set(settings) == {"refresh_token"}
    connection = integration.connect(
        {**canvas.sandbox.key_settings("riverbend"), **settings},
        Surroundings(canvas.wall, canvas.calls.append, timeout=5),
    )
    assert connection.seats._client.me() == "9000"
    assert fetched() == 2


def test_a_code_is_good_once_and_only_for_its_address(canvas):
    canvas.sandbox.change_key("riverbend", redirects=[BACK])
    trip = consent(canvas)
    code = authorize(canvas, trip)[0]["code"][0]
    other = authorize(canvas, trip)[0]["code"][0]
    trip.finish(code, BACK)

    for again, back in ((code, BACK), (other, BACK + "x"), ("never", BACK)):
        with pytest.raises(Reauthorize):
            trip.finish(again, back)


def test_a_scope_that_the_key_does_not_offer_comes_back_as_an_error(canvas):
    rest = [one for one in canvas.sandbox.key_of("riverbend")["scopes"] if "memberships" not in one]
    canvas.sandbox.change_key("riverbend", redirects=[BACK], scopes=rest)

    assert authorize(canvas, consent(canvas))[0]["error"] == ["invalid_scope"]


def test_there_is_no_round_trip_without_a_key():
    settings = {"base_url": "https://district.instructure.com", "token": "t"}
    assert integration.manifest.consents
    assert integration.consent(settings, None) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"client_id": "17", "client_secret": ""},
        {"client_id": "", "client_secret": "s"},
        {"client_id": "seventeen", "client_secret": "s"},
        {"refresh_token": "r"},
        {},
        {"token": "t", "place": "lake"},
        {"token": "t", "module": "perhaps"},
        {"token": "t", "catalogue": "everything"},
    ],
)
def test_settings_that_do_not_fit_together_are_refused_in_words(settings):
    with pytest.raises(Misconfigured) as trouble:
        integration.look_over({"base_url": "https://district.instructure.com", **settings})
    assert trouble.value.who == "Canvas administrator"


def test_a_key_may_be_kept_before_consent_and_then_says_what_is_missing(canvas):
    settings = canvas.sandbox.key_settings("riverbend")
    assert integration.look_over(settings) == "127.0.0.1"
    connection = integration.connect(settings, Surroundings(canvas.wall, canvas.calls.append))

    with pytest.raises(Reauthorize) as trouble:
        connection.seats.read({"group": "7"})
    assert "give consent on the connections page" in str(trouble.value.message)
    assert canvas.calls == []


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_fetched_once_and_again_only_when_it_ends(canvas, clock, fetched):
    parts = canvas.provision()
    connection = canvas.keyed()
    for _ in range(3):
        connection.seats.read(parts)
    assert fetched() == 1
    clock(minutes=58)
    connection.seats.read(parts)
    assert fetched() == 1
    clock(minutes=1, seconds=1)  # a minute early: nothing was refused
    connection.seats.read(parts)
    assert fetched() == 2
    assert canvas.sandbox.refusals == []


def test_a_listing_goes_on_when_its_token_ends_in_the_middle(canvas, fetched):
    parts = canvas.provision()
    crowd(canvas, parts)
    canvas.rain(
        r"memberships\?.*page=2", status=401, headers={"WWW-Authenticate": "Bearer"}, body={"errors": []}
    )

    observed = canvas.keyed().seats.read(parts)

    assert observed.complete
    assert len(observed.seats) == 150
    assert fetched() == 2


def test_a_write_that_was_turned_away_for_its_token_is_done_with_another(canvas, fetched):
    parts = canvas.provision()
    canvas.rain("^POST .*/memberships", status=401, headers={"WWW-Authenticate": "Bearer"}, body={})

    result = canvas.keyed().seats.put(parts, [canvas.seat(canvas.ana, Role.MEMBER)])

    assert [str(done) for done in result.outcomes.values()] == ["changed"]
    assert fetched() == 2


def test_a_new_token_that_is_turned_away_too_is_not_tried_for_ever(canvas, fetched):
    parts = canvas.provision()
    canvas.rain(
        "/memberships", status=401, headers={"WWW-Authenticate": "Bearer"}, body={"errors": []}, times=9
    )

    with pytest.raises(Reauthorize):
        canvas.keyed().seats.read(parts)
    assert fetched() == 2


def test_eight_threads_fetch_one_token(canvas, fetched):
    parts = canvas.provision()
    connection, seen = canvas.keyed(), []
    threads = [threading.Thread(target=lambda: seen.append(connection.seats.read(parts))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert [observed.complete for observed in seen] == [True] * 8
    assert fetched() == 1


def test_eight_threads_renew_a_dead_token_once(canvas, fetched):
    parts = canvas.provision()
    connection, seen = canvas.keyed(), []
    connection.seats.read(parts)
    for token in canvas.sandbox.store.keys("canvas.tokens"):
        canvas.sandbox.store.drop("canvas.tokens", token)
    threads = [threading.Thread(target=lambda: seen.append(connection.seats.read(parts))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert len(seen) == 8
    assert fetched() == 2


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_withdrawn_consent_names_the_administrator_and_the_page(canvas, clock):
    parts = canvas.provision()
    connection = canvas.keyed()
    connection.seats.read(parts)
    for consent in canvas.sandbox.store.keys("canvas.consents"):
        canvas.sandbox.store.drop("canvas.consents", consent)

    with pytest.raises(Reauthorize) as trouble:
        connection.seats.read(parts)
    assert trouble.value.who == "Canvas administrator"
    assert "give it anew on the connections page" in str(trouble.value.message)


@pytest.mark.parametrize("changes", [{"on": False}, {"secret": "another"}])
def test_a_key_that_was_switched_off_or_changed_is_said_to_be_so(canvas, changes):
    connection = canvas.keyed()
    canvas.sandbox.change_key("riverbend", **changes)

    with pytest.raises(Misconfigured) as trouble:
        connection.seats.read({"group": "7"})
    assert "developer key" in str(trouble.value.message)


def test_a_scope_taken_from_the_key_is_named_and_the_rest_works(canvas):
    parts = canvas.provision()
    lacking = "url:GET|/api/v1/groups/:group_id/memberships"
    connection = canvas.keyed(scopes=[one for one in scopes() if one != lacking])

    with pytest.raises(PermissionMissing) as trouble:
        connection.seats.read(parts)
    assert trouble.value.scopes == (lacking,)
    assert connection.spaces.describe(parts).name == "Reading circle"


@pytest.mark.parametrize("spoil", [{"status": 503}, {"status": 500, "body": "x"}])
def test_a_token_endpoint_in_trouble_is_no_write_in_doubt(canvas, spoil):
    canvas.rain("/login/oauth2/token", uncounted=True, **spoil)

    with pytest.raises(Unavailable):
        canvas.keyed().seats.put({"group": "7"}, [canvas.seat(AccountId("1001"))])


@pytest.mark.parametrize("answer", [[], {}, {"access_token": 7}, {"access_token": "two\nlines"}, "x"])
def test_an_answer_without_a_token_is_not_used(canvas, answer):
    from coplink.ports.errors import UnexpectedReply

    canvas.rain("/login/oauth2/token", uncounted=True, status=200, body=answer)

    with pytest.raises((UnexpectedReply, OutcomeUnknown)):
        canvas.keyed().seats.read({"group": "7"})


def test_no_secret_is_told_or_logged(canvas, caplog):
    connection = canvas.keyed()
    canvas.sandbox.change_key("riverbend", on=False)
    with caplog.at_level(10), pytest.raises(Misconfigured) as trouble:
        connection.seats.read({"group": "7"})
    told = f"{trouble.value.message} {trouble.value.detail} {trouble.value!r} {caplog.text} {canvas.calls}"
    refresh = canvas.sandbox.store.keys("canvas.consents")[0]

    assert not [secret for secret in (*SECRETS, refresh) if secret in told]
