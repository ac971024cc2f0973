"""The gallery: every claim holds, every check can fail, and what circulates is refuted where we say so."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Case, simulate
from rac_theory.algorithms import DECAY_INSIDE, GD, MOMENTUM, Initialisation, LoRA, RACLoRA
from rac_theory.commands.cli import main
from rac_theory.literature import C4, C5, C8, C11, C24, Check, Witness, counterexamples
from rac_theory.literature.counterexamples import divergence, loss_of_smoothness
from rac_theory.literature.counterexamples.counterexample import Lines
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.literature.counterexamples.low_rank import exact_floor
from rac_theory.literature.counterexamples.noisy_subspace import CornerNoise
from rac_theory.literature.counterexamples.shrinking_step import circulated_step_exceeds, proved_share, rise_in_floats
from rac_theory.literature.counterexamples.stuck_subspace import exact_gap
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic, SoftmaxRegression
from rac_theory.sketches import Coordinate, Frozen, Haar
from rac_theory.verdicts.verification.decision import Status

SAID = {
    "C1": "(sB, A/s) is 30 s^2; below 0.8713, and its bound 3.942; 84, at most L ||A||^2 = 120",
    "C2": "rank 1, 2, 3 are 5, 1, 0; 1, 4, 16 the floor is 2.5 and L-BFGS comes to 12.5; of 64 runs; "
    "(lowest 5); 12 starts",
    "C3": "(2, 1, 1) the first step takes f from 10 to 98; is 84, more than 2/gamma = 40; sharpness 3 > 2; "
    "of 10 rises 10 were searched; reaches 2.427; 12% and 13% at scale 0.577; 18% and 79% at scale 1; "
    "55% and 100% at scale 2; 0% of 256 runs",
    "C4": "1, 2 or 10 steps from (0, a); f - f* = 7; 10 steps such a point attracts: factor 0.0531, seen 0.0531; "
    "20 steps such a point repels: factor -2.4770, seen -2.4770; floor 0.655; every 10 steps; "
    "0.0997/L, links of 1: 0 rises; 0.0624/L, links of 10: 0 rises; E gap after 500 is 0.143, proved 0.1728; "
    "ends at 0.8209; at 2.791 (medians of 64 runs); at most 0.9974; at most 0.9542; below 6.6e-10; below 6.1e-06",
    "C5": "is 26/11 = 2.36364; is 4 = 4; least 0.005631 above; least 0.02955 above",
    "C6": "1, 1/10, 1/1000 and gamma s^2 = 9/4; by 25/16 a; = 2, s goes to -s; 1/8, 1/4, ..., 15/8",
    "C7": "C1: in the 408 steps; C2: in the 35 steps; C3, C4: in the 408 steps; far optimum: in the 408 steps; "
    "C5: in the 408 steps; least squares: in the 193 steps; C6: in the 1 steps",
    "C8": "in 300 steps J falls by at least 0.9786; gives 0.9076; 0.00883883, 0.00883883; 1000 steps it is 0.663; "
    "10000 steps it is 0.688; 1.59 times; 0.0153 of; L = 1/10 <; "
    "eta G > 3/2 at a^2 = b^2 = 1/1000000 and G = 4, and J falls by less than eta ||grad J||^2 / 4; "
    "L = 1/16 <; eta G > 2 there",
    "C9": "gap is 1/2 for ever; 0.00781 at 2, 1.17 at 8, 28.2 at 32; is 1/8 above; floor is 8/25; 0 after two; "
    "W* it is 1/2 for ever; ends at 1/8",
    "C10": "0.5 for 1, 0.22 for 3, 0.023 for 9, 0.00267 for 27; from 2 on; 1.000, 1.000, 1.000, 1.000 times; "
    "(1/2) 761/800^t, 1.0e-09 at; seen 1.1e-09; 0.500 for 2, 0.273 for 8, 0.140 for 32; "
    "kept for 1 and 10 steps; 5, 15, 45, 143 for k = 1, 2, 3, 4",
    "C11": "r(m + n - r) = 8 of 9; r^2 = 4 zeros; 8 and 7/9 at 1, 68 and 67/69 at 2, 1028 and 1027/1029 at 4; "
    "sigma_r = 8; 1/c^4: 2 balanced, 257/256 at c = 4; curvature 16 along one row it is 32 balanced, and 17 with",
    "C12": "0.2984-strongly convex, 6.7016-smooth; and f = 1/2; by 1 or more; 19/100 it stays one, at J = 0.6720; "
    "have 0.3800; stays at 0.5, and from near it comes back to 0.5; 2.2e-08 after 400 steps",
    "C13": "512 merges of 1/512 into 1 leave 1, not 2; merges of 1/256, a tie; at least 2/3 and less than 2, "
    "here 2/3 to 32/17; below 2^-9; 1/512 stays at 1/2; 8 merges of 3/1024 have the mean 1 + 3/128",
    "C14": "reaches 1 everywhere in one step: f = 0; 256 sequences of 8 draws leaves (1/4)^8; "
    "8 draws W takes 256; 64 runs",
    "C20": "step of 4 queries leaves 0.980100; one query at least 0.980237; by 1.0070 in; flat = 1/5; "
    "are 1.029 times as fast as one, and 1.101; leaves 0.960788; 56/15 / L at most 0.932079, 1.76 times; "
    "leave 0.923114; most 0.915832",
    "C21": "leave 9/16 of f, one step of two 3/5; has 3/4 and 3/5; 10 queries, 202/121; 27/64 of f; queries 9/25",
    "C22": "3 x 2 the estimate has the variance 7/6; numbers 7,; is 1/6 of; variance 17,; "
    "1/18 of |G|^2/2L, and 1/8; 0.1 standard",
    "C23": "8 cycles in a fixed order leave 0.6998, and 80 fresh draws 0.2264; 0.9044 for ten fresh draws, 0.4475; "
    "leaves 0.729 in a fixed order, 0.760 in a random one, and 0.824; in ten 0.956, 0.800 and 0.831",
    "C24": "after 160 links of 12 steps; 3.93e+06; 8.7e-05; 0.0024 after 160 steps; at least 11/10 times as much; "
    "12 leaves at most 19/20; 1 leaves at most 97/100",
    "C25": "one of 4 coordinates a step, decay 1/8; at 2/3; leaves 8/9; decay of 1/4 of that; 5/7 and 10/11; "
    "0.257778; 58/225",
    "C26": "150 steps have 0.726; they have 1.066 of it; from step 109 on; a quarter they have 2.280; 1.065975",
    "C27": "more than 49/50; 17/10 times as long leaves less than 39/40; 0.98114 and 0.97186; leave 2.8e-05; 2.0e-06",
    "C28": "theta is 0.0193; theta is -232.2; from step 11 on; in 200 steps 62.98 of it; is 62.976207 of it",
    "C29": "have 1.022 of T22's; they have 0.932; is 1.173 of T22_pl's bound at T = 6; 1.000 of it; 1.022068 of it",
    "C30": "eta = 1/2 the projected gradient halves; 12 steps leave more than half; from 2 to 5/4, where 1/2 is; "
    "from 2 to 9/16, where 9/8 is; "
    "from 1/2 to 211/400, where 9/10 times is claimed; "
    "12 steps is 0.500000; at eta = 3 ||R_t|| doubles in each step, where at most -2 times is claimed; "
    "at eta = 2 ||R_t|| is 1 for ever; at most -1 times is claimed",
    "C31": "64 x 1024, r = 48; 4096 columns; below 2.92; 1 - 6.4e-11, where at most 0.5 is; 1.64 in the middle; "
    "[0.742, 1.377]; at least 1 - 1e-12; "
    "r^2 / (r - 2); [0.487, 2.343]; 2.3e-39",
    "GaLore": "for 400 steps the noisy entry is at least 1.34; E f is 0.01649; comes to 7.55e-19; "
    "of 2000 random 4 x 6 gradients; in 256 runs; seen 0.01807; Haar 0.02456; 0.337, 0.615, 0.815 at",
}
NOTHING = Lines({}, {"level": 1.0}, "x", "y")


@pytest.fixture(scope="module")
def answers():
    return {name: example.verdict() for name, example in counterexamples.ALL.items()}


def test_every_claim_holds(answers):
    """Would catch any wrong constant in a statement: each check compares one with what is computed or seen."""
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(counterexamples.ALL, Status.HOLDS)
    for answer in answers.values():
        assert {check.evidence for check in answer.witness.checks} & {"exact", "bounded"}
        assert answer.counterexample.id in str(answer)
        assert "Every check holds" in str(answer)


def test_sentences_say_the_numbers_that_they_are_about(answers):
    """By hand, from the statement or the formula. Would catch a case, a law or a number of steps that is another."""
    for name, answer in answers.items():
        said = "\n".join(map(str, (*answer.witness.checks, *answer.witness.against)))
        assert [words for words in SAID[name].split("; ") if words not in said] == [], said


def test_what_circulates_is_refuted_where_we_say_so(answers):
    """VIOLATED of a sentence that is quoted alone. Catches a verdict on words that nobody has published."""
    circulating = {name: answer for name, answer in answers.items() if answer.circulated is not None}
    assert {*circulating} == {"C3", "C4", "C8", "C10", "C11", "C14", "C20", "C21", "C30", "C31"}
    quoted = {"C14", "C20", "C30", "C31"}
    assert {name for name, answer in circulating.items() if answer.circulated is Status.VIOLATED} == quoted
    for name, answer in circulating.items():
        assert all(check.holds for check in answer.witness.against)
        told = 'As it circulates, VIOLATED: "' if name in quoted else "UNDECIDED; in our words, refuted: "
        assert told in answer.circulation
    for name in ("C1", "C3", "C4", "C10", "C11", "C14", "C22"):
        assert answers[name].counterexample.condition


def test_every_picture_can_be_drawn(answers, monkeypatch):
    """The map of outcomes at 16 points instead of 64; the documentation draws all.

    Would catch a run from a large A by a short step, low on the left, that is judged while it is on its way.
    """
    monkeypatch.setattr(divergence.outcome_map, "__defaults__", (4,))
    axes = {name: answer.witness.picture.draw() for name, answer in answers.items()}
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in axes.values())
    assert "cycles" in axes["C23"].get_xlabel()  # of ten steps each
    mesh = axes["C3"].collections[0]
    best, other, worst = (sum(mesh.cmap(kind)[:3]) for kind in range(3))
    assert best > other + 0.5 > worst + 1.0  # darker, which is seen in grey as well
    assert mesh.get_array().tolist() == [[0, 0, 1, 2]] * 3 + [[0, 2, 2, 2]]  # long steps and large starts


def test_cases_and_pictures_have_these_numbers(answers):
    """Of each curve how many points there are, from where to where, and the first, second, middle and last value. They
    were read beside the statements. Would catch a case, a start, a seed or a number of runs that is another."""
    shown = []
    for name, answer in answers.items():
        of, picture = answer.counterexample, answer.witness.picture
        method, value = re.sub(" #[0-9a-f]{8}", "", repr(of.method)), of.problem.value(of.start[None])[0]
        shown.append(f"{name} case: {method}; L {of.problem.L:.4g}, mu {of.problem.mu:.4g}, f {value:.4g} at the start")
        for curve, (x, y) in getattr(picture, "curves", {}).items():
            values = ", ".join(f"{y[at]:.4g}" for at in (0, 1, len(y) // 2, -1))
            shown.append(f"{name} {curve}: {len(x)}, {x[0]:.4g} to {x[-1]:.4g}; {values}")
        shown += [f"{name} level {level}: {value:.4g}" for level, value in getattr(picture, "levels", {}).items()]
    assert shown == Path(__file__).with_name("pictures.txt").read_text("utf-8").splitlines()


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("C1", {"problem": SoftmaxRegression(np.eye(3), [0, 1, 2])}),  # bounded along (sB, sA)
        ("C2", {"method": GD(0.05)}),  # not confined to rank one
        ("C2", {"method": LoRA(Initialisation.kaiming((3, 3), 2), 0.05)}),
        ("C3", {"method": LoRA(Initialisation.kaiming((3, 3), 1), 1e-4)}),  # nothing rises
        ("C5", {"method": RACLoRA(Haar(3, 1), 1 / 10)}),  # T1 and T2 apply
        ("C5", {"problem": Quadratic.left(np.diag([10.0, 2.0, 1.0]), C5.problem.W_star)}),  # another limit
        ("C6", {"problem": Quadratic.left(2 * np.eye(1), np.zeros((1, 1)))}),  # full descent does not end at 0
        ("C8", {"problem": FromFunctions((3, 3), C8.problem.value, C8.problem.gradient, L=0.1, f_star=0.0)}),  # L is 20
        ("C9", {"method": RACLoRA(Haar(2, 1), 0.5)}),  # not halved in every round
        ("C10", {"problem": Quadratic.left(np.eye(2), np.zeros((2, 2)))}),  # not flat where the noise is
        ("C11", {"problem": Quadratic.left(2 * np.eye(3), C11.problem.W_star)}),  # twice the Hessian
        ("C12", {"problem": Quadratic.left(np.eye(2), np.ones((2, 2)))}),  # alike in all directions: nothing spurious
        ("C13", {"method": RACLoRA(Haar(1, 1), 1 / 16)}),  # merges of more than half a unit
        ("C14", {"problem": LeastSquares(np.eye(2), np.ones((2, 2)))}),  # one minimiser
        ("C14", {"method": RACLoRA(Coordinate(2, 1), 0.25)}),  # not half of the residual in each draw
        ("C23", {"problem": Quadratic.left(np.eye(10), np.zeros((10, 1)))}),  # no coordinate sees another
        ("C24", {"method": replace(C24.method, carried=False)}),  # it converges
        ("C24", {"problem": Quadratic.left(2 * np.eye(32), np.zeros((32, 1)))}),  # another curvature
        ("C25", {"method": DECAY_INSIDE(Coordinate(4, 1), gamma=0.5, omega=0.125)}),  # goes where it should
        ("C26", {"method": MOMENTUM(Coordinate(16, 1), gamma=0.5, b=15 / 16)}),  # within the condition
        ("C27", {"problem": Quadratic.left(np.eye(4), np.zeros((4, 1)))}),  # the exact minimum is the best there
        ("C28", {"problem": Quadratic.left(np.eye(64), np.zeros((64, 1)))}),  # L_H is near L
        ("C29", {"method": MOMENTUM(None, gamma=0.828, b=1 / 3)}),  # judged at W
        ("C30", {"method": RACLoRA(Haar(2, 1), 0.5)}),  # fresh draws leave nothing
        ("C30", {"problem": Quadratic.left(2 * np.eye(2), np.ones((2, 1)))}),  # half a step is all of one
        ("C31", {"problem": Quadratic.left(np.eye(64), np.zeros((64, 64)))}),  # square: both factors are one
        ("GaLore", {"method": RACLoRA(Haar(2, 1), 0.05, gradients=CornerNoise(2.0))}),  # not stuck
    ],
)
def test_a_case_that_is_no_counterexample_is_not_called_one(name, wrong):
    """Would catch checks that cannot fail."""
    answer = replace(counterexamples.ALL[name], **wrong).verdict()
    assert answer.status is Status.VIOLATED
    assert answer.reason.startswith("Not so: ")


def test_the_status_follows_from_the_checks():
    def status(*checks, against=(), form='"false"'):
        witness = Witness(tuple(Check("", *check) for check in checks), NOTHING, against=against)
        return replace(C8, gather=lambda example: witness, in_circulation=form).verdict()

    for said in (Check.exact, Check.bounded, Check.simulated):
        assert [said("", *holds).holds for holds in ((True, True), (True, False))] == [True, False]
    assert status((True, "exact"), (True, "simulated")).status is Status.HOLDS
    assert status((True, "simulated")).status is Status.CONSISTENT
    assert status((True, "exact"), (False, "simulated")).status is Status.VIOLATED
    assert status((True, "exact")).circulated is Status.UNDECIDED
    assert status((True, "exact"), against=(Check("", False, "exact"),)).circulated is Status.UNDECIDED
    true = (Check("", True, "exact"),)
    assert status((True, "exact"), against=true).circulated is Status.VIOLATED
    for ours in ("false", '"some" and "more"', 'it is "false"', '"false", always'):
        answer = status((True, "exact"), against=true, form=ours)
        assert answer.circulated is Status.UNDECIDED
        assert answer.circulation.partition(":")[0] == "As it circulates, UNDECIDED; in our words, refuted"


def test_a_run_diverges_above_ten_times_its_start_or_nowhere():
    """Catches another multiple, and a value that is not a number passed for one that is low."""
    values = np.array([[2.0, 99.0, 20.0], [2.0, 0.0, 20.5], [2.0, 0.0, np.inf], [2.0, 0.0, np.nan]])
    assert divergence.diverged(SimpleNamespace(values=values)).tolist() == [False, True, True, True]


def test_what_an_axis_cannot_show_is_left_out():
    """Catches zeros drawn on a logarithmic axis, or left out on another, what is not finite, and ticks of the other."""
    for scale, shown in (("linear", [1, 1, 1, 0]), ("log", [1, 0, 0, 0])):
        ax = Lines.over([1, 2, 3, 4], {"y": [2.0, 0.0, -1.0, np.inf]}, {}, "x", "y", yscale=scale).draw()
        assert np.isfinite(ax.lines[0].get_ydata()).tolist() == shown
        assert (type(ax.yaxis.get_major_locator()).__name__ == "Powers") == (scale == "log")


def test_floors_and_limits_in_rational_arithmetic():
    """Against sums by hand, and by least squares in floating point. Would catch a sum that starts at r - 1, a missing
    half, and a forgotten curvature in the weight."""
    assert [exact_floor(Fraction(2), (3, 2, 1), rank) for rank in (0, 1, 2, 3)] == [14, 5, 1, 0]
    S, w, F = np.diag([10.0, 1.0, 1.0]), C5.problem.W_star, np.array([[1.0], [1.0], [0.0]])
    root = np.sqrt(S)
    left = root @ w - root @ F @ np.linalg.lstsq(root @ F, root @ w)[0]
    right = root @ w @ (np.eye(3) - F @ F.T / 2)
    assert float(exact_gap("left")) == pytest.approx(np.sum(left**2) / 2)
    assert float(exact_gap("right")) == pytest.approx(np.sum(right**2) / 2)


def test_the_first_step_in_rational_arithmetic():
    """Against the method itself. Would catch a wrong Hessian (M for 2M), which halves the curvature."""
    for A, pull in (((2, 1, 1), 1), ((1, 2, 3), 2)):
        before, after, curvature = divergence.first_step(A, pull, Fraction(1, 20))
        W_star = np.diag([float(pull), 0.0, 0.0])
        start = Initialisation(A=Frozen(np.array(A, dtype=float)[:, None]))
        values = simulate(Case(LoRA(start, 1 / 20), loss_of_smoothness.paper_quadratic(W_star), steps=1)).values[0]
        np.testing.assert_allclose(values, [float(before), float(after)], rtol=1e-12)
        slope = 2 * 10 * pull * A[0]  # which loses half of its square times gamma (2 - gamma curvature)
        assert before - after == Fraction(slope**2, 40) * (2 - curvature / 20)


def test_the_edge_of_the_scalar_case_is_at_two():
    """Would catch an edge at 1 or at 3: on both sides, as close as a billionth."""
    small = Fraction(1, 10**9)
    assert divergence.grows_for_ever(2 + small)
    assert not divergence.grows_for_ever(2 - small)
    assert divergence.squared_step(2 - small) < 2 - small


def test_whether_the_step_in_circulation_exceeds_a_number():
    """Against the step in floating point, at random; it fails below 1/(6 sqrt 2) = .11785 and 1/(8 sqrt 2) = .08839.
    Catches L before one of the two alone, a step above 1, and 4 or 5 in the place of 6 or 8."""
    rng, told = np.random.default_rng(0), []
    for L, G, square, t in 10 ** rng.uniform(-1.5, 1.0, (200, 4)):
        step = min(1 / (4 * 2**0.5 * L * (2 * square + G)), 1.0)
        told.append(circulated_step_exceeds(*map(Fraction, (t, L, G, square))))
        assert told[-1] == (step * G > t), (L, G, square, t)
    assert 20 < sum(told) < 180
    assert not circulated_step_exceeds(*map(Fraction, (1, 0.01, 1, 0.5)))  # a step of 1 along a gradient of 1
    square, G = Fraction(1, 10**9), Fraction(10**4)
    for t, edge in ((Fraction(3, 2), Fraction(11785, 10**5)), (Fraction(2), Fraction(8838, 10**5))):
        assert circulated_step_exceeds(t, edge, G, square)
        assert not circulated_step_exceeds(t, edge + Fraction(2, 10**5), G, square)
    assert rise_in_floats(0.088, 1e4, 1e-4) > 0 > rise_in_floats(0.089, 1e4, 1e-4)


def test_the_rise_of_the_step_in_circulation_is_that_of_the_factors():
    """By J and its gradient as the library has them, far from a = b = 0. Catches a move of w by another power of a."""
    for L, G, a in ((0.5, 2.0, 1.5), (0.01, 0.3, 0.5)):  # a step of less than 1, and of 1
        loss = FactorLoss(Quadratic.left(L * np.eye(1), np.zeros((1, 1))), np.array([[G / L - a**2]]))
        step, factor = min(1 / (4 * 2**0.5 * L * (2 * a**2 + G)), 1.0), np.array([[a]])
        B, A = (factor - step * slope for slope in loss.gradient(factor, factor))
        assert rise_in_floats(L, G, a) == pytest.approx(loss.value(B, A) - loss.value(factor, factor), rel=1e-9)


def test_the_proved_share():
    """Against the best point found by scipy. Would catch a coarse grid, or the share .82 of a cruder proof."""
    from scipy.optimize import minimize_scalar

    c = 1 / (4 * np.sqrt(2))
    best = minimize_scalar(lambda x: 1 - x / 2 - (c - x) / 2 * (1 + x / 2) ** 2, bounds=(0, c), method="bounded")
    assert proved_share() == pytest.approx(best.fun, abs=1e-6)
    assert 0.907 <= proved_share() < 0.908


def test_the_ceiling_of_logistic_losses_needs_its_condition():
    """With a sample of score zero the constant grows again, and the ceiling is infinite."""
    of = loss_of_smoothness
    for B, is_finite in ((np.array([[1.0], [-2.0]]), False), (of.LOGISTIC_B, True)):
        with np.errstate(divide="ignore"):
            assert np.isfinite(of.logistic_ceiling(of.LOGISTIC, B, of.LOGISTIC_A)) == is_finite


def test_the_command_prints_verdicts_and_draws(tmp_path, capsys):
    assert main(["counterexamples", "C6", "C5", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "C6 HOLDS: every constant step is too long" in printed
    assert "26/11" in printed
    drawn = ["counterexample-C5.svg", "counterexample-C6.svg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*drawn, "counterexamples.json"]


def test_the_command_fails_with_a_check(tmp_path, capsys, monkeypatch):
    broken = replace(C4, gather=lambda example: Witness((Check("2 < 1", False, "exact"),), NOTHING))
    monkeypatch.setattr("rac_theory.commands.counterexamples.ALL", {"C4": broken})
    assert main(["counterexamples", "C4", "--out", str(tmp_path)]) == 1
    assert "As it circulates, UNDECIDED" in capsys.readouterr().out
