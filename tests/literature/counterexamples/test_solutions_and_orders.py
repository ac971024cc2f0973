"""C14, C22 and C23 by second routes: other ways to their moments, limits and losses."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, exact_rate, expected
from rac_theory.literature import C14, C23, CLAIMS
from rac_theory.literature.counterexamples import another_minimiser as minimisers
from rac_theory.literature.counterexamples import fixed_order as orders
from rac_theory.literature.counterexamples import queries as directions
from rac_theory.sketches import Coordinate


@pytest.mark.parametrize("draws", [0, 1, 3, 5])
def test_the_mean_square_is_that_of_all_sequences(draws):
    """Catches 4/3 and 2/3 exchanged, one column for two."""
    every = minimisers.ends(draws)
    squares = [sum((x - 1) ** 2 for row in W for x in row) for W in every]
    assert sum(squares, Fraction(0)) / len(every) == minimisers.mean_square(draws)


def test_the_mean_square_is_what_runs_of_the_library_have():
    """4,000 runs of 12 draws, within five standard errors (alpha 6e-7). Catches a step of 1/4 for 1/2."""
    from rac_theory import simulate

    runs = simulate(Case(C14.method, C14.problem, C14.start, steps=12), runs=4000, rng=3)
    squares = ((runs.W - 1) ** 2).sum(axis=(1, 2))
    assert abs(squares.mean() - float(minimisers.mean_square(12))) < 5 * squares.std() / 4000**0.5


def test_the_expected_loss_is_that_of_the_library():
    """At every step, in fractions and by the map of second moments. Catches along for slope, 2 mu for mu squared."""
    case = Case(RACLoRA(Coordinate(10, 1), 1.0), C23.problem, C23.start, steps=30)
    exact = [float(x) for x in orders.expected_losses(orders.START, 30)]
    np.testing.assert_allclose(expected(case).gap, exact, rtol=1e-12)


def test_the_expected_loss_is_that_of_all_draws():
    """Three coordinates, four draws, 81 sequences in fractions. Catches a mean over d - 1."""
    w = [Fraction(3), Fraction(-1), Fraction(2)]

    def after(sequence):
        now = list(w)
        for i in sequence:
            now[i] -= orders.MU * now[i] + (1 - orders.MU) * sum(now)
        return orders.loss(now)

    mean = sum((after(s) for s in product(range(3), repeat=4)), Fraction(0)) / 81
    assert orders.expected_losses(w, 4)[-1] == mean


def test_a_cycle_is_that_of_the_library():
    """One run of a fixed order, cycle by cycle. Catches turns in the opposite order."""
    from rac_theory import simulate

    values = simulate(Case(C23.method, C23.problem, C23.start, steps=3), runs=1, rng=0).values[0]
    w, told = orders.START, [orders.loss(orders.START)]
    for _ in range(3):
        w = orders.cycle(w)
        told.append(orders.loss(w))
    np.testing.assert_allclose(values, [float(x) for x in told], rtol=1e-12)


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


def test_a_picture_of_cycles_does_not_call_them_steps():
    """Nine values of each curve, ten steps apart."""
    axes = C23.verdict().plot()
    assert "cycles" in axes.get_xlabel()
    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    after = float(orders.expected_losses(orders.START, 10)[-1] / orders.loss(orders.START))
    assert drawn["fresh draws, mean"][1] == pytest.approx(after)
    assert len(drawn["fresh draws, mean"]) == 9


@pytest.mark.parametrize("rank", [1, 2])
def test_directions_of_coordinates_have_the_probability_one(rank):
    """Catches a subset that is left out, and a chance of entries that is no law."""
    assert sum(chance for chance, _ in directions.queries(rank)) == 1


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


def test_of_low_rank_and_all_numbers_meet_where_the_rank_is_full():
    """r^2 = mn for r = m = n: the same direction, and the same gain. Catches a gain that is not c^2/s."""
    low, full = directions.of_low_rank(3, 3, 3), directions.of_all_numbers(3, 3)
    assert directions.gained(*low) == directions.gained(*full) == Fraction(1, 11)
    assert directions.variance(*low) == directions.variance(*full) == 10


def test_a_start_that_keeps_the_promise_is_no_witness(monkeypatch):
    """A fixed order is slower there than fresh draws, and yet below what T13_pl promises of these. Catches a promise
    that is not compared.
    """
    kept = [Fraction(x) for x in (-5, 9, -7, -1, -6, 6, 5, 6, 3, -3)]
    monkeypatch.setattr(orders, "START", kept)
    slower, promised, *_ = replace(C23).witness().checks  # anew
    assert slower.holds
    assert not promised.holds
