"""What the manifest declares is what the connection does, what the README says, and what an admin installs."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest

from coplink.core.announcing import Announcement
from coplink.core.people import InstitutionId, Role
from coplink.core.spaces import SpaceKind
from coplink.lti import canvas_config
from coplink.lti.origins import may_serve
from coplink.ports.errors import IntegrationError, PermissionMissing
from coplink.ports.integration import Capability
from coplink.ports.records import Registration
from coplink_canvas import integration
from coplink_canvas.sandbox.api import PERMISSIONS

PACKAGE = files("coplink_canvas")
README = Path(__file__).parents[3] / "integrations" / "canvas" / "README.md"
MANIFEST = integration.manifest
NOTE = Announcement("Title", "Text", "https://c.example/c/1", "Ana")


def test_the_capabilities_are_the_ports_the_connection_offers(canvas):
    connection = canvas.connect()
    ports = [capability for capability in Capability if capability is not Capability.DOOR]

    assert {p for p in ports if getattr(connection, p.value) is not None} == set(MANIFEST.capabilities)
    assert integration.door("riverbend", {}, None) is None


def test_the_manifest_speaks_of_canvas_in_canvas_words():
    assert (MANIFEST.key, MANIFEST.title, MANIFEST.extra, MANIFEST.kind) == (
        "canvas",
        "Canvas",
        "canvas",
        SpaceKind.GROUP,
    )
    assert MANIFEST.roles == {Role.FACILITATOR, Role.MEMBER}
    assert (MANIFEST.space_word, MANIFEST.chooses, MANIFEST.invites_attendees) == (
        "group",
        ("course",),
        False,
    )
    assert [field.name for field in MANIFEST.fields if field.secret] == [
        "client_secret",
        "refresh_token",
        "token",
    ]


def test_the_settings_of_the_sandbox_are_fields_and_enough(canvas):
    settings = canvas.sandbox.settings("riverbend")

    assert set(settings) <= {field.name for field in MANIFEST.fields}
    assert {field.name for field in MANIFEST.fields if field.default is None} <= set(settings)


def test_the_steps_announced_are_those_that_are_made(canvas):
    assert canvas.connect().spaces.steps(canvas.wish()) == MANIFEST.steps


def everything(canvas):
    """Each thing the connector does, by name, after a space was made with all permissions."""
    parts = canvas.provision()
    connection, wish = canvas.connect(), canvas.wish(marker="coplink:" + "e" * 32)
    seats, calendar, spaces = connection.seats, connection.calendar, connection.spaces
    seats.put(parts, [canvas.seat(canvas.chloe)])
    return {
        "make a group set": lambda: spaces.ensure("category", wish, {}, "k"),
        "make a group": lambda: spaces.ensure("group", wish, parts, "k"),
        "find the group": lambda: spaces.ensure("group", canvas.wish(), parts, "k"),
        "describe the group": lambda: spaces.describe(parts),
        "read the seats": lambda: seats.read(parts),
        "look at a seat": lambda: seats.look(parts, canvas.ana),
        "seat a member": lambda: seats.put(parts, [canvas.seat(canvas.ben)]),
        "seat a facilitator": lambda: seats.put(parts, [canvas.seat(canvas.ana, Role.FACILITATOR)]),
        "take a seat away": lambda: seats.remove(parts, [canvas.chloe]),
        "place meetings": lambda: calendar.put(parts, canvas.series(), (), None, "k"),
        "check up": connection.check,
        "announce in the group": lambda: connection.announcements.post(parts, NOTE, "k"),
        "list the library": lambda: connection.library.changes(parts, None),
        "rename the group": lambda: connection.upkeep.rename(parts, "Writing circle"),
        "put the group to rest": lambda: connection.upkeep.archive(parts),
        **of_a_page(canvas),
    }


def of_a_page(canvas):
    """The same for communities that have only a page in the course, and a link in its modules."""
    page = canvas.connect(place="page", module="yes", announce="course")
    made = {}
    for name in "abcd":
        wish = canvas.wish(
            name=f"Circle {name}", marker=f"coplink:{name * 32}", home_url=f"https://c.example/{name}"
        )
        made[name] = {
            "course_page": page.spaces.ensure("course_page", wish, {}, "k").remote,
            "module": page.spaces.ensure("module", wish, {}, "k").remote,
        }
    new = canvas.wish(name="Fifth", marker="coplink:" + "f" * 32, home_url="https://c.example/f")
    no_link, no_page = {"module": "none"}, {"course_page": "101/1"}
    return {
        "make a page in the course": lambda: page.spaces.ensure("course_page", new, {}, "k"),
        "find the page": lambda: page.spaces.describe(made["a"]),
        "rename the page": lambda: page.upkeep.rename({**made["a"], **no_link}, "New name"),
        "take the page away": lambda: page.upkeep.let_go({**made["b"], **no_link}, take_away=True),
        "take the link away": lambda: page.upkeep.let_go({**made["c"], **no_page}, take_away=True),
        "rename the link": lambda: rename_link(canvas, page, made["d"]),
        "make a link": lambda: page.spaces.ensure("module", new, {}, "k"),
        "announce in the course": lambda: page.announcements.post(made["a"], NOTE, "k"),
    }


def rename_link(canvas, page, parts):
    """A person renamed the page; the link follows."""
    (kept,) = [
        p for p in canvas.sandbox.pages_in("course", 101) if f"101/{p['page_id']}" == parts["course_page"]
    ]
    canvas.sandbox.write_page(kept, 1001, title="Another name")
    page.upkeep.rename(parts, "Another name")


STOPS = {
    "manage_groups_add": {"make a group set", "make a group"},
    "manage_groups_manage": {
        "read the seats",
        "look at a seat",
        "seat a member",
        "seat a facilitator",
        "take a seat away",
        "place meetings",
        "announce in the group",
        "list the library",
        "rename the group",
        "put the group to rest",
    },
    "read_roster": set(),  # only the reason of a refusal needs it: see the tests of the seats
    "read_course_content": set(),  # the course's files are then left out: see the tests of the library
    "manage_wiki_create": {"make a page in the course"},
    "manage_wiki_update": {"rename the page"},
    "manage_wiki_delete": {"take the page away"},
    "manage_course_content_add": set(),  # there is no link then: see the tests of the modules
    "manage_course_content_edit": {"rename the link"},
    "manage_course_content_delete": {"take the link away"},
    "read_announcements": {"announce in the course"},
    "moderate_forum": {"announce in the course"},
}


@pytest.mark.parametrize("missing", PERMISSIONS)
def test_exactly_what_is_announced_stops_without_a_permission(canvas, missing):
    acts = everything(canvas)
    rest = [name for name in PERMISSIONS if name != missing]
    canvas.sandbox.store.put("canvas.roles", "riverbend", {"permissions": rest})

    stopped = {}
    for name, act in acts.items():
        try:
            act()
        except PermissionMissing as error:
            stopped[name] = error.scopes
    assert stopped == dict.fromkeys(STOPS[missing], (missing,))


def test_the_scopes_are_those_that_the_sandbox_asks_for():
    assert {scope.name for scope in MANIFEST.scopes} == set(PERMISSIONS) == set(STOPS)
    assert all(scope.reason and scope.without for scope in MANIFEST.scopes)


def test_nothing_but_an_integration_error_ever_leaves_the_connector(canvas):
    for answer in ([], {}, "text", 7, None, [[]], [{}], {"id": []}, {"id": 5, "name": None}):
        acts = everything(canvas)
        canvas.rain("/api/v1/", status=200, body=answer, times=1000)
        for act in acts.values():
            with contextlib.suppress(IntegrationError):  # anything else fails the test
                act()
        assert canvas.writes
        canvas.sandbox.weather.clear()
        for kind in (
            "categories",
            "groups",
            "pages",
            "memberships",
            "events",
            "modules",
            "links",
            "announcements",
        ):
            for key in canvas.sandbox.store.keys(f"canvas.{kind}"):
                canvas.sandbox.store.drop(f"canvas.{kind}", key)


# --- README and install artefacts -------------------------------------------------------------------------------------


def test_the_readme_lists_every_permission_with_the_manifests_words():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)

    assert rows == [(scope.name, scope.reason, scope.without) for scope in MANIFEST.scopes]


def test_the_readme_names_every_field():
    text = README.read_text(encoding="utf-8")
    assert all(f"{field.name}=" in text for field in MANIFEST.fields)


def rendered():
    """What `coplink install` writes: the configuration that the server itself answers with, and nothing of its own."""
    text = PACKAGE.joinpath("install", "lti-1.3.json").read_text(encoding="utf-8")
    assert text.strip() == "{{lti_configuration}}"
    return json.loads(json.dumps(canvas_config.configuration("https://coplink.example")))


def test_the_lti_configuration_has_what_canvas_requires():
    config = rendered()

    assert set(config) == {
        "title",
        "description",
        "target_link_uri",
        "oidc_initiation_url",
        "public_jwk_url",
        "scopes",
        "custom_fields",
        "extensions",
    }
    for name in ("target_link_uri", "oidc_initiation_url", "public_jwk_url"):
        assert config[name].startswith("https://coplink.example/lti/")
    (extension,) = config["extensions"]
    assert (extension["platform"], extension["domain"]) == ("canvas.instructure.com", "coplink.example")
    assert extension["privacy_level"] == "public"  # without it neither names nor addresses come along
    placements = {one["placement"]: one for one in extension["settings"]["placements"]}
    navigation = placements.pop("course_navigation")
    assert (navigation["message_type"], navigation["default"]) == ("LtiResourceLinkRequest", "disabled")
    assert navigation["target_link_uri"] == "https://coplink.example/"
    assert set(placements) == {
        "link_selection",
        "editor_button",
        "module_menu_modal",
        "module_index_menu_modal",
        "collaboration",
    }
    assert {(one["message_type"], one["target_link_uri"]) for one in placements.values()} == {
        ("LtiDeepLinkingRequest", "https://coplink.example/deep-linking")
    }


def test_the_lti_configuration_asks_for_rosters_and_notices_of_copies_and_nothing_else():
    assert rendered()["scopes"] == [
        "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
        "https://purl.imsglobal.org/spec/lti/scope/noticehandlers",
    ]


HOSTS = '--claim "service:hosts=canvas.school.edu"'


def registered(claim: str) -> Registration:
    """The platform as the guide registers it, with this claim."""
    there = "https://sso.canvaslms.com"
    name, _, value = claim.partition("=")
    issuer = "https://canvas.instructure.com"
    return Registration("r", InstitutionId("i"), issuer, "1", there, there, there, claims={name: value})


def test_the_custom_fields_are_those_the_readme_gives_a_meaning():
    fields = rendered()["custom_fields"]
    text = README.read_text(encoding="utf-8")
    claims = dict(re.findall(r"--claim (\S+)=(\w+)", text.replace(HOSTS, "")))

    assert claims == {
        "account:canvas": "canvas_user_id",
        "asked:course": "canvas_course_id",
        "asked:previous_contexts": "previous_contexts",
    }
    assert claims == canvas_config.CLAIMS
    assert HOSTS in text
    assert may_serve("https://canvas.school.edu/api/lti", registered(HOSTS.split('"')[1]))
    assert not may_serve("https://canvas.school.edu/api/lti", registered("account:canvas=canvas_user_id"))
    assert set(claims.values()) <= set(fields)
    assert (fields["canvas_user_id"], fields["canvas_course_id"]) == ("$Canvas.user.id", "$Canvas.course.id")


def test_the_icon_is_a_picture_without_scripts():
    icon = ElementTree.fromstring(PACKAGE.joinpath("install", "icon.svg").read_text(encoding="utf-8"))
    names = {element.tag.rpartition("}")[2] for element in icon.iter()}

    assert icon.get("viewBox") == "0 0 64 64"
    assert names <= {"svg", "title", "rect", "g", "path", "circle"}


# --- imports ----------------------------------------------------------------------------------------------------------


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_reading_the_manifest_loads_no_sdk():
    loaded = run("import sys, coplink_canvas; print(coplink_canvas.integration.manifest.key, *sys.modules)")

    assert loaded[0] == "canvas"
    assert not {"canvasapi", "requests", "flask", "sqlalchemy"} & set(loaded)


def test_without_the_sdk_connecting_says_what_to_install():
    said = run(
        "import sys; sys.modules['canvasapi'] = None\n"
        "from coplink_canvas import integration\n"
        "from coplink.core.errors import NotInstalled\n"
        "try:\n    integration.connect({}, None)\n"
        "except NotInstalled as error:\n    print(error.extra)\n"
    )
    assert said == ["canvas"]
