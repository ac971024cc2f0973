"""Functions of d variables whose constants are known: sums of functions of one variable, in a basis that is turned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Piece:
    """A function of one variable whose infimum, 0, is at 0."""

    value: Callable
    slope: Callable
    L: float
    mu: float = 0.0
    s: float = 0.0
    convex: bool = True
    is_smooth: bool = True  # whether L is a Lipschitz constant of the slope


@dataclass(frozen=True)
class Function:
    """``f`` and its gradient, of points (..., d), with its constants: 0 for mu or s if there are none."""

    value: Callable
    gradient: Callable
    L: float
    infimum: float
    minimiser: np.ndarray | None
    mu: float = 0.0
    s: float = 0.0
    convex: bool = False
    hessian: np.ndarray | None = None
    is_certified: bool = True  # whether infimum is the infimum, and not a number below it
    is_smooth: bool = True
    curvature: np.ndarray | None = None  # an upper bound Q of how f is curved


def parabola(L):
    return Piece(lambda x: L * x**2 / 2, lambda x: L * x, L, mu=L if L else np.inf, s=L)


def huber(L, width):
    """A parabola, and beyond ``width`` straight lines: for small widths it is close to ``|x|``."""
    return Piece(
        lambda x: np.where(abs(x) <= width, L * x**2 / 2, L * width * (abs(x) - width / 2)),
        lambda x: L * np.clip(x, -width, width),
        L,
    )


def corner(slope):
    """``slope |x|``, which is convex, and not smooth whatever L is said to be."""
    return Piece(lambda x: slope * abs(x), lambda x: slope * np.sign(x), 1.0, is_smooth=False)


def log_cosh(L):
    return Piece(lambda x: L * (np.logaddexp(x, -x) - np.log(2)), lambda x: L * np.tanh(x), L)


def cosine(L):
    return Piece(lambda x: L * (1 - np.cos(x)), lambda x: L * np.sin(x), L, convex=False)


def wave(L):
    """Parabolas that are joined, upwards and downwards in turn, each one long: nothing is smooth and bends more."""

    def slope(x):
        return L * (abs((x - 0.5) % 2 - 1) - 0.5)

    def value(x):
        at = abs((x + 1) % 2 - 1)  # in [0, 1], by symmetry
        return np.where(at <= 0.5, L * at**2 / 2, L * (0.25 - (1 - at) ** 2 / 2))

    return Piece(value, slope, L, convex=False)


@cache
def rippled(a):
    """``x^2/2 + a sin^2 x``: for a > 1/2 it is not convex, and PL as long as its slope is 0 nowhere else."""
    x = np.linspace(1e-3, 60, 100_001)  # beyond, the ratio is within a few percent of 1
    mu = 0.95 * np.min((x + a * np.sin(2 * x)) ** 2 / (x**2 + 2 * a * np.sin(x) ** 2))
    s = max(0.0, 1 - 2 * a)
    return Piece(
        lambda x: x**2 / 2 + a * np.sin(x) ** 2, lambda x: x + a * np.sin(2 * x), 1 + 2 * a, mu, s, convex=s > 0
    )


def separable(pieces: Sequence[Piece], centre, basis=None) -> Function:
    """Return the sum of a piece for each vector of a basis, of points as they are seen from the centre."""
    d = len(pieces)
    U, centre = np.eye(d) if basis is None else basis, np.asarray(centre, dtype=float)

    def value(W):
        x = (W - centre) @ U
        return sum(piece.value(x[..., j]) for j, piece in enumerate(pieces))

    def gradient(W):
        x = (W - centre) @ U
        return np.stack([piece.slope(x[..., j]) for j, piece in enumerate(pieces)], axis=-1) @ U.T

    mu = min(piece.mu for piece in pieces)
    return Function(
        value,
        gradient,
        max(piece.L for piece in pieces),
        0.0,
        centre,
        mu if np.isfinite(mu) else 0.0,
        min(piece.s for piece in pieces),
        all(piece.convex for piece in pieces),
        is_smooth=all(piece.is_smooth for piece in pieces),
        curvature=U @ np.diag([piece.L for piece in pieces]) @ U.T,
    )


def quadratic(hessian, centre, least=0.0) -> Function:
    """``<W - c, A (W - c)> / 2 + least``, A positive semidefinite; it is PL even if A has no inverse."""
    A, c = np.asarray(hessian, dtype=float), np.asarray(centre, dtype=float)
    eigenvalues = np.linalg.eigvalsh(A)
    s, L = max(0.0, eigenvalues[0]), eigenvalues[-1]
    s = s if s > 1e-9 * L else 0.0
    mu = min(eigenvalues[eigenvalues > 1e-9 * L])

    def value(W):
        return np.sum((W - c) * ((W - c) @ A), axis=-1) / 2 + least

    return Function(value, lambda W: (W - c) @ A, L, least, c, mu, s, True, A, curvature=A)


def mean_of(functions: Sequence[Function]) -> Function:
    """Return the mean; where neither all are quadratic nor one point minimises all, its infimum is not known."""

    def value(W):
        return np.mean([f.value(W) for f in functions], axis=0)

    def gradient(W):
        return np.mean([f.gradient(W) for f in functions], axis=0)

    L = max(f.L for f in functions)
    if all(f.hessian is not None for f in functions):
        A = np.mean([f.hessian for f in functions], axis=0)
        c = np.linalg.pinv(A) @ np.mean([f.hessian @ f.minimiser for f in functions], axis=0)
        return quadratic(A, c, float(value(c)))
    convex, least = all(f.convex for f in functions), float(np.mean([f.infimum for f in functions]))
    Q = np.mean([f.curvature for f in functions], axis=0)
    s = float(np.mean([f.s for f in functions]))
    if all(np.array_equal(f.minimiser, functions[0].minimiser) for f in functions):
        return Function(value, gradient, L, least, functions[0].minimiser, s, s, convex, curvature=Q)
    return Function(value, gradient, L, least, None, convex=convex, is_certified=False, curvature=Q)
