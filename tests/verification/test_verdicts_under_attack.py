"""What a hostile reader found: each of these once said something false, or fell over."""

import pickle
import re
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, RACLoRA, Status, simulate, sketches, theorems, verify
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic
from rac_theory.verification.decision import sampled_decision
from rac_theory.verification.evidence_of_runs import Part, Sample
from rac_theory.verification.question import Question

sampled = partial(verify, evidence="sampled")


def identity(d, n=1, mu=1.0):
    """mu times the identity, where T2 with a Haar sketch and gamma = 1/mu is an equality."""
    return Quadratic.left(mu * np.eye(d), np.ones((d, n)))


def constants_of(algorithm, problem, steps=10):
    return Constants.of(Case(algorithm, problem, steps=steps))


def scalar(value, gradient, start, **constants):
    return FromFunctions((1, 1), value, gradient, start=np.full((1, 1), start), **constants)


def test_a_run_that_diverges_to_nan_is_no_success():
    """L declared as 1 for a quartic: the run explodes, and nan is not below a bound."""

    def quartic_value(W):
        return float(2 * W[0, 0] ** 4 + W[0, 0] ** 2 / 2)

    quartic = scalar(quartic_value, lambda W: 8 * W**3 + W, 2.0, L=1.0, mu=1.0, f_star=0.0)
    assert verify(theorems.T2, Case(GD(1.0), quartic, steps=50)).status is Status.VIOLATED
    problem = Quadratic.left(np.diag([1.0, 4.0]), np.ones((2, 1)))
    false = replace(constants_of(GD(0.75), problem), L=1.0)
    for t in (theorems.T1, theorems.T2):
        assert verify(t, Case(GD(0.75), problem, steps=2_000), constants=false).status is Status.VIOLATED


def test_a_value_below_the_declared_infimum_is_an_error():
    """Clipped at zero it would pass for convergence."""
    parabola = scalar(lambda W: float(W[0, 0] ** 2 / 2), lambda W: W, 1.0, L=1.0, mu=1.0, f_star=0.3)
    with pytest.raises(ValueError, match=r"f_star must not be above f, got 0\.299"):
        verify(theorems.T2, Case(GD(0.3), parabola, steps=30))


def test_what_runs_must_be_what_was_checked():
    class Doubled(LeastSquares):
        """Overrides value and gradient, but not the fused method that runs use."""

        def value(self, W):
            return 2 * super().value(W)

        def gradient(self, W):
            return 2 * super().gradient(W)

    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="value_and_gradient must agree with value and gradient"):
        verify(theorems.T1, Case(GD(0.1), Doubled(rng.standard_normal((9, 2)), rng.standard_normal(9)), steps=5))


def test_nothing_is_judged_below_rounding():
    """After 2,000 steps the bound is 1e-116: what the curve does down there is rounding, and no slack is shown."""
    problem = Quadratic.left(np.diag([1.0, 4.0]), np.array([[1.1], [1.3]]))
    verdict = verify(theorems.T2, Case(GD(0.125), problem, steps=2_000))
    assert verdict.status is Status.HOLDS
    assert verdict.reach < 400
    assert verdict.slack.value >= 1
    assert "Only up to t=" in verdict.reason


@pytest.mark.parametrize("far", [1e6, 1e8])
def test_rounding_of_iterates_far_from_zero_refutes_nothing(far):
    """Equality at a distance: one unit in the last place of W is worth more than the bound."""
    problem = Quadratic.left(np.eye(2), far * np.ones((2, 1)), start=far * np.ones((2, 1)) + [[1.0], [1.0]])
    for gamma in (0.1, 0.2, 1.0):
        assert verify(theorems.T2_sharp, Case(GD(gamma), problem, steps=400)).status is not Status.VIOLATED


def test_a_sample_that_missed_the_rare_runs_says_what_it_cannot_exclude():
    """True mean three times the bound, carried by one run in 500; a sample without it looks as if it would have seen.

    No verdict may exclude what is the case: each CONSISTENT one says that only more than 200% is excluded.
    """
    problem = Quadratic.left(np.eye(2), np.array([[1.0], [1e-2]]))
    algorithm = RACLoRA(sketches.WeightedCoordinate(2, 1, weights=[0.998, 0.002]), 1.0)
    false = replace(constants_of(algorithm, problem, 1), lambda_min=0.9993)
    consistent = 0
    for seed in range(60):
        verdict = sampled(theorems.T2, Case(algorithm, problem, steps=1), runs=256, rng=seed, constants=false)
        assert verdict.status is not Status.HOLDS
        assert verdict.upper[1] > 3 * verdict.bound[1]
        if verdict.status is Status.CONSISTENT:
            consistent += 1
            excluded = int(re.search(r"only one by (\d+)% or more is excluded", verdict.reason).group(1))
            assert excluded > 200
    assert consistent > 20


