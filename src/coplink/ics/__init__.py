"""Calendars as text (RFC 5545): ``write`` makes a community's feed, ``read`` turns a district's calendar into breaks.

May import: core, icalendar, recurring-ical-events. It never decides when a meeting is: ``coplink.core.rhythm`` does.
"""
