"""Reading as text: what a terminal, a docstring and an e-mail show."""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from rac_theory.algebra import expression as kinds
from rac_theory.algebra.expression import Expression, Number, Relation, Symbol

LOOSE, SUM, PRODUCT, POWER, ATOM = range(5)
"""How tightly the parts of an expression hold together; one that holds less tightly needs brackets in another."""

_IN_BRACKETS = re.compile(r"\|\|.*?\|\||<.*>|\(.*\)|\[.*\]")


def level(expression: Expression) -> int:
    """Return how tightly an expression holds together when it is written in a line."""
    match expression:
        case kinds.Powers() | kinds.Choice():
            return LOOSE
        case kinds.Sum() | kinds.Negative() | Symbol(is_sum=True):
            return SUM
        case Number(value) if value < 0:
            return SUM
        case Number(value) if value.denominator != 1:
            return PRODUCT
        case kinds.Product() | kinds.Quotient() | kinds.Total():
            return PRODUCT
        case Symbol(name) if " " in (bare := _IN_BRACKETS.sub("", name)) or "^" in bare:
            return PRODUCT if " " in bare else POWER
        case kinds.Power():
            return POWER
    return ATOM


def text(expression: Expression | Relation) -> str:
    """Write an expression in a line of ASCII.

    Parameters
    ----------
    expression : Expression or Relation

    Returns
    -------
    str

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, powers, text
    >>> rho, T = Symbol("rho"), Symbol("T")
    >>> text(rho**T / (2 * T) + 3 * powers(rho, 0, T - 1))
    'rho^T / (2 T) + 3 (1 + rho + ... + rho^{T-1})'
    """
    match expression:
        case Relation():
            return _related(expression, LOOSE)
        case Number(value):
            return str(value)
        case Symbol(name=name) | kinds.Let(name=name):
            return name
        case kinds.Negative(value):
            return "-" + _bracketed(value, PRODUCT)
        case kinds.Sum((first, *others)):
            joined = (f" {sign} {_bracketed(term, PRODUCT if sign == '-' else SUM)}" for sign, term in signed(others))
            return _bracketed(first, SUM) + "".join(joined)
        case kinds.Product(factors):
            return " ".join(_factor(factor, last=i == len(factors) - 1) for i, factor in enumerate(factors))
        case kinds.Quotient(Number(value), denominator) if value.denominator == 1 and level(denominator) == ATOM:
            return f"{value}/{text(denominator)}"
        case kinds.Quotient(numerator, denominator):
            above = (
                text(numerator) if isinstance(numerator, kinds.Product | kinds.Total) else _bracketed(numerator, POWER)
            )
            return f"{above} / {_factor(denominator, last=True)}"
        case kinds.Power(base, Number(value)) if value == Fraction(1, 2):
            return f"sqrt({text(base)})"
        case kinds.Power(base, exponent):
            raised = re.sub(r" ([+-]) ", r"\1", text(exponent))
            return f"{_bracketed(base, ATOM)}^{raised if raised.isalnum() else f'{{{raised}}}'}"
        case kinds.Powers():
            a, b, c = (_bracketed(end, PRODUCT) for end in ends(expression))
            return f"{a} + {b} + ... + {c}"
        case kinds.Total(index, steps, term):
            least = POWER if isinstance(term, kinds.Quotient) else PRODUCT  # a line after it would divide the sum
            return f"sum_{{{text(index)}<{text(steps)}}} {_bracketed(term, least)}"
        case kinds.Maximum(of):
            return f"max{{{', '.join(map(text, of))}}}"
        case kinds.Choice(condition, then, otherwise):
            return f"{_bracketed(then, SUM)} if {_related(condition, SUM)} else {text(otherwise)}"
    raise TypeError(f"expression must be an Expression or a Relation, got {expression!r}")


def ends(powers: kinds.Powers) -> tuple[Expression, Expression, Expression]:
    """Return the first, the second and the last term of a sum of powers, as they are written."""
    return (
        _raised(powers.base, powers.first),
        _raised(powers.base, powers.first + 1),
        _raised(powers.base, powers.last),
    )


def signed(terms: Iterable[Expression]) -> Iterator[tuple[str, Expression]]:
    """Yield terms of a sum, from the second on, with the sign before each."""
    for term in terms:
        match term:
            case kinds.Negative(value):
                yield "-", value
            case Number(value) if value < 0:
                yield "-", Number(-value)
            case _:
                yield "+", term


def _related(relation: Relation, last: int) -> str:
    """Write a relation, with brackets around its last term if that holds less tightly than ``last``."""
    *before, end = relation.terms
    related = [f"{_bracketed(term, SUM)} {sign} " for term, sign in zip(before, relation.signs, strict=True)]
    return "".join(related) + _bracketed(end, last)


def _raised(base: Expression, exponent: Expression) -> Expression:
    match exponent:
        case kinds.Sum(terms) if all(isinstance(term, Number) for term in terms):
            exponent = Number(sum((term.value for term in terms if isinstance(term, Number)), Fraction(0)))
    match exponent:
        case Number(value) if value == 0:
            return Number(Fraction(1))
        case Number(value) if value == 1:
            return base
    return kinds.Power(base, exponent)


def _factor(factor: Expression, last: bool) -> str:
    return text(factor) if last and isinstance(factor, kinds.Total) else _bracketed(factor, POWER)


def _bracketed(expression: Expression, least: int) -> str:
    """Write an expression with brackets if it holds less tightly: square ones around two levels of round ones."""
    written = text(expression)
    if level(expression) >= least:
        return written
    return f"[{written}]" if _depth(written) > 1 else f"({written})"


def _depth(written: str) -> int:
    depth = deepest = 0
    for character in written:
        depth += {"(": 1, ")": -1}.get(character, 0)
        deepest = max(deepest, depth)
    return deepest
