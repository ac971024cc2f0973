"""The matrices at which a problem is tried: of every scale, along descents, and in the directions that curve most."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem, Smoothness, value_and_gradient
from rac_theory.testing.failures import Refuted

SCALES = (1e-3, 0.1, 1.0, 10.0, 100.0, 1e3)
EPS = float(np.finfo(float).eps)
NEAR = 10.0 ** -np.arange(1, 11)  # distances of neighbours, relative to each entry of W
_EACH = 6  # random matrices of each scale
_DENSE = 16  # entries of W up to which the Hessian is formed: Lanczos needs room
_STEPS = 40  # of gradient descent, along which curvature is looked at five times


@dataclass(frozen=True, eq=False)
class Probe:
    """A problem, and the places at which its claims are tried; the same for the same seed."""

    problem: Problem
    seed: int

    @property
    def name(self) -> str:
        """How sentences call the problem."""
        return type(self.problem).__name__

    def rng(self, stream: int) -> np.random.Generator:
        """A generator of its own for every purpose."""
        return np.random.default_rng([self.seed, stream])

    @cached_property
    def landmarks(self) -> Array:
        """Zero, and ``start`` and ``W_star`` where they are given: (k, m, n)."""
        given: list[Any] = [getattr(self.problem, name, None) for name in ("start", "W_star")]
        return np.stack([np.zeros(self.problem.shape), *(np.asarray(W, dtype=float) for W in given if W is not None)])

    @cached_property
    def places(self) -> Array:
        """Landmarks, and matrices of every scale around them, where f and its gradient are finite: (k, m, n)."""
        rng, around = self.rng(0), self.landmarks
        near = [around + scale * rng.standard_normal((_EACH, *around.shape)) for scale in SCALES]
        W = np.concatenate([around, *(block.reshape(-1, *around.shape[1:]) for block in near)])
        value, G = value_and_gradient(self.problem, W)
        fine = np.isfinite(value) & np.isfinite(G).all(axis=(1, 2))
        small = len(around) * (1 + _EACH * sum(scale <= 1 for scale in SCALES))
        if not fine[:small].all():
            W_bad = W[np.flatnonzero(~fine[:small])[0]]
            raise Refuted(f"{self.name} must have a finite value and gradient", W=W_bad)
        return W[fine]

    @cached_property
    def lowest(self) -> Array:
        """The matrix of the smallest value that quasi-Newton descents from several places reach, (m, n)."""
        rng = self.rng(1)
        starts = [*self.landmarks, *(s * rng.standard_normal(self.problem.shape) for s in (1.0, 10.0))]
        ends = np.stack([*self.landmarks, *(self._descended(W) for W in starts)])
        values = np.nan_to_num(np.asarray(self.problem.value(ends)), nan=math.inf)
        return np.asarray(ends[int(np.argmin(values))])

    @cached_property
    def lowest_value(self) -> float:
        """f at ``lowest``: never below the infimum, apart from rounding."""
        return float(self.problem.value(self.lowest))

    @cached_property
    def resolution(self) -> float:
        """What rounding may make of values near the minimum, and as a rule far more."""
        values = np.asarray(self.problem.value(np.concatenate([self.landmarks, self.lowest[None]])))
        size = float(np.linalg.norm(self.lowest))
        inner = self.gradient_scale * size * (1 + size)  # terms that are products with W may cancel in large ones
        return 1e4 * EPS * float(np.abs(values).max()) + 16 * EPS * inner

    @cached_property
    def gradient_scale(self) -> float:
        """The norm of gradients at landmarks and around zero, against which their rounding is measured."""
        W = np.concatenate([self.landmarks, self.rng(3).standard_normal((4, *self.problem.shape))])
        return float(np.sqrt(squared_norms(np.asarray(self.problem.gradient(W)))).max())

    @cached_property
    def trajectory(self) -> Array:
        """Matrices along gradient descents from several places, (k, m, n)."""
        rng = self.rng(2)
        W = np.concatenate([self.landmarks, rng.standard_normal((2, *self.problem.shape))])
        steepest = self.directions(W[:1])[1][0]
        change = self.problem.gradient(W[:1] + steepest) - self.problem.gradient(W[:1])
        rate = 1 / max(float(np.sqrt(squared_norms(change)[0] / np.sum(steepest**2))), 1e-100)
        path, bound = [W], 1 + float(squared_norms(W).max())
        for _ in range(_STEPS):
            moved = W - rate * self.problem.gradient(W)
            W = np.where((squared_norms(moved) < 1e8 * bound)[:, None, None], moved, W)
            path.append(W)
        return np.concatenate([path[t] for t in (0, 1, 4, 12, _STEPS)])

    def directions(self, places: Array, beyond: Smoothness | None = None) -> Array:
        """Short steps at each place along which f, less Q, curves least and most: (k, m, n) to (2, k, m, n)."""
        extremes = [self._extremes(W, index, beyond) for index, W in enumerate(places)]
        return np.swapaxes(np.array(extremes), 0, 1)

    def _extremes(self, W: Array, index: int, beyond: Smoothness | None) -> Array:
        """The extreme eigenvectors of the Hessian of differences at W, less Q if given, as steps: (2, m, n)."""
        h = 1e-4 * (1 + float(np.abs(W).max()))
        size = W.size

        def products(V: Array) -> Array:
            U = h * V.reshape(-1, *W.shape)
            curved = (self.problem.gradient(W + U) - self.problem.gradient(W - U)) / (2 * h)
            return np.asarray(curved if beyond is None else curved - beyond.times(U) / h).reshape(-1, size)

        if size <= _DENSE:
            hessian = np.nan_to_num(products(np.eye(size)), posinf=0.0, neginf=0.0)
            vectors = np.linalg.eigh((hessian + hessian.T) / 2)[1][:, [0, -1]]
        else:
            operator = LinearOperator((size, size), matvec=lambda v: products(v)[0], dtype=np.float64)
            vectors = _lanczos(operator, self.rng(100 + index).standard_normal(size))
        return h * vectors.T.reshape(2, *W.shape)

    def _descended(self, W: Array) -> Array:
        """The end of a quasi-Newton descent from W, (m, n)."""

        def fused(w: Array) -> tuple[float, Array]:
            value, G = value_and_gradient(self.problem, w.reshape(W.shape))
            return float(value), np.asarray(G, dtype=float).ravel()

        done = minimize(fused, W.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": 0, "gtol": 0})
        return np.asarray(done.x.reshape(W.shape))


def agree(a: Array, b: Array, scale: Array | float, rtol: float) -> bool:
    """Whether each matrix of a batch differs by at most ``rtol`` times its scale."""
    with np.errstate(invalid="ignore"):
        return bool((np.sqrt(squared_norms(a - b)) <= rtol * np.asarray(scale) + 1e-300).all())


def _lanczos(operator: LinearOperator, start: Array) -> Array:
    """The extreme eigenvectors that Lanczos finds, (size, 2); any vector will do, as pairs decide, not eigenvalues."""
    try:
        return np.asarray(eigsh(operator, k=2, which="BE", v0=start, tol=1e-3, maxiter=20)[1])
    except ArpackError as failure:  # unfinished, or no curvature at all
        vectors = np.asarray(getattr(failure, "eigenvectors", np.empty((len(start), 0))))
        unit = start / np.linalg.norm(start)
        return np.stack([vectors[:, 0], vectors[:, -1]], axis=1) if vectors.size else np.stack([unit, unit], axis=1)


def siblings(W: Array, rng: np.random.Generator) -> list[Array]:
    """What a cache could take for W: others that share a number with it, and near ones."""
    D = rng.standard_normal(W.shape)
    first, last = D.copy(), D.copy()
    first.flat[0], last.flat[-1] = W.flat[0], W.flat[-1]
    others = [D, first, last, -W, W.ravel()[::-1].reshape(W.shape), W.astype(np.float32).astype(np.float64)]
    return others + [W * (1 + step * np.sign(D)) for step in NEAR]
