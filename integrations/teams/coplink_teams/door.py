"""The Teams tab: a page inside Teams fetches a token and posts it here; a verified one is an arrival.

The page runs Microsoft's own client library, kept in this package, and one small script of ours. Somebody is known by
directory and object id (``tid``, ``oid``); the sign-in name only tells where to send meeting invitations.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from importlib.resources import files

from coplink.core.arrival import Arrival, ProvedAccount
from coplink.core.errors import LaunchError
from coplink.core.people import AccountId, InstitutionId
from coplink.core.words import say
from coplink.ports.door import InboundRequest, Knock, Reply, TokenPage
from coplink.ports.integration import Surroundings
from coplink_teams.entra import KeySet, verified
from coplink_teams.settings import Settings, is_loopback, read_settings
from coplink_teams.signin import SmallClient

OURS, SETTING_UP, MICROSOFTS = "tab.js", "tab-config.js", "MicrosoftTeams.min.js"
_lock = threading.Lock()
_key_sets: dict[tuple[str, float], KeySet] = {}


class TeamsTab:
    """The way in of one institution's connection."""

    def __init__(self, institution: str, values: Mapping[str, str], around: Surroundings) -> None:
        self._institution = InstitutionId(institution)
        self._settings = read_settings(values)
        self._now: Callable[[], float] = lambda: around.clock.now().timestamp()
        self._keys = _keys(self._settings, around)

    @property
    def page(self) -> TokenPage:
        """Our script, then Microsoft's; the origins Teams may speak from in ``data-origins``."""
        static = files(__package__) / "static"
        scripts = {name: (static / name).read_bytes() for name in (OURS, SETTING_UP, MICROSOFTS)}
        assets = {name: scripts[name] for name in (OURS, MICROSOFTS)}
        choosing = {name: scripts[name] for name in (MICROSOFTS, SETTING_UP)}
        return TokenPage(assets, {"origins": " ".join(self._settings.frame_origins)}, choosing)

    @property
    def frame_ancestors(self) -> tuple[str, ...]:
        """Where Teams runs."""
        return self._settings.frame_origins

    def begin(self, knock: Knock) -> Reply:
        """A tab is opened inside Teams, never by a redirect."""
        raise LaunchError(
            say("Open coplink inside Teams: this way in works only there."), "begin on a token door"
        )

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        """Who came; raises ``BadToken`` when anything about the token is wrong."""
        claims = verified(request.form.get("token", ""), self._settings, self._keys, self._now())
        subject, name, upn = str(claims["oid"]), claims.get("name"), claims.get("preferred_username")
        address = upn if isinstance(upn, str) and "@" in upn and len(upn) <= 254 else None
        return Arrival(
            door="teams",
            institution=self._institution,
            realm=self._settings.tenant_id,
            subject=subject,
            name=name if isinstance(name, str) else None,
            accounts=(ProvedAccount("teams", AccountId(subject), address),),
        )


def _keys(settings: Settings, around: Surroundings) -> KeySet:
    """One key set for each directory and process, so that a page costs no call to Microsoft."""
    address = f"{settings.login_url}/{settings.tenant_id}/discovery/v2.0/keys"
    with _lock:
        key = (address, around.timeout)
        if key not in _key_sets:
            client = SmallClient(min(around.timeout, 20.0), trust_env=not is_loopback(settings.login_url))
            _key_sets[key] = KeySet(address, client, time.monotonic, around.pace)
        return _key_sets[key]
