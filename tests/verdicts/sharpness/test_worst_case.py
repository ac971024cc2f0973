"""Worst cases over whole classes of functions: between their ends lies what is known from elsewhere."""

import sys
from fractions import Fraction
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Case, Constants, side_by_side, sketches, theorems, tightness, worst_case, worst_step
from rac_theory.algorithms import GD, Bernoulli, RACLoRA
from rac_theory.algorithms.gradients import Noisy
from rac_theory.base.extras import MissingExtra
from rac_theory.problems import Quadratic
from rac_theory.verdicts.sharpness import certificate as certificates
from rac_theory.verdicts.sharpness.example import Huber
from rac_theory.verdicts.sharpness.program import program
from rac_theory.verdicts.sharpness.setting import Setting
from rac_theory.verdicts.sharpness.worst_case_comparison import _blocks

CLASS = {"L": 2.0, "mu": 0.3, "gamma": 0.4}
SMALL = Quadratic.left(np.diag([0.1, 1.0]), np.ones((2, 1)))  # mu = 0.1, L = 1
HALF = RACLoRA(sketches.BlockPartition(dim=2, rank=1), gamma=1.0)


def upper(theorem, mu, gamma, blocks, steps):
    """The upper end alone, without the search for an example; L = 1."""
    exact = (Fraction(1), Fraction(mu) if theorem in ("T2", "T4") else Fraction(0), Fraction(gamma))
    setting = Setting(theorem, *exact, blocks, steps, Fraction(1, blocks))
    return float(certificates.certified(program(setting)).bound)


def t4(L, mu, gamma, blocks, steps):
    """An equality over the class."""
    return (1 - 1 / blocks + max((1 - gamma * mu) ** 2, (1 - gamma * L) ** 2) / blocks) ** steps


def t1(L, gamma, blocks, steps):
    """The bound times 1 - (1 - c L)^T, c = gamma (2 - gamma L) / k, on a multiple of the identity: k > 1, or T = 1."""
    c = gamma * (2 - gamma * L) / blocks
    return 2 / (c * steps) * (1 - (1 - c * L) ** steps)


@pytest.mark.long
@pytest.mark.parametrize("mu", [1e-3, 0.8])
@pytest.mark.parametrize(("blocks", "steps"), [(1, 1), (1, 3), (2, 1), (2, 3), (3, 2), (5, 1)])
@pytest.mark.parametrize("L", [0.01, 300.0])
def test_the_ends_contain_what_is_known(L, mu, blocks, steps):
    """Closed forms: T4 for steps that are short, 1/L and long; T1 up to 1/L. To six digits, whatever the units.

    Would catch a program that is not scaled, blocks that are not orthogonal, a mean that is a maximum, and a
    squared distance for its root. T1: at T = 1 that is ||grad f(W^0)||^2 <= 2 L Delta_0.
    """
    for gamma in (0.1, 0.5, 1.0, 1.7):
        truth = t4(1.0, mu, gamma, blocks, steps)
        found = upper("T4", mu, gamma, blocks, steps)
        assert 0 < found - truth < 1e-6
        if gamma <= 1 and (blocks > 1 or steps == 1):
            setting = Setting("T1", Fraction(L), Fraction(0), Fraction(gamma / L), blocks, steps, Fraction(1, blocks))
            certificate, truth = certificates.certified(program(setting)), t1(L, gamma / L, blocks, steps)
            assert 0 < float(certificate.bound) / truth - 1 < 1e-5
            assert float(Huber(Fraction(1), Fraction(1)).value(setting)) == pytest.approx(truth, rel=1e-12)


def test_each_of_nine_leaves_counts_once():
    """Three blocks, two steps: T4 is an equality, and T3 is an upper end. Catches six of them, and steps left out."""
    assert upper("T4", 0.5, 1, 3, 2) == pytest.approx(t4(1, 0.5, 1, 3, 2), rel=1e-5)
    assert 0.4 / (1 + 2 / 3) < upper("T3", 0, 1, 3, 2) < 0.55 / (1 + 2 / 3)  # about half of the theorem


def by_pepit(mu, blocks, steps):
    """T2's worst case at 1/L under the conditions that PEPit imposes, where the branches are written out."""
    import PEPit
    from PEPit import functions

    pep = PEPit.PEP()
    f = pep.declare_function(functions.SmoothQuadraticLojasiewiczFunctionExpensive, L=1.0, mu=mu)
    f.add_point((PEPit.point.null_point, PEPit.point.null_point, PEPit.expression.null_expression))
    groups = [[PEPit.Point() for _ in range(blocks)]]
    level = [sum(groups[0][1:], groups[0][0])]
    for t in range(steps + 1):
        values, after = [PEPit.Expression() for _ in level], []
        for x, value in zip(level, values, strict=True):
            groups.append(parts := [PEPit.Point() for _ in range(blocks)])
            f.add_point((x, sum(parts[1:], parts[0]), value))
            after += [x - part for part in parts]
        if t == 0:
            pep.set_initial_condition(values[0] <= 1)
        level = after
    points = [each for group in groups for each in enumerate(group)]
    for (block, point), (other_block, other) in combinations(points, 2):
        if block != other_block:
            pep.add_constraint(point * other == 0)
    pep.set_performance_metric(sum(values[1:], values[0]) / len(values))
    return pep.solve(verbose=0, solver="CLARABEL")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("mu", "blocks", "steps"), [(0.1, 1, 1), (0.5, 1, 1), (0.9, 1, 1), (0.1, 1, 2), (0.1, 2, 1)])
