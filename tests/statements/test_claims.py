"""How a claim is evaluated: beyond the digits that floats have beside one, at zeros, and where something is unknown."""

import math
import pickle
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import SGD, Case, Constants, Decreasing, Minibatch, RACLoRA, sketches, theorems
from rac_theory.algebra import Let, Symbol, choice, maximum, powers, total
from rac_theory.algebra.expression import lifted
from rac_theory.algorithms import letter
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements.claim import smallest_horizon
from rac_theory.statements.symbols import A, K, L, L_max, T, eta, gamma, gap0, gap0_upper, lambda_min, mu
from rac_theory.theorems import Claim, E, Theorem, gap, weighted_squared_gradient
from tests.as_one_test import as_one_test

c = Constants(gamma=0.2, L=2.0, mu=0.5, lambda_min=0.25, lambda_max=0.5, f_star=1.0, gap0=3.0, gap0_upper=3.5)
EPSILON = 2.0**-13


@pytest.mark.parametrize("x", [1e-3, 1e-9, 1e-20, 1e-290])
def test_a_bound_with_a_rate_that_rounds_to_one(x):
    """In plain arithmetic 1 - 1e-20 is 1, and the bound of T2 never falls; here thirteen digits are right.

    Its horizon is ceil(ln(gap0 / epsilon) / -ln(1 - x)), by decimals; inf is what a rate of one has.
    """
    one = replace(c, gamma=1.0, mu=1.0, lambda_min=x)
    t = np.array([0.0, 1.0, round(0.1 / x), round(1 / x), round(30 / x)])
    with localcontext() as context:
        context.prec = 400
        rate = (1 - Decimal(x)).ln()
        expected = [float((Decimal(int(each)) * rate).exp() * 3) for each in t]
        steps = int(((Decimal(3) / Decimal(EPSILON)).ln() / -rate).to_integral_value("ROUND_CEILING"))
    np.testing.assert_allclose(theorems.T2.claim.at(one, t), expected, rtol=1e-13)
    found = theorems.T2.steps_to(EPSILON, one)
    assert found == (steps if steps <= 10**12 else pytest.approx(steps, rel=1e-13))


@as_one_test("q", [0.0, 1e-300, 1e-20, 1e-9, 0.1, 1.0, 1e3])
def test_sums_of_weights(q):
    """W_T = w + ... + w^T, w = 1/(1 + q), is (1 - (1 + q)^-T) / q: by decimals, where 1 - w keeps no digit of q."""
    # q = L A gamma^2 lambda_max, and T5 is gap0_upper / (gamma lambda_min W_T) / (1 - L gamma beta / 2) without C.
    one = Constants(gamma=1.0, L=1.0, A=q, lambda_max=1.0, lambda_min=1.0, beta=0.0, C=0.0, gap0_upper=1.0)
    for t in (1, 2, 10, 10**6, 10**18):
        with localcontext() as context:
            context.prec = 400
            weight = Decimal(t) if q == 0 else (1 - (-t * (1 + Decimal(q)).ln()).exp()) / Decimal(q)
            expected = float(1 / weight)
        assert theorems.T5.claim.at(one, np.array([float(t)]))[0] == pytest.approx(expected, rel=1e-13, abs=0)


def test_growth_of_a_tiny_step():
    """a = (1/K) sum ((1 + h)^k - 1)^2 with h = 1e-12 is h^2 (0 + 1 + 4)/3: plain powers keep four digits of h."""
    one = replace(c, gamma=1e-12, L_max=1.0, inner_steps=3, zeta_squared=1.0, lambda_max=0.25, gap0_upper=0.0)
    assert theorems.T9.claim.at(one, np.array([1.0]))[0] == pytest.approx(5e-24 / 3, rel=1e-11, abs=0)


KNOWN = dict.fromkeys(("strong_convexity", "A"), 0.5) | dict.fromkeys(("L_max", "distance0", "span"), 2.0)
KNOWN |= dict.fromkeys(("C", "D", "sigma_squared", "zeta_squared", "nu"), 0.1) | {"beta": 1.0, "norm_share": 0.2}
LETTERS = {"a": 0.5, "b": 0.5, "A": 1.5, "alpha": 0.1, "s": 0.5, "lambda_min": 0.5}


