"""What coplink does: one verb per module, plain functions over units of work and connections.

Someone comes: ``arrive`` (then ``claim`` if they were known by another door). A community begins: ``found``, then
``provision`` makes its spaces. People: ``rosters`` offers, ``invitations`` opens a link, ``join`` is the only place a
membership changes, ``reconcile`` keeps the seats. ``lifecycle`` renames, puts to rest, wakes and lets
go, and ``upkeep`` carries it there. Meetings: ``meetings``. Files: ``collect``, ``watches``. Said to
everybody: ``saying``, ``announce``. Setting up: ``connect``. Time: ``sweep`` finds what is due, ``attention`` decides
what an error means. Pages read through ``reading`` and never touch a platform. May import: ports and core; no clock,
no log, no SQL, no SDK.
"""
