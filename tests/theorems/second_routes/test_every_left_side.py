"""What is printed on the left of a claim is what is measured along runs: each metric by its words and by its curves."""

import numpy as np
import pytest

from rac_theory import Constants, theorems
from rac_theory.algebra import Symbol, number
from rac_theory.statements import squared_gradient_and_beside, squared_gradient_with_weights
from rac_theory.statements.metric import Curves
from rac_theory.statements.symbols import A, T, gamma, t
from tests.as_one_test import as_one_test

from .changed import changes

WEIGHT = 1 / (1 + gamma * A)
C = Constants(gamma=0.3, A=1.7, f_star=0.4)
STEPS = np.arange(12.0)
CURVES = Curves(
    *((2.0 + (STEPS + i) ** 2)[None] for i in range(3)),
    step_sizes=(3.0 + STEPS)[None],
    squared_gradients_at_iterate=(5.0 + STEPS)[None],
    gradient_norms=(5.0 + STEPS**2)[None],
)
"""Values, squared gradients, squared distances, step sizes, squared gradients at X and norms, known as numbers and, by
the same rule, in words."""

IN_WORDS = {
    Symbol("E[f(W^T)]", r"\mathrm{E}[f(W^T)]"): 2 + T**2,
    Symbol("E||grad f(W^t)||^2", r"\mathrm{E} \Vert \nabla f(W^t) \Vert^2", argument=t): 2 + (t + 1) ** 2,
    Symbol("E[gamma_t ||grad f(W^t)||^2]", r"\mathrm{E} [\gamma_t \Vert \nabla f(W^t) \Vert^2]", argument=t): (3 + t)
    * (2 + (t + 1) ** 2),
    Symbol("E||grad f(X^t)||^2", r"\mathrm{E} \Vert \nabla f(X^t) \Vert^2", argument=t): 5 + t,
    Symbol("E N(grad f(W^t))", r"\mathrm{E} N(\nabla f(W^t))", argument=t): 5 + t**2,
    Symbol("E||W^T - W*||^2", r"\mathrm{E} \Vert W^T - W^\star \Vert^2"): 2 + (T + 2) ** 2,
}
METRICS = [
    theorems.gap,
    theorems.squared_distance,
    theorems.mean_squared_gradient,
    theorems.mean_scaled_squared_gradient,
    theorems.mean_norm,
    theorems.weighted_squared_gradient(WEIGHT),
    squared_gradient_with_weights(1 / (A + t)),
    squared_gradient_and_beside(1 - gamma * A),
]


def by_words(expected, steps):
    """The left side read as a number; nan where a t is left over."""
    try:
        return float(number(expected.at(IN_WORDS), {"f*": C.f_star, "gamma": C.gamma, "A": C.A, "T": float(steps)}))
    except KeyError:
        return np.nan


def apart(metric, expected):
    """How far both readings are apart, relatively, at most."""
    along = metric.measure(CURVES, C)[0]
    return float(np.max([abs(by_words(expected, steps) / along[steps] - 1) for steps in (1, 2, 11)]))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_no_change_of_the_left_side_survives(metric):
    """1/T, the range of a sum, the power of a weight, the minus before f*: each is changed, and then it is not so.

    A weight has one value in numerator and denominator, which is why it is changed with the claims.
    """
    assert apart(metric, metric.expected) < 1e-12
    changed = [other for other in changes(metric.expected) if other != metric.expected]
    assert len(changed) >= 6
    for other in changed:
        assert not apart(metric, other) < 1e-6, other


@as_one_test("theorem", theorems.ALL.values(), ids=lambda theorem: theorem.id)
def test_theorems_are_about_these_metrics(theorem):
    """Would catch a metric of another kind, whose words nobody compares with its curves."""
    assert theorem.metric.name in {metric.name for metric in METRICS}
