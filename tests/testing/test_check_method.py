"""Implementations of methods, right ones and wrong ones, and what algorithms say of themselves."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Implementation, RACLoRA, exact_rate, tightness, verify
from rac_theory.algorithms import H, Method, gradient, letter, state
from rac_theory.algorithms.gradients import Exact, Minibatch, Noisy
from rac_theory.numerics.linalg import project
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.runs.expectations.expectation import moment_map
from rac_theory.sketches import Gaussian, Haar
from rac_theory.statements import E, Theorem, gap
from rac_theory.statements.symbols import T, gamma, gap0
from rac_theory.testing import check_algorithm
from tests.algorithms.methods import ACCELERATED, EF21, FEEDBACK, HEAVY_BALL, METHODS, M, W, called
from tests.testing.cases import cases
from tests.testing.failing import refuted

PROBLEM = Quadratic.left(np.diag([1.0, 2.0, 4.0]), W_star=np.ones((3, 2)))
ROWS = LeastSquares(np.random.default_rng(0).standard_normal((6, 3)), np.ones((6, 2)))
BALL = HEAVY_BALL(Gaussian(3, 1), gamma=0.1, beta=0.5)
IS_NO_METHOD = "must be the method that it claims to be"
LETTERS = {"gamma": 0.1, "alpha": 0.1, "beta": 0.5, "s": 1.0, "lambda_min": 0.5}


class Ball:
    """Heavy ball as a user writes it, with the fault that is asked for."""

    def __init__(self, fault="", gamma=0.1, beta=0.5, rank=1, sample=None):
        self.fault, self.gamma, self.beta, self.rank = fault, gamma, beta, rank
        self.M = np.zeros((3, 2))
        self.sample = sample or PROBLEM.gradient

    @property
    def state(self):
        wrong = {"shows another state": 1e-3 * (self.M[0, 0] > 0), "shows no numbers": [np.nan, 0.0]}
        return {"M": self.M + wrong.get(self.fault, 0.0)} if "shows" in self.fault else {}

    def step(self, W, rng):
        B = rng.standard_normal((3, 2 if self.fault == "rank" else self.rank))
        g = self.sample(W)
        g = project(B, g) if self.fault != "not projected" else g
        if self.fault == "reset" and rng.random() < 0.25:
            self.M = np.zeros((3, 2))
        beta = self.beta * (1.1 if self.fault == "beta" else 1)
        self.M = project(B, beta * self.M + g) if self.fault == "all projected" else beta * self.M + g
        if self.fault == "dampened":
            self.M = beta * self.M + (1 - beta) * g
        return W - self.gamma * (1.05 if self.fault == "gamma" else 1) * self.M


def checked(own, implements, words="", problem=PROBLEM, **given):
    """Of a right implementation what was checked; where there are words, it is refused in these."""
    case = Case(Implementation(own, implements=implements), problem, steps=8)
    return refuted(words, check_algorithm, case, **given) if words else check_algorithm(case, **given).checked


@pytest.mark.parametrize("fault", ["", pytest.param("shows its state", marks=pytest.mark.long)])
def test_a_right_heavy_ball_passes_step_by_step_and_in_law(fault):
    """And where all is zero, at which nothing is allowed for rounding."""
    flat = Quadratic.left(np.diag([1.0, 2.0, 4.0]), W_star=np.zeros((3, 2)))
    assert checked(Ball(fault, sample=flat.gradient), BALL, problem=flat, draws=16).each_step
    case = check_algorithm(Case(Implementation(Ball(fault), implements=BALL), PROBLEM, steps=8), draws=256)
    assert case.checked.each_step
    assert case.checked.pairs == 1024
    assert "Method({W" in repr(case.algorithm)


class Late(Ball):
    """Steps along the momentum of the step before, so that what is projected is seen a step later."""

    def step(self, W, rng):
        before = self.M
        super().step(W, rng)
        return W - self.gamma * before


@pytest.mark.long
def test_what_is_reported_a_step_later_is_followed_as_well():
    """Catches reports that end before what was projected in the last step is seen."""
    late = Method({W: W - letter("gamma") * M, M: letter("beta") * M + H(gradient(W))}, start={M: 0})
    late = late(Gaussian(3, 1), gamma=0.1, beta=0.5)
    assert checked(Late(), late, draws=256).each_step
    for fault in ("beta", "not projected"):
        checked(Late(fault), late, f"Late {IS_NO_METHOD}, state and all", draws=256)


@cases("fault", "not projected", "reset", "beta", "all projected", "dampened", "gamma", "rank", "shows another state")
def test_a_wrong_heavy_ball_is_refuted(fault):
    """Catches a check that looks at first steps alone, where a state of zero hides most of these."""
    checked(Ball(fault), BALL, f"Ball {IS_NO_METHOD}, state and all", draws=256)


def test_a_state_that_is_not_finite_is_no_state():
    """Catches comparisons that are left out with it, in all steps that follow."""
    words = "Ball must stay finite where the method does: after step 1 it is not"
    checked(Ball("shows no numbers"), BALL, words, draws=256)


@pytest.mark.long
def test_where_gradients_are_random_the_law_tells():
    """A right one passes, wrong ones do not; the noise is the user's own."""

    class Noisily(Ball):
        def step(self, W, rng):
            self.sample = lambda V: PROBLEM.gradient(V) + 0.5 / np.sqrt(6) * rng.standard_normal(V.shape)
            return super().step(W, rng)

    noisy = HEAVY_BALL(Gaussian(3, 1), gradients=Noisy(0.5), gamma=0.1, beta=0.5)
    assert not checked(Noisily(), noisy, draws=1024).each_step
    words = "Noisily must be, at its first steps and in law, the method that it claims to"
    for fault in ("gamma", "not projected", "rank"):
        checked(Noisily(fault), noisy, words, draws=4096)


