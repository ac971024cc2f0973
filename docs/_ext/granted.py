"""What proofs take for granted, collected from the modules that say it, in the order in which they do."""

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

from rac_theory.algebra import Relation, Symbol, text
from rac_theory.proofs import Fact, facts, facts_of_several_steps
from rac_theory.proofs.drawn import vector
from rac_theory.theorems import ALL
from rac_theory.theorems.assumption import Assumption, Condition, Known, Predicate, parts

_ALWAYS = "Always"
_HEADING = re.compile(r"# (\w[^,.;]*)")


def by_heading() -> dict[str, list[Fact]]:
    """Return every fact that is taken for granted, below the comment that its part of a module begins with."""
    x, y, v = Symbol("x"), Symbol("y"), vector("v")
    of_any = (facts.square(v), facts.square_of(x), facts.low(v), facts.high(v), facts.even(v))
    found: dict[str, list[Fact]] = {}
    for module in (facts, facts_of_several_steps):
        for heading, fact in _in(module):
            if not fact.of and not is_assumption(fact):
                found.setdefault(heading, []).append(fact)
    found[_ALWAYS] += [*of_any, facts.below_maximum(x, y)[0]]
    return {
        heading: list({(*_key(fact), *map(name_of, shown_assumptions(fact))): fact for fact in each}.values())
        for heading, each in found.items()
    }


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


def is_assumption(fact: Fact) -> bool:
    """Whether it is what an assumption of a theorem says."""
    return fact.name == "Assumed" or any(isinstance(one, Condition) and one.name == fact.name for one in fact.by)


def is_of_kind(fact: Fact, of: Fact, every: dict[str, list[Fact]]) -> bool:
    """Whether a fact that a proof grants is one of the table: it, or an instance of what is said of any vector."""
    listed = {_key(each) for facts in every.values() for each in facts}
    return _key(fact) == _key(of) or (_key(fact) not in listed and fact.name == of.name and of in every[_ALWAYS])


def shown_assumptions(fact: Fact) -> list[Assumption]:
    """Return what it rests on, but for the algorithm, which the heading says."""
    algorithms: set[Predicate] = {theorem.about for theorem in ALL.values()}
    order = dict.fromkeys(one for theorem in ALL.values() for one in theorem.given)
    return [one for one in order if one in fact.by and one not in algorithms]


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
