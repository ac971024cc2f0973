"""How fast the engine is, beside what others would write and beside what no engine can avoid; run this file.

Interleaved rounds on two cores in float64, f and the squared gradient norm recorded at every step. The construction of
problems, their decompositions, the start of pools and compilation are left out for all. Not part of the test run; the
gate runs ``--quick``, of half a minute, which fails where the textbook loop is no longer slow enough beside ours.
"""

import argparse
import datetime
import importlib.metadata
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import cases
import floors
import numpy as np
import rivals
from growth import report
from threadpoolctl import threadpool_info
from timing import Contestant, Spread, check_agreement, interleaved

from rac_theory import Case, RACLoRA, simulate, sketches
from rac_theory.runs.simulation.kernels.choice import kernel_for

RIVALS = {"naive": rivals.naive, "jax": rivals.with_jax, "torch": rivals.with_torch}
_COLUMNS = ("ours", *RIVALS, "ours, black box", "gradient products", "random numbers")
_RATIOS = (
    *((above, "ours") for above in ("naive", "jax", "torch", "gradient products")),
    ("ours", "random numbers"),
    ("ours, black box", "gradient products"),
)
_AT_LEAST = {
    "3x3-r1": (350, 594),
    "64x10-r1": (25, 40),
    "64x10-r4": (15, 18),
    "64x10-r16": (8, 10.9),
    "100x100-r1": (38, 40),
    "100x100-r4": (13, 13.5),
    "100x100-r16": (8, 8.8),
    "512x512-r1": (120, 206),
    "512x512-r4": (28, 52),
    "least-squares-r4": (50, 55),
    "softmax-digits-r4": (4.5, 5.0),
}
"""Naive over ours by case: below the first it is said that a ratio fell; the second was measured on 2026-11-26, on two
quiet cores with AVX-512, and is what we aim at."""
_OTHER_MACHINES = 2 / 3
"""Of the first: where none of eleven rounds reaches it, the quick comparison fails. With AVX2 digits are at 3.3 to 4.6,
by the engine of 2026-11-26 too, where they are asked to be at 4.5; where a neighbour uses the memory, a step of
512x512-r1 takes 58 us in one round and 117 in another.
"""
_FAR = 1.4
"""Times the first, above which fewer rounds do: one errs by 15%, seldom by a third, and what should fail would have to
err by a factor of two."""


def ours(case, problem, name="ours"):
    """The public call, with two workers that have full blocks."""
    algorithm = RACLoRA(sketches.Gaussian(case.shape[0], case.rank), gamma=case.gamma)

    def play(runs, steps, seed):
        ensemble = simulate(Case(algorithm, problem, steps=steps), runs=runs, rng=seed, n_jobs=2)
        return ensemble.values, ensemble.squared_gradients

    kernel = kernel_for(algorithm, problem, np.zeros(case.shape))
    return Contestant(name, play, 2 * kernel.block * kernel.streams)


def compete(case, names, rounds):
    """Check that all contestants do the same, time them, and return name to Spread."""
    engine = ours(case, case.problem)
    others = [RIVALS[name](case) for name in names]
    others.append(ours(case, cases.BlackBox(case.problem), "ours, black box"))
    check_agreement(engine, others)
    parts = [floors.gradient_products(case), floors.random_numbers(case)]
    return interleaved([engine, *others, *parts], case.steps, rounds)


def quick():
    """Print the ratios of each case to the textbook loop and to the floors; return the names of those that fell far."""
    heading("case", "ours, us", "naive / ours", "at least", "aim", "gradient products / ours", "ours / random numbers")
    shares = {name: _shares(name, rounds=3) for name in _AT_LEAST}
    if low := [name for name, share in shares.items() if share.median < _OTHER_MACHINES]:
        print("\nOnce more, and longer, what would fail:\n")
        shares |= {name: _shares(name, rounds=11) for name in low}
    fallen = [name for name, share in shares.items() if share.median < 1]
    busy = f"{os.getloadavg()[0]:.1f} processes at a time in the last minute"
    outcome = f"naive / ours fell below what it should be: {', '.join(fallen)}" if fallen else "no ratio fell"
    print(f"\n{outcome} (two are ours, of {busy})")
    return [name for name in low if max(shares[name].rounds) < _OTHER_MACHINES]


