"""The demo's start page: who lives in the region, and every door a visitor can open."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import DoorLink, Wire

STYLE = """
:root { color-scheme: light dark; --ink:#1d2433; --paper:#fbfaf7; --line:#d9d5cb; --accent:#0b5a6b; --soft:#eef3f2 }
@media (prefers-color-scheme: dark) {
  :root { --ink:#e8e6e1; --paper:#15191d; --line:#39424a; --accent:#7fd0e0; --soft:#1e262b } }
* { box-sizing: border-box }
body { margin:0 auto; max-inline-size:62rem; padding:2rem 1.25rem 4rem; background:var(--paper); color:var(--ink);
  font:1rem/1.55 system-ui, sans-serif }
h1 { font-size:1.9rem; line-height:1.2; margin:0 0 .5rem } h2 { font-size:1.15rem; margin:2.2rem 0 .6rem }
p { max-inline-size:44rem } ol { padding-inline-start:1.3rem } li { margin-block:.35rem }
.doors { display:grid; gap:.75rem; grid-template-columns:repeat(auto-fit, minmax(min(100%, 17rem), 1fr)) }
.card { background:var(--soft); border:1px solid var(--line); border-radius:.6rem; padding:.9rem 1rem }
.card h3 { margin:0 0 .4rem; font-size:1rem } .card ul { list-style:none; margin:0; padding:0 }
a { color:var(--accent); display:inline-block; padding-block:.15rem }
a:focus-visible { outline:3px solid; outline-offset:2px }
.note { border-inline-start:4px solid var(--accent); padding-inline-start:.8rem }
"""


class StartPage(Wire):
    """The page with all doors. It also keeps what the seeding tells: connections and admin links."""

    key = "start"

    def __init__(self, region: Region, store: Store, wires: Sequence[Wire], folder: Path) -> None:
        super().__init__(region, store)
        self._wires = wires
        self._folder = folder
        self.route("GET", "/", self._page, counted=False)
        self.route("POST", "/_sandbox/connection", self._connection, counted=False)
        self.route("POST", "/_sandbox/admins", self._admins, counted=False)

    def state(self) -> dict[str, Any]:
        """The connections and admin links of this demo."""
        links = self.store.get("start.admins", "links") or {"links": []}
        return {"connections": self.store.all("start.connections"), "admins": links["links"]}

    def _connection(self, request: Request) -> Response:
        body = request.get_json()
        self.store.put("start.connections", body["id"], body)
        return Response(status=204)

    def _admins(self, request: Request) -> Response:
        self.store.put("start.admins", "links", request.get_json())
        return Response(status=204)

    def _page(self, request: Request) -> Response:
        groups: dict[str, list[DoorLink]] = {}
        for wire in self._wires:
            for door in wire.doors():
                groups.setdefault(door.group, []).append(door)
        names = {key: district.name for key, district in self.region.districts.items()}
        admins = [link.split(" ", 1) for link in self.state()["admins"]]
        groups["Connection admins (the link works once)"] = [
            DoorLink(f"Look after {names[key]}", url, "") for key, url in admins
        ]
        groups["Without an LMS or Teams"] = [
            DoorLink("coplink’s own sign-in page", f"{self.region.tool_url}/sign-in", "")
        ]
        cards = "".join(_card(title, doors) for title, doors in groups.items() if doors)
        districts = " and ".join(escape(name) for name in names.values())
        body = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>coplink: the demo region</title>
<style>{STYLE}</style></head><body><main>
<h1>One community across Canvas, Teams and Google</h1>
<p>Two pretend school districts, {districts}, share one Canvas; one lives in Microsoft 365, the other in Google
Workspace. Everything on this page runs on this machine, behind the real connectors.</p>
<h2>A walk in five minutes</h2>
<ol><li>Open the course as the facilitator, choose <strong>coplink</strong> in the course navigation and found a
community: four answers, a look at what will be made, and go.</li>
<li>Watch the places appear, then look into the course, the team and the shared drive.</li>
<li>Open the course as somebody else and join, or decline: nobody will see the difference.</li>
<li>Agree for the other district as its connection admin, invite its people by a link, and sign in with Google.</li>
<li>Add a file in Teams or in the shared drive, and find it in the community’s library.</li></ol>
<h2>Doors</h2><div class="doors">{cards}</div></main></body></html>"""
        return Response(body, mimetype="text/html")


def _card(title: str, doors: Sequence[DoorLink]) -> str:
    lines = "".join(f'<li><a href="{escape(door.url)}">{escape(door.title)}</a></li>' for door in doors)
    return f'<section class="card"><h3>{escape(title)}</h3><ul>{lines}</ul></section>'
