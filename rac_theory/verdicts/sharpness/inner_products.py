"""Points, gradients and what is said of them, with rational coefficients: affine in values, linear in inner products.

A space is cut into blocks that are orthogonal to each other. A vector is a combination of unknown ones, their parts in
one block with other coefficients than in another; an inner product is the sum over the blocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

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