@pytest.mark.long
@as_one_test("theorem", theorems.ALL.values(), ids=list(theorems.ALL))
def test_what_is_unknown_is_unknown_from_the_start(theorem):
    """nan ** 0 is 1 to NumPy: at T = 0 alone every constant of a rate would look known."""
    known = replace(c, **KNOWN, inner_steps=2, letters=LETTERS)
    for symbol in theorem.claim.symbols:
        if symbol.constant not in ("", "inner_steps"):
            is_letter = symbol.constant.startswith("letters.")
            unknown = replace(known, **{"letters": {}} if is_letter else {symbol.constant: math.nan})
            for steps in (0, 3):
                bound = theorem.bound(unknown, steps)
                assert np.isnan(bound).all() or symbol.constant == "A", symbol
            assert math.isnan(theorem.steps_to(0.1, unknown))


def test_zero_takes_away_what_is_promised():
    """0/0 beside a zero of mu or lambda_min is no unknown constant: the bound grows without limit there."""
    t = np.array([1.0, 5.0])
    none = replace(c, lambda_min=0.0, lambda_max=0.0, sigma_squared=0.1, L_max=1.0)
    assert theorems.T7.claim.at(none, t).tolist() == [math.inf, math.inf]
    assert theorems.T2.claim.at(replace(c, mu=0.0), t).tolist() == [3.0, 3.0]
    assert np.isnan(theorems.T7.claim.at(replace(none, lambda_max=0.5, sigma_squared=math.nan), t)).all()
    some = E(gap) <= gap0 * choice(T > 1, mu / mu, 1)  # nan beside a number
    assert some.at(replace(c, mu=0.0), t).tolist() == [3.0, math.inf]


def test_names_that_mean_nothing_or_several_things():
    """Numbers are found by name: two constants of one name, L and L_max, would be one of them for both."""
    with pytest.raises(ValueError, match="bound must be made of constants of a case and of T, not of x, y"):
        E(gap).__le__(Symbol("x") * gap0 + Symbol("y"))
    for wrong in (L * L_max, gap0 + gap0_upper):
        with pytest.raises(ValueError, match="they need two names"):
            E(gap).__le__(wrong)
    twice = Let("q", mu) + Let("q", gamma) * gap0
    bounded, index = Let("f*", mu), total(Symbol("k"), K, Let("k", mu))
    several = (
        (Let("mu", gamma) * mu, "mu"),
        (Let("T", mu) ** T, "T"),
        (twice, "q"),
        (bounded, r"f\*"),
        (index, "k"),
    )
    for wrong, name in several:
        with pytest.raises(ValueError, match=f"a name in a claim must mean one thing, not several: {name}$"):
            E(gap).__le__(wrong)
    weighted = weighted_squared_gradient(1 / (1 + L_max * gamma))
    with pytest.raises(ValueError, match="L stands for L_max and for L: they need two names"):
        E(weighted).__le__(L * gap0)
    with pytest.raises(ValueError, match=r"a name in a claim must mean one thing, not several: gamma$"):
        E(weighted_squared_gradient(Let("gamma", 1 / (1 + mu)))).__le__(gamma * gap0)
    with pytest.raises(ValueError, match=r"constant must be one of these, got 'gap' \(did you mean 'gap0'\?\)"):
        E(gap).__le__(Symbol("x", constant="gap"))
    k = Symbol("k")
    assert (E(gap) <= total(k, K, k * gap0)).at(replace(c, inner_steps=3), np.zeros(1)).tolist() == [9.0]


