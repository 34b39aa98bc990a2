"""Keeps everything in SQLite or PostgreSQL: one unit of work, a small repository per aggregate, one tree of migrations.

``database`` opens it, ``unit_of_work`` is the way in, ``tables`` says what is kept and why, ``sealing`` hides secrets.
Storage decides nothing: it keeps what the engine tells it and answers what was asked.
"""
