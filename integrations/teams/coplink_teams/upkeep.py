"""What becomes of a community's place in Teams: another name, rest, waking, and what stays when coplink goes.

A team can be archived, which Microsoft does behind a 202. A channel cannot without a permission for every channel of
the organisation, so it says in its name that the community has ended. Nothing is deleted but our own tab and
subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone, NotReadyYet
from coplink.ports.upkeep import Kept, Left, UpkeepFacts
from coplink_teams.calls import Graph
from coplink_teams.channels import name_taken
from coplink_teams.fittings import NO_TAB, Fittings
from coplink_teams.long_running import EVERY, LongRunning, begun
from coplink_teams.names import channel_name, team_name
from coplink_teams.parts import owns_team, split_channel, team_of
from coplink_teams.replies import accepted, already_there, careful
from coplink_teams.settings import Settings

ENDED = "(ended) "
BY_HAND = say("Somebody archived the channel in Teams; an owner of the host team can restore it there.")
_RESTS = say(
    "The team is archived: everybody can read it, and nobody writes in its channels. Its files can be changed."
)
_WAKES = say("The team is as it was.")
_STILL = say("Microsoft is still at it.")


class TeamsUpkeep:
    """Renames, archives, restores and lets go of a channel or of a team."""

    def __init__(self, graph: Graph, settings: Settings, clock: Clock) -> None:
        self._graph, self._settings = graph, settings
        self._running, self._fittings = LongRunning(graph, clock), Fittings(graph, settings)

    @careful
    def read(self, parts: Mapping[str, str]) -> UpkeepFacts:
        """The name now, and whether it rests; a channel also rests when its name says so."""
        found = self._found(parts)
        name = str(found["displayName"])
        ended = not owns_team(parts) and name.startswith(ENDED)
        return UpkeepFacts(name, ended or bool(found.get("isArchived")))

    @careful
    def rename(self, parts: Mapping[str, str], name: str) -> str:
        """Another name, by the rules of teams or of channels; a channel that has ended goes on saying so.

        An archived team keeps its name until it is woken (Graph, "Archive team").
        """
        found = self._found(parts)
        now = str(found["displayName"])
        if owns_team(parts):
            return now if found.get("isArchived") else self._called(parts, now, team_name(name))
        return self._called(parts, now, channel_name(f"{ENDED if now.startswith(ENDED) else ''}{name}"))

    @careful
    def archive(self, parts: Mapping[str, str]) -> Kept:
        """Archive a team, raising ``NotReadyYet`` until Microsoft has; rename a channel instead."""
        if owns_team(parts):
            return self._rest(parts["team"], True)
        found = self._found(parts)
        name = str(found["displayName"])
        if found.get("isArchived"):
            return Kept(True, say("The channel is archived."))
        if not name.startswith(ENDED):
            name = self._called(parts, name, channel_name(f"{ENDED}{name}"))
        said = say(
            "The channel cannot be archived with coplink’s permissions: it is now called “{name}”. "
            "An owner of the host team can archive it in Teams.",
            name=name,
        )
        return Kept(False, said)

    @careful
    def restore(self, parts: Mapping[str, str]) -> Kept:
        """Wake a team, raising ``NotReadyYet`` until Microsoft has; give a channel its name back."""
        if owns_team(parts):
            return self._rest(parts["team"], False)
        found = self._found(parts)
        if found.get("isArchived"):
            return Kept(False, BY_HAND)
        name = str(found["displayName"])
        if name.startswith(ENDED):
            name = self._called(parts, name, channel_name(name.removeprefix(ENDED)))
        return Kept(True, say("The channel is called “{name}” again.", name=name))

    @careful
    def let_go(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        """What stays; with ``take_away`` our tab goes, and our subscription to the channel's files."""
        try:
            found = self._found(parts)
        except Gone:
            return ()
        team, (_, channel) = team_of(parts, self._settings), split_channel(parts)
        tab, link = parts.get("tab", NO_TAB), str(found.get("webUrl") or "")
        left = list[Left]()
        if take_away:
            if tab != NO_TAB:
                self._fittings.unpin(team, channel, tab)
            self._unsubscribe(parts)
        elif tab != NO_TAB:
            how = say("In the channel, open the menu of the tab “Community” and choose Remove.")
            left.append(Left("Community", link, how))
        name = str(found["displayName"])
        if owns_team(parts):
            how = say("In Teams, an owner takes the coplink app out under Manage team, Apps.")
            left.append(Left("coplink", link, how))
            how = say(
                "In Teams, an owner can delete the team with its channels and files: its menu, Delete team."
            )
        else:
            how = say("In Teams, an owner can delete the channel with its files: its menu, Delete channel.")
        return (*left, Left(name, link, how))

    # --- inside ---------------------------------------------------------------------------------------------------

    def _at(self, kit: Any, parts: Mapping[str, str]) -> Any:
        team = kit.teams.by_team_id(team_of(parts, self._settings))
        return team if owns_team(parts) else team.channels.by_channel_id(split_channel(parts)[1])

    def _found(self, parts: Mapping[str, str]) -> dict[str, Any]:
        return self._graph.get(lambda g: self._at(g, parts), service="teams")

    def _called(self, parts: Mapping[str, str], now: str, name: str) -> str:
        """The name it has afterwards: the one asked for, or with a suffix where another channel has it."""
        suffix = split_channel(parts)[1].partition("@")[0][-4:]
        apart = channel_name(name, suffix=suffix)
        if now == name or (now == apart and not owns_team(parts)):
            return now
        answer = self._graph.send(
            "PATCH", lambda g: self._at(g, parts), service="teams", body={"displayName": name}
        )
        if name_taken(answer) and not owns_team(parts):
            name = apart
            answer = self._graph.send(
                "PATCH", lambda g: self._at(g, parts), service="teams", body={"displayName": name}
            )
        accepted(answer, 200, 204)
        return name

    def _rest(self, team: str, asleep: bool) -> Kept:
        """Bring a team to rest or wake it; what is already so costs one look."""
        done = Kept(True, _RESTS if asleep else _WAKES)
        what = f"{'archive' if asleep else 'unarchive'} {team}"
        if self._rests(team) is asleep:
            self._running.forget(what)
            return done
        operation = self._running.pending(what)
        if operation is None:
            answer = self._graph.send(
                "POST",
                lambda g: g.teams.by_team_id(team).archive if asleep else g.teams.by_team_id(team).unarchive,
                service="teams",
                # That files become read-only too cannot be asked for without a person (Graph, "Archive team").
                body={} if asleep else None,
            )
            if already_there(answer):  # begun by an earlier go whose answer was lost
                raise NotReadyYet(_STILL, answer.detail(), EVERY)
            operation = begun(accepted(answer, 202))
            if operation is None or not operation.number:
                raise NotReadyYet(_STILL, answer.detail("no location"), EVERY)
            self._running.remember(what, operation)
        failure = self._running.failed(operation, _STILL)
        self._running.forget(what)
        if failure is not None:
            raise failure
        if self._rests(team) is not asleep:
            raise NotReadyYet(_STILL, "done and not shown", EVERY)
        return done

    def _rests(self, team: str) -> bool:
        return bool(self._graph.get(lambda g: g.teams.by_team_id(team), service="teams").get("isArchived"))

    def _unsubscribe(self, parts: Mapping[str, str]) -> None:
        resource = f"drives/{parts.get('folder', '').partition('/')[0]}/root"
        known = self._graph.listed(lambda g: g.subscriptions, service="files")
        for one in [str(k["id"]) for k in known if str(k.get("resource", "")).strip("/") == resource]:
            self._stop(one)

    def _stop(self, subscription: str) -> None:
        answer = self._graph.send(
            "DELETE", lambda g: g.subscriptions.by_subscription_id(subscription), service="files"
        )
        if answer.status != 404:
            accepted(answer, 204)
