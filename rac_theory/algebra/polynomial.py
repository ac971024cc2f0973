"""Reading as a quotient of polynomials: the normal form in which two expressions are the same or not."""

from collections.abc import Container, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import count, pairwise
from operator import add, mul
from typing import Any

from rac_theory.algebra import expression as kinds
from rac_theory.algebra.expression import Expression, Number, Relation, Symbol, lifted
from rac_theory.algebra.fraction import holds
from rac_theory.algebra.polynomials import (
    MOST_COPIES,
    ONE,
    ZERO,
    Atom,
    Monomial,
    Polynomial,
    constant,
    symbols_in,
    term,
)
from rac_theory.algebra.ratio import Ratio, level_of, over
from rac_theory.algebra.roots import root, without_squares


def polynomial(expression: Expression, at: Mapping[Expression, Ratio] | None = None) -> Ratio:
    """Return the quotient of polynomials that an expression is, exactly, for all values of its symbols at once.

    Symbols in exponents stand for whole numbers, and sums of powers have closed forms. Maxima, choices that numbers do
    not decide, and other sums are atoms: two are equal if their parts are. So are square roots, but that the square of
    one is what it is of.

    Parameters
    ----------
    expression : Expression
        What is read.
    at : mapping, optional
        What is read in the place of some expressions.

    Returns
    -------
    Ratio

    Raises
    ------
    ZeroDivisionError
        If a denominator is zero whatever the symbols are, as in ``x / (y - y)``, and no factor of zero makes up for it.
    ValueError
        If an exponent is neither a whole number nor that of a square root.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial, powers
    >>> x, T = Symbol("x"), Symbol("T")
    >>> polynomial((x + 1) * (x - 1)), polynomial((1 - x) * powers(x, 0, T - 1))
    (-1 + x^2, 1 - x^T)
    """
    return _defined(expression, at or {})


def identical(left: Expression | int | Fraction, right: Expression | int | Fraction) -> bool:
    """Whether two expressions are equal wherever their normal forms are defined: for all values, and whole exponents.

    Where maxima, undecided choices, roots, other sums, or powers such as ``(x^T)^N`` occur, the answer no may only mean
    that it is not seen. Two symbols of one name are two symbols, as the L of f and that of its components.

    Parameters
    ----------
    left, right : Expression, int or Fraction

    Returns
    -------
    bool

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, identical
    >>> x, T = Symbol("x"), Symbol("T")
    >>> identical((1 - x) ** T * (1 + x) ** T, (1 - x**2) ** T), identical((x**2) ** T, x**T)
    (True, False)
    """
    return without_squares(polynomial(lifted(left)) - polynomial(lifted(right))).is_zero


def _defined(expression: Expression, at: Mapping[Expression, Ratio]) -> Ratio:
    read = _read(expression, at)
    if read.denominator == ZERO:
        raise ZeroDivisionError(f"{expression!r} has a denominator that is zero for all values of its symbols")
    return read


def _read(expression: Expression, at: Mapping[Expression, Ratio]) -> Ratio:
    if at and expression in at:
        return at[expression]
    match expression:
        case Number(value):
            return Ratio(constant(value))
        case Symbol(argument=Expression() as argument):
            return Ratio(term(replace(expression, argument=_read(argument, at).expression)))
        case Symbol():
            return Ratio(term(expression))
        case kinds.Let(value=value):
            return _read(value, at)
        case kinds.Negative(value):
            return -_read(value, at)
        case kinds.Sum(terms):
            return reduce(add, (_read(addend, at) for addend in terms))
        case kinds.Product(factors):
            return without_squares(_product([_read(factor, at) for factor in factors]))
        case kinds.Quotient(numerator, denominator):
            return _read(numerator, at) / _defined(denominator, at)
        case kinds.Power(base, exponent):
            return _raised(_defined(base, at), _read(exponent, at))
        case kinds.Powers(base, first, last):
            ratio = _defined(base, at)
            start = _raised(ratio, _read(first, at))
            return _product([start, _geometric(ratio, _read(last - first + 1, at))])
        case kinds.Total(index, steps, summand):
            return _total(index, _read(steps, at), summand, at)
        case kinds.Maximum(of):
            return _maximum(tuple(dict.fromkeys(_defined(member, at) for member in of)))
        case kinds.Choice():
            return _choice(expression, at)
    raise TypeError(f"expression must be an Expression, got {expression!r}")


