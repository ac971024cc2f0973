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

They are affine in values and linear in inner products. A space is cut into blocks that are orthogonal to each other. A
vector is a combination of unknown ones, their parts in one block with other coefficients than in another; an inner
product is the sum over the blocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeVar

from rac_theory.numerics import Matrix

Key = TypeVar("Key")


@dataclass(frozen=True)
class Vector:
    """A combination of unknown vectors, given by their numbers, with its own coefficients in every block."""

    blocks: tuple[dict[int, Fraction], ...]

    @classmethod
    def unknown(cls, number: int, blocks: int) -> "Vector":
        """The unknown vector of this number."""
        return cls(({number: Fraction(1)},) * blocks)

    @classmethod
    def zero(cls, blocks: int) -> "Vector":
        """The origin."""
        return cls(({},) * blocks)

    def part(self, block: int) -> "Vector":
        """What of it is in one block."""
        return Vector(tuple(some if b == block else {} for b, some in enumerate(self.blocks)))

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(tuple(_added(a, b) for a, b in zip(self.blocks, other.blocks, strict=True)))

    def __sub__(self, other: "Vector") -> "Vector":
        return self + -other

    def __neg__(self) -> "Vector":
        return Vector(tuple(map(_negative, self.blocks)))

    def __rmul__(self, factor: Fraction) -> "Vector":
        return Vector(tuple(_scaled(factor, some) for some in self.blocks))


@dataclass(frozen=True)
class Form:
    """A combination of values of f and of inner products of unknown vectors, (i, j) with i <= j, in every block."""

    values: dict[int, Fraction]
    products: tuple[dict[tuple[int, int], Fraction], ...]

    @classmethod
    def value(cls, number: int, blocks: int) -> "Form":
        """The value of this number."""
        return cls({number: Fraction(1)}, ({},) * blocks)

    @classmethod
    def zero(cls, blocks: int) -> "Form":
        """Nothing."""
        return cls({}, ({},) * blocks)

    def __add__(self, other: "Form") -> "Form":
        products = tuple(_added(a, b) for a, b in zip(self.products, other.products, strict=True))
        return Form(_added(self.values, other.values), products)

    def __sub__(self, other: "Form") -> "Form":
        return self + -other

    def __neg__(self) -> "Form":
        return Form(_negative(self.values), tuple(map(_negative, self.products)))

    def __rmul__(self, factor: Fraction) -> "Form":
        return Form(_scaled(factor, self.values), tuple(_scaled(factor, some) for some in self.products))

    def matrix(self, block: int, size: int) -> Matrix:
        """Return the symmetric matrix of the inner products in one block."""
        M = [[Fraction(0)] * size for _ in range(size)]
        for (i, j), x in self.products[block].items():
            M[i][j] += x / 2
            M[j][i] += x / 2
        return M


def inner(u: Vector, v: Vector) -> Form:
    """Return the inner product of two vectors."""
    products = []
    for a, b in zip(u.blocks, v.blocks, strict=True):
        some: dict[tuple[int, int], Fraction] = {}
        for i, x in a.items():
            for j, y in b.items():
                pair = (min(i, j), max(i, j))
                some[pair] = some[pair] + x * y if pair in some else x * y
        products.append(_without_zeros(some))
    return Form({}, tuple(products))


def square(v: Vector) -> Form:
    """Return the squared length of a vector."""
    return inner(v, v)


def total(forms: Iterable[Form], blocks: int) -> Form:
    """Return the sum, which is nothing for no forms."""
    values: dict[int, Fraction] = {}
    products: tuple[dict[tuple[int, int], Fraction], ...] = tuple({} for _ in range(blocks))
    for form in forms:  # in place: a sum of a thousand forms copies nothing
        for sums, some in zip((values, *products), (form.values, *form.products), strict=True):
            for key, x in some.items():  # type: ignore[attr-defined]
                sums[key] = sums[key] + x if key in sums else x  # type: ignore[index, operator]
    return Form(_without_zeros(values), tuple(map(_without_zeros, products)))


def _added(a: dict[Key, Fraction], b: dict[Key, Fraction]) -> dict[Key, Fraction]:
    combined = dict(a)
    for key, x in b.items():
        combined[key] = combined[key] + x if key in combined else x
    return _without_zeros(combined)


def _without_zeros(some: dict[Key, Fraction]) -> dict[Key, Fraction]:
    return {key: x for key, x in some.items() if x}


def _negative(some: dict[Key, Fraction]) -> dict[Key, Fraction]:
    return {key: -x for key, x in some.items()}  # which reduces no fraction, as a product does


def _scaled(factor: Fraction, some: dict[Key, Fraction]) -> dict[Key, Fraction]:
    return {key: factor * x for key, x in some.items()} if factor else {}


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
