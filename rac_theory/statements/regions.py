"""Where the constants of a theorem may be: what its relations say, and what is true of constants always.

Constants are put into units in which they are shares of one another: L = x / gamma with x in [0, 2] says that
``0 < gamma L < 2``, and mu = kappa L with kappa in [0, 1] that ``mu <= L``. What is left are boxes.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from functools import reduce
from operator import mul

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
    sign,
    symbols_of,
)
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
    >>> from rac_theory.statements.regions import regions
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
    positive = Region(dict.fromkeys(symbols_of(*relations), (0, math.inf)))
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
        if isinstance(name, Let) and (condition == (name >= 0) or _is_positive(name)):
            upper = (part for part in relations if part.terms[0] == name and part.signs in (("<",), ("<=",)))
            ends = (part.terms[1] for part in upper)
            high = min((end.value for end in ends if isinstance(end, Number)), default=math.inf)
            given[name] = Lemma((0, high), origin="given")
    return given


def _is_positive(name: Let) -> bool:
    """Whether a name stands for what is not negative as no constant is."""
    return sign(name.value, Region(dict.fromkeys(symbols_of(name.value), (0, math.inf)))) == 1


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
