"""Wrong theorems about several steps under one sketch: reshuffled epochs and federated rounds, T7 to T10rr."""

import numpy as np

from rac_theory import ByChance, Clients, Exact, Local, RACLoRA, Reshuffled, Subset, sketches, theorems
from rac_theory.algorithms import SGD
from rac_theory.problems import Federated, LeastSquares
from rac_theory.statements.symbols import D, D_in, L_max, N, gap0_upper, lambda_min, mu, omega

from .theorems import changed, doubled, mutant

T7, T7d, T7d_sharp = theorems.T7, theorems.T7d, theorems.T7d_sharp
T8, T8d, T8d_sharp = theorems.T8, theorems.T8d, theorems.T8d_sharp
T9, T9d, T9d_sharp = theorems.T9, theorems.T9d, theorems.T9d_sharp
T10, T10d, T10d_sharp = theorems.T10, theorems.T10d, theorems.T10d_sharp
T9rr, T10rr = theorems.T9rr, theorems.T10rr

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


def half_epoch(eta, N):
    """Half of the draws see nothing, so that runs differ."""
    sketch = sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [0.5, 0.5])
    return RACLoRA(sketch, eta, gradients=Reshuffled()), equal(N)


def clients(eta, K, problem=None):
    return SGD(eta, Clients(Local(K))), problem or Federated(equal(2), 2)


def times_inner(theorem):
    """``eta N^2`` for ``eta N``, and of a round ``eta K^2`` for ``eta K``."""
    return changed(theorem, {lambda_min: lambda_min * N})


def power_of_N(theorem, steps):
    return mutant(
        "N^2 for N", "an epoch is N steps long, not N^2", times_inner(theorem), theorem, half_epoch(0.02, 5), steps, ONE
    )


def power_of_K(theorem, steps=60):
    return mutant(
        "K^2 for K", "a round is K steps long, not K^2", times_inner(theorem), theorem, clients(0.02, 5), steps, ONE
    )


def silent(theorem, case, steps, x0=3.0):
    return mutant(
        "a missing noise term",
        "components disagree at the minimum",
        changed(theorem, {D: 0}),
        theorem,
        case,
        steps,
        np.full((1, 1), x0),
    )


EQUALITY = epoch(0.5, OPPOSITE)
SOME = Federated(LeastSquares(np.array([[2.0], [1.0], [1.0]]), np.array([2.0, -1.0, 4.0])), 3)  # one takes part
ONE_OF_SOME = SGD(0.02, Clients(Local(3), Subset(1))), SOME
BY_CHANCE = SGD(1.0, Clients(Exact(), ByChance(0.5))), Federated(OPPOSITE, 2)
EPOCH_OF_ONE = SGD(0.5, Clients(Reshuffled())), Federated(OPPOSITE, 1)


def all_take_part(theorem, case, steps, x0):
    return mutant(
        "omega is missing",
        "a mean over some clients is noisy",
        changed(theorem, {omega: 0}),
        theorem,
        case,
        steps,
        np.full((1, 1), x0),
    )


def without_order(theorem, steps, x0):
    return mutant(
        "D_in is missing",
        "an epoch goes another way in another order",
        changed(theorem, {D_in: 0}),
        theorem,
        EPOCH_OF_ONE,
        steps,
        np.full((1, 1), x0),
    )


BANK = [
    power_of_N(T7, 60),
    power_of_N(T7d, 60),
    power_of_N(T7d_sharp, 60),
    power_of_N(T8, 60),
    power_of_N(T8d, 60),
    power_of_N(T8d_sharp, 60),
    doubled(T7, epoch(0.025, equal(20)), 60, W0=ONE),
    doubled(T7d, epoch(0.025, equal(20)), 60, W0=ONE),
    mutant(
        "mu doubled",
        "twice the progress of an epoch",
        changed(T8d_sharp, {mu: 2 * mu}),
        T8d_sharp,
        EQUALITY,
        W0=np.full((1, 1), 3.0),
    ),
    silent(T7d, epoch(0.25, OPPOSITE), 300, 0.15),
    silent(T8d, epoch(0.25, OPPOSITE), 60),
    silent(T8d_sharp, EQUALITY, 40),
    mutant(
        "half of the noise",
        "two parabolas attain the bound",
        changed(T8d_sharp, {D: D / 2}),
        T8d_sharp,
        EQUALITY,
        W0=np.full((1, 1), 3.0),
    ),
    power_of_K(T9),
    power_of_K(T9d),
    power_of_K(T9d_sharp),
    power_of_K(T10),
    power_of_K(T10d),
    power_of_K(T10d_sharp),
    mutant(
        "lambda_min for 1",
        "the sketch is forgotten",
        changed(T10, {lambda_min: 1}),
        T10,
        (
            RACLoRA(
                sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [0.25, 0.75]), 1.0, gradients=Clients(Local(1))
            ),
            Federated(equal(2), 2),
        ),
        40,
        ONE,
    ),
    doubled(T9, clients(0.5, 2), 60, W0=ONE),
    mutant(
        "1/(1 - a) is missing",
        "drift costs a part of the progress",
        changed(T9, {gap0_upper: gap0_upper * 7 / 8}),
        T9,
        clients(0.5, 2),
        60,
        ONE,
    ),
    mutant(
        "drift is missing",
        "two steps under one sketch are not one of twice the size",
        changed(T10d_sharp, {L_max: 0}),
        T10d_sharp,
        clients(0.5, 2),
        40,
        ONE,
    ),
    silent(T9d, clients(0.05, 4, UNEQUAL), 300, 0.65),
    silent(T10d, clients(0.05, 4, UNEQUAL), 400),
    silent(T10d_sharp, clients(0.05, 4, UNEQUAL), 400),
    power_of_K(T9rr),
    power_of_K(T10rr),
    all_take_part(T9rr, ONE_OF_SOME, 400, SOME.W_star.item() + 0.01),
    all_take_part(T10rr, BY_CHANCE, 40, 3.0),
    without_order(T9rr, 300, 0.15),
    without_order(T10rr, 40, 3.0),
    silent(T9rr, ONE_OF_SOME, 400, SOME.W_star.item() + 0.01),
    silent(T10rr, BY_CHANCE, 40),
    mutant(
        "half of what sampling adds",
        "a chance of 1/2 attains the bound",
        changed(T10rr, {omega: omega / 2}),
        T10rr,
        BY_CHANCE,
        W0=np.full((1, 1), 3.0),
    ),
]
