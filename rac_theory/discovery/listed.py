"""What may be used of a step: the facts that every theorem about it has, and those of any vector at the vectors of the
step, their differences, and what H leaves of them.
"""

from collections.abc import Iterator
from itertools import combinations

from rac_theory.algebra import Symbol
from rac_theory.proofs import SCHEMAS, VECTORS, Fact, H, Missing, Vector, available, checker, grant, mean, memory_of, square
from rac_theory.statements import About, Predicate, Theorem, implied
from rac_theory.statements.symbols import lambda_max


def listed(theorem: Theorem) -> tuple[Fact, ...]:
    """Return the facts from which a theorem about a step may follow, each true on average over its draws."""
    about = stepping(theorem.about)
    found = [*available(theorem), *(() if about is None else _at_vectors(about))]
    allowed = (fact for fact in found if fact.by <= theorem.holding)
    return tuple({(fact.value, fact.strict): fact for fact in allowed}.values())


def stepping(about: Predicate) -> About | None:
    """Return what says of an algorithm what its step is: itself, or what it implies."""
    every = (about, *implied(about))
    return next((each for each in every if isinstance(each, About) and each.step is not None), None)


def memory(about: Predicate) -> tuple[Vector, Vector] | None:
    """Return what an algorithm keeps from step to step, and what becomes of it; None if it keeps nothing."""
    own = stepping(about)
    return None if own is None or own.step is None or own.step.memory is None else memory_of(own)


def _at_vectors(about: About) -> Iterator[Fact]:
    assert about.step is not None
    names = ["G", *(["Gx", "M"] if about.step.memory is not None else [])]
    fixed = [VECTORS[name] for name in names]
    sides = [*fixed, *(one - other for one, other in combinations(fixed, 2))]
    for schema in SCHEMAS.values():
        if [kind for _, kind in schema.of] == ["fixed"]:
            yield from (grant(schema.name, v * times) for v in sides for times in (1, -1))
    drawn = [VECTORS[name] for name in about.step.along if checker.VECTORS[name]]
    for v in (*sides, *drawn):
        yield from (square(v), mean(square(H(v))))
    if about.step.memory is not None:
        yield from _young(fixed, about.step.memory)


def _young(fixed: list[Vector], kept: Symbol) -> Iterator[Fact]:
    """Squares of differences with a weight: that of Young's inequality which leaves of a memory as much as it keeps."""
    for one in fixed:
        for other in (each for each in fixed if each is not one):
            for times in (1, -1):
                yield mean(square(H(one) * (1 - kept) - H(other) * lambda_max * times))
