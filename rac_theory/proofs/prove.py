"""The search for a proof: of a claim that is looser than what is proved, or that follows from one step."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from operator import mul
from typing import TypeAlias

from rac_theory.algebra import (
    ONE,
    Atom,
    Expression,
    Maximum,
    Power,
    Product,
    Ratio,
    Relation,
    Total,
    simplified,
    slacks,
    symbols_of,
)
from rac_theory.proofs.available import available
from rac_theory.proofs.combination import combined
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.fact import Fact, facts_in, proved, read
from rac_theory.proofs.facts import assumed, below_maximum, gap_is_positive, one, square
from rac_theory.proofs.induction import (
    ADDED,
    COURSES,
    S,
    cases,
    discharged,
    lasting,
    power,
    squares_added,
    sum_of_powers,
)
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.quantities import G, V, Z
from rac_theory.proofs.rules import Rule
from rac_theory.proofs.shape import Shape, shapes
from rac_theory.statements import Theorem
from rac_theory.statements.assumptions import certified_minimum
from rac_theory.statements.symbols import K, L, N, T, distance0, gamma, gap0, s, t

Combine: TypeAlias = Callable[[Ratio, Sequence[Fact]], Fact | None]

_ENDS = {gap0: gap_is_positive[certified_minimum], distance0: square(V)}
_FEW = 12
"""Terms of what is by how much a bound is larger than one of ours, where that is looked into."""
_SPLIT = gamma * (L + s) <= 2
"""Where the one or the other square of T4 is the larger."""


def search(
    theorem: Theorem, lemmas: Iterable[Proof] = (), facts: Iterable[Fact] = (), combine: Combine = combined
) -> Proof | None:
    """Look for a proof of a theorem, whether or not one is written down.

    Parameters
    ----------
    theorem : Theorem
    lemmas : iterable of Proof
        Of theorems from which it may follow.
    facts : iterable of Fact
        What may be used beside what every theorem may.
    combine : callable
        (value, facts) to a fact that the value is not negative, or None: what is looked for, or was found before.

    Returns
    -------
    Proof or None
        None if no proof was found, which does not make the theorem false.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rac_theory.proofs import search
    >>> from rac_theory.theorems import T2
    >>> search(replace(T2, id="T2 of mine"))
    <Proof of T2 of mine>
    """
    usable = available(theorem, facts)
    return _looser(theorem, lemmas, usable) or _from_one_step(theorem, usable, combine)


def _looser(theorem: Theorem, lemmas: Iterable[Proof], facts: Sequence[Fact]) -> Proof | None:
    """A proof of a claim whose bound is a multiple of a lemma's, or that of a lemma and what is not negative."""
    bound = theorem.claim.bound
    for lemma in lemmas:
        if not isinstance(bound, Expression) or lemma.theorem.metric.expected != theorem.metric.expected:
            continue
        with suppress(Missing, ValueError, ZeroDivisionError):  # the claim may divide by what may be zero
            if (proof := _looser_than(lemma, theorem, bound, facts)) is not None:
                return proof
    return None


def _looser_than(lemma: Proof, theorem: Theorem, bound: Expression, facts: Sequence[Fact]) -> Proof | None:
    """The same by one lemma: q times its bound where q is at least one, or what is left is not negative."""
    ours = lemma.theorem
    proof = _with_what_is_given(lemma, theorem, facts)
    if proof is None or not isinstance(ours.claim.bound, Expression):
        return None
    fact, times = proof
    proved_before = (part for part in facts_in(*proof) if part.name and not drawn_in(part.value))
    named = proved("What the claim is multiplied by", times.value.expression > 0, times)
    facts = (*facts, *proved_before, *_beyond_counts(facts), named)
    q = simplified(read(bound) / read(ours.claim.bound))
    if max(len(q.numerator.terms), len(q.denominator.terms)) <= _FEW:
        more = _known(q - Ratio(ONE), facts)
        if more is not None and more.value.is_zero:
            return Proof(theorem, fact, times)
        bounded = read(ours.metric.expected) * times.value
        left = None if more is None else _with_factor(bounded, _positive(ours, facts), facts)
        if more is not None and left is not None:
            return Proof(theorem, fact + more * (fact + left), times)
    powers = [*_powers(bound, fact, facts)]
    spare = _with_factor(read(bound) - read(ours.claim.bound), powers, facts)
    spare = spare if spare is not None else looked_for(bound - ours.claim.bound, (*facts, *powers))
    return None if spare is None else Proof(theorem, fact + spare * times, times)


def _beyond_counts(facts: Sequence[Fact]) -> Iterator[Fact]:
    """That one more than what counts at least zero is positive."""
    for fact in facts:
        letters = fact.value.numerator.letters()
        if len(fact.value.numerator.terms) > 1 and fact.value.denominator == ONE and letters <= {T, N, K}:
            yield proved("", fact.value.expression + 1 > 0, fact + one)


def _known(value: Ratio, facts: Sequence[Fact], combine: Combine = combined) -> Fact | None:
    """The fact among these that a value is not negative, or what a search finds."""
    return next((fact for fact in facts if fact.value == value), None) or combine(value, facts)


def _with_factor(value: Ratio, factors: Iterable[Fact], facts: Sequence[Fact]) -> Fact | None:
    """A fact that a value is not negative as the product of one of these and of what is left without it."""
    for factor in factors:
        rest = simplified(simplified(value) / factor.value)
        has_power = any(isinstance(letter, frozenset) for letter in rest.numerator.letters())
        if not has_power and (fact := _known(rest, facts)) is not None:
            return factor * fact
    return None


