"""Coordinates made for curvature, against linear programs, dense matrices, all orders of draws and a general search."""

import importlib
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from rac_theory import Case, Constants, InverseOnRange, RACLoRA, StepPerDraw, best_step, coordinates_for
from rac_theory.gains.made_for_curvature import coordinate_curvatures
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, FiniteSupport, WeightedCoordinate
from tests.gains.matrices import COMMON_BASIS, NO_COMMON_BASIS, known, semidefinite

CURVATURES = {
    "one steep": [8.0, 1, 1, 1],
    "two": [1.0, 0.1],
    "spread": [1.0, 0.7, 0.3, 0.05, 0.01],
    "some flat": [3.0, 3, 0, 0, 0],
    "alone": [2.0],
}
COLUMNS = 2
MADE = importlib.import_module("rac_theory.gains.made_for_curvature")


def of_diagonal(s):
    return known(Smoothness([(np.diag(s), np.eye(COLUMNS))]))


def gain_by_hand(p, gamma, s):
    return (p * gamma * (2 - gamma * np.asarray(s))).min()


def probabilities(sketch):
    return np.diag(sketch.expected_projection())


@pytest.mark.parametrize("s", CURVATURES.values(), ids=CURVATURES)
def test_a_linear_program_at_every_step_finds_no_more(s):
    """The best p at each of 100 steps, by a solver. Catches 1/(1 - gamma s), p ~ s, half the best step."""
    problem = of_diagonal(s)
    sketch = coordinates_for(problem)
    found = gain_by_hand(probabilities(sketch), best_step(problem, sketch), s)
    best = 0.0
    for gamma in np.linspace(0, 2 / max(s), 202)[101:-1]:
        g = gamma * (2 - gamma * np.array(s))
        limits = np.column_stack([-np.diag(g), np.ones(len(s))])  # nu <= p_i g_i
        answer = linprog([0] * len(s) + [-1], limits, np.zeros(len(s)), [[1] * len(s) + [0]], [1])
        best = max(best, -answer.fun)
    assert found >= best * (1 - 1e-7)
    assert best >= found * (1 - 1e-3)


def rows_of(Q):
    """The largest curvature of all moves of a row, by blocks of the dense Q."""
    T = Q.dense.reshape(4, 3, 4, 3)
    return [np.linalg.eigvalsh(T[i, :, i, :])[-1] for i in range(4)]


@pytest.mark.parametrize("terms", COMMON_BASIS.values(), ids=COMMON_BASIS)
def test_of_matrices_the_largest_curvature_of_a_row_counts(terms):
    """On both sides, by blocks of the dense Q. Catches S_ii alone, the trace of the other side, and the wrong side."""
    Q = Smoothness(terms)
    T, rows = Q.dense.reshape(4, 3, 4, 3), rows_of(Q)
    columns = [np.linalg.eigvalsh(T[:, j, :, j])[-1] for j in range(3)]
    np.testing.assert_allclose(coordinate_curvatures(known(Q)), rows, rtol=1e-7)
    np.testing.assert_allclose(coordinate_curvatures(known(Q), side="right"), columns, rtol=0.8)
    assert (coordinate_curvatures(known(Q), side="right") >= np.array(columns) * (1 - 1e-9)).all()
    sketch = coordinates_for(known(Q))
    p, gamma = probabilities(sketch), best_step(known(Q), sketch)
    H = np.array([np.kron(np.diag(row), np.eye(3)) for row in np.eye(4)])
    nu = np.linalg.eigvalsh(np.tensordot(p, 2 * gamma * H - gamma**2 * H @ Q.dense @ H, axes=1))[0]
    np.testing.assert_allclose(nu, gain_by_hand(p, gamma, rows), rtol=1e-6)
    assert nu >= 1 / (4 * max(rows)) * (1 - 1e-9)


def gain(sketch, S):
    problem = Quadratic.left(S, np.ones((len(S), 1)))
    return Constants.of(Case(RACLoRA(sketch, best_step(problem, sketch)), problem)).nu


