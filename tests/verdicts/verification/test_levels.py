"""How levels are composed: what each part of an answer may err by, and that the parts add up to alpha at most.

Each test names the composition that it would catch.
"""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from rac_theory import (
    Bernoulli,
    Case,
    Constants,
    RACLoRA,
    Status,
    compare_runs,
    judge_runs,
    measured_smoothness,
    simulate,
    sketches,
    spectrum,
    verify,
)
from rac_theory.ledger import Grid
from rac_theory.ledger.running import plan
from rac_theory.ledger.verdict_row import Row, violated
from rac_theory.numerics.confidence import kl_lower, kl_upper
from rac_theory.numerics.evidence import Past, detectable, log_wealth, runs_to_detect, shares
from rac_theory.numerics.limits import lower_mean, upper_mean
from rac_theory.numerics.randomness import child, seed_sequence
from rac_theory.problems import Quadratic
from rac_theory.sketches.spectra import sample_spectrum
from rac_theory.verdicts.verification.decision import sampled_decision, what_would_show
from rac_theory.verdicts.verification.evidence_of_runs import Part
from rac_theory.verdicts.verification.judged_claim import Question

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


def test_a_bound_is_at_the_level_that_it_states():
    """The limit of Chernoff for this mean, number and level; catches a level that is passed on changed."""
    found = spectrum(SAMPLED, alpha=1e-3, draws=5_000, rng=1)
    low, high = np.linalg.eigvalsh(found.matrix)[[0, -1]]
    assert found.lambda_min == pytest.approx(kl_lower(low, 5_000, 1e-3), rel=1e-9)
    assert found.lambda_max == pytest.approx(kl_upper(high, 5_000, 1e-3), rel=1e-9)


def test_the_looks_of_a_search_that_may_stop_share_alpha():
    """Look k is at level alpha / (k (k + 1)). Catches alpha / k, whose sum has no end, and alpha at every look."""
    looks = set()
    for width in (3.0, 0.6, 0.25, 0.15):
        draws: list[int] = []

        class Counting(sketches.Uniform):
            def sample(self, rng, size, draws=draws):
                draws.append(size)
                return super().sample(rng, size)

        found = sample_spectrum(Counting(6, 2), 0.05, 1 << 14, width, np.random.default_rng(0))
        first = draws[0]
        k = 1 + round(math.log2(found.draws / first))
        assert found.draws == first * 2 ** (k - 1)
        low = np.linalg.eigvalsh(found.matrix)[0]
        assert found.lambda_min == pytest.approx(kl_lower(low, found.draws, 0.05 / (k * (k + 1))), rel=1e-9)
        looks.add(k)
    assert len(looks) >= 3


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
    constants = replace(
        Constants.of(case_of(RACLoRA(sketches.Haar(6, 1), 1.0), 5)), gap0=0.97 * PROBLEM.value(np.zeros((1, 6, 1)))[0]
    )
    run = {"runs": 1_500, "evidence": "sampled", "alpha": 0.02}
    seen = set()
    for seed in range(12):
        free, charged = (
            verify(
                "T2",
                Case(RACLoRA(sketches.Haar(6, 1), 1.0), PROBLEM, steps=5),
                rng=seed,
                constants=replace(constants, alpha_spent=a),
                **run,
            )
            for a in (0.0, 0.0199)
        )
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
    """bounded is for all parts: catches parts joined by ``or``, and a ceiling that is never looked at."""
    question = Question(np.full(1, 0.5), 1.0)
    low, high = np.full((400, 1), 0.1), np.full((400, 1), 0.1)
    high[7] = 1.1
    parts = [Part.of(x, question) for x in ((high, low) if last == "first" else (low, high))]
    whole = parts[0].then(parts[1])
    assert not whole.bounded
    assert np.isneginf(whole.confirmation(question)).all()
    assert not whole.decides(question, 0.01)
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


@pytest.mark.parametrize("worst", [0.25, 1.0, 4.0])
def test_a_past_is_in_units_of_the_largest_loss(worst):
    """Bets that know a past go on where it ended, whatever a loss may come to. Catches a past without ``/ worst``."""
    Z = worst * (np.random.default_rng(1).exponential(size=(60, 2)) - 1).clip(min=-1)
    together = log_wealth(Z, worst)
    apart = log_wealth(Z[25:], worst, past=Past().then(Z[:25], worst))
    np.testing.assert_allclose(together[-1], together[24] + apart[-1], rtol=1e-9, atol=1e-12)


def row(number, log_evidence, spent, alpha=1e-3):
    blank = Row.missing(number, "T2", "quadratic", "", 0, alpha)
    return replace(
        blank, status="VIOLATED", evidence="sampled", log_evidence=log_evidence, constants={"alpha_spent": spent}
    )


def test_a_ledger_takes_what_constants_have_spent_from_alpha_first():
    """Two rows that spent 2e-4 each leave 6e-4, 3e-4 a row. Catches a ledger that forgets what was spent."""
    needed = math.log(1 / 3e-4)
    assert len(violated([row(1, needed + 0.01, 2e-4), row(2, 0.0, 2e-4)])) == 1
    assert not violated([row(1, needed - 0.01, 2e-4), row(2, 0.0, 2e-4)])
    assert violated([row(1, math.log(2e3) + 0.01, 0.0), row(2, 0.0, 0.0)])
    with pytest.raises(
        ValueError, match=r"levels must add up to at most alpha=0\.001, got 0\.0006 for sampled constants"
    ):
        violated([row(1, 0.0, 6e-4), row(2, 0.0, 6e-4)])


