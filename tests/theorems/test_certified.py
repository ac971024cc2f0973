"""T16: steps that are certified where they are taken, against enumeration, and against rules that lie."""

import itertools
import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest
from joblib import parallel_config

from rac_theory import Case, CertifiedStep, Constants, RACLoRA, Status, simulate, theorems, verify
from rac_theory.algorithms import GD, SGD, Bernoulli, LayeredRACLoRA
from rac_theory.problems import FromFunctions, Layers, LogisticRegression, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate

T16 = theorems.T16


@dataclass(frozen=True)
class Quartic:
    """``||W||^4 / 4``, which has no L. Where f is no larger than at W it is curved by no more than ``3 ||W||^2``."""

    shape: tuple[int, int] = (2, 1)
    times: float = 1.0  # the certified step, of the true one
    calls: list = field(default_factory=list, compare=False)
    layers: Layers | None = None

    L = mu = strong_convexity = math.nan
    convex, f_star, f_lower = True, 0.0, 0.0

    def value(self, W):
        return (W**2).sum(axis=(-2, -1)) ** 2 / 4

    def gradient(self, W):
        return (W**2).sum(axis=(-2, -1), keepdims=True) * W

    def certified_step(self, W, G):
        self.calls.append(len(W))
        with np.errstate(divide="ignore"):
            return self.times / (3 * (W**2).sum(axis=(-2, -1)))


def stepped(problem, sketch, steps, W0=None, gamma=1.0):
    return Case(RACLoRA(sketch, gamma, gradients=CertifiedStep()), problem, W0, steps=steps)


def enumerated(start, probabilities, T):
    """E of the mean of ``gamma_t ||G_t||^2`` on the quartic under single coordinates, in fractions.

    A step takes a third off the coordinate that is drawn, whatever W is, and gamma_t ||G_t||^2 is ||W||^4 / 3.
    """
    total = Fraction(0)
    for t in range(T):
        for path in itertools.product(range(len(start)), repeat=t):
            W = [x * Fraction(2, 3) ** path.count(i) for i, x in enumerate(start)]
            total += math.prod(probabilities[i] for i in path) * sum(x * x for x in W) ** 2 / 3
    return total / T


@pytest.mark.parametrize("weights", [(1, 1), (1, 3)])
def test_the_expectation_is_the_enumerated_one_and_below_the_bound(weights):
    """Every path of six steps. Catches steps that are recorded one too late, or without the factor of the algorithm."""
    start, p = [Fraction(1), Fraction(2)], [Fraction(w, sum(weights)) for w in weights]
    case = stepped(Quartic(), WeightedCoordinate(2, 1, list(weights)), 6, np.array(start, float)[:, None])
    verdict = verify(T16, case, runs=4096, rng=0)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT)
    gap0 = Fraction(25, 4)
    for T in range(1, 7):
        exact = enumerated(start, p, T)
        bound = 2 * gap0 / (min(p) * T)
        assert exact <= bound
        assert verdict.bound[T] == pytest.approx(float(bound), rel=1e-11)  # lambda_min is rounded down
        assert verdict.mean[T] == pytest.approx(float(exact), rel=0.01)
        assert verdict.lower[T] <= exact <= verdict.upper[T]


def test_what_is_recorded_is_the_step_that_was_taken():
    """At every iterate. Catches a step of the W before, and one without the factor; and two calls for one W."""
    problem = Quartic((3, 2))
    ran = simulate(stepped(problem, Haar(3, 1), 8, np.arange(6.0).reshape(3, 2), gamma=0.5), runs=3, record=["W"])
    np.testing.assert_allclose(ran.step_sizes, 0.5 / 3 / (ran.iterates**2).sum(axis=(2, 3)), rtol=1e-13)
    moved = ran.iterates[:, :-1] - ran.iterates[:, 1:]
    G = problem.gradient(ran.iterates[:, :-1])
    seen = (moved * G).sum(axis=(2, 3)) / (moved**2).sum(axis=(2, 3))  # <gamma HG, G> = ||gamma HG||^2 / gamma
    np.testing.assert_allclose(ran.step_sizes[:, :-1], 1 / seen, rtol=1e-10)
    assert len(problem.calls) == 9
    assert simulate(Case(GD(0.01), problem, np.ones((3, 2)), steps=2)).step_sizes is None


def test_workers_and_larger_ensembles_change_no_bit():
    """The third kind of number goes the way of the others. Catches kinds that are put together in another order."""
    case = stepped(Quartic((3, 2)), Haar(3, 1), 5, np.ones((3, 2)))
    alone = simulate(case, runs=300, rng=1)
    with parallel_config("threading"):
        together = simulate(case, runs=600, rng=1, n_jobs=2)
    for name in ("values", "squared_gradients", "step_sizes"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name)[:300])
    known = LogisticRegression([[1.0], [2.0]], [1, -1], l2=0.1)
    ran = simulate(Case(SGD(1.0, CertifiedStep()), known, steps=5), record=["distances"])
    assert ran.squared_distances[0, 0] == pytest.approx(np.sum(known.W_star**2))
    assert ran.step_sizes[0, 0] == pytest.approx(1 / known.L)