def test_never_four_times_the_gain_of_uniform_ones_but_nearly():
    """Random curvatures, and one steep of many: 3.7. Catches a step that stops at 1 / max s, with at most twice."""
    rng = np.random.default_rng(0)
    for d in (2, 3, 10, 100, 1000):
        for s in (np.exp(rng.uniform(-5, 0, d)), np.r_[1.0, np.full(d - 1, 1e-9)]):
            sketch, uniform = coordinates_for(of_diagonal(s)), 1 / (d * s.max())
            p = sketch.weights / sketch.weights.sum()
            ratio = max(gain_by_hand(p, step, s) for step in np.linspace(1, 2, 1001) / s.max()) / uniform
            assert 1.3 < ratio < 4
            assert sketch.weights.max() <= 2 * np.sqrt(d) * sketch.weights.min() * (1 + 1e-12)
    assert ratio > 3.7


def law(weights, rank):
    """P(i and k are both drawn), by all orders."""
    both = np.zeros((len(weights),) * 2)
    for order in permutations(range(len(weights)), rank):
        left = np.sum(weights) - np.cumsum([0, *(weights[i] for i in order[:-1])])
        both[np.ix_(order, order)] += np.prod([weights[i] for i in order] / left)
    return both


def most(weights, rank, S):
    """The largest gain over 300 steps, by all orders."""
    both = law(weights, rank)
    steps = np.linspace(0, 2, 302)[1:, None, None] / np.linalg.eigvalsh(S)[-1] * 2
    return np.linalg.eigvalsh(2 * steps * np.diag(both.diagonal()) - steps**2 * both * S)[:, 0].max()


@pytest.mark.parametrize("rank", [2, 3])
def test_at_higher_ranks_little_is_left_for_other_weights(rank):
    """A search over all weights finds at most 4% more, uniform ones have 30% less. Catches the theta of rank one."""
    X = np.random.default_rng(1).standard_normal((8, 5)) * [0.2, 0.3, 0.5, 0.9, 1.5]
    S = X.T @ X / 8
    problem = Quadratic.left(S, np.ones((5, 1)))
    sketch = coordinates_for(problem, rank)
    found = gain(sketch, S)
    assert found == pytest.approx(most(sketch.weights, rank, S), rel=2e-3)
    assert found > 1.3 * gain(Coordinate(5, rank), S)
    assert found >= gain(WeightedCoordinate(5, rank, coordinates_for(problem).weights), S) * (1 - 1e-9)
    start = np.log(sketch.weights / sketch.weights.sum())
    search = minimize(lambda x: -most(np.exp(x), rank, S), start, method="Nelder-Mead", options={"maxfev": 250})
    assert found >= 0.96 * -search.fun


def test_weights_between_uniform_ones_and_those_of_rank_one():
    """Where rows are curved together. Catches a search that begins at a step of 1 / max s."""
    S = np.outer((2.0, 3, 3, 3), (2, 3, 3, 3))
    problem = Quadratic.left(S, np.ones((4, 1)))
    others = Coordinate(4, 2), WeightedCoordinate(4, 2, coordinates_for(problem).weights)
    assert gain(coordinates_for(problem, 2), S) > 1.005 * max(gain(other, S) for other in others)


def test_features_that_are_curved_alike_are_drawn_alike():
    """Standardised, up to rounding. Catches weights told apart by it, and a search that ends below uniform ones."""
    X = np.random.default_rng(0).standard_normal((50, 6)) @ semidefinite(6, 2, 13)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    problem = LeastSquares(X, X[:, :1])
    S = problem.smoothness.terms[0][0]
    assert 0 < np.ptp(np.diag(S)) < 1e-12
    for rank in (1, 3):
        sketch = coordinates_for(problem, rank)
        assert np.ptp(sketch.weights) == 0
        assert gain(sketch, S + np.eye(6)) == pytest.approx(gain(Coordinate(6, rank), S + np.eye(6)), rel=1e-9)
    for flat in (Smoothness.isotropic(3.0, (3, 2)), Smoothness.isotropic(0.0, (3, 2))):
        assert np.ptp(coordinates_for(known(flat), 2).weights) == 0


