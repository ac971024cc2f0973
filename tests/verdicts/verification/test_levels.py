"""How levels are composed: what each part of an answer may err by, and that the parts add up to alpha at most.

Each test names the composition that it would catch.
"""

import math
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest

from rac_theory import Case, Constants, Status, compare_runs, judge_runs, simulate, sketches, verify
from rac_theory.algorithms import Bernoulli, RACLoRA
from rac_theory.ledger import Grid
from rac_theory.ledger.running import plan
from rac_theory.ledger.verdict_row import Row, violated
from rac_theory.numerics import evidence
from rac_theory.numerics.evidence import detectable, runs_to_detect, shares
from rac_theory.numerics.limits import lower_mean, upper_mean
from rac_theory.numerics.randomness import child, seed_sequence
from rac_theory.problems import Quadratic
from rac_theory.sketches import spectrum
from rac_theory.verdicts.verification.decision import sampled_decision, what_would_show
from rac_theory.verdicts.verification.evidence_of_runs import Part
from rac_theory.verdicts.verification.judged_claim import Question
from rac_theory.verdicts.verification.measured_smoothness import measured_smoothness

SAMPLED = sketches.Uniform(6, 2)  # no closed form
PROBLEM = Quadratic.left(np.eye(6), np.ones((6, 1)))


def case_of(algorithm, steps=4):
    return Case(algorithm, PROBLEM, steps=steps)


def test_both_ends_of_a_sampled_spectrum_share_alpha():
    """T4 to T10 use lambda_min and lambda_max: each at alpha/2. Catches alpha for each, which comes to 2 alpha."""
    c = Constants.of(case_of(RACLoRA(SAMPLED, 1.0)), alpha=1e-3, rng=3)
    half = spectrum(SAMPLED, alpha=5e-4, rng=3)
    assert (c.lambda_min, c.lambda_max) == (half.lambda_min, half.lambda_max)
    assert c.alpha_spent == 1e-3
    assert Constants.of(case_of(RACLoRA(sketches.Haar(6, 2), 1.0)), alpha=1e-3).alpha_spent == 0.0


@pytest.mark.parametrize(("said", "left"), [({"alpha_spent": 2e-4}, 8e-4), ({}, 1e-3)])
def test_what_an_algorithm_spends_itself_is_not_spent_again(said, left):
    """Of 1e-3 it declares 2e-4, or nothing: the spectrum has what is left. Catches all of alpha for it, and more."""

    class Charged(RACLoRA):
        def constants(self, problem):
            return said

    c = Constants.of(case_of(Charged(SAMPLED, 1.0)), alpha=1e-3, rng=3)
    assert c.lambda_min == pytest.approx(spectrum(SAMPLED, alpha=left / 2, rng=3).lambda_min, rel=1e-12)
    assert c.alpha_spent == pytest.approx(1e-3, rel=1e-12)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_the_sides_of_a_mixture_share_alpha(p):
    """Both sides sampled: each at half. Catches alpha for each; a side that never comes up spends nothing."""
    problem = Quadratic.left(np.eye(6), np.ones((6, 5)))
    left, right = sketches.Uniform(6, 2), sketches.Uniform(5, 3)
    found = Bernoulli(left, right, 1.0, p=p).projection(alpha=2e-3, draws=4_000, rng=5)
    root = seed_sequence(5)
    one, two = (spectrum(s, alpha=1e-3, draws=4_000, rng=child(root, i)) for i, s in enumerate((left, right)))
    assert found.lambda_min == pytest.approx(p * one.lambda_min + (1 - p) * two.lambda_min, rel=1e-12)
    assert found.lambda_max == pytest.approx(p * one.lambda_max + (1 - p) * two.lambda_max, rel=1e-12)
    assert found.alpha == pytest.approx(2e-3 if 0 < p < 1 else 1e-3)
    c = Constants.of(Case(Bernoulli(left, right, 1.0, p=p), problem, steps=2), alpha=4e-3, draws=4_000, rng=5)
    assert c.alpha_spent == pytest.approx(2 * found.alpha)


