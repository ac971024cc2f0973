"""What is no evidence: bounds that are no number, values beyond floating point, and what an uncertain f_star allows."""

import re
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, RACLoRA, Status, sketches, theorems, verify
from rac_theory.numerics.limits import upper_mean
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic
from rac_theory.statements.metric import Curves
from rac_theory.theorems import E, gap, mean_squared_gradient, squared_distance
from rac_theory.verdicts.verification.decision import _excluded, exact_decision, sampled_decision
from rac_theory.verdicts.verification.evidence_of_runs import Part
from rac_theory.verdicts.verification.judged_claim import JudgedClaim, Question, Trial, exact_recording
from rac_theory.verdicts.verification.verify import judge
from tests.as_one_test import as_one_test

IDENTITY = Quadratic.left(np.eye(4), np.ones((4, 1)))
HAAR = RACLoRA(sketches.Haar(4, 1), 1.0)
CASE = Case(HAAR, IDENTITY, steps=6)

sampled = partial(verify, evidence="sampled")


def with_bound(bound, metric=gap):
    """A theorem of a user that asks for nothing, with this bound of (constants, t)."""
    return replace(theorems.T2, id="user", given=(), claim=E(metric) <= bound, falls="linear")


@as_one_test(
    ("bound", "evidence"),
    product(
        [
            lambda c, t: np.full_like(t, np.nan),
            lambda c, t: np.full_like(t, np.inf),
            lambda c, t: np.full_like(t, -np.inf),
            lambda c, t: c.gap0 / (c.lambda_min - 0.25) / t,  # 1 / 0
            lambda c, t: c.gap0 * 10.0 ** (400 * t),
        ],
        ("exact", "sampled"),
    ),
)
def test_a_bound_that_is_no_number_says_nothing(bound, evidence):
    """It once was VIOLATED with an e-value of 10^76.8, as every step was judged where none had a bound."""
    verdict = verify(with_bound(bound), CASE, runs=500, rng=0, evidence=evidence)
    assert verdict.status is Status.UNDECIDED
    assert "the bound is not a finite number at any t" in verdict.reason
    assert (verdict.evidence, verdict.runs) == ("none", 0)


@pytest.mark.parametrize(
    ("metric", "unknown", "words"),
    [
        (gap, {"f_star": np.nan, "gap0": np.nan}, "the gap cannot be judged without knowing f_star and gap0"),
        (gap, {"L": np.nan}, "the gap cannot be judged without knowing L"),
        (mean_squared_gradient, {"gap0_upper": np.nan}, "squared gradient cannot be judged without knowing gap0_upper"),
        (squared_distance, {"distance0": np.nan}, "the squared distance cannot be judged without knowing distance0"),
    ],
)
def test_a_metric_that_is_not_known_is_not_judged(metric, unknown, words):
    """A user's theorem that asks for nothing: what its metric needs is asked for all the same."""
    constants = replace(Constants.of(CASE), **unknown)
    loose = with_bound(lambda c, t: np.full_like(t, 100.0), metric)
    verdict = sampled(loose, CASE, runs=64, rng=0, constants=constants)
    assert verdict.status is Status.UNDECIDED
    assert words in verdict.reason


@pytest.mark.parametrize("evidence", ["exact", "sampled"])
def test_steps_without_a_bound_are_not_judged_and_the_verdict_says_so(evidence):
    """Where the bound is a number it is half of what it should be, and that is seen; elsewhere nothing is."""
    false = with_bound(lambda c, t: np.where(t % 2 == 1, np.nan, 0.5) * c.gap0 * 0.75**t)
    verdict = verify(false, CASE, runs=4_000, rng=0, evidence=evidence)
    assert verdict.status is Status.VIOLATED
    assert verdict.violated_at % 2 == 0
    assert np.isnan(verdict.lower[1::2]).all()
    loose = with_bound(lambda c, t: np.where(t == 2, np.inf, 0.9 * c.gap0))
    verdict = verify(loose, CASE, runs=4_000, rng=0, evidence=evidence)
    assert verdict.status is Status.HOLDS
    assert "At 1 steps the bound is no finite number, and nothing is said there." in verdict.reason


