"""C14 and C20 to C23 by second routes: other ways to their moments, limits, losses and rates."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, exact_rate, expected, simulate
from rac_theory.literature import C22, C23, CLAIMS
from rac_theory.literature.counterexamples import another_minimiser as minimisers
from rac_theory.literature.counterexamples import fixed_order as orders
from rac_theory.literature.counterexamples import queries as directions
from rac_theory.literature.counterexamples.counterexample import exact
from rac_theory.sketches import Coordinate, Gaussian, Haar


@pytest.mark.parametrize("draws", [0, 1, 3, 5])
def test_the_mean_square_is_that_of_all_sequences(draws):
    """Catches 4/3 and 2/3 exchanged, one column for two."""
    every = minimisers.ends(draws)
    squares = [sum((x - 1) ** 2 for row in W for x in row) for W in every]
    assert sum(squares, Fraction(0)) / len(every) == minimisers.mean_square(draws)


def test_losses_and_cycles_are_those_of_the_library():
    """At every step, in fractions and by the map of second moments; one run of a fixed order, cycle by cycle. Catches
    along for slope, 2 mu for mu squared, and turns in the opposite order."""
    case = Case(RACLoRA(Coordinate(10, 1), 1.0), C23.problem, C23.start, steps=30)
    told = [float(x) for x in orders.expected_losses(orders.START, 30)]
    np.testing.assert_allclose(expected(case).gap, told, rtol=1e-12)
    values = simulate(Case(C23.method, C23.problem, C23.start, steps=3), runs=1, rng=0).values[0]
    w = orders.START
    for value in values:
        assert float(orders.loss(w)) == pytest.approx(value, rel=1e-12)
        w = orders.cycle(w)


def test_how_much_slower_a_fixed_order_is():
    """By the library, and by eigenvalues of a cycle and of a draw. Catches a rate that is not squared."""
    d, mu = orders.DIM, float(orders.MU)
    fresh = exact_rate(Case(RACLoRA(Coordinate(d, 1), 1.0), C23.problem))
    fixed = exact_rate(Case(C23.method, C23.problem))
    assert f"{d * np.log(fresh) / np.log(fixed):.2f}" == "4.13"
    assert "by 4.13 times" in CLAIMS["fixed-order-slow"].reading

    cycle = np.eye(d)
    for i in range(d):
        cycle[i] -= mu * cycle[i] + (1 - mu) * cycle.sum(axis=0)
    assert np.abs(np.linalg.eigvals(cycle)).max() ** 2 == pytest.approx(fixed, rel=1e-9)
    losses = orders.expected_losses([Fraction(1)] * d, 300)
    assert float(losses[-1] / losses[-2]) == pytest.approx(fresh, rel=1e-9)


@pytest.mark.parametrize("factors", [(2, 1), (1, 2)])
def test_moments_of_another_law_are_no_evidence(factors, monkeypatch):
    """Catches a check of the means alone, of the squares alone, and of an entry alone: that of zero is met by any."""
    enumerated = directions.moments
    monkeypatch.setattr(directions, "moments", lambda rank: np.multiply(factors, np.array(enumerated(rank), object)))
    assert not replace(C22).witness().checks[0].holds


@pytest.mark.parametrize(("rank", "m", "n"), [(1, 3, 2), (2, 4, 3), (2, 2, 2)])
def test_moments_of_uniform_ranges_by_sampling(rank, m, n):
    """100,000 draws of U Z V', within five standard errors (alpha 6e-7). Catches r + 2 for r^2 + 2."""
    rng, G = np.random.default_rng(5), np.random.default_rng(6).standard_normal((m, n))
    U = np.linalg.qr(rng.standard_normal((100_000, m, rank)))[0]
    V = np.linalg.qr(rng.standard_normal((100_000, n, rank)))[0]
    P = U @ rng.standard_normal((100_000, rank, rank)) @ V.swapaxes(1, 2)
    along = (P * G).sum(axis=(1, 2))
    share, square = (float(x) for x in directions.of_low_rank(rank, m, n))
    for seen, told in ((along**2, share), (along**2 * (P**2).sum(axis=(1, 2)), square)):
        assert abs(seen.mean() / (G**2).sum() - told) < 5 * seen.std() / (G**2).sum() / 100_000**0.5


