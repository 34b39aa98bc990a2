"""A platform with one very large course, in a process of its own: its roster as it was, and as it is a week later.

    python bench/crowd.py PEOPLE        prints its port; answers until it is stopped

``GET /members?limit=N&p=K`` is a page, ``POST /token`` an access token, ``GET /small`` a course of three, and
``GET /week?n=0|1`` says which week it is. From week 0 to week 1 one in a hundred has left, as many have come, and one
in two hundred has another role. Pages are made once and sent as they are, so that the platform is never what is slow.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import uuid
from functools import cache
from urllib.parse import parse_qs, urlsplit

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
CONTEXT = "course-of-many"


class Crowd:
    """The people of the course, as JSON, by week."""

    def __init__(self, people: int) -> None:
        chance = random.Random(20261122)
        first = [_member(chance, number) for number in range(people)]
        second = [dict(member) for member in first]
        for place in chance.sample(range(people), people // 200):
            second[place]["roles"] = [f"{MEMBERSHIP}#Instructor"]
        gone = set(chance.sample(range(people), people // 100))
        second = [member for place, member in enumerate(second) if place not in gone]
        for number in range(people // 100):
            second.insert(chance.randrange(len(second)), _member(chance, people + number))
        self.weeks = [[json.dumps(member) for member in week] for week in (first, second)]
        self.week = 0

    def members(self, limit: int, page: int, here: str) -> bytes:
        """One page as it goes over the wire."""
        return self._page(self.week, limit, page, here)

    @cache  # noqa: B019  (there is one crowd in a process)
    def _page(self, week: int, limit: int, page: int, here: str) -> bytes:
        everybody = self.weeks[week]
        shown = everybody[page * limit : (page + 1) * limit]
        head = f'{{"id": "{here}/members", "context": {{"id": "{CONTEXT}"}}, "members": ['
        more = (page + 1) * limit < len(everybody)
        link = f'<{here}/members?limit={limit}&p={page + 1}>; rel="next"' if more else ""
        return answer((head + ", ".join(shown) + "]}").encode(), link)


def _member(chance: random.Random, number: int) -> dict[str, object]:
    subject = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    return {
        "status": "Active",
        "user_id": subject,
        "lti11_legacy_user_id": subject.replace("-", ""),
        "name": f"Person Number {number}",
        "given_name": "Person",
        "family_name": f"Number {number}",
        "email": f"person.{number}@school.example",
        "picture": f"https://lms.example/images/{number}.png",
        "roles": [f"{MEMBERSHIP}#Learner"],
    }


def answer(body: bytes, link: str = "") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return (head + (f"Link: {link}\r\n" if link else "") + "\r\n").encode() + body


def serve(crowd: Crowd, connection: socket.socket, here: str) -> None:
    """Answer one kept connection until the other side ends it."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    while received := connection.recv(65536):
        waiting += received
        while (head := waiting.partition(b"\r\n\r\n"))[1]:
            length = next(
                (
                    int(line[15:])
                    for line in head[0].split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            if len(head[2]) < length:
                break
            waiting = head[2][length:]
            connection.sendall(reply(crowd, head[0].split(b" ", 2)[1].decode(), here))


def reply(crowd: Crowd, target: str, here: str) -> bytes:
    """What is answered to one request."""
    parts = urlsplit(target)
    query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
    if parts.path == "/members":
        return crowd.members(query.get("limit", 50), query.get("p", 0), here)
    if parts.path == "/small":
        shown = ", ".join(crowd.weeks[0][:3])
        return answer(f'{{"context": {{"id": "small"}}, "members": [{shown}]}}'.encode())
    if parts.path == "/week":
        crowd.week = query["n"]
        return answer(b"{}")
    return answer(b'{"access_token": "t", "token_type": "bearer", "expires_in": 3600}')


def main() -> None:
    """Serve until stopped."""
    crowd = Crowd(int(sys.argv[1]))
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    print(port, flush=True)
    while True:
        connection, _ = listening.accept()
        threading.Thread(
            target=serve, args=(crowd, connection, f"http://127.0.0.1:{port}"), daemon=True
        ).start()


if __name__ == "__main__":
    main()