def test_the_conditions_of_pl_functions_are_as_strong_as_those_of_pepit(mu, blocks, steps):
    """PEPit imposes all alpha at once, by matrices; a grid that is refined loses a part in 10^4 at most.

    Would catch a condition that is too strong, by which the value would be below PEPit's, or a missing one.
    """
    theirs = by_pepit(mu, blocks, steps)
    assert -1e-5 < upper("T2", mu, 1, blocks, steps) / theirs - 1 < 1e-4


@pytest.mark.parametrize(("blocks", "gamma", "mu"), [(1, 1.0, 0.5), (1, 1.5, 0.1), (2, 0.5, 0.5), (4, 1.0, 0.1)])
def test_the_worst_case_of_one_step_is_below_t2_tight(blocks, gamma, mu):
    """It is below by what other conditions give, a part in a thousand at least, and T2_sharp above by as much.

    The program imposes what the proof of T2_tight uses, and more. Catches a remainder in it that is too large.
    """
    found = upper("T2", mu, gamma, blocks, 1)
    c = Constants(gamma=gamma, L=1.0, mu=mu, lambda_min=1 / blocks, gap0=1.0)
    tight, sharp = (theorem.bound(c, 1)[1] for theorem in (theorems.T2_tight, theorems.T2_sharp))
    assert found < tight * (1 - 5e-4) < sharp * (1 - 1e-3)


@pytest.mark.parametrize("steps", [1, 2])
def test_gradient_descent_is_the_worst_case_of_t1(steps):
    """gamma = 1/L and no sketch: 2 L / T, a square whose minimiser is reached at once.

    Without the inequality for f* the program would be unbounded, and with a stationary point for it the value would be
    that of a smaller class.
    """
    found = worst_case("T1", L=2.0, gamma=0.5, blocks=1, steps=steps, rng=0)
    assert found.lower <= Fraction(4, steps) <= found.upper
    assert found.width < 1e-5


@pytest.mark.long
@pytest.mark.parametrize("share", [1.0, 0.5, 0.25, 0.01])
def test_half_of_t3_in_one_step(share):
    """For every isotropic sketch: below half of the bound, and for small shares near it."""
    found = worst_step("T3", L=1, gamma=1, share=share, rng=0)
    half = 0.5 / (1 + share)
    assert found.upper < half
    assert share > 0.1 or found.upper > 0.999 * half


@pytest.mark.long
@pytest.mark.parametrize(("theorem", "steps"), [("T1", 2), ("T2", 1), ("T3", 1), ("T3_isotropic", 1), ("T4", 1)])
def test_quadratic_worst_case_and_theorem_are_in_order(theorem, steps):
    """The exact expectation of a quadratic of the class may not exceed the worst case, nor that the theorem."""
    seen = side_by_side(theorem, Case(HALF, SMALL, steps=steps), rng=0)
    assert 0.7 * seen.worst.upper <= seen.hardest <= seen.worst.upper
    assert seen.worst.lower <= seen.bound
    assert 0 < seen.case_value <= seen.hardest * (1 + 1e-9)
    if theorem not in ("T3", "T3_isotropic"):
        assert seen.case_value == pytest.approx(seen.bound / tightness(theorem, seen.case)[-1], rel=1e-12)
    assert str(seen).startswith(f"{theorem}, {steps} step")
    if theorem == "T4":
        assert seen.hardest == pytest.approx(seen.bound, rel=1e-4)
        assert seen.bound == pytest.approx(0.5 + 0.5 * 0.81, rel=1e-9)


def test_a_case_that_no_program_covers_is_refused():
    """A Haar sketch has no tree, nor has a block that is smaller than the others."""
    for sketch in (sketches.Haar(2, 1), sketches.BlockPartition(3, 2)):
        problem = Quadratic.left(np.diag(np.arange(1.0, sketch.dim + 1)), np.ones((sketch.dim, 1)))
        with pytest.raises(ValueError, match=r"case\.algorithm must be GD, or RAC-LoRA from the left with exact"):
            side_by_side("T1", Case(RACLoRA(sketch, 0.1), problem, steps=1))


def test_too_long_a_step_is_worse_than_the_start(monkeypatch):
    """gamma = 3/L: a program that only ever said what the theorem says would not notice. A tree may be the largest."""
    monkeypatch.setattr(sys.modules[worst_case.__module__], "LARGEST_TREE", 3)
    found = worst_case("T4", L=1, mu=Fraction(1, 10), gamma=3, blocks=2, steps=1, rng=0)
    assert found.lower == Fraction(5, 2)
    assert found.lower < found.upper < 2.50001
    assert found.width == pytest.approx(float(1 - found.lower / found.upper), rel=1e-9)
    assert repr(found) == "<WorstCase of T4: between 2.5 and 2.5>"


