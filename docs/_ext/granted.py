"""What proofs take for granted, by the headings of the table that says it, in its order."""

from functools import cache

from rac_theory.algebra import Relation, Symbol, text
from rac_theory.proofs import SCHEMAS, Fact, facts, grant, vector
from rac_theory.statements import Assumption, Condition, KnownConstant, Predicate, parts
from rac_theory.theorems import ALL, granted

_OF_NAMES, _OF_STEPS = "A round of clients that are sampled", "One step of a size that depends on t"
_x, _y, _v = Symbol("x"), Symbol("y"), vector("v")
_KINDS = (
    *(about(_v) for about in (facts.square, facts.low, facts.high, facts.even)),
    facts.square_of(_x),
    facts.below_maximum(_x, _y)[0],
)
"""What is granted of any vector or number, each by an example."""
_OF_ANY_VECTOR = (
    grant("unbiased_ahead", _v),
    grant("unbiased_at_X", _v),
    grant("straight", _v, vector("w")),
    *(grant(name, _v) for name in ("spread", "norm_is_positive", "norm")),
)
"""What is granted of any vector, of a step or of E[H], by an example."""


@cache
def by_heading() -> dict[str, list[Fact]]:
    """Return every fact that is taken for granted, below the heading that its schema has in the table."""
    found: dict[str, dict[tuple[str, ...], Fact]] = {schema.part: {} for schema in SCHEMAS.values()}
    signs = (facts.nothing, facts.no_step_or_more)
    for fact in (*granted(), *signs, *_OF_ANY_VECTOR):
        schema = SCHEMAS.get(fact.schema[0]) if fact.schema else None
        part = schema.part if schema else "Always" if fact in signs else _OF_STEPS if fact.by else _OF_NAMES
        if not is_assumption(fact):
            found[part].setdefault((*_key(fact), *map(name_of, shown_assumptions(fact))), fact)
    return {part: [*each.values(), *(_KINDS if part == "Always" else ())] for part, each in found.items()}


def rows_of(fact: Fact) -> list[Fact]:
    """Return what the table has for a fact that a proof grants: the fact itself, or else what it is an example of."""
    return _listed().get(_key(fact)) or [kind for kind in (*_KINDS, *_OF_ANY_VECTOR) if kind.name == fact.name]


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
        case KnownConstant(symbol=symbol):
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


def _key(fact: Fact) -> tuple[str, str]:
    return fact.name, repr(fact.said)
