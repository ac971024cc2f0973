"""Steps of one size: each by a second way, what they see of a norm, and what is refused."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy.linalg import polar

from rac_theory import GD, Bernoulli, Case, Constants, Decreasing, Minibatch, RACLoRA, simulate
from rac_theory.algorithms import LayeredRACLoRA, MuonStep, NormalisedStep, SignStep, mean_length
from rac_theory.problems import FromFunctions, Layers, LeastSquares
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar, draws_ahead
from tests.refused import refused

RNG = np.random.default_rng(241)
DATA = LeastSquares(RNG.normal(size=(20, 5)), RNG.normal(size=(20, 3)))
G = RNG.normal(size=(5, 3))


def moved(algorithm, gradient, runs=1):
    """D of the first step, and the moves of plain steps with the same draws."""
    W, block = np.zeros((runs, *gradient.shape)), np.repeat(gradient[None], runs, axis=0)
    D = next(iter(algorithm.directions(np.random.default_rng(0), W)))(block)
    plain = -next(algorithm.algorithm.low_rank_steps(np.random.default_rng(0), W))(W, block)
    return D, plain / algorithm.gamma


@pytest.mark.parametrize(("side", "dim"), [("left", 5), ("right", 3)])
def test_each_step_by_a_second_way(side, dim):
    """The projected one over its length; the polar factor of what H leaves, by eigenvalues, as scipy has it, of full
    rank; signs on the factor by the columns of B. Catches U V' of all singular vectors, and the signs of HG."""
    of = RACLoRA(Haar(dim, 2), 0.3, side)
    (D,), (HG,) = moved(NormalisedStep(of), G)
    np.testing.assert_allclose(D, HG / np.linalg.norm(HG), rtol=1e-13)
    D, U = moved(MuonStep(of), G)[0][0], np.linalg.svd(HG)[0][:, :2]
    np.testing.assert_allclose(D, U @ polar(U.T @ HG)[0], atol=1e-12)
    np.testing.assert_allclose(np.linalg.svd(D)[1], [1, 1, 0], atol=1e-12)
    assert np.sum(D * G) == pytest.approx(np.linalg.svd(HG)[1].sum())  # N(HG)
    D = moved(SignStep(of), G)[0][0]
    (B,) = next(draws_ahead(Haar(dim, 2), np.random.default_rng(0), 1))
    expected = B @ np.sign(B.T @ (G if side == "left" else G.T))
    np.testing.assert_allclose(D, expected if side == "left" else expected.T, rtol=1e-12)
    assert np.sum(D**2) == pytest.approx(SignStep(of).norm_constants(0.4, (5, 3))["span"])


def test_where_h_leaves_nothing_nothing_moves():
    """Catches 0/0, and the polar factor of rounding errors."""
    inside = np.outer([1, 0, 0, 0], [3.0, -1.0])
    nothing = FiniteSupport(np.diag([0.0, 0.0, 1.0, 1.0])[None], np.ones(1))
    for made in (NormalisedStep, MuonStep):
        assert not moved(made(RACLoRA(nothing, 0.1)), inside)[0].any()
    rank_one, _ = moved(MuonStep(GD(0.1)), np.outer([1.0, 2.0, 3.0], [1.0, 1.0]) * 1e-9)
    np.testing.assert_allclose(np.linalg.svd(rank_one[0])[1], [1, 0], atol=1e-9)


def test_each_is_named_with_the_algorithm_whose_range_it_takes():
    """By position, as it is made. Catches a name that another class, or the dataclass, would write."""
    of = RACLoRA(Haar(2, 1), 0.1)
    for made in (NormalisedStep, MuonStep, SignStep):
        assert repr(made(of)) == f"{made.__name__}({of!r})"