def loop(algorithm):
    """Blocks of iterates of a method with other numbers, or with other states."""
    return SimpleNamespace(iterates=algorithm.iterates)


@pytest.mark.long
@pytest.mark.parametrize("name", METHODS)
def test_every_method_passes_as_itself(name):
    algorithm = called(name, Haar(3, 1))
    seen = checked(loop(algorithm), algorithm, draws=128)
    assert seen.each_step == (name != "feedback")  # what it reports does not show H


@cases(
    "method, wrong, sketch, side",
    (ACCELERATED, {"alpha": 0.11}, Haar(3, 1), "left"),
    (FEEDBACK.reporting(state("X")), {"gamma": 0.11}, Haar(3, 1), "left"),
    (EF21, {"gamma": 0.11}, Haar(3, 1), "left"),
    (HEAVY_BALL, {"beta": 0.51}, Haar(2, 1), "right"),
    (HEAVY_BALL, {"beta": 0.51}, None, "left"),
)
def test_another_number_is_seen(method, wrong, sketch, side):
    made = method(sketch, side=side, **{name: LETTERS[name] for name in method.letters})
    checked(loop(made.with_letters(**wrong)), made, IS_NO_METHOD, draws=64)


@pytest.mark.parametrize(("unit", "gamma"), [(1e-7, 1e6), (1e-9, 1e8), (1.0, 1e-8), (1.0, 1e-11)])
def test_a_method_is_told_in_any_unit_and_by_steps_of_any_length(unit, gamma):
    """A right one passes, one whose steps are longer by a tenth does not where rounding leaves as much of them. Catches
    a tolerance that is no part of the gradient, and one that forgets that moves are divided by gamma."""
    problem = Quadratic.left(unit * np.diag([1.0, 2.0, 4.0]), W_star=np.ones((3, 2)))
    made = HEAVY_BALL(Haar(3, 1), gamma=gamma, beta=0.5)
    for times in (1.0,) if unit < 1e-7 else (1.0, 1.1):
        other = loop(made.with_letters(gamma=times * gamma))
        checked(other, made, IS_NO_METHOD * (times > 1), problem, draws=16)


class Feedback:
    """EF21 without H, with its state; what it adds to that is far below the state."""

    def __init__(self, gamma, problem):
        self.gamma, self.gradient, self.state = gamma, problem.gradient, {"M": np.zeros((3, 2))}

    def step(self, W, rng):
        W = W - self.gamma * self.state["M"]
        self.state = {"M": self.state["M"] + (self.gradient(W) - self.state["M"])}
        return W


def test_what_a_large_state_rounds_is_no_fault():
    """Catches rounding that is taken off what is allowed."""
    problem = Quadratic.left(1e6 * np.diag([1.0, 2.0, 4.0]), W_star=np.ones((3, 2)))
    assert checked(Feedback(1e-15, problem), EF21(None, gamma=1e-15), problem=problem, draws=16).each_step


def test_minibatches_are_compared_in_law():
    made, wrong = (HEAVY_BALL(Haar(3, 1), gradients=Minibatch(k), gamma=0.1, beta=0.5) for k in (2, 1))
    assert checked(loop(made), made, problem=ROWS, draws=512).pairs == 2048
    checked(loop(wrong), made, "must be, at its first steps and in law", ROWS, draws=4096)


# --- what an algorithm says of itself


