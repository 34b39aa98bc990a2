"""The worker: turns a job into one engine call, and an error into what happens next.

``handlers`` binds the kinds of work to engine functions; ``timers`` marks what time makes due; ``house`` checks what is
coplink's own. May import: wiring and inwards.
"""
