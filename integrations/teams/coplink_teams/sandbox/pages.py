"""What a visitor sees: a page like Teams that frames coplink's tab from another site, and a look into the team."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Resident
from coplink.sandbox.store import Document
from coplink.sandbox.wire import DoorLink, Refuse
from coplink_teams.sandbox.html import FRAME_SCRIPT, page

if TYPE_CHECKING:
    from coplink_teams.sandbox import TeamsSandbox

VISITORS = ("ana.ruiz", "ben.okafor", "chloe.park", "dana.whitfield", "walt.silent", "robin.twofold.r")
DAYS_SHOWN = 12


def for_browsers(base_url: str) -> str:
    """The sandbox under the name ``localhost``: another site than the tool's ``127.0.0.1``."""
    return base_url.replace("//127.0.0.1", "//localhost")


class Pages:
    """Pages and forms for people; none of them is counted."""

    def __init__(self, wire: TeamsSandbox) -> None:
        self._wire = wire
        wire.route("GET", "/teams/<person>", self.teams, counted=False)
        wire.route("GET", "/teams/<person>/add-tab", self.add_tab, counted=False)
        wire.route("GET", "/teams-frame.js", self.script, counted=False)
        wire.route("GET", "/look/team", self.look, counted=False)
        wire.route("POST", "/look/file", self.add_file, counted=False)
        wire.route("POST", "/look/remove", self.remove, counted=False)
        wire.route("POST", "/look/move", self.move, counted=False)

    def doors(self) -> Iterable[DoorLink]:
        """Where to begin."""
        base, group = for_browsers(self._wire.base_url), f"Microsoft Teams of {self._wire.district.name}"
        for key in VISITORS:
            person = self._wire.region.residents.get(key)
            if person:
                yield DoorLink(f"Open Teams as {person.name}", f"{base}/teams/{key}", group)
        yield DoorLink("Look into the team", f"{base}/look/team", group)

    # --- Teams ----------------------------------------------------------------------------------------------------

    def teams(self, request: Request, person: str) -> Response:
        """The Teams-like page of one person, with coplink's tab in a frame of another site."""
        who = self._person(person)
        wire = self._wire
        app = wire.store.get("teams.app", wire.district.key)
        mine = [c for c in self._channels() if c["kind"] == "standard" or self._sits(c, who)]
        listed = "".join(f"<li>{_lock(c)}{escape(c['name'])}</li>" for c in mine)
        if app:
            frame = _frame(app["tab_url"], who, "content")
        else:
            frame = "<p class=empty>The coplink tab is not installed yet: start coplink first.</p>"
        body = (
            "<div class=teams><nav aria-label='Teams and channels'>"
            f"<h2>{escape(self._team_name())}</h2><ul>{listed}</ul><p><label for=theme>Theme</label> "
            "<select id=theme><option>default<option>dark<option>contrast</select></p>"
            f"<p class=who>{escape(who.name)}</p></nav><main>{frame}</main></div>"
        )
        return page("Teams", body, wide=True)

    def add_tab(self, request: Request, person: str) -> Response:
        """Somebody adds the coplink tab to a channel by hand: the app's page in a window with a button to save."""
        who, channel = self._person(person), request.args.get("channel", "")
        address = str(self._wire.document("teams.app", self._wire.district.key)["tab_url"])
        choose = f"{address}?next={urlsplit(address).path}/choose"
        body = (
            "<main><h1>Add a tab</h1><p><button id=save disabled>Save</button> "
            "<label for=theme>Theme</label> <select id=theme><option>default<option>dark<option>contrast</select></p>"
            f"{_frame(choose, who, 'settings', channel)}</main>"
        )
        return page("Add a tab", body, wide=True)

    def script(self, request: Request) -> Response:
        """What answers the tab's messages."""
        return Response(FRAME_SCRIPT, mimetype="text/javascript")

    # --- look -----------------------------------------------------------------------------------------------------

    def look(self, request: Request) -> Response:
        """Channels, members, files, meetings, with what people can do over there."""
        wire = self._wire
        blocks = [self._block(c) for c in self._channels() if c["kind"] != "standard"]
        events = [self._series(e) for e in wire.store.all("teams.event")]
        body = (
            f"<main><h1>{escape(self._team_name())}</h1><p>{escape(wire.district.name)}, as Microsoft 365 holds it.</p>"
            f"<h2>Channels</h2>{''.join(blocks) or '<p class=empty>No community has a channel yet.</p>'}"
            f"<h2>Calendar of {escape(wire.district.service_mailbox)}</h2>"
            f"{''.join(events) or '<p class=empty>No meetings yet.</p>'}</main>"
        )
        return page("The team", body)

    def add_file(self, request: Request) -> Response:
        """Somebody adds a file to a channel's folder."""
        form, wire = request.form, self._wire
        name = form.get("name", "").strip()[:120]
        if not name:
            raise Refuse(400, "BadRequest", "a file needs a name")
        wire.drives.add(
            wire.document("teams.channel", form["channel"])["id"], name, self._person(form["person"])
        )
        return redirect("/look/team", 303)

    def remove(self, request: Request) -> Response:
        """An owner removes somebody by hand."""
        self._wire.members.take_out(request.form["membership"])
        return redirect("/look/team", 303)

    def move(self, request: Request) -> Response:
        """Somebody moves one meeting by an hour."""
        self._wire.outlook.move(
            request.form["series"], request.form["day"], int(request.form.get("minutes", "60"))
        )
        return redirect("/look/team", 303)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _block(self, channel: Document) -> str:
        wire = self._wire
        members = "".join(self._member(m) for m in wire.members.sitting(channel["id"]))
        files = "".join(
            f"<li>{escape(f['name'])} <small>{escape(str(f['author_name']))}</small></li>"
            for f in wire.drives.of(channel["id"])
        )
        people = "".join(
            f"<option value='{escape(p.key)}'>{escape(p.name)}</option>"
            for p in wire.region.of(wire.district.key)
            if p.entra_id
        )
        tabs = "".join(
            f"<li>{escape(t['name'])}</li>"
            for t in wire.store.all("teams.tab")
            if t["channel"] == channel["id"]
        )
        field = f"c{channel['id'][3:11]}"
        return (
            f"<section><h3>{escape(channel['name'])} <small>{escape(channel['kind'])}</small></h3>"
            f"<p class=about>{escape(channel['description'])}</p><h4>Members</h4><ul>{members}</ul>"
            f"<h4>Files</h4><ul>{files or '<li class=empty>none</li>'}</ul>"
            f"<form method=post action=/look/file><input type=hidden name=channel value='{escape(channel['id'])}'>"
            f"<label for={field}n>New file</label> <input id={field}n name=name value='Notes.docx'> "
            f"<label for={field}p>by</label> <select id={field}p name=person>{people}</select> "
            "<button>Add file</button></form>"
            f"<h4>Tabs</h4><ul>{tabs or '<li class=empty>none</li>'}</ul></section>"
        )

    def _member(self, member: Document) -> str:
        account = self._wire.people.find(member["account"]) or {}
        role = "owner" if "owner" in member["roles"] else "member"
        own = member["account"] == self._wire.people.service_id
        button = (
            "" if own else
            "<form method=post action=/look/remove class=inline>"
            f"<input type=hidden name=membership value='{escape(member['id'])}'><button>Remove by hand</button></form>"
        )  # fmt: skip
        return f"<li>{escape(str(account.get('displayName')))} <small>{role}</small> {button}</li>"

    def _series(self, event: Document) -> str:
        rows = "".join(
            f"<li>{start:%a %d %b %Y, %H:%M} UTC{' <small>moved</small>' if day in event['exceptions'] else ''} "
            "<form method=post action=/look/move class=inline>"
            f"<input type=hidden name=series value='{escape(event['id'])}'><input type=hidden name=day value='{day}'>"
            "<button>Move by an hour</button></form></li>"
            for n, (day, start, _) in enumerate(self._wire.outlook.occurrences(event)) if n < DAYS_SHOWN
        )  # fmt: skip
        who = ", ".join(a["emailAddress"]["address"] for a in event["attendees"]) or "nobody yet"
        off = ", ".join(event["cancelled"]) or "none"
        return (
            f"<section><h3>{escape(event['subject'])}</h3><p>Invited: {escape(who)}</p><p>Cancelled: {escape(off)}</p>"
            f"<ul>{rows}</ul></section>"
        )

    def _channels(self) -> list[Document]:
        return self._wire.store.all("teams.channel")

    def _sits(self, channel: Document, person: Resident) -> bool:
        return any(m["account"] == person.entra_id for m in self._wire.members.sitting(channel["id"]))

    def _team_name(self) -> str:
        return str(self._wire.document("teams.team", self._wire.district.host_team)["name"])

    def _person(self, key: str) -> Resident:
        person = self._wire.region.residents.get(key)
        if person is None or not person.entra_id or person.district != self._wire.district.key:
            raise Refuse(404, "NotFound", "nobody of that name uses Teams here")
        return person


def _frame(address: str, who: Resident, context: str, channel: str = "") -> str:
    """A frame of another site, and the script that answers it as Teams does."""
    tool = urlsplit(address)
    return (
        f'<iframe id="tab" title="coplink" src="{escape(address)}" data-person="{escape(who.key)}"'
        f' data-origin="{escape(tool.scheme)}://{escape(tool.netloc)}" data-context="{context}"'
        f' data-channel="{escape(channel)}"></iframe><script src="/teams-frame.js"></script>'
    )


def _lock(channel: Document) -> str:
    return "" if channel["kind"] == "standard" else f"<small>{quote(channel['kind'])}</small> "
