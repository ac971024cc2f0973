"""Examples of a worst case, functions and starts whose value is exact: Huber's, sums of them, and one that is slow.

In units of L, from a start in as many dimensions as there are blocks, one coordinate each. The value of an example is
a lower end of the worst case of its class. It is computed in rational numbers, and by the same lines in floating point
for a search, which is at the end: the example that comes nearest to a worst case is found in floating point, then
rounded.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here

from rac_theory.base import Array
from rac_theory.verdicts.sharpness.setting import Setting, start_of


class Example(ABC):
    """A function and a start, whose metric is the same formula in rational numbers and in floating point.

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> print(worst_case("T1", L=1, gamma=1, blocks=2, steps=1, rng=0).example)
    Huber(curvature=Fraction(1, 1), width=Fraction(1, 1))
    """

    def value(self, setting: Setting) -> Fraction:
        """Return the metric over the start; ValueError if the function is not in the class."""
        if not self._is_admitted(setting, setting.mu / setting.L):
            raise ValueError(f"example must be a function of the class of {setting.theorem}, got {self!r}")
        return Fraction(self._measured(setting, setting.gamma * setting.L, setting.share, object))

    def near(self, setting: Setting) -> float:
        """The same in floating point, unchecked."""
        return float(self._measured(setting, float(setting.gamma * setting.L), float(setting.share), np.float64))

    @abstractmethod
    def _is_admitted(self, setting: Setting, mu: Fraction) -> bool:
        """Whether the function is in the class of a setting, mu in units of L."""

    @abstractmethod
    def _measured(self, setting: Setting, gamma: Any, share: Any, dtype: Any) -> Any:
        """The metric over the start, in numbers of a type."""


def over_tree(setting: Setting, f: Callable[[Any], Any], gradient: Callable[[Any], Any], x: Any, gamma: Any) -> Any:
    """Return the metric over the start from the point x, (1, k), for a sketch that draws one of k coordinates."""
    first, distance, squares, k = f(x)[0], (x * x).sum(), [], x.shape[1]
    for _ in range(setting.steps):
        G = gradient(x)
        squares.append((G * G).sum() / len(x))
        x = np.concatenate([x - gamma * G * np.array(row, dtype=x.dtype) for row in axes(k)])  # all runs, one a row
    if setting.theorem == "T1":
        return setting.L * sum(squares) / (setting.steps * first)
    if setting.theorem == "T4":
        return (x * x).sum() / len(x) / distance
    return f(x).sum() / len(x) / start_of(setting.theorem, first, distance, gamma)


def axes(k: int) -> list[list[Fraction]]:
    """Return the rows of the identity."""
    return [[Fraction(int(i == j)) for j in range(k)] for i in range(k)]


@dataclass(frozen=True)
class Huber(Example):
    """The sum over the coordinates of ``a x^2/2`` up to a width, beyond which it is straight; each of them starts at 1.

    Every coordinate takes a gradient step where its block is drawn, so all that counts is how often: a binomial law.
    A sketch that draws everything or nothing has the same one, so this is an example for any share.

    Attributes
    ----------
    curvature : Fraction
        a, between mu/L and 1, above 0.
    width : Fraction
        Where it is 1 or more only the square is seen.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.verdicts.sharpness.example import Huber
    >>> from rac_theory.verdicts.sharpness.setting import start_of, Setting
    >>> one, third = Fraction(1), Fraction(1, 3)
    >>> print(Huber(one, third).value(Setting("T3_isotropic", one, Fraction(0), one, 1, 1, one)))  # gradient descent
    1/3
    """

    curvature: Fraction
    width: Fraction

    def _is_admitted(self, setting: Setting, mu: Fraction) -> bool:
        return 0 < self.curvature <= 1 and mu <= self.curvature and self.width > 0 and (mu == 0 or self.width >= 1)

    def _measured(self, setting: Setting, gamma: Any, share: Any, dtype: Any) -> Any:
        a, w, T = self.curvature, self.width, setting.steps
        points = [1 + 0 * gamma]
        for _ in range(T):
            points.append(points[-1] - gamma * a * max(-w, min(w, points[-1])))

        def mean(of: Any, t: int) -> Any:
            chances = (comb(t, j) * share**j * (1 - share) ** (t - j) for j in range(t + 1))
            return sum(chance * of(x) for chance, x in zip(chances, points, strict=False))

        def f(x: Any) -> Any:
            return a * x * x / 2 if abs(x) <= w else a * w * (abs(x) - w / 2)

        if setting.theorem == "T1":
            return (
                setting.L * sum(mean(lambda x: (a * max(-w, min(w, x))) ** 2, t) for t in range(T)) / (T * f(points[0]))
            )
        if setting.theorem == "T4":
            return mean(lambda x: x * x, T)
        return mean(f, T) / start_of(setting.theorem, f(points[0]), 1, gamma)


@dataclass(frozen=True)
class Rotated(Example):
    """The sum of a y^2/2 over the coordinates y of U'x, straight beyond their widths; U is a product of rotations.

    Attributes
    ----------
    curvatures : tuple of Fraction
        The a, between mu/L and 1, as many as there are blocks.
    widths : tuple of Fraction
        One above 0 for each curvature; none for a quadratic.
    tangents : tuple of Fraction
        The tangent of half the angle by which two coordinates are turned, for each pair of coordinates.
    start : tuple of Fraction

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.verdicts.sharpness.example import Rotated
    >>> from rac_theory.verdicts.sharpness.setting import start_of, Setting
    >>> one, half = Fraction(1), Fraction(1, 2)
    >>> setting = Setting("T4", one, half, one, 2, 1, half)
    >>> print(Rotated((half, one), (), (Fraction(0),), (one, Fraction(0))).value(setting))
    5/8
    """

    curvatures: tuple[Fraction, ...]
    widths: tuple[Fraction, ...]
    tangents: tuple[Fraction, ...]
    start: tuple[Fraction, ...]

    def _is_admitted(self, setting: Setting, mu: Fraction) -> bool:
        is_quadratic = not self.widths
        curves = len(self.curvatures) == setting.blocks and all(mu <= a <= 1 for a in self.curvatures)
        return curves and (is_quadratic or (mu == 0 and all(width > 0 for width in self.widths)))

    def _measured(self, setting: Setting, gamma: Any, share: Any, dtype: Any) -> Any:
        U = self.rotation(dtype)
        a, widths = np.array(self.curvatures, dtype=dtype), np.array(self.widths, dtype=dtype)

        def bent(y: Any) -> Any:
            return np.maximum(-widths, np.minimum(widths, y)) if len(widths) else y

        def f(x: Any) -> Any:
            y = x @ U
            inside = bent(y)
            return (y * inside - inside * inside / 2) @ a

        return over_tree(setting, f, lambda x: (bent(x @ U) * a) @ U.T, np.array([self.start], dtype=dtype), gamma)

    def rotation(self, dtype: Any = object) -> Any:
        """Return U, in exact numbers or in floating point."""
        k = len(self.curvatures)
        U = np.array(axes(k), dtype=dtype)
        for (i, j), t in zip(combinations(range(k), 2), self.tangents, strict=True):
            cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
            U[i], U[j] = cosine * U[i] - sine * U[j], sine * U[i] + cosine * U[j]
        return U


@dataclass(frozen=True)
class SlowDirection(Example):
    """Huber's function of the mean s of the coordinates, and a square across; it starts where all coordinates are 1.

    For k of them ``k h(s) + fast (|x|^2 - k s^2)/2``, where h is ``slow s^2/2`` up to a width, then straight. A rank
    that is small against the dimension sees little of the slow direction, and most of what it moves is fast. In one
    step all that counts is the share: where the sketch draws r of d coordinates, r/d.

    Attributes
    ----------
    slow, fast : Fraction
        Both between mu/L and 1, above 0.
    width : Fraction
        Where it is 1 or more only the square is seen.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.verdicts.sharpness.example import SlowDirection
    >>> from rac_theory.verdicts.sharpness.setting import start_of, Setting
    >>> one, half = Fraction(1), Fraction(1, 2)
    >>> print(SlowDirection(half, one, one).value(Setting("T2", one, half, one, 2, 1, half)))  # T2 promises 3/4
    11/16
    """

    slow: Fraction
    fast: Fraction
    width: Fraction

    def _is_admitted(self, setting: Setting, mu: Fraction) -> bool:
        is_curved = all(0 < a <= 1 and mu <= a for a in (self.slow, self.fast))
        return is_curved and self.width > 0 and (mu == 0 or self.width >= 1)

    def _measured(self, setting: Setting, gamma: Any, share: Any, dtype: Any) -> Any:
        k = setting.blocks
        numbers: Any = np.array([self.slow, self.fast, self.width], dtype=dtype)
        slow, fast, width = numbers

        def f(s: Any, squares: Any) -> Any:
            inside = np.minimum(np.maximum(s, -width), width)
            return slow * (s * inside - inside * inside / 2) + fast * (squares - s * s) / 2

        if not k:
            G = slow * min(width, 1)
            s, squares = 1 - gamma * share * G, 1 - share + share * (1 - gamma * G) ** 2
            first = f(1 + 0 * gamma, 1)
            if setting.theorem == "T1":
                return setting.L * G * G / first
            return squares if setting.theorem == "T4" else f(s, squares) / start_of(setting.theorem, first, 1, gamma)

        def mean(x: Any) -> Any:
            return x.sum(axis=1, keepdims=True) / k

        def gradient(x: Any) -> Any:
            s = mean(x)
            return slow * np.minimum(np.maximum(s, -width), width) + fast * (x - s)

        start = np.array([[Fraction(1)] * k], dtype=dtype)
        return over_tree(setting, lambda x: k * f(mean(x), mean(x * x))[:, 0], gradient, start, gamma)


_GENERATIONS = 40
_POPULATION, _LARGEST = 6, 60  # for each parameter, and of all
_SIMPLEX = 0.02
_EDGE = 0.1  # the share of a coordinate at each end that stands for the end itself: extremes are hit, not approached
_GRID = 10_000  # parameters are rounded to this: near the best of them that changes the value in the eighth digit
_LEAST = Fraction(1, _GRID)  # of what must not be 0


def hardest_example(setting: Setting, rng: np.random.Generator) -> Example:
    """Return the hardest of all kinds that know the sketch."""
    examples: list[Example] = [hardest_huber(setting, rng), hardest_slow_direction(setting, _widths(setting), rng)]
    if setting.blocks:
        examples.append(_hardest(setting, _widths(setting) * setting.blocks, rng))
    return max(examples, key=lambda example: example.value(setting))


def hardest_slow_direction(setting: Setting, widths: int, rng: np.random.Generator) -> SlowDirection:
    """Return the hardest function with one slow direction, straight beyond a width or, without one, quadratic."""
    least = max(setting.mu / setting.L, _LEAST)

    def at(point: list[Fraction]) -> SlowDirection:
        slow, fast = (least + (1 - least) * x for x in point[:2])
        return SlowDirection(slow, fast, _LEAST + point[2] if widths else Fraction(1))

    return at(_searched(lambda point: at(point).near(setting), 2 + widths, rng))


def hardest_huber(setting: Setting, rng: np.random.Generator) -> Huber:
    """Return the hardest of Huber's functions; where mu > 0 of multiples of the identity."""
    mu = setting.mu / setting.L
    least = max(mu, _LEAST)

    def at(point: list[Fraction]) -> Huber:
        return Huber(least + (1 - least) * point[0], Fraction(1) if mu else _LEAST + (1 - _LEAST) * point[1])

    return at(_searched(lambda point: at(point).near(setting), 2, rng))


