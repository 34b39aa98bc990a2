"""Every single fault at every input and output of written scenarios, and every pair in some of them.

scenarios.py    what people, platforms and courses do in each, and what must have come of it
stage.py        a world in which a scenario is played: two suites, its acts, its moments of rest
injector.py     at each call and each commit the process is copied once for each fault that can come there
memory.py       the database of such a process: in memory, so that it is copied along
states.py       the whole state of a stage as one number: what was followed once is not followed again
ending.py       the faults stop: how many rounds until all is as it should be, and nothing is written any more
search.py       all of it, on all cores, and its summary
command.py      ``coplink-sim --every-fault``
"""
