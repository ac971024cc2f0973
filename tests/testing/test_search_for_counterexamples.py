"""The numbers of the search for counterexamples, by hand, and each refusal at its edge."""

import math
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse.linalg import ArpackError

from rac_theory.problems import LeastSquares, PLSine, Quadratic, Smoothness
from rac_theory.problems.problem import Eigenbasis
from rac_theory.testing import probe as probes
from rac_theory.testing.probe import EPS, Probe, siblings
from rac_theory.testing.problems import components, constants, derivatives, smoothness
from tests.testing.cases import cases
from tests.testing.failing import expect_refusal, refusal

NAN = math.nan
SLOPE = "<grad f(A) - grad f(B), A - B> / ||A - B||^2"
DEFAULTS = dict.fromkeys(("L", "mu", "strong_convexity", "f_star", "f_lower"), NAN) | {"convex": True, "shape": (1, 1)}


@cases(
    "members, sentence",
    ({"L": 2.0, "mu": 2.0, "strong_convexity": 2, "f_star": 3.0, "f_lower": 3.0}, ""),
    ({"L": 0.0, "mu": 0.0, "strong_convexity": 0.0, "convex": False}, ""),
    ({"L": math.inf}, "P.L must be a finite number, or nan if it is unknown, it is inf"),
    ({"f_lower": "0"}, "P.f_lower must be a finite number, or nan if it is unknown, it is '0'"),
    ({"strong_convexity": 2.5, "mu": 2.0}, "P.strong_convexity must be at most mu: they are 2.5 and 2"),
    ({"mu": 2.5, "L": 2.0}, "P.mu must be at most L: they are 2.5 and 2"),
    ({"f_lower": 2.5, "f_star": 2.0}, "P.f_lower must be at most f_star: they are 2.5 and 2"),
    ({"L": -1.0}, "P must have L, mu and strong_convexity >= 0"),
    ({"mu": -1.0}, "P must have L, mu and strong_convexity >= 0"),
    ({"strong_convexity": -1.0}, "P must have L, mu and strong_convexity >= 0"),
    ({"strong_convexity": 0.5, "convex": False}, "P.convex must be True where strong_convexity > 0, it is False"),
)
def test_constants_out_of_order_are_named(members, sentence):
    """Each alone, the others unknown; equal ones are in order."""
    probe = SimpleNamespace(problem=SimpleNamespace(**DEFAULTS | members), name="P")
    assert refusal(constants.check_order, probe) == sentence


@cases(
    "members, lowest, sentence",
    ({"f_lower": 2.0}, 1.5, ""),
    ({"f_lower": 2.0}, 1.25, "P.f_lower must bound f from below: it is 2, f(W) is 1.25"),
    ({"f_star": 3.0, "f_star_error": 0.25}, 2.25, ""),
    ({"f_star": 3.0, "f_star_error": 0.25}, 2.0, "P.f_star must be within f_star_error=0.25 of the infimum: it is"),
    ({"f_star": 3.0, "W_star": np.full((1, 1), 3.5)}, 3.0, ""),
    ({"f_star": 3.0, "W_star": np.full((1, 1), 3.75)}, 3.0, "minimiser: its value is 3.75, f_star is 3"),
    ({"f_star": 3.0, "W_star": np.full((1, 1), 4.75), "f_star_error": 0.25}, 4.0, ""),
    ({"f_star": 3.0, "W_star": np.full((1, 1), 5.0), "f_star_error": 0.25}, 4.0, "P.W_star must be a minimiser"),
    ({"f_star": 3.0, "W_star": np.zeros(1)}, 3.0, "P.W_star must have shape (1, 1), it has (1,)"),
    ({"W_star": np.full((1, 1), 9.0)}, 3.0, ""),
)
def test_values_are_refused_beyond_what_rounding_allows(members, lowest, sentence):
    """By half, which is the resolution: numbers that are sums of powers of two, so that edges are exact."""
    problem = SimpleNamespace(**DEFAULTS | members, value=lambda W: W.sum())
    probe = SimpleNamespace(problem=problem, name="P", lowest_value=lowest, lowest=np.zeros((1, 1)), resolution=0.5)
    expect_refusal(sentence, constants.check_values, probe)


