"""The part of the check-up about the robot account: may coplink act as it, and with which permissions?

What it consented to itself stands in the answer of the token endpoint (RFC 6749, 5.1; field ``scope``). Where the
service account acts for it, Google refuses a token with any scope that is not delegated: only then is each asked for by
itself, so that the missing one can be named.
"""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.words import say
from coplink.ports.errors import IntegrationError, PermissionMissing, Reauthorize, Transient
from coplink.ports.integration import Capability, Check, Scope, Surroundings
from coplink_google import ADMIN, AUTH, BROUGHT_SCOPES, CHAT_SCOPES, ROBOT_SCOPES
from coplink_google.checks import AGAIN, CHAT, CLIENT, DELEGATE, KEY, MEETINGS, PLACES, refused
from coplink_google.fetch import NoAnswer, fetch_json
from coplink_google.operations import DELEGATION, ROBOT, of_mode, scopes
from coplink_google.options import Options
from coplink_google.quota import Quota
from coplink_google.workspace import Workspace

SIGN_IN = say("Sign in as the robot account")
PERMISSIONS = say("Permissions of the robot account")
SILENT = say("Google's sign-in service is not available at the moment.")


class RobotCheck:
    """``date`` is what the token endpoint gave as its time, once it was asked."""

    def __init__(self, google: Workspace, options: Options, around: Surroundings) -> None:
        self._google, self._options, self._around = google, options, around
        wanted = {AUTH + one for one in scopes(ROBOT, options.mode, chat=options.has_chat)}
        self._scopes = tuple(
            scope for scope in ROBOT_SCOPES + BROUGHT_SCOPES + CHAT_SCOPES if scope.name in wanted
        )
        self.date = ""

    def lines(self) -> list[Check]:
        """Whether coplink gets in as the robot account, and what it may do there."""
        return self._delegated() if self._options.mode == DELEGATION else self._consented()

    def told(self, lines: list[Check]) -> set[str]:
        """The scopes about which enough is said: where one is not delegated, no other of its API works either."""
        named = {scope for line in lines for scope in line.scopes}
        if self._options.mode != DELEGATION:
            return named
        rows = [one for one in of_mode(DELEGATION, self._options.has_chat).values() if one.subject == ROBOT]
        shut = {one.api for one in rows if AUTH + one.scope in named}
        return {AUTH + one.scope for one in rows if one.api in shut}

    # --- by its own consent ---------------------------------------------------------------------------------------

    def _consented(self) -> list[Check]:
        """Sign in as the robot account and read what was granted; the token itself is dropped."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._options.robot_refresh_token,
            "client_id": self._options.client_id,
            "client_secret": self._options.client_secret,
        }
        silent = Check(str(SIGN_IN), False, SILENT, ADMIN, where=AGAIN, asked=False, stops=MEETINGS)
        try:
            Quota(self._around.pace).take("sign-in")
            status, answer, headers = fetch_json(self._options.token_url, self._around.timeout, form)
        except (NoAnswer, Transient):
            return [silent]
        self.date = headers.get("date", "")
        if status >= 500 or status == 429:
            return [silent]
        if status != 200:
            client = answer.get("error") == "invalid_client"
            said = say("Google no longer accepts coplink's credentials.")
            return [
                Check(str(SIGN_IN), False, said, ADMIN, where=CLIENT if client else AGAIN, stops=MEETINGS)
            ]
        return [Check(str(SIGN_IN), True, say("Works.")), *self._granted(answer)]

    def _granted(self, answer: Mapping[str, object]) -> list[Check]:
        """One line for each scope the robot account did not grant; one where none is missing."""
        told = answer.get("scope")
        if not isinstance(told, str):
            said = say("Google does not show what the robot account granted.")
            fallback = say("Each feature says so itself where something is missing.")
            return [Check(str(PERMISSIONS), True, said, fallback=fallback)]
        missing = [scope for scope in self._scopes if scope.name not in told.split()]
        lines = []
        for scope in missing:
            name = _short(scope)
            said = say(
                "The robot account did not grant {name}. Without it: {without}.",
                name=name,
                without=scope.without,
            )
            title = str(say("Permission {name}", name=name))
            lines.append(Check(title, False, said, ADMIN, (scope.name,), AGAIN, stops=_stops(scope)))
        return lines or [self._all()]

    # --- by delegation --------------------------------------------------------------------------------------------

    def _delegated(self) -> list[Check]:
        """Whether the service account may act as the robot account."""
        rows = [one for one in of_mode(DELEGATION, self._options.has_chat).values() if one.subject == ROBOT]
        try:
            for api in dict.fromkeys(one.api for one in rows):
                self._google.renew(api)
        except PermissionMissing:
            return self._one_by_one()
        except Reauthorize as error:  # the key was deleted, or nobody has this address
            return [Check(str(SIGN_IN), False, error.message, ADMIN, where=KEY, stops=MEETINGS)]
        except IntegrationError as error:
            return [refused(str(SIGN_IN), error, DELEGATE, MEETINGS)]
        return [Check(str(SIGN_IN), True, say("Works.")), self._all()]

    def _one_by_one(self) -> list[Check]:
        missing = list[Scope]()
        for scope in self._scopes:
            try:
                self._google.act_as_robot(scope.name)
            except PermissionMissing:
                missing.append(scope)
            except IntegrationError as error:
                return [refused(str(SIGN_IN), error, DELEGATE, MEETINGS)]
        names = tuple(scope.name for scope in missing)
        if len(missing) == len(self._scopes):
            said = say("The service account may not act as the robot account: nothing is delegated to it.")
            return [Check(str(SIGN_IN), False, said, ADMIN, names, DELEGATE, stops=MEETINGS)]
        lines = [Check(str(SIGN_IN), True, say("Works."))]
        for scope in missing:
            name = _short(scope)
            said = say("{name} is not delegated. Without it: {without}.", name=name, without=scope.without)
            title = str(say("Permission {name}", name=name))
            lines.append(Check(title, False, said, ADMIN, (scope.name,), DELEGATE, stops=_stops(scope)))
        return lines if missing else [*lines, self._all()]

    def _all(self) -> Check:
        return Check(str(PERMISSIONS), True, say("All {count} are granted.", count=len(self._scopes)))


def _stops(scope: Scope) -> frozenset[Capability]:
    if "/chat." in scope.name:
        return CHAT
    return PLACES if scope.name.endswith("/drive") else MEETINGS


def _short(scope: Scope) -> str:
    return scope.name.rpartition("/")[2]
