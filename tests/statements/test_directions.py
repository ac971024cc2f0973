"""To which side constants are rounded: derived from the theorems, as their symbols say, and as it is done."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from rac_theory import Case, Constants, CyclicRACLoRA, GaLore, RACLoRA, sketches, theorems
from rac_theory.algebra import Let, Relation, Symbol, fraction, number, polynomial, symbols_of, truth
from rac_theory.algorithms import SignStep
from rac_theory.algorithms.gradients import ByChance, Clients, FiniteDifferences, Minibatch, Reshuffled
from rac_theory.problems import Federated, LeastSquares, Quadratic
from rac_theory.statements import symbols
from rac_theory.statements.directions import WHY, _given, _length, _x, directions, redundant, regions
from rac_theory.statements.symbols import C, K, L, T, distance0, gamma, gap0, gap0_upper, lambda_min, mu, sigma_squared
from rac_theory.theorems import Condition, federated, rac_lora_gd, reshuffling
from tests.as_one_test import as_one_test

ALL = theorems.ALL
derived = cache(directions)
LETTERS = {f"letters.{name}" for name in ("a", "b", "A", "alpha", "s", "lambda_min")}
EITHER = {("T3_sharp", "L"), ("T22_pl", "lambda_min"), ("T22_pl", "mu")}  # of the last two any lower bound may be used
LOOSER = (
    {
        (id, name, "rho >= 0")
        for id, smooth in (("T6", "L"), ("T14_pl", "L_H"))
        for name in (smooth, "mu", "lambda_min", "lambda_max", "A", "beta")
    }
    | {("T18_pl", name, "rho >= 0") for name in ("L", "L_H", "mu", "ell")}
    | {("T26_pl", name, "rho >= 0") for name in ("L", "mu", "lambda_min")}  # which is so in any case, as a <= A
    | {("T22_pl", name, asked) for name in ("mu", "lambda_min") for asked in ("room > 0", "slack >= 0")}
    | {("T27_pl", "mu", asked) for asked in ("room > 0", "slack >= 0")}
    | {("T19_pl", name, "kappa >= 1") for name in ("L", "lambda_max", "A", "beta")}
)


@pytest.mark.parametrize("theorem", ALL.values(), ids=ALL)
def test_derived_sides_are_those_of_the_symbols(theorem):
    """Catches a symbol with the wrong side, a bound that moves the wrong way, and a theorem whose proof broke down."""
    found = derived(theorem)
    assert {one: each.derived for one, each in found.items()} == {one: one.side for one in found}
    assert {(theorem.id, one.constant) for one, each in found.items() if each.bound == "either"} <= EITHER
    looser = {(theorem.id, one.constant, str(each)) for one, found in found.items() for each in found.looser}
    assert looser == {each for each in LOOSER if each[0] == theorem.id}


@pytest.mark.parametrize(
    ("theorem", "stricter"),
    [
        ("T1_sharp", {"L": "up", "lambda_min": "down"}),
        ("T5_step", {"L": "up", "lambda_min": "down", "lambda_max": "up", "A": "up", "beta": "up"}),
        ("T10d", {"L_max": "up", "mu": "down", "lambda_min": "down", "lambda_max": "up"}),
        ("T12_pl", {"longest_step": "up"}),
    ],
)
def test_rounding_makes_relations_stricter(theorem, stricter):
    """Catches 0 < gamma L taken for something that L is asked for, and lambda_min > 0 taken for nothing."""
    found = {one.constant: each.stricter for one, each in derived(ALL[theorem]).items()}
    assert {name: way for name, way in found.items() if way != "none"} == stricter


def test_every_constant_of_a_bound_is_exact_or_has_an_answer():
    """Catches a symbol without a side: only step sizes, counts and T are exact."""
    for theorem in ALL.values():
        exact = set(symbols_of(theorem.claim.bound)) - set(derived(theorem))
        assert {one.constant for one in exact} <= {"", "gamma", "inner_steps", "offset"} | LETTERS, theorem.id
    assert {one.constant for theorem in ALL.values() for one in derived(theorem)} == set(WHY)


@pytest.mark.parametrize(
    ("theorem", "one"),
    [("T1", gap0_upper), ("T1", lambda_min), ("T3", distance0), ("T6", C), ("T7", sigma_squared), ("T2", gap0)],
    ids=str,
)
def test_a_symbol_with_the_wrong_side_is_seen(theorem, one):
    """The same theorem, in which a symbol says that it is rounded the other way."""
    turned, theorem = replace(one, side={"up": "down", "down": "up"}[one.side]), ALL[theorem]

    def at(each):
        terms = isinstance(each, Relation) and tuple(term.at({one: turned}) for term in each.terms)
        return Relation(terms, each.signs) if terms else each

    claim = replace(theorem.claim, bound=theorem.claim.bound.at({one: turned}))
    found = directions(replace(theorem, claim=claim, given=tuple(map(at, theorem.given))))
    assert [symbol for symbol, each in found.items() if each.derived != symbol.side] == [turned]


def test_of_a_bound_that_is_a_function_nothing_is_claimed():
    """Only what the conditions and the relations say is known. Catches "none", that it does not depend on anything."""
    bound = replace(theorems.T1.claim, bound=lambda c, t: c.L / t)
    found = directions(replace(theorems.T1, claim=bound, falls="sublinear"))
    assert {one.constant: (each.bound, each.derived) for one, each in found.items()} == {
        "L": ("either", "up"),
        "lambda_min": ("either", "down"),
    }


def test_a_condition_goes_one_way_only_if_it_does_near_zero_too():
    """L^2 - L grows from a half on. Catches constants that are taken to be at least one."""
    turning = Condition("turning", Symbol("x") <= L * L - L, (L > 0,))
    found = directions(replace(theorems.T1, given=(turning,)))
    assert found[L].condition == "either"
    growing = replace(turning, inequality=Symbol("x") <= L * L + L)
    assert directions(replace(theorems.T1, given=(growing,)))[L].condition == "up"


def test_lemmas_on_drift_are_only_used_where_a_round_is_short():
    """Without eta K L <= 1 there is no a < 1, and T9 has no direction. Catches a lemma that is taken for granted."""
    longer = tuple(each for each in theorems.T9.given if not isinstance(each, Relation) or K not in symbols_of(each))
    found = directions(replace(theorems.T9, given=longer))
    assert {each.bound for each in found.values()} == {"either"}


def test_only_t6_and_its_like_ask_more_of_rho_than_that_it_is_below_one():
    """Catches a region that is too small, and one that forgets mu <= L."""
    asks = {theorem.id for theorem in ALL.values() if any(str(each) == "rho >= 0" for each in theorem.given)}
    more = {"T6", "T14_pl", "T18_pl", "T26_pl"}  # of the last it follows from a <= A, which no region knows
    assert {theorem.id for theorem in ALL.values() if redundant(theorem)} == asks - more
    (rho,) = redundant(theorems.T4)
    chain = Relation((*rho.terms, mu), (">=", ">="))  # of which the first part alone follows
    assert redundant(replace(theorems.T4, given=(*theorems.T4.given, chain))) == (rho,)
    assert asks == {"T4", "T6", "T8d", "T8d_sharp", "T10d", "T10d_sharp", "T10rr", "T14_pl", "T18_pl", "T26_pl"}


# A second route: the bounds themselves, at constants that meet the relations.

STEPS = np.array([1.0, 2, 3, 5, 17, 200, 4e3, 1e6])
OF_ANY_SIZE = ("gap0", "gap0_upper", "distance0", "C", "D", "sigma_squared", "zeta_squared", "bias_squared", "beta")


def admissible(theorem, rng):
    """Random constants of which the relations are true, and what is always true of constants."""
    relations = [each for each in theorem.given if isinstance(each, Relation) and T not in symbols_of(each)]
    of_letters = np.random.default_rng(1)
    while True:
        smooth, steps = 10 ** rng.uniform(-2, 2), int(rng.integers(1, 7))
        low, high = np.sort(rng.uniform(0.01, 0.99, 2))
        share = rng.uniform(0.05, 0.95)
        c = Constants(
            gamma=rng.uniform(0, 2) / smooth / rng.choice([1, 2 * steps]),
            inner_steps=steps,
            **dict.fromkeys(("L", "L_max", "L_H"), smooth),
            **dict.fromkeys(("mu", "strong_convexity"), share * smooth),
            lambda_min=low,
            leading_share=low,
            lambda_max=high,
            **{name: 10 ** rng.uniform(-1, 1) for name in (*OF_ANY_SIZE, "omega", "D_in")},
            A=10 ** rng.uniform(-1, 1) * rng.integers(0, 2),  # nothing at all decides in T5_step
            nu=rng.uniform(0, 1) / smooth,
            longest_step=rng.uniform(0, 2),
            ell=rng.uniform(0, 5),
            offset=10 ** rng.uniform(0, 4),
            letters={
                **{name: of_letters.uniform() for name in "baA"},
                "s": share * smooth,
                "lambda_min": low,
                "alpha": share**4 * low,
            },
            norm_share=of_letters.uniform(),
            span=10 * of_letters.uniform(),
        )
        if all(truth(each, known(each, c)) for each in relations):
            return c


def known(relation, c):
    return {one.name: getattr(c, one.constant) for one in symbols_of(relation) if one.constant}


@pytest.mark.parametrize("theorem", ALL.values(), ids=ALL)
def test_bounds_go_the_way_that_is_derived(theorem):
    """A millionth up at 16 sets of constants: all ways that are derived, no others. Catches a proof that is none."""
    rng = np.random.default_rng(0)
    at = STEPS[:-1] if theorem.id.startswith("T19") else STEPS  # sums over T are added up
    moved = {one: set() for one in derived(theorem)}
    of_T = [each for each in theorem.given if isinstance(each, Relation) and T in symbols_of(each)]
    for _ in range(16):
        c = admissible(theorem, rng)
        before = theorem.claim.at(c, at)
        for one in moved:
            more = getattr(c, one.constant) * (1 + 1e-6) or 1e-9
            after = theorem.claim.at(replace(c, **{one.constant: more}), at)
            asked = [truth(each, {"T": at} | known(each, c)) for each in of_T]
            before = np.where(np.logical_and.reduce(asked or [np.full(len(at), True)]), before, np.nan)
            change = (after - before) / np.maximum(before, 1e-300)  # a power may underflow
            moved[one] |= {name for name, some in (("up", change > 1e-11), ("down", change < -1e-11)) if some.any()}
    for one, ways in moved.items():
        way = derived(theorem)[one].bound
        assert ways == {"either": {"up", "down"}, "none": set()}.get(way, {way})


def test_where_the_side_is_open_both_ends_are_true():
    """T3_sharp and L, by exact numbers: x^2/2 and a sketch that moves with probability p, up to nearly 2/L.

    E[f(W^T)] is known, and the bound with L at either end of an interval of a ten-millionth is above it. Catches a
    bound that is a hundredth too small.
    """
    bound, lowest = theorems.T3_sharp.claim.bound, math.inf
    for step in (Fraction(1, 2), Fraction(3, 2), Fraction(199, 100)):
        for p in (Fraction(1, 1000), Fraction(1, 2), Fraction(1)):
            for steps in (1, 2, 10, 50):
                true = (1 - p * (1 - (1 - step) ** 2)) ** steps / 2
                for off in (-1, 0, 1):
                    values = {"gamma": step, "lambda_min": p, "T": steps, gap0.name: Fraction(1, 2), distance0.name: 1}
                    claimed = fraction(bound, {**values, "L": 1 + Fraction(off, 10**7)})
                    lowest = min(lowest, claimed / true)
                    assert claimed >= true
    assert lowest < 1 + Fraction(1, 100)


# What constants are, beside the numbers that they should be.


BOUNDED, BOUNDED_CLIENTS = (type("Bounded", (one,), {"variance_bound": 0.3}) for one in (LeastSquares, Federated))
"""As if somebody had proved a bound on the variance of gradients of components, and of clients."""


def test_constants_are_on_the_side_of_their_symbols():
    """Least squares with rows 1, 2, 3 on the axes and l2 = 0.1: every constant is a fraction, and hardly one a float.

    Catches a constant that is rounded to nearest or to the wrong side, and a new one that nobody looks at.
    """
    rows, l2, ratio = (1, 2, 3), Fraction(0.1), Fraction(1, 4)  # of minibatches of 2: (N - b) / (b (N - 1))
    problem = BOUNDED(np.diag(rows), np.ones((3, 1)), float(l2))
    f0 = Fraction(1, 2)
    lowest = sum(l2 / (x * x + 3 * l2) for x in rows) / 2
    smooth, strong, steepest = Fraction(9, 3) + l2, Fraction(1, 3) + l2, 9 + l2
    spread = 2 * steepest * (lowest - sum(l2 / (x * x + l2) for x in rows) / 6)
    tau = Fraction(0.2)
    along = (2 * smooth + Fraction(1 + 4 + 9, 3) + 3 * l2) / 5  # Haar, rank 1 of 3: (2 L + tr Q) / (d + 2)
    exact = {
        "L": smooth,
        "mu": strong,
        "strong_convexity": strong,
        "L_max": steepest,
        "D": spread,
        "D_in": spread,
        "omega": 1 / Fraction(0.3) - 1,
        "lambda_min": Fraction(1, 3),
        "leading_share": Fraction(1, 10),  # of a matrix of its own, 10 x 10
        "lambda_max": Fraction(1, 3),
        "A": ratio * steepest,
        "beta": 1 - ratio,
        "C": ratio * spread,
        "gap0_upper": f0 - lowest,
        "gap0": f0 - Fraction(problem.f_star),
        "sigma_squared": Fraction(0.3),
        "zeta_squared": Fraction(0.3),
        "bias_squared": (Fraction(0.7) * smooth / 2) ** 2,  # along one direction
        "nu": (2 * tau - along * tau**2) / 3,
        "longest_step": smooth * tau,
        "L_H": along,
        "ell": Fraction(1),  # of two blocks
        "norm_share": Fraction(1, 2),  # of a uniform direction in space, by signs
        "span": Fraction(1),
    }
    stored = stored_constants(problem, float(tau))
    sides = {one.constant: one.side for theorem in ALL.values() for one in derived(theorem)}
    squared = sum(Fraction(x, 1) ** 2 / (x * x + 3 * l2) ** 2 for x in rows)
    assert Fraction(stored["distance0"]) ** 2 >= squared
    assert stored["distance0"] == pytest.approx(math.sqrt(squared), rel=1e-9)
    assert {*exact, "distance0"} == set(sides)
    for name, true in exact.items():
        off = Fraction(stored[name]) - true
        assert off >= 0 if sides[name] == "up" else off <= 0, name
        assert stored[name] == pytest.approx(float(true), rel=1e-9), name


def stored_constants(problem, gamma):
    """The constants of one problem under all kinds of algorithms, those that are known."""
    haar, client = sketches.Haar(3, 1), BOUNDED_CLIENTS(problem, 1)
    algorithms = [
        (problem, RACLoRA(haar, gamma, gradients=Minibatch(2))),
        (problem, RACLoRA(haar, gamma, gradients=Reshuffled())),
        (problem, RACLoRA(haar, gamma, gradients=FiniteDifferences(0.7))),
        (problem, RACLoRA(haar, gamma, lora_alpha=1.0)),
        (problem, CyclicRACLoRA(sketches.BlockPartition(3, 2), gamma)),
        (problem, SignStep(RACLoRA(haar, gamma))),
        (client, RACLoRA(haar, gamma, gradients=Clients(Reshuffled(), ByChance(0.3)))),
        (Quadratic.left(np.eye(10), np.eye(10)), GaLore(1, gamma)),
    ]
    found = {}
    for its, algorithm in algorithms:
        c = Constants.of(Case(algorithm, its, steps=1))
        found = {name: value for name, value in vars(c).items() if isinstance(value, float) and value == value} | found
    return found


def test_an_end_is_that_of_its_name():
    """Of two names of which one is below a number. Catches an end of either that is taken for both."""
    rho, share = Let("rho", 1 - gamma * mu), Let("share", 1 - gamma * L)
    given = _given([rho >= 0, share >= 0, share <= Fraction(1, 2), rho > 0])
    assert {name: given[name].range for name in (rho, share)} == {rho: (0, math.inf), share: (0, Fraction(1, 2))}


# Where constants may be: boxes against the relations that they stand for, and lemmas against exact sums.


@pytest.mark.parametrize(("id", "longest"), [("T22", 1), ("T22_pl", 1), ("T23", math.inf)])
def test_momentum_is_a_share_where_relations_say_so(id, longest):
    """By themselves, or as a name of 1 less it is positive. Catches a name that is asked for another relation."""
    assert {region.ranges[symbols.momentum] for region in regions(ALL[id])} == {(0, longest)}


ONES = dict.fromkeys(("gamma", "eta", "N", "K", "L", "L_H", "kappa", "z", "a", "A"), 1)


@as_one_test("theorem", ALL.values(), ids=ALL)
def test_boxes_reach_as_far_as_the_relations(theorem):
    """Catches a box that ends before gamma L does, or a gap between two boxes."""
    lengths = [found for each in theorem.given if isinstance(each, Relation) and (found := _length(each))]
    boxes = regions(theorem)
    for product, _ in lengths:
        longest = min(number for other, number in lengths if other == product)
        reached = []
        for box in boxes:
            (share,) = polynomial(product.at(box.places)).numerator.letters()
            reached.append([fraction(product.at(box.places), {**ONES, share.name: end}) for end in box.ranges[share]])
        assert {longest} == {max(high for _, high in reached)}
        assert all(low == 0 or low in [high for _, high in reached] for low, _ in reached)


@as_one_test("x", [Fraction(i, 8) for i in range(1, 17)])
def test_boxes_of_t4_hold_every_s_up_to_l(x):
    """The intervals of gamma s, one after the other, are [0, gamma L]. Catches one that is left out."""
    boxes = [box for box in regions(theorems.T4) if box.ranges[_x][0] <= x <= box.ranges[_x][1]]
    ends = sorted([fraction(box.places[symbols.s], {**ONES, "x": x, "z": z}) for z in (0, 1)] for box in boxes)
    ends = [each for each in ends if x != 1 or each[0] < each[1]]  # at x = 1 a third box is a point
    assert ends[0][0] == 0
    assert max(high for _, high in ends) == x
    assert all(low == 0 or low in [high for _, high in ends] for low, _ in ends)


@as_one_test("steps", [*range(1, 17), 24, 32, 48, 64])
def test_the_lemmas_on_drift(steps):
    """Exactly, at the largest eta L = 1/K, for some K up to 64; for every K they are proved on the page about rounding.

    Catches a range that is too small, and s^2 - s r that may fall: s - r would have a negative coefficient.
    """
    known = {"gamma": 1, "eta": 1, "K": steps, "N": steps}
    for h in (Fraction(1, steps), Fraction(1, 3 * steps)):
        values = {**known, "L": h}
        a, its_s, s_K = (fraction(each, values) for each in (federated.a, reshuffling.s, reshuffling.s_K))
        assert 0 <= a <= Fraction(759, 1000)  # e^2/2 - 2e + 5/2 = 0.7580...
        assert 0 <= its_s == s_K <= Fraction(719, 1000)  # e - 2 = 0.7182...
        (shrunk,) = theorems.T7d_sharp.lemmas
        assert 1 - its_s**2 <= fraction(shrunk, values) <= 1
        of_s = [Fraction(math.comb(steps, j + 1), steps) for j in range(1, steps)]
        of_r = [Fraction(j * math.comb(steps, j + 1), steps * (steps - 1)) for j in range(1, steps)]
        assert all(one >= other for one, other in zip(of_s, of_r, strict=True))
        if steps > 1:
            at = [sum(each * h**j for j, each in enumerate(some, 1)) for some in (of_s, of_r)]
            assert at == [its_s, fraction(reshuffling.r, values)]


@as_one_test(("gamma_L", "kappa", "low"), itertools.product([0.1, 0.7, 1.0, 1.8], [0.05, 0.5, 1.0], [0.05, 0.4, 0.95]))
def test_the_lemma_on_the_rate_of_t2_tight(gamma_L, kappa, low):
    """The scene of its proof, a coin between a whole step and none: nothing is left at L, and at a larger L no less.

    Catches a scene in which the rate is not attained, a remainder that does not fall with L, and a lemma that has the
    wrong way for one of the three.
    """
    gamma, L, mu, rho = gamma_L, 1.0, kappa, rac_lora_gd.rho_tight

    def rate(L=L, mu=mu, low=low):
        return float(number(rho, {"gamma": gamma, "L": L, "mu": mu, "lambda_min": low}))

    b = math.sqrt((1 - gamma * L * (2 - gamma * L) * low) / rate())
    draws = [(low, 1 - gamma * L, gamma), (1 - low, 1.0, 0.0)]  # probability, U and V, for G = 1
    gap, after = 1 / (2 * mu), sum(p * (U / b) ** 2 for p, U, _ in draws) / (2 * mu)

    def gained(L):
        return sum(p * ((1 + U / b) * V / 2 - L / 4 * V**2 + (U / b - 1) ** 2 / (4 * L)) for p, U, V in draws)

    assert after == pytest.approx(rate() * gap, rel=1e-12)
    assert gap - after == pytest.approx(gained(L), rel=1e-12)
    for larger in (1.01, 1.05, 1.1):
        assert gained(larger * L) < gap - after
        assert 0 <= rate() < rate(L=larger) <= 1
    assert rate() < min(rate(mu=0.99 * mu), rate(low=0.99 * low))
