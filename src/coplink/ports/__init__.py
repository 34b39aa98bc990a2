"""What the engine needs from the world, as protocols and plain values; no behaviour.

``integration`` is the front page for authors of integrations; ``storage`` and ``jobs`` are the house's own. May import:
``coplink.core`` only.
"""
