"""The kit for algorithms: it passes all of ours, and each broken promise gets its own sentence.

Statistical claims are tested at alpha = 1e-6 for each place, with fixed seeds: a correct algorithm fails with at most
that probability, and ``test_a_correct_algorithm_passes_for_every_seed`` tries several.
"""

import copy
from dataclasses import replace
from functools import partial
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import GD, SGD, Case, CertifiedStep, FiniteDifferences, RACLoRA, algorithms, sketches
from rac_theory.algorithms import Bernoulli
from rac_theory.algorithms.gradients import Clients, Exact, Local, Minibatch, Noisy, Reshuffled
from rac_theory.algorithms.gradients.noise import NO_NOISE
from rac_theory.numerics import log_wealth_without_range
from rac_theory.problems import Federated, LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from rac_theory.testing import check_algorithm
from rac_theory.testing.algorithms.check_algorithm import _check_randomness
from rac_theory.testing.algorithms.claimed import Claim
from rac_theory.testing.algorithms.members import check_rank
from tests.mutants import wrong_algorithms as wrong
from tests.mutants.wrong_gradients import Biased, Peeks, Summed, Understated
from tests.testing.cases import altered, cases
from tests.testing.failing import refuted

RNG = np.random.default_rng(612)
X = RNG.normal(size=(12, 4)) * [1.0, 2.0, 0.5, 1.0]
LEAST = LeastSquares(X, RNG.normal(size=(12, 3)), l2=0.1)
SOFTMAX = SoftmaxRegression(X, np.arange(12) % 3, l2=0.2)
LOGISTIC = LogisticRegression(X, np.arange(12) % 2)
QUADRATIC = Quadratic.full(np.diag(np.arange(1.0, 13)), np.ones((4, 3)))
FEDERATED = Federated(SOFTMAX, 3)
B, A = sketches.Gaussian(dim=4, rank=2), sketches.Coordinate(dim=3, rank=1)
SKEWED = sketches.WeightedCoordinate(dim=4, rank=1, weights=[0.4, 0.3, 0.2, 0.1])
GAMMA = 0.5 / LEAST.L

OURS = {
    "GD": (GD(GAMMA), LEAST),
    "GD on logistic": (GD(0.1), LOGISTIC),
    "SGD": (SGD(GAMMA, Minibatch(2)), LEAST),
    "left": (RACLoRA(B, GAMMA), LEAST),
    "right": (RACLoRA(A, GAMMA, side="right"), LEAST),
    "skewed": (RACLoRA(SKEWED, GAMMA, gradients=Minibatch(3, replace=True)), SOFTMAX),
    "frozen": (RACLoRA(sketches.Frozen(np.eye(4)[:, :2]), 0.05), QUADRATIC),
    "full rank": (RACLoRA(sketches.Coordinate(dim=4, rank=4), GAMMA), LEAST),
    "minibatch": (RACLoRA(B, GAMMA, gradients=Minibatch(2)), LEAST),
    "minibatch, infimum unknown": (RACLoRA(B, GAMMA, gradients=Minibatch(2)), LOGISTIC),
    "whole batch": (RACLoRA(B, GAMMA, gradients=Minibatch(12)), LEAST),
    "noisy": (RACLoRA(A, 0.05, side="right", gradients=Noisy(0.7)), QUADRATIC),
    "noiseless": (SGD(0.05, Noisy(0.0)), QUADRATIC),
    "certified": (RACLoRA(B, 1.0, gradients=CertifiedStep()), LOGISTIC),
    "certified by L": (SGD(0.5, CertifiedStep()), LEAST),
    "forward differences": (RACLoRA(B, GAMMA, gradients=FiniteDifferences(0.1)), SOFTMAX),
    "central differences": (RACLoRA(A, GAMMA, side="right", gradients=FiniteDifferences(0.1, central=True)), LEAST),
    "reshuffled": (RACLoRA(B, GAMMA / 12, gradients=Reshuffled()), LEAST),
    "local": (RACLoRA(B, GAMMA, gradients=Local(3)), SOFTMAX),
    "clients": (RACLoRA(B, GAMMA, gradients=Clients(Local(2))), FEDERATED),
    "clients, reshuffled": (RACLoRA(B, GAMMA, gradients=Clients(Reshuffled())), FEDERATED),
    "clients, sampled": (RACLoRA(B, GAMMA, gradients=Minibatch(1)), FEDERATED),
    "plain": (RACLoRA(B, 0.01, lora_alpha=2.0), LEAST),
    "plain, noisy": (RACLoRA(B, 0.01, lora_alpha=2.0, gradients=Noisy(0.3)), LEAST),
    "Bernoulli": (Bernoulli(B, A, GAMMA, p=0.3), LEAST),
    "Bernoulli, minibatch": (Bernoulli(B, A, GAMMA, gradients=Minibatch(2)), SOFTMAX),
    "Asymmetric LoRA": (algorithms.AsymmetricLoRA(B, GAMMA), LEAST),
    "Asymmetric LoRA, plain": (algorithms.AsymmetricLoRA(A, 0.01, side="right", lora_alpha=2.0), LEAST),
    "LoRA": (algorithms.LoRA(algorithms.Initialisation(B), 0.01), LEAST),
    "Chain of LoRA": (algorithms.ChainOfLoRA(algorithms.Initialisation(A=A), 0.01, inner_steps=3), LEAST),
    "GaLore": (algorithms.GaLore(rank=1, gamma=GAMMA), LEAST),
    "GaLore, noisy": (algorithms.GaLore(rank=1, gamma=GAMMA, gradients=Noisy(0.1)), LEAST),
    "momentum in links": (algorithms.MomentumInLinks(B, GAMMA, 0.5, 3, carried=False), LEAST),
    "normalised": (algorithms.NormalisedStep(Bernoulli(B, A, 0.1)), SOFTMAX),
    "Muon": (algorithms.MuonStep(RACLoRA(A, 0.1, side="right")), LEAST),
    "signs": (algorithms.SignStep(RACLoRA(sketches.Haar(4, 2), 0.1)), LEAST),
    "diverges": (RACLoRA(B, 1e3, gradients=Minibatch(2)), LEAST),
}


