"""The mutants among algorithms: what is wrong in one thing, each on the case that gives it away."""

import numpy as np

from rac_theory import Clients, Exact, Minibatch, Noisy, RACLoRA, Reshuffled, sketches, theorems
from rac_theory.algorithms import SGD, Bernoulli
from rac_theory.problems import Federated, LeastSquares, Quadratic

from . import wrong_algorithms as wrong
from . import wrong_gradients as gradients
from .mutant import Mutant, Trial

T8d_sharp, T10d, T12_pl = theorems.T8d_sharp, theorems.T10d, theorems.T12_pl
CHECK, RUNS = ("check_algorithm",), ("verify", "assert_rate_bound")
ALL = CHECK + RUNS

RNG = np.random.default_rng(612)
LEAST = LeastSquares(RNG.normal(size=(12, 4)) * [1.0, 2.0, 0.5, 1.0], RNG.normal(size=(12, 3)), l2=0.1)
ROUND = Quadratic.left(2 * np.eye(4), np.ones((4, 3)))
SQUARE = Quadratic.left(np.diag([1.0, 2.0, 1.0, 2.0]), np.arange(16.0).reshape(4, 4))
PAIR = LeastSquares(np.ones((2, 1)), np.array([1.0, -1.0]))
SLOW = 0.4 / (12 * LEAST.L_max)
FAR = np.full((1, 1), 3.0)
B, THIN, FIXED = sketches.Haar(4, 2), sketches.Haar(4, 1), sketches.Frozen(np.eye(4)[:, :2])
CLIENTS, UNEQUAL = Federated(LEAST, 3), Federated(PAIR, 2)
TWINS = Federated(LeastSquares(2 * np.tile(np.eye(4), (2, 1)), 2 * np.ones((8, 3))), 2)  # each is ||W - 1||^2 / 2
EPOCH = {"problem": PAIR, "W0": FAR, "theorem": T8d_sharp}


def limit(side):
    """Where descent under FIXED ends from zero on SQUARE: rows, or columns, 0 and 1 of the minimiser."""
    W = np.zeros((4, 4))
    kept = np.s_[:2] if side == "left" else np.s_[:, :2]
    W[kept] = SQUARE.W_star[kept]
    return W


def mutant(name, why, make, caught_by, problem=ROUND, right=None, **trial):
    """``make`` and ``right`` take no argument and give algorithms."""
    return Mutant(
        "algorithm",
        name,
        why,
        lambda: Trial(make(), problem, **trial),
        lambda: Trial(right(), problem, **trial),
        caught_by,
    )


def step(cls, why, caught_by=ALL, sketch=B, problem=ROUND, gradients=None, **trial):
    """A subclass of RACLoRA that steps wrongly."""
    more, gamma = {"gradients": gradients or Exact()}, 1 / problem.L
    return mutant(
        cls.__doc__.splitlines()[0].rstrip("."),
        why,
        lambda: cls(sketch, gamma, **more),
        caught_by,
        problem,
        lambda: RACLoRA(sketch, gamma, **more),
        **trial,
    )


def source(
    wrong, right, why, caught_by=CHECK, gamma=0.5 / LEAST.L, problem=LEAST, sketch=B, theorem=theorems.T5, **trial
):
    """A gradient source that gives wrong gradients."""
    return mutant(
        type(wrong).__doc__.splitlines()[0].rstrip("."),
        why,
        lambda: RACLoRA(sketch, gamma, gradients=wrong),
        caught_by,
        problem,
        lambda: RACLoRA(sketch, gamma, gradients=right),
        theorem=theorem,
        **trial,
    )


