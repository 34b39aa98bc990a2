"""Giving the robot account's refresh token back when a connection ends (RFC 7009, OAuth 2.0 Token Revocation).

Google takes it at ``/revoke`` beside ``/token``, and with it the whole consent that the account gave to this client.
"""

from __future__ import annotations

from coplink.core.words import say
from coplink.ports.errors import Reauthorize, Unavailable
from coplink.ports.integration import Call, Surroundings
from coplink_google import ADMIN
from coplink_google.fetch import NoAnswer, fetch_json
from coplink_google.options import Options
from coplink_google.quota import Quota


def give_back(options: Options, around: Surroundings) -> None:
    """Revoke it; one that opens nothing any more raises ``Reauthorize``, silence ``Unavailable``."""
    if not options.robot_refresh_token:
        return
    Quota(around.pace).take("sign-in")
    address = f"{options.token_url.rpartition('/')[0]}/revoke"
    begun, status = around.clock.now(), 0
    try:
        status, _, _ = fetch_json(address, around.timeout, {"token": options.robot_refresh_token})
    except NoAnswer as error:
        if not str(error).startswith("status 200"):  # without JSON it is done all the same
            raise _silent(str(error)) from None
    finally:
        seconds = (around.clock.now() - begun).total_seconds()
        around.record(Call("google", "signin.revoke", status, seconds))
    if status >= 500 or status == 429:
        raise _silent(f"revoke {status}")
    if status >= 400:
        raise Reauthorize(say("Google knows this consent no more."), ADMIN, f"revoke {status}")


def _silent(detail: str) -> Unavailable:
    return Unavailable(say("Google does not answer."), detail)
