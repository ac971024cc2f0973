"""L_H of every named sketch at the size of a model: how long it takes, and where it is a bound how far above draws.

``python tests/benchmarks/model_size.py`` prints the table of the page of spectra; ``--dim`` and ``--rank`` change the
size. Each sketch has a process of its own, so that its memory is its own.
"""

import argparse
import multiprocessing
import resource
import time

import numpy as np

from rac_theory.gains.gain import smoothness_along
from rac_theory.numerics.linalg import orthonormal_range
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches.named import NAMED

DRAWS = 32
NEIGHBOURS = 64  # coordinates whose means are taken together


def falling(dim):
    """Curvature that falls from 1 to 1/10,000 from the first coordinate to the last."""
    return np.geomspace(1.0, 1e-4, dim)


def dense(dim):
    """Features of rank dim/4 with falling scales, X'X/N."""
    X = np.random.default_rng(0).standard_normal((dim // 4, dim)) * np.geomspace(1, 1e-2, dim)
    return X.T @ X / len(X)


def seen(sketch, curvature):
    """The largest ratio along neighbours, of means over draws: at most L_H but for chance, as S is diagonal."""
    Q = orthonormal_range(sketch.sample(np.random.default_rng(1), DRAWS))
    inner = np.swapaxes(Q, 1, 2) @ (curvature[:, None] * Q)
    along, drawn = ((Q @ inner) * Q).sum(axis=2).mean(axis=0), (Q**2).sum(axis=2).mean(axis=0)
    starts = range(0, len(drawn), NEIGHBOURS)
    return max(along[i : i + NEIGHBOURS].sum() / drawn[i : i + NEIGHBOURS].sum() for i in starts)


def measure(name, dim, rank):
    """Print a line for one sketch: seconds and L_H/L for both matrices, megabytes, and what draws show."""
    sketch = NAMED[name](dim, rank)
    line = f"{name:28}"
    for make in (lambda: dense(dim), lambda: np.diag(falling(dim))):
        S = make()
        start = time.perf_counter()
        Q = Smoothness.of_terms([(S, np.eye(1))])
        found = smoothness_along(sketch, Q, draws=0)
        line += f"{time.perf_counter() - start:8.1f}{found.L_H / Q.largest:9.5f}"
    line += f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:6}"
    if "at most" in found.provenance:
        line += f"  {found.L_H / seen(sketch, falling(dim)):.3f} of draws"
    print(f"{line}  {found.provenance}", flush=True)


def main():
    """Measure all of them, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dim", type=int, default=4096)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--sketch", nargs="+", default=list(NAMED))
    arguments = parser.parse_args()
    print("sketch                         dense    L_H  falling     L_H    MB")
    for name in arguments.sketch:
        size = name, arguments.dim, arguments.rank
        process = multiprocessing.get_context("spawn").Process(target=measure, args=size)
        process.start()
        process.join()


if __name__ == "__main__":
    main()
