"""``check_algorithm`` on the iterates that run: correct ones pass however they are written, false ones do not.

The bank of mutants has many more false ones; ``tests/benchmarks/false_alarms_of_algorithms.py`` tries the correct ones
for 100 seeds. Here a correct algorithm fails with probability 1e-6 for each claim, and seeds are fixed.
"""

import itertools
import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from rac_theory import Case, Clients, Exact, Local, Minibatch, Noisy, RACLoRA, Reshuffled, Spectrum, sketches
from rac_theory.algorithms import SGD, AsymmetricLoRA, Bernoulli
from rac_theory.numerics import symmetric_evidence, symmetric_wealth
from rac_theory.numerics.linalg import orthonormal_range
from rac_theory.problems import Federated, LeastSquares, Quadratic
from rac_theory.sketches.draws import draw
from rac_theory.testing import check_algorithm
from rac_theory.testing.algorithms.claimed import Claim
from rac_theory.testing.algorithms.course import follow
from rac_theory.testing.algorithms.recomputed import recomputed
from tests.benchmarks import false_alarms_of_algorithms as false_alarms
from tests.testing.cases import altered, cases
from tests.testing.failing import refusal, refuted

RNG = np.random.default_rng(31)
LEAST = LeastSquares(RNG.normal(size=(12, 4)), RNG.normal(size=(12, 3)), l2=0.1)
FEDERATED = Federated(LEAST, 3)
GAMMA = 0.5 / LEAST.L
THIN, PAIR = sketches.Haar(4, 1), sketches.Gaussian(4, 2)


def check(algorithm, words="", problem=LEAST, **given):
    """Refuse an algorithm in these words; where there are none, it is right."""
    return refuted(words, check_algorithm, Case(algorithm, problem), **given)


# --- correct algorithms ---------------------------------------------------------------------------------------------

BY_HAND = ["Haar, exact", "Haar, minibatch", "logistic, gamma = 1000/L", "far, gamma = 1e-12/L", "far, coordinates"]
BY_HAND += ["PL, gamma = 1/L"]
OTHER_ORDER = ["Gaussian, exact", "Coordinate, minibatch", "weighted, local", "CountSketch, plain", "right, noisy"]
OTHER_ORDER += ["no sketch, noisy", "left, reshuffled", "left, clients, local", "right, clients, minibatch"]
OTHER_ORDER += ["Bernoulli, with replacement", "one column, local"]
REDUCED = [*(f"{name};, by hand" for name in BY_HAND), *(f"{name};, other order" for name in OTHER_ORDER)]
REDUCED += ["GD, flat, gamma = 1000/L;", "asymmetric, minibatch;"]


@pytest.mark.long
@pytest.mark.parametrize("name", REDUCED)
def test_a_correct_algorithm_passes_however_it_is_written(name):
    """In another order of draws or another arithmetic nothing can be compared step by step with the reference. One seed
    and few draws: what is tried here are ways to write it; the benchmark tries seeds, and all draws."""
    assert false_alarms.alarms(name, range(1, 2), draws=2048) == []


@pytest.mark.long
def test_a_gradient_may_be_cached_or_asked_for_twice():
    def cached(self, problem, W, rng):
        """Compute the gradient of the next step before it yields, and the value on the way."""
        G = problem.gradient(W)
        for step in self.low_rank_steps(np.random.default_rng(int(rng.integers(2**63))), W):
            W = step(W, G)
            problem.gradient(W)
            G = problem.value_and_gradient(W)[1]
            yield W

    check(altered(RACLoRA, iterates=cached)(THIN, GAMMA))


class Slotted:
    """A problem whose objects have no ``__dict__``."""

    __slots__ = ("problem",)

    def __init__(self, problem):
        self.problem = problem

    def __getattr__(self, name):
        if name in ("problem", "__dict__") or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.problem, name)


class Uncopied(Slotted):
    """The same where no copy can be made, as of an object of a compiled class."""

    __slots__ = ()

    def __copy__(self):
        raise TypeError


