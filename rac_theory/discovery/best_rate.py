r"""The best rate of a method at given constants: a semidefinite program, whose answer is rounded and checked exactly.

A step along ``H g`` splits space into the range of H and what is left. With :math:`\mathcal G_H` and
:math:`\mathcal G_\perp` the Gram matrices of the two parts, on vectors that are not drawn

.. math:: \lambda_{\min} (\mathcal G_H + \mathcal G_\perp) \preceq E\, \mathcal G_H
    \preceq \lambda_{\max} (\mathcal G_H + \mathcal G_\perp),

and this is all that is used of the sketch. Of f it is used that it is L-smooth at three points, W, X and W+, and that
the inequality of Polyak and Lojasiewicz holds there. The potential is ``f(W) - f* + c ||M||^2``.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from rac_theory.algebra import Expression, fraction, symbols_of
from rac_theory.algorithms import Method, move_of
from rac_theory.base import being, import_extra, type_name
from rac_theory.base.checks import Array
from rac_theory.cases import Constants
from rac_theory.numerics import is_semidefinite

_GRID = 10**10  # multipliers are rounded to this
_MARGIN = 1e-8  # how far inside the solver must be, so that rounding does no harm
_HALVINGS = 16
_CURVATURES = 65
_LARGEST = 1e3  # of multipliers
_INSIDE = np.eye(4)[:, :3]  # the vectors that are not drawn

Numbers = Any
"""Fractions in an object array."""


class Step(NamedTuple):
    """``W+ = W - length H g`` with g the gradient at ``X = W + ahead M``, and ``M+ = memory M + H g``."""

    length: Fraction
    memory: Fraction
    ahead: Fraction
    L: Fraction
    mu: Fraction
    lambda_min: Fraction
    lambda_max: Fraction


class Form(NamedTuple):
    """A sum of multiples of gaps at W, X and W+, and of products of vectors, in the range of H and in what is left."""

    gaps: Numbers
    inside: Numbers
    outside: Numbers

    def __mul__(self, times: Any) -> "Form":
        return Form(*(part * times for part in self))

    def plus(self, form: "Form") -> "Form":
        """Return the sum."""
        return Form(*(left_part + right_part for left_part, right_part in zip(self, form, strict=True)))


@dataclass(frozen=True)
class BestRate:
    """By how much the gap falls in a step at least, on average: no function and no sketch does worse than ``upper``.

    Attributes
    ----------
    step : Step
        The method in numbers, and the constants.
    upper : Fraction
        What is proved, for every L-smooth f with mu, and every sketch with these eigenvalues of E[H].
    lower : float
        The exact rate of a quadratic with a law of H, of these: no smaller number is true.
    multipliers : tuple of Fraction
        Of the inequalities of smoothness, and of ``||M||^2`` in the potential.
    least, most : tuple of tuple of Fraction
        Of what is used of E[H]: positive semidefinite matrices.

    Examples
    --------
    >>> from rac_theory import Constants
    >>> from rac_theory.algorithms import PLAIN
    >>> from rac_theory.discovery import best_rate
    >>> found = best_rate(PLAIN, Constants(gamma=1.0, L=1.0, mu=0.1, lambda_min=0.25, lambda_max=0.25))
    >>> print(f"{float(found.upper):.4f} {found.lower:.4f} {found.check()}")
    0.9743 0.9525 True
    """

    step: Step
    upper: Fraction
    lower: float
    multipliers: tuple[Fraction, ...]
    least: tuple[tuple[Fraction, ...], ...]
    most: tuple[tuple[Fraction, ...], ...]

    def __repr__(self) -> str:
        return f"<{type_name(self)}: at most {float(self.upper):.6f}, at least {self.lower:.6f}>"

    def check(self) -> bool:
        """Whether the multipliers prove the rate: multiplied out in fractions, in two orders of the rows."""
        rest, of_pl = _remainder(self.step, self.upper, self.multipliers)
        least, most = (np.array(rows, dtype=object) for rows in (self.least, self.most))
        inside, outside = _less(self.step, rest, least, most)
        matrices = [inside, outside, least, most]
        drawn = [matrix[3].any() for matrix in (least, most)]
        signs = min(*of_pl, *self.multipliers) >= 0 and not any(drawn)
        return signs and all(
            is_semidefinite(rows.tolist()) for matrix in matrices for rows in (matrix, matrix[::-1, ::-1])
        )


def best_rate(method: Method, constants: Constants) -> BestRate:
    """Return nearly the best factor of the gap a step that is proved by a potential ``f(W) - f* + c ||M||^2``.

    Parameters
    ----------
    method : Method
        ``W`` moves along H of a gradient at W, or ahead of it by what is kept.
    constants : Constants
        L, mu, lambda_min, and lambda_max, and a number for each letter of the method.

    Raises
    ------
    ValueError
        If the method has another step, a constant is not known, or nothing below 1 - 1e-6 is proved.
    MissingExtra
        Without the packages of the extra "pep".

    Examples
    --------
    Momentum, at the shifted point: what is proved, and an exact rate below which nothing is true.

    >>> from rac_theory import Constants
    >>> from rac_theory.algorithms import MOMENTUM
    >>> from rac_theory.discovery import best_rate
    >>> known = Constants(gamma=0.5, L=1.0, mu=0.1, lambda_min=0.25, lambda_max=0.25, letters={"b": 0.25})
    >>> best = best_rate(MOMENTUM, known)
    >>> print(f"{float(best.upper):.4f} {best.lower:.4f}")
    0.9809 0.9755
    """
    being("method", method, Method)
    being("constants", constants, Constants, ", such as Constants.of(case)")
    solver = _Solver(step_of(method, constants))
    for digits in range(1, 7):
        low, high = 1 - 10.0 ** (1 - digits), 1 - 10.0**-digits
        if (best := solver.certified(high)) is not None:
            break
    else:
        raise ValueError(f"nothing below 1 - 1e-6 is proved of {method!r} at these constants")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        certificate = solver.certified(middle)
        low, high, best = (middle, high, best) if certificate is None else (low, middle, certificate)
    return best


def step_of(method: Method, c: Constants) -> Step:
    """Return a method in numbers, with the constants."""
    values = {**c.letters, "gamma": c.gamma}

    def read(expression: Expression | None) -> Fraction:
        if expression is None:
            return Fraction(0)
        names = [symbol.name for symbol in symbols_of(expression)]
        if missing := [name for name in names if not values.get(name, np.nan) < np.inf]:
            raise ValueError(f"{missing[0]} must be known, the constants have numbers for {', '.join(values)}")
        return Fraction(fraction(expression, {name: Fraction(values[name]) for name in names}))

    bounds = {name: getattr(c, name) for name in ("L", "mu", "lambda_min", "lambda_max")}
    for name, value in bounds.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be known and positive, it is {value:g}")
    *move, is_whole = move_of(method)
    if is_whole:
        raise ValueError(f"method must move along H of a gradient, error feedback moves along all of it: {method!r}")
    return Step(*map(read, move), **{name: Fraction(value) for name, value in bounds.items()})


# Vectors are pairs of coordinates in the range of H and in what is left; the last is drawn with H.
_G, _GX, _M, _NEXT = np.array([[Fraction(int(i == k)) for i in range(4)] for k in range(4)], dtype=object)
_ZERO = _G * 0


def _inner(u: tuple[Numbers, Numbers], v: tuple[Numbers, Numbers]) -> Form:
    inside, outside = ((np.outer(a, b) + np.outer(b, a)) / Fraction(2) for a, b in zip(u, v, strict=True))
    return Form(np.array([Fraction(0)] * 3, dtype=object), inside, outside)


def _gap(i: int) -> Form:
    return Form(
        np.array([Fraction(int(i == k)) for k in range(3)], dtype=object), *_inner((_ZERO,) * 2, (_ZERO,) * 2)[1:]
    )


def _points(step: Step) -> list[tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers]]]:
    """W, X and W+, from W, and the gradients there."""
    X = _M * step.ahead
    return [((_ZERO, _ZERO), (_G, _G)), ((X, X), (_GX, _GX)), ((_GX * -step.length, _ZERO), (_NEXT, _NEXT))]


def _conditions(step: Step) -> Iterator[Form]:
    """What smoothness says of two points: it is not negative."""
    L, points = step.L, _points(step)
    for i, k in permutations(range(3), 2):
        (x, g), (y, h) = points[i], points[k]
        away = x[0] - y[0], x[1] - y[1]
        turned = tuple(a - b + d * L for a, b, d in zip(g, h, away, strict=True))
        tangent = _gap(i).plus(_gap(k) * -1).plus(_inner(h, away) * -1)
        yield tangent.plus(_inner(away, away) * (L / 2)).plus(_inner(turned, turned) * (-1 / (4 * L)))


def _falls(step: Step, rho: Fraction) -> tuple[Form, Form]:
    """``rho psi - psi+`` but for what is kept, and that of ``||M||^2``."""
    M, then = (_M, _M), (_M * step.memory + _GX, _M * step.memory)
    return (_gap(0) * rho).plus(_gap(2) * -1), (_inner(M, M) * rho).plus(_inner(then, then) * -1)


def _remainder(step: Step, rho: Fraction, multipliers: Sequence[Any]) -> tuple[Form, list[Fraction]]:
    """What is left of ``rho psi - psi+`` without the conditions, and how often the inequality of PL is taken."""
    *times, c = multipliers
    start, memory = _falls(step, rho)
    rest = start.plus(memory * c)
    for weight, form in zip(times, _conditions(step), strict=True):
        rest = rest.plus(form * -weight)
    of_pl = [-share / (2 * step.mu) for share in rest.gaps]
    for weight, (_, g) in zip(of_pl, _points(step), strict=True):
        rest = rest.plus(_inner(g, g) * -weight)
    return rest, of_pl


def _less(step: Step, rest: Form, least: Any, most: Any) -> tuple[Any, Any]:
    """Without what is known of E[H], on the vectors that are not drawn: in its range, and in what is left."""
    low, high = step.lambda_min, step.lambda_max
    return rest.inside - least * (1 - low) + most * (1 - high), rest.outside + least * low - most * high


class _Solver:
    """The semidefinite program of a step, stated once for all rates: it proposes, and what it proposes is checked."""

    def __init__(self, step: Step) -> None:
        cp: Any = import_extra("cvxpy", "pep")
        self._step, self._error = step, cp.SolverError
        self.rho, self.x, t = cp.Parameter(), cp.Variable(7), cp.Variable()
        self.matrices = [cp.Variable((3, 3), symmetric=True) for _ in range(2)]
        least, most = (_INSIDE @ matrix @ _INSIDE.T for matrix in self.matrices)
        low, high = float(step.lambda_min), float(step.lambda_max)
        inside, outside, of_pl = self._remainder()
        self._problem = cp.Problem(
            cp.Maximize(t),
            [
                inside - least * (1 - low) + most * (1 - high) >> t * np.eye(4),
                outside + least * low - most * high >> t * np.eye(4),
                *(matrix >> t * np.eye(3) for matrix in self.matrices),
                *(cp.trace(matrix) <= _LARGEST for matrix in self.matrices),
                *(of_pl >= t, self.x >= t, self.x <= _LARGEST, t <= 1),
            ],
        )

    def _remainder(self) -> list[Any]:
        """What is left, in numbers: it is linear in the rate and in the multipliers."""
        ends = []
        for rho in (Fraction(0), Fraction(1)):
            values = [_remainder(self._step, rho, unit) for unit in [[Fraction(0)] * 7, *np.eye(7, dtype=object)]]
            kinds = zip(*((rest.inside, rest.outside, of_pl) for rest, of_pl in values), strict=True)
            numbers = [[np.array(array, dtype=float) for array in kind] for kind in kinds]
            ends.append(
                [at + sum(x * (slope - at) for x, slope in zip(self.x, slopes, strict=True)) for at, *slopes in numbers]
            )
        return [at_0 + self.rho * (at_1 - at_0) for at_0, at_1 in zip(*ends, strict=True)]

    def certified(self, at: float) -> BestRate | None:
        """Return what proves a rate; None if nothing is found that does."""
        self.rho.value = at
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._problem.solve(solver="CLARABEL")
        except self._error:
            return None
        if self._problem.value is None or not self._problem.value > _MARGIN:
            return None
        symmetric = (_INSIDE @ (matrix.value + matrix.value.T) @ _INSIDE.T / 2 for matrix in self.matrices)
        least, most = (tuple(map(tuple, _rounded(matrix))) for matrix in symmetric)
        certificate = BestRate(
            self._step, Fraction(at), slowest(self._step), tuple(_rounded(self.x.value)), least, most
        )
        return certificate if certificate.check() else None


def _rounded(values: Array) -> Numbers:
    return np.vectorize(lambda value: Fraction(round(float(value) * _GRID), _GRID), otypes=[object])(values)


def slowest(step: Step) -> float:
    """Return the largest exact rate of ``q W^2 / 2``, q from mu to L, where H is I or 0, of mean lambda_min."""
    length, memory, ahead, L, mu, chance, _ = map(float, step)
    stays = np.array([[1.0, 0.0], [0.0, memory]])
    rates = []
    for q in np.geomspace(mu, L, _CURVATURES):
        moves = stays + q * np.array([[-length, -length * ahead], [1.0, ahead]])
        second = (1 - chance) * np.kron(stays, stays) + chance * np.kron(moves, moves)
        rates.append(np.abs(np.linalg.eigvals(second)).max())
    return float(max(rates))
