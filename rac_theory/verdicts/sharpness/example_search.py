"""The search for the example that comes nearest to a worst case: in floating point, then rounded."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here

from rac_theory.base.checks import Array
from rac_theory.verdicts.sharpness.example import Example, Huber, Rotated, SlowDirection
from rac_theory.verdicts.sharpness.setting import Setting

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
        curvatures, start, wide, tangents = (
            point[:k],
            point[k : 2 * k],
            point[2 * k :][:widths],
            point[2 * k + widths :],
        )
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
