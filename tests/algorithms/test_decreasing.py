"""Steps that decrease: their sizes, by hand, and that nothing else changes."""

from itertools import cycle, islice

import numpy as np
import pytest

from rac_theory import Case, Constants, Unsupported, exact_rate, expected, simulate, theorems
from rac_theory.algebra import Symbol, number, total
from rac_theory.algorithms import GD, SGD, Bernoulli, Decreasing, Implementation, LayeredRACLoRA, RACLoRA, StepPerDraw
from rac_theory.algorithms.gradients import CertifiedStep, Clients, Exact, Local, Minibatch, Noisy, Reshuffled
from rac_theory.problems import Federated, Layers, LeastSquares, Quadratic
from rac_theory.sketches import Coordinate, Gaussian, Haar
from tests.as_one_test import as_one_test
from tests.refused import refused

ROWS = LeastSquares(np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [2.0, -1.0]]), np.array([1.0, 0.0, 2.0, 1.0]))
CLIENTS = Federated(ROWS, 2)
LINE = Quadratic.left([[1.0]], W_star=[[1.0]])
SOURCES = {
    "exact": (Exact(), ROWS),
    "noisy": (Noisy(0.3), ROWS),
    "minibatch": (Minibatch(2), ROWS),
    "local": (Local(2), ROWS),
    "reshuffled": (Reshuffled(), ROWS),
    "clients": (Clients(Local(2)), CLIENTS),
}


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_sizes_on_a_line_by_hand(power):
    """x+ = (1 - gamma_t) x: would catch a first step that is too short, and a t that starts at 1."""
    run = simulate(Case(Decreasing(GD(0.5), offset=3.0, power=power), LINE, steps=6), record=["W"])
    by_hand = np.cumprod([1.0, *(1 - 0.5 * (3 / (3 + t)) ** power for t in range(6))])
    np.testing.assert_allclose(1 - run.iterates[0, :, 0, 0], by_hand, rtol=1e-14)
    assert ("power" in repr(run.case.algorithm)) == (power != 1)


@pytest.mark.parametrize("name", SOURCES)
def test_a_step_is_that_of_the_algorithm_at_t(name):
    """To the bit, from the same draws: all of power zero, and the first of power 1/2 but no later one. Catches a step
    that is scaled otherwise than by an exact one, or that draws another time."""
    gradients, problem = SOURCES[name]
    algorithm = RACLoRA(Coordinate(2, 1), 0.05, gradients=gradients)

    def path(some):
        return [*islice(some.iterates(problem, np.ones((3, *problem.shape)), np.random.default_rng(0)), 8)]

    whole, decreasing = path(algorithm), Decreasing(algorithm, 2.0, 0.5)
    np.testing.assert_array_equal(path(Decreasing(algorithm, 4.0, 0.0)), whole)
    first, *later = path(decreasing)
    np.testing.assert_array_equal(first, path(decreasing.at(0))[0])
    assert decreasing.at(0) == algorithm
    assert not any(map(np.allclose, later, whole[1:]))
    assert decreasing.at(6).gamma == 0.05 * (2 / 8) ** 0.5


@pytest.mark.parametrize(("name", "power"), [*zip(SOURCES, cycle([0.5, 1.0]), strict=False)])
def test_expectations_are_the_means_of_runs(name, power):
    """20 000 runs, five standard errors (a right one fails once in a million): a map that is one t late would differ
    by 20 of them, as a check against the shifted schedule shows for additive noise."""
    gradients, problem = SOURCES[name]
    case = Case(Decreasing(RACLoRA(Coordinate(2, 1), 0.1, gradients=gradients), 2.0, power), problem, steps=6)
    mean, run = expected(case).gap, simulate(case, runs=20_000, rng=1)
    error = run.gaps.std(axis=0)[1:] / len(run.gaps) ** 0.5
    assert (np.abs(run.gaps.mean(axis=0) - mean)[1:] <= 5 * error + 1e-12).all()


