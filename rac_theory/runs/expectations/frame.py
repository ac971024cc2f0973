r"""The frame of a quadratic, its eigenbasis with the sketch along the first axis, and least squares in this frame.

**The components of least squares** have affine gradients in energy coordinates. With :math:`Q = F F^\top` and :math:`e
= F^\top v` (see ``moment_map``), component i has the gradient :math:`F (K_i e + k_i)`. A row x, y with residual
:math:`R = y - x^\top W^\star` adds :math:`F^{-1} x x^\top F^{-\top}` to K and :math:`-F^{-1} x R` to k; the penalty
adds :math:`l2\, F^{-1} F^{-\top}` and :math:`l2\, F^{-1} W^\star`. On average over components K is the identity and k
is zero, for the gradient of f is F e. Where Q is singular, all rows lie in its range, and F is inverted there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, repr_of
from rac_theory.numerics import EPS
from rac_theory.problems import Eigenbasis, Federated, LeastSquares, Problem, Quadratic
from rac_theory.runs.expectations.moment_map import LARGEST_STATE, Unsupported
from rac_theory.sketches.laws import SecondMoment, lifted

LARGEST_WHOLE = 64
"""The largest m n of a quadratic that is given by its full Hessian: the recursion then has (m n)^2 unknowns."""


@dataclass(frozen=True, eq=False)
class Frame:
    r"""Coordinates E, (d, k), whose columns descend apart: :math:`E_j \to E_j - \gamma H (\Lambda_j \circ E_j)`.

    Attributes
    ----------
    curvatures : (d, k), (d, 1) or (1, k)
        The eigenvalues :math:`\Lambda`, equal along an axis of length 1.
    basis : (d, d), optional
        Its columns are the axes of E in the coordinates of H; None is the identity.
    coordinates : callable
        W, (m, n), to E, (d, k).
    lift : callable
        M -> E[H M H] of the sketch to that of the projection which acts on d numbers.
    dim : int
        The length d of a column.
    columns : int
        How many columns have the same curvatures and so are one group: all, or one.
    is_whole : bool
        Whether d is m n, for want of a structure.
    """

    curvatures: Array
    basis: Array | None
    coordinates: Callable[[Array], Array]
    lift: Callable[[SecondMoment], SecondMoment]
    dim: int
    columns: int
    is_whole: bool

    @property
    def by_group(self) -> Array:
        """The curvatures of each group of columns, (g, d): one of all where they are the same, else one for each."""
        return np.broadcast_to(self.curvatures, (self.dim, self.curvatures.shape[1])).T

    def in_groups(self, W: Array) -> Array:
        """E at W, (m, n), by groups: (g, d, columns)."""
        E = self.coordinates(W)
        return E[None] if self.curvatures.shape[1] == 1 else np.ascontiguousarray(E.T[:, :, None])


def frame_of(problem: Problem, side: Literal["left", "right"]) -> Frame:
    """Return the frame of a quadratic, or of any problem that has an ``eigenbasis``; else raise ``Unsupported``."""
    eigenbasis = getattr(problem, "eigenbasis", None)
    if eigenbasis is None:
        return whole_frame(problem, partial(lifted, shape=problem.shape, side=side))
    left = side == "left"
    curvatures = eigenbasis.curvatures if left else eigenbasis.curvatures.T
    if np.ptp(curvatures, axis=0).max() <= 8 * EPS * curvatures.max():
        curvatures = curvatures[:1]
    return Frame(
        curvatures,
        eigenbasis.left if left else eigenbasis.right,
        eigenbasis.coordinates if left else lambda W: eigenbasis.coordinates(W).T,
        lift=lambda second_moment: second_moment,
        dim=problem.shape[0 if left else 1],
        columns=problem.shape[1 if left else 0] if curvatures.shape[1] == 1 else 1,
        is_whole=False,
    )


def minimum(problem: Problem) -> float:
    """The value from which gaps are counted: that of the minimiser in the eigenbasis, else ``f_star``."""
    eigenbasis = getattr(problem, "eigenbasis", None)
    return float(problem.f_star if eigenbasis is None else eigenbasis.floor)


def whole_frame(problem: Problem, lift: Callable[[SecondMoment], SecondMoment]) -> Frame:
    """Return the frame of all m n numbers at once, where no columns decouple."""
    m, n = problem.shape
    values, vectors, centre = _eigenvectors(problem)
    return Frame(
        np.maximum(values, 0.0)[:, None],
        vectors,
        coordinates=lambda W: np.asarray(vectors.T @ (W - centre).reshape(-1, 1)),
        lift=lift,
        dim=m * n,
        columns=1,
        is_whole=True,
    )


def _eigenvectors(problem: Problem) -> tuple[Array, Array, Array]:
    """Return the eigenvalues of the Hessian, (m n,), its eigenvectors as columns, and a minimiser, (m, n)."""
    m, n = problem.shape
    eigenbasis = getattr(problem, "eigenbasis", None)
    given = isinstance(problem, Quadratic) and problem.Q is not None
    if eigenbasis is None and not given:
        raise Unsupported(f"only quadratics with a known minimiser have exact expectations, got {repr_of(problem)}")
    if m * n > LARGEST_WHOLE:
        raise Unsupported(
            f"what does not decouple must be of size m n <= {LARGEST_WHOLE}, got {m * n}; "
            "one side of Quadratic.left, Quadratic.kronecker or LeastSquares has no such limit"
        )
    if eigenbasis is None:
        assert isinstance(problem, Quadratic)
        assert problem.Q is not None
        return *np.linalg.eigh(problem.Q), problem.W_star
    left = np.eye(m) if eigenbasis.left is None else eigenbasis.left
    right = np.eye(n) if eigenbasis.right is None else eigenbasis.right
    return np.broadcast_to(eigenbasis.curvatures, (m, n)).ravel(), np.kron(left, right), eigenbasis.centre


class Components(NamedTuple):
    """The matrices K_i, (N, d, d), the offsets k_i, (N, d, columns), and the size of what cancels in them."""

    K: Array
    k: Array
    scale: float

    @property
    def agree(self) -> bool:
        """Whether one W minimises all components: the offsets are zero, up to rounding."""
        return float(np.abs(self.k).max()) <= 1e-12 * self.scale


def pooled(problem: Problem) -> Problem:
    """Return clients with least squares as one least squares, whose rows weigh as they do in the mean over clients."""
    if not isinstance(problem, Federated):
        return problem
    clients = [_pooled_client(client, problem) for client in problem.clients]
    rows = sum(len(client.Y) for client in clients)
    shares = zip(problem.weights, clients, strict=True)
    weights = [math.sqrt(rows * weight / (sum(problem.weights) * len(client.Y))) for weight, client in shares]
    X = np.concatenate([weight * dense(client) for weight, client in zip(weights, clients, strict=True)])
    Y = np.concatenate([weight * client.Y for weight, client in zip(weights, clients, strict=True)])
    return LeastSquares(X, Y, clients[0].l2)


def components_in(frame: Frame, centre: Eigenbasis, problem: Problem) -> Components:
    """Return the rows of least squares, or the clients of a federation of it by their weights, in the frame of f.

    Parameters
    ----------
    frame : Frame
        With one group of columns.
    centre : Eigenbasis
        The eigenbasis of f, which has W*.
    problem : Problem
    """
    if isinstance(problem, Federated):
        clients = of_clients(frame, centre, problem)
        times = [len(clients) * weight / sum(problem.weights) for weight in problem.weights]
        means = [[getattr(rows, name).mean(axis=0) for rows in clients] for name in ("K", "k")]
        K, k = (np.stack([by * mean for by, mean in zip(times, of_each, strict=True)]) for of_each in means)
        return Components(K, k, max(rows.scale for rows in clients))
    if type(problem) is not LeastSquares:  # a subclass may have other components
        raise Unsupported(f"the components must be those of LeastSquares itself, got {type(problem).__name__}")
    return _rows(frame, centre, problem)


def of_clients(frame: Frame, centre: Eigenbasis, problem: Problem) -> list[Components]:
    """Return the components of each client, in the frame of f."""
    if not isinstance(problem, Federated):
        raise Unsupported(f"clients must be those of Federated itself, got {repr_of(problem)}")
    return [components_in(frame, centre, client) for client in problem.clients]


def _rows(frame: Frame, centre: Eigenbasis, problem: LeastSquares) -> Components:
    X, W_star, basis = dense(problem), centre.centre, frame.basis
    assert basis is not None
    n, k = problem.shape[1], problem.l2
    if len(X) * frame.dim**2 > LARGEST_STATE:
        raise Unsupported(
            f"all components together must be at most {LARGEST_STATE} numbers, got {len(X)} x {frame.dim} x {frame.dim}"
        )
    inverse = _inverse_roots(frame)
    if frame.is_whole:  # vec row by row: x' W has the matrix x' (x) I
        Z, axis = np.kron(X[:, None, :], np.eye(n)[None]) @ basis * inverse, 2
    else:
        Z, axis = (X @ basis)[:, None, :] * inverse, 1
    Zt, R, Y = Z.mT, *(np.expand_dims(rows, axis) for rows in (problem.Y - X @ W_star, problem.Y))
    shift = inverse[:, None] * (basis.T @ W_star.reshape(frame.dim, -1))
    return Components(Zt @ Z + k * np.diag(inverse**2), k * shift - Zt @ R, float(np.abs(Zt @ Y).max()))


def _inverse_roots(frame: Frame) -> Array:
    """``Lambda^{-1/2}``, (d,), zero where there is no curvature: rounding leaves eps times the largest there."""
    curvatures = np.broadcast_to(frame.curvatures[:, 0], (frame.dim,))
    curved = curved_directions(curvatures)
    return np.divide(1.0, np.sqrt(curvatures), out=np.zeros(frame.dim), where=curved)


def energy_roots(frame: Frame) -> Array:
    """Return the square roots of the curvatures of each group, (g, d), zero where there is none, up to rounding."""
    return np.sqrt(np.where([curved_directions(h) for h in frame.by_group], frame.by_group, 0.0))


def curved_directions(curvatures: Array) -> NDArray[np.bool_]:
    """Which eigenvalues are not zero up to the rounding errors of LAPACK."""
    return np.asarray(curvatures > 64 * EPS * curvatures.shape[-1] * curvatures.max())


def _pooled_client(client: Problem, problem: Problem) -> LeastSquares:
    client = pooled(client)
    if type(client) is not LeastSquares:
        raise Unsupported(f"the clients must have LeastSquares itself, got {repr_of(problem)}")
    return client


def dense(problem: LeastSquares) -> Array:
    """Return the features, (N, d), as an array."""
    return problem.X if isinstance(problem.X, np.ndarray) else np.asarray(problem.X.toarray())
