"""What an example of a worst case is: a function and a start whose value is exact, and what all of them share.

In units of L, from a start in as many dimensions as there are blocks, one coordinate each. The value of an example is
a lower end of the worst case of its class. It is computed in rational numbers, and by the same lines in floating point
for a search.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from rac_theory.verdicts.sharpness.setting import Setting


class Example(Protocol):
    """A function and a start.

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> print(worst_case("T1", L=1, gamma=1, blocks=2, steps=1, rng=0).example)
    Huber(curvature=Fraction(1, 1), width=Fraction(1, 1))
    """

    def value(self, setting: Setting) -> Fraction:
        """Return the metric over the start; ValueError if the function is not in the class."""
        ...


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
    return f(x).sum() / len(x) / start_of(setting, first, distance, gamma)


def axes(k: int) -> list[list[Fraction]]:
    """Return the rows of the identity."""
    return [[Fraction(int(i == j)) for j in range(k)] for i in range(k)]


def start_of(setting: Setting, f: Any, distance: Any, gamma: Any) -> Any:
    """Return the start of T2, T3 and T3_isotropic, of the value and the squared distance there."""
    return {"T2": f, "T3": f + distance / (2 * gamma), "T3_isotropic": distance / (2 * gamma)}[setting.theorem]