def square(curvature=4.0, **members):
    """``c w^2 / 2`` for matrices of one number, and what it claims."""
    members = DEFAULTS | members | {"gradient": lambda W: curvature * W}
    return SimpleNamespace(**members, value=lambda W: curvature / 2 * np.square(W).sum(axis=(-2, -1)))


def like(problem, **members):
    """What has the shape, the value and the gradient of a problem, but for what is given."""
    return SimpleNamespace(**{name: getattr(problem, name) for name in ("shape", "value", "gradient")} | members)


def probe_of(problem, scale=10.0, **others):
    known = {"problem": problem, "name": "P", "gradient_scale": scale, "resolution": 0.0, "rng": Probe(problem, 0).rng}
    return SimpleNamespace(**known | others)


def test_what_rounding_makes_of_a_pair_is_counted_by_hand():
    """From 3 to 1 with curvature 4: gradients 12 and 4, terms 10 + 4 (3 + 2) + 12 + 4, a step of length 2."""
    A, D = np.full((1, 1, 1), 3.0), np.full((1, 1, 1), -2.0)
    change, rounding = constants.change_of_gradient(probe_of(square()), A, D)
    assert change.item() == -8
    assert rounding.item() == pytest.approx(1e3 * EPS * 46 / 2, rel=1e-12, abs=0)
    cubic = probe_of(SimpleNamespace(gradient=lambda W: W**3))  # from 0 and 3 to 1 and 4: it stretches by 1, and 37
    rounding = constants.change_of_gradient(cubic, np.array([[[0.0]], [[3.0]]]), np.ones((2, 1, 1)))[1]
    assert rounding == pytest.approx(1e3 * EPS * np.array([10 + 37 + 1, 10 + 37 * 4 + 27 + 64]), rel=1e-12, abs=0)
    assert constants._stretch(probe_of(square()), A, D)[0].item() == 4
    assert constants.monotonicity(probe_of(square()), A, D)[0].item() == 4
    two = np.array([[[3.0], [-5.0]]]), np.array([[[1.2], [1.6]]])
    assert constants.shortest_step(*two).item() == pytest.approx(1e-4 * (1 + 5) / 2, rel=1e-12)
    assert constants._ratios(probe_of(square()), A, 10.0, 7.9).item() == 144 / (2 * 8)
    assert constants._ratios(probe_of(square()), A, 10.0, 8.0).item() == math.inf


@pytest.mark.parametrize(("off", "refuses"), [(0.5e-6, False), (2e-6, True)])
def test_a_curvature_is_refused_beyond_a_millionth(off, refuses):
    """Too small an L or smoothness, or too large a strong convexity, by so much of 4; in a step from 3 to 1. The second
    of two pairs is the one that shows it, and its numbers are in the sentence."""
    A, D = np.array([[[0.0]], [[3.0]]]), np.array([[[NAN]], [[-2.0]]])
    low, high = 4 * (1 - off), 4 * (1 + off)
    claimed = probe_of(square(L=low, strong_convexity=high, mu=high, convex=True))
    unseen = probe_of(square(L=2.0, strong_convexity=8.0, convex=True), scale=1e14)  # gradients that round by more
    low_Q, wrong_Q = (Smoothness.isotropic(L, (1, 1)) for L in (low, 2.0))
    for check in (smoothness._check_rise, smoothness._check_turn):
        assert not refusal(check, unseen, wrong_Q, A[1:], D[1:])
        expect_refusal("P.smoothness must bound" * refuses, check, claimed, low_Q, A[1:], D[1:])
    bounds = {constants._check_smoothness: "P.L must", constants._check_monotonicity: "P.strong_convexity must be at"}
    for check, begin in bounds.items():
        assert not refusal(check, unseen, A[1:], D[1:])
        expect_refusal(begin * refuses, check, claimed, A, D)
        assert refusal(check, claimed, A, D).endswith("at A = [[3.]], B = [[1.]]" * refuses)


