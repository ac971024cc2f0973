"""Assumptions: relations that read themselves off the constants, conditions on f or its noise, and named predicates."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from rac_theory.algebra import Expression, Let, Relation, Symbol, number, symbols_of, text, truth
from rac_theory.base import being, function_name, said_by
from rac_theory.cases import Case, Constants
from rac_theory.statements.about import Predicate as Predicate
from rac_theory.statements.symbols import T, constants_in

ROUNDING = 1e-12
"""What "or equal" allows, relative: gamma = 1/L in floating point may exceed 1/L by a rounding, and verdicts allow far
more than this."""


@dataclass(frozen=True)
class KnownConstant:
    """The assumption that the number of a symbol, which is never negative, is known, unless a relation makes it
    unnecessary.

    Examples
    --------
    >>> from rac_theory.algebra import equal
    >>> from rac_theory.statements import KnownConstant
    >>> from rac_theory.statements.assumption import sentence
    >>> from rac_theory.statements.symbols import D, K
    >>> print(sentence(KnownConstant(D, unless=equal(K, 1))))
    D is known: how far gradients of components or clients differ; not needed if K = 1.
    """

    symbol: Symbol
    unless: Relation | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.symbol, Symbol) or not constants_in(self.symbol):
            raise ValueError(f"symbol must be that of a constant of a case, such as D, got {self.symbol!r}")
        if self.symbol.constant == "nu" or self.symbol.constant.startswith("letters."):
            name = self.symbol.name
            raise ValueError(f"symbol must be that of a constant that is never negative, got {name}: write {name} >= 0")
        if not isinstance(self.unless, Relation | None):
            raise ValueError(f"unless must be a relation, such as equal(K, 1), got {self.unless!r}")


@dataclass(frozen=True)
class Condition:
    """An inequality that f, or its noise, obeys everywhere, with constants that are known.

    Attributes
    ----------
    name : str
        What it is called.
    inequality : Relation
        What is assumed.
    requirements : tuple of Relation
        What is asked of its constants, which is all that can be checked on a case.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.statements import Condition
    >>> from rac_theory.statements.assumption import sentence
    >>> from rac_theory.statements.symbols import L
    >>> print(sentence(Condition("Bounded Hessian", Symbol("||H(W)||") <= L, requirements=(L > 0,))))
    Bounded Hessian: ||H(W)|| <= L with known L > 0.
    """

    name: str
    inequality: Relation
    requirements: tuple[Relation, ...]

    def __post_init__(self) -> None:
        being("inequality", self.inequality, Relation, ", such as gamma * L <= 1")
        relations = self.requirements
        if not isinstance(relations, tuple) or not relations or not all(isinstance(r, Relation) for r in relations):
            raise ValueError(f"requirements must be a tuple of relations, such as (L > 0,), got {relations!r}")


Assumption: TypeAlias = Relation | KnownConstant | Condition | Predicate


def parts(assumption: Assumption) -> Iterator[str | Relation | Symbol]:
    """Yield the words and the formulas of an assumption, as a sentence without its stop."""
    match assumption:
        case Relation():
            yield assumption
        case KnownConstant(symbol, unless):
            yield symbol
            yield f" is known: {symbol.meaning}"
            if unless is not None:
                yield "; not needed if "
                yield unless
        case Condition(name, inequality, requirements):
            yield f"{name}: "
            yield inequality
            for i, relation in enumerate(requirements):
                yield ", " if i else " with known "
                yield relation
        case _:
            yield said_by(assumption)


def sentence(assumption: Assumption) -> str:
    """Return an assumption as a sentence."""
    return "".join(part if isinstance(part, str) else text(part) for part in parts(assumption)) + "."


def breach(assumption: Assumption, case: Case, c: Constants) -> str | None:
    """Return None where an assumption is met, else a sentence that names the values which break it.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, Constants
    >>> from rac_theory.statements.assumption import breach
    >>> from rac_theory.statements.symbols import L, gamma, mu
    >>> case = Case(GD(gamma=0.75), Quadratic.left([[2.0]], W_star=[[1.0]]))
    >>> breach(gamma * L <= 1, case, Constants.of(case))
    'gamma L <= 1 is not met: gamma L = 1.5 for gamma=0.75, L=2'
    >>> breach(mu > 0, case, Constants(gamma=0.75))
    'mu > 0 is not met: mu is unknown (Polyak-Lojasiewicz constant of f)'
    """
    if isinstance(assumption, Relation | KnownConstant | Condition):
        return breach_by_constants(assumption, case.steps, c)
    wrong = assumption(case, c)
    if not isinstance(wrong, str | None):
        name = function_name(assumption)
        raise TypeError(f"the predicate {name} must return None where it is met, else a sentence, got {wrong!r}")
    return wrong


def breach_by_constants(assumption: Relation | KnownConstant | Condition, steps: int, c: Constants) -> str | None:
    """Return None where constants and a number of steps meet an assumption, else a sentence with what breaks it."""
    match assumption:
        case Relation():
            if met(assumption, steps, c):
                return None
            return f"{text(assumption)} is not met: {_why(assumption, steps, c)}"
        case KnownConstant(symbol, unless):
            value = getattr(c, symbol.constant)
            if 0 <= value < math.inf or (unless is not None and met(unless, steps, c)):
                return None
            subject = "it" if symbol.name == symbol.constant else symbol.constant
            return f"{symbol.name} must be known, {subject} is {value:g} ({symbol.meaning})"
        case Condition(name, _, requirements):
            broken = next((relation for relation in requirements if not met(relation, steps, c)), None)
            return None if broken is None else f"{name} needs a known {text(broken)}: {_why(broken, steps, c)}"


def relations_in(*assumptions: Assumption) -> Iterator[Relation]:
    """Yield the relations between constants that assumptions contain."""
    for assumption in assumptions:
        match assumption:
            case Relation():
                yield assumption
            case Condition(requirements=requirements):
                yield from requirements
            case KnownConstant(unless=Relation() as unless):
                yield unless


def met(relation: Relation, steps: float, c: Constants) -> bool:
    """Whether a relation is met at T = ``steps``: not where a number in it is unknown."""
    values = _values(relation, steps, c)
    return not any(map(math.isnan, values.values())) and bool(truth(relation, values, ROUNDING))


def _values(relation: Relation, steps: float, c: Constants) -> dict[str, float]:
    constants = {symbol.name: float(getattr(c, symbol.constant)) for symbol in constants_in(relation)}
    return constants | ({T.name: float(steps)} if T in symbols_of(relation) else {})


def _why(relation: Relation, steps: float, c: Constants) -> str:
    """The values that keep a relation from being met."""
    sizes = _values(relation, steps, c)
    unknown = [symbol for symbol in symbols_of(relation) if math.isnan(sizes[symbol.name])]
    if unknown:
        return " and ".join(f"{symbol.constant} is unknown ({symbol.meaning})" for symbol in unknown)
    values = [float(number(term, sizes)) for term in relation.terms]
    alike = len({f"{value:.6g}" for value in values}) < len(values)
    digits = 15 if alike else 6  # rho < 1 is not broken by "rho = 1"
    sentences = []
    for term, value in zip(relation.terms, values, strict=True):
        if isinstance(term, Symbol):
            sentences.append(f"{term.constant} is {value:.{digits}g} ({term.meaning})")
        elif symbols_of(term):
            at = "" if isinstance(term, Let) else f" for {_numbers(term, sizes, digits)}"
            sentences.append(f"{text(term)} = {value:.{digits}g}{at}")
    return " and ".join(sentences)


def _numbers(term: Expression, values: dict[str, float], digits: int) -> str:
    return ", ".join(
        f"{symbol.constant or symbol.name}={values[symbol.name]:.{digits}g}" for symbol in symbols_of(term)
    )