BANK = [
    step(wrong.NoMerge, "what earlier adapters learnt is lost, and the iterate has no memory"),
    step(wrong.Reused, "E[H] given the past is a projection, not r/d I"),
    step(wrong.ReusedOnce, "half of the steps gain nothing at gamma = 1/L", ALL, THIN),
    step(wrong.SharedStream, "noise and sketch are not independent", CHECK, gradients=Noisy(1.0), theorem=theorems.T5),
    step(
        wrong.SharedStream,
        "minibatch and sketch are not independent",
        CHECK,
        problem=LEAST,
        gradients=Minibatch(1),
        theorem=theorems.T5,
    ),
    step(
        wrong.OtherSide,
        "another set of matrices is in reach",
        ("assert_converges_to",),
        FIXED,
        SQUARE,
        steps=200,
        target=limit("left"),
    ),
    step(wrong.BothSides, "the projection of both sides keeps r^2/d^2 of a matrix", problem=SQUARE),
    step(wrong.Untransposed, "the step is no function W - gamma H G", problem=SQUARE),
    step(
        wrong.Unnormalised,
        "only with orthonormal columns is B B' a projection",
        sketch=sketches.Gaussian(dim=4, rank=2),
    ),
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
        "lora_alpha / r applied twice",
        "the step is (lora_alpha / r)^4 gamma for (lora_alpha / r)^2 gamma",
        lambda: wrong.ScaledTwice(B, 2.0, lora_alpha=1.0),
        RUNS,
        right=lambda: RACLoRA(B, 2.0, lora_alpha=1.0),
        theorem=T12_pl,
    ),
    mutant(
        "the coin of Bernoulli-LoRA is turned",
        "p is the probability of a left step",
        lambda: wrong.SwappedSketches(sketches.Haar(4, 3), sketches.Haar(3, 1), 0.5, 0.9),
        ALL,
        right=lambda: Bernoulli(sketches.Haar(4, 3), sketches.Haar(3, 1), 0.5, 0.9),
    ),
    mutant(
        "every epoch in the order of the data",
        "RR without reshuffling ends off the minimum, always on one side",
        lambda: SGD(0.5, gradients.FixedOrder()),
        RUNS,
        right=lambda: SGD(0.5, Reshuffled()),
        **EPOCH,
    ),
    mutant(
        "one permutation a run, kept for all epochs",
        "shuffling once is not reshuffling",
        lambda: wrong.OrderOfTheRun(None, 0.5, gradients=Reshuffled()),
        RUNS,
        right=lambda: SGD(0.5, Reshuffled()),
        **EPOCH,
    ),
    mutant(
        "an epoch draws with replacement",
        "the order averages out only where each component comes once",
        lambda: SGD(0.5, gradients.WithReplacement()),
        RUNS,
        right=lambda: SGD(0.5, Reshuffled()),
        **EPOCH,
    ),
    mutant(
        "a fresh sketch for every step of an epoch",
        "an epoch moves in the range of one sketch",
        lambda: wrong.SketchOfTheStep(THIN, SLOW, gradients=Reshuffled()),
        CHECK,
        LEAST,
        lambda: RACLoRA(THIN, SLOW, gradients=Reshuffled()),
        theorem=theorems.T7d,
    ),
    mutant(
        "clients with sketches of their own",
        "the mean leaves the range of any one of them",
        lambda: wrong.OwnSketches(THIN, 0.05, gradients=Clients(Exact())),
        CHECK,
        CLIENTS,
        lambda: RACLoRA(THIN, 0.05, gradients=Clients(Exact())),
        theorem=T10d,
    ),
    mutant(
        "clients with sketches of their own, averaged as if shared",
        "a mean of products is not the product of means",
        lambda: wrong.AveragedFactors(THIN, 1 / 2, gradients=Clients(Exact())),
        RUNS,
        TWINS,
        lambda: RACLoRA(THIN, 1 / 2, gradients=Clients(Exact())),
        theorem=T10d,
    ),
    source(
        gradients.SummedClients(Exact()),
        Clients(Exact()),
        "M times the step",
        RUNS,
        0.9,
        UNEQUAL,
        None,
        theorem=T10d,
        W0=FAR,
    ),
    source(
        gradients.FirstClientOnly(Exact()),
        Clients(Exact()),
        "ends at the minimum of one client",
        RUNS,
        0.9,
        UNEQUAL,
        None,
        theorem=T10d,
        W0=FAR,
    ),
    source(gradients.Biased(2), Minibatch(2), "the mean of g is not grad f"),
    source(gradients.Summed(2), Minibatch(2), "the mean of g is b grad f"),
    source(gradients.OneMinibatch(2), Minibatch(2), "runs are not independent", sketch=None),
    source(gradients.Understated(1.0), Noisy(1.0), "the constant C of T5 is too small"),
    source(
        gradients.Understated(9.0),
        Noisy(9.0),
        "the constant C of T6 is too small",
        RUNS,
        0.5,
        ROUND,
        THIN,
        theorem=theorems.T6,
    ),
    source(gradients.ClaimsExact(), Exact(), "the mean of g is 1.01 grad f"),
    source(
        gradients.Peeks(0.5),
        Noisy(2.0),
        "the projection keeps more of the noise than lambda_max says",
        gamma=0.5,
        problem=ROUND,
    ),
]