@pytest.mark.parametrize(("beyond", "refuses"), [(-1e-6, True), (1e-6, False)])
def test_what_rounding_makes_of_a_rise_and_of_a_turn_is_counted_by_hand(beyond, refuses):
    """From 3 to 1 with curvature 4 where 3 is allowed: 8 for 6, and 4 for 3, along one of two directions. Terms are the
    values, 2^37 + 18 and 2^37 + 2, and a slope of 24; the other direction may curve by 1e11. The first of two places is
    no number, and says nothing."""
    W, D = np.array([[[NAN], [0.0]], [[3.0], [0.0]]]), np.array([[[-1.0], [0.0]], [[-2.0], [0.0]]])
    Q = Smoothness([(np.diag([3.0, 1e11]), np.eye(1))])
    probe = probe_of(square(), scale=1e11)
    probe.problem.value = lambda W: 2.0**37 + 2 * np.square(W).sum(axis=(-2, -1))
    rounding = EPS * (1e4 * (2**38 + 20 + 24) + 1e3 * (1e11 + 1e11 * 5) * 5)
    probe.resolution = (8 - 6 * (1 + 1e-6) - rounding) * (1 + beyond)
    assert bool(refusal(smoothness._check_rise, probe, Q, W, D)) is refuses
    probe.gradient_scale = ((4 - 3 * (1 + 1e-6)) / (1e3 * EPS) - 1e11) * 2 * (1 + beyond) - (4 * 5 + 12 + 4)
    assert bool(refusal(smoothness._check_turn, probe, Q, W, D)) is refuses


@cases(
    "curvature, claimed, sentence",
    (-4.0, 0.0, f"P.convex must be False, or f have non-negative {SLOPE}: it claims 0, this pair has -4, at"),
    (-4.0, 0.5, f"P.strong_convexity must be at most {SLOPE}: it claims 0.5, this pair has -4, at"),
    (4.0, 5.0, f"strong_convexity must be at most {SLOPE}: it claims 5, this pair has 4; is it a PL constant?, at"),
    (4.0, NAN, ""),
)
def test_a_pair_says_what_is_not_convex(curvature, claimed, sentence):
    probe = probe_of(square(curvature, strong_convexity=claimed))
    expect_refusal(sentence, constants._check_monotonicity, probe, np.full((1, 1, 1), 3.0), np.full((1, 1, 1), -2.0))


@pytest.mark.parametrize(("off", "refuses"), [(0.98e-5, False), (1.02e-5, True)])
def test_a_pl_constant_is_refused_beyond_a_hundred_thousandth(off, refuses):
    """Of a quadratic with curvatures 1 and 4 it is 1, along the first direction: a descent of the ratio ends there."""
    problem = Quadratic.left(np.diag([1.0, 4.0]), np.zeros((2, 1)))
    probe = Probe(like(problem, mu=1 + off, f_star=NAN, start=np.ones((2, 1))), 0)
    assert bool(refusal(constants._check_polyak_lojasiewicz, probe)) is refuses
    raised = Probe(like(problem, value=lambda W: problem.value(W) + 0.5), 0)
    for size in (1.0, 0.01):
        end = constants._ratio_descent(raised, size * np.array([[1.0], [3.0]]), 0.5, 1e-9)
        assert constants._ratios(raised, end[None], 0.5, 1e-9).item() == pytest.approx(1.0, abs=1e-7)
    for start in (np.zeros((2, 1)), np.full((2, 1), 1e-6)):  # gaps that rounding could touch
        np.testing.assert_array_equal(constants._ratio_descent(probe, start, 0.0, 1e-9), start)


def test_steps_are_turned_to_where_f_curves_most_and_keep_their_length():
    """Curvatures 1 and 4: each turn makes the share of the first direction four times less."""
    probe, D = probe_of(Quadratic.left(np.diag([1.0, 4.0]), np.zeros((2, 1)))), np.array([[[3.0], [3.0]]])
    small = probe_of(Quadratic.left(np.diag([1e-3, 4e-3]), np.zeros((2, 1))))
    nothing, A = Smoothness.isotropic(0.0, (2, 1)), np.ones((1, 2, 1))
    turned = constants.turned(probe, nothing, A, D, 5)
    np.testing.assert_allclose(constants.turned(small, nothing, A, D, 5), turned, rtol=1e-9)
    assert turned[0, 1, 0] > 0
    beyond = constants.turned(probe, Smoothness.isotropic(4.0, (2, 1)), A, D, 2)  # -3, 0, raised by 4
    for found, times in ((turned, 5), (beyond, 2)):
        assert found[0, 0, 0] / found[0, 1, 0] == pytest.approx(4.0**-times)
        assert np.linalg.norm(found) == pytest.approx(math.sqrt(18))


