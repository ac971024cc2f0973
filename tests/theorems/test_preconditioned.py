"""T26: a bounded preconditioner on the factor, by all draws of a finite support, refuted, and not applicable."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Status, theorems, verify
from rac_theory.algebra import Relation
from rac_theory.algorithms import Preconditioned, RACLoRA
from rac_theory.problems import PLSine, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate
from rac_theory.statements import E
from rac_theory.statements.assumption import met
from rac_theory.statements.metric import Curves
from rac_theory.statements.symbols import T, gamma, gap0, gap0_upper, lambda_min, largest_weight, least_weight, mu

T26, T26_pl = theorems.T26, theorems.T26_pl
SKEW = Quadratic.left(np.diag([1.0, 0.3, 0.1, 0.02]), np.ones((4, 2)))
CASE = Case(Preconditioned(Haar(4, 2), gamma=0.5, weights=[0.5, 2.0]), SKEW, steps=60)


@pytest.mark.parametrize("id", ["T26", "T26_pl"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_it_holds(id, side):
    problem = SKEW if side == "left" else Quadratic.left(np.diag([1.0, 0.3]), np.ones((2, 4)))
    verdict = verify(id, replace(CASE, algorithm=replace(CASE.algorithm, side=side), problem=problem, W0=None), rng=26)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT), verdict


def test_a_step_is_what_is_seen_times_weights():
    """One known draw: W - gamma B D B' G; catches weights of other directions, and a root of them."""
    algorithm = Preconditioned(Coordinate(4, 4), 0.5, [0.5, 1.0, 2.0, 4.0])
    iterates = algorithm.iterates(SKEW, np.zeros((1, 4, 2)), np.random.default_rng(0))
    G = SKEW.gradient(np.zeros((1, 4, 2)))[0]
    weights = -next(iterates)[0] / (0.5 * G)
    assert sorted(weights[:, 0].round(12)) == [0.5, 1.0, 2.0, 4.0]
    np.testing.assert_allclose(weights[:, 0], weights[:, 1])


def test_the_constants_are_the_smallest_and_the_largest_weight():
    c = Constants.of(replace(CASE, algorithm=Preconditioned(Haar(4, 3), 0.5, [1.5, 0.5, 4.0])))
    assert (c.letters["a"], c.letters["A"]) == (0.5, 4.0)


def test_equal_weights_are_a_longer_step():
    W = np.ones((3, 4, 2)) / 3
    steps = (Preconditioned(Haar(4, 2), 0.25, [2.0, 2.0]), RACLoRA(Haar(4, 2), 0.5))
    ones, longer = (next(each.iterates(SKEW, W, np.random.default_rng(1))) for each in steps)
    np.testing.assert_allclose(ones, longer, rtol=1e-10)


def enumerated(problem, chances, weights, step, start, steps):
    """Means over all draws of one of two axes, each with its own weight in either state of a coin that looks at the
    gradient: D depends on it."""
    W, p = start[None], np.ones(1)
    values, squares = [], []
    for _ in range(steps + 1):
        G = problem.gradient(W)
        values.append(p @ problem.value(W))
        squares.append(p @ np.sum(G**2, axis=(-2, -1)))
        moved = []
        for i in range(2):
            P = np.zeros_like(G)
            large = np.abs(G[:, i, 0]) > 0.5
            P[:, i, 0] = np.where(large, weights[0], weights[1]) * G[:, i, 0]
            moved.append(W - step * P)
        W, p = np.concatenate(moved), np.concatenate([p * chance for chance in chances])
    return Curves(np.array([values]), np.array([squares]))


