"""What stands around the claims of everything coplink signs for a platform."""

from __future__ import annotations

import jwt

from coplink.lti import deep_linking
from coplink.lti.connector import Connector
from coplink.lti.deep_linking import Asked
from coplink.lti.our_keys import OurKeys


def test_an_answers_header_names_a_key_and_carries_none(door, storage, clock):
    keys = OurKeys(storage)
    registration = door.registrations["reg-north"]
    asked = Asked("reg-north", "deployment-1", "https://lms.example/back", ("ltiResourceLink",))
    answer = deep_linking.answer(asked, registration, keys.current(clock.now()), [], clock.now())
    assertion = Connector(storage, keys, clock).assertion(registration)
    [published] = keys.jwks(clock.now())["keys"]
    for signed in (answer, assertion):
        assert jwt.get_unverified_header(signed) == {"alg": "RS256", "typ": "JWT", "kid": published["kid"]}
