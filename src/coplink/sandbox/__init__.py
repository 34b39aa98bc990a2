"""The pretend region and its weather: vendor APIs over HTTP on loopback, for the demo and the tests.

``district`` holds the people, schools and courses; ``store`` keeps a sandbox's state, in memory or in a file; ``wire``
turns a set of strict routes into a WSGI application that counts what it is asked; ``weather`` spoils answers on
purpose. The vendors' own rules live in ``coplink.lti.sandbox`` and ``coplink_<name>.sandbox``, announced as entry
points and never imported by production code. May import: ports and core; werkzeug.
"""
