"""What may be used of a step: the facts that every theorem about it has, and those of any vector at the vectors of the
step, their differences, and what H leaves of them.
"""

from collections.abc import Iterator

from rac_theory.proofs import SCHEMAS, VECTORS, Fact, H, Vector, available, checker, grant, mean, memory_of, square
from rac_theory.statements import About, Predicate, Theorem, implied
from rac_theory.statements.symbols import lambda_max
from rac_theory.theorems import LEMMAS


def listed(theorem: Theorem) -> tuple[Fact, ...]:
    """Return the facts from which a theorem about a step may follow, each true on average over its draws; what is known
    of the names in our claims is among them."""
    about = stepping(theorem.about)
    facts = [*available(theorem, LEMMAS), *(() if about is None else _at_vectors(about))]
    allowed = (fact for fact in facts if fact.by <= theorem.holding)
    return tuple({(fact.value, fact.strict): fact for fact in allowed}.values())


def stepping(about: Predicate) -> About | None:
    """Return what says of an algorithm what its step is: itself, or what it implies."""
    predicates = (about, *implied(about))
    return next(
        (predicate for predicate in predicates if isinstance(predicate, About) and predicate.step is not None), None
    )


def memory(about: Predicate) -> tuple[Vector, Vector] | None:
    """Return what an algorithm keeps from step to step, and what becomes of it; None if it keeps nothing."""
    algorithm = stepping(about)
    return (
        None if algorithm is None or algorithm.step is None or algorithm.step.memory is None else memory_of(algorithm)
    )


def _at_vectors(about: About) -> Iterator[Fact]:
    """What is granted of any vector, at those of a step and at differences of its gradients, and squares."""
    assert about.step is not None
    memory_factor = about.step.memory
    fixed = [VECTORS[name] for name in (["G"] if memory_factor is None else ["G", "Gx", "M"])]
    between = [VECTORS["G"] - VECTORS["Gx"]] if memory_factor is not None else []
    for schema in SCHEMAS.values():
        if [kind for _, kind in schema.of] == ["fixed"]:
            yield from (grant(schema.name, v * times) for v in (*fixed, *between) for times in (1, -1))
    drawn = [VECTORS[name] for name in about.step.vectors if checker.VECTORS[name]]
    yield from (fact for v in (*fixed, *between, *drawn) for fact in (square(v), mean(square(H(v)))))
    if memory_factor is not None:  # Young's inequality: evenly, or so that M has room to fall
        for of_M, of_Gx in ((1, 1), (1 - memory_factor, lambda_max)):
            yield mean(square(H(VECTORS["M"]) * of_M - H(VECTORS["Gx"]) * of_Gx))
