r"""The learning rate with the best exact rate, which no theorem about all functions can promise, beside what one does.

The factor a step is a convex function of the learning rate. In coordinates :math:`E = Q^{1/2} (W - W^*)` a step is
:math:`E - \eta N E`, with :math:`N = Q^{1/2} M Q^{1/2}` semidefinite, and second moments go by
:math:`X \to X - \eta (E[N] X + X E[N]) + \eta^2 E[N X N]`. This map is self-adjoint and takes semidefinite matrices to
such, so that its spectral radius is its largest eigenvalue: the maximum of :math:`\langle X, \cdot X \rangle` over X of
norm one, each of which is convex in :math:`\eta` as :math:`E \langle X, N X N \rangle \ge 0`. So one search finds it.

Other letters of a method are searched for, and so is how many directions a step should ask along.

A step along q directions of a column W needs q derivatives. What these cost is counted as ``"derivatives"``, one each,
as by forward differentiation; as ``"forward"`` differences, q + 1 values of f; or as ``"central"`` ones, 2 q.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here

from rac_theory.algorithms import MethodDescent, RACLoRA, Side
from rac_theory.algorithms.gradients import FiniteDifferences
from rac_theory.base import Array, being, checks
from rac_theory.cases import Case
from rac_theory.problems import Problem
from rac_theory.runs.expectations.expectation import exact_rate
from rac_theory.sketches import Gaussian, Haar, Sketch

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

    Returns
    -------
    Fastest
        The best and the longest learning rate, and the rate at the best one; nan where no learning rate converges.

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
    search = scipy.optimize.minimize_scalar(
        rate, bounds=(0.0, high), method="bounded", options={"xatol": _RELATIVE * high}
    )
    best, least = float(search.x), float(search.fun)
    if least > 1 - _STILL:
        return Fastest(math.nan, math.nan, 1.0)
    longest = scipy.optimize.brentq(lambda eta: rate(eta) - 1, best, high, rtol=_RELATIVE)
    return Fastest(best, float(longest), least)


class FastestLetters(NamedTuple):
    """The numbers of letters with the smallest exact rate of those that were tried, that rate, and the case with them.

    Not a certified minimum: rates of methods with several letters are no convex functions of them.
    """

    letters: Mapping[str, float]
    rate: float
    case: Case


def fastest_letters(case: Case, *names: str, starts: int = 3) -> FastestLetters:
    """Search for the numbers of some letters of a method for which ``exact_rate`` is smallest; others stay.

    The search is over logarithms, by the method of Nelder and Mead, from the numbers of the case and from smaller ones,
    and goes on from the best of what is found roughly.

    Parameters
    ----------
    case : Case
        A case of a method on a problem that has an exact rate; the letters must be positive at the start.
    *names : str
        The letters, such as "gamma" and "beta".
    starts : int
        The number of points from which the search starts.

    Returns
    -------
    FastestLetters
        The numbers, the rate, and the case with these numbers.

    Raises
    ------
    ValueError
        If the algorithm is no method with such letters, or one is not positive.
    Unsupported
        Where there is no exact rate.

    Examples
    --------
    Heavy ball with H = I at condition number 100, where the best momentum is (9/11)^2 and so is the factor of f:

    >>> import numpy as np
    >>> from rac_theory import Case, fastest_letters
    >>> from rac_theory.algorithms import H, Method, gradient, letter, state
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.statements.symbols import gamma
    >>> W, M = state("W", "M")
    >>> m = letter("beta") * M + H(gradient(W))
    >>> heavy_ball = Method({W: W - gamma * m, M: m}, start={M: 0})(None, gamma=3.0, beta=0.7)
    >>> problem = Quadratic.left(np.diag([1.0, 0.01]), W_star=np.ones((2, 1)))
    >>> found = fastest_letters(Case(heavy_ball, problem), "gamma", "beta", starts=1)  # from near the best
    >>> print(f"{found.rate:.2f}, {found.letters['beta']:.2f}")
    0.67, 0.67
    """
    being("case", case, Case, ", such as Case(method(sketch, gamma=0.1), problem)")
    algorithm: Any = case.algorithm
    numbers = algorithm.letters if isinstance(algorithm, MethodDescent) else {"gamma": algorithm.gamma}
    for name in names:
        checks.positive(checks.one_of("names", name, numbers), float(numbers[name]))
    exact_rate(case)  # or say why there is none

    def at(point: Array) -> Case:
        letters = dict(zip(names, np.exp(point).tolist(), strict=True))
        with_letters = algorithm.with_letters if isinstance(algorithm, MethodDescent) else _with_step(algorithm)
        return replace(case, algorithm=with_letters(**letters))

    def rate(point: Array) -> float:
        with np.errstate(all="ignore"):
            try:
                return exact_rate(at(point))
            except (np.linalg.LinAlgError, ValueError):  # numbers so large that there is no map
                return math.inf

    corners = np.vstack([np.zeros(len(names)), np.eye(len(names))])

    def nearby(start: Array, size: float, letters: float, of_rate: float) -> Any:
        # Where a rate has an edge its differences never are as small as is asked: the letters stand still long before.
        most = 30 * len(names) * (len(names) + 1)
        options: Any = {"xatol": letters, "fatol": of_rate, "maxiter": most, "adaptive": True}
        options["initial_simplex"] = start + size * corners  # SciPy's own has no width where a letter is one
        return scipy.optimize.minimize(rate, start, method="Nelder-Mead", options=options)

    first = np.log([float(numbers[name]) for name in names])
    rough = min((nearby(first - i, 0.1, 1e-3, 1e-6) for i in range(starts)), key=lambda search: float(search.fun))
    best = nearby(rough.x, 0.03, 1e-7, 1e-13)
    return FastestLetters(dict(zip(names, np.exp(best.x).tolist(), strict=True)), float(best.fun), at(best.x))


def _with_step(algorithm: Any) -> Any:
    return lambda gamma: replace(algorithm, gamma=gamma)


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

    Returns
    -------
    list of QueryRate
        One for each number of queries, in their order.

    Raises
    ------
    ValueError
        If the problem is not over a column, or there is no such number of queries, or no such currency.

    Examples
    --------
    Where one direction is steep and nine are flat, a single query is the best at its own step, and at 1/L the worst.

    >>> import numpy as np
    >>> from rac_theory.runs.expectations.fastest import query_rates
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
