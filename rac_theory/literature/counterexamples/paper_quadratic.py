"""The quadratic on which LoRA and Chain of LoRA are said to diverge, with a linear term of our own."""

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.problems import Quadratic

CURVATURES = (10.0, *[1.0] * 8)
"""The diagonal of M in ``f(x) = x' M x + b' x``; the Hessian is 2 M and L = 20."""


def paper_quadratic(W_star: Array) -> Quadratic:
    """Return f on 3 x 3 matrices up to a constant: ``b = -2 M vec(W_star)``, which is not known, is set by W_star."""
    return Quadratic.full(2 * np.diag(CURVATURES), W_star)


def random_paper_quadratic(seed: int) -> Quadratic:
    """Return the one whose W_star has standard Gaussian entries."""
    return paper_quadratic(np.random.default_rng(seed).standard_normal((3, 3)))