def test_a_verdict_says_what_alpha_was_spent_on():
    """Half of it on constants, by either door. Catches twice alpha for half of it."""
    case = Case(RACLoRA(SAMPLED, 0.9), PROBLEM, steps=3)
    measured = measured_smoothness(simulate(case, rng=0, record=["W"]))
    for tried in (partial(verify, "T2", case), partial(measured.what_if, "T2")):
        assert tried(runs=64, rng=0, alpha=0.01).levels == {"sampled constants": 0.005, "runs": pytest.approx(0.005)}
    known = verify("T2", Case(RACLoRA(sketches.Haar(6, 1), 1.0), PROBLEM, steps=3), runs=64, rng=0, evidence="sampled")
    assert known.levels == {"runs": 1e-3}


def test_runs_are_judged_at_what_the_constants_leave():
    """An e-value between 1/alpha and 1/(alpha - spent) does not refute. Catches runs that spend all of alpha.

    Of a dozen seeds some are below both, some between, and some above both.
    """
    case, seen = case_of(RACLoRA(sketches.Haar(6, 1), 1.0), 5), set()
    false = replace(Constants.of(case), gap0=0.97 * PROBLEM.value(case.start[None])[0])
    tried = partial(verify, "T2", case, runs=1_500, evidence="sampled", alpha=0.02)
    for seed in range(12):
        free, charged = (tried(rng=seed, constants=replace(false, alpha_spent=a)) for a in (0.0, 0.0199))
        assert free.log_evidence == charged.log_evidence
        assert free.refuted == (free.log_evidence >= math.log(1 / 0.02))
        assert charged.refuted == (free.log_evidence >= math.log(1 / 0.0001) - 1e-9)
        seen.add((free.refuted, charged.refuted))
    assert seen == {(False, False), (True, False), (True, True)}


def test_limits_of_a_verdict_are_at_their_levels():
    """lower shares alpha among the steps, upper does not; catches shares forgotten, or of other steps."""
    rng = np.random.default_rng(0)
    X = rng.gamma(4, 1 / 8, size=(300, 5)).clip(max=2.0)
    question = Question(np.full(5, 0.55), 2.0)
    part = Part.of(X, question)
    t = np.arange(1, 6)
    found = sampled_decision(part, X, question, t, alpha=0.01, limits=0.004)
    np.testing.assert_array_equal(found.lower, lower_mean(X, 0.004 * shares(5)))
    np.testing.assert_array_equal(found.upper, upper_mean(X, 2.0, 0.004))
    np.testing.assert_array_equal(found.detectable, detectable(np.resize(X[1::2], X.shape), 0.004))


@pytest.mark.parametrize("last", ["first", "later"])
def test_one_part_that_passes_the_ceiling_leaves_no_confirmation(last):
    """bounded is for all parts: catches parts joined by ``or``, and a ceiling that is never looked at.

    The ceiling is a claim, too, which one run proves false: catches an upper limit from runs that were cut at it.
    """
    question = Question(np.full(1, 0.5), 1.0)
    low, high = np.full((400, 1), 0.1), np.full((400, 1), 0.1)
    high[7] = 1.1
    parts = [Part.of(x, question) for x in ((high, low) if last == "first" else (low, high))]
    whole = parts[0].then(parts[1])
    assert not whole.bounded
    assert np.isneginf(whole.confirmation(question)).all()
    assert not whole.decides(question, 0.01)
    assert np.isposinf(sampled_decision(whole, np.vstack([low, high]), question, np.array([1]), 0.01).upper).all()
    assert parts[0].then(parts[0]).bounded == (last == "later")
    assert not Part.of(low[:, [0, 0]], Question(np.full(2, 0.5), np.array([1.0, np.inf]))).bounded
    for top, bounded in ((1 + 1e-9, True), (1 + 1.5e-9, False)):  # what rounding may add
        assert Part.of(np.full((2, 1), top), question).bounded == bounded


def test_nothing_is_bet_on_what_leaves_nothing_to_bet_on():
    """A claim of zero, one that is vacuous, one without a ceiling; else 1 - X / bound, at worst with X at its end."""
    question = Question(np.array([0.0, 1.0, 0.5, 0.5]), np.array([1.0, 1.0, np.inf, 2.0]))
    Z, worst = question.shortfall(np.full((1, 4), 0.25))
    assert (Z.tolist(), worst.tolist()) == ([[0.0, 0.0, 0.0, 0.5]], [1.0, 1.0, 1.0, 3.0])
    assert question.is_vacuous.tolist() == [False, True, False, False]
    assert (question.blur, question.doubt) == (0.0, 0.0)