def test_norms_by_hand():
    """Of what has diverged they are nan, as the steps are."""
    one = np.array([[[3.0, 0.0], [0.0, 4.0]]])
    of = RACLoRA(Haar(2, 1), 0.1)
    assert NormalisedStep(of).norms(one) == [5.0]
    assert MuonStep(of).norms(one) == pytest.approx([7.0])
    skew = np.array([[[3.0, 1.0], [4.0, 0.0]]])
    assert SignStep(of).norms(skew) == pytest.approx([6.0])
    assert SignStep(RACLoRA(Haar(2, 1), 0.1, "right")).norms(skew) == pytest.approx([math.sqrt(10) + 4])
    cubic = FromFunctions((2, 2), lambda W: (W**4).sum((-2, -1)), lambda W: np.exp(1e3 * W), L=1.0, f_star=0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = MuonStep(GD(1.0)).iterates(cubic, np.ones((1, 2, 2)), np.random.default_rng(0))
        assert np.isnan(next(steps)).all()
        assert np.isnan(MuonStep(GD(1.0)).norms(np.full((1, 2, 2), np.inf))).all()
        beside = np.array([[[np.nan, 0.0], [0.0, 1.0]], [[3.0, 0.0], [0.0, 4.0]]])
        np.testing.assert_allclose(MuonStep(GD(1.0)).norms(beside), [np.nan, 7])


def wallis(d, r):
    """E||Hv|| by double factorials: exact up to pi, from Gamma(x + 1) = x Gamma(x)."""

    def ratio(a):  # Gamma((a + 1)/2) / Gamma(a/2) times sqrt(pi) to some power
        if a == 1:
            return Fraction(1), -1
        of, power = ratio(a - 1)
        return Fraction(a - 1, 2) / of, -power

    (above, p), (below, q) = ratio(r), ratio(d)
    return float(above / below) * math.pi ** ((p - q) / 2)


@pytest.mark.parametrize(("d", "r"), [(2, 1), (3, 1), (4, 2), (7, 3), (7, 7), (40, 8)])
def test_the_mean_length_is_that_of_wallis_rounded_down(d, r):
    exact = wallis(d, r)
    assert exact * (1 - 1e-11) < mean_length(d, r) <= exact
    assert mean_length(d, r) >= r / d * (1 - 1e-11)


def test_what_is_seen_of_a_norm_on_average():
    """20,000 draws: within 5 standard errors of c N(G), which is an equality here; alpha = 6e-7 each, and 3% off is
    seen. Catches c_d with d - 1, and r c_d for one column."""
    for algorithm, attained in (
        (NormalisedStep(RACLoRA(Haar(5, 2), 0.1)), np.outer(G[:, 0], [1.0, 0.0, 0.0])),
        (SignStep(RACLoRA(Haar(5, 2), 0.1)), G),
        (SignStep(RACLoRA(Haar(3, 2), 0.1, "right")), G),
    ):
        D, _ = moved(algorithm, attained, runs=20_000)
        seen = np.sum(D * attained, axis=(1, 2)) / algorithm.norms(attained[None])[0]
        c = algorithm.norm_constants(0.4, (5, 3))["norm_share"]
        assert abs(seen.mean() - c) < 5 * seen.std() / math.sqrt(len(seen)) < 0.03 * c


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_a_nuclear_norm_is_seen_on_either_side_and_by_a_coin(rank):
    """Exact means over the coordinates that are drawn: at least lambda_min of it."""
    chosen = np.array([*combinations(range(4), rank)])
    for some in np.random.default_rng(0).standard_normal((20, 4, 4)):
        seen = [np.linalg.svd(sides[chosen])[1].sum(axis=1).mean() for sides in (some, some.T)]
        assert min(seen) >= rank / 4 * np.linalg.svd(some)[1].sum() - 1e-12


def test_constants_of_a_case():
    """By hand: c and R, and lambda_min where the law of H is not uniform."""
    of = {
        NormalisedStep(RACLoRA(Haar(5, 1), 0.1)): (wallis(5, 1), 1),
        NormalisedStep(RACLoRA(Gaussian(5, 1), 0.1)): (wallis(5, 1), 1),
        NormalisedStep(RACLoRA(Coordinate(5, 1), 0.1)): (1 / 5, 1),
        NormalisedStep(GD(0.1)): (1, 1),
        MuonStep(RACLoRA(Haar(5, 2), 0.1)): (2 / 5, 2),
        MuonStep(RACLoRA(Haar(5, 4), 0.1)): (4 / 5, 3),
        MuonStep(GD(0.1)): (1, 3),
        MuonStep(Bernoulli(Haar(5, 1), Haar(3, 2), 0.1)): (0.5 / 5 + 0.5 * 2 / 3, 2),
        SignStep(RACLoRA(Haar(5, 2), 0.1)): (2 * wallis(5, 1), 6),
        SignStep(RACLoRA(Haar(3, 2), 0.1, "right")): (2 * wallis(3, 1), 10),
    }
    for algorithm, (seen, span) in of.items():
        c = Constants.of(Case(algorithm, DATA))
        assert (c.norm_share, c.span) == (pytest.approx(seen, rel=1e-11), span), algorithm
        assert c.norm_share <= seen * (1 + 1e-15)
        assert math.isnan(c.nu)


def test_norms_of_gradients_are_recorded():
    run = simulate(Case(NormalisedStep(RACLoRA(Haar(5, 2), 0.1)), DATA, steps=4), runs=3, rng=0, record=["W"])
    expected = np.sqrt(np.sum(DATA.gradient(run.iterates.reshape(-1, 5, 3)) ** 2, axis=(1, 2))).reshape(3, 5)
    np.testing.assert_allclose(run.gradient_norms, expected, rtol=1e-12)
    assert simulate(Case(GD(0.1), DATA, steps=2)).gradient_norms is None


def test_what_it_cannot_be_made_of():
    """And it must fit the problem."""
    layered = LayeredRACLoRA(Layers([(3, 2), (2, 2)]), [Haar(3, 1), Haar(2, 1)], 0.1)
    exact, haar = "must project exact gradients", "must have the sketch Haar"
    refused(
        (lambda: NormalisedStep(RACLoRA(Haar(5, 1), 0.1, gradients=Minibatch(2))), exact),
        (lambda: NormalisedStep(RACLoRA(Haar(5, 1), 0.1, lora_alpha=2.0)), exact),
        (lambda: NormalisedStep(Decreasing(GD(0.1), 2.0)), "algorithm must be"),
        (lambda: SignStep(RACLoRA(Gaussian(5, 1), 0.1)), haar),
        (lambda: SignStep(GD(0.1)), haar),
        (lambda: MuonStep(layered), "must move one matrix"),
        (lambda: Case(NormalisedStep(RACLoRA(Haar(4, 1), 0.1)), DATA), r"sketch.dim must be"),
    )
    assert NormalisedStep(GD(0.1)).deterministic
    assert not MuonStep(RACLoRA(Haar(5, 1), 0.1)).deterministic


def test_a_subclass_that_may_hold_more_equals_itself_only():
    """Catches steps that are compared by the algorithm alone."""
    algorithm, Mine = RACLoRA(Haar(5, 2), 0.3), type("Mine", (SignStep,), {})
    assert SignStep(algorithm) == SignStep(algorithm)
    assert Mine(algorithm) != Mine(algorithm)
