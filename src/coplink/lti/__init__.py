"""LTI 1.3: the way in from a learning platform, and what may be asked of it afterwards.

Start reading at ``launch``: ``begin`` answers a login initiation, ``complete`` turns the launch that follows into an
``Arrival``. ``rosters`` reads who is in a course through ``connector``; ``keys`` holds our keys and the platforms'.
The library ``pylti1p3`` builds addresses and messages; every security decision is made here. May import: ports, core.
"""
