"""C9 and C10 by second routes: factors in floating point, every outcome of few coins, and runs of the method itself."""

import itertools
from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from rac_theory import AsymmetricLoRA, Case, GaLore, RACLoRA, expected, simulate
from rac_theory.algorithms.galore import leading_part
from rac_theory.literature import C10, GALORE
from rac_theory.literature.counterexamples import averaged_factors, noisy_subspace
from rac_theory.literature.counterexamples.another_minimiser import FULL, step, step_from_the_right
from rac_theory.literature.counterexamples.averaged_factors import covariance, gap, lost
from rac_theory.literature.counterexamples.carried_momentum import form, links
from rac_theory.literature.counterexamples.counterexample import exact
from rac_theory.literature.counterexamples.factors_at_a_solution import factors, hessian_of_factors
from rac_theory.literature.counterexamples.fixed_order import draw_of_coordinate
from rac_theory.literature.counterexamples.noisy_subspace import BATCH_GAMMA as GAMMA
from rac_theory.literature.counterexamples.noisy_subspace import COIN as SIGMA
from rac_theory.literature.counterexamples.noisy_subspace import CornerNoise, never_below, resting_place, smallest_batch
from rac_theory.literature.counterexamples.queries import moment_matrix
from rac_theory.literature.counterexamples.queries import moments as queries_moments
from rac_theory.literature.counterexamples.restarts import exact_link
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, Frozen, Haar


def whole(rng, *shape):
    return exact(rng.integers(-5, 6, shape).tolist())


def floats(X):
    return np.array(X, dtype=float)


def test_exact_arrays_hold_fractions_of_whole_numbers_alone():
    """Catches a float, which fractions turn into floats, and an integer of 64 bits, which overflows in silence."""
    for numbers in (
        exact(np.arange(4).reshape(2, 2)),
        links(3, carried=True)[0],
        form(links(3, carried=False)),
        factors(3)[1],
        hessian_of_factors(exact([1, 2]), exact([3, 1]), Fraction(1, 3)),
        draw_of_coordinate(Fraction(1, 10), Fraction(9, 10), 3, Fraction(1)),
        moment_matrix(3, 2, Fraction(1, 10), Fraction(1)),
        queries_moments(1)[0],
        exact_link(exact([[1, 2, 0]] * 3), exact([1, 0, 2]), Fraction(1, 200), 2),
        step(FULL - 1, 0),
        step_from_the_right(FULL - 1, 0),
        lost([(exact([[1], [2]]), exact([[1, 3]])), (exact([[0], [1]]), exact([[2, 1]]))]),
    ):
        assert {type(x) for x in numbers.flat} == {Fraction}
        assert {type(part) for x in numbers.flat for part in x.as_integer_ratio()} == {int}


@pytest.mark.parametrize("count", [2, 3, 5])
def test_what_averages_lose_is_the_covariance(count):
    """In floats, by numpy's means. Catches M^2 for M, and a covariance of one factor alone; a shared one has none."""
    rng = np.random.default_rng(count)
    clients = [(whole(rng, 3, 2), whole(rng, 2, 4)) for _ in range(count)]
    B, A = (np.array([floats(client[i]) for client in clients]) for i in (0, 1))
    np.testing.assert_allclose(floats(lost(clients)), (B @ A).mean(0) - B.mean(0) @ A.mean(0), atol=1e-12)
    assert (lost(clients) == covariance(clients)).all()
    shared = [(clients[0][0], a) for _, a in clients]
    assert not lost(shared).any()


def test_gradient_descent_in_the_factors_never_leaves_what_opposite_signs_average_to():
    """Both gradients are zero at B = A = 0, so that a round of any number of steps changes nothing."""
    opposite = [(exact([[s], [0]]), exact([[s, 0]])) for s in (1, -1)]
    assert [gap(b @ a) for b, a in opposite] == [0, 0]
    assert averaged_factors.gap_of_means(opposite) == Fraction(1, 2)
    B, A, target = np.zeros((2, 1)), np.zeros((1, 2)), np.diag([1.0, 0.0])
    for _ in range(10):
        G = B @ A - target
        B, A = B - 0.1 * G @ A.T, A - 0.1 * B.T @ G
    assert np.sum((B @ A - target) ** 2) / 2 == 0.5


