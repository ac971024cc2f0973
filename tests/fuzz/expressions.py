"""A fuzzer of expressions: what is drawn must have one value as a number, as a fraction, in normal form and in Coq.

``python -m tests.fuzz.expressions 100000 --seed 7`` draws so many, ``--coq 2000`` has Coq read so many of them, too.
"""

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import numpy as np

from rac_theory.algebra import choice, fraction, identical, maximum, number, polynomial, powers, sqrt, total
from rac_theory.algebra.expression import Expression, Let, Power, Powers, Relation, Symbol, Total, lifted
from tests.coq.readings import misread

x, y, T, K = (Symbol(name) for name in ("x", "y", "T", "K"))
INDICES = tuple(Symbol(name) for name in ("k", "j", "i"))
NUMBERS = tuple(Fraction(number) for number in ("-2", "-1", "0", "1", "2", "3", "1/2", "-3/7"))
ALLOWED, _CHANGES, _LONG, _BATCH = 1e-7, 3, 400, 200
"""By how much a number may differ from a fraction, relative to the largest part of it."""


@dataclass(frozen=True)
class Drawn:
    """An expression, exact values of its symbols by name, and its exact value."""

    expression: Expression
    values: Mapping[str, Fraction | int]
    value: Fraction


def drawn(count: int, seed: int) -> Iterator[Drawn]:
    """Yield so many expressions that have a value, with it."""
    random = Random(seed)
    while count:
        expression, values = _expression(random, 4, (x, y)), _values(random)
        if (value := _value(expression, values)) is not None:
            count -= 1
            yield Drawn(expression, values, value)


def disagreements(each: Drawn) -> Iterator[str]:
    """Yield what other readings say of an expression, where that is not its value."""
    in_floating_point = float(number(each.expression, {name: float(value) for name, value in each.values.items()}))
    if abs(in_floating_point - float(each.value)) > ALLOWED * _largest(each):
        yield f"as a number it is {in_floating_point!r}"
    try:
        normal = polynomial(each.expression)
    except (ValueError, ZeroDivisionError):  # it is said to have no normal form
        return
    value = _value(normal.expression, each.values)
    if value not in (None, each.value):  # None where what cancels divides by zero
        yield f"its normal form {normal!r} is {value}"


def namesakes(each: Drawn, random: Random) -> Iterator[str]:
    """Yield that an expression is called identical to one with another letter in a place, which has another value."""
    letters = sorted({part for part in each.expression.within() if isinstance(part, Symbol)} - {T, K}, key=repr)
    for symbol in random.sample(letters, min(_CHANGES, len(letters))):
        changed = _changed(each.expression, symbol, random.choice((*INDICES, x)), random)
        value = None if changed is None else _value(changed, each.values)
        if changed is not None and value not in (None, each.value):
            with suppress(ValueError, ZeroDivisionError):
                if identical(each.expression, changed):
                    yield f"it is called identical to {changed!r}, which is {value}"


def misread_by_coq(every: Iterable[Drawn]) -> Iterator[str]:
    """Yield which expressions have another value in Coq; those with an exponent that may be negative are not asked."""
    asked = [each for each in every if not any(map(_goes_below_zero, each.expression.within()))]
    for batch in (asked[at : at + _BATCH] for at in range(0, len(asked), _BATCH)):
        for place in misread([(each.expression, each.values, each.value) for each in batch]):
            yield f"{batch[place].expression!r} at {batch[place].values} is not {batch[place].value} in Coq"


def _goes_below_zero(part: Expression) -> bool:
    """Whether an exponent or a limit has something taken away from it, which natural numbers of Coq do not have."""
    match part:
        case Power(_, exponent):
            ends = (exponent,)
        case Powers(_, first, last):
            ends = (first, last - first + 1)
        case _:
            return False
    return any(times < 0 for end in ends for _, times in polynomial(end).numerator.terms)


def _value(expression: Expression, values: Mapping[str, Fraction | int]) -> Fraction | None:
    """The exact value; None where a part has none, or a long one, or an index stands outside of its sum."""
    try:
        value = fraction(expression, values)
        return value if isinstance(value, Fraction) and _has_value(expression, values) else None
    except (ValueError, KeyError):
        return None


