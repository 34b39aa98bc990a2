"""Where a platform calls: an address on loopback that answers as coplink's web would, and keeps what came."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from coplink.ports.door import InboundRequest, Reply
from coplink.ports.watch import Heard
from coplink.sandbox.wire import Served
from coplink.testing.conformance.rig import Rig

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Hook:
    """Hands each call to ``Integration.receive``; ``said`` is what came of it."""

    def __init__(self, rig: Rig, secret: str) -> None:
        self._rig, self.secret = rig, secret
        self.said: list[Reply | Heard | None] = []
        self._served = Served(self)
        self.url = f"{self._served.url}/hook/here/1"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        came = InboundRequest(
            request.method,
            request.path,
            request.args.to_dict(),
            {},
            {name.lower(): value for name, value in request.headers.items()},
            request.get_data(),
        )
        said = self._rig.integration.receive(self._rig.settings, came, self.secret)
        self.said.append(said)
        if isinstance(said, Reply):
            return Response(said.body, said.status, dict(said.headers))(environ, start_response)
        return Response(status=202)(environ, start_response)

    def hints(self, number: int, patience: float = 5.0) -> list[Heard]:
        """What was hinted at so far, after waiting (seconds) for this many."""
        until = time.monotonic() + patience
        while True:
            found = [said for said in self.said if isinstance(said, Heard)]
            if len(found) >= number or time.monotonic() > until:
                return found
            time.sleep(0.02)

    def close(self) -> None:
        """Stop answering."""
        self._served.stop()
