"""T9rr and T10rr: clients with reshuffled epochs or full steps, of which a fraction takes part, with weights."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from rac_theory import (
    ByChance,
    Case,
    Clients,
    Constants,
    Exact,
    Local,
    Minibatch,
    RACLoRA,
    Reshuffled,
    Status,
    Subset,
    expected,
    sketches,
    theorems,
    verify,
)
from rac_theory.algebra import fraction, identical
from rac_theory.algorithms import SGD
from rac_theory.problems import Federated, LeastSquares
from rac_theory.statements.symbols import K, L_max, eta, omega
from rac_theory.theorems import client_epochs
from rac_theory.theorems.federated import Gamma

T9rr, T10rr = theorems.T9rr, theorems.T10rr
BOTH = [T9rr, T10rr]
GOOD = (Status.HOLDS, Status.CONSISTENT)
HALF = sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [0.5, 0.5])


def parabolas(targets, clients):
    """The mean over clients of (x - a)^2/2, in one dimension."""
    return Federated(LeastSquares(np.ones((len(targets), 1)), np.array(targets)), clients)


ALIKE = parabolas([0.0] * 4, 2)
ORDERED = parabolas([1.0, -1.0, 1.0, -1.0], 2)
APART = parabolas([1.0, -1.0], 2)


def exactly(problem, source, gamma, theorem, steps=30, start=3.0, sketch=None):
    algorithm = SGD(gamma, source) if sketch is None else RACLoRA(sketch, gamma, gradients=source)
    verdict = verify(theorem, Case(algorithm, problem, np.full((1, 1), start), steps=steps), rng=0)
    assert verdict.evidence == "exact"
    return verdict


def ratio(verdict):
    return (verdict.mean[1:] / verdict.bound[1:]).max()


@pytest.mark.parametrize("sketch", [None, HALF])
def test_T10rr_is_an_equality_for_two_steps(sketch):
    """Identical components at eta = 1/2, N = 2: the factor is 1/16 a move. Half of s, or s for s^2, would be false."""
    verdict = exactly(ALIKE, Clients(Reshuffled()), 0.5, T10rr, sketch=sketch, steps=6)
    assert verdict.status is Status.HOLDS
    np.testing.assert_allclose(verdict.mean, verdict.bound, rtol=1e-9)
    assert (verdict.constants.D, verdict.constants.D_in, verdict.constants.omega) == (0.0, 0.0, 0.0)


def test_T10rr_is_an_equality_where_the_order_matters_and_one_client_takes_part():
    """A client with (x -+ 1)^2/2 at eta = 1/2: D = 0, D_in = 1. Two such clients halve the noise: no equality."""
    alone = exactly(parabolas([1.0, -1.0], 1), Clients(Reshuffled()), 0.5, T10rr)
    np.testing.assert_allclose(alone.mean, alone.bound, rtol=1e-9)
    assert pytest.approx(0.0, abs=1e-12) == alone.constants.D
    assert alone.constants.D_in == pytest.approx(1.0)
    both = exactly(ORDERED, Clients(Reshuffled()), 0.5, T10rr)
    assert both.mean[-1] / both.bound[-1] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("chance", [0.4, 0.5, 0.9])
def test_T10rr_is_an_equality_for_clients_by_chance(chance):
    """One step of 1/L of clients (x -+ 1)^2/2: all that sampling adds, omega = (1 - c)/(2 c), is needed."""
    verdict = exactly(APART, Clients(Exact(), ByChance(chance)), 1.0, T10rr)
    np.testing.assert_allclose(verdict.mean, verdict.bound, rtol=1e-9)
    for change in ({"omega": 0.99 * verdict.constants.omega}, {"D": 0.99 * verdict.constants.D}, {"omega": 0.0}):
        false = replace(verdict.constants, **change)
        case = Case(SGD(1.0, Clients(Exact(), ByChance(chance))), APART, np.full((1, 1), 3.0), steps=30)
        assert verify(T10rr, case, constants=false).status is Status.VIOLATED


def test_a_chance_of_a_third_or_less_is_too_small_for_such_a_step():
    """rho is omega there: the page would be wrong to say "whatever the chance"."""
    case = Case(SGD(1.0, Clients(Exact(), ByChance(0.3))), APART, np.full((1, 1), 3.0), steps=30)
    verdict = verify(T10rr, case)
    assert verdict.status is Status.NOT_APPLICABLE
    assert "rho < 1 is not met" in verdict.reason
    assert expected(case).gap[-1] > 10 * expected(case).gap[0]


def test_what_sampling_adds():
    """To v (1 + s)^2 times what it adds without drift, and (1 + s) r times as much to u, which is 0 without."""
    s, r, v, u, plain = client_epochs.s, client_epochs.r, client_epochs.v, client_epochs.u, Gamma * L_max * omega
    assert identical(v - v.at({omega: 0}), (1 + s) ** 2 * plain)
    assert identical(u - u.at({omega: 0}), (1 + s) * r * plain)
    assert identical(v.at({K: 1}), eta * L_max * omega)
    assert identical(u.at({K: 1}), 0)


def test_in_fractions():
    """What the working paper claims of x^2/2, N = 2, eta = 1/2, T = 1, by following both orders in Fractions."""
    x, half = Fraction(1), Fraction(1, 2)
    for _ in range(2):
        x -= half * x
    known = {"eta": half, "K": 2, "L": 1, "omega": 0, "lambda_max": 1, "lambda_min": 1, "mu": 1, "T": 1}
    known |= {"D": 0, "D_in": 0, "f(W^0) - f*": half}
    assert fraction(client_epochs.s, known) == Fraction(1, 4)
    assert fraction(T10rr.claim.bound, known) == x**2 / 2 == Fraction(1, 32)
    assert fraction(T9rr.claim.bound, known) == Fraction(17, 16)  # the left side is 1, that of one gradient
    sharp = 2 * half / (1 - fraction(client_epochs.s, known) ** 2)  # with the variances along the run, on the page
    assert 1 / sharp == Fraction(15, 16)
    ends = []
    for order in permutations((1, -1)):
        y = Fraction(3)
        for target in order:
            y -= half * (y - target)
        ends.append(y)
    gap = sum(y**2 for y in ends) / 4
    noisy = known | {"D_in": 1, "f(W^0) - f*": Fraction(9, 2)}
    assert gap == fraction(T10rr.claim.bound, noisy)


def test_how_tight_T9rr_is():
    """T1's case at K = 1, and identical components for K = 2, in the long run."""
    for problem, source, gamma in ((APART, Clients(Exact()), 1.0), (ALIKE, Clients(Reshuffled()), 0.5)):
        verdict = exactly(problem, source, gamma, T9rr, steps=60)
        assert verdict.status is Status.HOLDS
        assert ratio(verdict) == pytest.approx(1.0, abs=1e-3)
        false = replace(verdict.constants, gap0_upper=0.98 * verdict.constants.gap0_upper)
        case = Case(SGD(gamma, source), problem, np.full((1, 1), 3.0), steps=60)
        assert verify(T9rr, case, constants=false).status is Status.VIOLATED


