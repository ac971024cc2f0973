"""T22: momentum on projected gradients, where it holds exactly, is refuted, and is not applicable."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, FiniteDifferences, Minibatch, Noisy, Status, expected, theorems, verify
from rac_theory.algorithms import MOMENTUM, SHIFTED_MOMENTUM, H, Method, gradient, letter, state
from rac_theory.problems import PLSine, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate

from .asked_of_each import holds_exactly, names_what_is_broken, ratios
from .second_routes.moments import check_below, enumerated, on_axes
from .small_cases import LEAST, LINE, SKEW, WEIGHTED

T22, T22_pl = theorems.T22, theorems.T22_pl
BOTH = ("T22", "T22_pl")


def case(problem, sketch, b, gamma_L=0.4, steps=40, method=SHIFTED_MOMENTUM, **more):
    return Case(method(sketch, gamma=gamma_L / problem.L, b=b, **more), problem, steps=steps)


EXACT = {
    "quadratic": case(SKEW, Coordinate(4, 1), 0.7),
    "written at X": case(SKEW, Coordinate(4, 1), 0.7, method=MOMENTUM),
    "weighted": case(SKEW, WEIGHTED, 0.5),
    "Haar": case(SKEW, Haar(4, 2), 0.45),
    "no sketch": case(LEAST, None, 0.3),
    "no momentum": case(SKEW, Coordinate(4, 1), 0.0, 1.0),
    "noise": case(SKEW, Coordinate(4, 1), 0.7, gradients=Noisy(0.3)),
    "noise, weighted": case(SKEW, WEIGHTED, 0.3, gradients=Noisy(0.1)),
}


test_it_holds_exactly = holds_exactly(BOTH, EXACT)


def test_at_W_and_at_X_are_one_method():
    """The same expectations in either way of writing: catches a shift of gamma M, or of b M."""
    curves = [expected(case(SKEW, WEIGHTED, 0.6, method=method)).gap for method in (MOMENTUM, SHIFTED_MOMENTUM)]
    np.testing.assert_allclose(*curves, rtol=1e-12)


@pytest.mark.parametrize(("b", "gamma_L", "share"), [(0.5, 0.5, 0.5), (0.25, 0.45, 0.3), (0.1, 0.7, 0.5)])
def test_it_holds_by_enumeration_where_f_is_not_quadratic(b, gamma_L, share):
    """All draws of 12 steps on a function that is not convex, H on one of two axes."""
    problem, start, T = PLSine((2, 1)), np.array([[2.0], [-1.5]]), 12
    algorithm = SHIFTED_MOMENTUM(WeightedCoordinate(2, 1, [share, 1 - share]), gamma=gamma_L / problem.L, b=b)
    c = Constants.of(Case(algorithm, problem, start, steps=T))

    def step(P, W, M):
        seen = P @ problem.gradient(W + c.gamma * b * M)
        return W - c.gamma * seen, b * M + seen

    curves = enumerated(problem, step, on_axes(share), (start, 0 * start), T)
    for theorem in (T22, T22_pl):
        check_below(theorem, curves, c)


def on_the_line(method, b, gamma, steps):
    return Case(method(None, gamma=gamma, b=b), LINE, [[1.0]], steps=steps)


def test_at_X_alone_it_is_false():
    """x^2/2, H = 1, b = 1/3, at the edge of what is assumed: 1.022 of the bound at X, .933 at W."""
    b, gamma, T = 1 / 3, 0.828, 100
    at_X = expected(on_the_line(MOMENTUM.reporting(state("X")), b, gamma, T)).gap
    bound = T22.claim.at(Constants.of(on_the_line(SHIFTED_MOMENTUM, b, gamma, T)), np.array([float(T)]))[0]
    assert np.mean(2 * at_X[:T]) / bound == pytest.approx(1.022, abs=1e-3)
    assert ratios("T22", on_the_line(SHIFTED_MOMENTUM, b, gamma, T))[-1] == pytest.approx(0.933, abs=1e-3)
    assert verify("T22", on_the_line(MOMENTUM.reporting(state("X")), b, gamma, T)).status is Status.NOT_APPLICABLE


def test_where_it_is_attained():
    """b = 0, where it is T1 and T2 at 1/L: equalities at every T."""
    round_ = Case(
        SHIFTED_MOMENTUM(Coordinate(4, 1), gamma=1.0, b=0.0), Quadratic.left(np.eye(4), np.ones((4, 1))), steps=20
    )
    np.testing.assert_allclose(ratios("T22_pl", round_), 1.0, rtol=1e-9)
    np.testing.assert_allclose(ratios("T22", on_the_line(SHIFTED_MOMENTUM, 0.0, 1.0, 4)), 1.0, rtol=1e-9)


def test_what_is_assumed_is_needed():
    """gamma L = 1/2, p = 1/16 and 1 - b = p/4: beyond the edge by a factor of 4, and 2.8 of the bound without it."""
    rare = Case(
        SHIFTED_MOMENTUM(Coordinate(16, 1), gamma=0.5, b=1 - 1 / 64),
        Quadratic.left(np.eye(16), np.ones((16, 1))),
        steps=400,
    )
    assert any("theta >= 0" in told for told in verify("T22", rare).unmet)
    c = Constants.of(rare)
    curve = expected(rare)
    mean = np.cumsum(2 * curve.gap)[:-1] / np.arange(1, 401)
    assert np.max(mean / T22.claim.at(c, np.arange(1.0, 401))) > 1.1


TAMPERED = {
    "T22: no C": ("T22", {"C": 0.0}, EXACT["noise"], 4000),
    "T22_pl: no C": ("T22_pl", {"C": 0.0}, EXACT["noise"], 4000),
    "T22: lambda_max for lambda_min": ("T22", {"lambda_min": 0.95}, "rare", 400),
    "T22_pl: lambda_max for lambda_min": ("T22_pl", {"lambda_min": 0.95}, "rare", 400),
    "T22_pl: mu of another direction": ("T22_pl", {"mu": 1.0}, EXACT["quadratic"], 400),
}
RARE = case(Quadratic.left(np.eye(2), np.array([[1.0], [0.0]])), WeightedCoordinate(2, 1, [0.05, 0.95]), 0.05)


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_with_it_is_refuted(name):
    id, false, of, steps = TAMPERED[name]
    of = replace(RARE if of == "rare" else of, steps=steps)
    assert verify(id, of, constants=replace(Constants.of(of), **false)).status is Status.VIOLATED


W, M = state("W", "M")
g, b, lr = H(gradient(W)), letter("b"), letter("gamma")
PLAIN_HEAVY_BALL = Method({W: W - (M * b + g) * lr, M: M * b + g}, start={M: 0})
NOT_APPLICABLE = {
    "the theorem is about momentum": (BOTH, Case(GD(0.5), SKEW, steps=3)),
    "at W = X - gamma b M": (BOTH, case(SKEW, WEIGHTED, 0.3, method=PLAIN_HEAVY_BALL)),
    "known noise": (BOTH, case(SKEW, WEIGHTED, 0.3, gradients=FiniteDifferences(0.1))),
    "A = 0": (BOTH, case(LEAST, WEIGHTED, 0.3, gradients=Minibatch(2))),
    "b >= 0": (BOTH, case(SKEW, WEIGHTED, -0.3)),
    "b < 1": (("T22",), case(SKEW, WEIGHTED, 1.0)),
    "room > 0": (("T22_pl",), case(SKEW, WEIGHTED, 1.0)),
    "theta >= 0": (("T22",), case(SKEW, WEIGHTED, 0.9, 0.9)),
    "slack >= 0": (("T22_pl",), case(SKEW, WEIGHTED, 0.9, 0.9)),
    "lambda_min > 0": (BOTH, case(SKEW, WeightedCoordinate(4, 1, [0.5, 0.5, 0.0, 0.0]), 0.1)),
}
test_each_assumption_that_is_broken_is_named = names_what_is_broken(BOTH, NOT_APPLICABLE)


ALONG = case(
    Quadratic.left(np.diag([1.0, 0.01, 0.01, 0.01]), np.ones((4, 2))), Haar(4, 1), 0.1, 1.5, gradients=Noisy(0.1)
)


@pytest.mark.parametrize("of", [*EXACT.values(), ALONG], ids=[*EXACT, "a longer step"])
def test_along_the_sketch_it_holds_exactly(of):
    """T22_H, where T22 does, and for a step that is too long for T22."""
    verdict = verify("T22_H", of)
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact"), verdict
    assert verify("T22", ALONG).status is Status.NOT_APPLICABLE


def test_along_the_sketch_theta_is_named():
    """Where what is asked of L and L_H is not met."""
    far = case(SKEW, WEIGHTED, 0.9, 0.9)
    assert any("theta >= 0" in told for told in verify("T22_H", far).unmet)
