"""A step size with a certificate: the problem's own at each W, or 1/L, which is certified everywhere."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from rac_theory.base import Array, shown
from rac_theory.numerics import rounded
from rac_theory.problems.problem import Problem


def check_certifies(problem: Problem) -> None:
    """Raise a ``ValueError`` if a problem certifies no step: it says none at W, and L is unknown or zero."""
    if not hasattr(problem, "certified_step") and not 0 < float(problem.L) < math.inf:
        raise ValueError(
            f"problem must certify a step at each W, by a method certified_step(W, G) or a known L > 0, got L = "
            f"{problem.L:g} of {shown(problem)}"
        )


def certified_step(problem: Any, W: Array, G: Array) -> Array:
    """Return a step that is certified at each W of a batch, (..., m, n), where G is the gradient: (...).

    Parameters
    ----------
    problem : Problem
        With a method ``certified_step``, or a known L.
    W, G : (..., m, n)
        Where the step is taken, and the gradient there.

    Returns
    -------
    (...)
        A step for each W, >= 0.

    Raises
    ------
    ValueError
        If a problem's own is not one step, that is not negative, for each W.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import LogisticRegression, Quadratic
    >>> from rac_theory.problems.certified_step import certified_step
    >>> problem = LogisticRegression([[2.0], [1.0], [-1.0]], y=[1, 1, -1])
    >>> W = np.array([[[0.0]], [[2.0]], [[4.0]]])
    >>> certified_step(problem, W, problem.gradient(W)).round(3).tolist()  # the loss falls, and its curvature
    [2.0, 2.757, 20.472]
    >>> certified_step(Quadratic.left([[4.0]], [[1.0]]), W, W).tolist()  # nothing better is known: 1/L
    [0.25, 0.25, 0.25]
    """
    method = getattr(problem, "certified_step", None)
    if method is None:
        proved = np.full(W.shape[:-2], rounded(1 / Fraction(problem.L), -math.inf))  # 1/5 is more than a fifth
    else:
        proved = np.asarray(method(W, G))
    steps = proved.astype(W.dtype, copy=False)
    if steps.dtype != proved.dtype:  # which rounds to nearest, perhaps up
        steps = np.nextafter(steps, np.zeros_like(steps))
    if steps.shape != W.shape[:-2] or (steps < 0).any():
        got = f"shape {steps.shape}" if steps.shape != W.shape[:-2] else f"{np.nanmin(steps):.3g}"
        raise ValueError(f"certified_step must return a step >= 0 for each W, of shape {W.shape[:-2]}, got {got}")
    return steps