def test_rows_of_several_levels_share_the_strictest():
    """Rows put together by hand: their exit status is at the smallest alpha among them, not at the largest."""
    assert not violated([row(1, math.log(1e3), 0.0, alpha=1e-3), row(2, 0.0, 0.0, alpha=0.1)])
    assert violated([row(1, math.log(2e3) + 0.01, 0.0, alpha=1e-3), row(2, 0.0, 0.0, alpha=0.1)])


def test_rows_of_a_ledger_that_were_exact_on_sampled_constants_are_left_to_chance_too():
    """The constants may be wrong with the level that they spent: such a row draws it like any other."""
    exact = replace(row(1, None, 4e-4), evidence="exact")
    assert exact.is_sampled
    assert violated([exact, row(2, 0.0, 4e-4)]) == [exact]
    with pytest.raises(ValueError, match="levels must add up"):
        violated([exact, row(2, 0.0, 7e-4)])


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


@pytest.mark.parametrize(("reach", "status"), [(4, Status.UNDECIDED), (5, Status.CONSISTENT), (10, Status.CONSISTENT)])
def test_consistent_from_half_of_the_curve(reach, status, monkeypatch):
    """Of ten steps five must be reached. Catches T/4 and T/3 for T/2."""
    X = np.random.default_rng(0).gamma(100, 1 / 100, size=(400, 10))
    late = np.arange(1, 11) > reach
    X[:, late] = np.where(np.arange(400)[:, None] == 0, 400.0, 1e-9)  # one run carries the mean
    question = Question(np.where(late, 1.0, 1.0), math.inf)
    part = Part.of(X, question)
    found = sampled_decision(part, X, question, np.arange(1, 11), 1e-3)
    assert found.reach == reach
    assert found.status is status


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


def test_a_violation_is_where_the_mean_exceeds_most_and_what_overflows_later_is_said():
    """Relatively, and below one; a bound of zero that is met exceeds nothing. Catches means above 1 alone, and any."""
    X = np.random.default_rng(0).uniform(0.9, 1.1, size=(400, 3)) * [0.55, 0.2, 0.0]
    question, t = Question(np.array([0.5, 0.1, 0.0]), math.inf, blur=1e-9), np.array([1, 2, 3])
    found = sampled_decision(Part.of(X, question), X, question, t, 1e-3)
    assert (found.status, found.violated_at) == (Status.VIOLATED, 2)
    X, question = np.array([[1.0, 1.0], [1.0, np.inf]]), Question(np.ones(2), math.inf)
    found = sampled_decision(Part.of(X, question), X, question, t[:2], 1e-3)
    assert found.reason.startswith("from t=2 on values leave the range of floating point")


def test_reach_ends_where_a_violation_by_half_would_no_longer_show():
    """Runs that would give away 0.6 and not 0.5. Catches a reach that asks for less than it is said to."""
    X = np.random.default_rng(0).exponential(size=(70, 1))
    assert 0.5 < detectable(np.resize(X[::2], X.shape), 1e-3)[0] < 0.65
    question = Question(np.ones(1), math.inf)
    found = sampled_decision(Part.of(X, question), X, question, np.array([1]), 1e-3)
    assert found.reach is None


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize(
    "tried",
    [
        partial(verify, "T2", case_of(RACLoRA(sketches.Haar(6, 1), 1.0))),
        partial(judge_runs, np.eye(2), 1.0),
        partial(compare_runs, np.eye(2), np.eye(2), ceiling=1.0),
        partial(spectrum, SAMPLED),
    ],
    ids=lambda tried: tried.func.__name__,
)
def test_every_door_has_a_level_between_zero_and_one(tried, alpha):
    """Of a level above one every run would be evidence. Catches any other end."""
    with pytest.raises(ValueError, match=f"alpha must be a finite number > 0 and < 1, got {alpha:g}"):
        tried(alpha=alpha)


def test_every_theorem_is_tried_at_the_level_of_its_own_account():
    """Two theorems judged by one ensemble: each has alpha, as each by itself is one answer."""
    run = {"runs": 64, "rng": 0, "evidence": "sampled"}
    for claim in ("T1", "T2"):
        verdict = verify(claim, Case(RACLoRA(SAMPLED, 1.0), PROBLEM, steps=3), **run)
        assert verdict.levels["runs"] == pytest.approx(5e-4)


def test_a_run_above_the_ceiling_leaves_no_upper_limit():
    """The ceiling is a claim, too: one run proves it false. Catches limits from runs that were cut at it."""
    X = np.full((300, 1), 0.1)
    X[7] = 30.0  # the mean is 0.2
    question = Question(np.full(1, 0.5), 1.0)
    part = Part.of(X, question)
    assert np.isposinf(sampled_decision(part, X, question, np.arange(1, 2), alpha=0.01).upper).all()
