r"""The moment map of a step with a minibatch of least squares: noise that is a function of the first two moments.

In energy coordinates the minibatch gradient is :math:`F (e + \xi)`, where :math:`\xi` has mean zero and, given e, the
covariance :math:`s\, (\frac1N \sum_i (K_i e + k_i)(K_i e + k_i)^\top - e e^\top)`, with s = 1/b with replacement and
(N - b) / (b (N - 1)) without. No minibatches need to be enumerated: with M = E[e e'] and m = E[e],

.. math:: M^+ = \ldots + E[N \Sigma N], \qquad
    \Sigma = s\, \Big( \tfrac1N \sum_i \big( K_i M K_i^\top + K_i m k_i^\top + k_i m^\top K_i^\top + k_i k_i^\top \big)
    - M \Big), \qquad m^+ = m - E[N]\, m .

where the dots are the step without noise.
"""

from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.runs.expectations.components import Components
from rac_theory.runs.expectations.matrix_map import MatrixMap
from rac_theory.runs.expectations.spectral_radius import spectral_radius


@dataclass(frozen=True, eq=False)
class MinibatchMap:
    """A state holds M and m side by side: (d, d + columns).

    Attributes
    ----------
    moments : MatrixMap
        The step without noise, of one group.
    components : Components
        Of f, in energy coordinates.
    share : float
        s, the variance of the mean of a minibatch over that of one component.
    """

    moments: MatrixMap
    components: Components
    share: float

    def start(self, W: Array) -> Array:
        """Return the moments at W."""
        e = np.sqrt(self.moments.h[0] / self.moments.gamma)[:, None] * self.moments.coordinates(W)
        return np.concatenate([e @ e.T, e], axis=1)

    def step(self, state: Array) -> Array:
        """One step."""
        M, m = np.split(state, [len(state)], axis=1)
        moved = self._moved(M, self._covariance(M, m))
        return np.concatenate([moved, m - self.moments.mean[0] @ m], axis=1)

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Read what the map without noise reads."""
        return self.moments.readout(state[None, :, : len(state)])

    def unit_noise(self) -> Array:
        """Return that of the map without noise, which leaves the mean alone."""
        M = self.moments.unit_noise()[0]
        return np.concatenate([M, np.zeros((len(M), self.components.k.shape[2]))], axis=1)

    def rate(self, smallest: float) -> float:
        """The larger of the factors of M and, unless one W minimises all components, of m."""
        curved = self.moments.h[0] >= self.moments.gamma * smallest
        mask = np.outer(curved, curved)

        def step(M: Array) -> Array:
            M = mask * M
            return np.asarray(mask * self._moved(M, self.share * (self._scatter(M) - M)))

        rate = spectral_radius(step, len(curved))
        if self.share == 0 or self.components.agree:
            return rate
        values = np.linalg.eigvalsh(self.moments.mean[0][np.ix_(curved, curved)])
        return max(rate, float(np.abs(1 - values).max()))

    def _moved(self, M: Array, covariance: Array) -> Array:
        """The step of the map without noise, and the noise."""
        return np.asarray((self.moments.step(M[None]) + self.moments.scattered(covariance[None]))[0])

    def _covariance(self, M: Array, m: Array) -> Array:
        K, k, _ = self.components
        cross = ((K @ m) @ np.swapaxes(k, 1, 2)).mean(axis=0)
        offsets = (k @ np.swapaxes(k, 1, 2)).mean(axis=0)
        return np.asarray(self.share * (self._scatter(M) + cross + cross.T + offsets - M))

    def _scatter(self, M: Array) -> Array:
        K = self.components.K
        return np.asarray((K @ M @ K).mean(axis=0))