def test_turns_are_least_squares():
    """Each turn by numpy's least squares, at rank one. Catches a turn that moves both factors, or neither."""
    rng = np.random.default_rng(0)
    target, row = whole(rng, 3, 3), whole(rng, 1, 3)
    W, A, B = floats(target), floats(row), np.zeros((3, 1))
    for turn in range(1, 7):
        if turn % 2:
            B = np.linalg.lstsq(A.T, W.T)[0].T
        else:
            A = np.linalg.lstsq(B, W)[0]
        told = float(averaged_factors.alternating(row, turn, target))
        assert told == pytest.approx(np.sum((B @ A - W) ** 2) / 2, abs=1e-9)
    assert told >= np.sum(np.linalg.svd(W)[1][1:] ** 2) / 2 - 1e-9  # the floor of rank one


def test_the_floor_of_a_frozen_row_is_where_asymmetric_lora_ends():
    """Half the part of W* outside the row's span; over Haar rows (1 - r/n) ||W*||^2 / 2 on average."""
    rng = np.random.default_rng(0)
    target, row = whole(rng, 2, 3), whole(rng, 1, 3)
    problem = Quadratic.left(np.eye(2), floats(target))
    ran = simulate(Case(AsymmetricLoRA(Frozen(floats(row).T), 1.0, side="right"), problem, steps=2))
    floor = gap(averaged_factors.best_B(row, target) @ row, target)
    assert ran.values[0, -1] == pytest.approx(float(floor))
    fresh = simulate(Case(AsymmetricLoRA(Haar(3, 1), 1.0, side="right"), problem, steps=1), runs=4000, rng=0)
    assert fresh.values[:, -1].mean() == pytest.approx(np.sum(floats(target) ** 2) / 3, rel=0.05)  # 5 standard errors


def entry_after(coins, gamma):
    """w_11 after GaLore's steps with means of coins, by singular vectors; ties are none for these numbers."""
    w = 1.0
    for noise in coins:
        w -= gamma * leading_part(np.diag([w, noise]), 1)[0, 0]
    return w


@pytest.mark.parametrize("batch", [1, 3, 5])
def test_no_outcome_of_few_coins_leads_below_the_resting_place(batch):
    """Every outcome of seven batches up to signs, which singular values do not see; the luckiest outcome comes to it,
    and stays. Catches a place that is left once more, and one from sigma / b^2."""
    gamma, sigma = float(GAMMA), float(SIGMA)
    means = [sigma * k / batch for k in range(-batch, batch + 1, 2) if k > 0]
    ends = [entry_after([means[0], *path], gamma) for path in itertools.product(means, repeat=5)]
    assert min(ends) >= float(resting_place(batch)) - 1e-12
    if batch < 5:
        luckiest = entry_after([sigma / batch] * 40, gamma)
        assert luckiest == pytest.approx(float(resting_place(batch)), rel=1e-12)
        assert luckiest == pytest.approx(entry_after([sigma / batch] * 400, gamma), rel=1e-12)


def test_the_formula_of_the_floor_is_about_batches_from_sigma_on():
    """Below it would be a floor above the start. It is met exactly, and not by a hundredth less at sigma = 2 nor above.
    Catches a statement about all odd batches, half of it, another power of b or of 1 - gamma, and a floor of single
    samples that is not that of the start."""
    for batch in range(1, 40, 2):
        formula = ((1 - GAMMA) * SIGMA / batch) ** 2 / 2
        assert (formula <= never_below(batch) <= Fraction(1, 2)) == (batch >= SIGMA)
    assert "odd batches of b >= sigma" in C10.statement
    met = {1: Fraction(1, 2)} | {b: (Fraction(19, 20) * 2 / b) ** 2 / 2 for b in (2, 3, 9)}
    assert noisy_subspace._floors(met).holds
    assert [noisy_subspace._floors(met | {b: met[b] * Fraction(99, 100)}).holds for b in met] == [False] * 4


