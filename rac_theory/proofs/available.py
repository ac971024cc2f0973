"""Which facts a theorem may use: those that rest on no more than it assumes."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from rac_theory.proofs import (
    facts,
    facts_of_cycles,
    facts_of_decreasing_steps,
    facts_of_gain,
    facts_of_several_steps,
)
from rac_theory.proofs.defined import Defined
from rac_theory.proofs.drawn import H, drawn_in, mean
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import G, V, Z, assumed, error, even, high, low, plus, square, square_of
from rac_theory.proofs.facts_of_several_steps import gbar
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.stored.client_epochs import of_clients, of_components, v_sign
from rac_theory.proofs.stored.several_steps import kept_of_epoch, round_error
from rac_theory.statements import Theorem
from rac_theory.statements.assumptions import known_minimiser
from rac_theory.statements.symbols import L_H, L, T, gamma, s


def about_constants(theorem: Theorem) -> list[Fact]:
    """Return facts about constants."""
    return [fact for fact in (*_granted(), *_given(theorem)) if fact.by <= theorem.holding and not drawn_in(fact.value)]


def is_positive_T(fact: Fact) -> bool:
    """Return whether a fact is that there is a step at least, which is granted."""
    return not fact.of and fact.said == plus[T].said


def has_value_at_0(theorem: Theorem, facts: Iterable[Fact]) -> bool:
    """Return whether a claim has a value at T = 0, by facts that do not rest on T > 0, and T >= 1 is not given."""
    defined = Defined([fact for fact in facts if not is_positive_T(fact) and fact.by <= theorem.holding])
    try:
        for term in theorem.claim.relation.terms:
            defined.check(term)
    except (Missing, ValueError, ZeroDivisionError):
        return False
    return not defined.sign(T)


def available(theorem: Theorem) -> tuple[Fact, ...]:
    """Return facts about constants, and facts about f, a sketch and a step that are true on average over its draws."""
    every = [*_granted(), *_given(theorem)]
    if has_value_at_0(theorem, about_constants(theorem)):
        every.remove(plus[T])
    every += [*(_about_distances() if known_minimiser in theorem.given else ())]
    found = (_averaged(fact) for fact in every if fact.by <= theorem.holding)
    return tuple({(fact.value, fact.strict): fact for fact in found if fact is not None}.values())


def _given(theorem: Theorem) -> Iterator[Fact]:
    """What is given, but for what has no normal form, such as a power that is not whole: of that no use is made."""
    for assumption in theorem.given:
        with suppress(ValueError, ZeroDivisionError):
            yield from assumed(assumption)


def _granted() -> Iterator[Fact]:
    for name in (
        each
        for module in (facts, facts_of_several_steps, facts_of_gain, facts_of_cycles, facts_of_decreasing_steps)
        for each in vars(module).values()
    ):
        yield from (each for each in (name.values() if isinstance(name, dict) else (name,)) if isinstance(each, Fact))
    yield from (low(G), high(G), even(G), square(G), square(H(G)), square(H(gbar)))
    yield square(H(G) + H(error))
    yield from (low(Z), high(Z), even(Z), square(Z), square(H(Z)))
    yield from (square_of(1 - gamma * L), square_of(1 - gamma * L_H), kept_of_epoch, round_error)
    yield from (of_clients, of_components, v_sign)


def _about_distances() -> Iterator[Fact]:
    step = V - G * gamma
    yield from (about(v) for about in (low, high, even) for v in (V, step))
    yield from (square(V), square_of(1 - gamma * s))


def _averaged(fact: Fact) -> Fact | None:
    """A fact on average over the draws of a step; None for what is about one client."""
    over = {draw for letter in drawn_in(fact.value) for draw in letter.over}
    if "m" in over:
        return None
    try:
        return mean(fact) if over else fact
    except Missing:
        return None
