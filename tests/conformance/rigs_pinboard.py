"""The pin board as the suites play it: in memory, and with a bell that rings and a porter at the door."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx

from coplink.core.arrival import Arrival, ProvedAccount
from coplink.core.artifacts import FileFact
from coplink.core.errors import BadToken
from coplink.core.people import AccountId, InstitutionId, Role
from coplink.core.rhythm import Series
from coplink.core.words import say
from coplink.ports.directory import Found
from coplink.ports.door import Door, InboundRequest, Knock, Reply, TokenPage
from coplink.ports.errors import Gone, IntegrationError, OutcomeUnknown, Reauthorize, Throttled, Unavailable
from coplink.ports.errors import UnexpectedReply as Garbled
from coplink.ports.integration import Call, Capability, Surroundings
from coplink.ports.spaces import SpaceWish
from coplink.ports.watch import Heard, Subscription
from coplink.testing.conformance.rig import Rig, Way
from coplink.testing.pinboard import Board, PinBoard, Pinned

LIFE = timedelta(days=3)
NOW = datetime(2030, 9, 1, 12, tzinfo=UTC)
HERE = "staff-room"


class Wall:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


class Bell:
    """A ``Watch``: who has asked to be rung, by id: address, secret and end."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.rung: dict[str, tuple[str, str, datetime]] = {}

    def subscribe(self, parts: Mapping[str, str], callback: str, secret: str, key: str) -> Subscription:
        self._board.call("watch.subscribe")
        for remote, (address, known, ends) in self.rung.items():
            if (address, known) == (callback, secret):
                return Subscription(remote, ends)
        self._board.wrote()
        remote = f"bell-{self._board.writes}"
        self.rung[remote] = (callback, secret, NOW + LIFE)
        self._board.answer("watch.subscribe")
        return Subscription(remote, NOW + LIFE)

    def renew(self, parts: Mapping[str, str], subscription: Subscription) -> Subscription:
        self._board.call("watch.renew", write=True)
        if subscription.remote not in self.rung:
            raise Gone(say("Nobody is rung any more."))
        return replace(subscription, ends=NOW + LIFE)

    def stop(self, subscription: Subscription) -> None:
        self._board.call("watch.stop")
        if self.rung.pop(subscription.remote, None):
            self._board.wrote()


