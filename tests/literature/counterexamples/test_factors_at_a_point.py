"""C11 to C13 by second routes: eigenvalues and differences in floating point, bits of floats, and descent itself."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory.literature import C12
from rac_theory.literature.counterexamples import factors_at_a_solution as solution
from rac_theory.literature.counterexamples import lost_merges
from rac_theory.literature.counterexamples.counterexample import exact
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.literature.counterexamples.lost_merges import (
    carried,
    descent,
    mean_of_random_rounding,
    merged,
    rounded_to_even,
    unit,
)
from rac_theory.literature.counterexamples.low_rank import lowest
from rac_theory.literature.published.adaptation import merged_and_unmerged
from rac_theory.numerics.rational import squares
from rac_theory.problems import Quadratic


def spectrum(S, B, A):
    """The eigenvalues of the Hessian of J at a solution, without the zeros of scaling."""
    problem = Quadratic.left(S, B @ A)
    found = np.linalg.eigvalsh(FactorLoss(problem, np.zeros(problem.shape)).hessian(B, A))
    return found[B.shape[1] ** 2 :]


@pytest.mark.parametrize(("m", "n", "r"), [(3, 4, 2), (2, 5, 2), (4, 4, 1), (1, 3, 1)])
def test_the_spectrum_at_a_solution(m, n, r):
    """Random factors: sums of squared singular values, zeros beyond r. Catches products of them, and pairs of zeros."""
    rng = np.random.default_rng(m * n)
    B, A = rng.standard_normal((m, r)), rng.standard_normal((r, n))
    b, a = (np.concatenate([np.linalg.svd(X)[1] ** 2, np.zeros(count - r)]) for X, count in ((B, m), (A, n)))
    told = sorted(b[i] + a[j] for i in range(m) for j in range(n) if i < r or j < r)
    np.testing.assert_allclose(spectrum(np.eye(m), B, A), told, rtol=1e-9)
    assert len(told) == r * (m + n - r)


def test_no_factors_are_conditioned_better_than_balanced_ones_where_the_rank_is_below_both_sides():
    """400 random pairs of one product, by a matrix R between them; 2 sigma_1 / sigma_r is attained by balance alone."""
    rng = np.random.default_rng(0)
    B, A = (np.array(one, dtype=float) for one in solution.factors(1))
    least = float(solution.condition(1))
    ends = spectrum(np.eye(3), B, A)[[0, -1]]
    assert ends[1] / ends[0] == pytest.approx(least)
    for _ in range(400):
        R = np.eye(2) + rng.uniform(0, 2) * rng.standard_normal((2, 2))
        found = spectrum(np.eye(3), B @ R, np.linalg.solve(R, A))
        assert found[-1] >= least * found[0] * (1 - 1e-9)


@pytest.mark.parametrize("c", [Fraction(1), Fraction(2), Fraction(3, 2)])
def test_conditions_are_those_of_hessians(c):
    """Of all three families. Catches c^2 for c^4, and a curvature that is on the other factor."""
    B, A = (np.array(one, dtype=float) for one in solution.factors(c))
    seen = spectrum(np.eye(3), B, A)
    assert float(solution.condition(c)) == pytest.approx(seen[-1] / seen[0])
    one, row = float(c) * np.eye(2, 1), np.eye(1, 2) / float(c)
    for s in (Fraction(16), Fraction(1, 16)):
        seen = spectrum(np.diag([float(s), 1.0]), one, row)
        assert float(solution.condition_of_one(s, c)) == pytest.approx(seen[-1] / seen[0])
    seen = spectrum(np.eye(1), np.array([[float(c)]]), np.eye(1, 3) / float(c))
    assert float(solution.condition_of_a_row(c)) == pytest.approx(seen[-1] / seen[0])


@pytest.mark.parametrize("c", [1, 2])
def test_descent_near_a_solution_has_that_rate(c):
    """At the step 2 / (largest + least): errors along both ends shrink by it. Catches kappa / (kappa + 1)."""
    B0, A0 = (np.array(one, dtype=float) for one in solution.factors(c))
    target = B0 @ A0
    ends = spectrum(np.eye(3), B0, A0)[[0, -1]]
    gamma, rng = 2 / ends.sum(), np.random.default_rng(1)
    B, A = B0 + 1e-7 * rng.standard_normal((3, 2)), A0 + 1e-7 * rng.standard_normal((2, 3))
    norms = []
    for _ in range(200):
        G = B @ A - target
        norms.append(np.linalg.norm(G))
        B, A = B - gamma * G @ A.T, A - gamma * B.T @ G
    count = 30 if c == 1 else 150
    seen = (norms[count] / norms[count // 2]) ** (1 / (count - count // 2))
    assert seen == pytest.approx(float(solution.best_rate(solution.condition(c))), abs=2e-3)


def floats(values):
    return [float(x) for x in values]


def test_the_derivatives_of_the_spurious_point_by_differences():
    """At random rational factors, with decay. Catches a cross term without its 2, and decay on one factor alone."""
    rng, h, decay = np.random.default_rng(2), Fraction(1, 10**4), Fraction(1, 3)

    def loss(z):
        b, a = z[:2], z[2:]
        return solution.value(np.outer(b, a)) + decay * (z**2).sum() / 2

    for _ in range(3):
        z = exact(rng.integers(-6, 7, 4)) / 4
        H, g = solution.hessian_of_factors(z[:2], z[2:], decay), solution.gradient_of_factors(z[:2], z[2:], decay)
        for k in range(4):
            up, down = (z + s * h * exact(np.eye(4, dtype=int)[k]) for s in (1, -1))
            assert float((loss(up) - loss(down)) / (2 * h)) == pytest.approx(float(g[k]), abs=1e-6)
            sides = [solution.gradient_of_factors(x[:2], x[2:], decay) for x in (up, down)]
            for n in range(4):
                assert float((sides[0][n] - sides[1][n]) / (2 * h)) == pytest.approx(float(H[k, n]), abs=1e-6)


def test_it_is_a_local_minimum_and_no_minimum():
    """No value in a ball of 2,000 pairs around it is lower, and L-BFGS finds zero at rank one. Catches a saddle."""
    loss, rng = FactorLoss(C12.problem, np.zeros((2, 2))), np.random.default_rng(3)
    there = loss.value(np.eye(2, 1), np.eye(1, 2))
    assert there == 0.5
    for _ in range(2_000):
        b, a = 0.1 * rng.standard_normal((2, 1)), 0.1 * rng.standard_normal((1, 2))
        assert loss.value(np.eye(2, 1) + b, np.eye(1, 2) + a) >= there - 1e-12
    assert lowest(C12.problem, np.zeros((2, 2)), 1, starts=6, rng=rng) < 1e-12


def test_other_points_are_no_second_order_points():
    """The origin and a pair beside it. Catches a certificate that is given to everything."""
    one, e1, ones, origin = Fraction(1), exact([1, 0]), exact([1, 1]), exact([0, 0])
    assert solution.is_second_order(e1, e1)
    assert solution.is_second_order(ones, ones)
    assert solution.is_second_order(2 * e1, e1 / 2)  # scaled, the same matrix
    assert not solution.is_second_order(origin, origin)
    assert not solution.is_second_order(e1, exact([one, one / 100]))
    assert not solution.is_second_order(e1, e1 / 2)  # where half of the gradient is zero, and it bends upwards
    assert not solution.is_second_order(ones, ones, decay=one)  # it bends upwards there, and falls
    assert squares(solution.hessian_of_factors(origin, origin).tolist()) is None
    assert (solution.Q == solution.Q.T).all()


def stored(x):
    """The nearest bfloat16 of a float32, by its bits."""
    bits = np.array(x, dtype=np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def test_rounding_is_that_of_bits():
    """20,000 floats of many sizes, and ties. Catches 7 or 9 bits, ties away from zero, a unit of the next binade."""
    rng = np.random.default_rng(4)
    x = (rng.standard_normal(20_000) * 2.0 ** rng.integers(-20, 20, 20_000)).astype(np.float32)
    ties = np.array([1 + 1 / 256, 1 + 3 / 256, -1 - 1 / 256, 2 - 1 / 256, 0.5 + 1 / 512, 255.5, 256.0], np.float32)
    x = np.concatenate([x, ties, -ties])
    assert [float(rounded_to_even(Fraction(float(one)))) for one in x] == stored(x).tolist()
    for k, u in ((1, 1 / 128), (2, 1 / 64), (3, 1 / 64), (256, 2), (-3, 1 / 64), (Fraction(1, 3), 1 / 512)):
        assert unit(Fraction(k)) == Fraction(u)
    assert rounded_to_even(Fraction(0)) == 0


def test_what_is_lost_is_lost_either_way(monkeypatch):
    """A rounding that takes what is a little below 1 + u down to 1: catches a check that only adds."""
    wrong = lambda x: Fraction(1) if 1 < x < 1 + unit(Fraction(1)) else rounded_to_even(x)  # noqa: E731
    assert lost_merges._next_to_a_power().holds
    monkeypatch.setattr(lost_merges, "rounded_to_even", wrong)
    assert not lost_merges._next_to_a_power().holds


def test_merges_are_those_of_bits():
    """One after the other in float32 and stored. Catches sums that are rounded once."""
    rng = np.random.default_rng(5)
    updates = [Fraction(float(np.float32(u))) for u in rng.uniform(-0.02, 0.03, 100)]
    w = np.float32(1)
    for u in updates:
        w = stored(np.float32(float(Fraction(float(w)) + u)))
    assert float(merged(Fraction(1), updates)) == float(w)
    total = 1 + sum(updates)
    assert abs(carried(Fraction(1), updates) - total) <= 2 * unit(total)
    assert abs(merged(Fraction(1), updates) - total) <= 50 * unit(total)


def test_merges_and_what_takes_them_off_are_those_of_bits():
    """Over 32 cycles. Catches a rounding that is not PyTorch's, and a weight that is moved more than once."""
    for start, delta in ((-0.5, 1 + 3 / 1024), (1.0, 3 / 1024), (-0.75, 5 / 7)):
        w, exact = np.float32(start), Fraction(float(np.float32(delta)))
        take = stored(np.float32(delta))
        for cycles in range(1, 33):
            w = stored(stored(w + np.float32(delta)) - take)
            assert float(w) == merged_and_unmerged(Fraction(start), exact, Fraction(float(take)), cycles)
    for k in np.random.default_rng(57).integers(-4096, 4097, size=(200, 2)):
        w, d = (rounded_to_even(Fraction(int(one), 1024)) for one in k)
        once = merged_and_unmerged(w, d, d, 1)
        assert merged_and_unmerged(once, d, d, 1) == once