def check(algorithm, words="", problem=LEAST, **given):
    """Refuse an algorithm in these words; where there are none, it is right."""
    return refuted(words, check_algorithm, Case(algorithm, problem), **given)


@pytest.mark.long
@pytest.mark.parametrize(("algorithm", "problem"), OURS.values(), ids=OURS.keys())
def test_ours_pass(algorithm, problem):
    """With a quarter of the draws: that sound ones pass by default, the twins in the bank of mutants show."""
    check(algorithm, problem=problem, draws=4096)


@pytest.mark.parametrize("rng", range(1, 4))
def test_a_correct_algorithm_passes_for_every_seed(rng):
    """At most 6e-6 to fail for each of 3 seeds; a failure here is a bug in the check."""
    check(RACLoRA(SKEWED, GAMMA, gradients=Minibatch(2)), draws=512, rng=rng)


@pytest.mark.long
def test_what_is_bet_on_is_learned_from_other_pairs():
    """Of 576 entries. Catches a direction of noise that knows half the pairs on which it bets: 22.8 where 15 refute."""
    problem = Quadratic.left(np.diag(np.linspace(1, 2, 24)), np.ones((24, 24)))
    check(RACLoRA(sketches.Haar(24, 8), 0.1, gradients=Noisy(1.0)), problem=problem, draws=1024)


# --- any algorithm --------------------------------------------------------------------------------------------------


def descent(problem, W, rng):
    """Random coordinate descent, which is correct, to be broken."""
    while True:
        W = W - 0.05 * (rng.random(W.shape) < 0.5) * problem.gradient(W)
        yield W


KNOWN = {"gamma": 0.05, "deterministic": False, "check": lambda problem: None}
ELSEWHERE = "the first run changes when the others start elsewhere"
SHARED = "both were given generators of the same seed"


def own(iterates=descent, **members):
    return SimpleNamespace(**KNOWN | {"iterates": iterates} | members)


def writes_its_argument(problem, W, rng, at):
    for t, V in enumerate(descent(problem, W.copy(), rng)):
        if t == at:
            W[:] = 0
        yield V


def writes_the_last(problem, W, rng):
    last = np.zeros_like(W)
    for V in descent(problem, W, rng):
        last *= 2
        last = V
        yield V


def two_buffers(problem, W, rng):
    """Writes each iterate over the last but one."""
    buffers = np.empty((2, *W.shape))
    for t, V in enumerate(descent(problem, W, rng)):
        buffers[t % 2] = V
        yield buffers[t % 2]


class KeepsState(SimpleNamespace):
    """Momentum that is kept in the object, and is zero at the start of each call."""

    def iterates(self, problem, W, rng):
        self.move = np.zeros_like(W)
        while True:
            self.move = 0.5 * self.move - self.gamma * (rng.random(W.shape) < 0.5) * problem.gradient(W)
            W = W + self.move
            yield W


def global_generator(problem, W, rng):
    while True:
        W = W - 0.05 * np.random.random(W.shape) * problem.gradient(W)  # noqa: NPY002
        yield W


def draws_by_need(problem, W, rng):
    """Draws only for entries that are still far from zero: a run then changes what its neighbours draw."""
    while True:
        large = np.abs(W) > 0.5
        W = W.copy()
        W[large] *= 1 - 0.1 * rng.random(np.count_nonzero(large))
        yield W


