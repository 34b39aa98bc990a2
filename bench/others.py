"""What coplink is measured against, under coplink's own gunicorn settings: ``python others.py echo|library ...``.

``echo``      Flask, one view: the form is read and one of its fields comes back.
``library``   pylti1p3next by its Flask adapter as its documentation shows it: launches kept in a file cache, the
              platform's keys fetched at every launch (its default) or, with ``--cache-keys``, kept in that cache.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from cachelib import FileSystemCache
from flask import Flask, Response, redirect, request
from pylti1p3.contrib.flask import (
    FlaskCacheDataStorage,
    FlaskMessageLaunch,
    FlaskOIDCLogin,
    FlaskRequest,
)
from pylti1p3.tool_config import ToolConfDict
from werkzeug.middleware.proxy_fix import ProxyFix

from coplink.cli.server import Server
from coplink.settings import Settings, load


class Bare(Server):
    """The server of ``coplink serve`` with another application in it."""

    def __init__(self, settings: Settings, app: Any) -> None:
        self._app = app
        super().__init__(settings, None)

    def load(self) -> Any:
        return self._app


def echo() -> Flask:
    """An answer without any work."""
    app = Flask("echo")

    @app.post("/lti/login")
    def login() -> str:
        return request.form["login_hint"]

    @app.post("/lti/launch")
    def launch() -> str:
        return request.form["state"]

    return app


def library(platform: dict[str, str], private_pem: str, folder: Path, cache_keys: bool) -> Flask:
    """The library's own path from login to a page that knows who came."""
    app = Flask("library")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    config = ToolConfDict(
        {
            platform["iss"]: [
                {
                    "default": True,
                    "client_id": platform["client_id"],
                    "auth_login_url": platform["auth_login_url"],
                    "auth_token_url": platform["auth_token_url"],
                    "key_set_url": platform["key_set_url"],
                    "deployment_ids": [platform["deployment_id"]],
                }
            ]
        }
    )
    config.set_private_key(platform["iss"], private_pem, client_id=platform["client_id"])
    cache = FileSystemCache(str(folder), threshold=0)

    @app.post("/lti/login")
    def login() -> Any:
        storage = FlaskCacheDataStorage(cache)
        begun = FlaskOIDCLogin(FlaskRequest(), config, launch_data_storage=storage)
        return begun.redirect(request.url_root.rstrip("/") + "/lti/launch")

    @app.post("/lti/launch")
    def launch() -> Any:
        storage = FlaskCacheDataStorage(cache)
        found = FlaskMessageLaunch(FlaskRequest(), config, launch_data_storage=storage)
        if cache_keys:
            found.set_public_key_caching(storage, cache_lifetime=7200)
        known = found.get_launch_data()["sub"]
        answer: Response = redirect(f"/page?launch={found.get_launch_id()}", code=303)  # type: ignore[assignment]
        answer.headers["X-Known"] = known
        return answer

    return app


def main() -> None:
    """Serve one of them until stopped."""
    asked = argparse.ArgumentParser()
    asked.add_argument("what", choices=["echo", "library"])
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--folder", type=Path, required=True)
    asked.add_argument("--platform", type=Path)
    asked.add_argument("--cache-keys", action="store_true")
    given = asked.parse_args()
    settings = load(base_url="https://localhost", listen=f"127.0.0.1:{given.port}", data_dir=given.folder)
    if given.what == "echo":
        app = echo()
    else:
        known = json.loads(given.platform.read_text())
        app = library(known, known["private_pem"], given.folder / "cache", given.cache_keys)
    Bare(settings, app).run()


if __name__ == "__main__":
    main()