def test_steps_are_as_short_as_rounding_allows_and_no_shorter():
    """Some are lengthened, to just that."""
    probe = Probe(Quadratic.left(np.eye(2), np.ones((2, 1))), 0)
    A, D = constants.pairs(probe)
    assert constants.shortest_step(A, D).max() == pytest.approx(1)
    assert len(A) == len(D) == 2 * len(probe.places)


def test_lines_pass_over_nothing_within_their_reach():
    """In one dimension 50 to either side of zero, in steps of 0.04; in two, 4 to either side, along a line."""
    for problem, reach in ((square(), 50), (Quadratic.left(np.eye(2), np.zeros((2, 1))), 4)):
        A, D = constants._lines(Probe(problem, 0))
        A, D = A[:: len(Probe(problem, 0).landmarks)], D[:: len(Probe(problem, 0).landmarks)]
        np.testing.assert_allclose(np.linalg.norm(D, axis=(1, 2)), 0.04)
        np.testing.assert_allclose(A[:-1] + D[:-1], A[1:], atol=1e-12)
        assert np.linalg.norm(A[[0, -1]], axis=(1, 2)) == pytest.approx([reach, reach - 0.04])
    assert len(constants._lines(Probe(Quadratic.left(np.eye(64), np.zeros((64, 16))), 0))[0]) == 2 * 2**15 // 1024


def test_pairs_gather_where_f_curves_most():
    """Those of the last round stretch the gradient more than nine tenths of the first do."""
    probe = Probe(PLSine((1, 1)), 0)
    A, D = constants.pairs(probe)
    nothing, Q = (Smoothness.isotropic(L, (1, 1)) for L in (0.0, 1.0))
    steep = constants.ascended(probe, A, D, lambda *pairs: constants._stretch(*pairs)[0], nothing, 21, 12, 5)
    last = constants._stretch(probe, *steep[-1])[0]
    assert len(last) == 3 * constants.BEST
    assert np.median(last) > np.quantile(constants._stretch(probe, A, D)[0], 0.9)
    found = constants.ascended(probe, A, D, partial(smoothness._beyond, Q), Q, 22)
    first, last = (constants.monotonicity(probe, *found[k])[0] for k in (0, -1))
    assert np.median(last) > np.quantile(first, 0.9)

    def known_above_zero(probe, A, D):  # a height that is not known is no best one
        return np.where(A[:, 0, 0] < 0, np.nan, A[:, 0, 0])

    assert constants.ascended(probe, A, D, known_above_zero, nothing, 21, 2, 0)[-1][0][: constants.BEST].min() >= 0


def test_steps_along_eigenvectors_have_every_length_that_rounding_allows():
    problem = Quadratic.left(np.eye(2), np.full((2, 1), 20.0))
    probe, Q = Probe(problem, 0), Smoothness([(np.diag([1.0, 3.0]), np.eye(1))])
    W, D = smoothness._attacks(probe, Q)
    start = len(constants.pairs(probe)[0])
    of_each = 6 * len(smoothness._extreme_directions(Q))
    W, D = W[start : start + 2 * of_each], D[start : start + 2 * of_each]
    lengths = np.linalg.norm(D, axis=(1, 2))
    assert not W[:of_each].any()
    assert sorted({*lengths[:of_each].round(12)}) == [1e-3, 0.1, 1, 10, 100, 1e3]
    assert (np.count_nonzero(D, axis=(1, 2)) == 1).all()
    assert constants.shortest_step(W, D).max() == pytest.approx(1)


