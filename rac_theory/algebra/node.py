"""What every expression is as a value: made of its arguments, never changed, so that what it is is worked out once."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rac_theory.algebra.relation import Relation

if TYPE_CHECKING:
    from rac_theory.algebra.expression import Expression, Let, Symbol


DEEPEST, LARGEST = 100, 200_000
"""How many levels an expression may have, and how many parts: readings go down it by recursion, and through all."""


class Node:
    """A value that is equal to another of its class with equal arguments, as a frozen dataclass is.

    A hash, as all that is worked out of an expression once, stays with it: without that, looking one up would go
    through all that it is made of, each time. None of this is pickled: another process has other hashes.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> Symbol("x") / 2 == Symbol("x") / 2, (Symbol("x") / 2).arguments
    (True, (x, 2))
    """

    __match_args__: tuple[str, ...] = ()
    arguments: tuple[Any, ...]
    """What its class makes it of, in that order."""
    inside: "tuple[Expression, ...]"
    """The expressions that this one is made of, from left to right."""
    depth: int
    size: int

    def __post_init__(self) -> None:
        arguments = tuple([getattr(self, name) for name in self.__match_args__])
        inside = _nodes(arguments)
        depth = 1 + max([part.depth for part in inside], default=0)
        size = 1 + sum([part.size for part in inside])
        if depth > DEEPEST:
            raise ValueError(
                f"an expression must have at most {DEEPEST} levels, got {depth}: write a chain as one sum or product"
            )
        if size > LARGEST:
            raise ValueError(
                f"an expression must have at most {LARGEST:,} parts, got {size:,}: write powers and totals"
            )
        self.__dict__.update(arguments=arguments, inside=inside, depth=depth, size=size)  # it is frozen

    def parts(self, kind: type) -> "tuple[Expression, ...]":
        """The terms of a sum, or the factors of a product: of what is of no such kind, itself alone."""
        return self.inside if isinstance(self, kind) else (self,)  # type: ignore[return-value]

    @cached_property
    def symbols(self) -> "tuple[Symbol, ...]":
        """The symbols in it that stand for something outside, each once, in the order in which they come up."""
        return tuple(dict.fromkeys(symbol for part in self.inside for symbol in part.symbols))

    @cached_property
    def named(self) -> "tuple[Let, ...]":
        """The definitions that are named in it, each once, and not those that they rest on."""
        return tuple({id(let): let for part in self.inside for let in part.named}.values())

    def within(self) -> "Iterator[Expression]":
        """Yield this expression and all below it, through definitions."""
        yield self  # type: ignore[misc]
        for part in self.inside:
            yield from part.within()

    @cached_property
    def _hash(self) -> int:
        return hash((type(self).__name__, self.arguments))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and isinstance(other, Node) and self.arguments == other.arguments

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), self.arguments


def _nodes(values: tuple[Any, ...]) -> tuple[Any, ...]:
    nodes: list[Any] = []
    for value in values:
        if isinstance(value, Node):
            nodes.append(value)
        elif isinstance(value, tuple | Relation):
            nodes += _nodes(value if isinstance(value, tuple) else value.terms)
    return tuple(nodes)