def test_a_name_is_read_as_nothing_else():
    """What is printed is what people read: ``gap + 1/2`` where "1/2" is mu, or ``0 rho`` where "0 rho" is 1."""
    for name in ("1/2", "0", "(1 - mu)", "rho T", "", "q_", "ρ", "rho\n", "max", "if", "E", "f", "W"):
        with pytest.raises(ValueError, match="the name of a definition must be a word, such as rho or q_1, and none"):
            E(gap).__le__(gap0 + Let(name, mu))
    with pytest.raises(ValueError, match=r"and none of those that a claim is printed with, got 2, E$"):
        E(gap).__le__(gap0 * Let("E", mu) + total(Symbol("2"), K, mu * Symbol("2")))
    assert repr(E(gap) <= gap0 + Let("q_1'", mu)).endswith("+ q_1', q_1' = mu")
    for name, constant, called in (("0", "mu", "mu"), ("mu", "L", "L"), ("x", "gamma", "eta or gamma")):
        with pytest.raises(ValueError, match=f"^{name} stands for {constant}: it must be called {called}$"):
            E(gap).__le__(gap0 * Symbol(name, constant=constant))
    with pytest.raises(ValueError, match=r"^x stands for letters\.b: it must be called b$"):
        E(gap).__le__(gap0 * Symbol("x", constant="letters.b"))
    for name in ("0", "1/2", "max"):
        with pytest.raises(ValueError, match=f"the name of a letter must be a word, such as rho or q_1, got {name}$"):
            E(gap).__le__(gap0 * letter(name))
    assert repr(E(gap) <= eta * letter("beta") * gap0) == "E[f(W^T)] - f* <= eta beta (f(W^0) - f*)"


def test_what_is_no_claim_is_refused():
    """Catches a bound from below that is read as one from above, by Python's reflected comparisons."""
    for wrong in (E(gap).__ge__, E(gap).__gt__, E(gap).__lt__):
        with pytest.raises(TypeError, match=r"write E\(metric\) <= bound"):
            wrong(gap0)
    with pytest.raises(TypeError, match="an expression must be made of symbols and exact numbers, got E"):
        gap0.__ge__(E(gap))
    with pytest.raises(ValueError, match="metric must be a Metric, such as gap, got 'gap'"):
        E("gap").__le__(gap0)
    for wrong in (0.5, "x", float):
        with pytest.raises(ValueError, match="bound must be an expression, or a function of constants and t, got"):
            Claim(gap, wrong)
    for wrong in (0.5, "gap0", None, True):
        with pytest.raises(TypeError, match=r"must be whole or a Fraction|symbols and exact numbers"):
            _ = E(gap) <= wrong


def test_a_claim_says_by_itself_how_it_falls():
    """T in an exponent is a rate; T below a line, in a base, a condition or a count is none."""
    w = Let("w", 1 / (1 + mu))
    linear = [(1 - mu) ** T * gap0, w**T + A, powers(mu, 0, T - 1) * mu**T, gap0, mu ** (2 * T) / L]
    other = [gap0 / T, T**2, gap0 / w**T, powers(mu, 0, T - 1) / T, maximum(mu**T, 1 / (1 + T)), choice(T > 1, 1, 2)]
    assert [(E(gap) <= bound).rate for bound in linear] == ["linear"] * len(linear)
    assert [(E(gap) <= bound).rate for bound in other] == ["sublinear"] * len(other)
    assert (E(gap) <= halved).rate == "sublinear"


def halved(c, t):
    """A half of the start.

    Which nobody proved.
    """
    return np.full(t.shape, c.gap0 / 2)


@pytest.mark.parametrize("bound", [halved, (1 - mu * lambda_min) ** T * gap0], ids=["function", "expression"])
def test_a_theorem_of_a_user_pickles(bound):
    """By its parts, where one of ours comes back by its id; what was cached on the way does not matter."""
    about, claim = theorems.T2.about, E(gap) <= bound
    theorem = Theorem(id="mine", source="here", mark="derived", about=about, given=(), claim=claim)
    for _ in range(2):
        again = pickle.loads(pickle.dumps(theorem))
        assert again is not theorem
        assert again.statement == theorem.statement
        np.testing.assert_array_equal(again.bound(c, 4), theorem.bound(c, 4))


def test_a_function_stands_in_its_claim_by_its_docstring():
    """Its first paragraph: below it there may be parameters, and whatever else docstrings have."""
    claim = E(gap) <= halved
    assert repr(claim) == "E[f(W^T)] - f* <= A half of the start"
    assert claim.statement == "E[f(W^T)] - f* <= A half of the start."
    assert claim.definitions == claim.symbols == ()


# The horizon that a theorem promises, against a search through all steps and against formulas solved by hand.

FOUR = (theorems.T1, theorems.T2, theorems.T1_sharp, theorems.T2_sharp)


