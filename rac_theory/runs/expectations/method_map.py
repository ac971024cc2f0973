r"""The moment map of a method: the second moments of all its states, for every law of H with known moments.

Gradients of a quadratic are affine, :math:`g = Q_i (Y - W^\star) + k_i` for the draw i of the data, with one i for all
points of a step. So what a step is before H acts, the next states z and the argument v of H, is affine in the states,
and with states x counted from where they are at a minimiser, M = E[x x'] and m = E[x],

.. math:: J = E \begin{pmatrix} z \\ v \end{pmatrix} \begin{pmatrix} z \\ v \end{pmatrix}^\top, \qquad
    x^+ = z + b \otimes H v, \qquad
    M^+ = J_{zz} + J_{zv} E[H]\, b^\top + b\, E[H]\, J_{vz} + b\, E[H J_{vv} H]\, b^\top .

A minibatch has the variance s of one component, so that J is (1 - s) times that of the gradient of f and s times the
mean of those of the components. Additive noise adds what it makes of z and v. If H has two invariants, or is I, the
states of each eigenvector of Q are a system of their own but for the trace in E[HXH]; else blocks are of all d numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here
from numpy.typing import NDArray

from rac_theory.algebra import fraction
from rac_theory.algorithms import MethodDescent, Program
from rac_theory.base import Array
from rac_theory.runs.expectations.frame import Frame
from rac_theory.runs.expectations.moment_map import Unsupported, spectral_radius
from rac_theory.sketches.laws import SecondMoment

_RANK = 1e-9  # relative: smaller singular values of what is reached, or seen, are none
_FIXED = 1e-12
_HALVINGS = 44

Numbers = NDArray[Any]
"""Floats, or Fractions in an object array."""


@dataclass(frozen=True, eq=False)
class Law:
    """What is known of H on d numbers: floats or Fractions.

    Attributes
    ----------
    second_moment : callable
        J_vv to E[H J_vv H].
    mean : (r, r)
        E[H].
    trace : float or None
        b of the two invariants, where eigenvectors are systems of their own; None where they are not.
    """

    second_moment: SecondMoment
    mean: Numbers
    trace: float | None = None


@dataclass(frozen=True, eq=False)
class Data:
    """The gradients that a step may see, each with its weight: ``Q (Y - W*) + k``, k at the minimiser.

    The d numbers of a column are s systems of r: of one eigenvector each, or all d in one.

    Attributes
    ----------
    Q : (n, g, s, r, r)
    k : (n, g, s, r, columns), or 0
    weights : (n,)
    variance : float
        The variance of each entry of additive noise.
    agree : bool
        Whether all k are zero up to rounding.
    """

    Q: Numbers
    k: Any
    weights: Numbers
    variance: Any = 0
    agree: bool = True


@dataclass(frozen=True, eq=False)
class Parts:
    """What a step is before H acts, and what is reported, for the K = k r numbers of k states of a system.

    Attributes
    ----------
    steps : (n, g, s, K + r, K)
        z and v for each draw of the data, as they depend on x.
    offsets : (n, g, s, K + r, columns)
        What is added to them.
    noise : (g, s, K + r, K + r)
        What additive noise adds to J, all zero without it.
    report, away : (g, s, r, K) and (g, s, r, columns)
        What is reported, less W*: as it depends on x, and what is added.
    """

    steps: Numbers
    offsets: Numbers
    noise: Numbers
    report: Numbers
    away: Numbers

    @classmethod
    def of(cls, program: Program, data: Data, rests: "Rests", centre: Numbers) -> "Parts":
        """Read a program; ``centre`` is W*, (g, s, r, columns)."""
        k, (g, s, r, columns) = len(program.lines), centre.shape
        K, kind, unit = k * r, data.Q.dtype, np.eye(r, dtype=int)
        registers: list[Numbers] = []
        for j, rest in enumerate(rests.states):
            register = np.zeros((len(data.Q), g, s, r, K + columns + r), kind)
            register[..., j * r : (j + 1) * r] = unit
            register[..., K : K + columns] = rest * centre
            registers.append(register)

        def less_minimiser(register: Numbers, times: Any = 1) -> Numbers:
            moved = register.copy()
            moved[..., K : K + columns] -= times * centre
            return moved

        def gradient(point: Numbers) -> Numbers:
            G: Numbers = data.Q @ less_minimiser(point)
            G[..., K : K + columns] += data.k
            G[..., K + columns :] += unit
            return G

        _, lines, of = program.before(registers, gradient)
        rows = [*(less_minimiser(line, rest) for line, rest in zip(lines, rests.states, strict=True)), of]
        system = np.concatenate(rows, axis=-2)
        offsets, noisy = system[..., K : K + columns], system[0, ..., K + columns :]
        if rests.settles and data.agree:
            offsets = np.zeros(offsets.shape, kind)
        reported = less_minimiser(program.total(program.report, registers))[0]
        noise = data.variance * columns * (noisy @ noisy.mT)
        return cls(system[..., :K], offsets, noise, reported[..., :K], reported[..., K : K + columns])


@dataclass(frozen=True)
class Rests:
    """What each state is, as a multiple of W*, where a step leaves it alone, if there is such a state."""

    states: tuple[Any, ...]
    settles: bool

    @classmethod
    def of(cls, program: Program, tolerance: float = _FIXED) -> "Rests":
        """Solve for it; where there is none, states are counted from where they start, at W*."""
        k = len(program.lines)
        targets = np.array([0.0] * k + [0.0, 1.0] + [1.0] * len(program.points))

        def out(states: tuple[Any, ...]) -> list[Any]:
            """By how much each line moves, what H is applied to, what is reported, and where gradients are zero."""
            registers, lines, of = program.before(states, lambda point: 0)
            moves = [line - before for line, before in zip(lines, states, strict=True)]
            return [*moves, of, *(program.total(row, registers) for row in (program.report, *program.points))]

        matrix = np.array([[float(value) for value in out(tuple(row))] for row in np.eye(k, dtype=int).tolist()]).T
        solved = np.linalg.lstsq(matrix, targets, rcond=None)[0]
        states = tuple(Fraction(value).limit_denominator(1 << 20) for value in solved.tolist())
        off = max(abs(value - int(want)) for value, want in zip(out(states), targets, strict=True))
        settles = bool(off <= tolerance * max(1.0, float(np.abs(matrix).max())))
        return cls(states if settles else program.start, settles)


@dataclass(frozen=True, eq=False)
class MethodMap:
    """A state holds M and m of each system side by side, (g, s, K, K + columns).

    Attributes
    ----------
    program : Program
    rests : Rests
    data : Data
    law : Law
    coordinates : callable
        W, (m, n), to W - W*, (g, s, r, columns).
    forms : three arrays
        What the second moment of what is reported, less W*, is multiplied by, entry by entry.
    curvatures : (g, d)
        Those of f.
    """

    program: Program
    rests: Rests
    data: Data
    law: Law
    coordinates: Callable[[Array], Numbers]
    forms: tuple[Any, ...]
    curvatures: Array
    shape: tuple[int, int]

    @cached_property
    def parts(self) -> Parts:
        """What a step is before H acts."""
        return Parts.of(self.program, self.data, self.rests, self.centre)

    @property
    def is_apart(self) -> bool:
        """Whether eigenvectors are systems of their own."""
        return self.law.trace is not None

    @cached_property
    def centre(self) -> Numbers:
        """W* in coordinates."""
        return np.asarray(-self.coordinates(np.zeros(self.shape)))

    @cached_property
    def kick(self) -> Numbers:
        """b, (1, 1, K, r)."""
        return np.kron(np.array(self.program.kick)[:, None], np.eye(self.centre.shape[2], dtype=int))[None, None]

    def start(self, W: Array) -> Numbers:
        """Return the moments at W."""
        E = self.coordinates(W)
        begins = zip(self.program.start, self.rests.states, strict=True)
        states = [begin * E + (begin - rest) * self.centre for begin, rest in begins]
        x = np.concatenate(states, axis=-2)
        return np.concatenate([x @ x.mT, x], axis=-1)

    def step(self, state: Numbers) -> Numbers:
        """One step."""
        K, F, f = state.shape[-2], self.parts.steps, self.parts.offsets
        M, m = state[..., :K], state[..., K:]
        cross = F @ m @ f.mT
        J = F @ M @ F.mT + cross + cross.mT + f @ f.mT
        moments, mean = self._moved(self._mean(J) + self.parts.noise, self.kick), self._mean(F @ m + f)
        return np.concatenate([moments, mean[..., :K, :] + self.kick @ self.law.mean @ mean[..., K:, :]], axis=-1)

    def readout(self, state: Numbers) -> tuple[Any, Any, Any]:
        """``E f - f*``, ``E||grad f||^2`` and ``E||W - W*||^2`` at the reported point."""
        K, row, away = state.shape[-2], self.parts.report, self.parts.away
        cross = row @ state[..., K:] @ away.mT
        R = row @ state[..., :K] @ row.mT + cross + cross.mT
        R = R + away @ away.mT
        gap, square, distance = ((form * R).sum() for form in self.forms)
        return gap, square, distance

    def rate(self, smallest: float) -> float:
        """The spectral radius on what runs reach, and f or H sees.

        Where no state settles at a minimiser, or components disagree, the factor of m counts too.
        """
        T = self._reached_and_seen(smallest)
        if not self.is_apart:
            g, d, k, _ = T.shape
            T = np.einsum("gdij,de->gidje", T, np.eye(d)).reshape(g, 1, k * d, k * d)
        Tt, (*_, K) = T.mT, T.shape
        F = np.concatenate([Tt @ self.parts.steps[..., :K, :], self.parts.steps[..., K:, :]], axis=-2) @ T
        kick = Tt @ self.kick
        radius = self._systems(F[0], kick) if self.is_apart else self._blocks(F, kick)
        if self.rests.settles and self.data.agree:
            return radius
        mean = self._mean(F)
        mean = mean[..., :K, :] + kick @ self.law.mean @ mean[..., K:, :]
        return max(radius, float(np.abs(np.linalg.eigvals(mean)).max()))

    def _mean(self, draws: Numbers) -> Numbers:
        """The mean over draws of the data."""
        if len(draws) == 1:
            return np.asarray(draws[0])
        return np.asarray((self.data.weights.reshape(-1, *[1] * (draws.ndim - 1)) * draws).sum(axis=0))

    def _moved(self, J: Numbers, kick: Numbers) -> Numbers:
        """What H makes of J."""
        K, across = kick.shape[-2], kick.mT
        cross = J[..., :K, K:] @ self.law.mean @ across
        pushed = kick @ self.law.second_moment(J[..., K:, K:]) @ across
        half = (J[..., :K, :K] + pushed) / 2 + cross
        # Symmetric to the last bit: an antisymmetric rounding error might live for ever.
        return np.asarray(half + half.mT)

    def _blocks(self, F: Array, kick: Array) -> float:
        """The radius of the map on matrices of all numbers, the largest of all groups."""

        def step(M: Array, g: int) -> Array:
            return self._moved(self._mean(F[:, g, 0] @ M @ F[:, g, 0].mT), kick[g, 0])

        return max(spectral_radius(partial(step, g=g), F.shape[-1]) for g in range(F.shape[1]))

    def _systems(self, F: Array, kick: Array) -> float:
        """The radius where each eigenvector has a map B of its own, and the trace of E[HXH] joins them.

        It is that of some B, or the largest z with b sum c'(z - B)^{-1}[b b'] c = 1, for all these maps take
        semidefinite matrices to such.
        """
        (*_, k), b = F.shape, float(self.law.trace or 0)
        A, c = F[..., :k, :], F[..., k:, :]
        pushed, q = kick @ c, float(self.law.mean[0, 0])
        alone = float(self.law.second_moment(np.ones((1, 1, 1, 1))).item()) - b
        B = _kron(A, A) + q * (_kron(A, pushed) + _kron(pushed, A)) + alone * _kron(pushed, pushed)
        radii = np.abs(np.linalg.eigvals(B)).max(axis=(1, 2))
        if b == 0:  # nothing joins them
            return float(radii.max())
        into, out = _kron(kick, kick), _kron(c, c)

        def excess(z: float, g: int) -> float:
            return b * float((out[g] @ np.linalg.solve(z * np.eye(k * k) - B[g], into[g])).sum()) - 1

        sizes = b * np.abs(out @ into).sum(axis=(1, 2, 3))
        ends = zip(radii.tolist(), sizes.tolist(), strict=True)
        return max(_largest_root(partial(excess, g=g), *pair) for g, pair in enumerate(ends))

    def _reached_and_seen(self, smallest: float) -> Array:
        """Orthonormal columns and zeros, (g, d, k, k), in which the rest of each system is left out.

        What no start, kick, noise or offset reaches has no part in a run, and what neither H nor f sees none in f. The
        curvature of a flat direction is zero, so that f does not see it; H may, if it acts on states. Components see
        more than f does, so that of several nothing is left out where f is curved.
        """
        curved = self.curvatures >= smallest
        exact = Data(np.where(curved, self.curvatures, 0.0)[None, ..., None, None], 0, np.ones(1))
        centre = self.centre.reshape(*curved.shape, 1, -1)
        system = Parts.of(self.program, exact, self.rests, centre)
        k = len(self.program.lines)
        A, c = system.steps[0, ..., :k, :], system.steps[0, ..., k:, :]
        inputs = np.eye(k)
        if len(self.data.weights) == 1 and self.rests.settles and not self.data.variance:
            kick = self.kick.reshape(k, -1)[:, :1].astype(np.float64)
            inputs = np.concatenate([kick, np.array(self.program.start, dtype=np.float64)[:, None]], axis=1)
        reached = _range(_powers(A, np.broadcast_to(inputs, (*A.shape[:2], *inputs.shape))))
        turned = reached.mT @ A @ reached
        outputs = np.concatenate([c, np.where(curved[..., None, None], system.report, 0.0)], axis=-2) @ reached
        visible = _range(_powers(turned.mT, outputs.mT))
        if len(self.data.weights) > 1:
            visible = np.where(curved[..., None, None], np.eye(k), visible)
        return np.asarray(reached @ visible)


def method_map(
    program: Program, rests: Rests, frame: Frame, shape: tuple[int, int], data: Callable[[Array], Data], law: Law
) -> MethodMap:
    """Return the map of a method in a frame, in floats; ``data`` makes gradients of Hessians, (g, s, r, r)."""
    curvatures, r = frame.by_group, len(law.mean)

    def in_systems(numbers: Array) -> Array:
        return numbers.reshape(len(numbers), -1, r, *numbers.shape[2:])

    Q = in_systems(curvatures)[..., None] * np.eye(r)
    forms, coordinates = (Q / 2, Q**2, np.eye(r)), lambda W: in_systems(frame.in_groups(W))
    return MethodMap(program, rests, data(Q), law, coordinates, forms, curvatures, shape)


def rests_of(algorithm: MethodDescent) -> Rests:
    """Return where the states of a method settle, decided in fractions where its coefficients have some."""
    try:
        rests = Rests.of(exact_program(algorithm))
    except ValueError:  # a root, of which there is no fraction
        rests = Rests.of(algorithm.program)
    return Rests(tuple(map(float, rests.states)), rests.settles)


def exact_program(algorithm: MethodDescent) -> Program:
    """Return the method in fractions, its letters as they are stored; a ``ValueError`` if a coefficient is none."""
    values = {name: Fraction(value) for name, value in algorithm.letters.items()}
    return algorithm.method.program(lambda expression: fraction(expression, values))


def check_minibatches(program: Program, share: Any) -> None:
    """Raise ``Unsupported`` if minibatches have more than two moments: their mean and ``share`` of a variance."""
    k = len(program.lines)
    if 0 < share < 1 and any(i >= k for point in program.points for i, _ in point):
        raise Unsupported("minibatches must be of one component, or of all, where gradients are at points of gradients")


def with_invariants(a: float, b: float, q: float) -> Law:
    """Return the law of an H with two invariants: ``E[H X H]`` on the diagonal alone, and E[H] = q I."""
    return Law(lambda X: (a + b) * X + b * X.sum(axis=-3, keepdims=True), np.array([[q]]), b)


def in_frame(second_moment: SecondMoment, mean_times: SecondMoment | None, frame: Frame) -> Law:
    """Return the law of an H on all numbers, in the eigenbasis of a frame; ``mean_times`` if H is no projection."""
    V, P = np.eye(frame.dim) if frame.basis is None else frame.basis, frame.lift(second_moment)
    mean = (P if mean_times is None else frame.lift(mean_times))(np.eye(frame.dim))
    return Law(lambda X: np.asarray(V.T @ P(V @ X @ V.T) @ V), V.T @ mean @ V)


def _kron(A: Array, B: Array) -> Array:
    """Kronecker products of batches of matrices."""
    product = np.einsum("...ij,...kl->...ikjl", A, B)
    return np.asarray(product.reshape(*product.shape[:-4], A.shape[-2] * B.shape[-2], A.shape[-1] * B.shape[-1]))


def _powers(A: Array, X: Array) -> Array:
    """X, A X, A A X, ..., side by side, at a scale at which rounding is small."""
    A = A / np.maximum(np.linalg.norm(A, axis=(-2, -1), keepdims=True), 1e-300)
    sizes = np.linalg.norm(X, axis=-2, keepdims=True)
    columns = [X / np.where(sizes > 0, sizes, 1.0)]
    for _ in range(A.shape[-1] - 1):
        columns.append(A @ columns[-1])
    return np.concatenate(columns, axis=-1)


def _range(X: Array) -> Array:
    """Orthonormal columns and zeros with the range of each matrix, (..., k, k)."""
    U, sizes, _ = np.linalg.svd(X, full_matrices=False)
    return np.asarray(U * (sizes > _RANK * sizes[..., :1])[..., None, :])


def _largest_root(excess: Callable[[float], float], radius: float, size: float) -> float:
    """The root of a function that decreases beyond its last pole, from ``size / z``; the pole if there is none.

    From above: where eigenvalues meet the pole is known to few digits, and values near it are not.
    """
    high = 2 * (radius + size)
    while high > 0 and excess(high) > 0:
        high *= 2
    for i in range(1, _HALVINGS):
        low = radius + (high - radius) / 2**i
        if low > radius and excess(low) > 0:
            return float(
                scipy.optimize.brentq(excess, low, radius + (high - radius) / 2 ** (i - 1), xtol=1e-300, rtol=1e-14)
            )
    return radius
