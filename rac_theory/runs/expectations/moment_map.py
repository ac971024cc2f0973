r"""A moment map: what one outer step does to the second moment of the distance from a minimiser.

On a quadratic a step without noise is linear, :math:`v^+ = (I - \gamma P Q) v` with v = vec(W - W*) and a random
projection P of :math:`R^{mn}`. So the second moment obeys a linear recursion, and with it E f and E||grad f||^2. All
maps use *energy coordinates* :math:`e = Q^{1/2} v`, in any orthonormal basis of the range of Q,

.. math:: e^+ = (I - N)\, e, \quad N = \gamma\, Q^{1/2} P Q^{1/2}, \qquad
    M^+ = M - E[N] M - M E[N] + E[N M N], \quad M = E[e e^\top],

in which f - f* is half the squared norm, N is symmetric, and a singular Q leaves nothing behind that never moves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

from rac_theory.base import Array, advance, task

_DENSE = 16  # the side up to which the matrix of a map is formed

LARGEST_STATE = 1 << 18
"""The most numbers in a state: one group of 512 x 512, or 64 of 64 x 64."""


class Unsupported(ValueError):
    """There is no exact route: the message is the reason. Nothing is guessed; ``simulate`` always has an answer.

    Examples
    --------
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory import Case, RACLoRA, Unsupported, expected
    >>> from rac_theory.sketches import Gaussian
    >>> try:
    ...     expected(Case(RACLoRA(Gaussian(2, 1), gamma=0.1), PLSine((2, 1)), steps=3))
    ... except Unsupported as error:
    ...     print(str(error).partition(",")[0])
    only quadratics with a known minimiser have exact expectations
    """


class MomentMap(Protocol):
    """One step on a state that holds second moments. It is linear, or affine for a source of noise.

    What mixes steps mixes maps: a step that is drawn from several has the weighted mean of their maps, and noise that
    does not depend on the iterate adds a fixed state.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.runs.expectations.moment_map import curves
    >>> class Descent:  # gradient descent with step gamma on ||W||^2 / 2: the state is E||W||^2
    ...     gamma = 0.5
    ...
    ...     def start(self, W):
    ...         return np.square(W).sum()
    ...
    ...     def step(self, state):
    ...         return (1 - self.gamma) ** 2 * state
    ...
    ...     def readout(self, state):
    ...         return state / 2, state, state
    ...
    ...     def rate(self, smallest):
    ...         return (1 - self.gamma) ** 2
    >>> curves(Descent(), np.ones((2, 1)), steps=2).tolist()  # gap, squared gradient, squared distance
    [[1.0, 0.25, 0.0625], [2.0, 0.5, 0.125], [2.0, 0.5, 0.125]]
    """

    def start(self, W: Array, /) -> Array:
        """The state of a run that is at W, (m, n), with certainty."""

    def step(self, state: Array, /) -> Array:
        """The state one outer step later."""

    def readout(self, state: Array, /) -> tuple[float, float, float]:
        """``E f - f*``, ``E||grad f||^2`` and ``E||W - W*||^2``; the last is nan if there are more minimisers."""

    def rate(self, smallest: float, /) -> float:
        """The spectral radius: the factor a step by which ``E f - f*`` changes in the end, from a generic start.

        Curvatures below ``smallest`` are zeros: what is there carries no energy, and its factor of 1 must not count.
        """


def curves(moments: MomentMap, W: Array, steps: int, dtype: type = np.float64) -> Array:
    """Return ``E f - f*``, ``E||grad f||^2`` and ``E||W - W*||^2`` at t = 0, ..., steps: (3, steps + 1)."""
    read: Array = np.empty((steps + 1, 3), dtype)
    state = moments.start(W)
    with np.errstate(over="ignore", invalid="ignore"), task("steps", steps):  # too long a step diverges
        for t in range(steps):
            read[t] = moments.readout(state)
            state = moments.step(state)
            advance()
        read[steps] = moments.readout(state)
    return read.T


@dataclass(frozen=True, eq=False)
class NoisyMap:
    r"""One step of another map, then :math:`\gamma^2 E[Q^{1/2} P n n^\top P Q^{1/2}]`.

    The squared gradient that is read out is that of f, without noise. The rate is that at which E f approaches the
    floor which the noise keeps it from.

    Attributes
    ----------
    moments : MomentMap
        The step without noise.
    added : array
        The state that noise adds in a step.
    """

    moments: MomentMap
    added: Array

    def start(self, W: Array) -> Array:
        """Return the state at W."""
        return self.moments.start(W)

    def step(self, state: Array) -> Array:
        """One step."""
        return np.asarray(self.moments.step(state) + self.added)

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Read what the map without noise reads."""
        return self.moments.readout(state)

    def rate(self, smallest: float) -> float:
        """Return that of the map without noise."""
        return self.moments.rate(smallest)


@dataclass(frozen=True, eq=False)
class ChangingMap:
    """A state holds t beside that of the maps, which all have the same: energy coordinates do not depend on the step.

    Attributes
    ----------
    at : callable
        t to the map of the step from t to t + 1.
    """

    at: Callable[[int], MomentMap]

    @cached_property
    def first(self) -> MomentMap:
        """The map of the first step, which reads what all have."""
        return self.at(0)

    def start(self, W: Array) -> Any:
        """Return the state at W, for t = 0."""
        return 0, self.first.start(W)

    def step(self, state: Any) -> Any:
        """One step, of the size that it has at t."""
        t, moments = state
        return t + 1, self.at(t).step(moments)

    def readout(self, state: Any) -> tuple[float, float, float]:
        """Read what the maps read."""
        return self.first.readout(state[1])

    def rate(self, smallest: float) -> float:
        """Not known: there is none."""
        raise Unsupported("steps must have one size to have a rate: where they decrease, no factor a step is the last")


def spectral_radius(step: Callable[[Array], Array], size: int) -> float:
    """Return the spectral radius of M -> step(M), (size, size) to (size, size), not symmetric in general.

    It is an eigenvalue, and belongs to a positive semidefinite matrix (Krein and Rutman).
    """

    def apply(x: Array) -> Array:
        M = x.reshape(size, size)
        return np.asarray(step((M + M.T) / 2).ravel())

    if size <= _DENSE:
        matrix = np.stack([apply(unit) for unit in np.eye(size * size)])
        return float(np.abs(np.linalg.eigvals(matrix)).max())
    return abs(outermost_eigenvalue(partial(eigs, which="LM"), apply, np.eye(size).ravel()))


def outermost_eigenvalue(solver: Callable[..., Any], apply: Callable[[Array], Array], first: Array) -> complex:
    """Return the eigenvalue of a linear map that a solver of ARPACK finds from a first vector."""
    operator = LinearOperator((first.size, first.size), matvec=apply, dtype=np.float64)
    try:
        return complex(solver(operator, k=1, v0=first, return_eigenvectors=False)[0])
    except ArpackError as error:
        raise Unsupported(f"the spectral radius of the second moment recursion was not found: {error}") from error
