"""``assert_proved``: it passes with the proof, and fails with what is missing and that this refutes nothing."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory.algebra import identical
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
from rac_theory.testing import NotShown, assert_proved
from rac_theory.theorems import T2, E, gap


def test_a_theorem_that_is_proved_passes_with_its_proof():
    assert assert_proved("T2").theorem is assert_proved(T2).theorem is T2
    weaker = replace(T2, id="weaker", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0)
    assert assert_proved(weaker).theorem is weaker


def test_a_theorem_without_lambda_min_fails_with_what_a_step_would_have_to_do():
    """Hopeful is false; the message must not say so, as no search shows it."""
    hopeful = replace(T2, id="hopeful", claim=E(gap) <= (1 - gamma * mu) ** T * gap0)
    with pytest.raises(NotShown) as caught:
        assert_proved(hopeful)
    said = str(caught.value)
    assert said.startswith("hopeful: no proof was found, which does not make it false")
    assert "E[f(W+) - f*] <= (1 - gamma mu) (f(W) - f*)" in said
    assert "claim     E[f(W^T)] - f* <= (1 - gamma mu)^T (f(W^0) - f*)." in said
    assert "provable" in said


def test_what_can_be_proved_instead_is_said_and_returned():
    """Twice the rate of T2 has no proof, and the best of that form is T2, whose proof comes with the error."""
    twice = replace(T2, id="twice", claim=E(gap) <= (1 - 2 * gamma * mu * lambda_min) ** T * gap0)
    with pytest.raises(NotShown) as caught:
        assert_proved(twice)
    assert "provable  E[f(W^T)] - f* <= (1 - gamma lambda_min mu)^T (f(W^0) - f*)." in str(caught.value)
    assert identical(caught.value.finding.theorem.claim.bound, T2.claim.bound)


def test_bounds_that_are_functions_or_of_no_known_form_fail():
    def bound(c, t):
        """What it likes."""
        return c.gap0 * np.ones_like(t)

    with pytest.raises(AssertionError, match="its bound is a function"):
        assert_proved(replace(T2, id="own", claim=E(gap) <= bound, falls="linear"))
    with pytest.raises(AssertionError, match="has no form that follows from what one step does"):
        assert_proved(replace(T2, id="cubic", claim=E(gap) <= gap0 / (T + 1) ** 3))


@pytest.mark.parametrize("theorem", ["T0", 2, None])
def test_what_is_no_theorem_is_refused(theorem):
    with pytest.raises(ValueError, match="theorem must be"):
        assert_proved(theorem)