DATA = LeastSquares(np.random.default_rng(0).standard_normal((12, 3)), np.arange(24.0).reshape(12, 2), l2=2.0)
THIRDS = Federated(DATA, 3)
UNEQUAL = Federated(DATA, [[0, 1], [2, 3, 4, 5, 6, 7, 8], [9, 10, 11]], "rows")
KINDS = {
    "epochs": (THIRDS, Clients(Reshuffled())),
    "epochs of a subset": (THIRDS, Clients(Reshuffled(), Subset(1))),
    "epochs of unequal clients, by chance": (UNEQUAL.in_batches(2), Clients(Reshuffled(), ByChance((0.5, 0.9, 0.3)))),
    "steps of unequal clients": (UNEQUAL, Clients(Local(3), Subset(2))),
    "one step": (UNEQUAL, Clients(Exact(), ByChance(0.4))),
}


@pytest.mark.parametrize("t", BOTH)
@pytest.mark.parametrize(("problem", "source"), KINDS.values(), ids=KINDS)
def test_they_hold_exactly(problem, source, t):
    """And say something: the bound of T10rr falls to a third."""
    algorithm = RACLoRA(sketches.WeightedCoordinate(3, 1, [2, 2, 3]), 0.003, gradients=source)
    case = Case(algorithm, problem, 20 * np.ones((3, 2)), steps=1500)
    verdict = verify(t, case, rng=0)
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    if t is T10rr:
        assert verdict.bound[-1] < verdict.bound[0] / 3


def test_what_sampling_adds_may_not_be_left_out():
    """Clients that curve differently, of which one in three takes part: without omega both are refuted."""
    problem = Federated(LeastSquares([[2.0], [1.0], [1.0]], Y=[2.0, -1.0, 4.0]), 3)
    case = Case(SGD(0.02, Clients(Local(3), Subset(1))), problem, problem.W_star + 0.01, steps=400)
    for t in BOTH:
        verdict = verify(t, case)
        assert verdict.status is not Status.VIOLATED
        for change in ({"omega": 0.0}, {"D": 0.0}):
            assert verify(t, case, constants=replace(verdict.constants, **change)).status is Status.VIOLATED