@pytest.mark.long
@pytest.mark.parametrize("kind", [Slotted, Uncopied])
@pytest.mark.parametrize("source", [Exact(), Minibatch(2), Noisy(1.0), Reshuffled(), Clients(Minibatch(2))], ids=str)
def test_a_correct_algorithm_passes_on_a_problem_without_a_dict(kind, source):
    """In another order of draws, so that the components that were drawn are known from the problem alone. Whether the
    problem is watched and slowed, which no number of draws changes: few of them."""
    problem = kind(FEDERATED if isinstance(source, Clients) else LEAST)
    check(false_alarms.other_order(RACLoRA(THIN, GAMMA / 12, gradients=source)), problem=problem, draws=512)


@dataclass(frozen=True, slots=True)
class Doubled:
    """A minibatch gradient that is ``factor`` times as long, from a source without a ``__dict__``."""

    factor: float
    deterministic = property(lambda self: False)
    check = staticmethod(lambda problem: None)

    def descend(self, problem, W, step, rng):
        chosen = rng.integers(problem.n_components, size=(len(W), 2))
        return step(W, self.factor * problem.component_gradient(W, chosen))


def test_a_source_without_a_dict_is_watched_like_any_other():
    check(RACLoRA(THIN, GAMMA, gradients=Doubled(1.0)))
    check(RACLoRA(THIN, GAMMA, gradients=Doubled(2.0)), "Doubled must give gradients of mean grad f")


class OfProperties(RACLoRA):
    """Whose gradients are a property, and whose iterates ask ``super``, a helper and ``replace``."""

    gradients = property(lambda self: Minibatch(2), lambda self, value: None)

    def helped(self, problem, W, rng):
        yield from super().iterates(problem, W, rng)

    def iterates(self, problem, W, rng):
        assert isinstance(self, OfProperties)
        assert replace(self, gamma=2 * self.gamma).gamma == 2 * self.gamma
        yield from self.helped(problem, W, rng)


def test_a_class_with_properties_is_watched_and_stays_what_it_is():
    """Its gradient and its draws are seen through methods of its own. Catches a copy that is only half watched."""
    before = dict(vars(OfProperties))
    course = follow(OfProperties(THIN, GAMMA), LEAST, np.ones((8, 4, 3)), 1, [1])
    assert course.requests[0].g.shape == (8, 4, 3)
    assert course.tapes[0][0].shape == (8, 2)
    assert dict(vars(OfProperties)) == before


def test_a_gradient_is_seen_where_a_run_is_no_number():
    """Of the other runs it is known all the same. Catches a comparison in which nan is never nan."""
    known = np.arange(8)[:, None, None] > 0
    lost = altered(Exact, descend=lambda self, f, W, step, rng: step(W, np.where(known, f.gradient(W), np.nan)))
    (asked,) = follow(SGD(GAMMA, lost()), LEAST, np.ones((8, 4, 3)), 1, [1]).requests
    assert np.isnan(asked.g[0]).all()
    np.testing.assert_allclose(asked.g[1:], LEAST.gradient(np.ones((7, 4, 3))), rtol=1e-12)


def test_a_step_is_computed_again_on_a_problem_without_a_dict():
    def longer(self, problem, W, rng):
        for step in self.low_rank_steps(np.random.default_rng(int(rng.integers(2**63))), W):
            W = W + 1.001 * (self.gradients.descend(problem, W, step, rng) - W)
            yield W

    wrong = altered(RACLoRA, iterates=longer)(THIN, GAMMA / 12, gradients=Reshuffled())
    check(wrong, r"is off by 0\.00\d+ of gamma", Slotted(LEAST))


SOURCES = [(source, LEAST) for source in (Exact(), Minibatch(3), Noisy(1.0), Local(3), Reshuffled())]
SOURCES += [(source, FEDERATED) for source in (Clients(Local(2)), Clients(Reshuffled()), Minibatch(2))]