@pytest.mark.parametrize(("off", "wrong"), [(1.9e-6, False), (2.1e-6, True), (-2.1e-6, True)])
def test_a_slope_is_wrong_beyond_a_millionth_of_what_is_said_and_seen(off, wrong):
    """Of 3 w, along twice a direction; differences say 6, and where a cubic is steep they bend with it."""
    W, D = np.full((1, 1), 5.0), np.full((1, 1), 2.0)
    found = derivatives._derivative(lambda V: 3 * V.sum(axis=(1, 2)), lambda V: 6 * (1 + off) + 0 * V[:, 0], W, D, 0.0)
    assert found[0].item() == pytest.approx(6 * (1 + off), rel=1e-12)
    assert found[1].item() == pytest.approx(6, rel=1e-9)
    assert found[2] is wrong
    said, seen, off_by = derivatives._derivative(
        lambda V: (V**3).sum(axis=(1, 2)), lambda V: (6 * V**2)[:, 0] * (1 + off), W, D, 0.0
    )
    assert (said.item(), seen.item(), off_by) == (pytest.approx(150 * (1 + off)), pytest.approx(150, rel=1e-5), wrong)
    assert not derivatives._derivative(lambda V: 3 * V.sum(axis=(1, 2)), lambda V: 6.1 + 0 * V[:, 0], W, D, 1e15)[2]


class Powers:
    """Components ``c_i (w - a_i)^p / p`` of one number each, and values of them."""

    shape, L_max = (1, 1), 4.0

    def __init__(self, c, a, power=2):
        self.c, self.a, self.power, self.n_components = np.array(c), np.array(a), power, len(c)

    def component_gradient(self, W, rows):
        i = rows[:, 0]
        return self.c[i, None, None] * (W - self.a[i, None, None]) ** (self.power - 1)


def test_a_component_falls_by_the_integral_of_its_gradient():
    """By powers, to the ninth, for which five nodes are exact; and to its minimum, by as much as its value says."""
    of_ten = Powers([1.0, 2.0], [0.0, 1.0], power=10)
    found = components._integral(of_ten, np.ones((2, 1, 1)), np.array([[[1.0]], [[-2.0]]]))
    assert found == pytest.approx([(2**10 - 1) / 10, 2 * 2**10 / 10])
    fall, ends = components._descents(Powers([4.0, 1.0, 0.5], [3.0, -1.0, 0.0]), np.ones((1, 1)))
    assert fall == pytest.approx([4 * 2**2 / 2, 2**2 / 2, 0.5 / 2])
    assert ends[:, 0, 0] == pytest.approx([3, -1, 0], abs=1e-7)


@cases(
    "infima, sentence",
    ([0.0, 0.0], ""),
    ([1e-3, -2e-3], "component 0 claims 0.001 and has the value"),
    ([-2e-3, 1e-3], "component 1 claims 0.001 and has the value"),
    ([1e-3, 1e-3], "their mean is 0.001, descents of the components from W reach a mean of"),
    ([math.nan, 9.0], ""),
    ([0.0], "component_infima must have shape (2,), it has (1,)"),
)
def test_infima_that_are_too_high_are_named(infima, sentence):
    """Of (w - 1)^2 / 2 and (w + 1)^2 / 2, whose mean has its minimum 1/2 at zero."""
    problem = Powers([1.0, 1.0], [1.0, -1.0])
    problem.component_infima, problem.L_max = infima, 1.0
    problem.subset = lambda rows: SimpleNamespace(value=lambda W: float((W - problem.a[rows[0]]).item() ** 2) / 2)
    probe = probe_of(problem, lowest=np.zeros((1, 1)), lowest_value=0.5)
    expect_refusal(sentence, components._check_infima, probe, problem)


@pytest.mark.parametrize(("factor", "refuses"), [(1.0, False), (1 + 1e-6, True)])
def test_a_certified_step_is_refused_beyond_what_is_true(factor, refuses):
    """``1 / L`` is the longest of a quadratic, where f falls by just that; with a place where it is no number."""
    base = Quadratic.left(np.diag([2.0, 2.0]), np.ones((2, 1)))
    step = {"certified_step": lambda W, G: np.full(len(W), factor / 2)}
    said = refusal(smoothness.check_certified_steps, Probe(like(base, start=base.start, W_star=base.W_star, **step), 0))
    assert bool(said) is refuses
    assert said.startswith("SimpleNamespace.certified_step must certify" * refuses)
    assert ("at s = 0.5, 1 of it" * refuses) in said