def row(number, log_evidence, spent, alpha=1e-3):
    found = {"status": "VIOLATED", "evidence": "sampled", "log_evidence": log_evidence}
    return replace(Row.missing(number, "T2", "quadratic", "", 0, alpha), constants={"alpha_spent": spent}, **found)


def test_a_ledger_takes_what_constants_have_spent_from_alpha_first():
    """Two rows that spent 2e-4 each leave 6e-4, 3e-4 a row. Catches a ledger that forgets what was spent.

    The strictest of several levels counts; and an exact row on sampled constants is left to chance like any other.
    """
    needed, twice = math.log(1 / 3e-4), math.log(2e3)
    exact = replace(row(1, None, 4e-4), evidence="exact")
    assert exact.is_sampled
    for first, second, is_violated in (
        (row(1, needed + 0.01, 2e-4), row(2, 0.0, 2e-4), True),
        (row(1, needed - 0.01, 2e-4), row(2, 0.0, 2e-4), False),
        (row(1, twice + 0.01, 0.0), row(2, 0.0, 0.0), True),
        (row(1, twice + 0.01, 0.0), row(2, 0.0, 0.0, alpha=0.1), True),
        (row(1, math.log(1e3), 0.0), row(2, 0.0, 0.0, alpha=0.1), False),
        (exact, row(2, 0.0, 4e-4), True),
    ):
        assert violated([first, second]) == [first] * is_violated
    for first, second, told in ((row(1, 0.0, 6e-4), 6e-4, "0006"), (exact, 7e-4, "")):
        with pytest.raises(ValueError, match=rf"levels must add up to at most alpha=0\.001, got 0\.{told}"):
            violated([first, row(2, 0.0, second)])


def test_rows_share_what_is_spent_on_constants():
    """In a plan and in a grid, half of alpha for all rows together. Catches half of alpha for each."""
    wanted = {"claims": ("T1", "T2", "T3"), "problems": ("quadratic",), "sketches": ("uniform",), "ranks": (2,)}
    todo = plan(Grid(**wanted, alpha=0.01))
    rows = [e.constants.alpha_spent for e in todo.ensembles for _ in e.claims]
    assert len(rows) >= 6
    assert all(spent > 0 for spent in rows)
    assert math.fsum(rows) == pytest.approx(0.005)
    grid = Grid(**wanted, alpha=0.01)
    assert grid.layout.level.lambda_alpha * sum(len(cell.claims) for cell in grid.cells) == pytest.approx(0.005)


def test_consistent_from_half_of_the_curve():
    """Of ten steps five must be reached. Catches T/4 and T/3 for T/2.

    Runs that would give away 0.6 and not 0.5 have no reach: catches one that asks for less than it is said to.
    """
    for reach, status in ((4, Status.UNDECIDED), (5, Status.CONSISTENT), (10, Status.CONSISTENT)):
        X = np.random.default_rng(0).gamma(100, 1 / 100, size=(400, 10))
        late = np.arange(1, 11) > reach
        X[:, late] = np.where(np.arange(400)[:, None] == 0, 400.0, 1e-9)  # one run carries the mean
        question = Question(np.ones(10), math.inf)
        found = sampled_decision(Part.of(X, question), X, question, np.arange(1, 11), 1e-3)
        assert (found.reach, found.status) == (reach, status)
    X, question = np.random.default_rng(0).exponential(size=(70, 1)), Question(np.ones(1), math.inf)
    assert 0.5 < detectable(np.resize(X[::2], X.shape), 1e-3)[0] < 0.65
    assert sampled_decision(Part.of(X, question), X, question, np.array([1]), 1e-3).reach is None