def test_what_cannot_be_asked_is_refused(monkeypatch):
    for changed, message in (
        ({"theorem": "T5"}, "theorem must be one of T1, T2, T3, T3_isotropic, T4, got 'T5'"),
        ({"steps": 5}, "a tree of at most 43 points, got 63"),
        ({"gamma": 0.0}, "gamma must be a finite number > 0, got 0"),
        ({"theorem": "T2", "mu": 2.0}, r"mu must be below L = 2\.0, got 2"),
    ):
        with pytest.raises(ValueError, match=message):
            worst_case(**{"theorem": "T4", **CLASS, "blocks": 2, "steps": 1} | changed)
    for door, where in ((worst_case, {"blocks": 2, "steps": 1}), (worst_step, {"share": 0.5})):
        with pytest.raises(ValueError, match="mu must be a finite number > 0, got 0"):
            door("T4", L=2.0, gamma=0.1, **where)
    with pytest.raises(ValueError, match="share must be above 0 and at most 1, got 2"):
        worst_step("T4", **CLASS, share=2)
    with pytest.raises(ValueError, match="share must be 1/blocks = 1/2, got 1"):
        Setting("T1", Fraction(1), Fraction(0), Fraction(1), 2, 1, Fraction(1))
    for refused, message in (
        (("T5", 1, 0, 1, 2, 1, 0.5), "theorem must be one of T1, T2, T3, T3_isotropic, T4, got 'T5'"),
        (("T3", 1, 0.5, 1, 2, 1, 0.5), r"mu must be 0 for T3, which does not read it, got 0\.5"),
        (("T4", 1, 0.5, 1, 0, 2, 0.5), "steps must be 1 for any sketch, got 2"),
        (("T4", 1, 1, 1, 2, 1, 0.5), "L, gamma and L - mu must be above 0, got L=1, gamma=1, mu=1"),
        (("T4", -1, -2, 1, 2, 1, 0.5), "L, gamma and L - mu must be above 0, got L=-1, gamma=1, mu=-2"),
        (("T1", 0, 0, 1, 2, 1, 0.5), "L, gamma and L - mu must be above 0, got L=0, gamma=1, mu=0"),
        (("T4", 1, 0.5, 0, 2, 1, 0.5), "L, gamma and L - mu must be above 0, got L=1, gamma=0"),
        (("T4", 1, 0.5, 1, -2, 1, -0.5), "blocks must be >= 0 and steps >= 1, got -2 and 1"),
        (("T4", 1, 0.5, 1, 2, 0, 0.5), "blocks must be >= 0 and steps >= 1, got 2 and 0"),
    ):
        with pytest.raises(ValueError, match=message):
            Setting(*refused)
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    with pytest.raises(MissingExtra, match=r"cvxpy is not installed: it needs the extra 'pep', .* install .*\[pep\]"):
        worst_case("T4", **CLASS, blocks=1, steps=1)


def test_blocks_are_those_of_exact_gradients_projected_from_the_left():
    """Catches a case with another law than that of the tree, which would be held against its worst case."""
    sketch, start = sketches.BlockPartition(6, 2), np.ones((6, 6))
    problem = Quadratic.left(np.eye(6), start)
    assert [_blocks(Case(some, problem, steps=1)) for some in (RACLoRA(sketch, 1.0), GD(1.0))] == [3, 1]
    for other in (
        RACLoRA(sketch, 1.0, gradients=Noisy(0.1)),
        RACLoRA(sketch, 1.0, side="right"),
        RACLoRA(sketch, 1.0, lora_alpha=2.0),
        RACLoRA(sketches.BlockPartition(6, 4), 1.0),
        RACLoRA(sketches.Coordinate(6, 2), 1.0),
        Bernoulli(sketch, sketch, 1.0),
    ):
        with pytest.raises(ValueError, match="algorithm must be GD, or RAC-LoRA from the left with exact gradients"):
            _blocks(Case(other, problem, steps=1))


def test_a_bound_and_a_case_are_in_units_of_the_start(monkeypatch):
    """Gradient descent on curvatures of 0.1 and 1, both as far off: 0.95^4 of the squared distance, and less.

    Catches the bound of another step, another power of the distance, and a case at another step.
    """
    setting = Setting("T4", Fraction(1), Fraction(1, 10), Fraction(1, 2), 1, 2, Fraction(1))
    worst = SimpleNamespace(certificate=SimpleNamespace(setting=setting))
    monkeypatch.setattr(f"{_blocks.__module__}.worst_case", lambda *_, **__: worst)
    monkeypatch.setattr(f"{_blocks.__module__}.hardest_quadratic", lambda *_: Huber(Fraction(1, 10), Fraction(1)))
    seen = side_by_side("T4", Case(GD(0.5), SMALL, steps=2))
    assert (seen.bound, seen.hardest, seen.case_value) == pytest.approx((0.95**4, 0.95**4, (0.95**4 + 0.5**4) / 2))
