"""Huber's function in every coordinate, and sums of such functions along other axes."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from rac_theory.verdicts.sharpness.example import axes, over_tree, start_of
from rac_theory.verdicts.sharpness.setting import Setting


@dataclass(frozen=True)
class Huber:
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
    >>> from rac_theory.verdicts.sharpness.examples import Huber
    >>> from rac_theory.verdicts.sharpness.setting import Setting
    >>> one, third = Fraction(1), Fraction(1, 3)
    >>> print(Huber(one, third).value(Setting("T3_isotropic", one, Fraction(0), one, 1, 1, one)))  # gradient descent
    1/3
    """

    curvature: Fraction
    width: Fraction

    def value(self, setting: Setting) -> Fraction:
        """Return the metric over the start; ValueError if the function is not in the class."""
        mu = setting.mu / setting.L
        if not (0 < self.curvature <= 1 and mu <= self.curvature and self.width > 0 and (mu == 0 or self.width >= 1)):
            raise ValueError(f"example must be a function of the class of {setting.theorem}, got {self!r}")
        return Fraction(self._measured(setting, setting.gamma * setting.L, setting.share))

    def near(self, setting: Setting) -> float:
        """The same in floating point, unchecked."""
        return float(self._measured(setting, float(setting.gamma * setting.L), float(setting.share)))

    def _measured(self, setting: Setting, gamma: Any, share: Any) -> Any:
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
        return mean(f, T) / start_of(setting, f(points[0]), 1, gamma)


@dataclass(frozen=True)
class Rotated:
    """The sum of a y^2/2 over the coordinates y of U'x, straight beyond their widths; U is a product of rotations.

    Attributes
    ----------
    curvatures : tuple of Fraction
        The a, between mu/L and 1, as many as there are blocks.
    widths : tuple of Fraction
        As many, above 0; or none, for a quadratic.
    tangents : tuple of Fraction
        Of half the angle by which two coordinates are turned, for each two of them.
    start : tuple of Fraction

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.verdicts.sharpness.examples import Rotated
    >>> from rac_theory.verdicts.sharpness.setting import Setting
    >>> one, half = Fraction(1), Fraction(1, 2)
    >>> setting = Setting("T4", one, half, one, 2, 1, half)
    >>> print(Rotated((half, one), (), (Fraction(0),), (one, Fraction(0))).value(setting))
    5/8
    """

    curvatures: tuple[Fraction, ...]
    widths: tuple[Fraction, ...]
    tangents: tuple[Fraction, ...]
    start: tuple[Fraction, ...]

    def value(self, setting: Setting) -> Fraction:
        """Return the metric over the start; ValueError if the function is not in the class."""
        mu = setting.mu / setting.L
        is_quadratic = not self.widths
        if not (
            len(self.curvatures) == setting.blocks
            and all(mu <= a <= 1 for a in self.curvatures)
            and (is_quadratic or (mu == 0 and all(width > 0 for width in self.widths)))
        ):
            raise ValueError(f"example must be a function of the class of {setting.theorem}, got {self!r}")
        return Fraction(self._measured(setting, setting.gamma * setting.L, object))

    def near(self, setting: Setting) -> float:
        """The same in floating point, unchecked."""
        return float(self._measured(setting, float(setting.gamma * setting.L), np.float64))

    def _measured(self, setting: Setting, gamma: Any, dtype: Any) -> Any:
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