def _has_value(expression: Expression, values: Mapping[str, Fraction | int]) -> bool:
    """Whether all parts have a value that is not long: both branches, and the first term of a sum of none as well.

    A normal form may have a value elsewhere, as the sum of no powers times its inverse has.
    """
    value = fraction(expression, values)
    if not isinstance(value, Fraction) or max(map(int.bit_length, value.as_integer_ratio())) > _LONG:
        return False
    if isinstance(expression, Total):
        steps = fraction(expression.steps, values)
        terms = ({**values, expression.index.name: index} for index in range(max(1, int(steps))))
        return _has_value(expression.steps, values) and all(_has_value(expression.term, term) for term in terms)
    return all(_has_value(part, values) for part in expression.inside)


def _largest(each: Drawn) -> float:
    """The size of the largest part that stands in no sum, for what cancels is lost in floating point."""
    parts = [_value(part, each.values) for part in each.expression.within()]
    sizes = [abs(float(part)) for part in parts if part is not None]
    return max(1.0, *sizes, math.prod(max(1.0, size) for size in sizes[:6]))


def _values(random: Random) -> dict[str, Fraction | int]:
    own = {symbol.name: Fraction(random.randint(-9, 9), random.choice((1, 2, 4))) for symbol in (x, y)}
    return own | {T.name: random.randint(0, 3), K.name: random.randint(0, 3)}


def _expression(random: Random, depth: int, leaves: tuple[Symbol, ...]) -> Expression:
    def part() -> Expression:
        return _expression(random, depth - 1, leaves)

    if depth == 0 or random.random() < 0.12:
        return random.choice(leaves) if random.random() < 0.75 else lifted(random.choice(NUMBERS))
    match random.choice((*"++-**/", "power", "power", "powers", "sum", "sum", "sum", "sqrt", "if", "max", "let")):
        case "+":
            return part() + part()
        case "-":
            return part() - part()
        case "*":
            return part() * part()
        case "/":
            return part() / part()
        case "power":
            return part() ** random.choice((2, 3, -1, T, K, T + 1, 2 * T, T - 1, *_whole(leaves)))
        case "powers":
            first = random.choice((0, 1, 2))
            return powers(part(), first, random.choice((T, T + 1, T - 1 + first, K + first)))
        case "sum":
            index = random.choice(INDICES)
            steps = random.choice((T, K, T + 1, 3, *_whole(leaves)))
            return total(index, steps, _expression(random, depth - 1, tuple(dict.fromkeys((*leaves, index)))))
        case "sqrt":
            root = part()
            return sqrt(root**2) if random.random() < 0.5 else sqrt(root * root + 2 * root + 1)
        case "if":
            sign = random.choice(("<", "<=", ">", ">=", "="))
            return choice(Relation((part(), part()), (sign,)), part(), part())
        case "max":
            return maximum(part(), part())
    return Let("d", part())


def _whole(leaves: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
    return tuple(leaf for leaf in leaves if leaf in INDICES)


def _changed(expression: Expression, symbol: Symbol, other: Symbol, random: Random) -> Expression | None:
    """The expression with another letter in one of the places of a letter; None where that makes no sum of terms."""
    places = sum(part == symbol for part in expression.within())
    if not places:
        return None
    at = random.randrange(places)

    def walk(value: object) -> object:
        nonlocal at
        if isinstance(value, Expression) and value == symbol:
            at -= 1
            return other if at == -1 else value
        if isinstance(value, Total):  # its index stays what it is
            at -= value.index == symbol
            return Total(value.index, walk(value.steps), walk(value.term))  # type: ignore[arg-type]
        if isinstance(value, Expression):
            return type(value)(*map(walk, value.arguments))
        if isinstance(value, Relation):
            return Relation(tuple(map(walk, value.terms)), value.signs)  # type: ignore[arg-type]
        return tuple(map(walk, value)) if isinstance(value, tuple) else value

    return walk(expression)  # type: ignore[return-value]


def main(arguments: list[str] | None = None) -> int:
    """Draw, compare, print what disagrees; 1 if something does."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.expressions", description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--coq", type=int, default=0)
    known = parser.parse_args(arguments)
    random, faults = Random(known.seed), 0
    for each in drawn(known.count, known.seed):
        for said in (*disagreements(each), *namesakes(each, random)):
            faults += 1
            print(f"{each.expression!r} at {each.values} is {each.value}, but {said}")
    for said in misread_by_coq(drawn(known.coq, known.seed)) if known.coq else ():
        faults += 1
        print(said)
    print(f"{known.count - faults} passed, {faults} failed" if faults else f"{known.count} expressions agree")
    return int(bool(faults))


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
