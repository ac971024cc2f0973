"""Theorems with one thing changed: each number, sign, exponent, term, factor and limit of a claim in turn."""

from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction
from functools import partial

from rac_theory.algebra import Expression, Let, Relation, Symbol, definitions_in
from rac_theory.algebra.expression import Choice, Maximum, Number, Power, Powers, Product, Quotient, Sum, Total
from rac_theory.statements import squared_gradient_and_beside, squared_gradient_with_weights
from rac_theory.statements.symbols import T, t
from rac_theory.theorems import Claim, Theorem, weighted_squared_gradient

MORE, LESS = Fraction(11, 10), Fraction(9, 10)


def changed_claims(theorem: Theorem) -> Iterator[Theorem]:
    """Yield theorems that differ in one place of the bound, of the weights on the left or of a definition.

    A definition changes wherever it is used, on the left, too, as the name stands for one thing.
    """
    theorem = replace(theorem, falls=theorem.rate)  # which takes long to find out
    bound, of_left = theorem.claim.bound, weight(theorem)
    for other in changes(bound):
        yield replace(theorem, claim=Claim(theorem.metric, other))
    for other in () if of_left is None else changes(of_left):
        yield _with(theorem, bound, other)
    for let in definitions_in(theorem.claim.relation):
        for other in changes(let.value):
            redefined = _Redefined(let.name, other)
            yield _with(theorem, redefined(bound), None if of_left is None else redefined(of_left))


def changes(expression: Expression) -> Iterator[Expression]:
    """Yield expressions that differ in one place, here or below; what a name stands for is no place of this one."""
    yield from (other for other in _here(expression) if other != expression)
    if isinstance(expression, Number | Symbol | Let):
        return
    for name in (each.name for each in fields(expression) if each.name != "index"):
        for other in _inside(getattr(expression, name)):
            yield replace(expression, **{name: other})


def changed_relations(relation: Relation) -> Iterator[Relation]:
    """Yield relations with each number moved by a tenth, each side, too, and each sign turned round.

    Where a sign is asked of a name, what matters is the zero alone.
    """
    of_sign = Number(Fraction(0)) in relation.terms and any(isinstance(each, Symbol | Let) for each in relation.terms)
    for terms in _inside(relation.terms):
        if not of_sign or Number(Fraction(0)) not in terms:
            yield replace(relation, terms=terms)
    for i, sign in enumerate(relation.signs):
        turned = sign.translate(str.maketrans("<>", "><"))
        if turned != sign:
            yield replace(relation, signs=(*relation.signs[:i], turned, *relation.signs[i + 1 :]))


def _inside(value) -> Iterator:
    if isinstance(value, Expression):
        yield from changes(value)
    elif isinstance(value, Relation):
        yield from changed_relations(value)
    elif isinstance(value, tuple):
        for i, each in enumerate(value):
            yield from ((*value[:i], other, *value[i + 1 :]) for other in _inside(each))


def _here(e: Expression) -> Iterator[Expression]:
    """The changes at the top: all that may be made of any expression, then what its kind allows."""
    if isinstance(e, Number):
        yield from map(Number, {e.value * MORE, e.value * LESS, -e.value} - {e.value} or {MORE - 1})
        return
    yield from (Product((Number(factor), e)) for factor in (MORE, LESS))
    yield -e
    yield from (Power(e, Number(exponent)) for exponent in (MORE, LESS))
    if isinstance(e, Symbol):
        yield e**2
    match e:
        case Symbol() if e == T or not e.constant:  # an index is no constant either
            yield from (e + 1, e - 1)
        case Sum(of) | Product(of) | Maximum(of):
            shorter = [(*of[:i], *of[i + 1 :]) for i in range(len(of))]
            yield from (type(e)(rest) if len(rest) > 1 else rest[0] for rest in shorter)
        case Quotient(numerator, denominator):
            yield from (numerator, 1 / denominator)
        case Power(base, exponent):
            yield from (base, Power(base, exponent + 1), Power(base, exponent - 1))
        case Powers(base, first, last):
            yield from (Powers(base, first + by, last) for by in (1, -1))
            yield from (Powers(base, first, last + by) for by in (1, -1))
        case Total(index, steps, term):
            yield from (Total(index, steps + by, term) for by in (1, -1))
        case Choice(condition, then, otherwise):
            yield from (then, otherwise, Choice(condition, otherwise, then))


class _Redefined:
    """An expression with another definition of a name: as ``Expression.at``, quick where definitions are shared."""

    def __init__(self, name: str, value: Expression) -> None:
        self.name, self.value = name, value
        self.known: dict[int, tuple] = {}  # beside each result what it is of, which keeps its id taken

    def __call__(self, value):
        if isinstance(value, Number | Symbol) or not isinstance(value, Expression | Relation | tuple):
            return value
        if id(value) not in self.known:
            self.known[id(value)] = value, self._of(value)
        return self.known[id(value)][1]

    def _of(self, value):
        if isinstance(value, tuple):
            return tuple(map(self, value))
        if isinstance(value, Let) and value.name == self.name:
            return replace(value, value=self.value)
        return replace(value, **{each.name: self(getattr(value, each.name)) for each in fields(value)})


def weight(theorem: Theorem) -> Expression | None:
    """Return what the weights on the left are powers of, or what they are at t."""
    weights = _weights(theorem)
    return weights.base if _are_powers(weights) else weights


def _weights(theorem: Theorem) -> Expression | None:
    measure = theorem.metric.measure
    return measure.args[0] if isinstance(measure, partial) else None


def _are_powers(weights: Expression | None) -> bool:
    return isinstance(weights, Power) and weights.exponent == t


def _with(theorem: Theorem, bound: Expression, of_left: Expression | None) -> Theorem:
    weighted = weighted_squared_gradient if _are_powers(_weights(theorem)) else squared_gradient_with_weights
    weighted = squared_gradient_and_beside if theorem.metric.at_iterate else weighted
    return replace(theorem, claim=Claim(theorem.metric if of_left is None else weighted(of_left), bound))
