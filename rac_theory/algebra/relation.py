"""Relations between expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import is_
from typing import TYPE_CHECKING, Any, ClassVar

from rac_theory.base.checks import one_of

if TYPE_CHECKING:
    from rac_theory.algebra.expression import Expression


@dataclass(frozen=True, repr=False)
class Relation:
    """Expressions with a sign between each two. It has no truth of its own: constants give it one.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, between
    >>> gamma, L = Symbol("gamma"), Symbol("L")
    >>> between(0, gamma * L, 2)
    0 < gamma L < 2
    >>> 0 < gamma * L < 2
    Traceback (most recent call last):
    TypeError: gamma L > 0 is neither true nor false without constants: for a chain write between(0, gamma L, 2)
    """

    terms: "tuple[Expression, ...]"
    signs: tuple[str, ...]

    _SIGNS: ClassVar = ("<", "<=", ">", ">=", "=")

    def __post_init__(self) -> None:
        for sign in self.signs:
            one_of("sign", sign, self._SIGNS)
        if len(self.signs) != len(self.terms) - 1:
            raise ValueError(f"signs must be one fewer than terms={len(self.terms)}, got {len(self.signs)}")

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} is neither true nor false without constants: for a chain write between(0, gamma L, 2)"
        )

    def at(self, values: "Mapping[Any, Expression | int | Fraction]") -> "Relation":
        """Return the relation with others in the place of some expressions; itself where none is."""
        terms = tuple(term.at(values) for term in self.terms)
        return self if all(map(is_, terms, self.terms)) else Relation(terms, self.signs)

    def within(self) -> "Iterator[Expression]":
        """Yield all expressions that it is about."""
        for term in self.terms:
            yield from term.within()
