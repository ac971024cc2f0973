"""Reductions: a claim that is another one where symbols have certain values; identities, which make bounds apply."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Literal, TypeAlias

from rac_theory.algebra import (
    ONE,
    Expression,
    Ratio,
    Relation,
    Symbol,
    constant,
    equal,
    identical,
    latex,
    lifted,
    polynomial,
    symbols_of,
    text,
)
from rac_theory.base import type_name
from rac_theory.statements.about import Predicate
from rac_theory.statements.assumption import Condition, sentence
from rac_theory.statements.claim import Claim
from rac_theory.statements.symbols import K, N, eta, gamma
from rac_theory.statements.theorem import Theorem

Side: TypeAlias = Theorem | Claim | Expression
"""What is compared: the two sides of a claim, or a single expression."""

Values: TypeAlias = Mapping[Expression, Expression | int | Fraction]
"""Of symbols, or of definitions."""

_POSITIVE = (gamma, eta, N, K)  # sizes of steps, and counts


@dataclass(frozen=True, eq=False, kw_only=True)
class Reduction:
    """That a claim, its ``subject``, is another one, its ``target``, where certain symbols have certain values.

    Both are read at these values, and they are the same for all values of all further symbols and for all T.

    Attributes
    ----------
    subject, target : Theorem, Claim or Expression
        What is reduced, and what to.
    at : mapping of Expression to Expression or number
        Values of symbols, or of definitions.
    times : Expression or number
        By which the bound of the target is multiplied.
    because : str
        Why these are the values, in words.

    Examples
    --------
    >>> from rac_theory.theorems import T1, T9
    >>> from rac_theory.statements import symbols
    >>> from rac_theory.statements.reduction import Reduction
    >>> reduction = Reduction(subject=T9, target=T1, at={symbols.K: 1, symbols.eta: symbols.gamma})
    >>> reduction, reduction.holds
    (T9 is T1 at K = 1, eta = gamma, True)
    >>> Reduction(subject=T9, target=T1, at={symbols.K: 2, symbols.eta: symbols.gamma}).holds
    False
    """

    subject: Side
    target: Side
    at: Values = field(default_factory=dict)
    times: Expression | int | Fraction = 1
    because: str = ""

    @property
    def holds(self) -> bool:
        """Whether left sides, and right sides, of subject and target are identical."""
        *lefts, bound = self._sides(self.subject)
        *target_lefts, target_bound = self._sides(self.target)
        return identical(bound, lifted(self.times) * target_bound) and all(map(identical, lefts, target_lefts))

    @property
    def values(self) -> tuple[Relation, ...]:
        """The values as equations, but for names that stay what they are, as L does, of which there are two."""
        return tuple(equal(name, value) for name, value in self.at.items() if text(name) != text(lifted(value)))

    @property
    def extra_relations(self) -> tuple[Relation, ...]:
        """What the subject is given in relations that do not follow, in a step, from those of the target."""
        if not isinstance(self.target, Theorem):
            return ()  # it is given nothing, and nothing can be compared
        signed = [difference for relation in self._given(self.target) for difference in _differences(relation)]
        return tuple(
            relation
            for relation in self._given(self.subject)
            if not all(_follows(difference, is_strict, signed) for difference, is_strict in _differences(relation))
        )

    def _sides(self, side: Side) -> tuple[Expression, ...]:
        claim = side.claim if isinstance(side, Theorem) else side
        if isinstance(claim, Expression):
            return (claim.at(self.at),)
        if not isinstance(claim.bound, Expression):
            raise ValueError(f"the bound of {named(side)} must be an expression, it is a function")
        return (claim.metric.expected.at(self.at), claim.bound.at(self.at))

    def _given(self, side: Side) -> Iterator[Relation]:
        for assumption in side.given if isinstance(side, Theorem) else ():
            relations = assumption.requirements if isinstance(assumption, Condition) else (assumption,)
            for relation in relations:
                if isinstance(relation, Relation):
                    yield Relation(tuple(_shortest(term.at(self.at)) for term in relation.terms), relation.signs)

    def __repr__(self) -> str:
        values = ", ".join(map(text, self.values))
        times = "" if self.times == 1 else f"{lifted(self.times)} times "
        return f"{named(self.subject)} is {times}{named(self.target)}" + (f" at {values}" if values else "")


def reductions(pairs: Mapping[Theorem, Theorem | Claim], at: Values, because: str) -> tuple[Reduction, ...]:
    """Return a reduction for each pair of a theorem and its target, all at the same values and for the same reason."""
    return tuple(Reduction(subject=subject, target=target, at=at, because=because) for subject, target in pairs.items())


def named(side: Side) -> str:
    """Return the id of a theorem, and all else as it is written."""
    return side.id if isinstance(side, Theorem) else text(side.relation if isinstance(side, Claim) else side)


def _shortest(expression: Expression) -> Expression:
    """An expression as it stands or in normal form: ``2 gamma L`` for ``2 gamma 1 L``."""
    return min(expression, polynomial(expression).expression, key=lambda form: len(text(form)))


def _differences(relation: Relation) -> Iterator[tuple[Ratio, bool]]:
    """What a relation says is positive, strictly or not."""
    for (a, b), sign in zip(pairwise(relation.terms), relation.signs, strict=True):
        yield polynomial(b - a if "<" in sign else a - b), "=" not in sign


def _follows(difference: Ratio, is_strict: bool, signed: list[tuple[Ratio, bool]]) -> bool:
    """Whether a difference is positive since it is a number, a product of what is, or above what is known to be."""
    if difference.number is not None:
        return difference.number > 0 or (difference.number == 0 and not is_strict)
    positive = {key for ratio, strict in signed if strict for key in _single(ratio)} | {*_POSITIVE}
    factors = _single(difference)
    return bool(factors and factors <= positive) or any(_above(difference, is_strict, *fact) for fact in signed)


def _single(ratio: Ratio) -> set[Symbol]:
    """The symbols of a single product with a positive coefficient; none of anything else."""
    terms = list(ratio.numerator.terms)
    if len(terms) != 1 or ratio.denominator != ONE or terms[0][1] < 0:
        return set()
    return {key for key, _ in terms[0][0]}


def _above(difference: Ratio, is_strict: bool, least: Ratio, least_is_strict: bool) -> bool:
    """Whether a difference is a positive multiple of another, plus a number that is not negative."""
    terms = dict(least.numerator.terms)
    monomial, times = next(term for term in difference.numerator.terms if term[0])
    factor = Fraction(times) / terms.get(monomial, times)  # where it is not there, no factor leaves a number
    rest = (difference - least * Ratio(constant(factor))).number
    return factor > 0 and rest is not None and (rest > 0 or (rest == 0 and (least_is_strict or not is_strict)))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Identity:
    """What the constants of one algorithm are, given those of others; no row of the ledger tries it by itself.

    Attributes
    ----------
    id, name, source, mark, about
        As in a ``Theorem``.
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
    mark: Literal["paper", "derived", "second-hand"] = "derived"
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
