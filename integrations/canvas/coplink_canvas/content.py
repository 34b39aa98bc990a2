"""Pages, files and links in courses and groups, as calls through the client. Pages are asked for one by one where their
body matters: a scoped developer key drops ``include[]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coplink.ports.errors import OutcomeUnknown, UnexpectedReply
from coplink_canvas.client import Client
from coplink_canvas.listing import Row, number, text


@dataclass(frozen=True, slots=True)
class Home:
    """Whose pages and files: a course or a group."""

    kind: str
    id: str

    @property
    def path(self) -> str:
        """The beginning of its addresses."""
        return f"{self.kind}s/{int(self.id)}"


class Content:
    """What stands in a course or a group."""

    def __init__(self, client: Client) -> None:
        self.client = client

    # --- pages ------------------------------------------------------------------------------------------------------

    def pages_called(self, home: Home, title: str) -> list[Row]:
        """The pages whose titles contain ``title``, each with its body."""
        found = self.client.rows(f"{home.path}/pages", search_term=title).rows
        return [self.page(home, number(row, "page_id")) for row in found]

    def page(self, home: Home, page: str) -> Row:
        """One page with its body; ``Gone`` when it is not there."""
        return self.client.send("GET", f"{home.path}/pages/page_id:{int(page)}")

    def make_page(self, home: Home, title: str, body: str) -> Row:
        """A new published page that teachers (in a group: members) may edit."""
        roles = "teachers" if home.kind == "course" else "members"
        page = {"title": title, "body": body, "published": True, "editing_roles": roles}
        return _made(self.client.send("POST", f"{home.path}/pages", wiki_page=page), "page_id")

    def change_page(self, home: Home, page: str, **fields: str) -> Row:
        """Write a page's title or body."""
        return self.client.send("PUT", f"{home.path}/pages/page_id:{int(page)}", wiki_page=fields)

    def drop_page(self, home: Home, page: str) -> None:
        """Take a page away."""
        self.client.send("DELETE", f"{home.path}/pages/page_id:{int(page)}")

    # --- links in modules -------------------------------------------------------------------------------------------

    def modules_called(self, course: str, name: str) -> list[Row]:
        """The modules of a course with exactly this name."""
        found = self.client.rows(f"courses/{int(course)}/modules", search_term=name).rows
        return [row for row in found if text(row, "name") == name]

    def make_module(self, course: str, name: str) -> Row:
        """A new module; Canvas makes it unpublished, for a teacher to decide."""
        return _made(self.client.send("POST", f"courses/{int(course)}/modules", module={"name": name}), "id")

    def links(self, course: str, module: str) -> list[Row]:
        """What stands in a module."""
        return list(self.client.rows(f"courses/{int(course)}/modules/{int(module)}/items").rows)

    def make_link(self, course: str, module: str, title: str, address: str) -> Row:
        """A link in a module that opens in a tab of its own."""
        fields: dict[str, Any] = {
            "title": title,
            "type": "ExternalUrl",
            "external_url": address,
            "new_tab": True,
        }
        path = f"courses/{int(course)}/modules/{int(module)}/items"
        return _made(self.client.send("POST", path, module_item=fields), "id")

    def rename_link(self, course: str, module: str, link: str, title: str) -> None:
        """Write a link's title."""
        path = f"courses/{int(course)}/modules/{int(module)}/items/{int(link)}"
        self.client.send("PUT", path, module_item={"title": title})

    def drop_link(self, course: str, module: str, link: str) -> None:
        """Take a link away."""
        self.client.send("DELETE", f"courses/{int(course)}/modules/{int(module)}/items/{int(link)}")


def _made(row: Row, name: str) -> Row:
    """What was made, with its id: an answer without one leaves open whether it was."""
    try:
        number(row, name)
    except UnexpectedReply as error:
        raise OutcomeUnknown(error.detail) from error
    return row
