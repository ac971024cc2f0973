"""Rules from one step to T: sequences that obey the step obey the conclusion, and some make it an equality."""

from itertools import product

import numpy as np
import pytest

from rac_theory.algebra import Symbol, number, powers, sqrt
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import induction
from rac_theory.proofs.drawn import letter, mean
from rac_theory.proofs.fact import granted, proved, read
from rac_theory.proofs.quantities import E, G, V, distance, gap, gap_next, moved, moved_mean, moved_next, own
from rac_theory.statements import metric
from rac_theory.statements.about import rac_lora_exact
from rac_theory.statements.metric import weighted_squared_gradient
from rac_theory.statements.symbols import L_max, T, distance0, eta, gamma, gap0, gap0_upper, j, lambda_min
from rac_theory.theorems import reshuffling
from tests.as_one_test import as_one_test
from tests.proofs.missing import missing
from tests.refused import wrong

rho, e, g, theta, c, p, average = (Symbol(name) for name in ("rho", "e", "g", "theta", "c", "p", "a mean"))
squared = G @ G
last = metric.gap.expected
SUM = metric.mean_squared_gradient.expected.factors[-1]
STEPS = (1, 2, 3, 7)
ROUNDING = 1e-12


def excess(said, numbers):
    """How much the larger side is above the smaller, relative to both; they may be equal, so that none is "less"."""
    assert said.signs == ("<=",)
    smaller, larger = (float(number(side, {"f*": 0.0} | numbers)) for side in said.terms)
    return (larger - smaller) / (abs(larger) + abs(smaller))


def agrees(said, numbers, exactly, *wrong):
    """A conclusion holds; where all steps are equalities it is one, and what is wrong is false."""
    assert excess(said, numbers) >= -ROUNDING
    if exactly:
        assert excess(said, numbers) <= ROUNDING
        assert all(excess(each, numbers) < -1e-6 for each in wrong)


def falling(rng, steps, factor, noise, *, exactly):
    """A sequence with ``x+ <= factor x + noise``."""
    x = [rng.uniform(0, 3)]
    for _ in range(steps):
        x.append((factor * x[-1] + noise) * (1 if exactly else rng.uniform(0, 1)))
    return x


STEP, FACTOR = granted("", E(gap_next) <= rho * gap + e), granted("", rho >= 0)


@as_one_test(("start", "steps"), product([gap0, gap0_upper], STEPS))
def test_a_step_iterated(start, steps):
    """rho^(T - 1) for rho^T, or one power of rho more or less in what noise adds up to, would be caught."""
    rng, said = np.random.default_rng(steps), induction.iterate(STEP, FACTOR, start).said
    wrong = [
        last <= rho ** (T + 1) * start + powers(rho, 0, T - 1) * e,
        last <= rho**T * start + powers(rho, 0, T - 2) * e,
        last <= rho**T * start + powers(rho, 1, T) * e,
    ]
    for exactly in (True, False) * 10:
        factor, noise = rng.uniform(0.5, 0.99), rng.uniform(0.1, 2)
        x = falling(rng, steps, factor, noise, exactly=exactly)
        at = {"rho": factor, "e": noise, "T": steps, "E[f(W^T)]": x[-1], start.name: x[0]}
        agrees(said, at, exactly, *wrong)


def settled(enough):
    """A step with ``rho c + e <= c`` ends at ``rho^T x_0 + c``: by what the rule says, and a sum."""
    end = induction.iterate(STEP, FACTOR, gap0) + induction.sum_of_powers(FACTOR, T) * granted("", enough)
    return proved("", last <= rho**T * gap0 + c, end + induction.power(FACTOR, T) * granted("", c >= 0))


@as_one_test("steps", STEPS)
def test_a_step_iterated_down_to_a_floor(steps):
    """A floor that does not hold against one step, or that is left out, would be caught."""
    rng = np.random.default_rng(steps)
    said = settled(rho * c + e <= c).said
    for exactly in (True, False) * 10:
        r, noise = rng.uniform(0, 0.9), rng.uniform(0.1, 2)
        x = falling(rng, steps, r, noise, exactly=exactly)
        at = {"rho": r, "e": noise, "T": steps, "E[f(W^T)]": x[-1], gap0.name: x[0], "c": noise / (1 - r)}
        assert excess(said, at) >= -ROUNDING
    late = {"rho": 0.5, "e": 1.0, "T": 60, "E[f(W^T)]": falling(rng, 60, 0.5, 1.0, exactly=True)[-1], gap0.name: 1.0}
    assert abs(excess(said, late | {"c": 2.0})) <= ROUNDING
    assert excess(said, late | {"c": 1.9}) < -1e-3
    missing("is not what was computed", settled, rho * c <= c)  # a floor that is too low