def test_what_is_excluded_is_never_a_negative_percentage():
    """An early step unconfirmed, the last one far below its bound: there every violation is excluded."""
    X = np.random.default_rng(0).uniform(0.6, 1.0, size=400)
    X, question = np.column_stack([X, 0.1 * X]), Question(np.array([0.8, 0.3]), 1.0)
    finding = sampled_decision(Sample.of([Part.of(X, question)], X, question), question, np.array([1, 2]), 1e-3)
    assert finding.status is Status.CONSISTENT
    assert "every one is excluded there" in finding.reason


def test_runs_that_are_all_zero_are_no_crash():
    problem = Quadratic.left(np.eye(4), np.ones((4, 1)))
    algorithm = RACLoRA(sketches.Coordinate(4, 1), 1.0)
    verdict = sampled(theorems.T2, Case(algorithm, problem, steps=60), runs=16, rng=0)
    assert verdict.status is Status.UNDECIDED
    assert "no number can be named" in verdict.reason


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda rng, size: np.repeat(rng.standard_normal((1, 3, 1)), size, axis=0), "64 copies of one"),
        (lambda rng, size: np.where(rng.random((size, 3, 1)) < 0.3, np.inf, 1.0), "must be finite"),
    ],
)
def test_sketches_that_would_spoil_the_evidence_are_refused(broken, message):
    class Plugged:
        dim, rank = 3, 1

        def sample(self, rng, size):
            return broken(rng, size)

    with pytest.raises(ValueError, match=message):
        RACLoRA(Plugged(), 0.1)


def test_a_closed_form_that_no_mean_of_projections_can_be_is_refused():
    class Boastful(sketches.Haar):
        def expected_projection(self):
            return 3 * np.eye(self.dim)

    with pytest.raises(ValueError, match=r"must have eigenvalues in \[0, 1\] and trace at most rank=1"):
        constants_of(RACLoRA(Boastful(4, 1), 0.1), identity(4))


def test_verdicts_and_theorems_survive_a_pickle():
    verdict = verify("T2", Case(RACLoRA(sketches.Haar(4, 1), 1.0), identity(4), steps=5), runs=32, rng=0)
    again = pickle.loads(pickle.dumps(verdict))
    assert again.theorem is theorems.T2
    assert str(again) == str(verdict)
    assert verdict.status == verdict.status.name
    assert verdict.status.meaning


def test_a_verdict_without_runs_cannot_be_drawn():
    verdict = verify(theorems.T2, Case(RACLoRA(sketches.Haar(3, 1), 1.2), identity(3), steps=5), rng=0)
    with pytest.raises(ValueError, match="a verdict must rest on runs to be drawn"):
        verdict.plot()
    with pytest.raises(ValueError, match="did you mean 'T2'"):
        verify("T22", Case(GD(0.5), identity(3), steps=2))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("in place", "read-only"),
        ("the same", r"User\.iterates must yield a new array each step, got the last one again"),
        ("no yield", r"User\.iterates must yield arrays float64 \(1, 3, 1\) without end, got NoneType"),
        ("exhausted", r"User\.iterates must yield .* got NoneType .nothing more"),
        ("transposed", r"User\.iterates must yield .* got float64 \(1, 1, 3\)"),
        ("a list", r"User\.iterates must yield .* got list"),
    ],
)
def test_what_an_algorithm_may_not_yield(kind, message):
    @dataclass(frozen=True)
    class User:
        gamma: float = 0.1
        deterministic: bool = True

        def check(self, problem):
            pass

        def iterates(self, problem, W, rng):
            return None if kind == "no yield" else self.generator(problem, W)

        def generator(self, problem, W):
            if kind == "in place":
                W -= self.gamma * problem.gradient(W)
            while kind == "the same":
                yield W
            if kind == "transposed":
                yield np.swapaxes(W, 1, 2)
            if kind == "a list":
                yield W.tolist()

    with pytest.raises(ValueError, match=message):
        simulate(Case(User(), identity(3), steps=2))