@pytest.mark.parametrize(("beyond", "refuses"), [(-1e-6, True), (1e-6, False)])
def test_what_rounding_makes_of_a_certified_step_is_counted_by_hand(beyond, refuses):
    """From 3 by 1/2 of 12 to -3, where f is the same and was to fall by 36; shorter ones miss by less. Values are 2^37
    + 18, and W and its step have length 9 together. Of two other places one is no number, and nothing is to be said of
    a minimum."""
    problem = square(certified_step=lambda W, G: np.full(len(W), 0.5))
    problem.value = lambda W: 2.0**37 + 2 * np.square(W).sum(axis=(-2, -1))
    rounding = EPS * (1e4 * 2 * (2**37 + 18) + 1e3 * 1e11 * 9)
    places = {"places": np.array([[[NAN]], [[0.0]]]), "trajectory": np.array([[[3.0]]])}
    probe = probe_of(problem, 1e11, resolution=(36 - rounding) * (1 + beyond), **places)
    words = "at s = 0.5, 1 of it, f goes from 1.37439e+11 to 1.37439e+11, and was to fall by 36"
    expect_refusal(words * refuses, smoothness.check_certified_steps, probe)


@pytest.mark.parametrize("count", [0, 1.5, None])
def test_a_number_of_components_is_one(count):
    probe = probe_of(SimpleNamespace(n_components=count))
    assert refusal(components.check_components, probe) == f"P.n_components must be an integer >= 1, it is {count!r}"


def test_an_index_that_is_listed_twice_counts_twice_among_many():
    """Of a million components, where none is drawn twice by chance."""
    problem = Powers([0.0], [0.0])
    problem.n_components = 10**6
    problem.component_gradient = lambda W, lists: np.array([[[np.mean(np.unique(rows))]] for rows in lists])
    expect_refusal("an index that is listed twice counting twice", components.check_lists, probe_of(problem), problem)


@pytest.mark.parametrize("written", ["W", "lists"])
def test_an_argument_that_is_written_to_is_seen_whichever_it_is(written):
    def component_gradient(W, lists):
        given = {"W": W, "lists": lists}
        given[written] += 1
        return 0 * W

    problem = SimpleNamespace(component_gradient=component_gradient)
    arguments = probe_of(problem), problem, np.ones((2, 1, 1)), np.zeros((2, 3), dtype=int), None
    expect_refusal("must leave its arguments alone, one was written to", components._check_list, *arguments)


def test_what_rounding_may_make_of_values_is_counted_by_hand():
    """``max |f|`` at zero, the start and the minimum; the size of that, 5, and the largest gradient."""
    minimum = np.array([[3.0], [-4.0]])
    probe = Probe(like(Quadratic.left(1e6 * np.eye(2), minimum), start=10 * minimum), 0)
    assert probe.lowest == pytest.approx(minimum, abs=1e-6)
    assert probe.lowest_value < 1e-6
    assert probe.gradient_scale == pytest.approx(45e6)
    assert probe.resolution == pytest.approx(EPS * (1e4 * 1e6 * 45**2 / 2 + 16 * 45e6 * 5 * 6), rel=1e-9, abs=0)


def test_matrices_that_a_cache_may_take_for_another_differ_from_it():
    """Others, with one number of it, its opposite, its reverse, what single precision leaves, and ten that are near."""
    W = np.random.default_rng(0).standard_normal((2, 3))
    other, first, last, opposite, turned, single, *near = siblings(W, np.random.default_rng(1))
    same = [np.argwhere(M == W).tolist() for M in (other, first, last, opposite, turned, single)]
    assert same == [[], [[0, 0]], [[1, 2]], [], [], []]
    np.testing.assert_array_equal(opposite, -W)
    np.testing.assert_array_equal(turned.ravel(), W.ravel()[::-1])
    np.testing.assert_allclose(single, W, rtol=1e-7)
    for digits, M in enumerate(near, 1):
        np.testing.assert_allclose(np.abs(M / W - 1), 10.0**-digits, rtol=1e-4)
    assert digits == 10


