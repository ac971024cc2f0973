"""T21: acceleration for any sketch, where it holds exactly, is refuted, and is not applicable."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Noisy, RACLoRA, Status, expected, prove, theorems, verify
from rac_theory.algebra import number
from rac_theory.algorithms import ACCELERATED, H, Method, gradient, letter, state
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic
from rac_theory.proofs import Missing, Proof, checker, exported, memory_of
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate
from rac_theory.statements import rac_lora_accelerated
from rac_theory.statements.symbols import T, alpha, distance0, gap0, lambda_0, s_0
from rac_theory.theorems import E, gap

from .asked_of_each import holds_exactly, names_what_is_broken, ratios
from .second_routes.moments import check_below, enumerated, on_axes
from .small_cases import SKEW, WEIGHTED

T21, T21_H = theorems.T21, theorems.T21_H
BOTH = ("T21", "T21_H")


def fitting(c, step=1.0, along=False):
    """The largest alpha for a step that is so much of 1/L, or of 1/L_H."""
    smooth = c.L_H if along else c.L
    size = step / smooth
    alpha = c.lambda_min * math.sqrt(size * (2 - size * smooth) * c.strong_convexity) * (1 - 1e-12)
    return {"gamma": size, "alpha": alpha, "s": c.strong_convexity, "lambda_min": c.lambda_min}


def case(problem, sketch, step=1.0, along=False, steps=40, W0=None, method=ACCELERATED, gradients=None, **letters):
    of_H = Constants.of(Case(RACLoRA(sketch, gamma=0.1), problem, W0))
    more = {} if gradients is None else {"gradients": gradients}
    return Case(method(sketch, **(fitting(of_H, step, along) | letters), **more), problem, W0, steps=steps)


EXACT = {
    "coordinates": case(SKEW, Coordinate(4, 1)),
    "weighted": case(SKEW, WEIGHTED),
    "Haar": case(SKEW, Haar(4, 2)),
    "no sketch": case(SKEW, None),
    "a long step": case(SKEW, WEIGHTED, 1.7),
    "a short step": case(SKEW, WEIGHTED, 0.2),
    "less than is true": case(SKEW, WEIGHTED, s=0.01, lambda_min=0.05, alpha=0.05 * 0.0999),
}


test_it_holds_exactly = holds_exactly(BOTH, EXACT)


def of_diabetes(steps, plain=False):
    """Haar of rank 1 on Diabetes, from an equal gap in every curvature: 1/sqrt(q_i) along each."""
    problem = LeastSquares.diabetes()
    q, U = np.linalg.eigh(problem.X.T @ problem.X / len(problem.X))
    start = problem.W_star + (U @ (1 / np.sqrt(q)))[:, None]
    found = case(problem, Haar(10, 1), along=True, W0=start, steps=steps)
    return Case(RACLoRA(Haar(10, 1), found.algorithm.gamma), problem, start, steps=steps) if plain else found


def test_diabetes_takes_348_steps_where_plain_ones_take_2030():
    """To a hundredth of the gap, exactly, where 624 are promised; catches each letter of the method that is off."""
    first = [
        int(np.argmax(c.gap <= c.gap[0] / 100)) for c in map(expected, (of_diabetes(400), of_diabetes(2100, True)))
    ]
    assert first == [348, 2030]
    accelerated = of_diabetes(400)
    assert T21_H.steps_to(Constants.of(accelerated).gap0 / 100, accelerated) == 624


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_it_holds_by_enumeration_where_f_is_not_quadratic(share):
    """All draws of 12 steps on logistic regression with a penalty, H on one of two axes; catches a wrong law."""
    rng = np.random.default_rng(21)
    problem = LogisticRegression(rng.standard_normal((12, 2)), np.sign(rng.standard_normal(12)), l2=0.05)
    steps, start = 12, problem.W_star + np.array([[2.0], [-1.0]])
    of = case(problem, WeightedCoordinate(2, 1, [share, 1 - share]), W0=start, steps=steps)
    gamma, alpha, s, least = (of.algorithm.letters[name] for name in ("gamma", "alpha", "s", "lambda_min"))

    def step(P, W, Z):
        Y = (W + alpha * Z) / (1 + alpha)
        seen = P @ problem.gradient(Y)
        return Y - gamma * seen, (1 - alpha) * Z + alpha * Y - alpha / (s * least) * seen

    c, curves = Constants.of(of), enumerated(problem, step, on_axes(share), (start, start), steps)
    for theorem in (T21, T21_H):
        check_below(theorem, curves, c)
    assert curves.values[0, -1] - problem.f_star < 0.9 * T21_H.bound(c, steps)[0]


@pytest.mark.parametrize("id", BOTH)
def test_where_it_is_attained(id):
    """x^2/2, H = 1, T = 1: (1 + alpha)/2 of the bound, .999999 as alpha comes to 1. Catches s for s/2."""
    line = Quadratic.left([[1.0]], W_star=[[0.0]])
    for a in (0.5, 0.9, 1 - 2e-6):
        size = 1 - math.sqrt(1 - a * a * (1 + 1e-13))
        at = Case(ACCELERATED(None, gamma=size, alpha=a, s=1.0, lambda_min=1.0), line, [[1.0]], steps=1)
        assert ratios(id, at)[0] == pytest.approx((1 + a) / 2, abs=1e-6)


FALSE = {
    "s/4": (1 - alpha) ** T * (gap0 + s_0 / 4 * distance0**2),
    "no distance": (1 - alpha) ** T * gap0,
    "alpha 1% larger": (1 - Fraction(101, 100) * alpha) ** T * (gap0 + s_0 / 2 * distance0**2),
    "squared": (1 - alpha) ** (2 * T) * (gap0 + s_0 / 2 * distance0**2),
    "the rate without a sketch": (1 - alpha / lambda_0) ** T * (gap0 + s_0 / 2 * distance0**2),
}


@pytest.mark.parametrize("id", BOTH)
@pytest.mark.parametrize("name", FALSE)
def test_a_changed_claim_is_refused(id, name):
    proof = prove(id)
    changed = replace(proof.theorem, id="changed", claim=E(gap) <= FALSE[name], tightest=None)
    with pytest.raises((Missing, ValueError)):
        Proof(changed, proof.fact, proof.times)


@pytest.mark.parametrize("id", BOTH)
def test_without_one_of_its_assumptions_it_is_refused(id):
    """All that is given is used: each that is left out is missed."""
    proof, ours = prove(id), theorems.ALL[id]
    assert proof.unused == ()
    for one in ours.given:
        given = tuple(each for each in ours.given if each is not one)
        with pytest.raises(Missing):
            Proof(replace(ours, id="without", given=given), proof.fact, proof.times)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(/ (^ distance0 2) lambda_min)", "(/ (^ distance0 2) (* 2 lambda_min))"),
        ("given (<= s_0 s)\n", ""),
        ("about rac_lora_accelerated", "about rac_lora_exact"),
        ("granted spread", "granted norm"),
    ],
)
def test_a_changed_file_is_refused(right, wrong):
    text = exported(prove("T21"))
    assert right in text
    with pytest.raises(checker.Refused):
        checker.check(text.replace(right, wrong))


def test_what_is_kept_is_what_the_method_does():
    """Z - W* after a step, as the table has it, by the lines of the method in numbers: catches alpha for 1 - alpha."""
    kept, then = memory_of(rac_lora_accelerated)
    rng = np.random.default_rng(4)
    problem, a, size = SKEW, 0.3, 0.7
    of = ACCELERATED(Coordinate(4, 2), gamma=size, alpha=a, s=0.02, lambda_min=0.25)
    walk = of.states(problem, rng.standard_normal((1, 4, 2)), np.random.default_rng(5))
    before, after = ([np.array(each) for each in next(walk)] for _ in range(2))
    later = [np.array(each) for each in next(walk)]
    W, Z = after[:2]
    Y = (W + a * Z) / (1 + a)
    seen = (Y - later[0]) / size
    vectors = {("Vz", False): Z - problem.W_star, ("Zy", False): Z - Y, ("Gy", True): seen}
    numbers = {"alpha": a, "s_0": 0.02, "lambda_0": 0.25}
    parts = {(name, is_seen): number(times, numbers) for (name, _, _, is_seen), times in then.parts.items()}
    total = sum(float(times) * vectors[key] for key, times in parts.items())
    np.testing.assert_allclose(total, later[1] - problem.W_star, atol=1e-12)
    assert [name for name, *_ in kept.parts] == ["Vz"]
    assert not np.allclose(before[1], after[1])


FLAT = case(SKEW, None, W0=SKEW.W_star + np.array([[0.0], [0.0], [0.0], [1.0]]), steps=100)
TAMPERED = {
    "lambda_min of no sketch": ({"lambda_min": 1.0}, {"lambda_min": 1.0, "alpha": 0.14}, EXACT["coordinates"]),
    "s of the steepest direction": ({"strong_convexity": 1.0}, {"s": 1.0, "alpha": 0.24}, EXACT["coordinates"]),
    "no distance": ({"distance0": 0.0}, {}, FLAT),
}


@pytest.mark.parametrize("id", BOTH)
@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_with_it_is_refuted(id, name):
    known, told, of = TAMPERED[name]
    c = Constants.of(of)
    false = replace(c, letters={**c.letters, **told}, **known)
    assert verify(id, replace(of, steps=400), constants=false).status is Status.VIOLATED


W, Z = state("W", "Z")
lr, a = letter("gamma"), letter("alpha")
OTHER = Method({W: W - H(gradient(W)) * lr, Z: Z * (1 - a)}, start={Z: W})
NOT_APPLICABLE = {
    "the theorem is about the method ACCELERATED": (BOTH, Case(GD(0.5), SKEW, steps=3)),
    "ACCELERATED": (BOTH, Case(OTHER(WEIGHTED, gamma=0.1, alpha=0.1), SKEW, steps=3)),
    "must be exact": (BOTH, case(SKEW, WEIGHTED, gradients=Noisy(0.1))),
    "alpha >= 0": (BOTH, case(SKEW, WEIGHTED, alpha=-0.01)),
    "s_0 <= s": (BOTH, case(SKEW, WEIGHTED, s=0.03)),
    "s_0 > 0": (BOTH, case(SKEW, WEIGHTED, s=-0.01)),
    "lambda_0 <= lambda_min": (BOTH, case(SKEW, WEIGHTED, lambda_min=0.11)),
    "lambda_0 > 0": (BOTH, case(SKEW, WEIGHTED, lambda_min=-0.1)),
    "gamma (2 - gamma L)": (("T21",), case(SKEW, WEIGHTED, alpha=0.1001 * math.sqrt(0.02))),
    "gamma (2 - gamma L_H)": (("T21_H",), case(SKEW, WEIGHTED, along=True, alpha=0.05)),
    "Strong convexity": (
        BOTH,
        case(Quadratic.left(np.diag([1.0, 0.0]), np.ones((2, 1))), Haar(2, 1), alpha=0.1, s=0.1),
    ),
}


test_each_assumption_that_is_broken_is_named = names_what_is_broken(BOTH, NOT_APPLICABLE)
