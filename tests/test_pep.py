"""Worst cases over whole classes of functions: equal to a bound that is tight, else between it and a quadratic."""

import sys

import PEPit
import pytest

from rac_theory import WorstCase, side_by_side, worst_case

CLASS = {"L": 2.0, "mu": 0.3, "gamma": 0.4}


@pytest.mark.parametrize(("blocks", "steps"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)])
def test_t4_is_the_worst_case(blocks, steps):
    """An equality over the class, not only on multiples of the identity.

    Catches blocks that are not orthogonal, a mean over branches that is a maximum, and a squared distance for its root.
    """
    c = 1 / blocks
    factor = 1 - c + c * max((1 - 0.4 * 0.3) ** 2, (1 - 0.4 * 2.0) ** 2)
    found = worst_case("T4", **CLASS, blocks=blocks, steps=steps)
    assert found.upper == pytest.approx(factor**steps, rel=1e-4)
    assert found.lower == pytest.approx(factor**steps, rel=1e-4)


@pytest.mark.parametrize("steps", [1, 2])
def test_gradient_descent_is_the_worst_case_of_t1(steps):
    """gamma = 1/L and no sketch: 2 L / T, Huber's function with a long slope, of which no quadratic knows."""
    found = worst_case("T1", L=2.0, gamma=0.5, blocks=1, steps=steps)
    assert found.upper == pytest.approx(2 * 2.0 / steps, rel=1e-4)


@pytest.mark.parametrize(("blocks", "steps", "gamma"), [(2, 1, 0.5), (2, 2, 0.5), (3, 2, 0.5), (2, 2, 0.2)])
def test_t1_loses_a_known_factor_in_few_steps(blocks, steps, gamma):
    """The bound times 1 - (1 - c)^T, c = gamma (2 - gamma L) L / k, an equality on a multiple of the identity.

    At T = 1 that is ||grad f(W^0)||^2 <= 2 L Delta_0. Without the inequality for f* the program would be unbounded, and
    with a stationary point for it the value would be that of a smaller class.
    """
    L = 2.0
    gain = gamma * (2 - gamma * L) / blocks
    found = worst_case("T1", L=L, gamma=gamma, blocks=blocks, steps=steps)
    assert found.upper == pytest.approx(2 / (gain * steps) * (1 - (1 - gain * L) ** steps), rel=1e-4)


@pytest.mark.parametrize(("theorem", "steps"), [("T1", 2), ("T2", 1), ("T4", 1)])
def test_quadratic_worst_case_and_theorem_are_in_order(theorem, steps):
    """The exact expectation of a quadratic of the class may not exceed the worst case, nor that the theorem."""
    seen = side_by_side(theorem, L=1.0, mu=0.1, gamma=1.0, blocks=2, steps=steps, rng=0)
    assert 0.9 * seen.worst.upper <= seen.hardest <= seen.worst.upper * (1 + 1e-4)
    assert seen.worst.upper <= seen.bound * (1 + 1e-4)
    assert str(seen).startswith(f"{theorem}, {steps} step")
    if theorem == "T4":
        assert seen.hardest == pytest.approx(seen.bound, rel=1e-4)
        assert seen.bound == pytest.approx(0.5 + 0.5 * 0.81, rel=1e-9)


def test_too_long_a_step_is_worse_than_the_start():
    """gamma = 3/L: a program that only ever said what the theorem says would not notice."""
    assert worst_case("T4", L=1.0, mu=0.1, gamma=3.0, blocks=2, steps=1).upper == pytest.approx(2.5, rel=1e-4)


def test_what_cannot_be_asked_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="theorem must be one of T1, T2, T4, got 'T3'"):
        worst_case("T3", **CLASS, blocks=1, steps=1)
    with pytest.raises(ValueError, match="a tree of at most 63 points, got 127"):
        worst_case("T4", **CLASS, blocks=2, steps=6)
    with pytest.raises(ValueError, match="gamma must be a finite number > 0, got 0"):
        worst_case("T4", L=2.0, mu=0.3, gamma=0.0, blocks=2, steps=1)
    with pytest.raises(ValueError, match="mu must be a finite number > 0 and < 2, got 2"):
        worst_case("T2", L=2.0, mu=2.0, gamma=0.1, blocks=2, steps=1)
    monkeypatch.setitem(sys.modules, "PEPit", None)
    with pytest.raises(ImportError, match=r"worst cases need the extra: pip install 'rac-theory\[pep\]'"):
        worst_case("T4", **CLASS, blocks=1, steps=1)


def test_a_solver_that_leaves_a_gap_is_not_believed(monkeypatch):
    assert WorstCase(2.0, 1.5).duality_gap == 0.25
    solve = PEPit.PEP.solve
    monkeypatch.setattr(PEPit.PEP, "solve", lambda self, **options: 1.01 * solve(self, **options))
    with pytest.raises(RuntimeError, match="the solver must close the duality gap, got WorstCase"):
        worst_case("T4", **CLASS, blocks=1, steps=1)