@as_one_test("steps", STEPS)
def test_steps_weighted_and_added(steps):
    """Weights w^t for w^(t + 1) in their sum, or for the mean, would be caught."""
    rng = np.random.default_rng(steps)
    step = granted("", theta * squared <= g * gap - E(gap_next) + e)
    growth, slope, above = (granted("", relation) for relation in (g > 0, theta >= 0, gap >= 0))
    said = induction.telescope(step, growth, slope, gap0_upper, above).said
    said = said.at({weighted_squared_gradient(1 / g).expected: average})
    early = powers(1 / g, 0, T - 1)
    wrong = theta * early * average <= gap0_upper + early * e
    for exactly in (True, False) * 10:
        grows, slope, noise = rng.uniform(1.1, 2), rng.uniform(0.1, 2), rng.uniform(0, 0.5)
        x = np.append(rng.uniform(1, 2, steps), 0.0 if exactly else rng.uniform(0, 1))
        lost = np.zeros(steps) if exactly else rng.uniform(0, 1, steps)
        squares = (grows * x[:-1] - x[1:] + noise - lost) / slope
        weights = grows ** -np.arange(1.0, steps + 1)  # of the sum; all of them times g are those of the mean
        seen = np.sum(weights * squares) / np.sum(weights)
        at = {"g": grows, "theta": slope, "e": noise, "T": steps, gap0_upper.name: x[0], average.name: seen}
        agrees(said, at, exactly, wrong)


@as_one_test("steps", STEPS)
def test_steps_added_from_the_last_one_on(steps):
    """p(T - 1) for p(T) would be caught, and a p that does not begin with 0."""
    rng = np.random.default_rng(steps)
    p_j = c * powers(rho, 0, j - 1)
    step = granted("", p_j.at({j: j + 1}) * gap - p_j * E(gap_next) >= squared)
    said = induction.accumulate(step, granted("", p_j >= 0), j, gap0_upper).said.at({SUM: T * average})
    early = said.terms[0] <= said.terms[1].at({T: T - 1})
    for exactly in (True, False) * 10:
        factor, times, x = rng.uniform(0.1, 0.9), rng.uniform(0.5, 2), rng.uniform(0, 2, steps + 1)
        p_at = times * np.array([sum(factor**k for k in range(n)) for n in range(steps + 1)])
        squares = [p_at[steps - t] * x[t] - p_at[steps - t - 1] * x[t + 1] for t in range(steps)]
        seen = np.mean(squares) - (0 if exactly else rng.uniform(0, 1))
        at = {"rho": factor, "c": times, "T": steps, gap0_upper.name: x[0], average.name: seen}
        agrees(said, at, exactly, early)
    more = c * powers(rho, 0, j)
    step = granted("", more.at({j: j + 1}) * gap - more * E(gap_next) >= squared)
    missing("p must begin with 0", induction.accumulate, step, granted("", more >= 0), j, gap0_upper)


@as_one_test("steps", STEPS)
def test_a_potential(steps):
    """A step too many, or p left out, would be caught: where nothing falls but the distance it is an equality."""
    rng = np.random.default_rng(steps)
    psi = gap + e * lambda_min * distance
    step, falls = psi.at(induction.after(rac_lora_exact)) <= psi - c * gap, E(gap_next) <= gap
    shares = {gap0: granted("", lifted(0) <= 1), distance0: granted("", e >= 0)}
    begun = induction.Psi(rac_lora_exact, psi, gap0, shares, granted("", psi <= gap + e * (V @ V)))
    facts = (granted("", relation) for relation in (step, falls, p * gap <= psi, c >= 0))
    said = induction.potential(begun, *facts, p).said
    for exactly in (True, False) * 10:
        falls, share = rng.uniform(0.1, 2), rng.uniform(1, 2)
        gaps = [rng.uniform(0.5, 2)]
        for _ in range(steps):
            gaps.append(gaps[-1] * (1 if exactly else rng.uniform(0, 1)))
        least = share * gaps[-1] + falls * sum(gaps[:-1])  # of the potential, at the start
        away = (max(gaps[0], least) - gaps[0]) / 0.7 + (0 if exactly else rng.uniform(0, 1))
        at = {"c": falls, "p": share, "e": 0.7, "T": steps, gap0.name: gaps[0], distance0.name: away**0.5}
        agrees(said, at | {"E[f(W^T)]": gaps[-1]}, exactly, said.at({T: T + 1}))


