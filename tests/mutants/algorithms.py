"""The mutants among algorithms: what is wrong in one thing, each on the case that gives it away."""

import numpy as np

from rac_theory import Clients, Exact, Minibatch, Noisy, RACLoRA, Reshuffled, sketches, theorems
from rac_theory.algorithms import Bernoulli
from rac_theory.problems import Federated, LeastSquares, Quadratic

from . import wrong_algorithms as wrong
from . import wrong_gradients as gradients
from .mutant import Mutant, Trial

T5, T7d, T10d, T12_pl = theorems.T5, theorems.T7d, theorems.T10d, theorems.T12_pl
CHECK, RUNS = ("check_algorithm",), ("verify", "assert_rate_bound")
ALL = CHECK + RUNS

RNG = np.random.default_rng(612)
LEAST = LeastSquares(RNG.normal(size=(12, 4)) * [1.0, 2.0, 0.5, 1.0], RNG.normal(size=(12, 3)), l2=0.1)
ROUND = Quadratic.left(2 * np.eye(4), np.ones((4, 3)))
SQUARE = Quadratic.left(np.diag([1.0, 2.0, 1.0, 2.0]), np.arange(16.0).reshape(4, 4))
PAIR = LeastSquares(np.ones((2, 1)), np.array([1.0, -1.0]))
GAMMA, SLOW = 0.5 / LEAST.L, 0.4 / (12 * LEAST.L_max)
FAR = np.full((1, 1), 3.0)
B, THIN, FIXED = sketches.Haar(4, 2), sketches.Haar(4, 1), sketches.Frozen(np.eye(4)[:, :2])
CLIENTS, UNEQUAL = Federated(LEAST, 3), Federated(PAIR, 2)
TWINS = Federated(LeastSquares(2 * np.tile(np.eye(4), (2, 1)), 2 * np.ones((8, 3))), 2)  # each is ||W - 1||^2 / 2

HESSIAN = np.diag([3.0, 1.0, 0.5, 0.5])
SPREAD = Quadratic.left(HESSIAN, np.ones((4, 2)))
COLUMNS = Quadratic.kronecker(HESSIAN, np.diag([1.0, 8.0]), np.ones((4, 2)))
EVEN = Quadratic.left(np.eye(4), np.ones((4, 2)))
SUMS = Quadratic.left(np.ones((4, 4)) + 0.2 * np.eye(4), np.ones((4, 2)))
FEW, MOST = sketches.Coordinate(4, 2), sketches.Coordinate(4, 3)


def mutant(wrong, right, why, caught_by=ALL, problem=ROUND, fault=None, note="", **trial):
    """An algorithm beside the right one; its name is what the docstring says of ``fault``, itself unless told."""
    name = type(fault or wrong).__doc__.splitlines()[0].rstrip(".") + note
    makes = (lambda of=of: Trial(of, problem, **trial) for of in (wrong, right))
    return Mutant("algorithm", name, why, *makes, caught_by)


def step(cls, why, caught_by=ALL, sketch=B, problem=ROUND, source=None, gamma=None, **trial):
    """A subclass of RACLoRA that steps wrongly."""
    pair = (kind(sketch, gamma or 1 / problem.L, gradients=source or Exact()) for kind in (cls, RACLoRA))
    return mutant(*pair, why, caught_by, problem, **trial)


def source(
    wrong, right, why, caught_by=CHECK, gamma=GAMMA, problem=LEAST, sketch=B, theorem=T5, lora_alpha=None, **trial
):
    """A gradient source that gives wrong gradients."""
    pair = (RACLoRA(sketch, gamma, gradients=of, lora_alpha=lora_alpha) for of in (wrong, right))
    return mutant(*pair, why, caught_by, problem, wrong, theorem=theorem, **trial)


def fitted(cls, why, sketch=FEW, problem=SPREAD, gamma=1.0):
    """A subclass that fits another step to the draw, and the one that it inherits from: a bound is about one M."""
    return mutant(*(kind(sketch, gamma) for kind in (cls, *cls.__bases__)), why, RUNS, problem, theorem=theorems.T12_pl)


RR, EXACT = Reshuffled(), Exact()
OF_EPOCHS = {"caught_by": RUNS, "gamma": 0.5, "problem": PAIR, "sketch": None, "theorem": theorems.T8d_sharp, "W0": FAR}
THINLY = {"sketch": THIN, "source": Clients(EXACT), "gamma": 0.05, "theorem": T10d}
OF_CLIENTS = {"caught_by": RUNS, "gamma": 0.9, "problem": UNEQUAL, "sketch": None, "theorem": T10d, "W0": FAR}