def _product(factors: list[Ratio]) -> Ratio:
    """A product, which is zero where a factor is, even if another is unknown; infinite ones apart."""
    is_infinite = any(factor.denominator == ZERO != factor.numerator for factor in factors)
    is_zero = any(factor.is_zero for factor in factors) and not is_infinite
    return Ratio(ZERO) if is_zero else reduce(mul, factors)


def _raised(base: Ratio, exponent: Ratio) -> Ratio:
    if exponent.number == Fraction(1, 2):
        return root(base)
    result = Ratio(ONE)
    for monomial, times in exponent.numerator.terms:
        is_whole = exponent.denominator == ONE and times.denominator == 1
        if not is_whole or any(isinstance(power, int) and power < 0 for _, power in monomial):
            raise ValueError(f"an exponent must be a whole number in exact arithmetic, got {exponent}")
        power = without_squares(base ** int(times))
        result *= over(_to(power.numerator, monomial), _to(power.denominator, monomial))
    return result


def _to(base: Polynomial, exponent: Monomial) -> Polynomial:
    return base if base == ONE or not exponent else term(exponent, base)


def _geometric(base: Ratio, steps: Ratio) -> Ratio:
    """``1 + b + ... + b^(steps - 1)``, a polynomial for a number of steps that is known."""
    if base.number == 1:
        return steps
    if (count := _whole_number(steps)) is not None:
        return reduce(add, (base**k for k in range(count)), Ratio(ZERO))
    return (_raised(base, steps) - Ratio(ONE)) / (base - Ratio(ONE))


def _whole_number(steps: Ratio) -> int | None:
    value = steps.number
    if value is None or value.denominator != 1 or value < 0:
        return None
    if value > MOST_COPIES:
        raise ValueError(f"a sum must have at most {MOST_COPIES} terms that are written out, got {int(value):,}")
    return int(value)


def _total(index: Symbol, steps: Ratio, summand: Expression, at: Mapping[Expression, Ratio]) -> Ratio:
    """A sum: what does not depend on the index stands before it, and powers with the index as exponent have a sum.

    The index is read as one that nothing else is, and has no name of its own when the sum is done: an index is known by
    how many sums stand one in another inside of its own.
    """
    if namesakes := [symbol for symbol in summand.symbols if symbol.name == index.name and symbol != index]:
        raise ValueError(f"an index must not be called like what is in its sum, got two {namesakes[0].name}")
    at = {of: ratio for of, ratio in at.items() if index not in of.symbols}  # what has it is another at each index
    if (count := _whole_number(steps)) is not None:
        return reduce(add, (_read(summand, {**at, index: Ratio(constant(k))}) for k in range(count)), Ratio(ZERO))
    k = Index("k", number=next(_FRESH))
    read = _defined(summand, {**at, index: Ratio(term(k))})
    above, below = _by_index(read.numerator, k), _by_index(read.denominator, k)
    if len(below) > 1:
        return _sum_of(read, k, steps)
    ((divisor, outside),) = below.items()
    sums = (Ratio(before) * _series(inside, divisor, k, steps) for inside, before in above.items())
    return reduce(add, sums, Ratio(ZERO)) / Ratio(outside)


@dataclass(frozen=True, repr=False, eq=False)
class Index(Symbol):
    """The index of a sum in normal form: by its level, and while the sum is read by a number that no other has."""

    number: int = 0


_FRESH = count(1)


def _by_index(polynomial: Polynomial, k: Symbol) -> dict[Monomial, Polynomial]:
    """The factors with an index, and what each is multiplied by."""
    groups: dict[Monomial, Polynomial] = {}
    for monomial, times in polynomial.terms:
        inside = frozenset(pair for pair in monomial if k in symbols_in(frozenset({pair})))
        before = Polynomial(frozenset({(monomial - inside, times)}))
        groups[inside] = groups.get(inside, ZERO) + before
    return groups