class Own:
    """A step of one's own, of which nothing else is known than what it says."""

    gamma, deterministic, check = 0.25, False, staticmethod(lambda problem: None)

    def __init__(self, level=0.0, moments=None, **said):
        self.level, self.said = level, said
        if moments is not None:
            self.second_moments = lambda problem: moment_map(RACLoRA(Haar(3, 1), moments), problem)

    def iterates(self, problem, W, rng):
        return RACLoRA(Haar(3, 1), self.gamma).iterates(problem, W, rng)

    def constants(self, problem):
        return {**self.said, "alpha_spent": self.level}


def anything(case, c):
    """Any algorithm."""


MINE = Theorem(id="mine", source="here", mark="derived", about=anything, given=(), claim=E(gap) <= 4 * gap0)


def test_what_an_algorithm_says_is_part_of_the_constants_and_its_level_is_charged():
    case = Case(Own(lambda_min=1 / 3, level=2e-4), PROBLEM, steps=20)
    constants = Constants.of(case)
    assert constants.lambda_min == 1 / 3
    assert constants.alpha_spent == 2e-4
    assert constants.provenance["lambda_min"] == "Own.constants(problem)"
    assert np.isnan(constants.lambda_max)
    verdict = verify(replace(MINE, claim=E(gap) <= gap0), case, rng=0)
    assert verdict.status.name in ("HOLDS", "CONSISTENT", "UNDECIDED")
    assert verdict.constants.alpha_spent == 2e-4
    with pytest.raises(ValueError, match=r"alpha_spent of constants must be a finite number >= 0 and < 0.0005"):
        Constants.of(Case(Own(level=1e-3), PROBLEM))
    with pytest.raises(ValueError, match=r"constants must be one of .* got 'lamda_min'"):
        Constants.of(Case(Own(lamda_min=1 / 3), PROBLEM))
    inside = Implementation(Own(L_H=2.5), implements=RACLoRA(Haar(3, 1), 0.25))
    assert Constants.of(Case(inside, PROBLEM)).L_H == 2.5


@cases(
    "said, sentence",
    ({"lambda_min": 0.34}, "Own.constants must say what draws do: lambda_min, a bound of E<G, W"),
    ({"lambda_max": 0.32}, "Own.constants must say what draws do: lambda_max, a bound of E<G, W"),
    ({"moments": 0.26}, "Own.second_moments must say what draws do: E f - f"),
)
def test_draws_contradict_what_is_false(said, sentence):
    refuted(sentence, check_algorithm, Case(Own(**said), PROBLEM), draws=200_000)


def test_draws_do_not_contradict_what_is_true():
    check_algorithm(Case(Own(lambda_min=1 / 3, lambda_max=1 / 3, moments=0.25), PROBLEM), draws=20_000)


def test_letters_are_constants_of_a_case():
    """A theorem about a method reads them by ``letter``, at once. Catches noise's beta read for that of momentum."""
    beta = letter("beta")
    case = Case(HEAVY_BALL(Haar(3, 1), gamma=0.1, beta=0.5), PROBLEM, steps=30)
    constants = Constants.of(case)
    assert constants.letters == {"gamma": 0.1, "beta": 0.5}
    assert (constants.gamma, constants.beta) == (0.1, 1.0)
    assert constants.lambda_min == pytest.approx(1 / 3)
    assert np.isnan(constants.nu)
    true, false = (
        replace(MINE, given=(beta < 1,), claim=E(gap) <= (1 - share * beta * gamma / 3) ** T * 4 * gap0)
        for share in (1, 16)
    )
    assert exact_rate(case) < 1 - 0.05 / 3
    assert tightness(true, case).min() >= 1
    assert tightness(false, case).min() < 1
    assert verify(false, case, rng=0).status.name == "VIOLATED"
    assert "letters" not in repr(Constants.of(Case(GD(0.1), PROBLEM)))
    assert np.isnan(Constants(gamma=1.0).__getattr__("letters.beta"))
    with pytest.raises(AttributeError, match="has no attribute 'beta2'"):
        constants.beta2  # noqa: B018


def test_a_method_of_ones_own_is_checked_as_any_algorithm():
    m = (1 - letter("beta")) * M + letter("beta") * H(gradient(W))
    mine = Method({W: W - gamma * m, M: m}, start={M: 0})(Haar(3, 1), gamma=0.5, beta=0.25)
    case = Case(mine, PROBLEM, steps=50)
    assert check_algorithm(case) == case
    assert 0 < exact_rate(case) < 1
    assert Exact() == mine.gradients
    assert Method({W: W - gamma * gradient(W)})(None, gamma=0.1).deterministic
