"""Hypothesis strategies for what theorems are about: problems, sketches, algorithms, step sizes, starts and seeds.

Everything shrinks to a small case that can be read: fewer rows, diagonal matrices, whole numbers, seed 0. What is drawn
is printed as the call that makes it again. Randomness is drawn as an integer seed, never as a generator that has
already moved, so a shrunk case is the same case when it is run again.
"""

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from rac_theory.algorithms import GD, ProjectedDescent, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.problems import (
    LeastSquares,
    LogisticRegression,
    NonconvexLogistic,
    PLSine,
    Problem,
    Quadratic,
    SoftmaxRegression,
)
from rac_theory.sketches import NAMED, Sketch, named_sketch

_LARGEST = 4  # rows or columns of W: enough for a rank between 1 and dim, few enough to be read


def seeds() -> SearchStrategy[int]:
    """Return seeds, to be passed as ``rng``; they shrink to 0.

    Returns
    -------
    SearchStrategy of int

    Examples
    --------
    >>> from hypothesis import find
    >>> from rac_theory.testing.strategies import seeds
    >>> find(seeds(), lambda seed: True)  # they shrink to
    0
    """
    return st.integers(0, 2**32 - 1)


@st.composite
def problems(draw: DrawFn) -> Problem:
    """Return problems with matrices of at most 4 x 4, of every kind that has proved constants.

    Returns
    -------
    SearchStrategy of Problem

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from rac_theory.testing.strategies import problems
    >>> @settings(max_examples=10, derandomize=True, database=None, deadline=None)
    ... @given(problems())
    ... def curvatures_are_in_order(problem):
    ...     assert problem.strong_convexity <= problem.L
    >>> curvatures_are_in_order()
    """
    # All numbers are drawn before the kind: then no kind looks simpler for having fewer, and quadratics come first.
    rows, columns = draw(st.integers(1, _LARGEST)), draw(st.integers(1, _LARGEST))
    size, seed = draw(st.integers(1, 8)), draw(seeds())
    sampled = {"samples": st.just(size + 1), "rows": st.just(rows), "seed": st.just(seed)}
    shape = {"rows": st.just(rows), "columns": st.just(columns)}
    kinds: list[SearchStrategy[Problem]] = [
        st.builds(quadratic, **shape, largest=st.just(size), seed=st.just(seed)),
        st.builds(least_squares, **sampled, columns=st.just(columns)),
        st.builds(logistic, **sampled),
        st.builds(softmax, **sampled, columns=st.just(max(columns, 2))),
        st.builds(nonconvex_logistic, **sampled),
        st.builds(pl_sine, **shape),
    ]
    return draw(st.one_of(kinds))


def sketches(dim: int) -> SearchStrategy[Sketch]:
    """Return sketches of this library with ``dim`` rows and any rank; each has a positive ``lambda_min``.

    Parameters
    ----------
    dim : int

    Returns
    -------
    SearchStrategy of Sketch

    Examples
    --------
    >>> from hypothesis import find
    >>> from rac_theory.testing.strategies import sketches
    >>> find(sketches(dim=4), lambda sketch: sketch.rank > 1)  # the simplest
    Gaussian(dim=4, rank=2)
    """
    return st.sampled_from(_sizes(dim)).flatmap(
        lambda size: st.builds(named_sketch, st.just(size[0]), dim=st.just(dim), rank=st.just(size[1]))
    )


def step_sizes(problem: Problem) -> SearchStrategy[float]:
    """Return step sizes that theorems about RAC-LoRA admit, ``1 / (k L)``; they shrink to the longest, ``1 / L``.

    Parameters
    ----------
    problem : Problem
        L is known.

    Returns
    -------
    SearchStrategy of float

    Examples
    --------
    >>> from hypothesis import find
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory.testing.strategies import step_sizes
    >>> find(step_sizes(PLSine((2, 2))), lambda gamma: gamma < 0.1)  # 1 / (2 L)
    0.0625
    """
    return st.integers(1, 10).map(lambda k: 1.0 / (k * problem.L))


