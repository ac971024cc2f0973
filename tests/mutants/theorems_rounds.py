"""Wrong theorems about several steps under one sketch: reshuffled epochs and federated rounds, T7 to T10rr."""

import numpy as np

from rac_theory import ByChance, Clients, Exact, Local, RACLoRA, Reshuffled, Subset, sketches
from rac_theory.algorithms import SGD
from rac_theory.problems import Federated, LeastSquares
from rac_theory.statements.symbols import D, D_in, L_max, N, gap0_upper, lambda_min, mu, omega

from .theorems import DOUBLED, mutants

EPOCHS = ("T7", "T7d", "T7d_sharp", "T8", "T8d", "T8d_sharp")
ROUNDS = ("T9", "T9d", "T9d_sharp", "T10", "T10d", "T10d_sharp", "T9rr", "T10rr")
ONE = np.ones((1, 1))


class Parabolas(LeastSquares):
    """The mean of (x - a_i)^2/2 with a proved bound on the variance of gradients, that of the a_i at every x."""

    @property
    def variance_bound(self):
        return float(np.var(self.Y))


def equal(N):
    """N components x^2/2."""
    return Parabolas(np.ones((N, 1)), np.zeros(N))


OPPOSITE = Parabolas(np.ones((2, 1)), np.array([1.0, -1.0]))
UNEQUAL = Federated(LeastSquares(np.array([[2.0], [1.0]]), np.array([2.0, -1.0])), 2)  # they curve differently


def epoch(eta, problem):
    return SGD(eta, Reshuffled()), problem


def seeing(share):
    """A share of the draws see all, and the others nothing, so that runs differ."""
    return sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [share, 1 - share])


def half_epoch(eta, N):
    return RACLoRA(seeing(0.5), eta, gradients=Reshuffled()), equal(N)


def clients(eta, K, problem=None):
    return SGD(eta, Clients(Local(K))), problem or Federated(equal(2), 2)


def at(x):
    """Where a run starts."""
    return np.full((1, 1), x)


EQUALITY = epoch(0.5, OPPOSITE)
SOME = Federated(LeastSquares(np.array([[2.0], [1.0], [1.0]]), np.array([2.0, -1.0, 4.0])), 3)  # one takes part
ONE_OF_SOME = SGD(0.02, Clients(Local(3), Subset(1))), SOME
BY_CHANCE = SGD(1.0, Clients(Exact(), ByChance(0.5))), Federated(OPPOSITE, 2)
EPOCH_OF_ONE = SGD(0.5, Clients(Reshuffled())), Federated(OPPOSITE, 1)


POWER_OF_N = ("N^2 for N", "an epoch is N steps long, not N^2", {lambda_min: lambda_min * N})
POWER_OF_K = ("K^2 for K", "a round is K steps long, not K^2", {lambda_min: lambda_min * N})
NO_NOISE = ("a missing noise term", "components disagree at the minimum", {D: 0})
NO_ORDER = ("D_in is missing", "an epoch goes another way in another order", {D_in: 0})
ALL_TAKE_PART = ("omega is missing", "a mean over some clients is noisy", {omega: 0})

BANK = [
    *(wrong for id in EPOCHS for wrong in mutants(id, half_epoch(0.02, 5), POWER_OF_N, steps=60, W0=ONE)),
    *(wrong for id in ROUNDS for wrong in mutants(id, clients(0.02, 5), POWER_OF_K, steps=60, W0=ONE)),
    *mutants("T7", epoch(0.025, equal(20)), DOUBLED, steps=60, W0=ONE),
    *mutants("T7d", epoch(0.025, equal(20)), DOUBLED, steps=60, W0=ONE),
    *mutants("T7d", epoch(0.25, OPPOSITE), NO_NOISE, steps=300, W0=at(0.15)),
    *mutants("T8d", epoch(0.25, OPPOSITE), NO_NOISE, steps=60, W0=at(3.0)),
    *mutants(
        "T8d_sharp",
        EQUALITY,
        ("mu doubled", "twice the progress of an epoch", {mu: 2 * mu}),
        NO_NOISE,
        ("half of the noise", "two parabolas attain the bound", {D: D / 2}),
        W0=at(3.0),
    ),
    *mutants(
        "T9",
        clients(0.5, 2),
        DOUBLED,
        ("1/(1 - a) is missing", "drift costs a part of the progress", {gap0_upper: gap0_upper * 7 / 8}),
        steps=60,
        W0=ONE,
    ),
    *mutants("T9d", clients(0.05, 4, UNEQUAL), NO_NOISE, steps=300, W0=at(0.65)),
    *mutants(
        "T10",
        (RACLoRA(seeing(0.25), 1.0, gradients=Clients(Local(1))), Federated(equal(2), 2)),
        ("lambda_min for 1", "the sketch is forgotten", {lambda_min: 1}),
        W0=ONE,
    ),
    *mutants("T10d", clients(0.05, 4, UNEQUAL), NO_NOISE, steps=400, W0=at(3.0)),
    *mutants(
        "T10d_sharp",
        clients(0.5, 2),
        ("drift is missing", "two steps under one sketch are not one of twice the size", {L_max: 0}),
        W0=ONE,
    ),
    *mutants("T10d_sharp", clients(0.05, 4, UNEQUAL), NO_NOISE, steps=400, W0=at(3.0)),
    *mutants("T9rr", ONE_OF_SOME, ALL_TAKE_PART, NO_NOISE, steps=400, W0=at(SOME.W_star.item() + 0.01)),
    *mutants("T9rr", EPOCH_OF_ONE, NO_ORDER, steps=300, W0=at(0.15)),
    *mutants(
        "T10rr",
        BY_CHANCE,
        ALL_TAKE_PART,
        NO_NOISE,
        ("half of what sampling adds", "a chance of 1/2 attains the bound", {omega: omega / 2}),
        W0=at(3.0),
    ),
    *mutants("T10rr", EPOCH_OF_ONE, NO_ORDER, W0=at(3.0)),
]