def hardest_quadratic(setting: Setting, rng: np.random.Generator) -> Rotated | SlowDirection:
    """Return the hardest quadratic with one coordinate a block."""
    examples: list[Rotated | SlowDirection] = [_hardest(setting, 0, rng), hardest_slow_direction(setting, 0, rng)]
    return max(examples, key=lambda example: example.value(setting))


def _widths(setting: Setting) -> int:
    """One where functions may be straight far away: not where mu > 0, and for T1 nothing is gained by it."""
    return 0 if setting.mu or setting.theorem == "T1" else 1


def _hardest(setting: Setting, widths: int, rng: np.random.Generator) -> Rotated:
    k, least = setting.blocks, max(setting.mu / setting.L, _LEAST)

    def at(point: list[Fraction]) -> Rotated:
        curvatures, start, further = point[:k], point[k : 2 * k], point[2 * k :]
        wide, tangents = further[:widths], further[widths:]
        return Rotated(
            tuple(least + (1 - least) * x for x in curvatures),
            tuple(_LEAST + x for x in wide),
            tuple(2 * x - 1 for x in tangents),
            tuple(_LEAST + 2 * x - 1 for x in start),
        )

    return at(_searched(lambda point: at(point).near(setting), 2 * k + widths + k * (k - 1) // 2, rng))


def _searched(value: Callable[[list[Fraction]], float], size: int, rng: np.random.Generator) -> list[Fraction]:
    """Return a point of the unit cube, on a grid, where a value is large: differential evolution, then a simplex."""

    def rational(point: Array) -> list[Fraction]:
        inside = np.clip((point - _EDGE) / (1 - 2 * _EDGE), 0.0, 1.0)
        return [Fraction(round(float(x) * _GRID), _GRID) for x in inside]

    def cost(point: Array) -> float:
        return -value(rational(point))

    first = np.asarray(rng.random((min(_POPULATION * size, _LARGEST), size)))
    cube = scipy.optimize.Bounds(np.zeros(size), np.ones(size))
    coarse = scipy.optimize.differential_evolution(
        cost, cube, maxiter=_GENERATIONS, init=first, polish=False, tol=0, seed=rng
    )
    corners = np.vstack([coarse.x, coarse.x + _SIMPLEX * np.eye(size)])
    inside = np.clip(corners, 0, 1)
    fine = scipy.optimize.minimize(
        cost, coarse.x, method="Nelder-Mead", bounds=cube, options={"initial_simplex": inside, "maxfev": 2000}
    )
    return rational(fine.x if fine.fun < coarse.fun else coarse.x)