def test_rational_expectations_are_the_same():
    """In fractions, to 1e-12; and a root is refused."""
    algorithm = RACLoRA(Gaussian(2, 1), 0.1)
    for power in (0.0, 1.0):
        case = Case(Decreasing(algorithm, 3.0, power), ROWS, steps=4)
        np.testing.assert_allclose(expected(case, exact=True).gap.astype(float), expected(case).gap, rtol=1e-12)
    with pytest.raises(Unsupported, match="power=0 or 1"):
        expected(Case(Decreasing(algorithm, 3.0, 0.5), ROWS, steps=4), exact=True)


def test_layers_and_a_coin_take_such_steps_too():
    layers = Layers([(2, 1), (2, 1)])
    problem = Quadratic.left(np.diag([1.0, 2.0, 0.5, 1.5]), np.ones((4, 1)))
    layered = LayeredRACLoRA(layers, [Coordinate(2, 1), None], gamma=0.1)
    coin = Bernoulli(Coordinate(4, 1), Coordinate(1, 1), gamma=0.1)
    for algorithm in (layered, coin):
        shorter, whole = (expected(Case(one, problem, steps=9)).gap for one in (Decreasing(algorithm, 1.0), algorithm))
        assert shorter[1] == whole[1]
        assert (shorter[2:] > whole[2:]).all()


def test_what_is_refused():
    """An implementation is none of steps that decrease, as a step of one's own is not told t."""
    refused(
        (lambda: Decreasing(SGD(1.0, CertifiedStep()), 1.0), "without step sizes of their own"),
        (lambda: Decreasing(StepPerDraw(Haar(2, 1)), 1.0), "algorithm must be a ProjectedDescent"),
        (lambda: Decreasing(GD(0.1), 0.0), "offset must be"),
        (lambda: Decreasing(GD(0.1), 1.0, 1.5), r"power must be in \[0, 1\]"),
        (lambda: Decreasing(GD(0.1), 1.0, -0.5), "power must be"),
        (lambda: exact_rate(Case(Decreasing(RACLoRA(Haar(2, 1), 0.1), 3.0), ROWS)), "steps must have one size"),
        (lambda: Implementation(lambda W, rng: W, implements=Decreasing(GD(0.1), 1.0)), "implements must be"),
        error=(ValueError, Unsupported),
    )


@as_one_test("theorem", theorems.ALL.values(), ids=list(theorems.ALL))
def test_no_theorem_about_steps_of_one_size_applies(theorem):
    """Each of the others, with the words that it is the steps."""
    algorithm = Decreasing(RACLoRA(Haar(2, 1), 0.01, gradients=Noisy(0.1)), 50.0, 0.25)
    case = Case(algorithm, ROWS, steps=3)
    assert theorem.unmet(case, Constants.of(case))


def test_there_is_no_one_gain():
    """nu of the first step would promise too much of the others."""
    case = Case(Decreasing(RACLoRA(Haar(2, 1), 0.01), 50.0), ROWS)
    c, whole = Constants.of(case), Constants.of(Case(RACLoRA(Haar(2, 1), 0.01), ROWS))
    assert np.isnan([c.nu, c.longest_step]).all()
    assert (c.gamma, c.offset, c.lambda_min, c.L_H) == (0.01, 50.0, whole.lambda_min, whole.L_H)
    assert np.isfinite(whole.nu)
    assert np.isnan(whole.offset)


def test_a_horizon_of_steps_that_decrease():
    """By looking at all; and where no T up to 2^20 will do it is not said that there is none."""
    case = Case(Decreasing(SGD(0.5, Noisy(1.0)), 2.0), LINE)
    bound = theorems.T19_pl.bound(Constants.of(case), 20_000)
    assert theorems.T19_pl.steps_to(1e-3, case) == np.flatnonzero(bound <= 1e-3)[0]
    assert np.isnan(theorems.T19_pl.steps_to(1e-9, case))


def test_sums_at_many_steps_are_those_at_each():
    """Of one array of horizons the sums go on from each other: a sum that begins with t = 1 would differ."""
    t, T = Symbol("t"), Symbol("T")
    steps = np.array([0.0, 1.0, 7.0, 3.0, np.nan, 2.0])
    found = number(total(t, T, 1 / (1 + t)), {"T": steps})
    one_by_one = [number(total(t, T, 1 / (1 + t)), {"T": each}) for each in steps]
    np.testing.assert_allclose(found, one_by_one, rtol=1e-15)
