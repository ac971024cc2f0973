"""Strategies: what they draw is admissible, shrinks to what can be read, and holds no generator."""

import re

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from rac_theory import Case, Constants, RACLoRA, Status, theorems, verify
from rac_theory.problems import Quadratic
from rac_theory.testing import strategies


@pytest.mark.long
@settings(max_examples=40)
@given(st.data())
def test_what_is_drawn_meets_the_assumptions_of_a_theorem_and_does_not_refute_it(data):
    """T2, and T1 where f is not PL. Would catch a start at the minimum, a long step, a lambda_min of zero. Level 1e-6
    for each example; the seeds are the same each time."""
    problem = data.draw(strategies.problems())
    algorithm = data.draw(strategies.algorithms(problem))
    case = Case(algorithm, problem, data.draw(strategies.starts(problem)), steps=8)
    assert max(problem.shape) <= 4
    assert case.algorithm.gamma <= 1 / problem.L
    theorem = theorems.T2 if problem.mu > 0 else theorems.T1
    seed = data.draw(strategies.seeds())
    assert theorem.unmet(case, Constants.of(case, rng=seed)) == ()
    verdict = verify(theorem, case, runs=64, rng=seed, alpha=1e-6)
    assert verdict.status is not Status.VIOLATED, verdict


@pytest.mark.parametrize("dim", [1, 3, 4])
def test_every_sketch_that_exists_is_drawn(dim):
    """All names but that of the frozen one, whose lambda_min is zero."""
    names = {name for name, _ in strategies._sizes(dim)}
    assert "frozen" not in names
    assert {"gaussian", "coordinate", "count_sketch", "uniform"} <= names
    assert ("subsampled_hadamard" in names) == (dim in (1, 4))


@pytest.mark.long
def test_cases_shrink_to_the_smallest():
    """Would catch an order of choices that ends in a large or an obscure case."""
    problem = find(strategies.problems(), lambda _: True)
    assert isinstance(problem, Quadratic)
    assert problem.shape == (1, 1)
    assert np.array_equal(problem.S, np.eye(1))
    assert find(strategies.starts(problem), lambda _: True).item() == 0
    assert find(strategies.step_sizes(problem), lambda _: True) == 1 / problem.L
    assert find(strategies.seeds(), lambda _: True) == 0
    wide = find(strategies.problems(), lambda p: p.shape[0] == 3)
    assert np.array_equal(wide.S, np.eye(3))
    rac = find(strategies.algorithms(wide), lambda a: isinstance(a, RACLoRA) and a.sketch is not None)
    assert (rac.sketch.rank, rac.side) == (1, "left")


def test_the_minimiser_of_a_problem_is_no_start_and_the_simplest_step_is_the_longest():
    """f is zero at zero: every bound would be. Catches a step of 1 / L that is never drawn."""
    sine = strategies.pl_sine(1, 2)
    assert find(strategies.step_sizes(sine), lambda gamma: True) == 1 / sine.L
    assert np.abs(find(strategies.starts(sine), lambda _: True)).sum() == 1


def test_a_falsified_case_is_printed_as_the_calls_that_make_it(capsys):
    @settings(database=None, report_multiple_bugs=False, phases=[Phase.generate, Phase.shrink])
    @given(strategies.problems(), strategies.sketches(3), strategies.seeds())
    def no_two_rows(problem, sketch, seed):
        assert problem.shape[0] < 2

    with pytest.raises(AssertionError) as raised:
        no_two_rows()
    printed = "\n".join(raised.value.__notes__)
    assert "problem=quadratic(rows=2, columns=1, largest=1, seed=0)" in printed
    assert "sketch=Gaussian(dim=3, rank=1)" in printed
    assert "seed=0" in printed


def test_the_largest_seed_is_the_largest_that_every_generator_takes():
    """Also the older one of NumPy. Catches a range that ends beyond it, or one before."""
    largest = int(re.search(r"max_value=([\d_]+)", repr(strategies.seeds()))[1])
    np.random.RandomState(largest)
    with pytest.raises(ValueError, match="Seed must be between"):
        np.random.RandomState(largest + 1)


@pytest.mark.parametrize("seed", [0, 1])
def test_problems_have_the_curvatures_and_penalties_that_they_say(seed):
    """From 1 to the largest, evenly, in any basis. Catches another number of one of them, which no theorem minds."""
    problem = strategies.quadratic(3, 2, 5.0, seed)
    assert np.linalg.eigvalsh(problem.S) == pytest.approx([1.0, 3.0, 5.0])
    assert (problem.mu, problem.L) == pytest.approx((1.0, 5.0))
    assert strategies.nonconvex_logistic(3, 2, seed).lam == 0.1
    assert strategies.logistic(3, 2, seed).l2 == strategies.softmax(3, 2, 2, seed).l2 == 0.1
