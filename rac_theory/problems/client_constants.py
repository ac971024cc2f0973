"""What clients weigh, and how far they, and the components that each has, disagree."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from rac_theory.base import checks, shown
from rac_theory.numerics import rounded


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

    Examples
    --------
    >>> from rac_theory.problems import Federated, LeastSquares
    >>> from rac_theory.problems.client_constants import client_heterogeneity, heterogeneity_within
    >>> problem = Federated(LeastSquares([[1.0]] * 4, Y=[0.0, 2.0, 4.0, 6.0]), clients=2)
    >>> print(f"{client_heterogeneity(problem, 1.0):.3f}, {heterogeneity_within(problem, 1.0):.3f}")
    4.000, 1.000
    """
    infima = [float(client.f_lower) for client in problem.clients]
    return _twice(L, shares_of(problem), [_known(problem)] * len(infima), infima)


def heterogeneity_within(problem: Any, L: float) -> float:
    r"""Return ``D_in = 2 L (mean of f_m* - mean of f_mi*)``, rounded up, for clients that are finite sums.

    With D it bounds squared gradients of components: their mean is at most ``2 L (f - f*) + D + D_in`` for every W.
    ``L`` is one of the gradient of every component. That is true with any number for f_m* that is not below the one
    that D has: here it is the upper end of a certified interval, or f_lower where none is known.

    Examples
    --------
    >>> from rac_theory.problems import Federated, LeastSquares
    >>> from rac_theory.problems.client_constants import heterogeneity_within
    >>> apart, mixed = [[0, 1], [2, 3]], [[0, 2], [1, 3]]  # which rows a client has, of targets 0, 0, 2 and 2
    >>> data = LeastSquares([[1.0]] * 4, Y=[0.0, 0.0, 2.0, 2.0])
    >>> [f"{heterogeneity_within(Federated(data, clients), 1.0):.3f}" for clients in (apart, mixed)]
    ['0.000', '1.000']
    """
    means = []
    for client in problem.clients:
        infima = [float(infimum) for infimum in client.component_infima]
        bounded = all(map(math.isfinite, infima))
        means.append(sum(map(Fraction, infima), Fraction(0)) / len(infima) if bounded else math.nan)
    return _twice(L, shares_of(problem), [_known(client) for client in problem.clients], means)


def _known(problem: Any) -> float:
    return float(problem.f_star) if math.isfinite(problem.f_star) else float(problem.f_lower)


def _twice(L: float, shares: Sequence[Fraction], above: Sequence[float], below: Sequence[float | Fraction]) -> float:
    """``2 L`` times a mean of differences, rounded up, at least 0; nan where a number is unknown."""
    if not all(math.isfinite(number) for number in (L, *above, *below)):
        return math.nan
    of_each = zip(shares, above, below, strict=True)
    mean = sum((share * (Fraction(a) - Fraction(b)) for share, a, b in of_each), Fraction(0))
    return rounded(2 * Fraction(float(L)) * max(mean, Fraction(0)), math.inf)
