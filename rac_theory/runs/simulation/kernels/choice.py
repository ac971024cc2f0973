"""Which kernel serves a case."""

import numpy as np

from rac_theory.algorithms import Algorithm
from rac_theory.base import Array, repr_of
from rac_theory.problems import Problem
from rac_theory.runs.simulation.kernels.diagonal import Diagonal, Turned
from rac_theory.runs.simulation.kernels.kernel import Kernel
from rac_theory.runs.simulation.kernels.runs_last import RunsLast
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.runs.simulation.kernels.thin_products import ThinProducts

_SMALL = 128  # d q r, the work of a step, below which a call of BLAS costs more than it does


def kernel_for(algorithm: Algorithm, problem: Problem, start: Array, distances: bool = False) -> Kernel:
    """Return the kernel for a case, by its kind and its shapes alone; runs have the precision of the start.

    ``distances`` asks for the squared distances to the minimiser of the problem too.
    """
    case = Diagonal.of(algorithm, problem, start, distances)
    if case is None and (turned := Turned.of(algorithm, problem, start, distances)) is not None:
        return turned
    if case is None:
        minimiser = _minimiser(problem).astype(start.dtype) if distances else None
        problem = _in_precision(problem, start)
        return Stepping(algorithm, problem, start, minimiser)
    return RunsLast(case) if case.start.size * case.sketch.rank <= _SMALL else ThinProducts(case)


def _in_precision(problem: Problem, start: Array) -> Problem:
    """Return the problem as it is computed in the precision of the start."""
    if start.dtype == np.float64:
        return problem
    single: Problem | None = getattr(problem, "single_precision", None)
    if single is None:
        raise ValueError(
            f"dtype must be float64 for a problem without a member single_precision, got it for {repr_of(problem)}"
        )
    return single


def _minimiser(problem: Problem) -> Array:
    W_star: Array | None = getattr(problem, "W_star", None)
    if W_star is None:
        raise ValueError(
            f"record must not have 'distances' for a problem without a known W_star, got {repr_of(problem)}"
        )
    return W_star
