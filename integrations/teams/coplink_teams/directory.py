"""Which account of the own organisation has an e-mail address. A proposal: the person confirms it in the Teams tab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from coplink.core.people import AccountId
from coplink.ports.directory import Found
from coplink_teams.calls import Graph
from coplink_teams.replies import careful

VALUES = 15  # at most so many in a filter (asked for by Canvas's own connector; Graph refuses long ones)


class Accounts:
    """Looks accounts up by mail or sign-in name, guests left out."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @careful
    def find(self, addresses: Sequence[str]) -> Mapping[str, Found]:
        """Exactly-one matches; a guest's sign-in name holds ``#EXT#`` and is of another organisation."""
        hits: dict[str, dict[str, Found]] = {}
        asked = {address: address.strip().casefold() for address in addresses if _plausible(address)}
        for some in slices(sorted(set(asked.values())), VALUES // 2):
            values = quoted(some)
            query = {
                "$filter": f"mail in ({values}) or userPrincipalName in ({values})",
                "$select": "id,mail,userPrincipalName",
                "$top": "100",
            }
            for account in self._graph.listed(lambda g: g.users, service="identity", query=query):
                upn, mail = str(account.get("userPrincipalName") or ""), str(account.get("mail") or "")
                if "#ext#" in upn.casefold():
                    continue
                found = Found(AccountId(str(account["id"])), mail or upn)
                for name in {mail.casefold(), upn.casefold()} & set(some):
                    hits.setdefault(name, {})[found.account] = found
        return {
            address: next(iter(hits[name].values()))
            for address, name in asked.items()
            if len(hits.get(name, {})) == 1
        }


def _plausible(address: str) -> bool:
    text = address.strip()
    return 3 <= len(text) <= 254 and "@" in text and text.isprintable() and " " not in text


def quoted(values: Sequence[str]) -> str:
    """Values as a filter wants them."""
    return ",".join("'" + value.replace("'", "''") + "'" for value in values)


def slices(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Values in lots of this size."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