@pytest.mark.parametrize(("weights", "gamma_L"), [((0.5, 2.0), 0.5), ((2.0, 0.5), 0.9), ((0.1, 1.0), 1.5)])
def test_it_holds_by_enumeration_also_where_weights_look_at_the_gradient(weights, gamma_L):
    problem, steps, chances = PLSine((2, 1)), 12, [0.3, 0.7]
    start, step = np.array([[2.0], [-1.5]]), gamma_L / problem.L
    base = Case(Preconditioned(WeightedCoordinate(2, 1, chances), step, [1.0]), problem, start, steps=steps)
    known = replace(Constants.of(base), letters={"a": min(weights), "A": max(weights)})
    curves = enumerated(problem, chances, weights, step, start, steps)
    for theorem in (T26, T26_pl):
        assert all(met(relation, 1, known) for relation in theorem.given if isinstance(relation, Relation))
        left = theorem.metric.along(curves, known)[0, 1:]
        assert np.all(left <= theorem.claim.at(known, np.arange(1.0, steps + 1)) * (1 + 1e-12))


SLOW = Case(Preconditioned(Coordinate(4, 4), 1.0, [0.25, 1.0, 1.0, 1.0]), Quadratic.left(np.eye(4), np.ones((4, 1))))
FALSE = {
    "A for a": (T26_pl, (1 - gamma * largest_weight * mu * lambda_min) ** T * gap0),
    "a (2 - gamma L a) squared": (T26_pl, (1 - 2 * gamma * least_weight * mu * lambda_min) ** (2 * T) * gap0),
    "T26, A for a": (T26, 2 * gap0_upper / (gamma * largest_weight * lambda_min * T) / 4),
}


@pytest.mark.parametrize("name", FALSE)
def test_tampered_with_it_is_refuted(name):
    theorem, bound = FALSE[name]
    false = replace(theorem, id="false", claim=E(theorem.metric) <= bound)
    slow = replace(SLOW, W0=np.array([[1.0], [1.0], [1.0], [1.0]]) + 1, steps=60)
    verdict = verify(false, slow, rng=3)
    assert verdict.status is Status.VIOLATED, verdict


NOT_APPLICABLE = {
    "the theorem is about preconditioned steps": Case(GD(0.5), SKEW, steps=3),
    "gamma L A < 2": replace(CASE, algorithm=replace(CASE.algorithm, gamma=1.0)),
    "lambda_min > 0": replace(
        CASE, algorithm=Preconditioned(WeightedCoordinate(4, 1, [0.5, 0.5, 0.0, 0.0]), 0.5, [1.0])
    ),
}


@pytest.mark.parametrize("why", NOT_APPLICABLE)
def test_each_assumption_that_is_broken_is_named(why):
    for id in ("T26", "T26_pl"):
        verdict = verify(id, NOT_APPLICABLE[why])
        assert verdict.status is Status.NOT_APPLICABLE
        assert any(why in told for told in verdict.unmet), verdict.unmet


@pytest.mark.parametrize("weights", [[0.0, 1.0], [1.0], [1.0, -1.0], [1.0, np.inf]])
def test_weights_are_positive_numbers_one_for_each_column(weights):
    with pytest.raises(ValueError, match="weights must be positive numbers, one for each of 2 columns"):
        Preconditioned(Haar(4, 2), 0.5, weights)


def test_random_weights_and_quadratics_are_below_the_bound():
    """Of each draw, not only on average: f(W+) <= f(W) - (1 - gamma L A / 2) <G, W - W+>, and a step is as long as A
    allows at most."""
    rng = np.random.default_rng(262)
    for _ in range(300):
        d = int(rng.integers(1, 5))
        r = int(rng.integers(1, d + 1))
        Q = rng.standard_normal((d, d))
        Q = Q @ Q.T
        problem = Quadratic.left(Q, rng.standard_normal((d, 1)))
        weights = 10 ** rng.uniform(-1, 1, r)
        step = rng.uniform(0.05, 1.95) / problem.L / weights.max()
        W = rng.standard_normal((1, d, 1))
        after = next(Preconditioned(Haar(d, r), step, weights).iterates(problem, W, np.random.default_rng(1)))
        moved, G, largest = (W - after)[0], problem.gradient(W)[0], weights.max()
        paid = step / 2 * (2 - step * problem.L * largest) * float((G * moved).sum()) / step
        assert problem.value(after)[0] <= problem.value(W)[0] - paid + 1e-9 * abs(problem.value(W)[0])
        assert float((moved**2).sum()) <= step * largest * float((G * moved).sum()) * (1 + 1e-9)