@as_one_test(
    ("came", "words"),
    [
        (lambda t: None, "got None"),
        (lambda t: 2.5, "got 2.5"),
        (lambda t: np.float64(2.5), r"got float64 float64 \(\)"),
        (lambda t: t[:-1], r"got float64 ndarray \(6,\)"),
        (lambda t: np.ones((2, len(t))), r"got float64 ndarray \(2, 7\)"),
        (lambda t: t + 0j, r"got complex128 ndarray \(7,\)"),
        (lambda t: np.ma.masked_array(t, t > 2), r"got float64 MaskedArray \(7,\)"),
        (lambda t: list(t), r"got \[.*0\.0"),
        (lambda t: t > 2, r"got bool ndarray \(7,\)"),
        (lambda t: t.astype("datetime64[D]"), r"got datetime64\[D\] ndarray"),
    ],
)
def test_a_bound_that_gives_something_else_is_an_error(came, words):
    def hopeful(c, t):
        return came(t)

    with pytest.raises(ValueError, match=r"the bound hopeful must return a real number for each t.*" + words):
        verify(with_bound(hopeful), CASE, rng=0)


def test_overflow_is_not_divergence():
    """Values that are no number from the first step on: neither route may call that a violation, nor HOLDS.

    The iterates are those of a run that converges, on data near the edge of floating point.
    """

    class NearTheEdge:
        eigenbasis = None

        def __getattr__(self, name):
            return getattr(IDENTITY, name)

        def value(self, W):
            with np.errstate(over="ignore"):
                return IDENTITY.value(W) * np.where((W == 0).all(axis=(1, 2)), 1.0, np.inf)

        def value_and_gradient(self, W):
            return self.value(W), IDENTITY.gradient(W)

    case, constants = replace(CASE), Constants.of(CASE)
    object.__setattr__(case, "problem", NearTheEdge())
    run = {"runs": 64, "alpha": 1e-3, "seed": np.random.SeedSequence(0), "evidence": "sampled"}
    (verdict,) = judge([theorems.T2], case, constants, **run)
    assert verdict.status is Status.UNDECIDED
    assert "from t=1 on values leave the range of floating point, which is no evidence" in verdict.reason


def scalar(value, gradient, start, f_star):
    return FromFunctions((1, 1), value, gradient, start=np.full((1, 1), start), L=1.0, mu=1.0, f_star=f_star)


def test_a_run_that_diverges_is_caught_before_it_overflows():
    """Factor 4 a step: 1e308 is passed after 512 of 2,000 steps, and the bound after one. A quartic ends in nan."""
    problem = Quadratic.left(np.diag([1.0, 4.0]), np.ones((2, 1)))
    false = replace(Constants.of(Case(GD(0.75), problem, steps=1)), L=1.0)
    for claim in ("T1", "T2"):
        verdict = verify(claim, Case(GD(0.75), problem, steps=2_000), constants=false)
        assert verdict.status is Status.VIOLATED
        assert np.isfinite(verdict.mean[verdict.violated_at])
    quartic = scalar(lambda W: float(2 * W[0, 0] ** 4 + W[0, 0] ** 2 / 2), lambda W: 8 * W**3 + W, 2.0, 0.0)
    assert verify("T2", Case(GD(1.0), quartic, steps=50)).status is Status.VIOLATED
    random = RACLoRA(sketches.Haar(2, 1), 1.5)
    many = sampled("T2", Case(random, problem, steps=2_000), runs=64, rng=0, constants=replace(false, lambda_min=0.5))
    assert many.status is Status.VIOLATED
    assert np.isfinite(many.mean[many.violated_at])


WIDE = Quadratic.left(np.eye(32), np.ones((32, 20)))
RARE = RACLoRA(sketches.Haar(32, 1), 1.0)  # T2 is an equality


def uncertain(mu, share):
    """Constants whose f_star is an interval of this share of gap0, its lower end the truth."""
    c = Constants.of(Case(RARE, WIDE, steps=20))
    e = share * c.gap0
    return replace(c, f_star=c.f_star + e, gap0=c.gap0 - e, f_star_error=e, mu=mu)


@pytest.mark.long
@pytest.mark.parametrize("evidence", ["exact", "sampled"])
def test_an_uncertain_infimum_confirms_nothing(evidence):
    """mu is 0.3% too large, and f_star is known to 0.4% of gap0: it was HOLDS on five seeds of five, by either route.

    With mu too small by 20% the claim is true wherever in the interval the infimum is, and that is confirmed.
    """
    short, long = (Case(RARE, WIDE, steps=steps) for steps in (6, 20))
    for seed in range(2 if evidence == "sampled" else 1):
        false = verify("T2", short, runs=20_000, rng=seed, constants=uncertain(1.003, 0.004), evidence=evidence)
        assert false.status in (Status.CONSISTENT, Status.UNDECIDED)
    true = verify("T2", long, runs=8_000, rng=0, constants=uncertain(0.8, 1e-4), evidence=evidence)
    assert true.status is Status.HOLDS


