"""What the LTI door says when it does not open: a sentence for the person, the detail for the log."""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.errors import LaunchError, LostState, PendingDeployment
from coplink.core.words import say
from coplink.lti.claims import clean
from coplink.ports.records import Deployment


def pending(deployment: Deployment) -> PendingDeployment:
    """A deployment that nobody has approved yet."""
    message = say("coplink waits for an administrator's approval here. Please come back when it is given.")
    return PendingDeployment(message, f"{deployment.deployment_id!r} of {deployment.registration} is pending")


def lost(detail: str) -> LostState:
    """A launch without the beginning it claims."""
    message = say(
        "This visit could not be matched to its beginning: it is too old, was used already, or the browser kept no"
        " cookie. Please open coplink again from the learning platform."
    )
    return LostState(message, detail)


def platform_said_no(form: Mapping[str, str]) -> LaunchError:
    """A platform's error answer (OpenID Connect Core 3.1.2.6); its own words go to the log only."""
    code = form["error"]
    if code in ("login_required", "interaction_required"):
        message = say(
            "You are no longer signed in at the learning platform. Sign in there and open coplink again."
        )
    elif code in ("temporarily_unavailable", "server_error"):
        message = say(
            "The learning platform has a problem right now. Please open coplink again in a few minutes."
        )
    elif code in ("unauthorized_client", "access_denied", "invalid_scope"):
        message = say(
            "The learning platform does not let coplink in. Its administrator must check its settings."
        )
    else:
        message = say("The learning platform could not open coplink. Please try again from there.")
    return LaunchError(
        message, f"platform: {clean(code)[:100]!r} {clean(form.get('error_description', ''))[:200]!r}"
    )