@as_one_test("steps", STEPS)
def test_how_far_a_client_drifts(steps):
    """A mean over k from 1 to K for 0 to K - 1, or sums of powers to k for k - 1, would be caught."""
    rng = np.random.default_rng(steps)
    step = granted("", moved_next <= (1 + eta * L_max) * moved + eta * own)
    grows = granted("", 1 + eta * L_max >= 0)
    said = induction.drifted(step, grows, eta, reshuffling.s_K / L_max).said
    for exactly in (True, False) * 10:
        size, bends, pushed, x = rng.uniform(0.1, 1), rng.uniform(0.1, 2), rng.uniform(0.1, 2), [0.0]
        for _ in range(steps):
            x.append(((1 + size * bends) * x[-1] + size * pushed) * (1 if exactly else rng.uniform(0, 1)))
        at = {"eta": size, "L": bends, "K": steps, own.name: pushed}
        known, late = at | {moved_mean.name: np.mean(x[:-1])}, at | {moved_mean.name: np.mean(x[1:])}
        if steps > 1:
            agrees(said, known, exactly)
        assert not exactly or excess(said, late) < -1e-6
    missing("is not the mean over", induction.drifted, step, grows, eta, reshuffling.s / L_max)


@as_one_test("x", [0.0, 0.3, 1.0, 2.0])
def test_powers_and_their_sums(x):
    base, strict = granted("", rho >= 0), granted("", rho > 0)
    for steps in (0, *STEPS):
        at = {"rho": x, "T": float(steps)}
        assert number(read(induction.power(base, T).said.terms[1]).expression, at) == x**steps
        powers_of_x = sum(x**k for k in range(steps))
        assert number(induction.sum_of_powers(base, T).said.terms[1], at) == pytest.approx(powers_of_x)
        if x and steps:
            weight = sum(x ** -(k + 1) for k in range(steps))
            assert number(induction.weights(strict).said.terms[1], at) == pytest.approx(weight)
    missing("must be known to be positive", induction.weights, base)
    for radicand in (base, strict):
        root = induction.square_root(sqrt(rho), radicand)
        assert (root.value, root.strict) == (read(sqrt(rho)), radicand is strict)


def test_both_cases_are_all():
    """A case that rests on less than half of all, or says less than the other, would be caught; so would a case that
    says "less" where the other says "at most"."""
    split, assumed, later = gamma * L_max <= 1, rho <= 1, gamma * L_max >= 2
    short, long = granted("", e <= c, split, assumed), granted("", e <= c, gamma * L_max >= 1)
    assert induction.cases(short, long, split).by == {assumed}
    assert induction.cases(short, granted("", e <= c, later), split).by == {assumed, later}
    below, above = granted("", e < c, rho < 1), granted("", e <= c, rho >= 1)
    assert not induction.cases(below, above, rho < 1).by
    for weaker in (induction.cases(below, above, rho < 1), induction.cases(above, below, rho <= 1)):
        assert (weaker.strict, weaker.said) == (False, e <= c)
    assert induction.cases(granted("", e <= c, rho < 1), granted("", e <= c, rho > 1), rho < 1).by == {rho > 1}
    weaker = granted("", e <= 2 * c, gamma * L_max >= 1)
    missing("is not what was computed, it is off by -c", induction.cases, short, weaker, split)
    wrong("split must say", induction.cases, long, short, gamma * L_max >= 1)


def test_a_mean_is_that_of_what_is_drawn():
    """A fact that is linear in what is drawn is true of means; of a square, or a product of two draws, it is not."""
    rng = np.random.default_rng(0)
    x, y, w = letter("x", "", "H"), letter("y", "", "H"), letter("w", "")
    fact = mean(granted("", rho * x * w <= 2 * y + w**2))
    for _ in range(20):
        chances, at = rng.dirichlet(np.ones(4)), {"w": rng.uniform(-1, 1), "rho": rng.uniform(-1, 1)}
        draws = {"x": rng.uniform(-1, 1, 4), "y": rng.uniform(-1, 1, 4)}
        each = 2 * draws["y"] + at["w"] ** 2 - at["rho"] * draws["x"] * at["w"]
        known = at | {letter(name, "", "H").mean("H").name: chances @ values for name, values in draws.items()}
        assert number(fact.value.expression, known) == pytest.approx(chances @ each, abs=1e-12)
    both = mean(granted("", x <= y) + granted("", rho * y < w))  # which has no name, and says no more than its value
    x_mean, y_mean = (each.mean("H") for each in (x, y))
    assert (both.value, both.strict) == (read(w - rho * y_mean + y_mean - x_mean), True)
    for said in (x**2 <= y, x * y <= w, 1 / x <= w, rho**x <= w):
        missing(None, mean, granted("", said))


def test_a_step_may_not_add_what_is_drawn():
    """From step to step a number must stay what it is."""
    for end, factor in ((rho * gap + squared, rho), (squared * gap, squared)):
        step, known = granted("", E(gap_next) <= end), granted("", factor >= 0)
        missing("must not depend on what is drawn", induction.iterate, step, known, gap0)
