"""What proofs take for granted, collected from the modules that say it, in the order in which they do."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from rac_theory.algebra import Relation, Symbol, text
from rac_theory.proofs import (
    Fact,
    facts,
    facts_of_cycles,
    facts_of_decreasing_steps,
    facts_of_gain,
    facts_of_several_steps,
)
from rac_theory.proofs.drawn import vector
from rac_theory.statements.assumption import Assumption, Condition, Known, Predicate, parts
from rac_theory.theorems import ALL

_ALWAYS = "Always"
_MODULES = facts, facts_of_decreasing_steps, facts_of_gain, facts_of_several_steps, facts_of_cycles
_HEADING = re.compile(r"# (\w[^,.;]*)")
_x, _y, _v = Symbol("x"), Symbol("y"), vector("v")
_KINDS = (
    *(about(_v) for about in (facts.square, facts.low, facts.high, facts.even)),
    facts.square_of(_x),
    facts.below_maximum(_x, _y)[0],
)
"""What is granted of any vector or number, each by an example."""


@cache
def by_heading() -> dict[str, list[Fact]]:
    """Return every fact that is taken for granted, below the comment that its part of a module begins with."""
    found: dict[str, dict[tuple[str, ...], Fact]] = {}
    for heading, fact in (each for module in _MODULES for each in _in(module)):
        if not fact.of and not is_assumption(fact):
            as_shown = (*_key(fact), *map(name_of, shown_assumptions(fact)))
            found.setdefault(heading, {})[as_shown] = fact
    return {heading: [*each.values(), *(_KINDS if heading == _ALWAYS else ())] for heading, each in found.items()}


def rows_of(fact: Fact) -> list[Fact]:
    """Return what the table has for a fact that a proof grants: the fact itself, or else what it is an example of."""
    return _listed().get(_key(fact)) or [kind for kind in _KINDS if kind.name == fact.name]


def is_assumption(fact: Fact) -> bool:
    """Whether it is what an assumption of a theorem says."""
    return fact.name == "Assumed" or any(isinstance(one, Condition) and one.name == fact.name for one in fact.by)


def shown_assumptions(fact: Fact) -> list[Assumption]:
    """Return what it rests on, but for the algorithm, which the heading says."""
    algorithms: set[Predicate] = {theorem.about for theorem in ALL.values()}
    order = dict.fromkeys(one for theorem in ALL.values() for one in theorem.given)
    return [one for one in (*order, *(fact.by - order.keys())) if one in fact.by and one not in algorithms]


def name_of(assumption: Assumption) -> str:
    """Return an assumption in a few words, as text."""
    return "".join(part if isinstance(part, str) else text(part) for part in in_short(assumption))


def in_short(assumption: Assumption) -> list[str | Relation | Symbol]:
    """Return the words and formulas that name an assumption."""
    match assumption:
        case Relation():
            return [assumption]
        case Known(symbol=symbol):
            return [symbol, " known"]
        case Condition(name=name):
            return [name]
    return list(parts(assumption))


@cache
def _listed() -> dict[tuple[str, str], list[Fact]]:
    listed: dict[tuple[str, str], list[Fact]] = {}
    for fact in (fact for every in by_heading().values() for fact in every):
        listed.setdefault(_key(fact), []).append(fact)
    return listed


def _in(module: ModuleType) -> Iterator[tuple[str, Fact]]:
    """Yield the facts of a module, each with its heading; signs of constants hold always."""
    source = inspect.getsource(module)
    headings = {
        number: match[1] for number, line in enumerate(source.splitlines(), 1) if (match := _HEADING.match(line))
    }
    for node in ast.parse(source).body:
        before = [heading for number, heading in headings.items() if number < node.lineno]
        for name in _assigned(node) if before else ():
            value = getattr(module, name)
            every = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
            yield from ((_ALWAYS if name == "plus" else before[-1], each) for each in every if isinstance(each, Fact))


def _assigned(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))


def _key(fact: Fact) -> tuple[str, str]:
    return fact.name, repr(fact.said)