@pytest.mark.long
@as_one_test("t", theorems.ALL.values(), ids=list(theorems.ALL))
def test_the_smallest_horizon_by_looking_at_all(t):
    """Whatever the formula is made of: inf where a search finds none, nan where a constant is unknown.

    A bisection that ends one step early or late, or has < for <=, differs here (3.0 is T2's bound at 0).
    """
    bound = t.bound(c, 150_000 if t in FOUR else 20_000)
    for epsilon in (0.01, 0.5, 1e3, *((1e-3, 0.0371, 1.0, 2.9, 3.0, 50.0, 1e9) if t in FOUR else ())):
        (reached,) = np.nonzero(bound <= epsilon)
        horizon = t.steps_to(epsilon, c)
        if reached.size or t in FOUR:
            assert horizon == reached[0]
        else:
            assert horizon > 20_000 or np.isnan(bound[1:]).all()


def test_horizons_solved_by_hand():
    """T1 by a quotient, T2 by logarithms; beyond any search, too. Catches doubling that stops at 2^31 or 2^53."""
    assert theorems.T1.steps_to(2.0, c) == 2 * 3.5 / (0.25 * 0.2 * 2.0)
    assert theorems.T2.steps_to(1e-9, c) == math.ceil(math.log(3.0 / 1e-9) / -math.log(1 - 0.2 * 0.5 * 0.25))
    assert theorems.T1.steps_to(1e-30, c) == pytest.approx(2 * 3.5 / (0.25 * 0.2) * 1e30, rel=1e-12)


def test_the_accuracy_is_absolute():
    """In units a thousand times smaller the same number asks for more; relative to the ceiling nothing changes."""
    large = replace(c, gap0=3000.0, gap0_upper=3500.0)
    for t in FOUR:
        assert t.steps_to(0.3, large) > t.steps_to(0.3, c)
        relative = [t.steps_to(0.01 * t.metric.ceiling(one), one) for one in (c, large)]
        assert relative[0] == relative[1]


def test_never_is_inf_and_unknown_is_nan():
    floor = replace(theorems.T2, claim=E(gap) <= gap0 * lifted(Fraction(9, 10)) ** T + Fraction(1, 10))
    assert floor.steps_to(0.1001, c) == np.flatnonzero(3 * 0.9 ** np.arange(200.0) + 0.1 <= 0.1001)[0]
    assert floor.steps_to(0.0999, c) == math.inf
    # A start below a floor of noise.
    rising = replace(theorems.T2, claim=E(gap) <= (lambda c, t: 2 - 0.5**t), falls="linear")
    assert rising.steps_to(1.0, c) == 0
    assert rising.steps_to(0.9, c) == math.inf
    for t in FOUR:
        assert t.steps_to(0.1, replace(c, lambda_min=0.0)) == math.inf
        assert math.isnan(t.steps_to(0.1, replace(c, lambda_min=math.nan)))
    assert math.isnan(theorems.T2.steps_to(0.1, replace(c, mu=math.nan)))


@pytest.mark.long
def test_no_horizon_is_promised_where_what_is_given_of_T_is_not_true():
    """T19 with A > 0: beyond Q = 1 its formula is negative, which is below any epsilon, and says nothing."""
    rows = LeastSquares([[1.0], [2.0], [1.0]], Y=[0.0, 1.0, -1.0])
    noisy = Constants.of(Case(Decreasing(SGD(0.2, Minibatch(1)), 1.0, power=0.5), rows, np.full((1, 1), 5.0)))
    formula, bound = theorems.T19.claim.at(noisy, np.arange(2001.0)), theorems.T19.bound(noisy, 2000)
    Q = noisy.L * noisy.A * 0.2**2 * np.cumsum(1 / np.arange(1.0, 2001.0))
    last = np.flatnonzero(Q < 1)[-1] + 1
    assert 2 < last < 100
    assert (formula[last + 1 :] < 0).all()
    assert np.isnan(bound[last + 1 :]).all()
    np.testing.assert_array_equal(bound[1 : last + 1], formula[1 : last + 1])
    least = np.nanmin(bound)
    for share in (1.0, 1.001, 1.1, 2.0):  # at the first of these the bound is at one T, which is no power of two
        assert theorems.T19.steps_to(share * least, noisy) == np.flatnonzero(bound <= share * least)[0]
    assert theorems.T19.steps_to(0.999 * least, noisy) == math.inf
    assert math.isnan(theorems.T5_step.bound(replace(noisy, gamma=0.1), 1000)[-1])  # gamma^2 L A T <= 1 at T = 1000