def test_a_share_is_held_against_that_of_equal_singular_values(monkeypatch):
    """r/4 of 4 x 6 is met, and not by a hundredth less at any rank. Catches r/5, and one rank that is not asked."""
    for low in (0, 1, 2, 3):
        least = {rank: rank / 4 * (0.99 if rank == low else 1.0) for rank in (1, 2, 3)}
        monkeypatch.setattr(noisy_subspace, "least_share", lambda seed, rank, least=least: least[rank])
        assert noisy_subspace._keeps_its_share(0).holds == (low == 0)


def test_batches_are_held_against_the_root_of_the_accuracy(monkeypatch):
    """b^2 >= 1.805 10^k at each k. Catches another power of a factor, and half of it."""
    for low in range(5):
        sizes = {Fraction(1, 10**k): isqrt(1805 * 10**k // 1000) + (k != low) for k in range(1, 5)}
        monkeypatch.setattr(noisy_subspace, "smallest_batch", sizes.__getitem__)
        assert noisy_subspace._grows().holds == (low == 0)


def test_the_expectation_of_a_random_coordinate_is_that_of_the_library_and_a_geometric_sum():
    """Of the row without noise, and of the other. Catches another share of steps; runs are held against it within a
    half."""
    row, rest = noisy_subspace.coordinate_expectation()
    gamma, mu, sigma, steps = 0.05, 0.02, 2.0, noisy_subspace.STEPS
    without = Case(RACLoRA(Coordinate(2, 1), gamma), GALORE.problem, GALORE.start, steps=steps)
    assert row == pytest.approx(expected(without).gap[-1], rel=1e-9)
    kept = (1 + (1 - gamma * mu) ** 2) / 2
    assert rest == pytest.approx(mu / 2 * (gamma * sigma) ** 2 / 2 * (1 - kept**steps) / (1 - kept), rel=1e-9)
    for seen, near in ((0.4, False), (0.6, True), (1.4, True), (1.6, False)):
        means = {f"RAC-LoRA, {name}": [0.02 * seen] for name in ("one coordinate", "Haar")}
        assert noisy_subspace._of_a_random_subspace(means, 0.02).holds == near


def test_the_smallest_batch_is_the_smallest():
    """And of the order sigma / sqrt(2 gap). Catches a loop that ends one too late."""
    for k in range(1, 5):
        small = Fraction(1, 10**k)
        batch = smallest_batch(small)
        assert batch % 2 == 1
        assert never_below(batch) < small <= never_below(batch - 2)
        assert (1 - float(GAMMA)) * float(SIGMA) / (2 * float(small)) ** 0.5 <= batch + 2
        assert smallest_batch(never_below(batch)) > batch  # below, and not at it


def test_batches_are_means_of_coins():
    """Their variance is sigma^2 / b: 4 b^-1, from 20,000 draws at five standard errors. Catches a sum of coins."""
    flat, W = Quadratic.left(np.diag([1.0, 0.0, 0.0]), np.zeros((3, 4))), np.zeros((20_000, 3, 4))
    for batch in (1, 4):
        moved = CornerNoise(2.0, batch).descend(flat, W, lambda W, G: G, np.random.default_rng(0))
        assert moved[:, 2, 3].var() == pytest.approx(4 / batch, rel=0.06)
        assert np.count_nonzero(moved.any(axis=0)) == 1  # the last entry
    ran = simulate(Case(GaLore(1, 0.05, CornerNoise(2.0, 2)), C10.problem, C10.start, steps=800), runs=64, rng=0)
    assert ran.values[:, -1].max() < 1e-6  # an even number of coins cancels in half of the steps
