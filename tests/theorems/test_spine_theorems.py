"""Each theorem as a value: its formula against the proof, and its assumptions broken one by one."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Exact, RACLoRA, sketches, theorems, verify
from rac_theory.problems import FromFunctions, NonconvexLogistic, Quadratic

ALL = [theorems.T1, theorems.T2, theorems.T1_sharp, theorems.T2_sharp]  # the others: tests/theorems
PL = [theorems.T2, theorems.T2_sharp]
c = Constants(
    gamma=0.2, L=2.0, mu=0.5, lambda_min=0.25, lambda_max=0.5, f_star=1.0, gap0=3.0, gap0_upper=3.5, f_star_error=0.5
)


def a_case(gamma=0.2, sketch="haar", rank=2, problem=None):
    problem = problem or Quadratic.left(np.diag([0.5, 1.0, 1.5, 2.0]), np.ones((4, 2)))
    return Case(RACLoRA(sketches.named_sketch(sketch, 4, rank), gamma), problem, steps=5)


def test_the_tight_form():
    """Never above T1_sharp, which it approaches; an equality for isotropic sketches on a multiple of the identity.

    There a sketch that is not isotropic would show.
    """
    ratio = theorems.T1_tight.bound(c, 50)[1:] / theorems.T1_sharp.bound(c, 50)[1:]
    assert (ratio < 1).all()
    assert ratio[-1] > 0.999
    problem = Quadratic.left(2 * np.eye(5), np.ones((5, 2)))
    for gamma in (0.2, 0.5, 0.9):
        verdict = verify(theorems.T1_tight, Case(RACLoRA(sketches.Haar(5, 2), gamma), problem, steps=20))
        assert verdict.evidence == "exact"
        np.testing.assert_allclose(verdict.mean[1:], verdict.bound[1:], rtol=1e-12)
    unknown = replace(c, lambda_min=math.nan)
    assert np.isnan(theorems.T1_tight.bound(unknown, 3)).all()


def test_bounds_at_the_start():
    """Gradients have no average before the first step; the gap starts at the gap."""
    assert math.isnan(theorems.T1.bound(c, 2)[0])
    assert theorems.T2.bound(c, 2)[0] == c.gap0


@pytest.mark.parametrize("longer", [theorems.T1_sharp, theorems.T2_sharp])
def test_the_sharp_form_is_the_plain_one_at_one_over_L_and_better_below(longer):
    plain = {"T1_sharp": theorems.T1, "T2_sharp": theorems.T2}[longer.id]
    at = replace(c, gamma=1 / c.L)
    np.testing.assert_allclose(longer.bound(at, 5)[1:], plain.bound(at, 5)[1:], rtol=1e-14)
    below = replace(c, gamma=0.5 / c.L)
    assert (longer.bound(below, 5)[1:] < plain.bound(below, 5)[1:]).all()


def test_gradients_start_from_the_lower_end_of_f_star_and_gaps_from_the_upper():
    """A strict lower bound in place of f* would make T2 false; the upper end would make T1 false."""
    assert theorems.T1.bound(replace(c, gap0=math.nan), 1)[1] == theorems.T1.bound(c, 1)[1]
    assert theorems.T2.bound(replace(c, gap0_upper=math.nan), 1)[1] == theorems.T2.bound(c, 1)[1]


@pytest.mark.parametrize("t", ALL)
def test_a_case_that_meets_everything_is_applicable(t):
    case = a_case()
    assert t.unmet(case, Constants.of(case)) == ()


@pytest.mark.parametrize("t", ALL)
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"L": math.nan}, "Lipschitz gradient of f needs a known L > 0: L is unknown"),
        ({"lambda_min": 0.0}, "lambda_min"),
        ({"lambda_min": math.nan}, "lambda_min"),
    ],
)
def test_assumptions_of_all(t, change, word):
    case = a_case()
    first, *others = t.unmet(case, replace(Constants.of(case), **change))
    assert word in first
    assert [sentence for sentence in others if "gamma L" not in sentence] == []
    assert len(others) == ("L" in change)  # no step is short enough for a constant that nobody knows


@pytest.mark.parametrize("t", PL)
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"mu": math.nan}, "mu is unknown"),
        ({"mu": 0.0}, "mu is 0"),
        ({"gap0": math.nan}, "gap0 is nan"),
    ],
)
def test_assumptions_of_the_linear_rates(t, change, word):
    case = a_case()
    (unmet,) = t.unmet(case, replace(Constants.of(case), **change))
    assert word in unmet


@pytest.mark.parametrize("t", [theorems.T1, theorems.T1_sharp])
def test_gradients_need_no_minimum_but_a_lower_bound(t):
    case = a_case()
    constants = Constants.of(case)
    assert t.unmet(case, replace(constants, mu=math.nan, gap0=math.nan)) == ()
    (unmet,) = t.unmet(case, replace(constants, gap0_upper=math.nan))
    assert "gap0_upper is nan" in unmet


@pytest.mark.parametrize("t", ALL)
def test_other_algorithms_are_not_compared(t):
    """The first assumption says what the theorem is about, and nothing else is said then."""

    @dataclass(frozen=True)
    class Newton:
        gamma: float = 0.1
        deterministic: bool = True

        def check(self, problem):
            pass

        def iterates(self, problem, W, rng):
            yield W

    class Half:
        def descend(self, problem, W, step, rng):
            return step(W, problem.gradient(W) / 2)

    other = Case(Newton(), a_case().problem, steps=5)
    assert t.unmet(other, Constants.of(other)) == ("the theorem is about RAC-LoRA, the algorithm is Newton",)
    halved = Case(RACLoRA(sketches.Haar(4, 2), 0.2, gradients=Half()), a_case().problem, steps=5)
    (unmet,) = t.unmet(halved, Constants.of(halved))
    assert "come from Half" in unmet
    assert isinstance(RACLoRA(None, 0.1).gradients, Exact)


def test_a_frozen_sketch_meets_no_theorem():
    case = a_case(sketch="frozen")
    for t in ALL:
        (unmet,) = t.unmet(case, Constants.of(case))
        assert unmet.startswith("lambda_min > 0 is not met: lambda_min is 0 ")


def test_constants_of_a_case():
    case = a_case()
    constants = Constants.of(case)
    assert pytest.approx(2.0) == constants.L
    assert constants.mu == pytest.approx(0.5)
    assert constants.lambda_min == constants.lambda_max == 0.5
    assert constants.gap0 == constants.gap0_upper == pytest.approx(0.5 * 5.0 * 2)
    assert {"L", "mu", "f_star", "lambda_min"} <= set(constants.provenance)
    assert Constants.of(Case(GD(0.1), case.problem, steps=1)).lambda_min == 1.0


def test_unknown_constants_stay_unknown():
    problem = FromFunctions((2, 1), value=lambda W: np.sum(W**2), gradient=lambda W: 2 * W, f_lower=-1.0)
    constants = Constants.of(Case(GD(0.1), problem, np.ones((2, 1)), steps=1))
    assert math.isnan(constants.L)
    assert math.isnan(constants.mu)
    assert math.isnan(constants.gap0)
    assert constants.gap0_upper == 3.0


def test_a_nonconvex_problem_has_no_gap_but_a_lower_bound():
    problem = NonconvexLogistic(np.random.default_rng(0).standard_normal((20, 4)), np.arange(20) % 2, lam=0.1)
    constants = Constants.of(Case(GD(0.1), problem, steps=1))
    assert math.isnan(constants.gap0)
    assert constants.gap0_upper == pytest.approx(math.log(2))


def test_a_start_that_is_a_minimiser_is_refused():
    problem = Quadratic.left(np.eye(2), np.ones((2, 1)))
    with pytest.raises(ValueError, match="W0 must not be a minimiser"):
        Constants.of(Case(GD(0.1), problem, np.ones((2, 1)), steps=1))


def test_declared_constants_that_contradict_are_refused():
    def square(**constants):
        return FromFunctions((2, 1), value=lambda W: np.sum(W**2), gradient=lambda W: 2 * W, **constants)

    with pytest.raises(ValueError, match=r"f_star must be the infimum of f, got 5, but f\(W0\) = 2 is lower"):
        Constants.of(Case(GD(0.1), square(f_star=5.0), np.ones((2, 1)), steps=1))
    with pytest.raises(ValueError, match="mu must be <= L=2, got 3"):
        Constants.of(Case(GD(0.1), square(L=2.0, mu=3.0, f_star=0.0), np.ones((2, 1)), steps=1))


@dataclass(frozen=True)
class Plugged:
    """A user's problem with a value and a gradient to be broken."""

    value_of: object = field(default=lambda W: (W**2).sum(axis=(-2, -1)))
    gradient_of: object = field(default=lambda W: 2 * W)
    shape: tuple = (2, 2)
    L: float = 2.0
    mu: float = 2.0
    strong_convexity: float = 2.0
    convex: bool = True
    f_star: float = 0.0
    f_lower: float = 0.0

    def value(self, W):
        return self.value_of(W)

    def gradient(self, W):
        return self.gradient_of(W)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"gradient_of": lambda W: None}, r"Plugged\.gradient\(W\) must be an array, got None \(a missing return"),
        ({"gradient_of": lambda W: W.sum(axis=-1)}, r"must have shape \(1, 2, 2\), got \(1, 2\)"),
        ({"gradient_of": lambda W: W}, "must be the gradient of"),
        ({"gradient_of": lambda W: -2 * W}, "must be the gradient of"),
        ({"value_of": lambda W: None}, r"Plugged\.value\(W\) must be an array, got None"),
        ({"value_of": lambda W: (W**2).sum()}, r"must have shape \(1,\), got \(\)"),
        ({"gradient_of": lambda W: W * np.nan}, "must be finite, got 4 nan"),
    ],
)
def test_a_broken_problem_is_caught_at_the_door(broken, message):
    assert Case(GD(0.1), Plugged(), np.ones((2, 2)), steps=1).steps == 1
    with pytest.raises(ValueError, match=message):
        Case(GD(0.1), Plugged(**broken), np.ones((2, 2)), steps=1)