def test_a_bound_that_says_nothing_for_a_while_or_from_the_second_step_on():
    """Catches a horizon of nan where the first step is not looked at."""
    late = replace(theorems.T1, claim=E(gap) <= (lambda c, t: np.where(t < 1000, np.nan, 1e6 / t**2)))
    assert late.steps_to(0.5, c) == math.ceil(math.sqrt(2e6))
    assert late.steps_to(5.0, c) == 1000
    assert smallest_horizon(theorems.T1.claim, 0.5, lambda steps: np.where(steps == 1, 0.5, np.nan)) == 1


def test_bad_accuracies():
    for epsilon in (0.0, -1.0, math.nan, math.inf, "small"):
        with pytest.raises(ValueError, match="epsilon must be a finite number > 0"):
            theorems.T2.steps_to(epsilon, c)


def a_case(sketch, gamma=0.5):
    return Case(RACLoRA(sketch, gamma), Quadratic.left(np.diag([0.5, 1.0, 1.5, 2.0]), np.ones((4, 2))), steps=5)


def test_a_case_stands_for_its_constants_and_must_meet_the_assumptions():
    case = a_case(sketches.Haar(4, 2))
    assert theorems.T2.steps_to(0.1, case) == theorems.T2.steps_to(0.1, Constants.of(case))
    with pytest.raises(ValueError, match="must meet the assumptions of T2: lambda_min > 0 is not met: lambda_min is 0"):
        theorems.T2.steps_to(0.1, a_case(sketches.Frozen(np.eye(4)[:, :1])))
    with pytest.raises(ValueError, match=r"^case .* gamma L <= 1 is not met: gamma L = 1\.8 for gamma=0\.9, L=2"):
        theorems.T1.steps_to(0.1, a_case(sketches.Haar(4, 2), gamma=0.9))


def test_no_horizon_is_promised_beyond_what_is_given_of_it():
    """T5_step asks for gamma^2 L A lambda_max T <= 1, here T <= 50: its bound comes down to 0.05 at T = 40, and to 0.01
    only at T = 200, of which it says nothing: the bound of T5 has a floor, and so has the average itself, on x^2/2 with
    noise +-x/sqrt(50).
    Catches a horizon of the bound alone, and one that is refused since the case itself is to run for longer.
    """
    known = {"gamma": 1.0, "L": 1.0, "A": 1 / 50, "beta": 1.0, "C": 0.0, "lambda_min": 1.0, "lambda_max": 1.0}
    c = Constants(**known, gap0_upper=0.5)
    t5, t5_step = theorems.T5, theorems.T5_step
    assert t5_step.steps_to(0.05, c) == 40
    assert t5_step.steps_to(0.01, c) == t5.steps_to(0.01, c) == math.inf
    assert np.isnan(t5_step.steps_to(0.01, replace(c, gap0_upper=math.nan)))


def test_a_theorem_may_be_about_all_steps_from_some_on():
    """T2 has come down at T = 12. Catches that nothing is promised, as what is given is not true at T = 0."""
    c = Constants(gamma=0.5, L=1.0, mu=1.0, lambda_min=0.5, gap0=3.0)
    assert theorems.T2.steps_to(0.1, c) == 12
    for first in (1, 6, 12, 13, 40):
        assert replace(theorems.T2, given=(*theorems.T2.given, T - first >= 0)).steps_to(0.1, c) == max(first, 12)
        assert replace(theorems.T2, given=(*theorems.T2.given, T + first <= 0)).steps_to(0.1, c) == math.inf


def test_the_steps_of_a_case_do_not_matter():
    """Not where a theorem is given a relation with T, either. Catches one that is asked of the steps of the case."""
    case = a_case(sketches.Haar(4, 2))
    short = replace(theorems.T2, id="short", given=(*theorems.T2.given, gamma * T <= 20))
    horizons = [short.steps_to(0.1, replace(case, steps=steps)) for steps in (5, 10**6)]
    assert horizons == [theorems.T2.steps_to(0.1, case)] * 2
    assert horizons[0] <= 40
    assert short.steps_to(1e-9, case) == math.inf