def test_the_exact_route_forgives_rounding_and_nothing_else():
    """At equality the value is above the bound in its last digits; a claim false by 1e-11 is not called true."""
    constants = Constants.of(case := Case(RARE, WIDE, steps=40))
    undecided = Status.UNDECIDED
    for off, status in ((0, Status.HOLDS), (1e-11, undecided), (1e-10, undecided), (1e-6, Status.VIOLATED)):
        verdict = verify("T2", case, constants=replace(constants, mu=constants.mu * (1 + off)))
        assert verdict.status is status, off
        told = "times the bound, and f_star is not known so well" in verdict.reason
        assert told == (status is undecided)


def test_doubt_is_what_moves_when_the_infimum_does():
    """For gaps, gradients and distances: with the bound met minus the doubt, the claim is true at either end.

    By the definitions, at a lower end e below f_star: gaps are larger by e, gradients are not, and the minimiser is
    elsewhere by at most sqrt(2 e / s).
    """
    c = replace(Constants.of(Case(RARE, WIDE, steps=1)), f_star_error=0.02, strong_convexity=0.5)
    F = np.linspace(0.05, 1, 20)  # how far a bound has fallen
    moved = np.sqrt(2 * 0.02 / 0.5)
    bound = F * c.gap0
    assert (bound - gap.doubt(c, bound) + 0.02 <= F * (c.gap0 + 0.02) + 1e-12).all()
    assert mean_squared_gradient.doubt(c, bound) == 0.0
    bound = F * c.distance0**2
    left = np.maximum(bound - squared_distance.doubt(c, bound), 0.0)
    met = left > 0
    truth, claim = (np.sqrt(left) + moved) ** 2, F * (c.distance0 - moved) ** 2
    assert met.any()
    assert (truth <= claim + 1e-12)[met].all()
    # And where it may refute: a true claim at either end stays within the blur.
    worst = (np.sqrt(F) * (c.distance0 + moved) + moved) ** 2
    assert (worst <= bound + squared_distance.doubt(c, bound) + 1e-12).all()


def test_blur_refutes_later_and_doubt_confirms_later():
    """A tolerance is on the side of the theorem where it is refuted, and on the other where it is confirmed."""
    question = Question(np.array([0.5]), 1.0, blur=0.1, doubt=0.2)
    X = np.array([[0.55]])
    assert question.excess(X) < 0 < Question(np.array([0.5]), 1.0).excess(X)
    Z, worst = question.shortfall(np.array([[0.4]]))
    assert Z[0, 0] == pytest.approx(1 - 0.4 / 0.3)
    assert worst[0] == pytest.approx(1 / 0.3 - 1)
    nothing, _ = Question(np.array([0.1]), 1.0, doubt=0.2).shortfall(np.zeros((3, 1)))
    assert (nothing == 0).all()
    assert not Question(np.array([1.1]), 1.0, doubt=0.2).is_vacuous
    assert Question(np.array([1.3]), 1.0, doubt=0.2).is_vacuous


def test_a_verdict_is_no_yes_or_no():
    """``assert verify(...)`` once passed for VIOLATED, here by what one run decides."""
    false = replace(Constants.of(Case(GD(0.5), IDENTITY, steps=5)), mu=1.6)
    verdict = verify("T2", Case(GD(0.5), IDENTITY, steps=5), constants=false)
    assert verdict.refuted
    assert verdict.status == "VIOLATED"
    assert (verdict.evidence, verdict.log_evidence) == ("exact", np.inf)
    assert "(exact)" in verdict.reason
    with pytest.raises(TypeError, match=r"five answers, not two, and this one is VIOLATED: write `verdict.status is"):
        bool(verdict)
    assert not verify("T2", Case(GD(0.5), IDENTITY, steps=5)).refuted