def _series(above: Monomial, below: Monomial, k: Symbol, steps: Ratio) -> Ratio:
    """The sum of a quotient of monomials."""
    exponent = frozenset({(k, 1)})
    bases = [dict(monomial).get(exponent, ONE) for monomial in (above, below)]
    is_geometric = {key for key, _ in above | below} <= {exponent} and all(k not in base.symbols() for base in bases)
    if is_geometric:
        return _geometric(over(*bases), steps)
    return _sum_of(Ratio(Polynomial(frozenset({(above, 1)})), Polynomial(frozenset({(below, 1)}))), k, steps)


def _sum_of(summand: Ratio, k: Symbol, steps: Ratio) -> Ratio:
    level = level_of(summand)
    index = Index("k" + "'" * level)
    summand = _moved(summand, k, index)
    return _atom("total", (steps, index, summand), kinds.Total(index, steps.expression, summand.expression), level + 1)


def _moved(value: Any, old: Symbol, new: Symbol) -> Any:
    """A part of a normal form with one letter in the place of another, which is none of the indices in it."""
    match value:
        case Ratio(numerator, denominator):
            return Ratio(_moved(numerator, old, new), _moved(denominator, old, new))
        case Polynomial(terms):
            return Polynomial(_moved(terms, old, new))
        case Atom():
            return replace(value, parts=_moved(value.parts, old, new), expression=value.expression.at({old: new}))
        case Expression():
            return value.at({old: new})
        case tuple() | frozenset():
            return type(value)(_moved(part, old, new) for part in value)
    return value


def _maximum(of: tuple[Ratio, ...]) -> Ratio:
    numbers = [member.number for member in of if member.number is not None]
    members = {member for member in of if member.number is None} | (
        {Ratio(constant(max(numbers)))} if numbers else set()
    )
    if len(members) == 1:
        return members.pop()
    written = kinds.Maximum(tuple(sorted((member.expression for member in members), key=repr)))
    return _atom("maximum", frozenset(members), written, level_of(*members))


def _choice(choice: kinds.Choice, at: Mapping[Expression, Ratio]) -> Ratio:
    """The one expression or the other where numbers decide, or where both are the same."""
    signs = choice.condition.signs
    terms = [_defined(side, at) for side in choice.condition.terms]
    steps = [(b - a).number for a, b in pairwise(terms)]
    decided = [
        holds(Relation((Number(Fraction(0)), Number(step)), (sign,)), {})
        for step, sign in zip(steps, signs, strict=True)
        if step is not None
    ]
    if len(decided) == len(signs) or False in decided:
        return _read(choice.then if all(decided) else choice.otherwise, at)
    then, otherwise = _defined(choice.then, at), _defined(choice.otherwise, at)
    if then == otherwise:
        return then
    relation = Relation(tuple(side.expression for side in terms), signs)
    parts = (signs, tuple(terms), then, otherwise)
    return _atom(
        "choice",
        parts,
        kinds.Choice(relation, then.expression, otherwise.expression),
        level_of(*terms, then, otherwise),
    )


def _atom(kind: str, parts: Hashable, expression: Expression, level: int) -> Ratio:
    return Ratio(term(Atom(kind, parts, expression, level)))


def in_letters(expression: Expression, letters: Container[Expression] = ()) -> Ratio:
    """Return the quotient of polynomials in symbols, in ``letters``, and in all that is no quotient of polynomials.

    Raises
    ------
    ZeroDivisionError
        If a denominator is zero whatever the letters are, and no factor of zero makes up for it.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, maximum
    >>> from rac_theory.algebra.polynomial import in_letters
    >>> x, T = Symbol("x"), Symbol("T")
    >>> ratio = in_letters((1 - x) * (2 + maximum(x, T)) / x**T, letters={1 - x})
    >>> sorted(map(str, ratio.numerator.letters())), ratio.denominator
    (['1 - x', 'max{x, T}', 'x^T'], 1)
    """
    return polynomial(expression, {letter: Ratio(term(letter)) for letter in _letters(expression, letters)})


def _letters(expression: Expression, letters: Container[Expression]) -> Iterator[Expression]:
    if expression in letters:
        yield expression
        return
    match expression:
        case kinds.Power(base, Number(power)) if power.denominator == 1:
            yield from _letters(base, letters)
        case Number() | Symbol() | kinds.Let() | kinds.Negative() | kinds.Sum() | kinds.Product() | kinds.Quotient():
            for part in expression.inside:
                yield from _letters(part, letters)
        case _:
            yield expression