@pytest.mark.parametrize(("source", "problem"), SOURCES)
@pytest.mark.parametrize("side", ["none", "left", "right", "either"])
def test_a_step_is_computed_again_and_a_change_by_a_thousandth_is_seen(source, problem, side):
    """From nothing but the iterates, the components asked for, and the gradient that noise was added to."""
    right = sketches.Gaussian(3, 2)
    algorithm = {
        "none": SGD(GAMMA, source),
        "left": RACLoRA(PAIR, GAMMA, "left", source),
        "right": RACLoRA(right, GAMMA, "right", source),
        "either": Bernoulli(PAIR, right, GAMMA, 0.5, source),
    }[side]
    course = follow(algorithm, problem, 10 * np.random.default_rng(3).standard_normal((8, 4, 3)), 3, [1])
    for W, after, *seen in zip(course.W, course.W[1:], course.tapes, course.requests, strict=False):
        assert (recomputed(Claim(algorithm), problem, W, after, *seen).excess <= 1e-3).all()
        longer = recomputed(Claim(algorithm), problem, W, W + 1.001 * (after - W), *seen)
        assert (longer.excess > 1).mean() >= 3 / 4  # runs whose epoch all but cancels leave less room


# --- false ones -----------------------------------------------------------------------------------------------------


class OwnNoise(RACLoRA):
    """1.05 times the step, with noise of its own, so that no gradient can be seen."""

    longer = 1.05

    def iterates(self, problem, W, rng):
        for step in self.low_rank_steps(np.random.default_rng(int(rng.integers(2**63))), W):
            noise = self.gradients.sigma / math.sqrt(W[0].size) * rng.standard_normal(W.shape)
            W = W + self.longer * (step(W, problem.gradient(W) + noise) - W)
            yield W


def own_sketch(self, problem, W, rng):
    """1.05 times the plain step, which is no projection."""
    while True:
        B = draw(self.sketch, rng, len(W))
        move = 1.05 * self.gamma * (self.lora_alpha / self.sketch.rank) ** 2
        W = W - move * B @ (np.swapaxes(B, 1, 2) @ problem.gradient(W))
        yield W


@pytest.mark.long
@cases(
    "false",
    OwnNoise(sketches.Coordinate(4, 1), GAMMA, gradients=Noisy(1.0)),
    OwnNoise(None, GAMMA, gradients=Noisy(1.0)),
    altered(RACLoRA, iterates=own_sketch)(sketches.Gaussian(4, 1), 0.01, lora_alpha=1.0),
    ids=["coordinates", "no sketch", "plain, of rank one"],
)
def test_a_mean_step_that_is_five_per_cent_too_long_is_caught_nine_times_in_ten(false):
    """At default draws, where nothing but the law can tell."""
    found = [refusal(check_algorithm, Case(false, LEAST), rng=seed) for seed in range(10)]
    assert sum("must move by -gamma E[H] grad f on average" in said for said in found) >= 9


@pytest.mark.long
def test_the_same_without_the_five_per_cent_passes():
    check(altered(OwnNoise, longer=1.0)(THIN, GAMMA, gradients=Noisy(1.0)))


def with_momentum(problem, W, rng):
    move = 0.0
    while True:
        move = 0.5 * move - GAMMA * problem.gradient(W)
        W = W + move
        yield W


LOOKALIKE = SimpleNamespace(
    iterates=with_momentum,
    low_rank_steps=lambda rng, W: itertools.repeat(lambda V, G: V - GAMMA * G),
    projection=lambda **given: Spectrum(1.0, 1.0, 1.0, 1.0, np.empty((0, 0)), "closed form"),
    gamma=GAMMA,
    gradients=Exact(),
    deterministic=True,
    one_projection=True,
    **dict.fromkeys(("check", "check_shape"), lambda given: None),
)
"""Gradient descent with momentum that inherits from nothing, and has all members of a projected descent."""


class TwoSteps(Exact):
    """Two steps, with a noise of its own to declare: a theorem on one step would be applied to it."""

    def descend(self, problem, W, step, rng):
        return Exact.descend(self, problem, Exact.descend(self, problem, W, step, rng), step, rng)

    def noise(self, problem):
        return Exact.noise(self, problem)


class Thaws(AsymmetricLoRA):
    """Draws the frozen factor anew every tenth step."""

    def low_rank_steps(self, rng, W):
        while True:
            step = next(super().low_rank_steps(rng, W))
            yield from [step] * 10


