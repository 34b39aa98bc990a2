"""The campus: every platform pretended in memory, on a clock that is moved, with weather. For the simulation.

    weather.py      which call fails, and how: drawn from a seed, or read from a script
    rooms.py        what stands in one suite of one institution, and what its own people do there by hand
    seats.py        the port of seats: stale and half readings, lost answers, refusals
    places.py       the ports of spaces, directory, calendar and library
    suite.py        the suite as an integration: manifest, connection
    course.py       the roster of a course, page by page, whole or not

May import core and ports. A campus knows nothing of what coplink remembers.
"""
