"""A whole world from a seed: two institutions with the same ids, weather, crashes; engine and database are real.

    coplink-sim --seed 17 --trace          one world's story
    coplink-sim --seeds 500                many, in parallel
    coplink-sim --mutants                  planted bugs, each of which must be caught

    house.py        the database and the services of one process, made anew after a crash
    world.py        institutions, people, suites and communities; what time does
    truth.py        what people did, beside the database; what coplink may write and what it may not
    deeds.py        what happens in a world: acts of people, of admins, of platforms, of machines
    checks.py       how a world must be once the weather is fair again
    life.py         agitate, heal, check
    mutants.py      bugs to be planted
    planting.py     plants one into the text of a module, as it is loaded
    many.py         many worlds in parallel, and their summary
    command.py      the command

May import everything but web and cli. Invariants I1 to I22 are those of ``docs/simulation.md``.
"""

from coplink.simulation.planting import plant

plant()
