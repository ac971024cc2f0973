r"""The components of least squares in energy coordinates, where each of their gradients is affine.

With :math:`Q = F F^\top` and :math:`e = F^\top v` (see ``moment_map``), component i has the gradient
:math:`F (K_i e + k_i)`. A row x, y with residual :math:`R = y - x^\top W^\star` adds
:math:`F^{-1} x x^\top F^{-\top}` to K and :math:`-F^{-1} x R` to k; the penalty adds :math:`l2\, F^{-1} F^{-\top}` and
:math:`l2\, F^{-1} W^\star`. On average over components K is the identity and k is zero, for the gradient of f is F e.
Where Q is singular, all rows lie in its range, and F is inverted there.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, repr_of
from rac_theory.problems import Eigenbasis, Federated, LeastSquares, Problem
from rac_theory.runs.expectations.frame import Frame
from rac_theory.runs.expectations.matrix_map import LARGEST_STATE
from rac_theory.runs.expectations.moment_map import Unsupported


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
    X = np.concatenate([weight * _dense(client) for weight, client in zip(weights, clients, strict=True)])
    Y = np.concatenate([weight * client.Y for weight, client in zip(weights, clients, strict=True)])
    return LeastSquares(X, Y, clients[0].l2)


def components_in(frame: Frame, centre: Eigenbasis, problem: Problem) -> Components:
    """Return the rows of least squares, or the clients of a federation of it by their weights, in the frame of f.

    Parameters
    ----------
    frame : Frame
        With one group of columns.
    centre : Eigenbasis
        Of f: it says where W* is.
    problem : Problem
    """
    if isinstance(problem, Federated):
        clients = of_clients(frame, centre, problem)
        times = [len(clients) * weight / sum(problem.weights) for weight in problem.weights]
        means = [[getattr(rows, name).mean(axis=0) for rows in clients] for name in ("K", "k")]
        K, k = (np.stack([by * mean for by, mean in zip(times, of_each, strict=True)]) for of_each in means)
        return Components(K, k, max(rows.scale for rows in clients))
    if type(problem) is not LeastSquares:  # a subclass may have other components
        raise Unsupported(f"the components must be those of LeastSquares itself, got a {type(problem).__name__}")
    return _rows(frame, centre, problem)


def of_clients(frame: Frame, centre: Eigenbasis, problem: Problem) -> list[Components]:
    """Return the components of each client, in the frame of f."""
    if not isinstance(problem, Federated):
        raise Unsupported(f"clients must be those of Federated itself, got {repr_of(problem)}")
    return [components_in(frame, centre, client) for client in problem.clients]


def _rows(frame: Frame, centre: Eigenbasis, problem: LeastSquares) -> Components:
    X, W_star, basis = _dense(problem), centre.centre, frame.basis
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
    Zt, R, Y = np.swapaxes(Z, 1, 2), *(np.expand_dims(rows, axis) for rows in (problem.Y - X @ W_star, problem.Y))
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
    return np.asarray(curvatures > 64 * np.finfo(float).eps * curvatures.shape[-1] * curvatures.max())


def _pooled_client(client: Problem, problem: Problem) -> LeastSquares:
    client = pooled(client)
    if type(client) is not LeastSquares:
        raise Unsupported(f"the clients must have LeastSquares itself, got {repr_of(problem)}")
    return client


def _dense(problem: LeastSquares) -> Array:
    return problem.X if isinstance(problem.X, np.ndarray) else np.asarray(problem.X.toarray())