@pytest.mark.parametrize(
    ("start", "sketch"),
    [([1.0, 0.0], Coordinate(2, 1)), ([1e-3, 5.0], Haar(2, 1)), ([-300.0, 200.0], None), ([1e-8, -1e-8], Haar(2, 1))],
    ids=repr,
)
def test_from_no_start_it_is_violated(start, sketch):
    """From 1e-8 to 300, where curvatures are 20 powers of ten apart. Catches a scale that is that of one start."""
    verdict = verify(T16, stepped(Quartic(), sketch, 30, np.array(start)[:, None]), rng=0)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT)
    assert verdict.reach == 30
    assert verdict.informative_from == (2 if sketch is None else 3)


def test_steps_that_are_twice_too_long_are_refuted():
    """Exactly, by one run, and by a sample: a certificate that lies. Both hold with the true one."""
    for sketch in (None, Haar(2, 1)):
        verdict = verify(T16, stepped(Quartic(times=2.0), sketch, 40, np.ones((2, 1))), rng=0)
        assert verdict.status is Status.VIOLATED
        assert verdict.evidence == ("exact" if sketch is None else "sampled")


def test_layers_and_a_coin_may_have_it_too():
    """The certificate is about every projection. Catches a source that only one algorithm knows."""
    layers = Layers([(2, 2), (3, 1)])
    layered = LayeredRACLoRA(layers, [Haar(2, 1), Coordinate(3, 2)], gamma=1.0, gradients=CertifiedStep())
    coin = Bernoulli(Haar(3, 1), Haar(2, 1), 1.0, gradients=CertifiedStep())
    for algorithm, problem in ((layered, Quartic(layers.shape, layers=layers)), (coin, Quartic((3, 2)))):
        verdict = verify(T16, Case(algorithm, problem, np.ones(problem.shape), steps=25), runs=1024, rng=0)
        assert verdict.status is Status.HOLDS
        assert verdict.constants.lambda_min == pytest.approx(0.5 if algorithm is layered else 5 / 12)


def test_of_a_factor_no_gain_is_told():
    """nu is that of a step of gamma, which there is none. Catches a gain in units of W."""
    problem = Quadratic.left(np.eye(2), np.ones((2, 1)))
    of_step, of_factor = (Constants.of(Case(each, problem)) for each in (GD(1.0), SGD(1.0, CertifiedStep())))
    assert of_step.nu == 1.0
    assert math.isnan(of_factor.nu)
    assert of_factor.lambda_min == 1.0


class TwoNumbers:
    """(K x^2 + y^2)/2 over layers of one number each: projections in each move along axes alone."""

    steep, shape, layers = 1e4, (2, 1), Layers([(1, 1), (1, 1)])
    L = mu = strong_convexity = math.nan
    convex, f_star, f_lower = True, 0.0, 0.0

    def value(self, W):
        return (self.steep * W[..., 0, 0] ** 2 + W[..., 1, 0] ** 2) / 2

    def gradient(self, W):
        return np.array([[self.steep], [1.0]]) * W

    def certified_step(self, W, G):
        return np.where(W[..., 0, 0] == 0, 1.0, 1 / self.steep)


def test_what_is_certified_in_each_layer_says_nothing_across_them():
    """From x = 0 a step of 1 is certified for H that are block diagonal, and true of them; a projection of the whole
    column moves x. Catches T16 for it: a true theorem that is VIOLATED by a problem that keeps its promise."""
    problem, start = TwoNumbers(), np.array([[0.0], [1.0]])
    for algorithm in (
        RACLoRA(Haar(2, 1), 1.0, gradients=CertifiedStep()),
        LayeredRACLoRA(Layers([(2, 1)]), [Haar(2, 1)], 1.0, gradients=CertifiedStep()),
        Bernoulli(Haar(2, 1), Haar(1, 1), 1.0, gradients=CertifiedStep()),
    ):
        case = Case(algorithm, problem, start, steps=20)
        assert simulate(case, runs=64, rng=0).values[:, 1].mean() > 5  # uphill from 0.5: T16 would be false of it
        told = verify(T16, case, rng=0)
        assert told.status is Status.NOT_APPLICABLE
        assert "in each layer of Layers(W1 1x1, W2 1x1) by itself" in told.unmet[0]
    own = LayeredRACLoRA(problem.layers, [None, Coordinate(1, 1)], 1.0, gradients=CertifiedStep())
    for algorithm in (SGD(1.0, CertifiedStep()), own):
        assert verify(T16, Case(algorithm, problem, start, steps=20), rng=0).status is Status.HOLDS


def test_a_step_of_one_over_l_is_certified_across_layers():
    """Where a problem with layers has no certificate of its own. Catches a rule about layers that asks for no more."""
    problem = Quadratic.full(np.eye(4), np.ones((4, 1)), layers=Layers([(2, 1), (2, 1)]))
    case = Case(RACLoRA(Haar(4, 1), 1.0, gradients=CertifiedStep()), problem, steps=20)
    assert verify(T16, case, rng=0).status in (Status.HOLDS, Status.CONSISTENT)


def test_a_problem_that_certifies_nothing_is_refused():
    """Neither at W nor everywhere."""
    unknown = FromFunctions((2, 1), Quartic().value, Quartic().gradient, f_lower=0.0)
    with pytest.raises(ValueError, match=r"problem must certify a step at each W, by a method certified_step\(W, G\)"):
        Case(SGD(1.0, CertifiedStep()), unknown)
