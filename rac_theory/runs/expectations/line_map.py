r"""The moment map of steps that fit the draw along uniform lines, of Haar or Gaussian matrices of rank one.

Along the line of u both kinds of step are :math:`M = u u^\top / (u^\top S u)`. Signs of coordinates in the eigenbasis
of S change nothing in the law of u, so that the energies :math:`x_i` of the eigenvectors need not know what is between
them: :math:`x_i^+ = x_i - 2 \gamma s_i E[M_{ii}] x_i + \gamma^2 s_i \sum_k E[M_{ik}^2] s_k x_k`. With a standard normal
g in the place of u, and :math:`1/y = \int_0^\infty e^{-ty} dt` and :math:`1/y^2 = \int_0^\infty t e^{-ty} dt`,

.. math:: E[M_{ii}] = \int_0^\infty \frac{p(t)}{1 + 2 t s_i}\, dt, \qquad
    E[M_{ik}^2] = \int_0^\infty \frac{(1 + 2 \delta_{ik})\, t\, p(t)}{(1 + 2 t s_i)(1 + 2 t s_k)}\, dt, \qquad
    p(t) = \prod_j (1 + 2 t s_j)^{-1/2} .
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms import FLOOR
from rac_theory.base.checks import Array
from rac_theory.runs.expectations.frame import Frame
from rac_theory.runs.expectations.moment_map import Unsupported

_LOGS = np.arange(-60.0, 120.0, 0.25)
"""Of 2 t s_max: sums of such analytic functions over even points have no error but rounding."""


@dataclass(frozen=True, eq=False)
class LineMap:
    """``x -> A x`` for the energies of eigenvectors, (d,).

    Attributes
    ----------
    curvatures : (d,)
    A : (d, d)
        Symmetric.
    energies : callable
        W, (m, n), to x, (d,).
    """

    curvatures: Array
    A: Array
    energies: Callable[[Array], Array]

    def start(self, W: Array) -> Array:
        """Return the energies at W."""
        return self.energies(W)

    def step(self, state: Array) -> Array:
        """One step."""
        return np.asarray(self.A @ state)

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Half the sum of the energies, and the sums with the curvatures as weights and as divisors."""
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = float((state / self.curvatures).sum())
        return float(state.sum()) / 2, float(self.curvatures @ state), distance

    def unit_noise(self) -> Array:
        """Not known, as these steps are taken with exact gradients."""
        raise Unsupported("additive noise must not be mixed with steps that fit the draw")

    def rate(self, smallest: float) -> float:
        """The largest eigenvalue: no entry is negative."""
        curved = self.curvatures >= smallest
        return float(np.linalg.eigvalsh(self.A[curved][:, curved])[-1])


def line_map(frame: Frame, gamma: float) -> LineMap:
    """Return the map for a frame whose columns have the same curvatures."""
    s = np.broadcast_to(frame.curvatures[:, 0], frame.dim)
    first, second = _moments(s + FLOOR * s.max())
    A = np.diag(1 - 2 * gamma * s * first) + gamma**2 * s[:, None] * second * s
    return LineMap(s, A, lambda W: np.asarray((frame.curvatures * frame.coordinates(W) ** 2).sum(axis=1)))


def _moments(s: Array) -> tuple[Array, Array]:
    """``E[M_ii]``, (d,), and ``E[M_ik^2]``, (d, d)."""
    relative = s / s.max()
    x = np.exp(_LOGS)  # 2 t s_max
    weight = np.exp(_LOGS - 0.5 * np.log1p(np.outer(x, relative)).sum(axis=1)) * (_LOGS[1] - _LOGS[0]) / (2 * s.max())
    shares = 1 / (1 + np.outer(x, relative))
    second = (shares * (weight * x / (2 * s.max()))[:, None]).T @ shares
    return weight @ shares, second * (1 + 2 * np.eye(len(s)))
