"""Ensembles of independent runs, in blocks: the story of every experiment."""

import sys
import warnings
from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from rac_theory.algorithms import MethodDescent
from rac_theory.base import checks
from rac_theory.cases import Case, check_runs
from rac_theory.numerics import Randomness, seed_sequence
from rac_theory.runs.simulation.blocks import simulate_part
from rac_theory.runs.simulation.trajectory import Trajectory


def simulate(
    case: Case,
    *,
    runs: int = 1,
    rng: Randomness = None,
    n_jobs: int = 1,
    dtype: DTypeLike = np.float64,
    record: Collection[Literal["distances", "W", "factors", "states"]] = (),
) -> Trajectory:
    """Run an ensemble and record f and the squared gradient norm at every step.

    Runs come in blocks of a fixed size, each with a random stream of its own. So the numbers are the same for any
    number of workers on one machine, and R runs are the first R of any larger ensemble. BLAS uses one thread: at these
    sizes more are slower, and the bits would depend on their number.

    A run that diverges goes to infinity or nan, and stays there; a warning names the step size and 2/L.

    Parameters
    ----------
    case : Case
        With the number of steps.
    runs : int
        At least 1.
    rng : seed, SeedSequence or Generator
        With a seed, the same call gives the same bits.
    n_jobs : int
        Workers, as in joblib: processes, unless ``joblib.parallel_config`` says otherwise.
    dtype : float64 or float32
        The precision of the runs. Sketches are drawn in double precision and rounded, so that both see the same ones.
    record : collection of str
        What is recorded beside f and the squared gradient norm: ``"distances"`` for squared distances to ``W_star``,
        ``"W"`` for every iterate, ``"factors"`` for B and A at every step of an algorithm that has some, ``"states"``
        for all matrices that a method keeps. It changes no run: factors are those that ``algorithm.factored`` yields
        beside the iterates that run.

    Raises
    ------
    ValueError
        For arguments that do not fit together, an algorithm whose iterates are none, and one whose ``factored`` yields
        other weights than its ``iterates``.

    Examples
    --------
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory import Case, RACLoRA, simulate
    >>> from rac_theory.sketches import Gaussian
    >>> problem = PLSine((3, 2))
    >>> case = Case(RACLoRA(Gaussian(3, 1), gamma=1 / problem.L), problem, steps=200)
    >>> run = simulate(case, runs=8, rng=0)
    >>> run.values.shape, bool((run.gaps[:, -1] < 1e-6).all())
    ((8, 201), True)
    >>> few = simulate(case, runs=3, rng=0)
    >>> bool((few.values == run.values[:3]).all())  # the first of a larger ensemble, to the bit
    True
    """
    check_runs(case)
    record = checks.several("record", record)
    for name in record:
        checks.one_of("record", name, ("distances", "W", "factors", "states"))
    if "factors" in record and not hasattr(case.algorithm, "factored"):
        raise ValueError(
            f"record must not have 'factors' for an algorithm without them, as a method factored shows, got it for "
            f"{case.algorithm!r}; 'W' records its iterates"
        )
    if "states" in record and not isinstance(case.algorithm, MethodDescent):
        raise ValueError(
            f"record must not have 'states' for an algorithm that is no method with several, got it for "
            f"{case.algorithm!r}; 'W' records its iterates"
        )
    checks.count("runs (steps + 1)", checks.count("runs", runs) * (case.steps + 1))
    checks.workers("n_jobs", n_jobs)
    recorded = [name for name in ("W", "factors", "states") if name in record]
    run = simulate_part(case, seed_sequence(rng), 0, runs, n_jobs, dtype, "distances" in record, recorded)
    if not np.isfinite(run.values[:, -1]).all():
        _warn(case)
    return run


def _warn(case: Case) -> None:
    """Say why runs may have diverged, to who called ``simulate``: where our own examples do, it is what they show."""
    gamma, L = case.algorithm.gamma, case.problem.L
    limit = f", and 2 / L is {2 / L:.4g}" if L > 0 else ""
    if not sys._getframe(3).f_globals["__name__"].startswith("rac_theory."):  # past this, simulate and what answers
        warnings.warn(f"runs left the range of floating point: gamma is {gamma:.4g}{limit}", stacklevel=4)