def test_directions_are_a_law_and_meet_where_the_rank_is_full():
    """Of coordinates they have the probability one. r^2 = mn for r = m = n: the same direction, and the same gain.
    Catches a subset that is left out, a chance of entries that is no law, and a gain that is not c^2/s."""
    for rank in (1, 2):
        assert sum(chance for chance, _ in directions.queries(rank)) == 1
    low, full = directions.of_low_rank(3, 3, 3), directions.of_all_numbers(3, 3)
    assert directions.gained(*low) == directions.gained(*full) == Fraction(1, 11)
    assert directions.variance(*low) == directions.variance(*full) == 10


@pytest.mark.long
def test_a_start_that_keeps_the_promise_is_no_witness(monkeypatch):
    """A fixed order is slower there than fresh draws, and below what T13_pl promises. Catches one that is not
    compared."""
    kept = [Fraction(x) for x in (-5, 9, -7, -1, -6, 6, 5, 6, 3, -3)]
    monkeypatch.setattr(orders, "START", kept)
    slower, promised, *_ = replace(C23).witness().checks  # anew
    assert slower.holds
    assert not promised.holds


FLAT = Fraction(1, 10)


@pytest.mark.parametrize(("d", "q"), [(2, 1), (3, 2), (5, 3)])
def test_the_matrix_of_moments_has_the_rate_of_the_library(d, q):
    """Two routes to one radius, in fractions and by the recursion. Catches a and b exchanged, q/d for (q/d)^2."""
    for gamma in (Fraction(1, 2), Fraction(3, 2)):
        low, high = directions.radius_between(directions.moment_matrix(d, q, FLAT, gamma))
        rate = exact_rate(Case(RACLoRA(Haar(d, q), float(gamma)), directions.steep_and_flat(d, FLAT)))
        assert 0 <= high - low < Fraction(1, 10**8)
        assert float(low) - 1e-9 <= rate <= float(high) + 1e-9


def test_bounds_of_a_radius_are_on_both_sides():
    """[[2, 1], [1, 1]] has (3 + sqrt 5)/2. Catches min and max exchanged."""
    low, high = directions.radius_between(exact([[2, 1], [1, 1]]))
    assert (2 * low - 3) ** 2 <= 5 <= (2 * high - 3) ** 2


def test_the_best_step_of_full_descent():
    """No step of a fine grid is better, and its own is as good. Catches a root that is forgotten."""
    steps = np.linspace(1.0, 2.0, 2001)
    worst = np.maximum((1 - steps) ** 2, (1 - steps * float(FLAT)) ** 2)
    assert worst.min() == pytest.approx(float(directions.of_full_descent(FLAT)), rel=1e-2)
    assert worst.min() >= float(directions.of_full_descent(FLAT)) - 1e-12
    own = 2 / (1 + float(FLAT))
    assert (1 - own) ** 2 == pytest.approx(float(directions.of_full_descent(FLAT)))


@pytest.mark.parametrize(("d", "q"), [(2, 1), (3, 2), (4, 4)])
def test_the_rate_of_an_average_is_what_draws_have(d, q):
    """200 000 draws of ||x - tau BB'x||^2, within 5 standard errors (alpha 6e-7). Catches d + q for d + q + 1."""
    B = Gaussian(d, q).sample(np.random.default_rng(7), 200_000)
    x = np.eye(d)[0]
    left = x - np.einsum("kdi,ki->kd", B, B[:, 0]) / (d + q + 1)
    seen = np.square(left).sum(axis=1)
    assert abs(seen.mean() - float(directions.averaged_rate(d, q))) < 5 * seen.std() / 200_000**0.5
