"""Learning rates from rank to rank: the law as a theorem in fractions, what is kept of a gain, and the words."""

import io
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.console import Console

from rac_theory import learning_rate
from rac_theory.advice import learning_rate as advice
from rac_theory.advice.learning_rate import RULES, in_words, keeping, learning_rates, nearest
from rac_theory.problems import LeastSquares, SoftmaxRegression
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, FiniteSupport, Frozen, Gaussian, Haar, Uniform
from tests.as_one_test import as_one_test
from tests.refused import refused

RANKS = st.integers(1, 10**6)
EFFECTIVE = st.fractions(1, 10**6, max_denominator=1000)  # rho is never less


def squared_best(r, q, twice_power):
    """The square of r^(2 - 2p) / (r + q): of a best learning rate, up to a factor that is free of r; a Fraction."""
    return Fraction(r) ** (4 - 2 * twice_power) / (r + q) ** 2


def squared_ratios(r, s, q):
    """By rule: the square of the learning rate that is best at r over the one that is best at s."""
    powers = zip(RULES, (0, 1, 2), strict=True)  # twice the power of r in lora_alpha
    return {rule: squared_best(r, q, twice) / squared_best(s, q, twice) for rule, twice in powers}


@given(RANKS, RANKS, EFFECTIVE)
def test_which_rule_is_best_is_decided_by_the_ranks_and_the_effective_dimension(r, s, rho):
    """From r to s lora_alpha ~ r is nearer than ~ sqrt(r) iff 1 + rho > sqrt(r s), and keeps more iff 1 + rho > s.
    Fixed is never the best. In fractions, without a root: of two ratios that one is nearer whose square, or its
    inverse, is smaller. Of a gain x (2 - x) = 1 - (1 - x)^2 is left, for squares of ranks, so that x is rational by
    both rules: too long costs more than too short by the same factor. Catches rho for 1 + rho, the arithmetic mean, the
    larger rank, the rank that is carried from, and r^(1 - p) for r^(2 - 2p)."""
    assume(r != s)
    q = 1 + rho
    off = {rule: max(x, 1 / x) for rule, x in squared_ratios(r, s, q).items()}
    assert (off["~ r"] < off["~ sqrt(r)"]) == (q * q > r * s)
    lost = {}
    for rule, square in squared_ratios(r * r, s * s, q).items():
        x = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
        assert x * x == square
        lost[rule] = (1 - x) ** 2
    assert (lost["~ r"] < lost["~ sqrt(r)"]) == (q > s * s)
    assert off["fixed"] > off["~ sqrt(r)"]
    assert lost["fixed"] > lost["~ sqrt(r)"]


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 200), st.floats(1, 500))
def test_no_power_serves_three_ranks(r, more, most, rho):
    """The power 2 - 2p that carries from r to s is log((s + q)/(r + q)) / log(s/r), and it grows with both. So
    lora_alpha ~ r^p has one learning rate that is best at two ranks at most. Its ends are 0, where ``~ r`` is right,
    and 1, where ``~ sqrt(r)`` is: it is between."""
    q, s, t = 1 + rho, r + more, r + more + most

    def needed(a, b):
        return math.log((b + q) / (a + q)) / math.log(b / a)

    assert 0 < needed(r, s) < needed(s, t) < 1


DIGITS = SoftmaxRegression.digits(l2=0.01)
SPREAD = Smoothness([(np.diag(1 / np.arange(1.0, 65)), np.eye(3))])


@as_one_test("problem", [DIGITS, SPREAD, Smoothness.isotropic(2.0, (64, 4))], ids=["digits", "1/i", "L I"])
def test_the_library_follows_the_law(problem):
    """For Gaussian entries, between all pairs of ranks. Catches a rule that is applied to the other rank."""
    ranks = [1, 2, 3, 5, 9, 16, 30, 64]
    for r in ranks:
        others = [rank for rank in ranks if rank != r]
        first, *rows = learning_rates(problem, [r, *others], lora_alpha=4.0)
        q = 1 + first.rules[0].rate.rho
        assert all(one.ratio == 1 == one.share for one in first.rules)
        for row in rows:
            if abs(q - math.sqrt(r * row.rank)) > 1e-9:
                assert (nearest(row).rule == "~ r") == (q > math.sqrt(r * row.rank))
            if abs(q - row.rank) > 1e-9:
                assert (keeping(row).rule == "~ r") == (q > row.rank)
            for one, power in zip(row.rules, RULES.values(), strict=True):
                assert one.lora_alpha == pytest.approx(4 * (row.rank / r) ** power)
                law = (row.rank + q) / (r + q) * (r / row.rank) ** (2 - 2 * power)
                assert one.ratio == pytest.approx(law, rel=1e-9)


def test_other_sketches_have_laws_of_their_own():
    """A uniform range has q = (d - 2 + d rho) / (d - rho) for 1 + rho; coordinates of a diagonal Q see L at every rank.
    Catches 1 + rho for q, which tends to it only as d grows, and traces where there are none."""
    for row in learning_rates(SPREAD, [3, 1, 8, 40], lora_alpha=2.0, sketch=Haar):
        rho = row.rules[0].rate.rho
        q = (62 + 64 * rho) / (64 - rho)
        for one, power in zip(row.rules, RULES.values(), strict=True):
            assert one.ratio == pytest.approx((row.rank + q) / (3 + q) * (3 / row.rank) ** (2 - 2 * power), rel=1e-9)
    for row in learning_rates(SPREAD, [3, 1, 8, 40], lora_alpha=2.0, sketch=Coordinate):
        assert row.rules[-1].ratio == pytest.approx(1, rel=1e-12)
        assert row.carrying == pytest.approx(2 * row.rank / 3, rel=1e-12)


