"""How a claim is evaluated: beyond the digits that floats have beside one, at zeros, and where something is unknown."""

import math
import pickle
from dataclasses import replace
from decimal import Decimal, localcontext

import numpy as np
import pytest

from rac_theory import Constants, theorems
from rac_theory.algebra import Let, Symbol, choice, maximum, number, powers, total
from rac_theory.statements.assumptions import structured_noise
from rac_theory.statements.symbols import A, K, L, L_max, T, gamma, gap0, gap0_upper, lambda_min, mu
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
    for wrong, name in ((Let("mu", gamma) * mu, "mu"), (Let("T", mu) ** T, "T"), (twice, "q")):
        with pytest.raises(ValueError, match=f"a name in a claim must mean one thing, not several: {name}$"):
            E(gap).__le__(wrong)
    weighted = weighted_squared_gradient(1 / (1 + L_max * gamma))
    with pytest.raises(ValueError, match="L stands for L_max and for L: they need two names"):
        E(weighted).__le__(L * gap0)
    with pytest.raises(ValueError, match=r"constant must be one of these, got 'gap' \(did you mean 'gap0'\?\)"):
        E(gap).__le__(Symbol("x", constant="gap"))
    k = Symbol("k")
    assert (E(gap) <= total(k, K, k * gap0)).at(replace(c, inner_steps=3), np.zeros(1)).tolist() == [9.0]


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


def of_one(bound):
    return Theorem(id="mine", source="here", mark="derived", about=theorems.T2.about, given=(), claim=E(gap) <= bound)


@pytest.mark.parametrize("bound", [halved, (1 - mu * lambda_min) ** T * gap0], ids=["function", "expression"])
def test_a_theorem_of_a_user_pickles(bound):
    """By its parts, where one of ours comes back by its id; what was cached on the way does not matter."""
    theorem = of_one(bound)
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


def test_the_noise_that_is_assumed_has_one_bound():
    """By hand: 2 * 3 + (2 * 1 * 4 + 5) / 2; a quotient for a product, or another sign, gives another number."""
    noise, bound = structured_noise.inequality.terms
    at = {"E||Hg||^2": 7.0, "<G, E[H] G>": 3.0, "f(W) - f*": 4.0, "beta": 2.0, "A": 1.0, "C": 5.0, "lambda_max": 0.5}
    assert structured_noise.inequality.signs == ("<=",)
    assert (number(noise, at), number(bound, at)) == (7.0, 12.5)
