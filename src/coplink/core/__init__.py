"""The vocabulary and the rules of a community of practice.

Frozen values and functions over them; nothing here reads a clock, logs or does I/O (the zone database excepted).
Start with ``people``, ``community`` and ``spaces`` for the words, ``plan`` for the heart of it, ``access`` for who may
do what. May import: itself only.
"""
