"""A connection's settings, checked once: every address is https, or http on this machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from coplink.core.words import say
from coplink.ports.errors import Misconfigured
from coplink_google import ADMIN, manifest
from coplink_google.operations import DELEGATION, FOLDER, MODES, NONE


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def origin(url: str) -> str:
    """Scheme, host and port of an address, as one comparable text."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".casefold()


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one connection; secrets never show in a representation."""

    domain: str
    mode: str
    folder: str
    client_id: str
    robot: str
    file_managers: str
    guests: str
    chat: str
    root_url: str
    auth_url: str
    token_url: str
    jwks_url: str
    issuer: str
    client_secret: str = field(repr=False)
    service_account: str = field(repr=False)
    robot_refresh_token: str = field(repr=False)

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Options:
        """Read the mapping; raises ``Misconfigured`` naming the first setting that is missing or unusable."""
        values = {}
        for one in manifest.fields:
            value = (settings.get(one.name) or one.default or "").strip()
            if not value and one.default is None:
                raise _empty(one.name)
            values[one.name] = value
        for name in ("root_url", "auth_url", "token_url", "jwks_url", "issuer"):
            _check_address(name, values[name])
        for name in ("file_managers", "guests", "chat"):
            if values[name].casefold() not in ("", "no", "yes"):
                raise Misconfigured(say("“{name}” is either yes or empty.", name=_title(name)), ADMIN)
        values["mode"] = values["mode"].casefold() or NONE
        if values["mode"] not in MODES:
            said = say("The mode of the Google connection is “none”, “delegation” or “folder”.")
            raise Misconfigured(said, ADMIN)
        needed = {NONE: ("service_account", "robot_refresh_token"), DELEGATION: ("service_account",)}
        for name in needed.get(values["mode"], ("robot_refresh_token", "folder")):
            if not values[name]:
                raise _empty(name)
        if values["mode"] == FOLDER:
            values["folder"] = _folder(values["folder"])
        if values["mode"] == FOLDER and values["chat"].casefold() == "yes":
            raise Misconfigured(say("A Chat space needs a group, and in mode folder there is none."), ADMIN)
        values["root_url"] = values["root_url"].rstrip("/")
        values["domain"] = values["domain"].casefold().lstrip("@")
        values["robot"] = values["robot"].casefold()
        return cls(**values)

    @property
    def realm(self) -> str:
        """The realm of identities of this domain's sign-in."""
        return f"{self.issuer}/{self.domain}"

    @property
    def leads_manage_files(self) -> bool:
        """Whether facilitators are content managers of the shared drive."""
        return self.file_managers.casefold() == "yes"

    @property
    def lets_guests_in(self) -> bool:
        """Whether the admin lets people of other schools into groups."""
        return self.guests.casefold() == "yes"

    @property
    def has_chat(self) -> bool:
        """Whether communities get a Chat space."""
        return self.chat.casefold() == "yes"

    def owns(self, address: str) -> bool:
        """Whether an e-mail address lies in the connection's own domain."""
        return address.casefold().rpartition("@")[2] == self.domain


def _folder(given: str) -> str:
    """The id of a folder or shared drive, given as it is or in the link that Drive shows."""
    found = re.fullmatch(r"(?:https://drive\.google\.com/\S*/)?([A-Za-z0-9_-]{10,100})(?:[?#]\S*)?", given)
    if found is None:
        raise Misconfigured(say("“Folder” is the link or the id of a folder or a shared drive."), ADMIN)
    return found[1]


def _title(name: str) -> str:
    return next(one.title for one in manifest.fields if one.name == name)


def _empty(name: str) -> Misconfigured:
    return Misconfigured(say("The setting “{name}” of the connection is empty.", name=_title(name)), ADMIN)


def _check_address(name: str, url: str) -> None:
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    if url and not (
        safe and parts.hostname and not parts.username and not parts.query and not parts.fragment
    ):
        raise Misconfigured(
            say(
                "The address in “{name}” must begin with https:// and hold no user name or query.", name=name
            ),
            ADMIN,
        )