def test_rounding_at_random_by_draws():
    """4,000 runs of eight merges at four standard errors. Catches a chance that is that of the other side."""
    updates, rng = [Fraction(3, 1024)] * 8, np.random.default_rng(6)
    mean, variance = mean_of_random_rounding(Fraction(1), updates)
    ends = np.ones(4000)
    for u in updates:
        low = np.floor((ends + float(u)) * 128) / 128
        ends = low + (rng.random(4000) < (ends + float(u) - low) * 128) / 128
    assert mean == 1 + sum(updates)
    assert mean_of_random_rounding(Fraction(1), updates[:7])[0] == 1 + sum(updates[:7])
    assert ends.mean() == pytest.approx(float(mean), abs=4 * float(variance) ** 0.5 / 4000**0.5)
    assert ends.var() == pytest.approx(float(variance), rel=0.1)


def test_where_descent_in_bfloat16_stops():
    """From half a unit down; a longer step goes on, until what is left is short. Catches a stop that is sought."""
    for gamma, moves in ((Fraction(1, 256), False), (Fraction(1, 250), True), (Fraction(1, 16), True)):
        gaps = descent(gamma, 400, stored=True)
        assert (gaps[-1] < gaps[0]) == moves
        assert gaps[-1] > 0
        assert descent(gamma, 400, stored=False)[-1] < gaps[-1]
