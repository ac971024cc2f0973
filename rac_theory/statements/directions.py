"""To which side the constants of a theorem may be rounded, derived from its claim, its conditions and its relations.

Three questions are asked of every constant. Which way does the bound go as the constant grows? To which side does the
condition stay true that gives the constant its meaning? To which side do the relations become stricter, so that the
theorem can only cease to apply? Rounding is safe to a side on which no answer speaks against it.

Answers are signs on a region: what relations say of the constants, and what is true of them always. Constants are put
into units in which they are shares of one another: L = x / gamma with x in [0, 2] says that ``0 < gamma L < 2``, and
mu = kappa L with kappa in [0, 1] that ``mu <= L``. What is left are boxes.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Literal, NamedTuple

from rac_theory.algebra import (
    Expression,
    Lemma,
    Let,
    Number,
    Power,
    Product,
    Range,
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
from rac_theory.statements.symbols import (
    L_H,
    K,
    L,
    L_max,
    N,
    T,
    beta,
    delta,
    lambda_max,
    lambda_min,
    momentum,
    mu,
    nu,
    s,
)
from rac_theory.statements.theorem import Theorem

_kappa, _b, _x, _z = Symbol("kappa"), Symbol("b"), Symbol("x"), Symbol("z")

_RANGES: Mapping[Symbol, Range] = {
    **dict.fromkeys((L, L_max, L_H), (0, math.inf)),
    **dict.fromkeys((T, N, K), (1, math.inf)),  # counts
    **dict.fromkeys((lambda_min, lambda_max), (0, 1)),  # H is a projection, so that E[H] is between 0 and I
    delta: (0, 1),
    **dict.fromkeys((_kappa, _z), (0, 1)),
}


def regions(theorem: Theorem) -> tuple[Region, ...]:
    """Return the boxes that together hold all constants to which a theorem may apply.

    Each is an interval in every constant, so that a bound that goes one way on each of them goes one way.

    Examples
    --------
    >>> from rac_theory import theorems
    >>> from rac_theory.statements.directions import regions
    >>> for region in regions(theorems.T2_sharp):
    ...     print({symbol.name: place for symbol, place in region.places.items()})
    {'L': x / gamma, 'mu': kappa (x / gamma)}
    {'L': x / gamma, 'mu': kappa (x / gamma)}
    """
    relations = theorem.relations
    bound = theorem.claim.bound
    symbols = symbols_of(*relations, *((bound,) if isinstance(bound, Expression) else ()))
    ranges: dict[Symbol, Range] = {**{symbol: (0, math.inf) for symbol in symbols if symbol.constant}, **_RANGES}
    if momentum in symbols and _is_share(momentum, relations):
        ranges[momentum] = (0, 1)
    places: dict[Symbol, Expression] = {}
    for product, longest in filter(None, map(_length, relations)):
        constant, share = (beta, _b) if beta in product.factors else (_smoothness(symbols), _x)
        if product.factors.count(constant) != 1:
            continue
        value = share / reduce(mul, (factor for factor in product.factors if factor != constant))
        if places.setdefault(constant, value) == value:
            ranges[share] = (0, min(longest, ranges.get(share, (0, math.inf))[1]))
    proved = {name: lemma for name, (relation, lemma) in theorem.lemmas.items() if relation in relations}
    lemmas = {**_given(relations), **proved}
    smooth = places.get(_smoothness(symbols), L)
    # What is always true of mu: mu <= L, and mu lambda_min <= L_H.
    most = smooth / lambda_min if L_H in symbols else smooth
    pieces = _pieces(smooth, {mu: _kappa * most}, ranges.get(_x, (0, 1)), s in symbols)
    within = [(x, {symbol: part for symbol, part in parts.items() if symbol in symbols}) for x, parts in pieces]
    return tuple(Region(ranges | {_x: x}, places | parts, lemmas) for x, parts in within)


def _is_share(symbol: Symbol, relations: Collection[Relation]) -> bool:
    """Whether relations say that a constant is in [0, 1): of its own, or as a name is positive that is 1 less it, and
    less what is not negative."""
    names = [relation.terms[0] for relation in relations]
    less = (name.value for name in names if isinstance(name, Let) and (name > 0) in relations)
    positive = _positive(*relations)
    is_below_1 = (symbol < 1) in relations or any(sign(1 - symbol - amount, positive) == 1 for amount in less)
    return is_below_1 and (symbol >= 0) in relations


def _smoothness(symbols: Collection[Symbol]) -> Symbol:
    return next((symbol for symbol in (L_H, L_max) if symbol in symbols), L)


def _length(relation: Relation) -> tuple[Product, Fraction] | None:
    """What a relation says of a product of constants: that it is at most, or less than, a number."""
    match relation:
        case Relation((Product() as product, Number(longest)), ("<=" | "<",)) | Relation(
            (Number(), Product() as product, Number(longest)), ("<", "<")
        ) if not any(isinstance(factor, Power) for factor in product.factors):
            return product, longest
    return None


def _given(relations: Collection[Relation]) -> Mapping[Expression, Lemma]:
    """What relations say of names: that they are not negative, and perhaps below a number."""
    given: dict[Expression, Lemma] = {}
    for name, condition in ((relation.terms[0], relation) for relation in relations):
        if isinstance(name, Let) and (condition == (name >= 0) or sign(name.value, _positive(name.value)) == 1):
            upper = (part for part in relations if part.terms[0] == name and part.signs in (("<",), ("<=",)))
            ends = (part.terms[1] for part in upper)
            high = min((end.value for end in ends if isinstance(end, Number)), default=math.inf)
            given[name] = Lemma((0, high), origin="given")
    return given


def _pieces(
    smooth: Expression, always: Mapping[Symbol, Expression], x: Range, with_s: bool
) -> Iterator[tuple[Range, Mapping[Symbol, Expression]]]:
    """The range of x cut at 1, where (1 - x)^2 turns, and what is always true: s and 1 / nu are shares of L."""
    # nu <= 1/L, as the eigenvalues of 2 M - M^2, for M = L tau B B', are at most 1.
    always = {**always, nu: _x / L}
    low, high = x
    for inside in [(low, high)] if high <= 1 else [(low, Fraction(1)), (Fraction(1), high)]:
        # gamma s = x z if x <= 1, else it is below 1 or between 1 and x.
        shares = [_z] if inside[1] <= 1 else [_z / _x, (1 + (_x - 1) * _z) / _x]
        for share in shares if with_s else shares[:1]:
            yield inside, {**always, s: share * smooth}


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
    """On which side a constant may be rounded: what that does to bound, condition and relations of a theorem.

    Attributes
    ----------
    bound : "up", "down", "none" or "either"
        The side on which the bound does not become smaller; "either" where neither side is proved to be.
    origins : frozenset of str
        What else the proof of that uses than the rules for sums, products and powers: "polynomial", "lemma", "given".
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

    Returns
    -------
    mapping of Symbol to Rounding
        One for each constant that is rounded to a side.

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
    pieces = [
        replace(piece, lemmas={name: lemma for name, lemma in piece.lemmas.items() if lemma.origin != "given"})
        for piece in regions(theorem)
    ]
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


def _positive(*parts: Relation | Expression) -> Region:
    """Norms, gaps and constants are not negative, nor is <G, E[H] G>; what may be is no factor of a constant."""
    return Region(dict.fromkeys(symbols_of(*parts), (0, math.inf)))
