"""Every assumption of every theorem can be broken by itself, and then the theorem does not apply and says why."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rac_theory import Case, Constants, Initialisation, LoRA, RACLoRA, theorems
from rac_theory.algebra import Relation, equal, text
from rac_theory.ledger.layout import Grid
from rac_theory.ledger.running import plan
from rac_theory.problems import Quadratic
from rac_theory.sketches import Gaussian
from rac_theory.statements import assumptions, symbols
from rac_theory.statements.assumption import breach, met
from rac_theory.theorems import Condition, KnownConstant
from tests.as_one_test import as_one_test

from .second_routes.reach import with_constant

# What breaks what; an assumption that nothing here breaks fails the test, so that it is thought of.
UNKNOWN = ("gap0_upper", "gap0", "ell", "distance0", "lambda_max", "D", "D_in", "omega", "span")
UNKNOWN += ("sigma_squared", "zeta_squared", "bias_squared")
BREAKS = {
    **{name: {name: math.nan} for name in UNKNOWN},
    "Lipschitz gradient of f": {"L": math.nan},
    "Lipschitz gradient of every component or client": {"L_max": math.nan},
    "Curvature of f at most Q, and that of Q along the sketch at most L_H": {"L_H": math.nan},
    "Structured noise": {"C": math.nan},
    "Polyak-Lojasiewicz inequality": {"mu": 0.0},
    "Strong convexity": {"strong_convexity": 0.0},
    "Curvature of f at most Q, and the gain of a step": {"nu": 0.0},
    "Curvature of f at most Q, and the gain of a plain Gaussian step": {"nu": 0.0},
    "convex": {"convex": False},
    "isotropic": {"lambda_max": 1.0},
    "lambda_min > 0": {"lambda_min": 0.0},
    "delta > 0": {"leading_share": 0.0},
    "c > 0": {"norm_share": 0.0},
    **{name: {"gamma": 1e9} for name in ("gamma L <= 1", "0 < gamma L < 2", "0 < gamma L_H < 2", "gamma L_H < 2")},
    **{name: {"gamma": 1e9} for name in ("2 eta N L <= 1", "eta N L <= 1", "eta K L <= 1", "theta >= 0")},
    **{name: {"beta": 1e9} for name in ("gamma L beta < 2", "gamma L beta <= 1", "gamma L_H beta < 2")},
    **{name: {"A": 1e9} for name in ("gamma^2 L A lambda_max T <= 1", "Q < 1")},
    "max lambda(M Q) < 2": {"longest_step": 2.0},
    "rho >= 0": {"mu": 1e12, "lambda_min": 10.0},
    "rho < 1": {"mu": 1e-12, "A": 1e9, "gamma": 1e9},
    "c mu lambda_min >= 1": {"mu": 1e-9},
    "kappa >= 1": {"L": 1e-9},
    "t_0 >= kappa + 1": {"L": 1e9},
    "slack >= 0": {"L": 1e9},
    "A = 0": {"A": 1.0},
    "beta <= 1": {"beta": 2.0},
    "a > 0": {"letters.a": -1.0},
    "gamma L A < 2": {"letters.A": 1e9},
    "b >= 0": {"letters.b": -0.5},
    "b < 1": {"letters.b": 1.5},
    "gamma L + 2 b <= 2": {"letters.b": 1.5},
    "room > 0": {"letters.b": 1.0, "mu": 1e9},
    "s_0 > 0": {"letters.s": -1.0},
    "s_0 <= s": {"letters.s": 1e9},
    "lambda_0 > 0": {"letters.lambda_min": -1.0},
    "lambda_0 <= lambda_min": {"letters.lambda_min": 2.0},
    "alpha >= 0": {"letters.alpha": -0.5},
    "alpha^2 <= gamma (2 - gamma L) s_0 lambda_0^2": {"letters.alpha": 1e9},
    "alpha^2 <= gamma (2 - gamma L_H) s_0 lambda_0^2": {"letters.alpha": 1e9},
}
SAID = ("rho = ", "kappa = ", "Q = ", "a = ", "gamma L A = ", "b = ", "theta = ", "room = ", "slack = ")


@cache
def _cases():
    """A sketch of rank 1, on real data, in every setting of the ledger."""
    return plan(Grid(("all",), ("linnerud",), (), (1,), ("left", "both"), steps=9)).ensembles


@cache
def _met(claim):
    """A case and constants that meet all assumptions of a theorem."""
    for e in _cases():
        c = replace(e.constants, sigma_squared=1.0, zeta_squared=1.0)
        if not theorems.ALL[claim].unmet(e.case, c):
            return e.case, c
    raise AssertionError(f"{claim} is applicable nowhere")


def _name(assumption):
    match assumption:
        case Relation():
            return text(assumption)
        case Condition(name=name):
            return name
        case KnownConstant(symbol=symbol):
            return symbol.constant
    return assumption.__name__


@pytest.mark.long
@as_one_test("claim", theorems.ALL)
def test_each_assumption_broken_in_turn(claim):
    """A theorem that forgot to ask for one of its assumptions, or one that says nothing, is seen."""
    theorem, (case, c) = theorems.ALL[claim], _met(claim)
    assert theorem.given
    for assumption in theorem.given:
        name = _name(assumption)
        broken = _with(c, BREAKS[name])
        told = breach(assumption, case, broken)
        assert told, name
        assert told in theorem.unmet(case, broken)
        words = [word for change, number in BREAKS[name].items() for word in (change, f"{number:.6g}")]
        assert any(word in told for word in (*words, *SAID)), told
        if name in ("rho >= 0", "rho < 1") or math.isnan(min(BREAKS[name].values())):
            continue  # what is not known leaves everything unmet that asks for it
        same_change = {_name(a) for a in theorem.given if breach(a, case, broken) is not None}
        same_change -= {"slack >= 0"} if "room > 0" in same_change - {name} else set()  # of which room is a factor
        assert len(same_change) <= 2, same_change  # itself, and a factor that it spoils
    heuristic = Case(LoRA(Initialisation.kaiming(case.problem.shape, 1), 1e-3), case.problem, steps=9)
    assert theorem.unmet(heuristic, c) == (theorem.about(heuristic, c),)


def _with(c, changes):
    for name, value in changes.items():
        c = with_constant(c, name, value)
    return c


class _Reading:
    """Constants that remember which of them were read."""

    def __init__(self, c):
        self.c, self.read = c, set()

    def __getattr__(self, name):
        value = getattr(self.c, name)
        if isinstance(value, float):
            self.read.add(name)
        return value


@as_one_test("claim", theorems.ALL)
def test_what_is_unknown_is_never_met(claim):
    """Each number that an assumption looks at, put to nan by itself: it was met by seven step-size assumptions.

    And each in the bound is one of these, but for what the algorithm says of itself.
    """
    case, c = _met(claim)
    asked = {"", "gamma", "inner_steps"}
    for assumption in theorems.ALL[claim].given:
        reading = _Reading(c)
        assert breach(assumption, case, reading) is None
        for name in reading.read:
            told = breach(assumption, case, _with(c, {name: math.nan}))
            assert told, (_name(assumption), name)
            assert f"{name} is unknown" in told or "is nan" in told or assumption is assumptions.isotropic, told
        asked |= reading.read
    assert {symbol.constant for symbol in theorems.ALL[claim].claim.symbols} <= asked


def test_isotropic_is_up_to_a_rounding():
    """Eigenvalues of E[H] that differ by a millionth are two. Catches a loose tolerance, and none at all."""
    for apart, is_met in ((1e-12, True), (1e-6, False)):
        c = Constants(gamma=0.1, lambda_min=0.5, lambda_max=0.5 * (1 + apart))
        assert (assumptions.isotropic(LINE, c) is None) == is_met


GAMMA_L = symbols.gamma * symbols.L


@pytest.mark.parametrize(
    ("relation", "gamma", "is_met"),
    [
        (GAMMA_L <= 1, 1 + 1e-13, True),
        (GAMMA_L <= 1, 1 + 1e-11, False),
        (GAMMA_L >= 1, 1 - 1e-13, True),
        (GAMMA_L >= 1, 1 - 1e-11, False),
        (GAMMA_L < 1, 1.0, False),
        (GAMMA_L > 1, 1.0, False),
    ],
)
def test_or_equal_is_up_to_a_rounding_and_less_is_not(relation, gamma, is_met):
    """gamma = 1/L may be a rounding above 1/L. Catches no tolerance, one of 1e-9, and one for a strict relation."""
    assert met(relation, 1, Constants(gamma=gamma, L=1.0)) == is_met


def test_zero_times_an_unknown_meets_nothing():
    """As beta is zero without noise: 0 < 2 whatever L is, and T5 would have a bound without one."""
    relation = GAMMA_L * symbols.beta < 2
    assert met(relation, 1, Constants(gamma=0.1, L=3.0, beta=0.0))
    assert not met(relation, 1, Constants(gamma=0.1, L=math.nan, beta=0.0))


LINE = Case(RACLoRA(Gaussian(4, 2), 0.1), Quadratic.left(np.eye(4), np.ones((4, 1))))


def said(assumption, **change):
    return breach(assumption, replace(LINE, steps=100), Constants(**{"gamma": 0.1, "L": 2.0} | change))


def test_what_is_said_of_a_breach():
    """The number that came, under the name by which constants are given; one that nobody knows is called unknown.

    A hundred-millionth too much is given in full: "gamma L = 1" would not say what breaks ``gamma L <= 1``.
    """
    assert said(GAMMA_L <= 1, gamma=0.75) == "gamma L <= 1 is not met: gamma L = 1.5 for gamma=0.75, L=2"
    told = "gamma L <= 1 is not met: gamma L = 1.00000001 for gamma=0.500000005, L=2"
    assert said(GAMMA_L <= 1, gamma=0.5 * (1 + 1e-8)) == told
    assert said(symbols.lambda_min > 0, lambda_min=0.0) == (
        "lambda_min > 0 is not met: lambda_min is 0 (smallest eigenvalue of E[H], 0 if some direction is never updated)"
    )
    assert said(GAMMA_L * symbols.beta < 2, L=math.nan, beta=math.nan) == (
        "gamma L beta < 2 is not met: L is unknown (Lipschitz constant of the gradient of f) and beta is unknown (how "
        "fast noise grows with the gradient)"
    )
    told = "gamma T <= L N is not met: gamma T = 500 for gamma=5, T=100 and L N = 2 for L=2, inner_steps=1"
    assert said(symbols.gamma * symbols.T <= symbols.L * symbols.N, gamma=5.0) == told
    told = "Polyak-Lojasiewicz inequality needs a known mu > 0: mu is unknown (Polyak-Lojasiewicz constant of f)"
    assert said(assumptions.polyak_lojasiewicz) == told
    told = "Structured noise needs a known C >= 0: C is -1 (noise at a minimiser)"
    assert said(assumptions.structured_noise, A=1.0, beta=1.0, C=-1.0) == told
    told = "f(W^0) - f* must be known, gap0 is nan (gap at the start, from a certified infimum)"
    assert said(assumptions.certified_minimum) == told
    told = "lambda_max must be known, it is nan (largest eigenvalue of E[H])"
    assert said(assumptions.known_largest_projection) == told
    told = "D must be known, it is inf (how far gradients of components or clients differ)"
    assert said(assumptions.known_heterogeneity, D=math.inf) == told


def test_what_is_not_needed_need_not_be_known():
    """With K = 1 clients do not drift; with K = 2 they do. Catches a condition that is read the other way round."""
    known = KnownConstant(symbols.D, unless=equal(symbols.K, 1))
    for D, K, is_met in ((math.nan, 1, True), (math.nan, 2, False), (0.0, 2, True), (1.0, 2, True), (-1.0, 2, False)):
        assert (breach(known, LINE, Constants(gamma=0.1, D=D, inner_steps=K)) is None) == is_met


def test_two_constants_of_one_name_are_refused():
    """L is that of f and of its components: in one relation one would be read for both."""
    with pytest.raises(ValueError, match="L stands for L_max and for L: they need two names"):
        breach(symbols.L_max >= symbols.L, LINE, Constants(gamma=0.1, L=1.0, L_max=2.0))


def test_noise_may_have_no_part_that_grows():
    """beta = 0, and no noise at all, are noise of this kind. Catches requirements that are strict, as they are read."""
    assert all(
        met(one, 1, Constants(gamma=1.0, A=0.0, beta=0.0, C=0.0)) for one in assumptions.structured_noise.requirements
    )
