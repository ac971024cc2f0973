"""Runs of any origin: the same verdict as an ensemble of ours gets, error rates, and a sentence for each bad input."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from rac_theory import Case, Constants, RACLoRA, Status, compare_runs, judge_runs, sketches, theorems, verify
from rac_theory.numerics.randomness import RUNS, child, seed_sequence
from rac_theory.problems import Quadratic
from rac_theory.runs.simulation.simulate import simulate_part
from rac_theory.statements.symbols import T, gamma
from tests.as_one_test import as_one_test
from tests.benchmarks import calibration

CASE = Case(RACLoRA(sketches.Haar(4, 2), gamma=0.25), Quadratic.left(np.diag([1.0, 2, 3, 4]), np.ones((4, 1))), steps=6)
EQUALITY = Case(RACLoRA(sketches.Haar(4, 2), gamma=1.0), Quadratic.left(np.eye(4), np.ones((4, 1))), steps=6)
CONSTANTS = Constants.of(CASE)
KNOWN = {"gamma": 0.25, "L": 4.0, "mu": 1.0, "lambda_min": 0.5, "gap0": 5.0}


def gaps(case, runs, seed=0):
    """The gaps of the runs that ``verify`` makes with this seed."""
    return simulate_part(case, child(seed_sequence(seed), RUNS), 0, runs, 1).gaps


@pytest.fixture(scope="module")
def curves():
    return gaps(CASE, 300)


@pytest.mark.parametrize(
    ("case", "runs", "wrong", "status"),
    [
        (EQUALITY, 300, {}, Status.CONSISTENT),
        (CASE, 12, {}, Status.UNDECIDED),
        (CASE, 300, {"gap0": 2.0}, Status.VIOLATED),
        (CASE, 4_500, {}, Status.HOLDS),
        (CASE, 4_500, {"gap0": 2.5}, Status.VIOLATED),
    ],
)
def test_runs_of_ours_get_the_verdict_of_verify(case, runs, wrong, status):
    """Verify allows 1e-9 for rounding, no more. Catches other parts than an ensemble is read in, whose bets differ.

    Also a ceiling that is not that of descent, and limits at another level.
    """
    true = Constants.of(case)
    constants = replace(true, **wrong)
    ours = verify("T2", case, runs=runs, rng=0, evidence="sampled", constants=constants)
    theirs = judge_runs(gaps(case, runs), "T2", constants=constants, ceiling=true.gap0, metric="gap")
    assert theirs.log_evidence == pytest.approx(ours.log_evidence, rel=1e-5, abs=1e-12)
    np.testing.assert_array_equal(theirs.lower, ours.lower)
    np.testing.assert_allclose(theirs.mean, ours.mean, rtol=1e-14)
    assert (theirs.runs, theirs.violated_at, theirs.levels) == (ours.runs, ours.violated_at, ours.levels)
    assert str(theirs.fitted) == str(ours.fitted)
    assert theirs.status is ours.status is status
    if "gap0" not in wrong:  # else runs of ours pass the ceiling that is believed in
        np.testing.assert_array_equal(theirs.upper, ours.upper)


def test_forms_of_curves_and_of_bounds_agree(curves, tmp_path):
    """Catches columns that are taken for rows, a start that is judged, and a bound that is shifted by a step."""
    path = tmp_path / "curves.csv"
    np.savetxt(path, curves, delimiter=",", fmt="%.17g")
    bound = 5 * 0.875 ** np.arange(7.0)
    whole = judge_runs(curves, bound, ceiling=5.0)
    start = curves.copy()
    start[:, 0] = np.nan
    others = [
        judge_runs(pd.DataFrame(curves), bound, ceiling=5.0),
        judge_runs(path, bound, ceiling=5.0),
        judge_runs(str(path), lambda t: 5 * 0.875**t, ceiling=5.0),
        judge_runs(start, [math.nan, *bound[1:]], ceiling=np.full(7, 5.0)),
        judge_runs(curves.tolist(), "T2", constants=KNOWN, ceiling=5),
        judge_runs(curves, "T2", constants=CONSTANTS, ceiling=5),
    ]
    for other in others:
        assert other.status is whole.status
        assert other.log_evidence == pytest.approx(whole.log_evidence, rel=1e-9)
        np.testing.assert_allclose(other.bound[1:], whole.bound[1:], rtol=1e-12)
        np.testing.assert_array_equal(other.upper, whole.upper)
    for column in (curves[:, 1], curves[:, 1:2]):
        one = judge_runs(column, bound[1], ceiling=5.0, metric="m" * 80)
        assert (one.upper[1], one.metric) == (judge_runs(curves[:, :2], bound[1], ceiling=5.0).upper[1], "m" * 80)


def test_what_is_claimed_is_called_by_its_name(curves):
    def promised(t):
        return 5.0

    for bound, name in ((promised, "promised"), (lambda t: 5.0, "bound"), (5.0, "bound")):
        assert judge_runs(curves, bound).claimed == name
    assert judge_runs(curves, theorems.T2, constants=CONSTANTS).claimed == "T2"


@pytest.mark.parametrize("names", [("run", "step", "loss"), ("Seed", "Epoch", "gap")])
def test_a_table_in_long_form_is_made_wide(curves, tmp_path, names):
    """In any order of its rows; catches a column of steps that is judged, and runs or steps that are mixed up."""
    run, step = np.indices(curves.shape)
    long = pd.DataFrame(dict(zip(names, (run.ravel(), step.ravel(), curves.ravel()), strict=True)))
    shuffled = long.sample(frac=1.0, random_state=0)
    long.to_csv(tmp_path / "long.csv", index=False)
    bound = 5 * 0.875 ** np.arange(7.0)
    whole = judge_runs(curves, bound, ceiling=5.0)
    for given in (long, tmp_path / "long.csv", shuffled.sort_values(names[0], kind="stable")):
        verdict = judge_runs(given, bound, ceiling=5.0)
        np.testing.assert_array_equal(verdict.upper, whole.upper)
        assert (verdict.log_evidence, verdict.runs) == (whole.log_evidence, 300)
    later = judge_runs(long[long[names[1]] > 0], bound, ceiling=5.0)  # without a start
    np.testing.assert_array_equal(later.upper[1:], whole.upper[1:])
    with pytest.raises(ValueError, match=r"one of the metric to be long, got .*; keep one of 'loss|gap', 'time'"):
        judge_runs(long.assign(time=1.0), bound)
    with pytest.raises(ValueError, match=r"must have each step of each run once, got step 6 0 times in run 299; keep"):
        judge_runs(long[:-1], bound)


def test_runs_of_few_values_are_no_copies():
    """Failures, scores of a small test set, runs that take one of two branches at each step: equal rows are chance."""
    rng = np.random.default_rng(0)
    branches = np.cumprod(np.column_stack([np.ones(60), rng.choice([0.5, 1.0], size=(60, 3))]), axis=1)
    for given in (rng.random(200) < 0.2, rng.binomial(100, 0.2, 300) / 100, branches, np.zeros((30, 4))):
        assert judge_runs(given, 0.9, ceiling=1.0).status is not Status.VIOLATED


def test_without_a_ceiling_nothing_is_confirmed(curves):
    """A ceiling at each step is worth more: scaled curves with scaled ceilings are the same question, one large is not.

    What is refuted, and of how few runs nothing is said, is the same without one.
    """
    scale, bound = 0.5 ** np.arange(7.0), 2 * curves.mean(axis=0)
    one = judge_runs(curves, bound, ceiling=5.0)
    scaled = judge_runs(curves * scale, bound * scale, ceiling=5.0 * scale)
    assert scaled.status is one.status is Status.HOLDS
    np.testing.assert_allclose(scaled.upper, one.upper * scale, rtol=1e-12)
    assert judge_runs(curves * scale, bound * scale, ceiling=5.0).status is not Status.HOLDS
    assert judge_runs(curves, 2 * bound, ceiling=5.0).status is Status.HOLDS
    verdict = judge_runs(curves, 2 * bound)
    assert verdict.status is Status.CONSISTENT
    assert np.isinf(verdict.upper[1:]).all()
    assert judge_runs(curves, 0.35 * bound).status is Status.VIOLATED
    assert judge_runs(curves[:5], 2 * bound).status is Status.UNDECIDED


def test_steps_without_a_bound_are_not_judged_and_the_verdict_says_so(curves):
    bound = 1.5 * curves.mean(axis=0)
    bound[[1, 6]] = np.nan
    verdict = judge_runs(curves, bound, ceiling=5.0)
    assert verdict.status is Status.HOLDS
    assert verdict.reason.endswith("At 2 steps the bound is no finite number, and nothing is said there.")
    assert np.flatnonzero(np.isfinite(verdict.upper)).tolist() == [2, 3, 4, 5]


def test_rounding_refutes_nothing():
    """A gap that stalls at 1e-15 of its start, where doubles end, and a bound that falls on, as that of T2 does."""
    bound = 0.25 ** np.arange(41.0)
    noise = np.random.default_rng(0).uniform(0.5, 1.0, size=(400, 41))
    verdict = judge_runs(0.9 * bound * noise + 1e-15 * noise[:, ::-1], bound, ceiling=1.0)
    assert verdict.status is not Status.VIOLATED
    assert verdict.reason.endswith("Only up to t=19: beyond, the bound is below what rounding and f_star let one see.")
    assert judge_runs(noise * bound, 0.5 * bound).status is Status.VIOLATED
    last = judge_runs(noise[:, :4], [np.nan, 2.0, 2.0, 1e-16], ceiling=3.0)
    assert last.reason.endswith("Only up to t=2: beyond, the bound is below what rounding and f_star let one see.")
    assert last.reach == 2


def test_rows_may_be_added_and_judged_again(curves):
    """The wealth after k runs does not change when more come, so that looking costs nothing."""
    bound = 0.5 * curves.mean(axis=0)
    found = [judge_runs(curves[:k], bound).log_evidence for k in range(2, 62, 6)]
    assert found == sorted(found)
    assert len(set(found)) > 5


@pytest.mark.parametrize("p", [0.3, 0.6])
def test_error_rates_by_enumeration(p):
    """All 256 sequences of eight zeros and ones: at equality each error has probability at most alpha = 0.3, exactly.

    It is not zero, so the test could fail: a start that is bet on after it was seen, say.
    """
    X = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(float)
    probability = p ** X.sum(axis=1) * (1 - p) ** (8 - X.sum(axis=1))
    statuses = [judge_runs(runs, p, ceiling=1.0, alpha=0.3).status for runs in X]
    for status in (Status.VIOLATED, Status.HOLDS):
        assert 0 < probability @ [found is status for found in statuses] <= 0.3


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(calibration.DOORS))
def test_error_rates_and_power_of_the_door(name):
    """200 ensembles of 100 runs at equality, alpha = 0.05: more than 22 errors of a kind have probability < 3e-4.

    Power: of 40 claims that are false, and of as many that are true, at least 34 are found out. A threshold of
    1/(10 alpha) makes more errors under the uniform law, and one of 10/alpha has not that power over failures.
    """
    found = calibration.door(name, 200, np.random.default_rng(0))
    assert binom.sf(22, 200, 0.05) < 3e-4
    assert found.refuted <= 22
    assert found.confirmed <= 22
    power = calibration.door(name, 40, np.random.default_rng(1), off=calibration.DOORS[name].off)
    assert power.refuted >= 34
    assert power.confirmed >= 34


def test_failures_are_confirmed_as_soon_as_the_bets_allow():
    """A second route to the number of runs without a failure that it takes: the bets written out.

    Catches a ceiling other than 1, and another level.
    """
    p, alpha = 0.02, 1e-3
    share, wealth, first, second, n = p / (1 - p), 0.0, 0.0, 0.25, 0
    while wealth < math.log(1 / alpha):
        wealth += math.log1p(min(first / second, 0.9) * share)
        first, second, n = first + share, second + share**2, n + 1
    assert 340 < n < 450
    assert judge_runs(np.zeros(n, dtype=bool), p, ceiling=1, metric="failure").status is Status.HOLDS
    assert judge_runs(np.zeros(n - 1, dtype=bool), p, ceiling=1).status is not Status.HOLDS
    assert judge_runs(np.arange(300) % 5 == 3, p, ceiling=1).status is Status.VIOLATED


def test_a_rate_is_fitted_where_a_theorem_says_how_its_bound_falls_and_as_far_as_runs_tell(curves):
    """Catches a power of t for a bound that nobody said falls like one, and a rate of runs that are too few."""
    assert judge_runs(curves, "T2", constants=KNOWN, metric="gap").fitted is not None
    for verdict in (judge_runs(curves, 9.0, ceiling=10.0), judge_runs(curves[:3], "T2", constants=KNOWN)):
        assert verdict.fitted is verdict.promised is None
        assert "Fitted" not in str(verdict)


def test_a_comparison_is_a_bound_on_a_difference():
    """Catches a difference the wrong way round, a ceiling of one where that of two is due, and a start that counts."""
    rng = np.random.default_rng(0)
    A, B = rng.beta(2, 3, size=(200, 4)), rng.beta(3, 2, size=(200, 4))
    below = compare_runs(A, B, ceiling=1.0, names=("ours", "theirs"))
    same = judge_runs(A - B + 1, 1.0, ceiling=2.0)
    assert below.status is same.status is Status.HOLDS
    np.testing.assert_allclose(below.upper[1:], same.upper[1:], rtol=1e-12)
    assert compare_runs(B, A, ceiling=1.0).status is Status.VIOLATED
    assert str(below).startswith("E[ours - theirs + ceiling] <= ceiling HOLDS for 200 runs, 3 steps: ")
    equal = compare_runs(A, A, ceiling=1.0)
    assert equal.status is Status.CONSISTENT
    assert equal.log_evidence < 1e-12  # what rounding leaves is no evidence


def test_constants_that_break_an_assumption(curves):
    """One on the number of steps is met by that of the curves, six of 1/4: catches the columns, which are one more."""
    verdict = judge_runs(np.ones((5, 3)), "T2", constants=KNOWN | {"gamma": 0.5})
    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.reason == "gamma L <= 1 is not met: gamma L = 2 for gamma=0.5, L=4."
    negative = judge_runs(np.ones((5, 3)), "T2", constants=KNOWN | {"gamma": 3.0})
    assert negative.status is Status.NOT_APPLICABLE  # though the bound is below zero, which is no bound
    assert "L is unknown" in judge_runs(np.ones((5, 3)), "T2", constants=KNOWN | {"L": math.nan}).reason
    with pytest.raises(ValueError, match="must rest on runs to be drawn"):
        verdict.plot()
    for given, met in ((2 * gamma * T <= 3, True), (8 * gamma * T <= 11, False), (2 * gamma * T >= 3, True)):
        verdict = judge_runs(curves, replace(theorems.T2, id="mine", given=(given,)), constants=CONSTANTS)
        assert (verdict.status is not Status.NOT_APPLICABLE) == met


def test_measured_and_sampled_constants(curves):
    """A measured constant refutes nothing, and what a sampled one may err is part of alpha; others are on trust."""
    wrong = Constants(**KNOWN | {"gap0": 2.0})
    assert judge_runs(curves, "T2", constants=wrong).status is Status.VIOLATED
    measured = judge_runs(curves, "T2", constants=replace(wrong, measured=frozenset({"mu"})))
    assert measured.status is Status.UNDECIDED
    assert "was measured, not proved, so nothing is refuted" in measured.reason
    sampled = judge_runs(curves, "T2", constants=replace(wrong, alpha_spent=4e-4))
    assert sampled.levels == {"sampled constants": 4e-4, "runs": pytest.approx(6e-4)}
    reason = judge_runs(curves, "T2", constants=KNOWN).reason
    assert "On trust: RAC-LoRA with the projected step and the exact gradient" in reason
    assert "Polyak-Lojasiewicz inequality" in reason
    assert "On trust" not in judge_runs(curves, 5.0).reason


GOOD = np.abs(np.random.default_rng(5).standard_normal((20, 4)))


def changed(value):
    X = GOOD.copy()
    X[3, 2] = value
    return X


@as_one_test(
    ("arguments", "sentence"),
    [
        ((changed(np.nan), 1.0), "curves must be finite at t >= 1, got nan in run 3 at t=2, the first of 1; a run"),
        ((changed(np.inf), 1.0), "curves must be finite at t >= 1, got inf in run 3 at t=2"),
        ((changed(-0.5), 1.0), "curves must be >= 0 at t >= 1, got -0.5 in run 3 at t=2, the first of 1; take off a"),
        ((GOOD[:1], 1.0), "curves must have 2 runs or more, got 1: one run says nothing of a mean"),
        ((GOOD[:0], 1.0), "curves must have 2 runs or more, got 0"),
        ((1.0, 1.0), "curves must be of shape (runs, steps + 1), a run in each row and its start in the first column"),
        ((GOOD[None], 1.0), "curves must be of shape (runs, steps + 1)"),
        (([["a"]], 1.0), "curves must be an array of real numbers, got strings"),
        ((GOOD + 0j, 1.0), "curves must be an array of real numbers, got complex numbers"),
        ((np.sort(GOOD, axis=0), 1.0), "curves must be in an order that does not look at their values, got rows"),
        ((np.sort(GOOD, axis=0)[::-1], 1.0), "curves must be in an order that does not look at their values"),
        ((pd.DataFrame(GOOD).assign(name="x"), 1.0), "curves must have columns of numbers, got 'name' of type "),
        ((GOOD, np.ones(5)), "bound must be a number, or one for each t = 0, ..., 3 of the curves, 4 in all"),
        ((GOOD, np.ones(3)), "got shape (3,); put nan before it for the start"),
        ((GOOD, True), "a function of t, a theorem or the id of one, got a truth value"),
        ((GOOD, lambda t: t > 0), "bound must return a number for each t = 1, ..., 3, got NotReal at t=1"),
        ((GOOD, -1), "bound must be > 0 at t >= 1, got -1 at t=1"),
        ((np.repeat(GOOD, 5, axis=0), 1.0), "curves must be independent runs, got 100 rows of which 20 differ"),
        ((np.tile(GOOD[:, 1], 2), 1.0), "curves must be independent runs, got 40 rows of which 20 differ"),
        ((pd.DataFrame(GOOD).assign(seed=0), 1.0), "must hold values of a metric only, got the column 'seed'"),
        ((GOOD, 0.0), "bound must be > 0 at t >= 1, got 0 at t=1; put nan where nothing is claimed"),
        ((GOOD, [np.nan, 1, 1, -1]), "bound must be > 0 at t >= 1, got -1 at t=3"),
        ((GOOD, [np.nan, 1, 0, 1]), "bound must be > 0 at t >= 1, got 0 at t=2"),
        ((GOOD, math.inf), "bound must be a finite number at some t = 1, ..., 3, got none: nothing is claimed"),
        ((GOOD, lambda t: 1 / (t - 2)), "bound must return a number for each t = 1, ..., 3, got ZeroDivisionError"),
        ((GOOD, lambda t: "x"), "bound must return a number for each t = 1, ..., 3, got NotReal at t=1"),
        ((GOOD, lambda t: [t, t]), "bound must return a number for each t = 1, ..., 3, got"),
        ((GOOD, None), "bound must be a number, an array, a function of t, a theorem or the id of one, got NoneType"),
        ((GOOD, "T02"), "(did you mean 'T2'?)"),
        ((GOOD, "T2"), "constants must be a Constants or a dict, with gamma, mu, lambda_min, gap0 for T2, got None"),
        ((GOOD, "T2", {"constants": {"gama": 1.0}}), "got 'gama' (did you mean 'gamma'?)"),
        ((GOOD, "T2", {"constants": {"gamma": 1.0, "mu": 1}}), "of which the bound of T2 is made, got none for"),
        ((GOOD, 1.0, {"constants": CONSTANTS}), "constants must be None unless bound is a theorem, got bound of float"),
        ((GOOD, 1.0, {"ceiling": 0.1}), "ceiling must be a proved upper end of the metric, got 0.1, but curves have"),
        ((GOOD, 1.0, {"ceiling": 0.0}), "ceiling must be > 0, got 0"),
        ((GOOD, 1.0, {"ceiling": [9.0, 9.0, 9.0, 0.0]}), "ceiling must be > 0, got 0"),
        ((GOOD, 1.0, {"ceiling": [9.0, 9.0]}), "ceiling must be a number, or one for each t = 0, ..., 3, got shape"),
        ((GOOD, 1.0, {"ceiling": math.inf}), "ceiling must be finite"),
        ((GOOD, 10.0, {"ceiling": 9.0}), "bound must be below ceiling at some t >= 1, got no less than 10"),
        ((np.where(np.arange(4) == 1, 1e200, GOOD), 1.0), "curves must have a largest entry of size 1e-75..1e75, got"),
        ((GOOD, 1.0, {"metric": "m" * 81}), "metric must be words, at most 80 letters of them, got"),
        ((GOOD, 1.0, {"metric": " "}), "metric must be words, at most 80 letters of them, got ' '"),
        (("no.csv", 1.0), "no.csv must be a CSV file, there is no such file"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_a_sentence(arguments, sentence):
    curves, bound, *more = arguments
    with pytest.raises(ValueError, match=re.escape(sentence)) as told:
        judge_runs(curves, bound, **(more[0] if more else {}))
    assert str(told.value).isprintable()


@as_one_test(
    ("changes", "sentence"),
    [
        (
            {"B": GOOD[:7]},
            "B must have the shape of A, (20, 4), got (7, 4): runs are compared in pairs, so cut what is",
        ),
        ({"B": changed(np.nan)}, "B must be finite at t >= 1, got nan in run 3 at t=2"),
        (
            {"B": changed(99.0)},
            "ceiling must be a proved upper end of the metric, got 9.0, but B have 99.0 in run 3 at",
        ),
        ({"ceiling": None}, "ceiling must be a proved upper end of A and B, got None"),
        ({"names": "ab"}, "names must be a pair, such as ('A', 'B'), got 'ab'"),
    ],
)
def test_bad_input_of_a_comparison(changes, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        compare_runs(GOOD, **{"B": GOOD, "ceiling": 9.0} | changes)


def test_a_verdict_on_runs_is_a_sentence_a_table_and_a_figure(curves):
    verdict = judge_runs(curves, 2 * curves.mean(axis=0), ceiling=5.0, metric="loss of $mine$")
    assert str(verdict).startswith("E[loss of $mine$] <= bound HOLDS for 300 runs, 6 steps: confirmed at level 0.001")
    assert repr(verdict) == f"<RunsVerdict {str(verdict).partition(' For more: ')[0]}>"
    shown = verdict._repr_html_()
    assert "300 runs" in shown
    assert "0.001: 0.001 for runs" in shown
    ax = verdict.plot()
    assert ax.get_title() == "E[loss of $mine$] <= bound HOLDS for 300 runs"
    assert not ax.title.get_parse_math()  # a dollar sign is one
