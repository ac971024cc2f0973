"""How many directions a step should ask along: exact rates, a step and an evaluation, in a currency that has a name.

A step along q directions of a column W needs q derivatives. What these cost is counted as ``"derivatives"``, one each,
as by forward differentiation; as ``"forward"`` differences, q + 1 values of f; or as ``"central"`` ones, 2 q.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from rac_theory.algorithms import RACLoRA
from rac_theory.algorithms.gradients import FiniteDifferences
from rac_theory.base import checks
from rac_theory.cases import Case
from rac_theory.problems import Problem
from rac_theory.runs.expectations.expectation import exact_rate
from rac_theory.runs.expectations.fastest import fastest_learning_rate
from rac_theory.sketches import Gaussian, Haar

CURRENCIES: Mapping[str, Callable[[int], int]] = MappingProxyType(
    {
        "derivatives": lambda q: q,
        "forward": FiniteDifferences(1.0).evaluations,
        "central": FiniteDifferences(1.0, central=True).evaluations,
    }
)
"""What q derivatives cost, by the name of the currency."""


class QueryRate(NamedTuple):
    """What a number of queries comes to.

    Attributes
    ----------
    queries : int
        The number q of directions of a step.
    step : float
        gamma.
    rate : float
        The factor of E f - f*, a step.
    evaluations : int
        What a step costs.
    """

    queries: int
    step: float
    rate: float
    evaluations: int

    @property
    def speed(self) -> float:
        """``-log(rate)`` an evaluation: the larger the better; inf where one step arrives."""
        return math.inf if self.rate <= 0 else -math.log(self.rate) / self.evaluations


def query_rates(
    problem: Problem, queries: Iterable[int], *, aligned: bool = True, currency: str = "forward", best: bool = True
) -> list[QueryRate]:
    """Return exact rates for several numbers of queries, on a quadratic over a column.

    Parameters
    ----------
    problem : Problem
        Over W of shape (d, 1), of which there are exact rates.
    queries : iterable of int
        In 1..d.
    aligned : bool
        Whether the gradient is projected on the span of random directions, ZO-Align, which is ``RACLoRA(Haar(d, q),
        gamma)``; else the mean of <G, u> u over Gaussian ones is taken, ZO-Avg, which is the plain step of
        ``Gaussian(d, q)`` with ``lora_alpha=q**0.5``.
    currency : "derivatives", "forward" or "central"
        In which a step is paid.
    best : bool
        Whether each number of queries has its own best step; else the best that L alone promises: 1/L, or
        q / ((q + 1 + d) L).

    Raises
    ------
    ValueError
        If the problem is not over a column, or there is no such number of queries, or no such currency.

    Examples
    --------
    Where one direction is steep and nine are flat, a single query is the best at its own step, and at 1/L the worst.

    >>> import numpy as np
    >>> from rac_theory.runs.expectations.queries import query_rates
    >>> from rac_theory.problems import Quadratic
    >>> problem = Quadratic.left(np.diag([1.0] + [0.01] * 9), np.ones((10, 1)))
    >>> for best in (False, True):
    ...     one, all_of_them = query_rates(problem, (1, 10), currency="derivatives", best=best)
    ...     print(f"{one.speed / all_of_them.speed:.2f}")
    0.99
    3.19
    """
    d, columns = problem.shape
    if columns != 1:
        raise ValueError(f"problem must be over a column, such as Quadratic.left(S, ones((d, 1))), got {problem.shape}")
    cost = CURRENCIES[checks.one_of("currency", currency, CURRENCIES)]
    counts = [checks.integer("queries", q, 1, d, "d") for q in queries]
    return [_rate(problem, q, aligned, cost(q), best) for q in counts]


def _rate(problem: Problem, q: int, aligned: bool, evaluations: int, best: bool) -> QueryRate:
    d, L = problem.shape[0], float(problem.L)
    sketch, alpha = (Haar(d, q), None) if aligned else (Gaussian(d, q), math.sqrt(q))
    if best:
        fastest = fastest_learning_rate(problem, sketch, lora_alpha=alpha)
        return QueryRate(q, fastest.best, fastest.rate, evaluations)
    step = 1 / L if aligned else q / ((q + 1 + d) * L)
    return QueryRate(q, step, exact_rate(Case(RACLoRA(sketch, step, lora_alpha=alpha), problem)), evaluations)
