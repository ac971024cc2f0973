"""To which side the constants of a theorem may be rounded, derived from its claim, its conditions and its relations.

Three questions are asked of every constant. Which way does the bound go as the constant grows? To which side does the
condition stay true that gives the constant its meaning? To which side do the relations become stricter, so that the
theorem can only cease to apply? Rounding is safe to a side on which no answer speaks against it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from rac_theory.algebra import (
    Expression,
    Let,
    Region,
    Relation,
    Symbol,
    Way,
    direction,
    in_letters,
    sign,
    slacks,
    symbols_of,
    together,
)
from rac_theory.statements.assumption import Condition
from rac_theory.statements.regions import regions
from rac_theory.statements.theorem import Theorem

Side = Literal["up", "down", "none", "either"]


WHY: Mapping[str, str] = {
    "L": "a larger number is a Lipschitz constant too",
    "L_max": "a larger number is a Lipschitz constant of every component too",
    "L_H": "a larger number bounds E[H Q H] by E[H] too",
    "ell": "it is used as an upper bound of what turns cost, and a larger number is one",
    "mu": "a smaller number fulfils the Polyak-Lojasiewicz inequality too",
    "strong_convexity": "a smaller number is a modulus of strong convexity too",
    "lambda_min": "it is used as a lower bound of E[H], and a smaller number is one",
    "lambda_max": "it is used as an upper bound of E[H], and a larger number is one",
    "leading_share": "it is used as a lower bound of what is left of a gradient, and a smaller share is one",
    "gap0": "it is taken from an upper end of the infimum, on both sides, and rounding it only adds to the bound",
    "gap0_upper": "it is used as the most that f can fall, and f falls by no more than a larger number",
    "distance0": "it is used as an upper bound of the distance, and a larger number is one",
    "A": "the inequality of structured noise has it on the larger side",
    "beta": "the inequality of structured noise has it on the larger side",
    "C": "the inequality of structured noise has it on the larger side",
    "D": "it is used as an upper bound of a spread, and a larger number is one",
    "D_in": "it is used as an upper bound of a spread, and a larger number is one",
    "omega": "it is used as an upper bound of what sampling adds, and a larger number is one",
    "sigma_squared": "it is used as an upper bound of a variance, and a larger number is one",
    "zeta_squared": "it is used as an upper bound of a variance, and a larger number is one",
    "bias_squared": "it is used as an upper bound of squared errors, and a larger number is one",
    "norm_share": "it is used as a lower bound of what a step sees, and a smaller share is one",
    "span": "it is used as an upper bound of a squared length, and a larger number is one",
    "nu": "it is used as a lower bound of what a step gains, and a smaller number is one",
    "longest_step": "it is only asked to be below 2, and a larger number is so less often",
}
"""Why a constant that is rounded to its side is as good a constant, so that the theorem holds for it."""


class Rounding(NamedTuple):
    """What rounding a constant does to a theorem.

    Attributes
    ----------
    bound : "up", "down", "none" or "either"
        The side on which the bound does not become smaller; "either" where none is proved to be it.
    origins : frozenset of str
        What proves it beside the rules for sums, products and powers: "polynomial", "lemma", "given".
    condition : "up", "down" or "none"
        The side on which the condition that has the constant in it stays true.
    stricter : "up", "down", "none" or "either"
        The side on which each relation becomes stricter.
    looser : tuple of Relation
        Relations that become looser on the side of the constant.
    side : "up", "down" or "exact"
        To which side the constant is rounded, as its symbol says.
    """

    bound: Side
    origins: frozenset[str]
    condition: Side
    stricter: Side
    looser: tuple[Relation, ...]
    side: Literal["up", "down", "exact"]

    @property
    def derived(self) -> Side:
        """The side on which all agree that have an answer."""
        ways = [direction for direction in (self.bound, self.condition, self.stricter) if direction != "either"]
        return together(ways) or "either"


def directions(theorem: Theorem) -> Mapping[Symbol, Rounding]:
    """Return for each constant of a theorem that is rounded to which side that is safe, and how it is known.

    Examples
    --------
    >>> from rac_theory import theorems
    >>> from rac_theory.statements.directions import directions
    >>> for symbol, found in directions(theorems.T2_sharp).items():
    ...     print(symbol, found.derived, sorted(found.origins))
    L up ['polynomial']
    mu down ['polynomial']
    lambda_min down ['polynomial']
    f(W^0) - f* up ['polynomial']
    """
    conditions = [condition.inequality for condition in theorem.given if isinstance(condition, Condition)]
    idle, pieces = redundant(theorem), regions(theorem)
    effective = [relation for relation in theorem.relations if relation not in idle]
    symbols = symbols_of(*_bounds(theorem), *theorem.relations, *conditions)
    sided = [symbol for symbol in symbols if symbol.side != "exact"]
    return {symbol: _rounding(theorem, symbol, effective, conditions, pieces) for symbol in sided}


def redundant(theorem: Theorem) -> tuple[Relation, ...]:
    """Return the relations on names of a theorem that all else that is known of its constants implies.

    Examples
    --------
    >>> from rac_theory import theorems
    >>> from rac_theory.statements.directions import redundant
    >>> redundant(theorems.T4), redundant(theorems.T6)
    ((rho >= 0,), ())
    """
    pieces = [_without_given(piece) for piece in regions(theorem)]
    named = [name for name in theorem.relations if isinstance(name.terms[0], Let)]
    return tuple(name for name in named if all(sign(slack, piece) == 1 for slack in slacks(name) for piece in pieces))


def _rounding(
    theorem: Theorem,
    symbol: Symbol,
    relations: Sequence[Relation],
    conditions: Sequence[Relation],
    pieces: Sequence[Region],
) -> Rounding:
    proofs = [direction(bound, symbol, piece) for bound in _bounds(theorem) for piece in pieces]
    bound = together([proof.trend for proof in proofs] or [None]) or "either"
    origins = (
        frozenset[str]().union(*(proof.origins for proof in proofs)) if bound != "either" else frozenset({"not proved"})
    )
    signs = (sign for fact in conditions for sign in _slack_ways(fact, symbol, [_positive(fact)]))
    condition = together(signs) or "either"
    ways = {relation: together(_slack_ways(relation, symbol, pieces)) for relation in relations}
    looser = tuple(relation for relation, sign in ways.items() if sign == symbol.side)
    stricter = _BACK[together(sign for relation, sign in ways.items() if relation not in looser) or "either"]
    return Rounding(bound, origins, condition, stricter, looser, symbol.side)


_BACK: Mapping[Side, Side] = {"up": "down", "down": "up", "none": "none", "either": "either"}


def _bounds(theorem: Theorem) -> tuple[Expression, ...]:
    """The bound, if it is an expression: of a function nothing is known."""
    return (theorem.claim.bound,) if isinstance(theorem.claim.bound, Expression) else ()


def _slack_ways(relation: Relation, symbol: Symbol, pieces: Sequence[Region]) -> Iterator[Way | None]:
    free = [slack for slack in slacks(relation) if not _is_positive_product(slack)]
    return (direction(slack, symbol, piece).trend for slack in free for piece in pieces)


def _is_positive_product(slack: Expression) -> bool:
    """Whether it is one of several constants, that are positive by themselves: ``0 < gamma L`` asks for no more."""
    is_product = len(symbols_of(slack)) > 1 and len(in_letters(slack).numerator.terms) == 1
    return is_product and sign(slack, _positive(slack)) == 1


def _positive(relation: Relation | Expression) -> Region:
    """Norms, gaps and constants are not negative, nor is <G, E[H] G>; what may be is no factor of a constant."""
    return Region({symbol: (0, float("inf")) for symbol in symbols_of(relation)})


def _without_given(region: Region) -> Region:
    return replace(region, lemmas={e: lemma for e, lemma in region.lemmas.items() if lemma.origin != "given"})
