"""The cases of the engine's benchmark: a problem, and the same function as a formula that any array library can run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rac_theory.problems import LeastSquares, Quadratic, SoftmaxRegression


@dataclass(frozen=True, eq=False)
class BenchmarkCase:
    """What every contestant is given; runs start at zero and take steps of 1/L under a Gaussian sketch of this rank.

    Attributes
    ----------
    formula : callable
        ``formula(xp, *arrays)`` is a function W -> (value, gradient) written with the library xp, for a batch
        (..., m, n) as for one matrix.
    """

    problem: Any
    rank: int
    steps: int
    formula: Callable[..., Any]
    arrays: tuple[Any, ...]

    @property
    def shape(self):
        return self.problem.shape

    @property
    def gamma(self):
        return 1 / self.problem.L

    @property
    def numbers(self):
        """The size of the largest array that a step of one run needs: the iterate or the scores of all samples."""
        return self.shape[1] * max(self.shape[0], len(self.arrays[0]))

    def bind(self, xp):
        """Return W -> (value, gradient) for a library."""
        return self.formula(xp, *(xp.asarray(np.array(array)) for array in self.arrays))  # torch wants a writable copy


@dataclass(frozen=True, eq=False)
class BlackBox:
    """A problem with nothing but its values, gradients and constants: no spectrum that an engine could use."""

    problem: Any

    shape = property(lambda self: self.problem.shape)
    L = property(lambda self: self.problem.L)
    mu = property(lambda self: self.problem.mu)
    strong_convexity = property(lambda self: self.problem.strong_convexity)
    convex = property(lambda self: self.problem.convex)
    f_star = property(lambda self: self.problem.f_star)
    f_lower = property(lambda self: self.problem.f_lower)

    def value(self, W):
        return self.problem.value(W)

    def gradient(self, W):
        return self.problem.gradient(W)

    def value_and_gradient(self, W):
        return self.problem.value_and_gradient(W)


def quadratic(m, n, rank, steps):
    """Condition number 100, in a random basis."""
    rng = np.random.default_rng(0)
    V = np.linalg.qr(rng.standard_normal((m, m)))[0]
    problem = Quadratic.left((V * np.geomspace(0.01, 1, m)) @ V.T, rng.standard_normal((m, n)))
    return BenchmarkCase(problem, rank, steps, _quadratic_formula, (problem.S, problem.W_star))


def least_squares(N, d, k, rank, steps):
    """A linear model with noise."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, d))
    problem = LeastSquares(X, X @ rng.standard_normal((d, k)) + rng.standard_normal((N, k)))
    return BenchmarkCase(problem, rank, steps, _least_squares_formula, (problem.X, problem.Y.T.copy()))


def softmax(rank, steps, l2=0.1):
    """The handwritten digits, 1797 x 64 in ten classes."""
    problem = SoftmaxRegression.digits(l2=l2)
    indicator = problem.classes == problem.labels[:, None]
    own = problem.X.T @ indicator / len(problem.labels)  # what each sample's own label contributes to the gradient
    return BenchmarkCase(problem, rank, steps, _softmax_formula, (problem.X, own, l2))


ALL = {
    "3x3-r1": lambda: quadratic(3, 3, rank=1, steps=100),
    **{f"64x10-r{r}": lambda r=r: quadratic(64, 10, rank=r, steps=100) for r in (1, 4, 16)},
    **{f"100x100-r{r}": lambda r=r: quadratic(100, 100, rank=r, steps=128) for r in (1, 4, 16)},
    **{f"512x512-r{r}": lambda r=r: quadratic(512, 512, rank=r, steps=128) for r in (1, 4, 16)},
    "least-squares-r4": lambda: least_squares(1000, 64, 10, rank=4, steps=100),
    "softmax-digits-r4": lambda: softmax(rank=4, steps=100),
}
"""Name to a function that builds the case: the large ones are built only when they are asked for."""


def _quadratic_formula(xp, S, W_star):
    def value_and_gradient(W):
        E = W - W_star
        G = S @ E
        return (E * G).sum((-2, -1)) / 2, G

    return value_and_gradient


# With the classes first, (..., k, N), the runs of a batch fold into one matrix product in every library.


def _least_squares_formula(xp, X, Yt):
    N = X.shape[0]

    def value_and_gradient(W):
        residuals = W.mT @ X.T - Yt
        return (residuals * residuals).sum((-2, -1)) / (2 * N), (residuals @ X).mT / N

    return value_and_gradient


def _softmax_formula(xp, X, own, l2):
    N = X.shape[0]

    def value_and_gradient(W):
        Z = W.mT @ X.T
        peak = xp.amax(Z, axis=-2, keepdims=True)
        P = xp.exp(Z - peak)
        total = xp.sum(P, axis=-2, keepdims=True)
        loss = (xp.log(total) + peak).mean((-2, -1)) - (own * W).sum((-2, -1))
        return loss + l2 / 2 * (W * W).sum((-2, -1)), ((P / (N * total)) @ X).mT - own + l2 * W

    return value_and_gradient