@pytest.mark.long
@as_one_test(("claim", "zero"), product(theorems.ALL, ("lambda_min", "mu")))
def test_a_constant_of_zero_promises_nothing_and_is_no_error(claim, zero):
    """Eleven theorems raised ZeroDivisionError; ``steps_to`` is inf, or as before where the constant is not used."""
    known = {"A": 0.1, "beta": 1.0, "C": 1.0, "D": 1.0, "L_max": 1.0, "L_H": 1.0, "sigma_squared": 0.0}
    known |= {"zeta_squared": 0.0, "gamma": 0.3, "inner_steps": 2, "nu": 0.1, "ell": 1.0, "omega": 0.1, "D_in": 1.0}
    known |= {"leading_share": 0.25, "bias_squared": 0.1, "offset": 10.0, "norm_share": 0.5, "span": 1.0}
    known |= {"letters": {"a": 0.5, "b": 0.5, "A": 1.5, "alpha": 0.1, "s": 0.5, "lambda_min": 0.1}}
    base = replace(Constants.of(CASE), **known)
    none, half = (replace(base, **{zero: share * getattr(base, zero)}) for share in (0.0, 0.5))
    theorem, epsilon = theorems.ALL[claim], 1.0 if claim == "T19" else 1e-3  # which falls like a root, and is added up
    promised = theorem.steps_to(epsilon, none)
    theorem.bound(none, 3)
    used = not np.array_equal(theorem.bound(base, 3)[1:], theorem.bound(half, 3)[1:])
    assert promised == (np.inf if used else theorem.steps_to(epsilon, base))
    assert np.isnan(theorem.steps_to(epsilon, replace(base, **{zero: np.nan}))) == used


@pytest.fixture
def claim():
    """T2 where it is an equality, as it is judged exactly over five steps."""
    case = Case(HAAR, IDENTITY, steps=5)
    return JudgedClaim.of(Trial(theorems.T2, case, Constants.of(case)), exact_recording(case, "exact"), exact=True)


def test_only_rounding_is_forgiven_a_claim_that_holds_exactly(claim):
    """A curve above its bound by 5e-10 is within what constants may be off by, so not refuted, but it does not hold.

    Would catch a hundred times the rounding error, or the tolerance of a refutation, forgiven a confirmation, and a
    HOLDS that only asks whether every step is above: here the third of five is.
    """
    bound, rounding, question = claim.bound[claim.judged], claim.rounding, claim.question
    decided = partial(exact_decision, claim=claim, words="exact")
    for curve in (bound * (1 + 1e-16), question.confirming + rounding, bound + 0.9 * rounding):
        assert decided(curve).status is Status.HOLDS
    for curve in (question.refuting, bound + 2 * rounding, bound * (1 + 5e-10)):
        assert decided(curve).status is Status.UNDECIDED
    assert decided(bound * (1 + 2e-9)).status is Status.VIOLATED
    assert decided(bound).log_evidence == 0
    mixed = question.confirming + rounding * [0, 0, 0.5, 0, -9]
    assert decided(mixed).reason.endswith("at every t, up to the rounding of double precision.")
    assert decided(question.confirming).reason.endswith("at every t.")
    third = decided(bound * [1, 1, 1 + 5e-10, 1, 1])
    assert third.status is Status.UNDECIDED
    assert third.reason.startswith("at t=3 the value is 1.0000000005 times the bound")
    above = decided(bound * [1.01, 1.01, 1.5, 1.01, 1.01])
    assert (above.status, above.violated_at) == (Status.VIOLATED, 3)  # where it is above most, relatively


def test_an_exact_curve_that_overflows_is_no_evidence(claim):
    """From the third step on it is no number: neither VIOLATED nor HOLDS, and its reach ends before. Catches both."""
    for beyond in (np.inf, np.nan):
        found = exact_decision(claim.bound[claim.judged] * [1, 1, beyond, beyond, beyond], claim, "exact")
        assert (found.status, found.reach) == (Status.UNDECIDED, 2)
        assert "from t=3 on values leave the range of floating point" in found.reason


def test_what_rounding_may_hide_of_runs_is_taken_off_before_they_confirm():
    """Beside what f_star may hide, at every step. Catches runs that are confirmed against the bound less f_star's.

    A shift makes of a gap L/2 (x + d)^2 - L/2 x^2 = L x d + L d^2 / 2; at x = 0 only the square is left.
    """
    case, c = Case(RARE, WIDE, steps=4), uncertain(1.0, 1e-4)
    claim = JudgedClaim.of(Trial(theorems.T2, case, c), exact_recording(case, "exact"), exact=False)
    assert (claim.rounding > 0).all()
    np.testing.assert_array_equal(claim.question.doubt, claim.rounding + c.f_star_error)
    c, d, x = Constants(gamma=0.1, L=3.0, gap0=1.5), 1e-4, np.array([0.0, 1e-3, 1.0])
    allowed = gap.rounding(Curves(np.empty(0), np.empty(0)), c, 3.0 / 2 * x**2, d)
    assert (allowed >= 3.0 * x * d + 3.0 / 2 * d**2).all()


