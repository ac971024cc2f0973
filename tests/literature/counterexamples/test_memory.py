"""C24 to C29 by second routes: runs, the library's rates, and linear equations in the place of recursions."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, exact_rate, expected, theorems
from rac_theory.algorithms import MOMENTUM, state
from rac_theory.literature import C24, C26, C27, C28, C29
from rac_theory.literature.counterexamples import carried_momentum, momentum
from rac_theory.literature.counterexamples.carried_momentum import grows, is_semidefinite, links, shrinks, squares
from rac_theory.literature.counterexamples.counterexample import exact
from rac_theory.literature.counterexamples.decay_beside_projection import means, minimiser
from rac_theory.literature.counterexamples.fixed_order import LONGER, characteristic, is_above, step
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate


def in_links(steps, carried):
    return Case(replace(C24.method, inner_steps=steps, carried=carried), C24.problem, C24.start, steps=160)


@pytest.mark.parametrize(("steps", "carried"), [(12, True), (12, False), (1, True)])
def test_second_moments_of_links_are_those_of_the_library(steps, carried):
    """By its sums over coordinates, and the growth of the recursion is its rate. Catches a share that is 1 - p."""
    curve, case = squares(steps, carried=carried), in_links(steps, carried)
    np.testing.assert_allclose(expected(case).squared_distance, curve, rtol=1e-9)
    assert (curve[-1] / curve[-41]) ** (1 / 40) == pytest.approx(exact_rate(case), rel=1e-3)


@pytest.mark.parametrize(("steps", "carried"), [(12, True), (12, False), (1, True), (4, True)])
def test_certificates_are_on_the_side_of_the_rate(steps, carried):
    """With factors a hundredth beside the rate. Catches a certificate that always holds, and one that never does."""
    T, rate = links(steps, carried=carried), Fraction(exact_rate(in_links(steps, carried)))
    below, above = rate * Fraction(99, 100), rate * Fraction(101, 100)
    assert (grows(T, below), grows(T, above)) == (True, False)
    assert (shrinks(T, below), shrinks(T, above)) == (False, True)
    assert [is_semidefinite(exact([[1, x], [x, 4]])) for x in (-3, -2, 2, 3)] == [False, True, True, False]


def test_what_shrinks_is_declared_above_the_rates():
    for (steps, carried), factor in carried_momentum.SHRINKS.items():
        assert 0 < factor - Fraction(exact_rate(in_links(steps, carried))) < Fraction(1, 50)


@pytest.mark.parametrize("omega", [Fraction(1, 8), Fraction(1, 10), Fraction(3, 4)])
def test_means_of_decay_by_their_own_recursion(omega):
    """E x moves by (1 - gamma omega - gamma p) x + gamma p, and rests at p/(p + omega)."""
    gamma, p, x = Fraction(1, 2), Fraction(1, 4), Fraction(2)
    for told in means(x, 6, omega):
        assert told == x
        x = (1 - gamma * omega - gamma * p) * x + gamma * p
    assert minimiser(omega / p) == p / (p + omega)
    inside = means(minimiser(omega), 6, omega, inside=True)
    assert {*inside} == {1 / (1 + omega)}


@pytest.mark.parametrize(("part", "told"), [(1, 0.728), (2, 1.111), (4, 2.856)])
def test_ratios_of_momentum_come_to_the_sum_of_all_steps(part, told):
    """The sum over all t by linear equations, which 1500 steps have come to: 1.111 at half, 2.856 at a quarter."""
    beta, g, p = float(1 - momentum.SHARE / part), float(momentum.GAMMA), float(momentum.SHARE)
    T = [np.array([[1 - g * (1 - beta) * h, -g * (1 - beta) * beta], [h, beta]]) for h in (1.0, 0.0)]
    square = p * np.kron(T[0], T[0]) + (1 - p) * np.kron(T[1], T[1])
    total = np.linalg.solve(np.eye(4) - square, np.array([1.0, 0, 0, 0]))
    shifted = np.kron([1, -g * beta], [1, -g * beta])
    assert shifted @ total * g * p == pytest.approx(told, abs=1e-3)
    assert float(momentum.ratios(1 - momentum.SHARE / part, 40)[-1]) < shifted @ total * g * p
    moments, summed = np.array([1.0, 0, 0, 0]), 0.0
    for ratio in momentum.ratios(1 - momentum.SHARE / part, 40):
        summed += shifted @ moments * g * p
        moments = square @ moments
        assert float(ratio) == pytest.approx(summed, rel=1e-12)


@pytest.mark.parametrize("t", [Fraction(1), LONGER, Fraction(6, 5)])
def test_steps_along_coordinates_have_the_rates_of_the_library(t):
    """Eigenvalues of 2 x 2 against the recursion on all second moments, which has the four-dimensional law."""
    A, case = step(t), Case(RACLoRA(Coordinate(4, 1), float(t * Fraction(400, 103))), C27.problem, C27.start, steps=9)
    rate = exact_rate(case)
    assert max(abs(np.linalg.eigvals(np.array(A, dtype=float)))) == pytest.approx(rate, rel=1e-10)
    near = Fraction(rate)
    assert is_above(A, near + Fraction(1, 10**6))
    assert not is_above(A, near - Fraction(1, 10**6))
    assert not is_above(A, Fraction(-9))  # below both
    assert characteristic(A, near - Fraction(1, 10**6)) < 0 < characteristic(A, near + Fraction(1, 10**6))
    moments = exact([1, 1])
    for gap in expected(case).gap:
        assert float(moments[0] / 100 + moments[1] * Fraction(99, 400)) / 2 == pytest.approx(gap, rel=1e-12)
        moments = A @ moments


def test_a_number_is_above_both_eigenvalues_or_not():
    """Of 2 and 3. Catches one below both that is taken for one above, and the other way round."""
    A = np.array([[Fraction(2), Fraction(0)], [Fraction(0), Fraction(3)]])
    assert [is_above(A, r) for r in (Fraction(15, 8), Fraction(5, 2), Fraction(4))] == [False, False, True]


def test_the_exact_minimum_is_what_no_step_in_the_draw_is_below():
    """So the claim is about rates, not about one step; and where curvatures are equal it is the best link."""
    w = np.array([[1.0], [-0.5], [0.25], [2.0]])
    case = Case(C27.method, C27.problem, w, steps=1)
    steps = [RACLoRA(Coordinate(4, 1), float(t) * 400 / 103) for t in (0.5, 0.9, 1.1, 1.7)]
    one = expected(case).gap[1]
    assert all(expected(Case(each, C27.problem, w, steps=1)).gap[1] > one for each in steps)
    flat = Quadratic.left(np.eye(4), np.zeros((4, 1)))
    best = exact_rate(Case(C27.method, flat))
    assert best == pytest.approx(3 / 4)
    assert all(exact_rate(Case(RACLoRA(Coordinate(4, 1), t), flat)) > best for t in (0.9, 1.1, 1.7))


def test_the_case_of_momentum_is_one_that_its_condition_excludes():
    assert (1 - C26.method.letters["b"]) * 2 == pytest.approx(float(momentum.SHARE))


def test_with_L_H_for_every_L_the_bound_is_exceeded_by_runs_too():
    """The mean of 1500 runs over 50 steps of X and M themselves within 5 standard errors (alpha 6e-7); and the false
    form is that of T22, whose own condition the case does not meet. Catches another fourth moment of a direction."""
    steps, runs, rng = 50, 1500, np.random.default_rng(28)
    gamma, b = float(momentum.LONG), float(momentum.KEPT)
    W, M, total = np.ones(runs), np.zeros(runs), np.zeros(runs)
    for _ in range(steps):
        total += W**2
        u = rng.standard_normal((runs, 64))
        seen = u[:, 0] ** 2 / np.sum(u**2, axis=1) * (W + gamma * b * M)
        W, M = W - gamma * seen, b * M + seen
    told = total * gamma / 64
    assert abs(told.mean() - float(momentum.ratios_at_W()[steps - 1])) < 5 * told.std() / runs**0.5
    assert told.mean() > 10
    case = Case(C28.method, C28.problem, C28.start)
    c = Constants.of(case)
    assert pytest.approx((1.0, float(momentum.L_H))) == (c.L, c.L_H)
    for id in ("T22", "T22_H"):
        assert any("theta" in told for told in theorems.ALL[id].unmet(case, c))


def test_the_point_that_is_ahead_is_above_bounds_of_the_shifted_one():
    """By the bounds of T22 and T22_pl themselves, at what they assume just so: catches a bound that is another."""
    line, T = C29.problem, 100
    for (gamma, b), id in ((momentum.EDGE, "T22"), (momentum.EDGE_PL, "T22_pl")):
        shifted = Case(MOMENTUM(None, gamma=float(gamma), b=float(b)), line, C29.start, steps=T)
        c = Constants.of(shifted)
        assert not theorems.ALL[id].unmet(shifted, c)
        at_X = Case(MOMENTUM.reporting(state("X"))(None, gamma=float(gamma), b=float(b)), line, C29.start, steps=T)
        bound = theorems.ALL[id].bound(c, T)
        if id == "T22":
            found = [float(np.mean(2 * expected(each).gap[:T])) / bound[T] for each in (at_X, shifted)]
            assert found == pytest.approx([*map(float, momentum.sums())], rel=1e-9)
        else:
            for each, told in zip((at_X, shifted), momentum.gaps(), strict=True):
                assert expected(each).gap[:20] / bound[:20] == pytest.approx([*map(float, told)], rel=1e-7)
