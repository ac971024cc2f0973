r"""What holds between points, gradients and values of one function: the conditions from which a certificate is made.

In units of L, so that L is 1, and with the minimum 0. All are forms that are nonnegative for every function of the
class:

- *smooth*: the quadratic that touches f at i from above is nowhere below the one that touches it at j from below.
- *convex*: the same for f less :math:`\mu \|x\|^2 / 2`, which is convex, and smooth with the constant 1 - mu.
- *low*: a step along the gradient does not lead below the minimum.
- *PL*: the inequality itself.
- *smooth PL*: smoothness between i, j and a third point z, and the inequality at z, in one. See ``smooth_pl``.

The second and the first are all that such functions have in common (Taylor, Hendrickx & Glineur, arXiv:1502.05666);
of the last nobody knows all. It is that of Rubbens, Hendrickx & Taylor, arXiv:2504.14377, Proposition 3.2, with
another proof.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from rac_theory.verdicts.sharpness.inner_products import Form, Vector, inner, square

_KEPT = 1024  # forms of points, which are asked for with every alpha

Place = tuple[int, ...]
"""A point of a tree: the blocks that were drawn on the way to it."""

MINIMISER: Place = (-1,)
"""The place of a minimiser, which is no point of a tree."""


@dataclass(frozen=True, eq=False)
class Point:
    """A point, the gradient and the value there. It equals itself alone, so that what is said of it can be kept."""

    x: Vector
    gradient: Vector
    f: Form


class Condition(NamedTuple):
    """One condition, by what it says, of which places, and how strong it is: alpha of ``smooth_pl``, else 0.

    Examples
    --------
    >>> from rac_theory.verdicts.sharpness.function_conditions import Condition
    >>> print(Condition("smooth", ((), (0, 1))))  # of the start, and after a step in block 1 and one in block 2
    smooth W -> W.1.2
    """

    kind: str
    places: tuple[Place, ...]
    alpha: Fraction = Fraction(0)

    def __str__(self) -> str:
        places = " -> ".join(_place(node) for node in self.places)
        return f"{self.kind} {places}" + (f" at alpha = {self.alpha}" if self.alpha else "")


def _place(node: Place) -> str:
    return "W*" if node == MINIMISER else "W" + "".join(f".{block + 1}" for block in node)


@lru_cache(maxsize=_KEPT)
def smooth(i: Point, j: Point) -> Form:
    """f_i - f_j - <g_i + g_j, x_i - x_j>/2 - |g_i - g_j|^2/4 + |x_i - x_j|^2/4: the least distance of two parabolas."""
    step, turn = i.x - j.x, i.gradient - j.gradient
    middle = Fraction(-1, 2) * inner(i.gradient + j.gradient, step)
    return i.f - j.f + middle - Fraction(1, 4) * square(turn) + Fraction(1, 4) * square(step)


def convex(i: Point, j: Point, mu: Fraction) -> Form:
    """f_i - f_j - <g_j, x_i - x_j> - (|g_i - g_j|^2 + mu |x_i - x_j|^2 - 2 mu <g_i - g_j, x_i - x_j>)/(2 (1 - mu))."""
    step, turn = i.x - j.x, i.gradient - j.gradient
    rest = square(turn) + mu * square(step) - 2 * mu * inner(turn, step)
    return i.f - j.f - inner(j.gradient, step) - 1 / (2 * (1 - mu)) * rest


@lru_cache(maxsize=_KEPT)
def low(i: Point) -> Form:
    """f_i - |g_i|^2/2."""
    return i.f - Fraction(1, 2) * square(i.gradient)


@lru_cache(maxsize=_KEPT)
def _high(j: Point) -> Form:
    """f_j + |g_j|^2/2."""
    return j.f + Fraction(1, 2) * square(j.gradient)


def pl(i: Point, mu: Fraction) -> Form:
    """|g_i|^2 - 2 mu f_i."""
    return square(i.gradient) - 2 * mu * i.f


def largest_alpha(mu: Fraction) -> Fraction:
    """Up to this alpha ``smooth_pl`` is a condition."""
    return 2 * mu / (2 + mu)


def smooth_pl(i: Point, j: Point, mu: Fraction, alpha: Fraction) -> Form:
    r"""What ``smooth`` leaves over, less what a PL function needs of it: for alpha = 0 it is ``smooth``.

    With q = mu (1/alpha - 1/2), which is above 1, and any third point z with gradient h and value v:

    .. math:: (2q - \mu)\, \text{smooth}(i, z) + (2q + \mu)\, \text{smooth}(z, j) + |h|^2 - 2 \mu v \ge 0 .

    v cancels. The rest is a concave quadratic of h, and at most its maximum over h. For one z that is a positive
    multiple of this form, which is therefore nonnegative; a test compares all coefficients. For the largest alpha q
    is 1, and the form is a limit.
    """
    if not alpha:
        return smooth(i, j)
    weight = alpha / ((1 - alpha) * (2 * mu - (1 + mu) * alpha))
    return smooth(i, j) - weight * (1 - alpha) ** 2 * (1 + mu) * low(i) + weight * (1 - mu) * _high(j)