@as_one_test(("make", "side"), [(Gaussian, "left"), (Haar, "right"), (Coordinate, "left"), (Coordinate, "right")])
def test_lora_alpha_that_carries_makes_the_same_learning_rate_the_best(make, side):
    """Catches its square, its inverse, and the other side; of even sketches x (2 - x) is kept."""
    Q = Smoothness([(np.diag([4.0, 1, 1, 0.5]), np.diag([1.0, 0.5, 0.1, 0.1, 0.1]))])
    for row in learning_rates(Q, [2, 1, 3, 4], lora_alpha=3.0, sketch=make, side=side):
        d = 4 if side == "left" else 5
        best = learning_rate(Q, make(d, 2), lora_alpha=3.0, side=side).best
        there = learning_rate(Q, make(d, row.rank), lora_alpha=row.carrying, side=side).best
        assert there == pytest.approx(best, rel=1e-12)
        for one in row.rules:
            assert one.share == pytest.approx(one.ratio * (2 - one.ratio), rel=1e-9)


def test_what_is_kept_of_uneven_draws_is_a_ratio_of_gains():
    """By the definition of nu: x (2 - x) would be another number."""

    def axes(dim, rank):
        return FiniteSupport(np.eye(dim)[..., None], [0.7, 0.1, 0.2]) if rank == 1 else Gaussian(dim, rank)

    Q = Smoothness([(np.diag([1.0, 0.5, 0.2]), np.eye(1))])
    row = learning_rates(Q, [2, 1], lora_alpha=1.0, sketch=axes)[1]
    for one in row.rules:
        tau = one.ratio * one.rate.best * one.lora_alpha**2
        p, S = np.array([0.7, 0.1, 0.2]), np.array([1.0, 0.5, 0.2])
        assert one.share == pytest.approx((p * (2 * tau - tau**2 * S)).min() / one.rate.nu, rel=1e-9)
    assert abs(row.rules[0].share - row.rules[0].ratio * (2 - row.rules[0].ratio)) > 0.03


def printed_table(rows, gradient_descent):
    console = Console(width=300, file=io.StringIO())
    console.print(advice.learning_rate_table(rows, gradient_descent=gradient_descent))
    return console.file.getvalue()


def test_the_table_and_the_words():
    """Numbers of the digits at rank 4: r^2 / (64 L (5 + rho)) and 1 / 3.365 of gradient descent."""
    rows = learning_rates(DIGITS, [1, 4, 16], lora_alpha=8.0)
    printed = printed_table(rows, learning_rate(DIGITS, None).nu)
    rho = rows[0].rules[0].rate.rho
    assert f"{16 / 64 / DIGITS.L / (5 + rho):.4g}" in printed
    assert f"{(5 + rho) / 4:.4g}" in printed  # steps, relative to those of gradient descent
    for word in (*RULES, "best", "longest", "kept", "carrying", "steps"):
        assert word in printed
        assert word in advice.EXPLANATION
    head, four, sixteen = in_words(rows)
    assert head == "effective dimension rho = 8.461; the gain is known by: moments of Gaussian matrices"
    nearest_to_4 = "from rank 1 to 4: lora_alpha ~ r comes nearest, 1.29 times the best learning rate; ~ r keeps"
    assert four.startswith(nearest_to_4)
    assert "lora_alpha ~ r comes nearest, 2.43 times the best learning rate; ~ sqrt(r) keeps most" in sixteen


def test_what_is_unknown_is_said_and_not_ranked():
    """Catches a comparison of nan, which Python answers."""
    rows = learning_rates(LeastSquares(np.eye(3), np.ones(3)), [1, 2], lora_alpha=1.0, sketch=Uniform)
    assert all(math.isnan(one.share) and math.isnan(one.ratio) for row in rows for one in row.rules)
    assert [*in_words(rows)] == ["effective dimension rho = 3; the gain is known by: unknown for this sketch"]
    assert printed_table(rows, 1.0).count("unknown") == 2 * 11
    never = learning_rates(SPREAD, [1], lora_alpha=1.0, sketch=lambda dim, rank: Frozen(np.eye(dim)[:, :rank]))
    assert printed_table(never, 1.0).count("never") == 1
    makes = {1: lambda d: Frozen(np.eye(d)[:, :1]), 2: lambda d: Gaussian(d, 2)}
    second = learning_rates(SPREAD, [2, 1], lora_alpha=1.0, sketch=lambda d, r: makes[r](d))[1]
    assert all(math.isnan(one.share) for one in second.rules)  # of no gain there is no share
    refused(
        (lambda: learning_rates(SPREAD, [], lora_alpha=1.0), "ranks must have at least one"),
        (lambda: learning_rates(SPREAD, [0], lora_alpha=1.0), "rank must be >= 1"),
        (lambda: learning_rates(SPREAD, [1], lora_alpha=-1.0), "lora_alpha must be a finite number > 0"),
    )
