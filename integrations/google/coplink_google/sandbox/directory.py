"""Accounts, groups, members and group settings of the pretend domain.

Quirks kept: a new group is not visible at once; a listing limited to members returns owners too (a regression that made
many schools lose owners); an address is normalised; settings are texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coplink.sandbox.district import District, guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.frame import Asked, Frame, opaque

SETTINGS = {
    "allowExternalMembers": "false",
    "whoCanJoin": "CAN_REQUEST_TO_JOIN",
    "whoCanViewMembership": "ALL_MANAGERS_CAN_VIEW",
    "whoCanDiscoverGroup": "ALL_IN_DOMAIN_CAN_DISCOVER",
    "includeInGlobalAddressList": "true",
}


class Directory:
    """The Directory API's groups, members and users, and Groups Settings."""

    def __init__(self, wire: Frame) -> None:
        self._wire, self._store = wire, wire.store
        wire.api("directory.users.get", self._get_user)
        wire.api("directory.groups.list", self._list_groups)
        wire.api("directory.groups.insert", self._insert_group)
        wire.api("directory.groups.get", lambda asked: self._group_view(self.group(asked)))
        wire.api("directory.groups.patch", self._patch_group)
        wire.api("directory.members.list", self._list_members)
        wire.api(
            "directory.members.get", lambda asked: self._member_view(self._member(asked, self.group(asked)))
        )
        wire.api("directory.members.insert", self._insert_member)
        wire.api("directory.members.patch", self._patch_member)
        wire.api("directory.members.delete", self._delete_member)
        wire.api("settings.groups.get", lambda asked: self._settings_view(self.group(asked, "groupUniqueId")))
        wire.api("settings.groups.patch", self._patch_settings)
        self.unknown_outside: set[str] = set()  # addresses that are no Google account
        self._indexed = wire.region
        self._index: dict[str, dict[str, Document]] = {}

    # --- accounts -------------------------------------------------------------------------------------------------

    def accounts(self, district: District) -> Iterator[Document]:
        """Everybody with a Google account there, the robot included."""
        for person in self._wire.region.of(district.key):
            if person.google_id:
                yield {"id": person.google_id, "email": person.upn, "name": person.name, "key": person.key}
        robot = str(10**20 + int(guid("robot", district.key)[:6], 16))
        yield {"id": robot, "email": district.robot, "name": "coplink", "key": "robot"}

    def account(self, district: District, key: str) -> Document | None:
        """The account of an id or an address of that domain."""
        if self._indexed is not self._wire.region:
            self._indexed, self._index = self._wire.region, {}
        if district.key not in self._index:
            known = list(self.accounts(district))
            self._index[district.key] = {key: one for one in known for key in (one["email"], one["id"])}
        return self._index[district.key].get(key.casefold())

    def _get_user(self, asked: Asked) -> Mapping[str, Any]:
        if asked.caller == asked.district.robot and asked.query.get("viewType") != "domain_public":
            raise Refuse(403, "forbidden", "Not Authorized to access this resource/api")
        one = self.account(asked.district, asked.path["userKey"])
        if one is None:
            raise Refuse(404, "notFound", "Resource Not Found: userKey")
        given, _, family = one["name"].rpartition(" ")
        return {
            "kind": "admin#directory#user",
            "id": one["id"],
            "primaryEmail": one["email"],
            "name": {"fullName": one["name"], "givenName": given, "familyName": family},
            "suspended": False,
            "archived": False,
            "isAdmin": False,
        }

    # --- groups ---------------------------------------------------------------------------------------------------

    def groups(self, district: District | None = None) -> list[Document]:
        """Every group (of one domain)."""
        return [
            g for g in self._store.all("google.group") if district is None or g["district"] == district.key
        ]

    def group(self, asked: Asked, name: str = "groupKey") -> Document:
        """The group a call names, by id or address; 404 while it is young."""
        found = self.find_group(asked.district, asked.path[name])
        if found is None or not self._wire.visible(found):
            raise Refuse(404, "notFound", f"Resource Not Found: {name}")
        return found

    def find_group(self, district: District, key: str) -> Document | None:
        wanted = key.casefold()
        return next((g for g in self.groups(district) if wanted in (g["id"], g["email"])), None)

    def _list_groups(self, asked: Asked) -> Mapping[str, Any]:
        domain, query = asked.query.get("domain"), asked.query.get("query", "")
        if domain != asked.district.google_domain:
            raise Refuse(403, "forbidden", "Not Authorized to access this resource/api")
        rows = [group for group in self.groups(asked.district) if self._wire.visible(group)]
        if query:
            if not query.startswith("email:") or not query.endswith("*"):
                raise Refuse(400, "invalid", "Invalid Input: query")
            rows = [group for group in rows if group["email"].startswith(query[6:-1])]
        rows.sort(key=lambda group: group["email"])
        size = asked.query.get("maxResults", 200)
        some, onward = self._wire.page(rows, min(size, 200), asked.query.get("pageToken"), ["groups", query])
        found: dict[str, Any] = {
            "kind": "admin#directory#groups",
            "groups": [self._group_view(one) for one in some],
        }
        return {**found, "nextPageToken": onward} if onward else found

    def _insert_group(self, asked: Asked) -> Mapping[str, Any]:
        address = asked.body["email"].casefold()
        local, _, domain = address.partition("@")
        if domain != asked.district.google_domain or not local:
            raise Refuse(400, "invalid", "Invalid Input: email")
        if self.find_group(asked.district, address) or self.account(asked.district, address):
            raise Refuse(409, "duplicate", "Entity already exists.")
        group = {
            "id": self._wire.fresh_id("group", "0", 14),
            "district": asked.district.key,
            "email": address,
            "name": asked.body.get("name", local),
            "description": asked.body.get("description", ""),
            "settings": dict(SETTINGS),
            "made": self._wire.clock(),
        }
        self._store.put("google.group", group["id"], group)
        return self._group_view(group)

    def _patch_group(self, asked: Asked) -> Mapping[str, Any]:
        if set(asked.body) - {"name", "description"}:
            raise Refuse(400, "invalid", "the sandbox changes name and description of a group only")
        group = {**self.group(asked), **asked.body}
        self._store.put("google.group", group["id"], group)
        return self._group_view(group)

    def _group_view(self, group: Document) -> Mapping[str, Any]:
        return {
            "kind": "admin#directory#group",
            "id": group["id"],
            "etag": f'"{opaque("", 10, group)}"',
            "email": group["email"],
            "name": group["name"],
            "description": group["description"],
            "directMembersCount": str(len(self._store.keys(_seats(group)))),
            "adminCreated": True,
        }

    def _settings_view(self, group: Document) -> Mapping[str, Any]:
        about = {"kind": "groupsSettings#groups", "email": group["email"], "name": group["name"]}
        return {**about, "description": group["description"], **group["settings"]}

    def _patch_settings(self, asked: Asked) -> Mapping[str, Any]:
        group = self.group(asked, "groupUniqueId")
        group["settings"].update(asked.body)
        self._store.put("google.group", group["id"], group)
        return self._settings_view(group)

    # --- members --------------------------------------------------------------------------------------------------

    def members(self, group: Document) -> list[Document]:
        """Everybody in a group, in the order they came."""
        return self._store.all(_seats(group))

    def _list_members(self, asked: Asked) -> Mapping[str, Any]:
        group = self.group(asked)
        roles = {one for one in asked.query.get("roles", "").split(",") if one}
        if "MEMBER" in roles:
            roles.add("OWNER")  # as in the regression of 2018: owners come with the members
        keys = self._store.keys(_seats(group))
        if roles:
            keys = [one["id"] for one in self.members(group) if one["role"] in roles]
        size = min(asked.query.get("maxResults", 200), 200)
        about = ["members", group["id"], sorted(roles)]
        some, onward = self._wire.page(keys, size, asked.query.get("pageToken"), about)
        found: dict[str, Any] = {"kind": "admin#directory#members", "etag": f'"{opaque("", 10, group)}"'}
        if some:
            found["members"] = [
                self._member_view(self._store.get(_seats(group), number) or {}) for number in some
            ]
        if onward:
            return {**found, "nextPageToken": onward}
        self._wire.read_completely("space", group["id"])
        return found

    def _member(self, asked: Asked, group: Document) -> Document:
        wanted = asked.path["memberKey"].casefold()
        wanted = written(wanted) if "@" in wanted else wanted
        known = self.account(asked.district, wanted)
        member = self._store.get(_seats(group), known["id"] if known else wanted)
        if member is None and "@" in wanted and known is None:
            member = self._store.get(_seats(group), _foreign(wanted))
        if member is None:
            raise Refuse(404, "notFound", "Resource Not Found: memberKey")
        return member

    def _member_view(self, member: Document) -> Mapping[str, Any]:
        shown = {name: member[name] for name in ("id", "email", "role", "type", "status")}
        return {"kind": "admin#directory#member", "etag": f'"{opaque("", 10, member)}"', **shown}

    def _insert_member(self, asked: Asked) -> Mapping[str, Any]:
        group, address = self.group(asked), written(asked.body["email"])
        if address in self.unknown_outside:
            raise Refuse(404, "notFound", "Resource Not Found: memberKey")
        known = self.account(asked.district, address)
        outside = not address.endswith("@" + asked.district.google_domain)
        if outside and known is None and group["settings"]["allowExternalMembers"] != "true":
            raise Refuse(412, "conditionNotMet", "External members are not allowed in this group.")
        if known is None and not outside:
            raise Refuse(404, "notFound", "Resource Not Found: memberKey")
        number = known["id"] if known else _foreign(address)
        if self._store.get(_seats(group), number) or self._store.get(_pending(group), number):
            raise Refuse(409, "duplicate", "Member already exists.")
        member = self.seat(
            group, number, known["email"] if known else address, asked.body.get("role", "MEMBER")
        )
        return self._member_view(member)

    def seat(self, group: Document, number: str, address: str, role: str, kind: str = "USER") -> Document:
        """Put an account (or a group) into a group, as Google or a person would."""
        member = {"id": number, "email": address, "role": role, "type": kind, "status": "ACTIVE"}
        self._store.put(_seats(group), number, member)
        return member

    def unseat(self, group: Document, number: str) -> None:
        """Take an account out of a group."""
        self._store.drop(_seats(group), number)

    def leave_pending(self, group: Document, number: str, pending: bool = True) -> None:
        """Somebody is on the way in: Google says “duplicate” to a second insert, and shows no member yet."""
        if pending:
            self._store.put(_pending(group), number, {"id": number})
        else:
            self._store.drop(_pending(group), number)

    def _patch_member(self, asked: Asked) -> Mapping[str, Any]:
        group = self.group(asked)
        member = self._member(asked, group)
        role = asked.body.get("role", member["role"])
        return self._member_view(self.seat(group, member["id"], member["email"], role, member["type"]))

    def _delete_member(self, asked: Asked) -> None:
        group = self.group(asked)
        self.unseat(group, self._member(asked, group)["id"])


def written(address: str) -> str:
    """An address as Google writes it."""
    name, _, domain = address.casefold().rpartition("@")
    if domain in ("gmail.com", "googlemail.com"):
        return f"{name.replace('.', '')}@gmail.com"
    return f"{name}@{domain}"


def _seats(group: Document) -> str:
    """What a group's members are kept under: one document each, since a group may hold many thousands."""
    return f"google.member/{group['id']}"


def _pending(group: Document) -> str:
    return f"google.pending/{group['id']}"


def _foreign(address: str) -> str:
    """The account number of an address outside the pretend domain."""
    return str(int(opaque("", 20, address).encode().hex()[:24], 16))[:21]
