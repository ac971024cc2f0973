"""Reductions with one number changed: in a claim, in its metric, or in a definition wherever that stands."""

from collections.abc import Iterator
from dataclasses import fields, replace

from rac_theory.algebra import Expression, Let, Symbol, definitions_in, number, symbols_of, text
from rac_theory.algebra.expression import Number, lifted
from rac_theory.statements.claim import Claim
from rac_theory.statements.reduction import Reduction
from rac_theory.theorems import Theorem


def changed(expression: Expression, whole: bool = False) -> Iterator[tuple[str, Expression]]:
    """The expression with one of its numbers 10% larger, or one more if it must be whole; definitions stay."""
    if isinstance(expression, Number):
        yield "", Number(expression.value + (1 if whole else expression.value / 10))
    for each in fields(expression) if not isinstance(expression, Number | Let | Symbol) else ():  # type: ignore[arg-type]
        value = getattr(expression, each.name)
        parts = value if isinstance(value, tuple) else (value,)
        for i, part in enumerate(parts):
            inside = whole or each.name in ("exponent", "first", "last", "steps")
            for where, other in changed(part, inside) if isinstance(part, Expression) else ():
                new = (*parts[:i], other, *parts[i + 1 :])
                at = {each.name: new if isinstance(value, tuple) else other}
                yield where or text(expression), replace(expression, **at)  # type: ignore[type-var]


def everywhere(reduction: Reduction, wrong: dict[Expression, Expression]) -> Reduction:
    """The reduction with a definition changed wherever it stands, as it would be if its line were."""
    claims = [
        replace(each, bound=each.bound.at(wrong), metric=replace(each.metric, expected=each.metric.expected.at(wrong)))
        for each in map(claim_of, (reduction.one, reduction.other))
    ]
    at = {name.at(wrong): lifted(value).at(wrong) for name, value in reduction.at.items()}
    return Reduction(one=claims[0], other=claims[1], at=at, times=lifted(reduction.times).at(wrong))


def wrong_reductions(reduction: Reduction) -> Iterator[tuple[str, Reduction]]:
    """Where a number stands in the claims, and the reduction with it changed."""
    for which, side in (("one", reduction.one), ("other", reduction.other)):
        if isinstance(side, Expression):
            yield from ((where, replace(reduction, **{which: wrong})) for where, wrong in changed(side))
            continue
        claim = claim_of(side)
        for where, bound in changed(claim.bound):
            yield where, replace(reduction, **{which: replace(claim, bound=bound)})
        for where, expected in changed(claim.metric.expected):
            wrong = replace(claim, metric=replace(claim.metric, expected=expected))
            yield where, replace(reduction, **{which: wrong})
        for let in definitions_in(claim.metric.expected, claim.bound):
            for where, value in changed(let.value):
                yield f"{let.name}: {where}", everywhere(reduction, {let: replace(let, value=value)})


def claim_of(side: Theorem | Claim) -> Claim:
    return side.claim if isinstance(side, Theorem) else side


def differs_in_numbers(reduction: Reduction) -> bool:
    """Whether the right sides are other numbers at a point, where N and K are whole."""
    one, other = (
        (side if isinstance(side, Expression) else claim_of(side).bound).at(reduction.at)
        for side in (reduction.one, reduction.other)
    )
    symbols = symbols_of(one, other)
    point = {symbol.name: 0.1 + 0.77 * i / len(symbols) for i, symbol in enumerate(symbols)} | {"N": 5, "K": 5, "T": 4}
    a, b = number(one, point), number(lifted(reduction.times) * other, point)
    return bool(abs(a - b) > 1e-6 * abs(b))


def holds(reduction: Reduction) -> bool:
    """As the reduction says; most that do not hold are found out sooner by numbers."""
    if differs_in_numbers(reduction):
        return False
    try:
        return reduction.holds
    except ZeroDivisionError:  # a change has made a bound infinite
        return False


def unseen(reduction: Reduction) -> set[str]:
    """Where in the claims a number may be changed while the reduction still holds."""
    return {where for where, wrong in wrong_reductions(reduction) if holds(wrong)}