def test_a_value_below_the_declared_infimum_is_an_error():
    """Clipped at zero it would pass for convergence."""
    parabola = scalar(lambda W: float(W[0, 0] ** 2 / 2), lambda W: W, 1.0, 0.3)
    with pytest.raises(ValueError, match=r"f_star must not be above f, got 0\.299"):
        verify(theorems.T2, Case(GD(0.3), parabola, steps=30))


@pytest.mark.parametrize(("of_value", "of_gradient"), [(2, 2), (1 + 1e-6, 1), (1, 1 + 1e-6)])
def test_what_runs_must_be_what_was_checked(of_value, of_gradient):
    class Doubled(LeastSquares):
        """Overrides value and gradient, but not the fused method that runs use."""

        def value(self, W):
            return of_value * super().value(W)

        def gradient(self, W):
            return of_gradient * super().gradient(W)

    with pytest.raises(ValueError, match="value_and_gradient must agree with value and gradient"):
        verify(theorems.T1, Case(GD(0.1), Doubled(np.eye(2), np.ones(2)), steps=5))


def test_nothing_is_judged_below_rounding():
    """After 2,000 steps the bound is 1e-116: what the curve does down there is rounding, and no slack is shown."""
    problem = Quadratic.left(np.diag([1.0, 4.0]), np.array([[1.1], [1.3]]))
    verdict = verify(theorems.T2, Case(GD(0.125), problem, steps=2_000))
    assert verdict.status is Status.HOLDS
    assert verdict.reach < 400
    assert verdict.slack.value >= 1
    assert "Only up to t=" in verdict.reason


@pytest.mark.parametrize("far", [1e6, 1e8])
def test_rounding_of_iterates_far_from_zero_refutes_nothing(far):
    """Equality at a distance: one unit in the last place of W is worth more than the bound."""
    problem = Quadratic.left(np.eye(2), far * np.ones((2, 1)), start=far * np.ones((2, 1)) + [[1.0], [1.0]])
    for gamma in (0.1, 0.2, 1.0):
        assert verify(theorems.T2_sharp, Case(GD(gamma), problem, steps=400)).status is not Status.VIOLATED


def test_a_sample_that_missed_the_rare_runs_says_what_it_cannot_exclude():
    """True mean three times the bound, carried by one run in 500; a sample without it looks as if it would have seen.

    No verdict may exclude what is the case: each CONSISTENT one says that only more than 200% is excluded.
    """
    problem = Quadratic.left(np.eye(2), np.array([[1.0], [1e-2]]))
    algorithm = RACLoRA(sketches.WeightedCoordinate(2, 1, weights=[0.998, 0.002]), 1.0)
    false = replace(Constants.of(Case(algorithm, problem, steps=1)), lambda_min=0.9993)
    consistent = 0
    for seed in range(60):
        verdict = sampled(theorems.T2, Case(algorithm, problem, steps=1), runs=256, rng=seed, constants=false)
        assert verdict.status is not Status.HOLDS
        assert verdict.upper[1] > 3 * verdict.bound[1]
        if verdict.status is Status.CONSISTENT:
            consistent += 1
            excluded = int(re.search(r"only one by (\d+)% or more is excluded", verdict.reason).group(1))
            assert excluded > 200
    assert consistent > 20


def test_what_is_excluded_is_never_a_negative_percentage():
    """An early step unconfirmed, the last one far below its bound: there every violation is excluded."""
    X = np.random.default_rng(0).uniform(0.6, 1.0, size=400)
    X, question = np.column_stack([X, 0.1 * X]), Question(np.array([0.8, 0.3]), 1.0)
    finding = sampled_decision(Part.of(X, question), X, question, np.array([1, 2]), 1e-3)
    assert finding.status is Status.CONSISTENT
    assert "every one is excluded there" in finding.reason
    least = float(upper_mean(X[:, :1], 1.0, 0.01)[0]) / 0.8 - 1
    assert _excluded(X[:, 0], 0.8, 1.0, 0.01) == f"only one by {least:.0%} or more is excluded"
    assert _excluded(X[:, 0], 0.8, np.inf, 0.01) == "none is excluded"


def test_runs_that_are_all_zero_are_no_crash():
    case = Case(RACLoRA(sketches.Coordinate(4, 1), 1.0), IDENTITY, steps=60)
    verdict = sampled(theorems.T2, case, runs=16, rng=0)
    assert verdict.status is Status.UNDECIDED
    assert verdict.reason.endswith("no number can be named from them.")
