"""Google Chat, pretended: named spaces, groups in them, messages.

Quirks kept: a request id gives the same space or message again, whatever else is asked; an organisation has no two
spaces of one name; the listing does not show descriptions; whether outsiders may come in is never changed; a message
that has the name of another is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.directory import Directory
from coplink_google.sandbox.frame import Asked, Frame
from coplink_google.sandbox.markdown import shown

LARGEST = 32_000  # bytes of a message


class Chat:
    """``allowed``: whether the organisation lets the robot account use Google Chat."""

    def __init__(self, wire: Frame, directory: Directory) -> None:
        self._wire, self._store, self._directory = wire, wire.store, directory
        self.allowed = True
        wire.api("chat.spaces.create", self._create)
        wire.api("chat.spaces.list", self._list)
        wire.api("chat.spaces.get", lambda asked: self._view(self._space(asked), details=True))
        wire.api("chat.spaces.patch", self._patch)
        wire.api("chat.spaces.members.list", self._members)
        wire.api("chat.spaces.members.create", self._let_in)
        wire.api("chat.spaces.messages.create", self._say)
        wire.api("identity.groups.lookup", self._lookup)

    def spaces(self) -> list[Document]:
        """Every space."""
        return self._store.all("google.chat")

    def messages(self, space: str) -> list[str]:
        """What was said in a space, as people see it."""
        return [shown(one["text"]) for one in self._store.all(f"google.message/{space}")]

    def _may(self) -> None:
        if not self.allowed:
            raise Refuse(403, "PERMISSION_DENIED", "Google Chat is turned off for this account.")

    def _space(self, asked: Asked) -> Document:
        self._may()
        found = self._store.get("google.chat", f"spaces/{asked.path['spacesId']}")
        if found is None or asked.caller not in found["people"]:
            raise Refuse(404, "NOT_FOUND", "Requested entity was not found.")
        return found

    def _view(self, space: Document, details: bool = False) -> Mapping[str, Any]:
        uri = f"{self._wire.base_url}/look/chat#{space['name']}"
        about = {"name": space["name"], "spaceType": "SPACE", "displayName": space["title"], "spaceUri": uri}
        about["externalUserAllowed"] = space["external"]
        return {**about, "spaceDetails": {"description": space["about"]}} if details else about

    def _create(self, asked: Asked) -> Mapping[str, Any]:
        self._may()
        request, body = f"space/{asked.caller}/{asked.query.get('requestId', '')}", asked.body
        before = self._store.get("google.request", request) if asked.query.get("requestId") else None
        if before is not None:
            return self._view(self._store.get("google.chat", before["made"]) or {}, details=True)
        self._free(asked, body["displayName"])
        space = {
            "name": self._wire.fresh_id("chat", "spaces/AAAA", 7),
            "district": asked.district.key,
            "title": body["displayName"],
            "about": (body.get("spaceDetails") or {}).get("description", ""),
            "external": bool(body.get("externalUserAllowed")),
            "people": [asked.caller],
            "groups": [],
        }
        self._store.put("google.chat", space["name"], space)
        self._store.put("google.request", request, {"made": space["name"]})
        return self._view(space, details=True)

    def _free(self, asked: Asked, title: str) -> None:
        taken = {one["title"] for one in self.spaces() if one["district"] == asked.district.key}
        if title in taken:
            raise Refuse(409, "ALREADY_EXISTS", "A space with this display name exists.")

    def _list(self, asked: Asked) -> Mapping[str, Any]:
        self._may()
        if asked.query.get("filter", 'spaceType = "SPACE"') != 'spaceType = "SPACE"':
            raise Refuse(400, "INVALID_ARGUMENT", "filter")
        rows = [one for one in self.spaces() if asked.caller in one["people"]]
        size = asked.query.get("pageSize", 100)
        some, onward = self._wire.page(rows, size, asked.query.get("pageToken"), ["chat"])
        found = {"spaces": [self._view(one) for one in some]}
        return {**found, "nextPageToken": onward} if onward else found

    def _patch(self, asked: Asked) -> Mapping[str, Any]:
        space = self._space(asked)
        if asked.query.get("updateMask") != "displayName":
            raise Refuse(400, "INVALID_ARGUMENT", "update_mask")
        if asked.body.get("displayName") != space["title"]:
            self._free(asked, asked.body.get("displayName", ""))
        space = {**space, "title": asked.body["displayName"]}
        self._store.put("google.chat", space["name"], space)
        return self._view(space, details=True)

    def _members(self, asked: Asked) -> Mapping[str, Any]:
        space = self._space(asked)
        rows = [{"name": f"{space['name']}/members/1", "state": "JOINED", "role": "ROLE_MANAGER"}]
        if asked.query.get("showGroups"):
            rows += [self._membership(space, one) for one in space["groups"]]
        return {"memberships": rows}

    def _membership(self, space: Document, group: str) -> dict[str, Any]:
        name = f"{space['name']}/members/{group.rpartition('/')[2]}"
        return {"name": name, "state": "JOINED", "groupMember": {"name": group}}

    def _let_in(self, asked: Asked) -> Mapping[str, Any]:
        space = self._space(asked)
        group = asked.body["groupMember"].get("name", "")
        if group not in {f"groups/{one['id']}" for one in self._directory.groups(asked.district)}:
            raise Refuse(404, "NOT_FOUND", "Group not found.")
        if group in space["groups"]:
            raise Refuse(409, "ALREADY_EXISTS", "The group is a member already.")
        self._store.put("google.chat", space["name"], {**space, "groups": [*space["groups"], group]})
        return self._membership(space, group)

    def _say(self, asked: Asked) -> Mapping[str, Any]:
        space, own = self._space(asked), asked.query.get("messageId", "")
        if own and not re.fullmatch(r"client-[a-z0-9-]{1,56}", own):
            raise Refuse(400, "INVALID_ARGUMENT", "message_id")
        if len(asked.body["text"].encode()) > LARGEST:
            raise Refuse(400, "INVALID_ARGUMENT", "the message is too large")
        if asked.body.get("markupSyntax") != "MARKUP_SYNTAX_MARKDOWN":
            raise Refuse(400, "INVALID_ARGUMENT", "the sandbox reads Markdown")
        request = f"message/{asked.caller}/{asked.query.get('requestId', '')}"
        before = self._store.get("google.request", request) if asked.query.get("requestId") else None
        kind = f"google.message/{space['name']}"
        if before is None:
            if own and own in self._store.keys(kind):
                raise Refuse(409, "ALREADY_EXISTS", "A message of this name exists.")
            number = own or self._wire.fresh_id("message", "", 11)
            before = {"made": number}
            self._store.put(kind, number, {"text": asked.body["text"]})
            self._store.put("google.request", request, before)
        name = f"{space['name']}/messages/{before['made']}"
        text = (self._store.get(kind, before["made"]) or {})["text"]
        return {"name": name, "text": text, "space": {"name": space["name"]}, "clientAssignedMessageId": own}

    def _lookup(self, asked: Asked) -> Mapping[str, Any]:
        found = self._directory.find_group(asked.district, asked.query.get("groupKey.id", ""))
        if found is None or not self._wire.visible(found):
            raise Refuse(403, "PERMISSION_DENIED", "Permission denied for resource (or it may not exist).")
        return {"name": f"groups/{found['id']}"}