@cases(
    "broken, message",
    (wrong.InPlace(B, GAMMA), "must yield a new array each step"),
    (own(partial(writes_its_argument, at=0)), "must not write to its argument W, and did at step 1"),
    (own(writes_the_last), "must not write to what it has yielded, and did at step 2"),
    (own(two_buffers), "must yield a new array each step, got one that shares memory with an earlier one"),
    (own(partial(writes_its_argument, at=5)), "must not write to its argument W, and did at step 6"),
    (KeepsState(**KNOWN), "the same seed gave other iterates; .* nor keep one or any state"),
    (own(lambda *given: islice(descent(*given), 20)), "must not end, it yielded nothing at step 21"),
    (own(lambda *given: next(descent(*given))), "must be a generator of iterates, it returned ndarray"),
    (own(lambda *a: (V[0] for V in descent(*a))), r"must yield arrays float64 \(4, 4, 3\), got float64 \(4, 3\)"),
    (own(lambda *given: (V.astype(np.float32) for V in descent(*given))), "got float32"),
    (own(global_generator), "drew from a global generator"),
    (wrong.OwnGenerator(B, GAMMA), "the same seed gave other iterates"),
    (
        own(lambda problem, W, rng: descent(problem, W, np.random.default_rng(0))),
        "it never draws from its rng; or else draws are cached, or come from a seed of its own",
    ),
    (wrong.OneSketchForAllRuns(B, GAMMA), "must draw afresh for each run"),
    (own(lambda *given: (V - 1e-3 * V.mean(axis=0) for V in descent(*given))), ELSEWHERE),
    (own(draws_by_need), ELSEWHERE),
    (own(deterministic=True), "deterministic must be False: another seed gives other iterates"),
)
def test_each_fault_of_any_algorithm_has_its_sentence(broken, message):
    check(broken, message)


def test_the_base_of_the_broken_ones_passes_and_what_lacks_a_member_is_no_algorithm():
    """Without one that every case needs there is no case; ``deterministic`` is first missed here."""
    right = own()
    check(right)
    del right.deterministic
    check(right, "SimpleNamespace must have the member 'deterministic'")
    del right.gamma
    with pytest.raises(ValueError, match=r"algorithm must be an algorithm, .* without 'gamma'"):
        Case(right, LEAST)


# --- gradient sources -----------------------------------------------------------------------------------------------


def silent(descend):
    """A source that declares no noise."""
    return SimpleNamespace(deterministic=False, check=lambda problem: None, descend=descend)


class Halved(Minibatch):
    """Half the true C and A."""

    def noise(self, problem):
        noise = super().noise(problem)
        return replace(noise, A=0.2 * noise.A, C=0.2 * noise.C)


WrongExact = altered(Exact, descend=lambda self, f, W, step, rng: step(W, (1 + 1e-5) * f.gradient(W)))
LongerThanCertified = altered(CertifiedStep, step_sizes=lambda *given: 1.05 * CertifiedStep.step_sizes(*given))


@cases(
    "source, message",
    (Biased(2), "Biased must give gradients of mean grad f: .* is it biased?"),
    (silent(Biased(2).descend), "SimpleNamespace must give gradients of mean grad f"),
    (Summed(2), "Summed must give gradients of mean grad f"),
    (Halved(1), r"noise must bound E\|\|Hg\|\|\^2"),
    (Understated(1.0), r"noise must bound E\|\|Hg\|\|\^2"),
    (altered(Noisy, noise=lambda self, problem: NO_NOISE)(0.5), r"noise must bound E\|\|Hg\|\|\^2"),
    (LongerThanCertified(), "CertifiedStep must give gradients of mean grad f"),
    (WrongExact(), r"noise must bound E\|\|Hg\|\|\^2|must give gradients of mean grad f"),
)
def test_each_fault_of_a_gradient_source_has_its_sentence(source, message):
    for algorithm in (SGD(GAMMA, source), RACLoRA(B, GAMMA, gradients=source)):
        check(algorithm, message)


# --- projected steps ------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_one_seed_for_both_is_no_fault_where_the_source_does_not_draw():
    for source in (Exact(), Local(2)):
        check(wrong.SharedStream(B, GAMMA, gradients=source), draws=512)
    check(wrong.SharedStream(B, GAMMA / 12, gradients=Reshuffled()), SHARED, draws=2048)


def unfolded(self, problem, W, rng):
    """The same algorithm as RACLoRA, with an ``iterates`` of its own: correct."""
    for step in self.low_rank_steps(rng, W):
        W = self.gradients.descend(problem, W, step, rng)
        yield W


class Optimistic(RACLoRA):
    """A lambda_min that is a tenth too large."""

    def projection(self, *, alpha, draws, rng):
        known = super().projection(alpha=alpha, draws=draws, rng=rng)
        return replace(known, lambda_min=1.1 * known.lambda_min)


