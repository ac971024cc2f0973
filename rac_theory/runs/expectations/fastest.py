r"""The learning rate with the best exact rate, which no theorem about all functions can promise, beside what one does.

The factor a step is a convex function of the learning rate. In coordinates :math:`E = Q^{1/2} (W - W^*)` a step is
:math:`E - \eta N E`, with :math:`N = Q^{1/2} M Q^{1/2}` semidefinite, and second moments go by
:math:`X \to X - \eta (E[N] X + X E[N]) + \eta^2 E[N X N]`. This map is self-adjoint and takes semidefinite matrices to
such, so that its spectral radius is its largest eigenvalue: the maximum of :math:`\langle X, \cdot X \rangle` over X of
norm one, each of which is convex in :math:`\eta` as :math:`E \langle X, N X N \rangle \ge 0`. So one search finds it.
"""

import math
from typing import NamedTuple

from scipy.optimize import brentq, minimize_scalar

from rac_theory.algorithms import RACLoRA, Side
from rac_theory.cases import Case
from rac_theory.problems import Problem
from rac_theory.runs.expectations.expectation import exact_rate
from rac_theory.sketches import Sketch

_STILL = 1e-12  # a rate that is no further below one is one
_RELATIVE = 1e-6


class Fastest(NamedTuple):
    """The learning rate with the smallest exact rate, that from which on there is none below one, and the rate.

    Both learning rates are nan where no rate is below one. They are found to about a part in a hundred thousand.
    """

    best: float
    longest: float
    rate: float


def fastest_learning_rate(
    problem: Problem, sketch: Sketch | None, *, lora_alpha: float | None = None, side: Side = "left"
) -> Fastest:
    """Return the ``gamma`` of ``RACLoRA`` with this sketch for which ``exact_rate`` is smallest.

    Parameters
    ----------
    problem : Problem
        A quadratic, or least squares, of which the rank is known.
    sketch : Sketch or None
        None is gradient descent, where it is 2/(L + mu).
    lora_alpha : float, optional
        The scaling of LoRA, > 0, and so the plain step; None is the projected step.
    side : Side
        Which side of the gradient the sketch is on.

    Raises
    ------
    Unsupported
        Where there is no exact rate.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import fastest_learning_rate, learning_rate
    >>> from rac_theory.sketches import Gaussian
    >>> problem = Quadratic.left(np.diag([1.0] + [0.1] * 9), np.ones((10, 1)))
    >>> for rank in (1, 4):
    ...     promised = learning_rate(problem, Gaussian(10, rank), lora_alpha=2.0)
    ...     exact = fastest_learning_rate(problem, Gaussian(10, rank), lora_alpha=2.0)
    ...     print(f"rank {rank}: {promised.best:.3f} is promised {1 - problem.mu * promised.nu:.3f} a step,", end=" ")
    ...     print(f"{exact.best:.3f} has {exact.rate:.3f}")
    rank 1: 0.064 is promised 0.974 a step, 0.102 has 0.946
    rank 4: 0.580 is promised 0.942 a step, 1.018 has 0.851
    """

    def rate(eta: float) -> float:
        return exact_rate(Case(RACLoRA(sketch, eta, side, lora_alpha=lora_alpha), problem))

    scale = RACLoRA(sketch, 1.0, side, lora_alpha=lora_alpha).plain_scale
    high = 2 / float(problem.L) / scale
    while rate(high / 2) > 1 + _STILL:  # Gaussian entries: far too long
        high /= 2
    while rate(high) < 1:
        high *= 2
    found = minimize_scalar(rate, bounds=(0.0, high), method="bounded", options={"xatol": _RELATIVE * high})
    best, least = float(found.x), float(found.fun)
    if least > 1 - _STILL:
        return Fastest(math.nan, math.nan, 1.0)
    longest = brentq(lambda eta: rate(eta) - 1, best, high, rtol=_RELATIVE)
    return Fastest(best, float(longest), least)
