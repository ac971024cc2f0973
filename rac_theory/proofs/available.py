"""Which facts a theorem may use: those that rest on no more than it assumes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain

from rac_theory.proofs.defined import Defined
from rac_theory.proofs.drawn import H, drawn_in, mean
from rac_theory.proofs.fact import Fact, letters_in
from rac_theory.proofs.facts import (
    assumed,
    even,
    high,
    instances,
    low,
    no_step_or_more,
    nothing,
    plus,
    square,
    square_of,
)
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.quantities import G, V, Z, error, gbar
from rac_theory.proofs.rules import Rule
from rac_theory.proofs.schemas import grant
from rac_theory.statements import Theorem, rac_lora_momentum, relations_in
from rac_theory.statements.assumptions import known_minimiser
from rac_theory.statements.symbols import L_H, L, T, gamma, s

_BY_HAND = ("remainder", rac_lora_momentum)
"""What is left to who asks for it: beside the gradient at W+ a search for momentum has too many sums to find one."""


def about_constants(theorem: Theorem, more: Sequence[Fact] = ()) -> list[Fact]:
    """Return facts about constants, and about the names that more facts have."""
    return [
        fact
        for fact in (*_granted(theorem, more), *_squares(), *_given(theorem))
        if fact.by <= theorem.holding and not drawn_in(fact.value)
    ]


def is_positive_T(fact: Fact) -> bool:
    """Return whether a fact is that there is a step at least, which is granted, or that a sum over t < T is not 0."""
    return fact.rule in (Rule.SUM, Rule.WEIGHTS) or (not fact.of and fact.said == plus[T].said)


def has_value_at_0(theorem: Theorem, facts: Iterable[Fact]) -> bool:
    """Return whether a claim has a value at T = 0, by facts that do not rest on T > 0, and T >= 1 is not given."""
    defined = Defined([fact for fact in facts if not is_positive_T(fact) and fact.by <= theorem.holding])
    try:
        for term in theorem.claim.relation.terms:
            defined.check(term)
    except (Missing, ValueError, ZeroDivisionError):
        return False
    return not defined.sign(T)


def available(theorem: Theorem, more: Iterable[Fact] = ()) -> tuple[Fact, ...]:
    """Return facts about constants, and facts about f, a sketch and a step that are true on average over its draws."""
    more = tuple(more)
    candidates = [*dict.fromkeys((*_granted(theorem, more), *_about_a_step(), *_squares(), *_given(theorem), *more))]
    if has_value_at_0(theorem, about_constants(theorem)):
        candidates = [fact for fact in candidates if not is_positive_T(fact)]
    candidates += [*(_about_distances() if known_minimiser in theorem.given else ())]
    averages = (_averaged(fact) for fact in candidates if fact.by <= theorem.holding)
    return tuple({(fact.value, fact.strict): fact for fact in averages if fact is not None}.values())


def _given(theorem: Theorem) -> Iterator[Fact]:
    """What is given, but for what has no normal form, such as a power that is not whole: of that no use is made."""
    for assumption in theorem.given:
        with suppress(ValueError, ZeroDivisionError):
            yield from assumed(assumption)


def _granted(theorem: Theorem, more: Sequence[Fact] = ()) -> Iterator[Fact]:
    letters = letters_in(
        theorem.claim.relation, *relations_in(*theorem.given), *(fact.said for fact in more if fact.said is not None)
    )
    looked_at = (fact for fact in instances(theorem.holding, letters) if fact.schema != _BY_HAND)
    yield from chain(looked_at, plus.values(), (nothing, no_step_or_more))


def _squares() -> tuple[Fact, ...]:
    return square_of(1 - gamma * L), square_of(1 - gamma * L_H)


def _about_a_step() -> tuple[Fact, ...]:
    of_G = (low(G), high(G), even(G), square(G), square(H(G)), square(H(gbar)), square(H(G) + H(error)))
    return (*of_G, low(Z), high(Z), even(Z), square(Z), square(H(Z)))


def _about_distances() -> tuple[Fact, ...]:
    step = V - G * gamma
    of_step = (*(about(v) for about in (low, high, even) for v in (V, step)), square(V), square_of(1 - gamma * s))
    straight = (grant("straight", V, G), grant("spread", G), grant("norm", V), grant("norm_is_positive", V))
    return (*of_step, *straight)


def _averaged(fact: Fact) -> Fact | None:
    """A fact on average over the draws of a step; None for what is about one client."""
    over = {draw for letter in drawn_in(fact.value) for draw in letter.over}
    if "m" in over:
        return None
    try:
        return mean(fact) if over else fact
    except Missing:
        return None
