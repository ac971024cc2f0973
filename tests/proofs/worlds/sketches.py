"""Sketches with finite support: projections H of all ranks, with probabilities, so that a mean is a sum."""

from dataclasses import dataclass

import numpy as np

TINY = 1e-9


@dataclass(frozen=True)
class Sketch:
    """Projections (n, d, d) and their probabilities (n,)."""

    H: np.ndarray
    p: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return np.tensordot(self.p, self.H, axes=1)

    @property
    def spectrum(self) -> tuple[float, float]:
        """The smallest and the largest eigenvalue of the mean, no less than 0 and no more than 1."""
        eigenvalues = np.linalg.eigvalsh(self.mean)
        return min(1.0, max(0.0, eigenvalues[0])), min(1.0, eigenvalues[-1])

    def along(self, Q: np.ndarray) -> float:
        """The least number L_H with ``E[H Q H] <= L_H E[H]``."""
        eigenvalues, U = np.linalg.eigh(self.mean)
        root = U[:, eigenvalues > TINY] / np.sqrt(eigenvalues[eigenvalues > TINY])
        seen = np.einsum("n,nij,jk,nkl->il", self.p, self.H, Q, self.H)
        return float(np.linalg.eigvalsh(root.T @ seen @ root)[-1])


def whole(d: int) -> Sketch:
    return Sketch(np.eye(d)[None], np.ones(1))


def turned(rng, d):
    """Return a random orthonormal basis."""
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def axes(p, basis=None) -> Sketch:
    """Return a sketch that draws one vector of a basis, or none if the probabilities p add up to less than one."""
    d = len(p)
    U = np.eye(d) if basis is None else basis
    H = np.array([*(np.outer(u, u) for u in U.T), np.zeros((d, d))])
    return Sketch(H, np.append(p, max(0.0, 1 - sum(p))))


def random(rng, d: int, draws: int = 4) -> Sketch:
    """Return random subspaces of ranks up to d, with uneven probabilities."""
    ranks = rng.integers(1, d + 1, size=draws)
    bases = [turned(rng, d)[:, :rank] for rank in ranks]
    return Sketch(np.array([B @ B.T for B in bases]), rng.dirichlet(np.ones(draws)))


def some(rng, d: int) -> Sketch:
    """Return a sketch of a random kind."""
    kind = rng.integers(5)
    if kind == 0:
        return whole(d)
    if kind == 1:
        return axes(np.full(d, rng.uniform(0.1, 1) / d), turned(rng, d))
    if kind == 2:
        return axes(rng.dirichlet(np.ones(d)) * rng.uniform(0.5, 1), turned(rng, d))
    return random(rng, d, draws=int(rng.integers(1, 5)))
