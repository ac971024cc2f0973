"""RAC-LoRA written by hand, right and wrong in every way that a check should name."""

import numpy as np

from rac_theory import Bernoulli, Case, Implementation, Minibatch, RACLoRA, sketches
from rac_theory.problems import LeastSquares
from rac_theory.testing import check_algorithm
from tests.testing.failing import refuted

RNG = np.random.default_rng(28)
X, Y = RNG.normal(size=(20, 6)), RNG.normal(size=(20, 4))
LEAST = LeastSquares(X, Y, l2=0.2)
GAMMA = 1 / LEAST.L
BATCH = Minibatch(4)
RAC = RACLoRA(sketches.Gaussian(6, 2), GAMMA)
SAMPLED = RACLoRA(RAC.sketch, GAMMA, gradients=BATCH)
PLAIN = RACLoRA(RAC.sketch, GAMMA, lora_alpha=1.0)
COIN = Bernoulli(RAC.sketch, sketches.Gaussian(4, 2), GAMMA)
DRAWS = 512


def batch_gradient(W, i):
    """The mean gradient, without the penalty, of the components that each run has a list of."""
    return np.swapaxes(X[i], 1, 2) @ (X[i] @ W - Y[i]) / i.shape[1]


class Mine:
    """RAC-LoRA by hand, for a block of runs, and what may go wrong with it."""

    def __init__(self, **changes):
        self.scale, self.side, self.fresh, self.momentum = 1.0, "left", True, 0.0
        self.decay, self.bias, self.rows, self.batch, self.sketched = 0.0, 0.0, 20, 0, True
        self.lora_alpha, self.law, self.shrinks = None, "gaussian", False
        vars(self).update(changes)

    def gradient(self, W, rng):
        if not self.batch:
            return X[: self.rows].T @ (X[: self.rows] @ W - Y[: self.rows]) / self.rows + self.decay * W + self.bias
        i = rng.permuted(np.tile(np.arange(self.rows), (len(W), 1)), axis=1)[:, : self.batch]
        return batch_gradient(W, i)

    def matrices(self, rng, runs):
        d = 6 if self.side == "left" else 4
        if not self.sketched:
            return np.tile(np.eye(d), (runs, 1, 1))
        if self.law == "coordinates":
            return np.stack([np.diag(rng.permutation(np.arange(d) < 2) * 1.0) for _ in range(runs)])
        S = rng.standard_normal((runs, d, 2))
        if self.lora_alpha is not None:
            return (self.lora_alpha / 2) ** 2 * S @ np.swapaxes(S, 1, 2)
        Q = np.linalg.qr(S)[0]
        return Q @ np.swapaxes(Q, 1, 2)

    def iterates(self, problem, W, rng):
        H, move, t = None, 0.0, 0
        while True:
            H = self.matrices(rng, len(W)) if self.fresh or H is None else H
            G = (self.gradient(W, rng) + 0.2 * W) * self.slowness(problem)
            t += 1
            scale = self.scale / t if self.shrinks else self.scale
            move = self.momentum * move - scale * GAMMA * (H @ G if self.side == "left" else G @ H)
            W = W + move
            yield W

    def slowness(self, problem):
        """A check may give it a multiple of the problem."""
        one = np.ones((6, 4))
        return np.linalg.norm(problem.gradient(one)) / np.linalg.norm(LEAST.gradient(one))


class LosesRank(Mine):
    """Both columns of some sketches are one."""

    lost = 1 / 20

    def matrices(self, rng, runs):
        S = rng.standard_normal((runs, 6, 2))
        lost = rng.random(runs) < self.lost
        S[lost, :, 1] = S[lost, :, 0]
        return S @ np.linalg.pinv(S)


def step(W, rng):
    """RAC-LoRA by hand, for one matrix."""
    B = rng.standard_normal((6, 2))
    return W - GAMMA * B @ np.linalg.solve(B.T @ B, B.T @ (X.T @ (X @ W - Y) / 20 + 0.2 * W))


def declared(own, implements=RAC, steps=60, problem=LEAST):
    return Case(Implementation(own, implements=implements), problem, steps=steps)


def checked(own, words="", implements=RAC, steps=60, problem=LEAST, **given):
    """Of a right implementation the case as checked; where there are words, it is refused in these."""
    case, given = declared(own, implements, steps, problem), {"draws": DRAWS} | given
    return refuted(words, check_algorithm, case, **given) if words else check_algorithm(case, **given)
