r"""The same expectations in rational arithmetic, up to 4 x 4, from the data as they are stored.

A route of its own: no eigenvalues and no square roots. With v = vec(W - W*) and :math:`C = E[v v^\top]`,

.. math:: C^+ = C - \gamma\, (P Q C + C Q P) + \gamma^2 E[P (Q C Q) P] \quad (P = E[P] \text{ in the middle}), \qquad
    E f - f^\star = \tfrac12 \mathrm{tr}(Q C), \quad E \|\nabla f\|^2 = \mathrm{tr}(Q C Q).
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial, reduce
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms import Algorithm, CyclicRACLoRA, Decreasing, LayeredRACLoRA, MethodDescent, RACLoRA
from rac_theory.algorithms.gradients import Exact, Minibatch, Noisy, minibatch_share
from rac_theory.base import Array, repr_of
from rac_theory.numerics import rational
from rac_theory.problems import LeastSquares, Problem, Quadratic
from rac_theory.runs.expectations.frame import dense
from rac_theory.runs.expectations.method_map import Data, Law, MethodMap, Rests, check_minibatches, exact_program
from rac_theory.runs.expectations.moment_map import Unsupported, curves
from rac_theory.runs.expectations.step_moments import by_layers
from rac_theory.sketches import Moments, Sketch
from rac_theory.sketches.laws import SecondMoment, from_invariants, lifted, summed

LARGEST_SIDE = 4
"""The largest m and n: the fractions grow with every step."""

Rationals = NDArray[Any]
"""An object array of Fractions."""

_fraction = np.frompyfunc(Fraction, 1, 1)


def rational_curves(algorithm: Algorithm, problem: Problem, W0: Array, steps: int) -> Rationals:
    """Return ``E f - f*``, ``E||grad f||^2`` and ``E||W - W*||^2`` at t = 0, ..., steps: (3, steps + 1) Fractions."""
    Q, W_star = _hessian(problem)
    if isinstance(algorithm, MethodDescent):
        return np.asarray(curves(_method_map(algorithm, problem, Q, W_star), W0, steps, dtype=object))
    v = (_fractions(W0) - W_star).reshape(-1, 1)
    C: Rationals = v @ v.T
    step = _cycle(algorithm, Q, problem.shape) if isinstance(algorithm, CyclicRACLoRA) else _step(algorithm, Q, problem)
    read: Rationals = np.empty((3, steps + 1), dtype=object)
    for t in range(steps + 1):
        QC = Q @ C
        read[:, t] = np.trace(QC) / 2, np.trace(QC @ Q), np.trace(C)
        if t < steps:
            C = step(C, t)
    return read


def _method_map(algorithm: MethodDescent, problem: Problem, Q: Rationals, W_star: Rationals) -> MethodMap:
    """The map of a method on all entries, row by row."""
    source, size, projector = algorithm.gradients, len(Q), algorithm.projector
    if not isinstance(source, Exact | Noisy | Minibatch) or not isinstance(projector, RACLoRA | LayeredRACLoRA):
        raise Unsupported(f"exact=True must be asked of exact, noisy or minibatch gradients, got {algorithm!r}")
    P = _of_step(replace(projector, gradients=Exact()), problem.shape)
    variance = Fraction(source.sigma) ** 2 / size if isinstance(source, Noisy) else 0
    data = Data(Q[None, None, None], 0, np.ones(1), variance)
    if isinstance(source, Minibatch):
        data = _minibatches(source, problem, Q, W_star)
        check_minibatches(algorithm.program, 1 - data.weights[0])
    program = exact_program(algorithm)
    forms = Q / Fraction(2), Q @ Q, _identity(size)
    return MethodMap(
        program,
        Rests.of(program, tolerance=0.0),
        data,
        Law(P, P(_identity(size))),
        lambda W: (_fractions(W) - W_star).reshape(1, 1, -1, 1),
        forms,
        np.empty((0, 0)),
        problem.shape,
    )


def _minibatches(source: Minibatch, problem: Problem, Q: Rationals, W_star: Rationals) -> Data:
    """The gradient of f, and those of the rows of least squares."""
    if type(problem) is not LeastSquares:
        raise Unsupported(f"the components must be those of LeastSquares itself, got {repr_of(problem)}")
    X, Y = _fractions(dense(problem)), _fractions(problem.Y)
    l2, columns = Fraction(problem.l2), _identity(problem.shape[1])
    hessians = [np.kron(np.outer(x, x) + l2 * _identity(len(x)), columns) for x in X]
    offsets = [(np.outer(x, x @ W_star - y) + l2 * W_star).reshape(1, 1, -1, 1) for x, y in zip(X, Y, strict=True)]
    s = minibatch_share(len(X), source.size, replace=source.replace)
    weights = np.array([1 - s, *[s / len(X)] * len(X)], dtype=object)
    k = np.stack([0 * offsets[0], *offsets])
    return Data(np.stack([Q, *hessians])[:, None, None], k, weights, agree=not k.any())


def _step(algorithm: Algorithm, Q: Rationals, problem: Problem) -> Callable[[Rationals, int], Rationals]:
    """What step t with a fresh sketch makes of C."""
    algorithm, size = _sizes(algorithm)
    P = _of_step(algorithm, problem.shape)
    mean = P(_identity(len(Q)))

    def step(C: Rationals, t: int) -> Rationals:
        QC = Q @ C
        X = mean @ QC
        return np.asarray(C - (X + X.T) * size(t) + P(QC @ Q) * size(t) ** 2)

    return step


def _cycle(algorithm: CyclicRACLoRA, Q: Rationals, shape: tuple[int, int]) -> Callable[[Rationals, int], Rationals]:
    """What the turns of all blocks make of C, on average over the orders in which they come, each by itself."""
    _check_size(shape)
    P = [lifted(partial(np.matmul, H), shape, algorithm.side)(_identity(len(Q))) for H, _ in _laws(algorithm.sketch)]
    N = _fraction(algorithm.gamma) * Q
    T: list[Rationals] = [_identity(len(Q)) - turn @ N for turn in P]
    orders = list(permutations(T)) if algorithm.order == "shuffled" else [tuple(T)]
    cycles = [reduce(np.matmul, order[::-1]) for order in orders]
    return lambda C, t: np.asarray(sum(turn @ C @ turn.T for turn in cycles) / Fraction(len(cycles)))


def _sizes(algorithm: Algorithm) -> tuple[Algorithm, Callable[[int], Fraction]]:
    """Return the algorithm of each step, and t to its size, which is not rounded."""
    gamma = Fraction(algorithm.gamma)
    if type(algorithm) is not Decreasing:
        return algorithm, lambda t: gamma
    if algorithm.power not in (0, 1):
        raise Unsupported(f"exact=True must be asked of steps that are rational, power=0 or 1, got {algorithm!r}")
    offset = Fraction(algorithm.offset)
    return algorithm.algorithm, lambda t: gamma * (offset / (t + offset)) ** int(algorithm.power)


def _of_step(algorithm: Algorithm, shape: tuple[int, int]) -> Callable[[Any], Any]:
    """M -> E[P M P] for the projections of an algorithm on all entries, row by row; or raise ``Unsupported``."""
    exact = type(getattr(algorithm, "gradients", None)) is Exact
    if type(algorithm) is LayeredRACLoRA and exact:
        if shape[0] > LARGEST_SIDE**2:
            entries = f"{LARGEST_SIDE**2} entries, got {shape[0]} of all layers"
            raise Unsupported(f"exact=True must be asked of at most {entries}")
        return by_layers(algorithm, _second_moment, Fraction(1))
    if type(algorithm) is not RACLoRA or not exact or not algorithm.is_projected:
        raise Unsupported(
            "exact=True must be asked of RACLoRA or LayeredRACLoRA with projected steps and exact gradients, got "
            f"{algorithm!r}"
        )
    _check_size(shape)
    return lifted(_second_moment(algorithm.sketch), shape, algorithm.side)


def _check_size(shape: tuple[int, int]) -> None:
    if max(shape) > LARGEST_SIDE:
        m, n = shape
        raise Unsupported(f"exact=True must be asked of at most {LARGEST_SIDE} x {LARGEST_SIDE}, got {m} x {n}")


def _second_moment(sketch: Sketch | None) -> SecondMoment:
    if sketch is None:
        return lambda M: M
    law = Moments(sketch)
    if law.invariants is not None:
        a, b = law.invariants
        return partial(from_invariants, a, b)
    if law.support is None:
        raise Unsupported(
            f"exact=True must be asked of a sketch with invariants or a listed support, got {repr_of(sketch)}"
        )
    projections, weights = zip(*_laws(sketch), strict=True)
    return summed(np.array(projections, dtype=object), np.array(weights, dtype=object))


def _laws(sketch: Sketch) -> list[tuple[Rationals, Fraction]]:
    """Return the projections on the ranges that a sketch lists, each once, and their probabilities."""
    support = Moments(sketch).support
    assert support is not None
    laws: dict[tuple[tuple[Fraction, ...], ...], Fraction] = defaultdict(Fraction)  # many draws share a range
    for S, probability in zip(support[0], support[1].tolist(), strict=True):
        H = rational.projection(rational.rational(S.tolist()))
        laws[tuple(map(tuple, H))] += Fraction(probability)
    total = sum(laws.values(), Fraction(0))
    return [(np.array(H, dtype=object), weight / total) for H, weight in laws.items()]


def _hessian(problem: Problem) -> tuple[Rationals, Rationals]:
    """Return the Hessian, (m n, m n), and a minimiser, (m, n), exactly."""
    m, n = problem.shape
    if isinstance(problem, LeastSquares):
        X = _fractions(dense(problem))
        N = len(problem.Y)
        S = X.T @ X / N + _identity(m) * Fraction(problem.l2)
        return np.kron(S, _identity(n)), _solution(S, X.T @ _fractions(problem.Y) / N)
    if not isinstance(problem, Quadratic):
        raise Unsupported(f"exact=True must be asked of Quadratic or LeastSquares, got {repr_of(problem)}")
    W_star = _fractions(problem.W_star)
    if problem.Q is not None:
        return _fractions(problem.Q), W_star
    R = _identity(n) if problem.R is None else _fractions(problem.R)
    return np.kron(_fractions(problem.S), R), W_star


def _fractions(values: Any) -> Rationals:
    return np.asarray(_fraction(np.asarray(values, dtype=np.float64)), dtype=object)


def _identity(size: int) -> Rationals:
    return _fractions(np.eye(size))


def _solution(S: Rationals, T: Rationals) -> Rationals:
    """Return one solution of S W = T, for S symmetric, positive semidefinite and T in its range: S = U'DU."""
    decomposition = rational.squares(S.tolist())
    assert decomposition is not None
    U, D, W = np.array(decomposition.rows, dtype=object), decomposition.weights, T.copy()
    for i, row in enumerate(U):
        W[i + 1 :] -= np.outer(row[i + 1 :], W[i])
    for i, row in reversed([*enumerate(U)]):  # where D has a zero, U has a unit row, and W is free: zero
        W[i] = W[i] / D[i] - row[i + 1 :] @ W[i + 1 :] if D[i] else 0 * W[i]
    return W
