"""Decay inside of the range is a plain step on the regularised function: the same iterates, and T1 and T2 of those."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Noisy, Status, expected, verify
from rac_theory.algorithms import DECAY, DECAY_INSIDE, H, Method, gradient, letter, state
from rac_theory.problems import LeastSquares, LogisticRegression, PLSine, Quadratic
from rac_theory.sketches import Coordinate, Haar
from rac_theory.statements.symbols import gamma

RNG = np.random.default_rng(27)
X = RNG.standard_normal((20, 4))
PROBLEMS = {
    "least squares": LeastSquares(X, X @ np.ones((4, 2)), l2=0.05),
    "logistic": LogisticRegression(X, np.sign(X[:, 0])),
    "quadratic": Quadratic.left(np.diag([1.0, 0.5, 0.2, 0.0]), np.ones((4, 2))),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_iterates_are_the_same(name):
    """Catches decay that is twice as strong, N times as strong, or acts outside of the range."""
    case = Case(DECAY_INSIDE(Haar(4, 1), gamma=0.3, omega=0.2), PROBLEMS[name], steps=5)
    plain = case.without_decay()
    W = RNG.standard_normal((2, *case.problem.shape))
    walks = (each.algorithm.iterates(each.problem, W, np.random.default_rng(1)) for each in (case, plain))
    for _, one, other in zip(range(5), *walks, strict=False):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "id"), [("quadratic", "T1"), ("least squares", "T2"), ("least squares", "T5"), ("quadratic", "T6")]
)
def test_theorems_are_about_it(name, id):
    more = {"gradients": Noisy(0.1)} if id in ("T5", "T6") else {}
    case = Case(DECAY_INSIDE(Coordinate(4, 1), gamma=0.1, omega=0.2, **more), PROBLEMS[name], steps=40)
    verdict = verify(id, case.without_decay())
    assert verdict.status is Status.HOLDS
    assert verdict.evidence == "exact"
    assert verify(id, case).status is Status.NOT_APPLICABLE  # of f itself nothing of the kind is true


def test_the_expectation_is_that_of_the_method():
    """Distances from the regularised minimiser, by the moments of the method and by those of plain steps."""
    case = Case(DECAY_INSIDE(Coordinate(4, 1), gamma=0.5, omega=0.2), PROBLEMS["quadratic"], steps=400)
    plain = expected(case.without_decay())
    assert plain.gap[-1] < 1e-6 * plain.gap[0]
    assert expected(case).gap[-1] > 1e-3  # f itself ends above its own minimum


SHRINKS = Method({(W := state("W")): W - gamma * H(gradient(W) + 2 * letter("omega") * W)})


def test_of_another_algorithm_or_a_problem_without_a_penalty_there_is_no_such_case():
    for algorithm in (GD(0.1), DECAY(Haar(4, 1), gamma=0.1, omega=0.1), SHRINKS(None, gamma=1, omega=1)):
        with pytest.raises(ValueError, match="the algorithm must be DECAY_INSIDE"):
            Case(algorithm, PROBLEMS["quadratic"]).without_decay()
    case = Case(DECAY_INSIDE(None, gamma=0.1, omega=0.1), PLSine((4, 2)))
    with pytest.raises(ValueError, match="the problem must have a penalty l2, or be"):
        case.without_decay()
    wide = replace(case, problem=Quadratic.kronecker(np.eye(4), np.eye(2), np.ones((4, 2))), W0=None)
    with pytest.raises(ValueError, match="the problem must have a penalty l2"):
        wide.without_decay()
