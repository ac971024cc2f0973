"""A function that is slow in one direction, which a sketch of low rank sees little of."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rac_theory.verdicts.sharpness.example import over_tree, start_of
from rac_theory.verdicts.sharpness.setting import Setting


@dataclass(frozen=True)
class SlowDirection:
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
    >>> from rac_theory.verdicts.sharpness.slow_direction import SlowDirection
    >>> from rac_theory.verdicts.sharpness.setting import Setting
    >>> one, half = Fraction(1), Fraction(1, 2)
    >>> print(SlowDirection(half, one, one).value(Setting("T2", one, half, one, 2, 1, half)))  # T2 promises 3/4
    11/16
    """

    slow: Fraction
    fast: Fraction
    width: Fraction

    def value(self, setting: Setting) -> Fraction:
        """Return the metric over the start; ValueError if the function is not in the class."""
        mu = setting.mu / setting.L
        is_curved = all(0 < a <= 1 and mu <= a for a in (self.slow, self.fast))
        if not (is_curved and self.width > 0 and (mu == 0 or self.width >= 1)):
            raise ValueError(f"example must be a function of the class of {setting.theorem}, got {self!r}")
        return Fraction(self._measured(setting, setting.gamma * setting.L, setting.share, object))

    def near(self, setting: Setting) -> float:
        """The same in floating point, unchecked."""
        return float(self._measured(setting, float(setting.gamma * setting.L), float(setting.share), np.float64))

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
            return squares if setting.theorem == "T4" else f(s, squares) / start_of(setting, first, 1, gamma)

        def mean(x: Any) -> Any:
            return x.sum(axis=1, keepdims=True) / k

        def gradient(x: Any) -> Any:
            s = mean(x)
            return slow * np.minimum(np.maximum(s, -width), width) + fast * (x - s)

        start = np.array([[Fraction(1)] * k], dtype=dtype)
        return over_tree(setting, lambda x: k * f(mean(x), mean(x * x))[:, 0], gradient, start, gamma)
