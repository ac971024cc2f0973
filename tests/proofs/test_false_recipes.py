"""Recipes that a rule must refuse, as what they would prove is false: each from facts that are true, by our rules."""

import pytest

from rac_theory import GD, Case, Status, theorems, verify
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import Missing, Proof, induction
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.facts import assumed, flat, mu_below_L, one, plus, square
from rac_theory.proofs.quantities import E as average
from rac_theory.proofs.quantities import G, gap
from rac_theory.statements import assumptions
from rac_theory.statements.symbols import C, L, N, T, gamma, gap0, gap0_upper, lambda_min, mu
from rac_theory.theorems import E
from rac_theory.theorems import rac_lora_gd as exact_steps
from rac_theory.theorems.shared import exact, half, moves, pl, short

from .false_theorems import LINE, like

REFUSED = Missing, ValueError


def test_each_term_of_a_potential_has_a_value_after_the_step():
    """``gap - ||G||^2 / (2 L)``, whose gradient stays that before the step: it would prove a bound of 0 on L x^2/2."""
    psi = gap - G @ G / (2 * L)
    falls = mean(exact) + half * plus[gamma] * (short + one) * mean(square(H(G)))
    step = exact_steps.step() + plus[gamma] * moves * pl
    loss = plus[gamma] * plus[mu] * moves
    ends = half * flat / plus[L], pl / plus[L]
    false = like("T2", E(theorems.gap) <= (1 - mu / L) * gap0 / (gamma * mu * lambda_min * T))
    assert verify(false, Case(GD(gamma=0.5), LINE, steps=3)).status == Status.VIOLATED
    with pytest.raises(REFUSED):
        Proof(
            false,
            induction.potential(psi, step, falls, *ends, loss, lifted(0), {gap0: mu_below_L / plus[L]}),
            loss * plus[T],
        )


@pytest.mark.parametrize("j", [T, N, C])
def test_what_is_true_of_one_number_of_steps_is_not_true_of_each(j):
    """``C j^2`` for the j of a case would be a share at every step before the last."""
    with pytest.raises(ValueError, match="must stand for every whole number"):
        induction.accumulate(flat, plus[C] * plus[T] * plus[T], j, gap0_upper)


def test_what_is_true_of_some_draws_has_no_mean_over_all():
    """Where ``x <= C`` is true of a draw it is not true of the mean, and the other draws are the other case."""
    x = H(G) @ H(G)
    (few,), (many,) = assumed(x <= C), assumed(x >= C)
    with pytest.raises(REFUSED):  # else x and its mean are on the same side of every number
        induction.cases(few * mean(few), many * mean(many), x <= C)


@pytest.mark.parametrize("letter", [gap, average(G @ H(G))])
def test_a_letter_that_has_a_value_is_not_any_number(letter):
    """``||G||^2 <= 2 L gap`` is not true of another gap: it would follow that no gradient is longer than sqrt(C)."""
    (below,) = assumed(letter <= C)
    (positive,) = assumed(assumptions.structured_noise.known[2])
    with pytest.raises(REFUSED):
        induction.instance(_named(below + flat), letter, lifted(0), {letter <= C: positive})


def _named(fact):
    from rac_theory.proofs.fact import proved

    return proved("A sum", fact.value.expression >= 0, fact)
