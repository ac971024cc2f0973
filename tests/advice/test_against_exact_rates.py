"""What advice promises beside what exact expectations take: an upper bound, and the side that is faster."""

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA, exact_rate, expected, theorems
from rac_theory.advice import Curvature, advise, promised_steps
from rac_theory.problems import Quadratic
from rac_theory.sketches import named_sketch

SPECTRUM = np.geomspace(1, 0.02, 12)


def algorithm(option, L):
    """RAC-LoRA as an option has it, at its best step."""
    gamma = option.step / L
    if option.side == "full":
        return GD(gamma)
    dim = option.shape[0] if option.side == "left" else option.shape[1]
    return RACLoRA(named_sketch(option.sketch, dim, option.rank), gamma, option.side)


def steps_taken(option, problem, most, epsilon=0.01):
    """The first step at which the expected gap is a hundredth of the first one."""
    gap = expected(Case(algorithm(option, problem.L), problem, steps=most)).gap
    (there,) = np.nonzero(gap <= epsilon * gap[0])
    return int(there[0])


def promised(option, condition):
    return int(promised_steps(theorems.T15_pl, option.nu, epsilon=0.01, condition=condition))


@pytest.mark.parametrize("start", ["even", "slowest"])
def test_promised_steps_are_an_upper_bound_of_exact_expectations(start):
    """From all directions alike, and along the slowest alone, where the promise is less than 2.2 times what it takes.
    Catches a gain that is too large by more than rounding, and a step of half the length."""
    curvature = Curvature.of_spectrum(SPECTRUM, side="left")
    W = np.ones((12, 3)) if start == "even" else np.outer(np.arange(12) == 11, np.ones(3))
    problem = Quadratic.left(np.diag(SPECTRUM), W)
    options, _ = advise([(12, 3)], ranks=[1, 2], sketches=["haar"], curvature=curvature)
    assert [option.side for option in options] == ["full", "left", "right", "left", "right"]
    for option in options:
        most = promised(option, curvature.condition)
        taken = steps_taken(option, problem, most)
        assert taken <= most
        assert start == "even" or most < 2.2 * taken


def test_the_bound_is_attained_where_all_curved_directions_are_alike():
    """k equal eigenvalues, the rest zero: the exact rate is 1 - mu nu. Catches a nu that is smaller or larger. With
    exact rates the faster side turns where the promised one does: where 2 + rho passes the length of the other side, up
    to d/(d + 2)."""
    m, n = 60, 16
    faster = {}
    for k in (1, 4, 13, 14, 15, 30):
        values = (np.arange(m) < k).astype(float)
        curvature = Curvature.of_spectrum(values, side="left")
        assert curvature.rho == k
        problem = Quadratic.left(np.diag(values), np.ones((m, n)))
        options, _ = advise([(m, n)], ranks=[1], sketches=["haar"], curvature=curvature)
        exact = {option.side: 1 / (1 - exact_rate(Case(algorithm(option, 1.0), problem))) for option in options[1:]}
        for option in options[1:]:
            assert exact[option.side] == pytest.approx(option.slowdown, rel=1e-9)
        faster[k] = min(exact, key=exact.__getitem__)
        assert exact["left"] == pytest.approx(m * (2 + k) / (m + 2), rel=1e-9)
    assert faster == {k: "left" if 2 + k < n * (m + 2) / m else "right" for k in faster}
    assert set(faster.values()) == {"left", "right"}
