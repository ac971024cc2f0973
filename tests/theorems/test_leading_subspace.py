"""T17: GaLore with exact gradients, against runs in fractions, and each assumption broken in turn."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, GaLore, Local, RACLoRA, Status, simulate, theorems, verify
from rac_theory.algebra import identical
from rac_theory.algorithms.gradients import Noisy
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic, SoftmaxRegression
from rac_theory.sketches import Haar
from rac_theory.statements.symbols import delta, lambda_min

BOTH = [theorems.T17, theorems.T17_pl]
EVEN = Quadratic.left(2 * np.eye(4), np.eye(4))


def shrunk(count, rank, x, steps):
    """The diagonal of W - W* in fractions, from ``count`` ones: the largest r are multiplied by x = 1 - gamma L."""
    entries = [Fraction(1)] * count
    for _ in range(steps + 1):
        yield sum((e * e for e in entries), Fraction(0))
        entries.sort(key=abs, reverse=True)
        entries = [x * e for e in entries[:rank]] + entries[rank:]


@pytest.mark.parametrize("rank", [1, 2, 4])
@pytest.mark.parametrize("x", [Fraction(0), Fraction(1, 2), Fraction(-3, 4)])
def test_runs_are_those_in_fractions_and_below_the_bounds(rank, x):
    """Catches a subspace of the least singular vectors, one that is not found anew, and a share of 2r/d."""
    steps = 12
    exact = list(shrunk(4, rank, x, steps))
    case = Case(GaLore(rank, float(1 - x) / 2), EVEN, steps=steps)
    told = {t.id: verify(t, case) for t in BOTH}
    np.testing.assert_allclose(told["T17_pl"].mean, [float(e) for e in exact], rtol=1e-12, atol=1e-14)
    share, e = Fraction(rank, 4), 1 - x * x
    for T in range(1, steps + 1):
        assert exact[T] <= (1 - e * share) ** T * 4
        mean = 4 * sum(exact[:T]) / T
        assert mean <= 2 * 2 * 4 / (share * e * T)
        assert told["T17"].mean[T] == pytest.approx(float(mean))
        assert told["T17"].bound[T] == pytest.approx(float(16 / (share * e * T)))
    assert exact[1] == (1 - e * share) * 4  # T17_pl is an equality at T = 1
    assert all(verdict.status is Status.HOLDS and verdict.evidence == "exact" for verdict in told.values())
    assert theorems.T17_pl.tightest.ratio == 1


@pytest.mark.parametrize(("count", "rank"), [(2, 1), (4, 1), (4, 2), (3, 3)])
@pytest.mark.parametrize("x", [Fraction(1, 2), Fraction(1, 10), Fraction(0)])
def test_in_the_long_run_it_is_as_near_as_is_said(count, rank, x):
    """1 - (1 - delta) e / 2 of the bound, exactly: by whole sweeps, whose sums are a geometric series."""
    k, e = count // rank, 1 - x * x
    squares = list(shrunk(count, rank, x, k))
    assert squares[k] == x * x * squares[0]
    total = sum(squares[:k], Fraction(0)) / e
    bound = Fraction(count) * k / e  # 2 gap0 / (delta gamma (2 - gamma L)), with L = 1
    assert total / bound == 1 - (1 - Fraction(1, k)) * e / 2


@pytest.mark.parametrize("K", [1, 2, 7])
@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3)])
def test_a_period_of_any_length_gains_what_one_step_does(K, shape):
    """At 1/L on a multiple of the identity the gap of a period is 1 - r/min(m, n), and no less. Catches r/max(m, n), a
    subspace that is found in each step, and one on the longer side, which is another from the second step on."""
    problem = Quadratic.left(2 * np.eye(shape[0]), np.eye(*shape))
    case = Case(GaLore(1, 0.5, Local(K)), problem, steps=2)
    np.testing.assert_allclose(simulate(case).gaps[0], [3, 2, 1], rtol=1e-12)
    assert Constants.of(case).kept == pytest.approx(1 / 3)
    assert verify("T17_pl", case).status is Status.HOLDS


def test_the_side_is_the_shorter_one():
    """Of 2 x 3 with rank one: after the first step in a subspace the gradient turns, and the others stay in the span of
    a column. Catches rows there, and a subspace that is found in each step."""
    rng = np.random.default_rng(0)
    for shape in ((2, 3), (3, 2)):
        problem = LeastSquares(rng.standard_normal((9, shape[0])), rng.standard_normal((9, shape[1])))
        ran = simulate(Case(GaLore(1, 0.3 / problem.L, Local(6)), problem, steps=1), record=["W"])
        move = ran.iterates[0, 1] - ran.iterates[0, 0]
        G = problem.gradient(ran.iterates[0, :1])[0]
        U, _, V = np.linalg.svd(G)
        left = move - U[:, :1] @ U[:, :1].T @ move if shape[0] < shape[1] else move - move @ V[:1].T @ V[:1]
        assert np.linalg.norm(left) < 1e-12 * np.linalg.norm(move)
        assert np.linalg.matrix_rank(move, tol=1e-10) == 1


CASES = {
    "quadratic": lambda rng: Quadratic.left(np.diag([3.0, 1.0, 0.2]), rng.standard_normal((3, 4))),
    "least squares": lambda rng: LeastSquares(rng.standard_normal((12, 4)), rng.standard_normal((12, 3))),
    "softmax": lambda rng: SoftmaxRegression(rng.standard_normal((30, 4)), np.arange(30) % 3, l2=0.1),
    "network": lambda rng: None,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("K", [1, 5])
def test_it_holds_on_cases_of_different_kinds(name, K):
    """Convex and not, with and without PL, both shapes."""
    from rac_theory.ledger.default_problems import built

    problem = CASES[name](np.random.default_rng(1)) or built("tanh_network")
    start = None if name != "network" else np.full(problem.shape, 0.1)
    for multiple in (0.5, 1.0, 1.9):
        case = Case(GaLore(2, multiple / problem.L, Local(K)), problem, start, steps=40)
        assert verify(theorems.T17, case).status is Status.HOLDS
        if problem.mu > 0:
            assert verify(theorems.T17_pl, case).status is Status.HOLDS


@pytest.mark.parametrize(
    ("algorithm", "told"),
    [
        (GD(0.5), "the theorem is about GaLore, the algorithm is RACLoRA"),
        (RACLoRA(Haar(4, 1), 0.5), "the theorem is about GaLore, the algorithm is RACLoRA"),
        (GaLore(1, 0.5, Noisy(0.1)), "gradients must be exact, they come from Noisy"),
        (GaLore(1, 1.0), "0 < gamma L < 2 is not met"),
    ],
    ids=repr,
)
def test_to_other_algorithms_and_steps_it_does_not_apply(algorithm, told):
    for t in BOTH:
        (first, *_) = verify(t, Case(algorithm, EVEN, steps=3)).unmet
        assert first.startswith(told)


@pytest.mark.parametrize(
    ("change", "t", "word"),
    [
        ({"L": math.nan}, theorems.T17, "Lipschitz gradient of f needs a known L > 0"),
        ({"kept": 0.0}, theorems.T17, "delta > 0 is not met: kept is 0"),
        ({"kept": math.nan}, theorems.T17_pl, "delta > 0 is not met: kept is unknown"),
        ({"gap0_upper": math.nan}, theorems.T17, "gap0_upper is nan"),
        ({"gap0": math.nan}, theorems.T17_pl, "gap0 is nan"),
        ({"mu": 0.0}, theorems.T17_pl, "Polyak-Lojasiewicz inequality needs a known mu > 0"),
    ],
)
def test_without_one_of_its_assumptions_it_does_not_apply(change, t, word):
    case = Case(GaLore(1, 0.5), EVEN, steps=3)
    known = Constants.of(case)
    assert t.unmet(case, known) == ()
    (told,) = (
        t.unmet(case, replace(known, **change))
        if change != {"L": math.nan}
        else t.unmet(case, replace(known, **change))[:1]
    )
    assert word in told


def test_constants_that_promise_too_much_are_refuted():
    """Exactly. Catches a bound that nothing is compared with."""
    case = Case(GaLore(1, 0.5), EVEN, steps=4)
    known = Constants.of(case)
    for t, change in ((theorems.T17_pl, {"kept": 0.3}), (theorems.T17_pl, {"mu": 2.5}), (theorems.T17, {"kept": 1.0})):
        short = case if t is theorems.T17_pl else Case(GaLore(1, 0.1), EVEN, steps=60)
        constants = replace(known if t is theorems.T17_pl else Constants.of(short), **change)
        assert verify(t, short, constants=constants).status is Status.VIOLATED


def test_it_is_the_sharp_spine_with_another_share():
    """Word by word: with lambda_min for delta the bounds are T1_sharp's and T2_sharp's."""
    for ours, spine in zip(BOTH, (theorems.T1_sharp, theorems.T2_sharp), strict=True):
        assert identical(ours.claim.bound.at({delta: lambda_min}), spine.claim.bound)


def test_a_gradient_that_has_diverged_has_no_leading_part():
    """Runs whose steps are too long end in nan, without a warning."""
    cubic = FromFunctions((2, 2), lambda W: (W**4).sum((-2, -1)), lambda W: 4 * W**3, L=1.0, f_star=0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        ran = simulate(Case(GaLore(1, 1.0, Local(2)), cubic, 100 * np.eye(2), steps=8))
    assert not np.isfinite(ran.values[0, -1])


def test_the_share_is_rounded_down():
    """Catches a third of floats where it is more than a third: 1/49 is, and 5/49."""
    problem = Quadratic.left(np.eye(49), np.ones((49, 49)))
    for rank in (1, 3, 5):
        kept = Constants.of(Case(GaLore(rank, 1.0), problem)).kept
        assert Fraction(kept) <= Fraction(rank, 49) < Fraction(math.nextafter(kept, 1.0))
