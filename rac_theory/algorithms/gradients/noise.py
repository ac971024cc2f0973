"""The noise of stochastic gradients: the constants (A, beta, C) of the structured noise inequality."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from rac_theory.base import Value, checks
from rac_theory.numerics import rounded
from rac_theory.problems import FiniteSum, heterogeneity


@dataclass(frozen=True, eq=False, repr=False)
class Noise(Value):
    r"""Structured noise: ``E||Hg||^2 <= beta <G, E[H] G> + lambda_max (2 A (f - f*) + C)``.

    For every random projection H independent of the stochastic gradient g of mean ``G = grad f``, where
    ``lambda_max`` is the largest eigenvalue of E[H]. Without a sketch, ``E||g||^2 <= beta ||G||^2 + 2 A (f - f*) + C``.
    Each constant is rounded up. Where f* is unknown ``f_lower`` stands for it, in C and so in the inequality.

    Attributes
    ----------
    A : float
        In the unit of L.
    beta : float
        Dimensionless, at most 1.
    C : float
        In squared units of the gradient.
    provenance : mapping
        For each constant, one line that says where it comes from.

    References
    ----------
    For H = I and beta in general this is the ABC inequality of Khaled & Richtárik, arXiv:2002.03329.

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory import Minibatch
    >>> noise = Minibatch(1).noise(LeastSquares([[1.0], [1.0]], Y=[0.0, 2.0]))
    >>> print(f"E||g||^2 <= {noise.beta:g} ||grad f||^2 + {2 * noise.A:g} (f - f*) + {noise.C:.4g}")
    E||g||^2 <= 0 ||grad f||^2 + 2 (f - f*) + 1
    >>> noise.provenance["A"]
    's L_max, rounded up; s = (N - b)/(b (N - 1)) = 1 for b = 1, N = 2'
    """

    A: float
    beta: float
    C: float
    provenance: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


NO_NOISE = Noise(0.0, 1.0, 0.0, dict.fromkeys(("A", "beta", "C"), "the gradient is exact"))
"""The noise of the exact gradient."""


def additive_noise(sigma: float) -> Noise:
    """Return the constants of a gradient plus independent noise of total variance ``sigma^2``: (0, 1, sigma^2).

    Parameters
    ----------
    sigma : float
        The root of the total variance, >= 0, in units of the gradient.

    Returns
    -------
    Noise

    Examples
    --------
    >>> from rac_theory.algorithms.gradients import additive_noise
    >>> noise = additive_noise(sigma=0.5)
    >>> noise.A, noise.beta, noise.C
    (0.0, 1.0, 0.25)
    """
    C = rounded(Fraction(checks.finite("sigma", sigma, at_least=0)) ** 2, math.inf)
    return Noise(0.0, 1.0, C, dict.fromkeys(("A", "beta", "C"), "additive noise: E||Hn||^2 <= lambda_max sigma^2"))


def minibatch_noise(problem: FiniteSum, size: int, *, replace: bool) -> Noise:
    r"""Return the constants of a fresh uniform minibatch: ``A = s L_max``, ``beta = 1 - s``, ``C = s D``.

    Parameters
    ----------
    problem : FiniteSum
        Of N components; ``D = 2 L_max (f* - mean f_i*)`` is its ``heterogeneity``.
    size : int
        The number b of components in a minibatch, >= 1.
    replace : bool
        Whether they are drawn with replacement, ``s = 1/b``, or without, ``s = (N - b) / (b (N - 1))`` and b <= N.

    Returns
    -------
    Noise

    Notes
    -----
    ``E||Hg||^2 = (1 - s) ||HG||^2 + s (1/N) sum ||H grad f_i||^2``, and the last mean is at most
    ``lambda_max (2 L_max (f - f*) + D)``.

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory.algorithms.gradients import minibatch_noise
    >>> problem = LeastSquares([[1.0], [1.0], [1.0]], Y=[0.0, 1.0, 2.0])
    >>> [f"{minibatch_noise(problem, 2, replace=replace).C:.4f}" for replace in (True, False)]  # s = 1/2 and 1/4
    ['0.3333', '0.1667']
    """
    N = problem.n_components
    s = minibatch_share(N, size, replace=replace)
    A, D = float(problem.L_max), heterogeneity(problem)
    name = f"s = {'1/b' if replace else '(N - b)/(b (N - 1))'} = {float(s):.6g} for b = {size}, N = {N}"
    reference = "f*" if math.isfinite(problem.f_star) else "f_lower"
    return Noise(
        A=_times(s, A),
        beta=rounded(1 - s, math.inf),
        C=_times(s, D),
        provenance={
            "A": f"s L_max, rounded up; {name}",
            "beta": f"1 - s, rounded up; {name}",
            "C": f"2 s L_max ({reference} - mean f_i*), rounded up; {name}",
        },
    )


def minibatch_share(N: int, size: int, *, replace: bool) -> Fraction:
    """Return s, the variance of the mean of a minibatch over that of one component; exactly, in 0..1."""
    b = checks.integer("size", size, 1, None if replace else N, "n_components")
    if replace:
        return Fraction(1, b)
    return Fraction(N - b, b * (N - 1)) if N > 1 else Fraction(0)


def _times(s: Fraction, constant: float) -> float:
    return rounded(s * Fraction(constant), math.inf) if math.isfinite(constant) else math.nan
