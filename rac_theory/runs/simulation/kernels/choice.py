"""Which kernel serves a case."""

from typing import Any

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
        minimiser = None
        if distances:
            rule = "record must not have 'distances' for a problem without a known W_star, got"
            minimiser = _member(problem, "W_star", rule).astype(start.dtype)
        if start.dtype != np.float64:
            rule = "dtype must be float64 for a problem without a member single_precision, got it for"
            problem = _member(problem, "single_precision", rule)
        return Stepping(algorithm, problem, start, minimiser)
    return RunsLast(case) if case.start.size * case.sketch.rank <= _SMALL else ThinProducts(case)


def _member(problem: Problem, name: str, rule: str) -> Any:
    if (member := getattr(problem, name, None)) is None:
        raise ValueError(f"{rule} {repr_of(problem)}")
    return member