def test_constants_are_those_of_what_is_stepped_along():
    """Of components in epochs, of clients in full steps. Catches a client's L for its components', which is smaller."""
    epochs, steps = (Constants.of(a_case(gradients)) for gradients in (Clients(Reshuffled()), Clients(Local(4))))
    assert epochs.L_max == max(client.L_max for client in THIRDS.clients) > steps.L_max
    assert steps.L_max == max(client.L for client in THIRDS.clients)
    assert (epochs.inner_steps, steps.inner_steps) == (4, 4)
    assert (epochs.D_in > 0, steps.D_in) == (True, 0.0)
    assert pytest.approx(epochs.L_max / steps.L_max) == epochs.D / steps.D
    assert Constants.of(a_case()).omega == pytest.approx(1 / 4)  # (M - C) / (C (M - 1)) for two of three


@pytest.mark.long
def test_they_hold_on_data(kind, tried):
    """Four clients that weigh their rows, three batches each, three of the clients in each round."""
    for verdict in tried(BOTH, kind, "client epochs"):
        assert verdict.status in GOOD, verdict
        assert verdict.informative_from is not None
        assert verdict.constants.omega > 0
        assert verdict.constants.D > 0


def a_case(gradients=None, problem=THIRDS):
    sketch = sketches.WeightedCoordinate(3, 1, [2, 2, 3])
    algorithm = RACLoRA(sketch, 0.05 / (4 * problem.L_max), gradients=gradients or Clients(Reshuffled(), Subset(2)))
    return Case(algorithm, problem, steps=50)


@pytest.mark.parametrize("t", BOTH)
@pytest.mark.parametrize(
    ("change", "sentence", "about"),
    [
        ({"L_max": math.nan}, "Lipschitz gradient of every component or client needs a known L > 0", BOTH),
        ({"gamma": 10.0}, "eta K L <= 1 is not met", BOTH),
        ({"lambda_min": 0.0}, "lambda_min > 0 is not met: lambda_min is 0 (smallest eigenvalue of E[H], 0 if", BOTH),
        ({"lambda_max": math.nan}, "lambda_max must be known, it is nan (largest eigenvalue of E[H])", BOTH),
        ({"D": math.nan}, "D must be known, it is nan", BOTH),
        ({"D_in": math.nan}, "D_in must be known, it is nan", BOTH),
        ({"omega": math.nan}, "omega must be known, it is nan", BOTH),
        ({"gap0_upper": math.nan}, "f(W^0) - f* must be known, gap0_upper is nan", [T9rr]),
        ({"gap0": math.nan}, "f(W^0) - f* must be known, gap0 is nan", [T10rr]),
        ({"mu": 0.0}, "Polyak-Lojasiewicz inequality needs a known mu > 0: mu is 0", [T10rr]),
        ({"omega": 1e4}, "rho < 1 is not met", [T10rr]),
    ],
)
def test_each_assumption(t, change, sentence, about):
    case = a_case()
    true = Constants.of(case)
    assert t.unmet(case, true) == ()
    unmet = t.unmet(case, replace(true, **change))
    assert any(words.startswith(sentence) for words in unmet) == (t in about)


@pytest.mark.parametrize("t", BOTH)
def test_the_algorithm_is_named_first(t):
    for gradients, problem, words in (
        (Exact(), THIRDS, "gradients must be those of clients, they come from Exact"),
        (Clients(Minibatch(2)), THIRDS, "clients must take full gradient steps or reshuffled epochs, theirs come from"),
        (Clients(Reshuffled()), UNEQUAL, "epochs must be equally long, clients have 2 to 7 components"),
    ):
        case = a_case(gradients, problem)
        (unmet,) = t.unmet(case, replace(Constants.of(a_case()), gamma=1e-3))
        assert unmet.startswith(words)


@pytest.mark.parametrize("id", ["T9", "T9d", "T9d_sharp", "T10", "T10d", "T10d_sharp"])
def test_theorems_about_all_clients_are_not_about_some(id):
    case = a_case(Clients(Local(4), Subset(2)))
    (unmet,) = theorems.ALL[id].unmet(case, replace(Constants.of(case), zeta_squared=1.0))
    assert unmet == "all clients must take part, here Subset(size=2) does"
