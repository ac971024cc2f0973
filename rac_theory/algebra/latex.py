"""Reading as LaTeX; ``drawing.html`` makes MathML of it."""

import re
from collections.abc import Iterator
from fractions import Fraction

from rac_theory.algebra import expression as kinds
from rac_theory.algebra.expression import Expression, Number, Relation, Symbol
from rac_theory.algebra.text import ATOM, LOOSE, POWER, PRODUCT, SUM, ends, level, signed

_GREEK = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_SIGNS = {"<=": r"\le", ">=": r"\ge"}


def latex(expression: Expression | Relation) -> str:
    r"""Typeset an expression.

    Parameters
    ----------
    expression : Expression or Relation

    Returns
    -------
    str

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, latex
    >>> gamma, mu, T = Symbol("gamma"), Symbol("mu"), Symbol("T")
    >>> latex((1 - gamma * mu / 2) ** T)
    '\\left(1 - \\frac{\\gamma \\mu}{2}\\right)^{T}'
    """
    match expression:
        case Relation():
            return _related(expression, LOOSE)
        case Number(value):
            return str(value) if value.denominator == 1 else rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
        case Symbol(name=name, latex=typeset):
            return typeset or named(name)
        case kinds.Let(name=name):
            return named(name)
        case kinds.Negative(value):
            return "-" + _bracketed(value, PRODUCT)
        case kinds.Sum((first, *others)):
            joined = (f" {sign} {_bracketed(term, PRODUCT if sign == '-' else SUM)}" for sign, term in signed(others))
            return _bracketed(first, SUM) + "".join(joined)
        case kinds.Product(factors):
            *others, last = factors
            written = [_bracketed(factor, POWER) for factor in others]
            written += [latex(last) if isinstance(last, kinds.Total) else _bracketed(last, POWER)]
            return re.sub(r"(?<=\d) (?=\d|\\frac\{\d)", r" \\cdot ", " ".join(written))  # LaTeX has 2 4 as 24
        case kinds.Quotient(numerator, denominator):
            return rf"\frac{{{latex(numerator)}}}{{{latex(denominator)}}}"
        case kinds.Power(base, Number(value)) if value == Fraction(1, 2):
            return rf"\sqrt{{{latex(base)}}}"
        case kinds.Power(base, exponent):
            return f"{_bracketed(base, ATOM)}^{{{latex(exponent)}}}"
        case kinds.Powers():
            a, b, c = (_bracketed(end, PRODUCT) for end in ends(expression))
            return rf"{a} + {b} + \dots + {c}"
        case kinds.Total(index, steps, term):
            return rf"\sum_{{{latex(index)}<{latex(steps)}}} {_bracketed(term, PRODUCT)}"
        case kinds.Maximum(of):
            return r"\max" + _enclosed(r"\{", ", ".join(map(latex, of)), r"\}")
        case kinds.Choice(condition, then, otherwise):
            holds = _related(condition, SUM)
            return rf"{_bracketed(then, SUM)} \text{{ if }} {holds} \text{{, else }} {latex(otherwise)}"
    raise TypeError(f"expression must be an Expression or a Relation, got {expression!r}")


def pieces(relation: Relation) -> Iterator[str]:
    r"""Typeset a relation in pieces between which a line may end: before a sign, and before what is added.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.algebra.latex import pieces
    >>> a, b, c = map(Symbol, "abc")
    >>> list(pieces(a - b <= c - b + a))
    ['a - b', '\\le c - b', '{} + a']
    """
    first, *others = relation.terms
    yield latex(first)
    for sign, term in zip(relation.signs, others, strict=True):
        head, *added = _added(term)
        yield f"{_SIGNS.get(sign, sign)} {latex(head)}"
        yield from (f"{{}} + {latex(term)}" for term in added)


def _added(expression: Expression) -> list[Expression]:
    """A sum cut before each term with a plus."""
    cut: list[list[Expression]] = []
    for term in expression.terms if isinstance(expression, kinds.Sum) else (expression,):
        if cut and isinstance(term, kinds.Negative):
            cut[-1].append(term)
        else:
            cut.append([term])
    return [kinds.Sum(tuple(part)) if len(part) > 1 else part[0] for part in cut]


def _related(relation: Relation, last: int) -> str:
    *before, end = relation.terms
    related = [
        f"{_bracketed(term, SUM)} {_SIGNS.get(sign, sign)} " for term, sign in zip(before, relation.signs, strict=True)
    ]
    return "".join(related) + _bracketed(end, last)


def named(name: str) -> str:
    r"""Typeset a name: Greek letters as such, words upright, what follows an underscore below the line.

    Examples
    --------
    >>> from rac_theory.algebra.latex import named
    >>> named("lambda_min"), named("W_T"), named("L"), named("room")
    ('\\lambda_{\\min}', 'W_{T}', 'L', '\\mathrm{room}')
    """
    letter, _, index = name.partition("_")
    if letter in _GREEK.split():
        letter = f"\\{letter}"
    elif len(letter) > 1 and letter.isalpha():
        letter = f"\\mathrm{{{letter}}}"
    below = f"\\{index}" if index in ("min", "max") else index
    return f"{letter}_{{{below}}}" if index else letter


def _bracketed(expression: Expression, least: int) -> str:
    """Typeset an expression with brackets if it holds less tightly; what stands above a line holds by itself."""
    written = latex(expression)
    stands = isinstance(expression, kinds.Quotient | Number) and level(expression) == PRODUCT and least < ATOM
    if stands or level(expression) >= least:
        return written
    return _enclosed("(", written, ")")


def _enclosed(left: str, written: str, right: str) -> str:
    """Put brackets around what is written, which grow around what is higher than a line."""
    is_high = r"\frac" in written or r"\sum" in written
    return rf"\left{left}{written}\right{right}" if is_high else f"{left}{written}{right}"
