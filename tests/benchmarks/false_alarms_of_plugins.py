"""How often check_sketch and check_problem complain about what is right: our own, for many seeds.

Run ``python -m tests.benchmarks.false_alarms_of_plugins sketches problems --seeds 100``: one line for each, and exit
code 1 if there was a complaint. At alpha = 1e-6 for each of some forty claims a sketch is to pass 100 seeds with odds
of 250 to 1 or better; a search for a counterexample has no false alarms by chance.
"""

import argparse
import sys
import time

from rac_theory.sketches import NAMED, named_sketch
from rac_theory.testing import check_problem, check_sketch
from tests.mutants.wrong_sketch_laws import TRUE
from tests.testing.test_check_problem import OURS

SIZES = ((1, 1), (2, 1), (4, 2), (5, 3), (8, 3))


def sketches():
    """Every sketch of ours that exists at each of the sizes, and others that are right."""
    found = {}
    for name in NAMED:
        for dim, rank in SIZES:
            if name != "subsampled_hadamard" or dim & (dim - 1) == 0:
                found[f"{name} {dim}x{rank}"] = named_sketch(name, dim, rank)
    return found | TRUE


KINDS = {"sketches": (check_sketch, sketches), "problems": (check_problem, lambda: OURS)}


def complaints(kind, seeds):
    """Yield for each of a kind its name, the sentences of the seeds that complained, and seconds of a check."""
    check, make = KINDS[kind]
    for name, subject in make().items():
        begin, said = time.process_time(), []
        for seed in range(seeds):
            try:
                check(subject, rng=seed)
            except AssertionError as complaint:
                said.append(f"seed {seed}: {complaint}")
        yield name, said, (time.process_time() - begin) / seeds


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="+", choices=KINDS)
    parser.add_argument("--seeds", type=int, default=100)
    arguments = parser.parse_args()
    alarms = 0
    for kind in arguments.kinds:
        for name, said, seconds in complaints(kind, arguments.seeds):
            alarms += len(said)
            print(f"{kind:9} {name:45} {len(said):3} of {arguments.seeds}, {seconds:.2f} s each", flush=True)
            for sentence in said[:3]:
                print(f"    {sentence}")
    print(f"{alarms} false alarms")
    sys.exit(bool(alarms))


if __name__ == "__main__":
    main()