@pytest.mark.parametrize("part", ["", "left", "right", "curvatures", "floor"])
def test_an_eigenbasis_is_held_against_value_and_gradient(part):
    """Of W -> U E V' with orthogonal U and V. Catches products entry by entry, and a factor that is left out."""
    rng = np.random.default_rng(5002)
    U, V = (np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(2))
    c, centre = np.outer([1.0, 2, 3], [1.0, 1.5, 4]), rng.standard_normal((3, 3))
    right = Eigenbasis(c, centre, U, V, 2.0)
    wrong = {"left": 2 * U, "right": V * [1, 1, 1.001], "curvatures": c * [1, 1, 1.001], "floor": 2.001}
    problem = SimpleNamespace(
        value=lambda W: 2 + np.sum(c * (U.T @ (W - centre) @ V) ** 2, axis=(1, 2)) / 2,
        gradient=lambda W: U @ (c * (U.T @ (W - centre) @ V)) @ V.T,
        eigenbasis=replace(right, **{part: wrong[part]} if part else {}),
    )
    probe = probe_of(problem, places=rng.standard_normal((5, 3, 3)))
    words = "must have orthogonal left and right" if part in ("left", "right") else "must give f as floor + sum"
    expect_refusal(words * bool(part), derivatives._check_eigenbasis, probe)
    problem.eigenbasis, gradient = right, problem.gradient
    problem.gradient = lambda W: 1.001 * gradient(W)
    assert "must give the gradient as curvatures E" in refusal(derivatives._check_eigenbasis, probe)


def test_terms_of_a_value_that_cancel_round_as_they_are_large():
    """Of 5e11 - 5e11 five ten-thousandths are left. Catches a right one that is refused far from its centre."""
    problem = SimpleNamespace(value=lambda W: (1 + 1e-15) * W[:, 0, 0] ** 2 / 2 - 5e11, gradient=lambda W: W)
    problem.eigenbasis = Eigenbasis(np.ones((1, 1)), np.zeros((1, 1)), None, None, -5e11)
    expect_refusal("", derivatives._check_eigenbasis, probe_of(problem, places=np.full((1, 1, 1), 1e6)))


@pytest.mark.parametrize("found", [None, 0, 1, 3])
def test_what_lanczos_has_found_is_taken_and_else_its_start(monkeypatch, found):
    """The first and the last of what is there; without any, the start, of length one, in both places."""
    start, vectors = np.array([3.0, 0.0, 4.0]), np.arange(9.0).reshape(3, 3)

    def unfinished(*arguments, **options):
        failure = ArpackError(-9999)
        if found is not None:
            failure.eigenvectors = vectors[:, :found]
        raise failure

    monkeypatch.setattr(probes, "eigsh", unfinished)
    expected = vectors[:, [0, found - 1]] if found else np.array([[0.6, 0, 0.8]] * 2).T
    np.testing.assert_allclose(probes._lanczos(None, start), expected)


def test_a_place_without_a_value_is_shown_where_it_is_near():
    """A function that is no number at zero alone; far places may overflow."""
    alone = SimpleNamespace(shape=(2, 1), gradient=np.zeros_like)
    alone.value = lambda W: np.where(W.any(axis=(1, 2)), 1.0, NAN)
    expect_refusal("must have a finite value and gradient, at W = [[0.], [0.]]", lambda: Probe(alone, 0).places)


def test_a_single_component_is_a_subset():
    """Once, as a whole: catches one that counts twice."""
    one = LeastSquares(np.ones((1, 2)), np.ones((1, 1)))
    assert not refusal(components.check_subsets, Probe(one, 0), one)