def test_the_half_that_chooses_a_step_is_not_the_half_that_speaks_of_it():
    """A step that looks narrow to the first half of the runs alone: reach comes from one, detectable from the other.

    Catches both from the same runs, and both from all of them.
    """
    rng = np.random.default_rng(0)
    X = rng.gamma(100, 1 / 100, size=(400, 2))
    X[1::2, 1] = rng.exponential(size=200) ** 3
    question = Question(np.ones(2), math.inf)
    found = sampled_decision(Part.of(X, question), X, question, np.array([1, 2]), 1e-3)
    assert found.reach == 2
    assert found.detectable[0] < 0.1
    assert found.detectable[1] > 0.5
    one = X[:1]
    alone = sampled_decision(Part.of(one, question), one, question, np.array([1, 2]), 1e-3)
    assert alone.reach is None
    assert np.isposinf(alone.detectable).all()
    two = what_would_show(np.ones((2, 1)), 0.9)[1]  # which have two halves
    assert two == detectable(np.ones((2, 1)), 0.9) < math.inf


def test_too_few_runs_say_how_many_it_takes_at_the_middle():
    """By the law of the number itself, with two runs behind each row. Catches another step, level, or half of them."""
    X = np.random.default_rng(0).exponential(size=(8, 10)) ** 3
    question, t = Question(np.full(10, 6.0), math.inf), np.arange(1, 11)
    part = replace(Part.of(X, question), runs=16)
    needed = runs_to_detect(X[:, 4], 0.5, -math.log(1e-3 * shares(10)[4]))
    told = sampled_decision(part, X, question, t, 1e-3).reason
    assert told == f"16 runs are too few to see a violation by 50% beyond t=0; at t=5 it takes {2 * needed} or more."


def test_too_few_runs_name_no_number_that_is_not_more_than_they_are(monkeypatch):
    """The half that says how far the curve reaches is wide, and all runs together would be enough, by their own law.
    Catches a number of rows for one of runs, of which two stand behind each, and one that they are themselves.
    """
    rng = np.random.default_rng(0)
    X = rng.gamma(100, 1 / 100, size=(128, 4))
    X[::2, 1:] = rng.exponential(size=(64, 3))
    question, t = Question(np.full(4, 6.0), math.inf), np.arange(1, 5)
    assert runs_to_detect(X[:, 1], 0.5, -math.log(1e-3 * shares(4)[1])) <= 128
    part = Part.of(X, question)
    told = sampled_decision(part, X, question, t, 1e-3).reason
    assert told == "128 runs are too few to see a violation by 50% beyond t=1; no number can be named from them."
    for needed, words in ((128, "no number"), (129, "at t=2 it takes 258 or more")):
        monkeypatch.setattr(evidence, "runs_to_detect", lambda X, seen, level, needed=needed: needed)
        assert f"; {words}" in sampled_decision(replace(part, runs=256), X, question, t, 1e-3).reason


def test_a_violation_is_where_the_mean_exceeds_most_and_what_overflows_later_is_said():
    """Relatively, and below one; a bound of zero that is met exceeds nothing. Catches means above 1 alone, and any."""
    X = np.random.default_rng(0).uniform(0.9, 1.1, size=(400, 3)) * [0.55, 0.2, 0.0]
    question, t = Question(np.array([0.5, 0.1, 0.0]), math.inf, blur=1e-9), np.array([1, 2, 3])
    found = sampled_decision(Part.of(X, question), X, question, t, 1e-3)
    assert (found.status, found.violated_at) == (Status.VIOLATED, 2)
    X, question = np.array([[1.0, 1.0], [1.0, np.inf]]), Question(np.ones(2), math.inf)
    found = sampled_decision(Part.of(X, question), X, question, t[:2], 1e-3)
    assert found.reason.startswith("from t=2 on values leave the range of floating point")


def test_every_door_has_a_level_between_zero_and_one():
    """Of a level above one every run would be evidence. Catches any other end."""
    doors = (
        partial(verify, "T2", case_of(RACLoRA(sketches.Haar(6, 1), 1.0))),
        partial(judge_runs, np.eye(2), 1.0),
        partial(compare_runs, np.eye(2), np.eye(2), ceiling=1.0),
        partial(spectrum, SAMPLED),
    )
    for tried, alpha in product(doors, (0.0, 1.0)):
        with pytest.raises(ValueError, match=f"alpha must be a finite number > 0 and < 1, got {alpha:g}"):
            tried(alpha=alpha)