BANK = [
    step(wrong.NoMerge, "what earlier adapters learnt is lost, and the iterate has no memory"),
    step(wrong.Reused, "E[H] given the past is a projection, not r/d I"),
    step(wrong.ReusedOnce, "half of the steps gain nothing at gamma = 1/L", ALL, THIN),
    step(wrong.SharedStream, "noise and sketch are not independent", CHECK, source=Noisy(1.0), theorem=T5),
    step(wrong.SharedStream, "minibatch and sketch are not independent", CHECK, B, LEAST, Minibatch(1), theorem=T5),
    step(
        wrong.OtherSide,
        "another set of matrices is in reach",
        ("assert_converges_to",),
        FIXED,
        SQUARE,
        steps=200,
        target=SQUARE.W_star * [[1], [1], [0], [0]],  # FIXED reaches two rows of the minimiser
    ),
    step(wrong.BothSides, "the projection of both sides keeps r^2/d^2 of a matrix", problem=SQUARE),
    step(wrong.Untransposed, "the step is no function W - gamma H G", problem=SQUARE),
    step(wrong.Unnormalised, "only with orthonormal columns is B B' a projection", sketch=sketches.Gaussian(4, 2)),
    step(wrong.Greedy, "H depends on the gradient", CHECK),
    step(wrong.OneRankLess, "lambda_min is (r - 1)/d"),
    step(wrong.HalfStep, "gamma is not the size of a step"),
    step(wrong.Decays, "moves where no sketch looks"),
    step(wrong.Delayed, "a step past the minimum", RUNS),
    step(wrong.InPlace, "what was recorded of a run changes afterwards", CHECK),
    step(wrong.OneSketchForAllRuns, "runs are not independent", CHECK),  # verify sees it when the one run is unlucky
    step(wrong.OwnGenerator, "no verdict can be repeated", CHECK),
    step(wrong.ScaledProjection, "the projected step has no scale"),
    mutant(
        wrong.ScaledTwice(B, 2.0, lora_alpha=1.0),
        RACLoRA(B, 2.0, lora_alpha=1.0),
        "the step is (lora_alpha / r)^4 gamma for (lora_alpha / r)^2 gamma",
        RUNS,
        theorem=T12_pl,
    ),
    mutant(
        wrong.SwappedSketches(sketches.Haar(4, 3), sketches.Haar(3, 1), 0.5, 0.9),
        Bernoulli(sketches.Haar(4, 3), sketches.Haar(3, 1), 0.5, 0.9),
        "p is the probability of a left step",
    ),
    source(gradients.FixedOrder(), RR, "RR without reshuffling ends off the minimum, always on one side", **OF_EPOCHS),
    step(wrong.OrderOfTheRun, "shuffling once is not reshuffling", source=RR, **OF_EPOCHS),
    source(gradients.WithReplacement(), RR, "the order averages out only where each component comes once", **OF_EPOCHS),
    step(wrong.SketchOfTheStep, "an epoch moves in the range of one sketch", CHECK, THIN, LEAST, RR, SLOW, theorem=T7d),
    step(wrong.OwnSketches, "the mean leaves the range of any one of them", CHECK, problem=CLIENTS, **THINLY),
    step(
        wrong.AveragedFactors,
        "a mean of products is not the product of means",
        RUNS,
        problem=TWINS,
        **THINLY | {"gamma": 0.5},
    ),
    source(gradients.SummedClients(EXACT), Clients(EXACT), "M times the step", **OF_CLIENTS),
    source(gradients.FirstClientOnly(EXACT), Clients(EXACT), "ends at the minimum of one client", **OF_CLIENTS),
    source(gradients.Biased(2), Minibatch(2), "the mean of g is not grad f"),
    source(gradients.Summed(2), Minibatch(2), "the mean of g is b grad f"),
    source(gradients.OneMinibatch(2), Minibatch(2), "runs are not independent", sketch=None),
    source(gradients.Understated(1.0), Noisy(1.0), "the constant C of T5 is too small"),
    source(
        gradients.Understated(9.0), Noisy(9.0), "the constant C of T6 is too small", RUNS, 0.5, ROUND, THIN, theorems.T6
    ),
    source(gradients.ClaimsExact(), Exact(), "the mean of g is 1.01 grad f"),
    source(
        gradients.Peeks(0.5),
        Noisy(2.0),
        "the projection keeps more of the noise than lambda_max says",
        CHECK,
        0.5,
        ROUND,
    ),
    fitted(wrong.SmallestCurvature, "no step beyond 2 / lambda_max(HQH) descends"),
    fitted(wrong.FirstBlock, "the gradient has all directions of the other side", FEW, COLUMNS),
    fitted(wrong.Projection, "HQH <= H only where no direction is steeper than 1"),
    fitted(wrong.Diagonal, "what coordinates share bends the step as well", MOST, SUMS),
    fitted(wrong.GammaTwice, "the step is gamma M G", FEW, EVEN, 0.5),
    fitted(wrong.FirstRange, "E[M] given the past is M, which has no gain off its range", FEW, EVEN),
]
