"""The vendor's API, pretended over HTTP: boards, people, dates; strict about tokens, permissions and parameters.

``lag_seconds``: how late listings show what is new. Rights of a token are taken away with ``withdraw``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Region
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import Refuse, Wire

BOARD, PERSON, DATE = "noticeboard.board", "noticeboard.person", "noticeboard.date"
RIGHTS = "noticeboard.rights"
HOUSE = "house"


class NoticeBoardSandbox(Wire):
    """One server for all districts, a token for each."""

    key = "noticeboard"

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.lag_seconds = 0.0
        self._api("GET", "/me", "", self._me)
        self._api("GET", "/boards", "boards", self._boards, "external_id")
        self._api("POST", "/boards", "boards", self._make)
        self._api("GET", "/boards/<board>", "boards", lambda request, board: self._shown(board))
        self._api("GET", "/people", "people", lambda request: {"people": []})
        self._api("GET", "/boards/<board>/people", "people", self._people)
        self._api("GET", "/boards/<board>/people/<who>", "people", self._person)
        self._api("PUT", "/boards/<board>/people/<who>", "people", self._seat)
        self._api("DELETE", "/boards/<board>/people/<who>", "people", self._unseat)
        self._api("GET", "/dates", "dates", lambda request: {"dates": []})
        self._api("GET", "/boards/<board>/dates", "dates", self._dates, "family")
        self._api("PUT", "/boards/<board>/dates/<family>/<day>", "dates", self._put_date)
        self._api("DELETE", "/boards/<board>/dates/<family>/<day>", "dates", self._drop_date)

    def settings(self, district: str) -> Mapping[str, str]:
        """What ``connect`` takes."""
        if district not in self.region.districts:
            raise LookupError(district)
        return {"board_url": self.base_url, "token": f"{district}-notice-board-token"}

    def state(self) -> Mapping[str, Any]:
        """Every board, and what is on it."""
        return {kind.partition(".")[2] + "s": self.store.all(kind) for kind in (BOARD, PERSON, DATE)}

    def withdraw(self, *rights: str) -> None:
        """The caretaker takes rights away; ``token`` is the token itself."""
        self.store.put(RIGHTS, "withdrawn", {"rights": list(rights)})

    # --- the frame ------------------------------------------------------------------------------------------------

    def _api(self, method: str, path: str, right: str, view: Callable[..., Any], *query: str) -> None:
        allowed = {*query, "page", "size"} if method == "GET" else set()

        def answer(request: Request, **ids: str) -> Response:
            withdrawn = (self.store.get(RIGHTS, "withdrawn") or {"rights": []})["rights"]
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            tokens = {f"{district}-notice-board-token" for district in self.region.districts}
            if token not in tokens or "token" in withdrawn:
                raise Refuse(401, "token", "This token is not known.")
            if right in withdrawn:
                raise Refuse(403, right, "The token lacks this permission.")
            if unknown := set(request.args) - allowed:
                raise Refuse(400, "parameter", f"unknown: {sorted(unknown)}")
            with self.store.change():
                said = view(request, **ids)
            return Response(status=204) if said is None else self.json(said)

        self.route(method, path, answer)

    def refusal(self, refused: Refuse) -> Response:
        """An error in the vendor's form."""
        return self.json({"error": refused.code, "message": refused.message}, refused.status, refused.headers)

    def _page(self, request: Request, name: str, rows: list[Document], done: tuple[str, str]) -> Document:
        size = min(int(request.args.get("size", "50")), 50, self.most_per_page)
        page = int(request.args.get("page", "1"))
        seen = [row for row in rows if self.clock() >= row["since"] + self.lag_seconds]
        more = page * size < len(seen)
        if not more:
            self.read_completely(*done)
        return {name: seen[(page - 1) * size : page * size], "next": page + 1 if more else None}

    def _me(self, request: Request) -> Document:
        return {"id": HOUSE, "name": "coplink"}

    # --- boards ---------------------------------------------------------------------------------------------------

    def _shown(self, board: str) -> Document:
        kept = self.store.get(BOARD, board)
        if kept is None:
            raise Refuse(404, "board", "There is no such board.")
        return {**kept, "link": f"{self.base_url}/look/{board}"}

    def _boards(self, request: Request) -> Document:
        wanted = request.args.get("external_id", "")
        rows = [board for board in self.store.all(BOARD) if wanted in ("", board["external_id"])]
        return self._page(request, "boards", rows, ("boards", wanted))

    def _make(self, request: Request) -> Document:
        key = request.headers.get("Idempotency-Key", "")
        known = next((board for board in self.store.all(BOARD) if key and board["key"] == key), None)
        if known is None:
            body = _body(request, "name", "about", "external_id")
            if not 0 < len(body["name"]) <= 80:
                raise Refuse(400, "name", "1 to 80 characters")
            known = {"id": f"b{self.store.serial(BOARD)}", "key": key, "since": self.clock(), **body}
            self.store.put(BOARD, known["id"], known)
            self.seat(known["id"], HOUSE, "keeper")
        return self._shown(known["id"])

    # --- people ---------------------------------------------------------------------------------------------------

    def seat(self, board: str, who: str, part: str) -> bool:
        """Seat somebody, whoever asks; whether that changed anything."""
        there = self.store.get(PERSON, f"{board}/{who}")
        since = there["since"] if there else self.clock()
        self.store.put(PERSON, f"{board}/{who}", {"id": who, "board": board, "part": part, "since": since})
        return there is None or there["part"] != part

    def _people(self, request: Request, board: str) -> Document:
        self._shown(board)
        rows = [person for person in self.store.all(PERSON) if person["board"] == board]
        return self._page(request, "people", rows, ("space", board))

    def _person(self, request: Request, board: str, who: str) -> Document:
        kept = self._shown(board) and self.store.get(PERSON, f"{board}/{who}")
        if kept is None:
            raise Refuse(404, "person", "They are not on this board.")
        return kept

    def _seat(self, request: Request, board: str, who: str) -> Document:
        self._shown(board)
        part = _body(request, "part")["part"]
        if who not in self.region.residents or part not in ("keeper", "reader"):
            raise Refuse(404, "person", "There is no such account.")
        return {"id": who, "part": part, "changed": self.seat(board, who, part)}

    def _unseat(self, request: Request, board: str, who: str) -> None:
        self._person(request, board, who)
        self.store.drop(PERSON, f"{board}/{who}")

    # --- dates ----------------------------------------------------------------------------------------------------

    def _dates(self, request: Request, board: str) -> Document:
        self._shown(board)
        family = request.args.get("family", "")
        rows = [d for d in self.store.all(DATE) if d["board"] == board and d["tag"].startswith(family)]
        return self._page(request, "dates", rows, ("calendar", board))

    def _put_date(self, request: Request, board: str, family: str, day: str) -> Document:
        self._shown(board)
        body = _body(request, "title", "about", "place", "starts", "ends", "note")
        tag = f"{family}/{day}"
        kept = {"id": f"{board}/{tag}", "board": board, "tag": tag, "since": self.clock(), **body}
        self.store.put(DATE, kept["id"], kept)
        return kept

    def _drop_date(self, request: Request, board: str, family: str, day: str) -> None:
        if self.store.get(DATE, f"{board}/{family}/{day}") is None:
            raise Refuse(404, "date", "There is no such date.")
        self.store.drop(DATE, f"{board}/{family}/{day}")


def _body(request: Request, *names: str) -> dict[str, str]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or set(body) != set(names):
        raise Refuse(400, "body", f"needed: {sorted(names)}")
    return {name: str(body[name]) for name in names}


def make(region: Region, store: Store, clock: Callable[[], float] = time.time) -> NoticeBoardSandbox:
    """The sandbox of the integration."""
    return NoticeBoardSandbox(region, store, clock)