def algorithms(problem: Problem) -> SearchStrategy[ProjectedDescent]:
    """Return gradient descent, and RAC-LoRA with any sketch of this library on either side, with an admissible step.

    Parameters
    ----------
    problem : Problem
        L is known.

    Returns
    -------
    SearchStrategy of ProjectedDescent

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory.testing.strategies import algorithms
    >>> problem = PLSine((2, 3))
    >>> @settings(max_examples=5, derandomize=True, database=None, deadline=None)
    ... @given(algorithms(problem))
    ... def steps_are_short(algorithm):
    ...     assert algorithm.gamma <= 1 / problem.L
    >>> steps_are_short()
    """
    m, n = problem.shape
    gamma = step_sizes(problem)
    return st.one_of(
        st.builds(GD, gamma=gamma),
        st.builds(RACLoRA, sketches(m), gamma=gamma, side=st.just("left")),
        st.builds(RACLoRA, sketches(n), gamma=gamma, side=st.just("right")),
    )


def starts(problem: Problem) -> SearchStrategy[Array]:
    """Return matrices of small whole numbers that are no minimisers, from where every bound is positive.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    SearchStrategy of array, (m, n)

    Examples
    --------
    >>> from hypothesis import find
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory.testing.strategies import starts
    >>> find(starts(PLSine((1, 2))), lambda W0: True).tolist()  # next to zero, the minimiser
    [[0.0, 1.0]]
    """
    m, n = problem.shape
    entries = st.lists(st.integers(-9, 9), min_size=m * n, max_size=m * n)
    return entries.map(lambda numbers: np.array(numbers, dtype=np.float64).reshape(m, n)).filter(
        lambda W: _above_infimum(problem, W)
    )


def quadratic(rows: int, columns: int, largest: float, seed: int) -> Quadratic:
    """Return a quadratic with eigenvalues 1 to ``largest`` and minimiser one; it is diagonal if the seed is 0."""
    S = np.diag(np.linspace(1.0, largest, rows))
    if seed:
        V = np.linalg.qr(np.random.default_rng(seed).standard_normal(S.shape))[0]
        S = V @ S @ V.T
        S = (S + S.T) / 2
    return Quadratic.left(S, np.ones((rows, columns)))


def least_squares(samples: int, rows: int, columns: int, seed: int) -> LeastSquares:
    """Return least squares with standard normal data."""
    rng = np.random.default_rng(seed)
    return LeastSquares(rng.standard_normal((samples, rows)), rng.standard_normal((samples, columns)))


def logistic(samples: int, rows: int, seed: int) -> LogisticRegression:
    """Return logistic regression with standard normal features, alternating labels and ``l2=0.1``."""
    X = np.random.default_rng(seed).standard_normal((samples, rows))
    return LogisticRegression(X, np.resize([0.0, 1.0], samples), l2=0.1)


def nonconvex_logistic(samples: int, rows: int, seed: int) -> NonconvexLogistic:
    """Return the same features and labels with the nonconvex penalty, ``lam=0.1``."""
    X = np.random.default_rng(seed).standard_normal((samples, rows))
    return NonconvexLogistic(X, np.resize([0.0, 1.0], samples), lam=0.1)


def softmax(samples: int, rows: int, columns: int, seed: int) -> SoftmaxRegression:
    """Return softmax regression with standard normal features, ``l2=0.1``, and as many classes as samples allow."""
    X = np.random.default_rng(seed).standard_normal((samples, rows))
    return SoftmaxRegression(X, np.arange(samples) % columns, l2=0.1)


def pl_sine(rows: int, columns: int) -> PLSine:
    """Return the sum of ``x^2 + 3 sin(x)^2``, which is not convex but has a PL constant."""
    return PLSine((rows, columns))


def _sizes(dim: int) -> list[tuple[str, int]]:
    """The names and ranks of our sketches that exist in this dimension, simplest first."""
    return [
        (name, rank) for rank in range(1, dim + 1) for name in NAMED if name != "frozen" and _exists(name, dim, rank)
    ]


def _exists(name: str, dim: int, rank: int) -> bool:
    try:
        named_sketch(name, dim, rank)
    except ValueError:
        return False
    return True


def _above_infimum(problem: Problem, W: Array) -> bool:
    value = float(problem.value(W[None])[0])
    infimum = problem.f_star if np.isfinite(problem.f_star) else problem.f_lower
    error = float(getattr(problem, "f_star_error", 0.0))
    return value - infimum > error + 1e-6 * max(abs(value), abs(infimum))