def drifts(self, problem, W, rng):
    """A drift within the range of the sketch, which only the mean of a step shows."""
    for step in self.low_rank_steps(rng, W):
        W = step(self.gradients.descend(problem, W, step, rng), np.full_like(W, 0.5))
        yield W


def leans(problem, W, step, rng):
    """Noise along what the sketch keeps of a fixed matrix M, by how much that is; its mean is zero, as is that of H n.
    In four dimensions, with rank two and three columns, ``E ||H M||^2 H M`` is 14/9 times ``E H M``."""
    HM = -step(np.zeros_like(W), np.broadcast_to(np.eye(4, 3), W.shape)) / GAMMA
    lean = np.square(HM).sum(axis=(1, 2), keepdims=True) - 14 / 9
    return step(W, problem.gradient(W) + lean * HM + 0.1 * rng.standard_normal(W.shape))


@cases("sketch, source", (B, Minibatch(1)), (sketches.Coordinate(dim=4, rank=1), Noisy(1.0)), (SKEWED, Minibatch(1)))
def test_a_seed_shared_by_sketch_and_gradient_is_seen(sketch, source):
    """Streams that coincide across runs leave every single run as it should be: statistics alone would miss it."""
    check(wrong.SharedStream(sketch, GAMMA, gradients=source), SHARED, draws=2048)
    check(altered(RACLoRA, iterates=unfolded)(sketch, GAMMA, gradients=source), draws=2048)


@pytest.mark.parametrize("source", [Peeks(GAMMA), Peeks(GAMMA, kept=False), silent(leans)])
def test_noise_that_knows_the_sketch_is_seen(source):
    """The share of the noise that H keeps gives it away, in its range or across; it has mean zero, before and after."""
    check(RACLoRA(B, GAMMA, gradients=source), "must draw sketch and gradient independently: the")


@cases(
    "broken, message",
    (wrong.ScaledProjection, "must yield orthogonal projections"),
    (wrong.Greedy, "H must not depend on the gradient"),
    (wrong.Reused, "of what a step dropped the next keeps at least lambda_min = 0.5 .* is H drawn afresh"),
    (Optimistic, "keeps at least lambda_min = 0.55 on average, 16384 draws say 0"),
    (wrong.Decays, "must move by a matrix of rank at most 2, that of its sketch: singular value 3 is"),
    (altered(RACLoRA, iterates=drifts), r"must make steps W - gamma H g, .* step 1 is off by 0.119 of gamma"),
)
def test_each_fault_of_a_projected_step_has_its_sentence(broken, message):
    check(broken(B, GAMMA, gradients=Minibatch(2)), message)


@pytest.mark.parametrize("curvature", [1.0, 1e-11])
def test_a_step_may_have_the_larger_rank_of_two_sides(curvature):
    """Of 1 on the left and 2 on the right. Catches the smaller one, iterates for moves, and rounding for a rank."""
    coin = Bernoulli(sketches.Haar(4, 1), sketches.Haar(3, 2), 0.5)
    check_rank(Claim(coin), Quadratic.full(curvature * np.eye(12), np.ones((4, 3))), 0)


def test_the_algorithm_is_left_as_it_was():
    algorithm = RACLoRA(B, GAMMA, gradients=Minibatch(2))
    before = copy.copy(vars(algorithm))
    check(algorithm)
    assert vars(algorithm) == before


def test_the_witness_of_a_bias_shows_it():
    """Along U the mean gradient of the biased minibatches is off, computed from the rows that they can draw."""
    caught = check(SGD(GAMMA, Biased(2)), "is it biased")
    W, U = caught.witness["W"], caught.witness["U"]
    mean = LEAST.component_gradient(W[None], np.arange(8)[None])[0]
    assert np.sum((mean - LEAST.gradient(W)) * U) > 0


def test_alpha_is_kept():
    """Bets that the mean of a centred Student variable is positive: at alpha = 0.05 at most 5% of samples reject."""
    rng = np.random.default_rng(3)
    bets = partial(log_wealth_without_range, variance=3.0)  # of Student's law with 3 degrees of freedom
    rejected = sum(bets(rng.standard_t(3, size=500)) >= np.log(20) for _ in range(400))
    assert rejected <= 35  # P(Binomial(400, 0.05) > 35) < 1e-3
    shifted = sum(bets(0.4 + rng.standard_t(3, size=500)) >= np.log(20) for _ in range(50))
    assert shifted >= 45  # and a shift by a quarter of the deviation is seen


def test_what_draws_nothing_may_be_no_number():
    """The same without a number is the same. Catches a comparison in which nan is never nan."""

    def lost(self, problem, W, rng):
        while True:
            yield np.full_like(W, np.nan)

    _check_randomness(altered(RACLoRA, iterates=lost)(None, GAMMA), LEAST, 0)
