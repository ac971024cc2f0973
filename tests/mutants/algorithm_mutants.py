"""The mutants among algorithms: the classes of ``algorithms.py``, each on the case that gives it away."""

import numpy as np

from problems import Federated, LeastSquares
from rac_theory import Clients, Exact, Minibatch, Noisy, RACLoRA, Reshuffled, sketches, theorems
from rac_theory.algorithms import SGD, Bernoulli

from . import algorithms as wrong
from .algorithms import B, FAR, LEAST, PAIR, ROUND, SQUARE, THIN, mutant, source, step

T8d_sharp, T10d, T12_pl = theorems.T8d_sharp, theorems.T10d, theorems.T12_pl
CLIENTS = Federated(LEAST, 3)
TWINS_OF_ROUND = Federated(LeastSquares(2 * np.tile(np.eye(4), (2, 1)), 2 * np.ones((8, 3))), 2)  # each is (1/2)||W - 1||^2
FIXED = sketches.Frozen(np.eye(4)[:, :2])
UNEQUAL = Federated(PAIR, 2)
EPOCH = {"problem": PAIR, "W0": FAR, "theorem": T8d_sharp}


def limit(side):
    """Where descent under FIXED ends from zero on SQUARE: rows, or columns, 0 and 1 of the minimiser."""
    W = np.zeros((4, 4))
    kept = np.s_[:2] if side == "left" else np.s_[:, :2]
    W[kept] = SQUARE.W_star[kept]
    return W


BANK = [
    step(wrong.NoMerge, "what earlier adapters learnt is lost, and the iterate has no memory"),
    step(wrong.Reused, "E[H] given the past is a projection, not r/d I"),
    step(wrong.Reused, "some direction is never updated", "assert_rate_bound", THIN),
    step(wrong.ReusedOnce, "half of the steps gain nothing at gamma = 1/L", "verify", THIN),
    step(wrong.SharedStream, "sketch and gradient are not independent", gradients=Noisy(1.0)),
    step(wrong.SharedStream, "sketch and gradient are not independent", problem=LEAST, gradients=Minibatch(1)),
    step(wrong.OtherSide, "another set of matrices is in reach", "assert_converges_to", FIXED, SQUARE, steps=200, target=limit("left")),
    step(wrong.BothSides, "the projection of both sides keeps r^2/d^2 of a matrix", problem=SQUARE),
    step(wrong.BothSides, "the projection of both sides keeps r^2/d^2 of a matrix", "verify", problem=SQUARE),
    step(wrong.Untransposed, "the step is no function W - gamma H G", problem=SQUARE),
    step(wrong.Unnormalised, "only with orthonormal columns is B B' a projection", sketch=sketches.Gaussian(dim=4, rank=2)),
    step(wrong.Greedy, "H depends on the gradient"),
    step(wrong.OneRankLess, "lambda_min is (r - 1)/d"),
    step(wrong.OneRankLess, "lambda_min is (r - 1)/d", "assert_rate_bound"),
    step(wrong.HalfStep, "gamma is not the size of a step"),
    step(wrong.HalfStep, "gamma is not the size of a step", "verify"),
    step(wrong.Decays, "moves where no sketch looks"),
    step(wrong.Delayed, "a step past the minimum", "verify"),
    step(wrong.InPlace, "what was recorded of a run changes afterwards"),
    step(wrong.OneSketchForAllRuns, "runs are not independent"),
    step(wrong.OwnGenerator, "no verdict can be repeated"),
    step(wrong.ScaledProjection, "the projected step has no scale"),
    mutant(
        "lora_alpha / r applied twice",
        "the step is (lora_alpha / r)^4 gamma for (lora_alpha / r)^2 gamma",
        lambda: wrong.ScaledTwice(B, 2.0, lora_alpha=1.0),
        "verify",
        right=lambda: RACLoRA(B, 2.0, lora_alpha=1.0),
        theorem=T12_pl,
    ),
    mutant(
        "the coin of Bernoulli-LoRA is turned",
        "p is the probability of a left step",
        lambda: wrong.SwappedSketches(sketches.Haar(4, 3), sketches.Haar(3, 1), 0.5, 0.9),
        "check_algorithm",
        right=lambda: Bernoulli(sketches.Haar(4, 3), sketches.Haar(3, 1), 0.5, 0.9),
    ),
    mutant("every epoch in the order of the data", "RR without reshuffling ends off the minimum, always on one side", lambda: SGD(0.5, wrong.FixedOrder()), "verify", right=lambda: SGD(0.5, Reshuffled()), **EPOCH),
    mutant("one permutation a run, kept for all epochs", "shuffling once is not reshuffling", lambda: wrong.OrderOfTheRun(None, 0.5, gradients=Reshuffled()), "verify", right=lambda: SGD(0.5, Reshuffled()), **EPOCH),
    mutant("an epoch draws with replacement", "the order averages out only where each component comes once", lambda: SGD(0.5, wrong.WithReplacement()), "verify", right=lambda: SGD(0.5, Reshuffled()), **EPOCH),
    mutant("a fresh sketch for every step of an epoch", "an epoch moves in the range of one sketch", lambda: wrong.SketchOfTheStep(THIN, 0.01, gradients=Reshuffled()), "check_algorithm", LEAST, lambda: RACLoRA(THIN, 0.01, gradients=Reshuffled()), theorem=T8d_sharp),
    mutant("clients with sketches of their own", "the mean leaves the range of any one of them", lambda: wrong.OwnSketches(THIN, 0.05, gradients=Clients(Exact())), "check_algorithm", CLIENTS, lambda: RACLoRA(THIN, 0.05, gradients=Clients(Exact())), theorem=T10d),
    mutant(
        "clients with sketches of their own, averaged as if shared",
        "a mean of products is not the product of means",
        lambda: wrong.AveragedFactors(THIN, 1 / 2, gradients=Clients(Exact())),
        "assert_rate_bound",
        TWINS_OF_ROUND,
        lambda: RACLoRA(THIN, 1 / 2, gradients=Clients(Exact())),
        theorem=T10d,
    ),
    source(wrong.SummedClients(Exact()), Clients(Exact()), "M times the step", "verify", 0.9, UNEQUAL, None, theorem=T10d, W0=FAR),
    source(wrong.FirstClientOnly(Exact()), Clients(Exact()), "ends at the minimum of one client", "verify", 0.9, UNEQUAL, None, theorem=T10d, W0=FAR),
    source(wrong.Biased(2), Minibatch(2), "the mean of g is not grad f"),
    source(wrong.Summed(2), Minibatch(2), "the mean of g is b grad f"),
    source(wrong.OneMinibatch(2), Minibatch(2), "runs are not independent", sketch=None),
    source(wrong.Understated(1.0), Noisy(1.0), "the constant C of T5 and T6 is too small"),
    source(wrong.Understated(9.0), Noisy(9.0), "the constant C of T5 and T6 is too small", "verify", 0.5, ROUND, THIN, theorem=theorems.T6),
    source(wrong.ClaimsExact(), Exact(), "the mean of g is 1.01 grad f"),
    source(wrong.Peeks(0.5), Noisy(2.0), "the projection keeps more of the noise than lambda_max says", gamma=0.5, problem=ROUND),
]
