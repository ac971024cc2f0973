"""Which facts a theorem may use: those that rest on no more than it assumes."""

from collections.abc import Iterator
from contextlib import suppress

from rac_theory.proofs import (
    facts,
    facts_of_cycles,
    facts_of_decreasing_steps,
    facts_of_gain,
    facts_of_several_steps,
)
from rac_theory.proofs.drawn import H, drawn_in, mean
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import G, V, Z, assumed, error, even, high, low, square, square_of
from rac_theory.proofs.facts_of_several_steps import gbar
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.stored.client_epochs import of_clients, of_components, v_sign
from rac_theory.proofs.stored.several_steps import kept_of_epoch, round_error
from rac_theory.theorems import Theorem
from rac_theory.theorems.assumptions import known_minimiser
from rac_theory.theorems.symbols import L_H, L, gamma, s


def about_constants(theorem: Theorem) -> list[Fact]:
    """Return facts about constants."""
    return [fact for fact in (*_granted(), *_given(theorem)) if fact.by <= theorem.holding and not drawn_in(fact.value)]


def available(theorem: Theorem) -> tuple[Fact, ...]:
    """Return facts about constants, and facts about f, a sketch and a step that are true on average over its draws."""
    every = (*_granted(), *_given(theorem))
    every = (*every, *(_about_distances() if known_minimiser in theorem.given else ()))
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
