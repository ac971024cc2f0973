"""The check of a smoothness: each Q that is too small somewhere is refuted, by a step that shows it.

No test here is statistical: a search either finds a counterexample, which is one, or it does not. That ours pass is
tested with all else that ``check_problem`` tries.
"""

import re

import numpy as np
import pytest

from rac_theory.problems import FromFunctions, Smoothness
from rac_theory.testing import check_problem
from tests.testing.cases import cases
from tests.testing.failing import refuted
from tests.testing.test_check_problem import OURS, Broken, X, strip

SOFTMAX = OURS["softmax, ridge"]
EYE, GRAM, CENTRED = np.eye(3), X.T @ X / 20, np.eye(3) - 1 / 3


def plus_rounding(S):
    return (S + S.T) / 2 + 1e-12 * np.eye(len(S))


def of(*terms):
    return Smoothness([(plus_rounding(S), plus_rounding(R)) for S, R in terms])


def rescaled(name, factor):
    """Broken by a factor alone."""
    base = OURS[name]
    return Broken(base, smoothness=Smoothness([(factor * S, R) for S, R in base.smoothness.terms]))


def flattened(name):
    """Broken along the direction of most curvature alone, which is made to curve half as much."""
    base = OURS[name]
    [(S, R)] = base.smoothness.terms
    values, U = np.linalg.eigh(S)
    values[-1] /= 2
    return Broken(base, smoothness=of(((U * values) @ U.T, R)))


ATTAINED = ["quadratic, left", "quadratic, kronecker", "least squares", "logistic", "logistic, ridge", "nonconvex"]
STEEP = Smoothness([(np.diag([4.5, 1.0]), np.eye(1))])  # far from every landmark; along the second entry it is right
OF_SOFTMAX = [
    of((GRAM, CENTRED / 2)),  # the penalty is forgotten, and nothing else curves where columns move alike
    of((GRAM, CENTRED / 4), (0.2 * EYE, EYE)),  # a quarter, as for two classes
    of((GRAM + 0.2 * EYE, CENTRED / 2)),  # the penalty is centred, too
    of((GRAM, CENTRED / 2), (0.1 * EYE, EYE)),  # half of the penalty
    of((CENTRED / 2, GRAM), (0.2 * EYE, EYE)),  # factors swapped
    of((EYE, CENTRED / 2), (0.2 * EYE, EYE)),  # without the features
    of((np.diag(np.diag(GRAM)), CENTRED / 2), (0.2 * EYE, EYE)),  # the diagonal of X'X
]
FALSE = {
    **{f"{name}, less": rescaled(name, 0.95) for name in (*ATTAINED, "quadratic, singular", "least squares, rank 2")},
    **{f"{name}, one direction": flattened(name) for name in ATTAINED},
    **{f"softmax {k}": Broken(SOFTMAX, smoothness=Q) for k, Q in enumerate(OF_SOFTMAX)},
    "PL sine, less": rescaled("PL sine", 0.95),
    "a steep strip": strip(L=9.0, smoothness=STEEP),
}


@pytest.mark.parametrize("problem", FALSE.values(), ids=FALSE)
def test_false_ones_are_refuted(problem):
    """Five per cent less, and half in the direction that curves most."""
    refuted(r"smoothness must bound f\(W \+ D\)", check_problem, problem)


def test_true_ones_that_are_looser_pass():
    """I/2 and L I are true. Catches a check that refuses more than is false."""
    for Q in (of((GRAM / 2 + 0.2 * EYE, EYE)), Smoothness.isotropic(SOFTMAX.L, (3, 3))):
        check_problem(Broken(SOFTMAX, smoothness=Q))
    check_problem(Broken(SOFTMAX, smoothness=None))
    check_problem(strip(L=9.0, smoothness=Smoothness([(np.diag([9.0, 1.0]), np.eye(1))])))


def test_a_bend_that_no_value_can_show_is_found():
    """``10^9 + 10^-4 (1 - cos 100 w)``: far below the rounding of values, but gradients show that it curves by 1."""

    def value(W):
        return 1e9 + 1e-4 * np.sum(1 - np.cos(100 * W))

    def problem(curvature):
        Q = Smoothness([([[curvature]], [[1.0]])])
        return FromFunctions((1, 1), value, lambda W: 1e-2 * np.sin(100 * W), L=1.0, smoothness=Q)

    check_problem(problem(1.0))
    refuted(r"there and back, and so .* by 0\.9: it is 0\.99", check_problem, problem(0.9))


def test_a_negative_curvature_is_no_counterexample():
    """The bound is from above alone: ``-x^2 / 2`` is below every tangent. Catches a check of absolute values."""
    flat = Smoothness([(np.zeros((1, 1)), np.eye(1))])
    check_problem(FromFunctions((1, 1), lambda W: -np.sum(W**2) / 2, lambda W: -W, L=1.0, smoothness=flat))


def test_the_step_is_a_witness():
    """The numbers of the sentence can be had again from the matrices that it carries."""
    problem = rescaled("quadratic, kronecker", 0.9)
    caught = refuted("the bound is", check_problem, problem)
    W, D = caught.witness["W"], caught.witness["D"]
    rise = problem.value(W + D) - problem.value(W) - np.sum(problem.gradient(W) * D)
    bound = np.sum(D * problem.smoothness.times(D)) / 2
    assert rise > bound
    said = [float(x) for x in re.search(r"the bound is (\S+), f rises by (\S+), at", str(caught)).groups()]
    np.testing.assert_allclose(said, [bound, rise], rtol=1e-5)


@cases(
    "Q, message",
    (3.0, r"smoothness must be a Smoothness, or None if it is unknown, it is 3\.0"),
    (Smoothness.isotropic(9.0, (2, 3)), r"smoothness must be for W of shape \(3, 2\), it is for \(2, 3\)"),
)
def test_what_is_none_of_its_shape_is_named(Q, message):
    refuted(message, check_problem, Broken(smoothness=Q))
