"""The mean of several problems: what each weighs, how far they disagree, and what their constants say about its own."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from rac_theory.base import Array, checks, shown
from rac_theory.numerics import EPS, alike, diagonal_of, raised, rounded
from rac_theory.problems.finite_sum import infimum_from_above, mean_infimum, spread_bound
from rac_theory.problems.minimise import minimise
from rac_theory.problems.problem import Certified, Minimum, Problem
from rac_theory.problems.smoothness import LARGEST_SIDE, Smoothness, isotropic_or_none, smoothness_of


def client_weights(weights: Any, rows: Sequence[int]) -> tuple[float, ...]:
    """Accept what clients weigh, which have so many rows each: "equal", "rows", or a positive number each."""
    if isinstance(weights, str):
        named = {"equal": (1.0,) * len(rows), "rows": tuple(map(float, rows))}
        return named[checks.one_of("weights", weights, named)]
    if not isinstance(weights, Sequence) or len(weights) != len(rows):
        raise ValueError(f'weights must be "equal", "rows" or {len(rows)} positive numbers, got {shown(weights)}')
    return tuple(checks.positive(f"weights[{m}]", weight) for m, weight in enumerate(weights))


def shares_of(problem: Any) -> tuple[Fraction, ...]:
    """Return the share p_m of each client in f, (M,), exactly; 1/M where a problem says nothing of weights."""
    weights = [Fraction(float(weight)) for weight in getattr(problem, "weights", (1,) * len(problem.clients))]
    return tuple(weight / sum(weights) for weight in weights)


def scaled(times: Fraction, number: float, towards: float) -> float:
    """Return the product, rounded towards an infinity; nan where the number is unknown."""
    return rounded(times * Fraction(float(number)), towards) if math.isfinite(number) else float(number)


def client_heterogeneity(problem: Any, L: float) -> float:
    r"""Return ``D = 2 L (f* - mean of f_m*)``, rounded up: ``mean of ||grad f_m||^2 <= 2 L (f - f*) + D`` for every W.

    ``L`` is one of the gradient of every client. As in ``heterogeneity``, f_lower stands for f* where that is unknown,
    and lower bounds for the f_m*; the mean is over p_m.

    Parameters
    ----------
    problem : Federated
    L : float
        A Lipschitz constant of the gradient of every client.

    Returns
    -------
    float
        In squared units of the gradient; nan if a constant is unknown.

    Examples
    --------
    >>> from rac_theory.problems import Federated, LeastSquares
    >>> from rac_theory.problems.mean import client_heterogeneity, heterogeneity_within
    >>> problem = Federated(LeastSquares([[1.0]] * 4, Y=[0.0, 2.0, 4.0, 6.0]), clients=2)
    >>> print(f"{client_heterogeneity(problem, 1.0):.3f}, {heterogeneity_within(problem, 1.0):.3f}")
    4.000, 1.000
    """
    infima = [float(client.f_lower) for client in problem.clients]
    return spread_bound(L, shares_of(problem), [infimum_from_above(problem)] * len(infima), infima)


def heterogeneity_within(problem: Any, L: float) -> float:
    r"""Return ``D_in = 2 L (mean of f_m* - mean of f_mi*)``, rounded up, for clients that are finite sums.

    With D it bounds squared gradients of components: their mean is at most ``2 L (f - f*) + D + D_in`` for every W.
    ``L`` is one of the gradient of every component. That is true with any number for f_m* that is not below the one
    that D has: here it is the upper end of a certified interval, or f_lower where none is known.

    Parameters
    ----------
    problem : Federated
        A problem whose clients are finite sums.
    L : float
        A Lipschitz constant of the gradient of every component.

    Returns
    -------
    float
        In squared units of the gradient; nan if a constant is unknown.

    Examples
    --------
    >>> from rac_theory.problems import Federated, LeastSquares
    >>> from rac_theory.problems.mean import heterogeneity_within
    >>> apart, mixed = [[0, 1], [2, 3]], [[0, 2], [1, 3]]  # which rows a client has, of targets 0, 0, 2 and 2
    >>> data = LeastSquares([[1.0]] * 4, Y=[0.0, 0.0, 2.0, 2.0])
    >>> [f"{heterogeneity_within(Federated(data, clients), 1.0):.3f}" for clients in (apart, mixed)]
    ['0.000', '1.000']
    """
    upper = [*map(infimum_from_above, problem.clients)]
    return spread_bound(L, shares_of(problem), upper, [*map(mean_infimum, problem.clients)])


class Mean(Certified):
    r"""The function :math:`\sum_m p_m f_m`, with constants that follow from those of its terms.

    Parameters
    ----------
    terms : sequence of M problems
        The f_m, all of one shape.
    strong_convexity : float
        A proved modulus of strong convexity of the mean, if one is known that is larger than the mean of theirs.
    weights : sequence of M positive numbers, optional
        What the terms weigh: p_m is a weight over their sum. Without them all weigh the same.

    Notes
    -----
    L is the mean of theirs, rounded up, and strong convexity the mean of theirs, rounded down. A sum of functions with
    PL constants need not have one, so ``mu`` is the strong convexity, or nan if that is 0. The minimum is found and
    certified where ``mu`` is known and every term is non-negative and offers ``hessian``, ``rounding`` and
    ``gradient_rounding``, as the linear models do.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.problems.mean import Mean
    >>> mean = Mean([Quadratic.left([[1.0]], [[-1.0]]), Quadratic.left([[3.0]], [[1.0]])])
    >>> mean.L, mean.strong_convexity
    (2.0, 2.0)
    >>> mean.gradient([[0.5]]).tolist()
    [[0.0]]
    """

    def __init__(
        self, terms: Sequence[Problem], strong_convexity: float = 0.0, weights: Sequence[float] | None = None
    ) -> None:
        self.terms: tuple[Any, ...] = tuple(terms)
        self.weights = (1.0,) * len(self.terms) if weights is None else tuple(map(float, weights))
        self.shape: tuple[int, int] = self.terms[0].shape
        self.convex = all(term.convex for term in self.terms)
        self.L = self._rounded([term.L for term in self.terms], math.inf)
        moduli = self._rounded([term.strong_convexity for term in self.terms], -math.inf)
        self.strong_convexity = max(moduli, strong_convexity)
        self.mu = self.strong_convexity if self.strong_convexity > 0 else math.nan

    def __repr__(self) -> str:
        weights = "" if len(set(self.weights)) == 1 else f", weights={list(self.weights)!r}"
        return f"{type(self).__name__}({list(self.terms)!r}, strong_convexity={self.strong_convexity!r}{weights})"

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., m, n) to (...)."""
        return np.asarray(self._mean([term.value(W) for term in self.terms]))

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., m, n) to (..., m, n)."""
        return np.asarray(self._mean([term.gradient(W) for term in self.terms]))

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data, where the terms can do that."""
        values, gradients = zip(*(value_and_gradient(term, W) for term in self.terms), strict=True)
        return self._mean(values), self._mean(gradients)

    def hessian(self, W: Array, /) -> Callable[[Array], Array]:
        """The Hessian at one W as a linear map, where the terms have theirs."""
        maps = [term.hessian(W) for term in self.terms]
        return lambda V: np.asarray(self._mean([product(V) for product in maps]))

    def rounding(self, W: Array, /) -> float:
        """A bound on the rounding error of the value at one W: theirs, and that of the mean of non-negative terms."""
        of_terms = float(self._mean([term.rounding(W) for term in self.terms]))
        return of_terms + (len(self.terms) + 3) * EPS * float(self.value(W))

    def gradient_rounding(self, W: Array, /) -> float:
        """A bound on the norm of the rounding error of the gradient at one W."""
        norms = float(self._mean([np.linalg.norm(term.gradient(W)) for term in self.terms]))
        of_terms = float(self._mean([term.gradient_rounding(W) for term in self.terms]))
        return of_terms + (len(self.terms) + 3) * EPS * norms

    @cached_property
    def minimum(self) -> Minimum:
        """The minimiser and its certificate; nan without strong convexity."""
        if not self.mu > 0 or not all(hasattr(term, "gradient_rounding") for term in self.terms):
            return Minimum(None, math.nan, math.nan, "nan: the mean is not known to be strongly convex")
        return minimise(self)

    @cached_property
    def f_lower(self) -> float:
        """Lower end of the certified interval; where there is none, the mean of their lower bounds, rounded down."""
        if math.isnan(self.f_star):
            return self._rounded([term.f_lower for term in self.terms], -math.inf)
        return self.minimum.f_lower

    @property
    def smoothness(self) -> Smoothness | None:
        """The mean of that of the terms, rounded up; ``L I`` where W has a long side, None where a term has none."""
        if max(self.shape) > LARGEST_SIDE:
            return isotropic_or_none(self.L, self.shape)
        return self._mean_smoothness

    @cached_property
    def _mean_smoothness(self) -> Smoothness | None:
        parts = [part for term in self.terms if (part := smoothness_of(term)) is not None]
        return mean_smoothness(parts, self.weights) if len(parts) == len(self.terms) else None

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        small = max(self.shape) <= LARGEST_SIDE
        mean = "mean of that of the terms, rounded up" if small else f"L I: W has a side longer than {LARGEST_SIDE}"
        mu = "strong convexity, that of the terms" if self.mu > 0 else "nan: not known to be strongly convex"
        return {
            "L": "mean of the L of the terms, rounded up",
            "mu": mu,
            "f_star": self.minimum.provenance,
            "smoothness": mean,
        }

    def _mean(self, of: Sequence[Any]) -> Any:
        """The mean of numbers or arrays, one for each term."""
        return sum(weight * number for weight, number in zip(self.weights, of, strict=True)) / math.fsum(self.weights)

    def _rounded(self, numbers: Sequence[float], towards: float) -> float:
        """The mean of numbers, rounded towards an infinity; nan if one of them is."""
        if any(math.isnan(number) for number in numbers):
            return math.nan
        weights = [*map(Fraction, self.weights)]
        total = sum((w * Fraction(x) for w, x in zip(weights, numbers, strict=True)), Fraction(0))
        return rounded(total / sum(weights), towards)