class Slanted(RACLoRA):
    """Of two draws the one with more of the first row, in a third of all cases: E[H] is not that of the sketch."""

    def low_rank_steps(self, rng, W):
        while True:
            Q, P = (orthonormal_range(draw(self.sketch, rng, len(W))) for _ in range(2))
            take = (np.abs(Q[:, 0, 0]) > np.abs(P[:, 0, 0])) & (rng.random(len(W)) < 1 / 3)
            Q = np.where(take[:, None, None], Q, P)
            yield lambda V, G, Q=Q: V - self.gamma * Q @ (np.swapaxes(Q, 1, 2) @ G)


def persistent(self, problem, W, step, rng):
    """Noise that is drawn once a run: its mean over runs is zero, and given the past it is not."""
    noise = np.random.default_rng(841470).standard_normal(W.shape)
    rng.random()
    return step(W, problem.gradient(W) + self.sigma / math.sqrt(W[0].size) * noise)


def test_what_changes_after_the_descent_has_arrived_is_seen_where_it_is_slower():
    """One step of 1/L leads to the minimum of a round quadratic, where every later step is zero, however long."""

    def late_decay(self, problem, W, rng):
        for t in itertools.count():
            W = W - self.gamma * (1 if t < 50 else 0.5) * problem.gradient(W)
            yield W

    late, round_one = altered(RACLoRA, iterates=late_decay)(None, 0.5), Quadratic.left(2 * np.eye(4), np.ones((4, 3)))
    check(late, r"step 51 is off by 0\.5 of gamma", round_one)


@cases(
    "false, message",
    (LOOKALIKE, r"step 2 is off by 0\.\d+ of gamma"),
    (SGD(GAMMA, TwoSteps()), "must return step.W, g. for one gradient g, as a source that declares noise"),
    (Thaws(THIN, GAMMA), "must keep one sketch a run, of rank 1: after 72 steps"),
    (Slanted(THIN, GAMMA, gradients=Local(2)), "Slanted.low_rank_steps must move by -gamma E.H. grad f on average"),
    (SGD(GAMMA, altered(Noisy, descend=persistent)(1.0)), "given|as if it were the first|mean grad f"),
)
def test_each_false_claim_has_its_sentence(false, message):
    check(false, message)


# --- the evidence ---------------------------------------------------------------------------------------------------


def test_evidence_against_symmetry_keeps_its_level():
    """At alpha = 0.05, for tails without a variance, and for steps whose size depends on the signs before.
    P(Binomial(400, 0.05) > 35) < 1e-3; a shift by some of the scale is seen nearly each time."""
    rng, threshold = np.random.default_rng(5), math.log(2 / 0.05)
    cauchy, Z = rng.standard_cauchy(size=(200, 400)), rng.choice([-1.0, 1.0], size=(200, 400))
    for t in range(1, 200):  # more is at stake after a loss
        Z[t] *= np.where(Z[t - 1] < 0, 1.0, 0.3)

    def wealth(Z):
        return symmetric_wealth(Z.sum(axis=0), np.square(Z).sum(axis=0))

    for evidence, fair, other in ((symmetric_evidence, cauchy, np.clip(cauchy, -3, 3) + 0.7), (wealth, Z, Z + 0.4)):
        assert np.count_nonzero(evidence(fair) >= threshold) <= 35
        assert (evidence(other) >= threshold).mean() > 0.9


def test_evidence_against_symmetry_is_what_it_is_for_coins():
    """All binomial outcomes of n coins: the mean e-value of both sides is at most two; 8 equal signs give 8/2."""
    assert symmetric_evidence(np.full((8, 1), 3.0)) == pytest.approx(4.0)
    assert symmetric_wealth(8.0, 8.0) == pytest.approx(4.0 - math.log(10))  # the bet l = 1 is the best, one of ten
    for n in (5, 100, 1000):
        heads = np.arange(n + 1)
        means = np.exp(symmetric_wealth(2.0 * heads - n, np.full(n + 1, float(n)))) @ binom.pmf(heads, n, 0.5)
        assert 0.2 < means <= 2