def _with_what_is_given(proof: Proof, theorem: Theorem, facts: Sequence[Fact]) -> tuple[Fact, Fact] | None:
    """What our claim is, and by what it is multiplied, where what it needs is given or follows from it."""
    met: dict[Relation, Fact] = {}
    for needed in proof.needs:
        if needed in theorem.holding:
            continue
        slack = [*slacks(needed)] if isinstance(needed, Relation) and needed.signs != ("=",) else []
        follows = (
            looked_for(slack[0], [fact for fact in facts if not drawn_in(fact.value)]) if len(slack) == 1 else None
        )
        if follows is None:
            return None
        met[needed] = proved("", needed, follows)  # type: ignore[index, arg-type]
    return replayed(proof.fact, met), replayed(proof.times, met)


def replayed(fact: Fact, met: Mapping[Relation, Fact]) -> Fact:
    """Return what follows as a fact does, with proofs of relations in the place of what is assumed of them."""
    replays: dict[int, Fact] = {}
    for old in facts_in(fact):
        proofs = {relation: proof for relation, proof in met.items() if relation in old.by}
        if proofs and not old.of:
            replays[id(old)] = reduce(lambda fact, pair: discharged(fact, *pair), proofs.items(), old)
        elif proofs:
            of = {tuple(replays[id(part)] for part in product): times for product, times in old.of.items()}
            by = (old.by - proofs.keys()).union(*(proof.by for proof in proofs.values()))
            replays[id(old)] = replace(old, of=of, by=by)
        else:
            replays[id(old)] = old
    return replays[id(fact)]


def _positive(ours: Theorem, facts: Sequence[Fact]) -> Iterator[Fact]:
    """That what is bounded is not negative, but for what it is divided by."""
    yield from (lasting(end) for start, end in _ENDS.items() if COURSES[start].at_last == ours.metric.expected)
    for sum_ in (part for part in ours.metric.expected.within() if isinstance(part, Total)):
        for of in (of for of, symbol in ADDED.items() if symbol in sum_.term.symbols):
            weights = [_weight_at(factor, facts) for factor in sum_.term.parts(Product) if factor != ADDED[of]]
            if None not in weights:
                yield squares_added(reduce(mul, weights, one), square(G if of == S else Z))


def _weight_at(factor: Expression, facts: Sequence[Fact]) -> Fact | None:
    """That a weight is not negative at each t."""
    match factor:
        case Power(base, exponent) if exponent == t:
            weight = looked_for(base, facts)
            return None if weight is None else power(weight, t)
    return looked_for(factor, facts)


def _powers(bound: Expression, fact: Fact, facts: Sequence[Fact]) -> Iterator[Fact]:
    """Powers of what is iterated, and sums of them; and those that a bound has, with less than T as exponent."""
    for rule in (step for step in facts_in(fact) if step.rule is Rule.ITERATE):
        _, rho, *_ = next(iter(rule.of))
        factor = proved("", rho.value.expression >= 0, rho)
        yield from (power(factor, T), sum_of_powers(factor, T))
        for part in bound.within():
            if isinstance(part, Power) and symbols_of(part.exponent) == (T,) and part.exponent != T:
                enough = looked_for(part.exponent, facts)
                if enough is not None and read(part.base) == rho.value:
                    yield power(factor, part.exponent, enough)


def _from_one_step(theorem: Theorem, facts: Sequence[Fact], combine: Combine = combined) -> Proof | None:
    """A proof from what is true of a step, by a rule of induction."""
    for of_claim in concluded(theorem, facts, combine):
        with suppress(Missing):  # what is not assumed may be used
            return Proof(theorem, *of_claim)
    return None


def concluded(theorem: Theorem, facts: Sequence[Fact], combine: Combine = combined) -> Iterator[tuple[Fact, Fact]]:
    """Yield the fact that a claim is, and by what it is multiplied, by each shape for which facts are enough."""
    for shape in shapes(theorem):
        premises = _found(shape, facts, combine)
        if premises is not None:
            with suppress(Missing):
                yield shape.conclude(premises)


def _found(shape: Shape, facts: Sequence[Fact], combine: Combine) -> dict[str, Fact] | None:
    """The facts that a shape asks for."""
    premises: dict[str, Fact] = {}
    for name, goal in shape.goals.items():
        extra = shape.beside(premises)
        fact = looked_for(goal, (*facts, *extra), combine)
        if fact is None:
            return None
        premises[name] = fact
    return premises


def looked_for(goal: Expression, facts: Sequence[Fact], combine: Combine = combined) -> Fact | None:
    """A fact that an expression is not negative: in two cases if there is a maximum in it."""
    try:
        value = read(goal)
    except (ValueError, ZeroDivisionError):  # it has no normal form
        return None
    by_case = [_known(value, case, combine) for case in _cases(value, facts)]
    if None in by_case:
        return None
    first, *others = (fact for fact in by_case if fact is not None)
    return cases(first, others[0], _SPLIT) if others and _SPLIT in first.by else first


def _cases(value: Ratio, facts: Sequence[Fact]) -> tuple[Sequence[Fact], ...]:
    """What is known in each case: in one if there is no maximum in a value, else in two."""
    largest = [letter.expression for letter in value.numerator.letters() if isinstance(letter, Atom)]
    of = [
        fact for expression in largest if isinstance(expression, Maximum) for fact in below_maximum(*expression.members)
    ]
    return tuple((*facts, *of, *assumed(Relation(_SPLIT.terms, (sign,)))) for sign in ("<=", ">=")) if of else (facts,)
