"""An identity between constants: no bound of its own, but what makes bounds apply."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rac_theory.algebra import Relation, Symbol, latex, symbols_of, text
from rac_theory.base import type_name
from rac_theory.statements.about import Predicate
from rac_theory.statements.assumption import sentence


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Identity:
    """What the constants of one algorithm are, given those of others; no row of the ledger tries it by itself.

    Attributes
    ----------
    id, name, source, mark, about
        As of a ``Theorem``.
    claims : tuple of Relation
        Equations.

    Examples
    --------
    >>> from rac_theory.theorems import T11
    >>> print(T11.statement)  # doctest: +NORMALIZE_WHITESPACE
    lambda_min = p lambda_min(E[P]) + (1 - p) lambda_min(E[R]),
    lambda_max = p lambda_max(E[P]) + (1 - p) lambda_max(E[R]).
    """

    id: str
    name: str
    source: str
    mark: Literal["paper", "derived", "second-hand"]
    about: Predicate
    claims: tuple[Relation, ...]

    @property
    def statement(self) -> str:
        """The equations in a line."""
        return ", ".join(map(text, self.claims)) + "."

    @property
    def formulas(self) -> tuple[str, ...]:
        """The equations in LaTeX."""
        return tuple(map(latex, self.claims))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Which algorithm it is about, as a sentence."""
        return (sentence(self.about),)

    @property
    def typeset_assumptions(self) -> Iterator[list[tuple[bool, str]]]:
        """The sentences in parts, each with whether it is a formula in LaTeX."""
        yield [(False, words) for words in self.assumptions]

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols in the equations."""
        return symbols_of(*self.claims)

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.id}: {self.statement}>"