def value_and_gradient(problem: Problem, W: Array) -> tuple[Array, Array]:
    """Return both, in one pass over the data where the problem can do that."""
    fused = getattr(problem, "value_and_gradient", None)
    return fused(W) if fused else (problem.value(W), problem.gradient(W))


def mean_smoothness(parts: Sequence[Smoothness], weights: Sequence[float]) -> Smoothness:
    """Return that of a weighted mean of functions, the mean of theirs, rounded up; terms that share R are added up."""
    groups: list[tuple[Array, list[Array]]] = []
    for S, R in ((weight * S, R) for weight, part in zip(weights, parts, strict=True) for S, R in part.terms):
        R = R if (on := diagonal_of(R)) is None else on
        same = next((group for factor, group in groups if np.array_equal(factor, R)), None)
        if same is None:
            groups.append((R, [S]))
        else:
            same.append(S)
    return Smoothness.of_terms([(_share(group, math.fsum(weights)), R) for R, group in groups])


def _share(group: Sequence[Array], total: float) -> Array:
    """The sum of the matrices of a group over ``total``, rounded up: it is off by half an eps a term of their norms."""
    norms = sum(float(np.linalg.norm(S)) for S in group) / total
    return raised(np.asarray(sum(alike(group)) / total), (len(group) + 5) * EPS * norms)