def test_scale_changes_nothing():
    s = np.array([1.0, 0.7, 0.3, 0.05, 0.0])
    one = coordinates_for(of_diagonal(s)).weights
    for scale in (1e-60, 1e60):
        np.testing.assert_allclose(coordinates_for(of_diagonal(scale * s)).weights, one, rtol=1e-9)


def test_no_rank_gains_more_than_it_has_of_the_trace():
    """Random supports, both fitted steps: nu tr(S) <= r. Equality for one coordinate with weights S_ii, and for two
    eigenvectors v_i / sqrt(pi_i), pi_i = 2 sigma_i / tr(S), in a plain step of tr(S) / 2: S has no eigenvalue above it.

    Would catch a rank that is counted twice, and curvatures for which a step is too long.
    """
    rng = np.random.default_rng(3)
    S = semidefinite(4, 6, 12)
    problem = Quadratic.left(S, np.ones((4, 1)))
    for rank in (1, 2, 3):
        sketch = FiniteSupport(rng.standard_normal((6, 4, rank)), rng.dirichlet(np.ones(6)))
        for kind in (StepPerDraw, InverseOnRange):
            assert 0 < Constants.of(Case(kind(sketch), problem)).nu * np.trace(S) < rank
    sketch = WeightedCoordinate(4, 1, coordinate_curvatures(problem))
    nu = Constants.of(Case(StepPerDraw(sketch), problem)).nu
    assert 1 - 1e-8 < nu * np.trace(S) <= 1
    sigma, V = np.array([1.0, 2, 3, 6]), np.linalg.qr(rng.standard_normal((4, 4)))[0]  # pi = 1/6, 1/3, 1/2, 1
    draws = [((0, 3), 1 / 6), ((1, 3), 1 / 3), ((2, 3), 1 / 2)]
    pairs = FiniteSupport([V[:, i] / np.sqrt(sigma[list(i)] / 6) for i, _ in draws], [chance for _, chance in draws])
    even = Quadratic.left(V * sigma @ V.T, np.ones((4, 1)))
    nu = Constants.of(Case(RACLoRA(pairs, 1 / 6, lora_alpha=2.0), even)).nu
    assert 2 - 1e-8 < nu * sigma.sum() <= 2


def test_arguments_are_checked():
    problem = of_diagonal([1.0, 2.0])
    for wrong, words in (({"rank": 0}, "rank must be"), ({"rank": 3}, "rank"), ({"side": "top"}, "side must be")):
        with pytest.raises(ValueError, match=words):
            coordinates_for(problem, **wrong)
    with pytest.raises(ValueError, match="must know its smoothness or its L"):
        coordinates_for(SimpleNamespace(shape=(2, 1), L=np.nan))
    assert coordinates_for(problem, side="right").dim == COLUMNS


def test_equal_weights_are_tried_too(monkeypatch):
    """Where they gain most, as nothing else is taken then. Catches another bend in their place."""
    monkeypatch.setattr(MADE, "_gain", lambda problem, sketch, side: -np.ptp(sketch.weights))
    assert np.ptp(coordinates_for(of_diagonal([4.0, 2.0, 1.0]), 2).weights) == 0


def test_without_a_common_basis_rows_have_the_sum_of_all_terms(monkeypatch):
    """Each times the largest eigenvalue of the other side, which bounds the truth, and no less than zero."""
    Q = Smoothness(NO_COMMON_BASIS)
    assert (coordinate_curvatures(known(Q)) >= rows_of(Q)).all()
    monkeypatch.setattr(MADE, "in_common_basis", lambda terms: None)
    rows, more, columns = [0.5, 0.25, 0.0], [0.25, -0.5, 0.0], np.diag([0.5, 1.0])
    Q = SimpleNamespace(terms=[(np.diag(rows), columns), (np.diag(more), 2 * columns)])
    problem = SimpleNamespace(shape=(3, 2), L=1.0, smoothness=Q)
    monkeypatch.setattr(MADE, "known_smoothness", lambda problem: problem.smoothness)
    np.testing.assert_allclose(coordinate_curvatures(problem), [1.0, 0.0, 0.0], rtol=1e-12)