@cases("L_max, scale, refuses", (4 - 3.6e-6, 0.0, False), (4 - 4.4e-6, 0.0, True), (4 - 4.4e-6, 1e15, False))
def test_a_component_is_refused_beyond_a_millionth_where_its_gradient_is_a_number(L_max, scale, refuses):
    """Curvatures 1 and 4, at places of every scale; far from zero gradients are none, which says nothing. Nor does a
    pair of which rounding may be as large, where gradients are."""
    some = Powers([1.0, 4.0], [0.0, 0.0])
    some.L_max, inner = L_max, some.component_gradient
    some.component_gradient = lambda W, rows: np.where(np.abs(W) > 50, NAN, inner(W, rows))
    zero = np.zeros((1, 1, 1))
    probe = SimpleNamespace(landmarks=zero, lowest=zero[0], rng=np.random.default_rng, gradient_scale=scale, name="P")
    expect_refusal("this pair has 4 for i = 1" * refuses, components._check_smoothness, probe, some)


def test_a_descent_of_a_quadratic_is_as_fast_as_its_curvature_allows():
    """One step to the minimum. Catches a rate that is its inverse."""
    minimum = np.array([[3.0], [-4.0]])
    W = Probe(Quadratic.left(1e3 * np.eye(2), minimum), 0).trajectory
    np.testing.assert_allclose(W[-4:], np.broadcast_to(minimum, (4, 2, 1)), atol=1e-6)
    assert len(W) % 5 == 0


@pytest.mark.parametrize("wide", ["", "value", "gradient"])
def test_both_are_of_single_precision(wide):
    """Catches one that is enough."""
    problem = Quadratic.left(np.eye(2), np.zeros((2, 1)))
    inner = {n: (getattr(problem, n), np.float64 if n == wide else np.float32) for n in ("value", "gradient")}
    single = {n: lambda W, f=f, kind=kind: f(W.astype(float)).astype(kind) for n, (f, kind) in inner.items()}
    probe = Probe(like(problem, single_precision=SimpleNamespace(**single)), 0)
    expect_refusal("must return float32" * bool(wide), derivatives._check_single_precision, probe)


@pytest.mark.parametrize(("off", "refuses"), [(1.8e-7, False), (2.2e-7, True), (-2.2e-7, True)])
def test_values_of_single_precision_are_off_by_a_part_of_themselves_and_of_the_largest(off, refuses):
    """1e-4 of a thousandth, twice: all values are one."""
    problem = SimpleNamespace(shape=(2, 1), value=lambda W: np.full(len(W), 1e-3), gradient=np.zeros_like)
    problem.single_precision = like(problem, value=lambda W: np.full(len(W), 1e-3 + off, np.float32))
    probe = probe_of(problem, 1.0, landmarks=np.zeros((1, 2, 1)))
    assert bool(refusal(derivatives._check_single_precision, probe)) is refuses


def test_directions_are_those_that_curve_least_and_most():
    problem = Quadratic.left(np.diag([2.0, 1, 3, 5, 4]), np.zeros((5, 1)))
    low, high = Probe(problem, 0).directions(np.ones((1, 5, 1)))
    assert [np.abs(D[0, :, 0]).argmax() for D in (low, high)] == [1, 3]
    beyond = Probe(problem, 0).directions(np.ones((1, 5, 1)), Smoothness([(np.diag([0.0, 0, 0, 5, 0]), np.eye(1))]))
    assert [np.abs(D[0, :, 0]).argmax() for D in beyond] == [3, 4]
    for D in (low, high):
        assert np.linalg.norm(D) == pytest.approx(2e-4)
        assert np.abs(D).max() == pytest.approx(2e-4)


@pytest.mark.parametrize("wrong", ["", "value", "gradient"])
def test_both_at_once_are_what_each_is_alone_at_every_place(wrong):
    """Catches one place that is enough."""
    problem, where = Quadratic.left(np.eye(2), np.zeros((2, 1))), np.arange(5) == 3
    places = np.random.default_rng(0).standard_normal((5, 2, 1))

    def fused(W):
        f, G = problem.value(W), problem.gradient(W)
        return f + where * (wrong == "value"), G + where[:, None, None] * (wrong == "gradient")

    probe = probe_of(like(problem, value_and_gradient=fused), places=places)
    assert bool(refusal(derivatives._check_fused, probe)) is bool(wrong)