def _shares(name, rounds):
    """Print the line of a case, and return naive over ours as a share of what it should be at least, by rounds.

    So many rounds are played where that is near; the first may show that it is far above.
    """
    case = cases.ALL[name]()
    naive = replace(rivals.naive(case), steps=32 if case.shape[0] >= 512 else None)
    parts = naive, floors.gradient_products(case), floors.random_numbers(case)
    engine = replace(ours(case, case.problem), seconds=0.2)

    def shares(times):
        return Spread(tuple(ratio / _AT_LEAST[name][0] for ratio in times["naive"].over(times["ours"]).rounds))

    players = [engine, *(replace(part, seconds=0.1) for part in parts)]
    times = interleaved(players, case.steps, rounds, lambda so_far: shares(so_far).median > _FAR)
    ratios = [times[above].over(times[below]) for above, below in (_RATIOS[0], *_RATIOS[3:5])]
    row(name, times["ours"], ratios[0], *_AT_LEAST[name], *ratios[1:])
    return shares(times)


def installed(names):
    """Return the rivals that can be imported, and say which cannot."""
    there = []
    for name in names:
        try:
            if name != "naive":
                importlib.import_module(name)
            there.append(name)
        except ImportError:
            print(f"{name} is not installed and takes no part.\n")
    return there


def machine():
    """Describe the day, the processor and the versions in one line."""
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    model = models[0].partition(":")[2].strip() if models else platform.processor()
    kernels = {f"{pool['internal_api']} {pool.get('architecture', '')}".strip() for pool in threadpool_info()}
    forced = [f"{name}={os.environ[name]}" for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ]
    versions = [f"Python {platform.python_version()}"]
    for name in ("numpy", "scipy", "jax", "torch"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    day, cores = datetime.date.today().isoformat(), f"{model}, {os.cpu_count()} cores"
    return "; ".join([day, cores, *versions, *sorted(kernels), *forced])


def heading(*cells):
    """Print the head of a Markdown table."""
    row(*cells)
    row(*("---" for _ in cells))


def row(*cells):
    """Print a line of a Markdown table at once: a long benchmark should show what it has."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main():
    """Print the table of times, as the cases finish, and the table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition(";")[0])
    parser.add_argument("--cases", nargs="+", choices=cases.ALL, default=list(cases.ALL), metavar="CASE")
    parser.add_argument("--rivals", nargs="*", choices=RIVALS, default=list(RIVALS), metavar="RIVAL")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--growth", action="store_true", help="time and memory against size, instead of the contest")
    parser.add_argument(
        "--quick", action="store_true", help="beside the textbook loop and floors, in less than a minute"
    )
    arguments = parser.parse_args()
    print(machine(), end="\n\n")
    if arguments.quick:
        sys.exit(1 if quick() else 0)
    if arguments.growth:
        report(arguments.rounds)
        return
    names = installed(arguments.rivals)
    times = {}
    print("Microseconds for one step of one run: median [min..max].\n")
    heading("case", *_COLUMNS)
    for name in arguments.cases:
        times[name] = compete(cases.ALL[name](), names, arguments.rounds)
        row(name, *(times[name].get(column, "-") for column in _COLUMNS))
    print("\nRatios, round by round: median [min..max].\n")
    heading("case", *(f"{above} / {below}" for above, below in _RATIOS))
    for name, spread in times.items():
        row(name, *(spread[above].over(spread[below]) if above in spread else "-" for above, below in _RATIOS))


if __name__ == "__main__":
    main()