class Porter:
    """A ``Door`` of the token kind: a badge is JSON that names who, for whom, until when, and who signed it."""

    page = TokenPage({"badge.js": b"document.forms[0].submit()"})
    frame_ancestors = ("https://pinboard.example",)

    def __init__(self, institution: str) -> None:
        self._institution = institution

    def begin(self, knock: Knock) -> Reply:
        raise BadToken(say("Come in through the staff room."))

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        try:
            badge = json.loads(request.form["token"])
            honest = badge == {**badge, "for": "coplink", "by": "porter", "house": HERE}
            if not honest or badge["until"] <= NOW.timestamp():
                raise ValueError
            who = str(badge["who"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadToken(say("This badge does not open.")) from error
        here = InstitutionId(self._institution)
        mine = ProvedAccount("pinboard", AccountId(who))
        return Arrival("pinboard", here, HERE, who, "Somebody", accounts=(mine,))


class Staffed(Pinned):
    """A connection with a bell."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self.watch = Bell(board)  # type: ignore[assignment]  # the plain one has none


class StaffedBoard(PinBoard):
    """The pin board with every port there is."""

    manifest = replace(
        PinBoard.manifest,
        capabilities=frozenset(Capability),
        limits=replace(PinBoard.manifest.limits, watch_life=LIFE),
    )

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Pinned:
        return Staffed(self.rooms.setdefault(settings["room"], Board()))

    def receive(self, settings: Mapping[str, str], request: InboundRequest, secret: str) -> Heard | None:
        said = request.headers.get("x-bell", "")
        return Heard() if hmac.compare_digest(said.encode(), secret.encode()) else None

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Door | None:
        return Porter(institution)


class PinboardRig(Rig):
    accounts = tuple(AccountId(str(n)) for n in range(1, 7))
    addresses = tuple(f"person{n}@school.example" for n in range(1, 7))
    stranger = AccountId("stranger")
    lines: Mapping[Capability, str] = dict.fromkeys(set(Capability) - {Capability.DOOR}, "Staff room")

    def __init__(self, integration: PinBoard | None = None) -> None:
        self.integration = integration or StaffedBoard()
        self.settings = {"room": "1", "key": "the key under the mat"}
        self.connection = self.integration.connect(self.settings, self.around())
        self.board = self.connection.board
        self.board.strangers.add(self.stranger)
        pairs = zip(self.addresses, self.accounts, strict=True)
        self.board.directory |= {address: Found(account, address) for address, account in pairs}
        self.recorded: list[Call] = []

    def around(self) -> Surroundings:
        return Surroundings(Wall(), lambda call: self.recorded.append(call))

    def wish(self, number: int = 1, name: str = "Reading circle") -> SpaceWish:
        return SpaceWish(name, "We read.", f"coplink:{number:032x}", home_url="https://coplink.example/c/1")

    def writes(self) -> int:
        return self.board.writes

    def calls(self) -> int:
        return len(self.board.calls)

    # --- weather ----------------------------------------------------------------------------------------------------

    def _next(self, error: IntegrationError) -> None:
        self.board.trouble["*"] = [error]

    def lose_next_answer(self) -> None:
        self._next(OutcomeUnknown("lost"))

    def outage(self) -> None:
        self._next(Unavailable(say("The staff room is locked.")))

    def throttle(self, seconds: int) -> None:
        self._next(Throttled(say("Later."), retry_after=seconds))

    def garble_next_answer(self) -> None:
        self._next(Garbled(say("Somebody scribbled over it.")))

    def fair_weather(self) -> None:
        self.board.trouble.clear()

    def pages_of(self, size: int) -> None:
        self.board.page = size

    def half_a_listing(self, parts: Mapping[str, str]) -> None:
        seats, board = self.connection.seats, self.board
        read, sitting = seats.read, board.sitting(parts["board"])

        def half(parts: Mapping[str, str]) -> object:
            seats.read = read  # type: ignore[method-assign]
            hidden, board.complete = sitting.popitem(), False
            try:
                return read(parts)
            finally:
                board.complete = True
                sitting[hidden[0]] = hidden[1]

        seats.read = half  # type: ignore[assignment, method-assign]

    # --- what people do ---------------------------------------------------------------------------------------------

    def revoke(self) -> None:
        self._next(Reauthorize(say("The key does not fit any more."), "caretaker"))

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        self.board.boards[f"{step}-copy"] = f"{step}/{wish.marker}"

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        self.board.names[parts["board"]] = name

    def vanish(self, parts: Mapping[str, str]) -> None:
        self.board.torn_down.add(parts["board"])

    def seat_own_account(self, parts: Mapping[str, str]) -> AccountId:
        own = AccountId("caretaker")
        self.board.own.add(own)
        self.board.sitting(parts["board"])[own] = Role.FACILITATOR
        return own

    def twofold(self) -> str:
        self.board.twofold.add(self.addresses[0])
        return self.addresses[0]

    def foreign_address(self) -> str:
        return "somebody@another.example"

    def meetings(self, parts: Mapping[str, str], series: Series) -> Sequence[datetime]:
        return sorted(start for starts, _ in self.board.series.values() for start in starts)

    def move_meeting(self, parts: Mapping[str, str], series: Series, original: date, by: timedelta) -> None:
        ((key, (starts, guests)),) = self.board.series.items()
        old = next(meeting.starts for meeting in series.meetings if meeting.original == original)
        self.board.series[key] = (tuple(start + by if start == old else start for start in starts), guests)

    def add_file(self, parts: Mapping[str, str], name: str) -> str:
        log = self.board.files_of.setdefault(parts["board"], [])
        remote = f"{parts['board']}/{len(log) + 1}"
        link = f"https://pinboard.example/{remote}"
        log.append(FileFact(remote, name, link, NOW, NOW, "1", author=self.accounts[0], author_name="One"))
        self._ring()
        return remote

    def _ring(self) -> None:
        bell = self.connection.watch
        for address, secret, _ in bell.rung.values() if isinstance(bell, Bell) else ():
            httpx.post(address, headers={"x-bell": secret}, trust_env=False)

    def _again(self, remote: str, **changes: object) -> None:
        log = self.board.log(remote.partition("/")[0])
        known = [fact for fact in log if fact.remote == remote][-1]
        log.append(replace(known, version=str(int(known.version) + 1), **changes))  # type: ignore[arg-type]

    def rename_file(self, remote: str, name: str) -> None:
        self._again(remote, name=name)

    def delete_file(self, remote: str) -> None:
        self._again(remote, gone=True)

    def forget_cursors(self) -> None:
        self.board.age += 1

    def end_subscription(self, subscription: Subscription) -> None:
        del self.connection.watch.rung[subscription.remote]  # type: ignore[attr-defined]

    def call_in(self, secret: str) -> InboundRequest:
        return InboundRequest("POST", "/hook/here/1", headers={"x-bell": secret})

    def announced(self, parts: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
        return [
            (note.title, note.text, note.by) for note in self.board.notes.get(parts["board"], {}).values()
        ]

    # --- the way in -------------------------------------------------------------------------------------------------

    def door(self) -> Door:
        door = self.integration.door("here", self.settings, self.around())
        assert door is not None
        return door

    def _badge(self, **changes: object) -> Way:
        until = (NOW + timedelta(hours=1)).timestamp()
        honest = {"who": "1", "for": "coplink", "by": "porter", "house": HERE, "until": until}
        badge = json.dumps({**honest, **changes})
        return InboundRequest("POST", "/door/pinboard/here", form={"token": badge}), None

    def knock(self) -> Way:
        return self._badge()

    def knocks_wrongly(self) -> Mapping[str, Callable[[], Way]]:
        return {
            "another audience": lambda: self._badge(**{"for": "somebody else"}),
            "another signer": lambda: self._badge(by="a stranger"),
            "expired": lambda: self._badge(until=1.0),
            "another institution": lambda: self._badge(house="another house"),
            "nobody": lambda: (InboundRequest("POST", "/door", form={"token": '{"for": "coplink"}'}), None),
        }
