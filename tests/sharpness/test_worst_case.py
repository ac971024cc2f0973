"""Worst cases over whole classes of functions: equal to a bound that is tight, else between it and a quadratic."""

import sys

import cvxpy
import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, WorstCase, side_by_side, sketches, theorems, tightness, worst_case
from rac_theory.problems import Quadratic
from rac_theory.problems.extras import MissingExtra
from rac_theory.sharpness import worst_case as worst_case_module

CLASS = {"L": 2.0, "mu": 0.3, "gamma": 0.4}
SMALL = Quadratic.left(np.diag([0.1, 1.0]), np.ones((2, 1)))  # mu = 0.1, L = 1
HALF = RACLoRA(sketches.BlockPartition(dim=2, rank=1), gamma=1.0)
SOLVE = cvxpy.Problem.solve


def by_scs(self, solver, **accuracy):
    """A solver of first order, which stops at three to five digits."""
    return SOLVE(self, solver="SCS")


def contains(found, truth):
    """Both ends are on their side of the truth, and no further from it than their width."""
    return found.lower <= truth <= found.upper


def t4(L, mu, gamma, blocks, steps):
    """An equality over the class."""
    return (1 - 1 / blocks + max((1 - gamma * mu) ** 2, (1 - gamma * L) ** 2) / blocks) ** steps


def t1(L, gamma, blocks, steps):
    """The bound times 1 - (1 - c L)^T, c = gamma (2 - gamma L) / k, on a multiple of the identity: k > 1, or T = 1."""
    c = gamma * (2 - gamma * L) / blocks
    return 2 / (c * steps) * (1 - (1 - c * L) ** steps)


@pytest.mark.long
@pytest.mark.parametrize("mu", [1e-3, 0.1, 0.5, 0.8])
@pytest.mark.parametrize(("blocks", "steps"), [(1, 1), (1, 3), (2, 1), (2, 3), (3, 2), (5, 1)])
@pytest.mark.parametrize("L", [0.01, 300.0])
def test_the_ends_contain_what_is_known(L, mu, blocks, steps):
    """Closed forms: T4 for steps that are short, 1/L and long; T1 up to 1/L. To six digits, whatever the units.

    Would catch a solver of four digits, an end that is the solver's value as it stands, a program that is not scaled
    (at L = 300 the ends were apart by a factor of three), blocks that are not orthogonal, a mean over branches that is
    a maximum, and a squared distance for its root. T1: at T = 1 that is ||grad f(W^0)||^2 <= 2 L Delta_0.
    """
    for gamma in (0.1, 0.5, 1.0, 1.7):
        truth = t4(1.0, mu, gamma, blocks, steps)
        found = worst_case("T4", L=L, mu=mu * L, gamma=gamma / L, blocks=blocks, steps=steps)
        assert contains(found, truth)
        assert found.width < 3e-6 * max(1, 1e-2 / truth)
        if gamma <= 1 and (blocks > 1 or steps == 1):
            found = worst_case("T1", L=L, gamma=gamma / L, blocks=blocks, steps=steps)
            assert contains(found, t1(L, gamma / L, blocks, steps))
            assert found.width < 1e-6


@pytest.mark.parametrize(
    ("theorem", "blocks", "steps", "truth"),
    [
        ("T1", 2, 2, 1.5),
        ("T1", 1, 3, 2 / 3),
        ("T4", 2, 3, 0.905**3),
        ("T2", 3, 1, 0.9639137),
        ("T2", 4, 1, 0.9736148),
        ("T2", 2, 2, 0.8750858),
    ],
)
def test_the_ends_allow_for_what_the_solver_leaves(theorem, blocks, steps, truth, monkeypatch):
    """SCS misses these by up to 1e-3, on either side, and says so nowhere: its ends must contain them all the same.

    The values of T2, which are in no book, are those on which Clarabel's ends agree, to a millionth on any processor.
    Would catch ends without the residuals of multipliers or of conditions, or with one of them subtracted from the
    wrong end.
    """
    case = {"L": 1.0, "mu": 0.1, "gamma": 1.0, "blocks": blocks, "steps": steps}
    accurate = worst_case(theorem, **case)
    assert accurate.upper == pytest.approx(truth, rel=1e-6)
    monkeypatch.setattr(cvxpy.Problem, "solve", by_scs)
    monkeypatch.setattr(worst_case_module, "_WIDEST", 1.0)
    rough = worst_case(theorem, **case)
    assert rough.lower <= accurate.lower
    assert accurate.upper <= rough.upper
    assert 10 * accurate.width < rough.width < 0.05


@pytest.mark.parametrize("part", ["negative", "entries"])
def test_the_lower_end_allows_for_conditions_that_are_broken(part):
    """A solution of the program with looser conditions gains .1% by them, or more; the lower end takes it off again.

    Would catch a lower end that forgets inequalities, or matrices.
    """
    program = worst_case_module._program("T2", 0.1, 1.0, 2, 1)
    truth = worst_case("T2", L=1.0, mu=0.1, gamma=1.0, blocks=2, steps=1)
    first, mixed, last = program.entries
    raised = [entry._replace(constants=entry.constants + 1e-2) for entry in (first, last)]
    loose = {
        "negative": program._replace(negative=program.negative._replace(constants=program.negative.constants - 1e-3)),
        "entries": program._replace(entries=(raised[0], mixed, raised[1])),
    }[part]
    solution = loose.solved()
    assert loose.ends(solution)[1] > 1.001 * truth.upper
    assert contains(WorstCase(*program.ends(solution)), truth.lower)


@pytest.mark.parametrize(("blocks", "gamma", "mu"), [(1, 1.0, 0.5), (1, 1.5, 0.1), (2, 0.5, 0.5), (4, 1.0, 0.1)])
def test_the_worst_case_of_one_step_is_below_t2_tight(blocks, gamma, mu):
    """It is below by what other conditions give, a part in a thousand at least, and T2_sharp above by as much.

    The program imposes what the proof of T2_tight uses, and more. Catches a remainder in it that is too large.
    """
    worst = worst_case("T2", L=1.0, mu=mu, gamma=gamma, blocks=blocks, steps=1)
    c = Constants(gamma=gamma, L=1.0, mu=mu, lambda_min=1 / blocks, gap0=1.0)
    tight, sharp = (theorem.bound(c, 1)[1] for theorem in (theorems.T2_tight, theorems.T2_sharp))
    assert worst.upper < tight * (1 - 5e-4) < sharp * (1 - 1e-3)


@pytest.mark.parametrize("steps", [1, 2])
def test_gradient_descent_is_the_worst_case_of_t1(steps):
    """gamma = 1/L and no sketch: 2 L / T, Huber's function with a long slope, of which no quadratic knows.

    Without the inequality for f* the program would be unbounded, and with a stationary point for it the value would be
    that of a smaller class.
    """
    assert contains(worst_case("T1", L=2.0, gamma=0.5, blocks=1, steps=steps), 2 * 2.0 / steps)


@pytest.mark.long
@pytest.mark.parametrize(("theorem", "steps"), [("T1", 2), ("T2", 1), ("T4", 1)])
def test_quadratic_worst_case_and_theorem_are_in_order(theorem, steps):
    """The exact expectation of a quadratic of the class may not exceed the worst case, nor that the theorem."""
    seen = side_by_side(theorem, Case(HALF, SMALL, steps=steps), rng=0)
    assert 0.9 * seen.worst.upper <= seen.hardest <= seen.worst.upper
    assert seen.worst.lower <= seen.bound
    assert 0 < seen.own <= seen.hardest * (1 + 1e-9)
    assert seen.own == pytest.approx(seen.bound / tightness(theorem, seen.case)[-1], rel=1e-12)
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


def test_too_long_a_step_is_worse_than_the_start():
    """gamma = 3/L: a program that only ever said what the theorem says would not notice."""
    assert contains(worst_case("T4", L=1.0, mu=0.1, gamma=3.0, blocks=2, steps=1), 2.5)


def test_what_cannot_be_asked_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="theorem must be one of T1, T2, T4, got 'T3'"):
        worst_case("T3", **CLASS, blocks=1, steps=1)
    with pytest.raises(ValueError, match="a tree of at most 63 points, got 127"):
        worst_case("T4", **CLASS, blocks=2, steps=6)
    with pytest.raises(ValueError, match="gamma must be a finite number > 0, got 0"):
        worst_case("T4", L=2.0, mu=0.3, gamma=0.0, blocks=2, steps=1)
    with pytest.raises(ValueError, match="mu must be a finite number > 0 and < 2, got 2"):
        worst_case("T2", L=2.0, mu=2.0, gamma=0.1, blocks=2, steps=1)
    monkeypatch.setitem(sys.modules, "PEPit", None)
    with pytest.raises(
        MissingExtra, match=r"PEPit is not installed: it needs the extra 'pep', python -m pip install .*\[pep\]"
    ):
        worst_case("T4", **CLASS, blocks=1, steps=1)


def test_a_solver_that_fails_is_not_believed(monkeypatch):
    assert WorstCase(2.0, 1.5).width == 0.25
    monkeypatch.setattr(cvxpy.Problem, "solve", by_scs)
    with pytest.raises(RuntimeError, match=r"the ends must be within 0\.0001 of each other, got WorstCase"):
        worst_case("T2", L=1.0, mu=0.1, gamma=1.0, blocks=2, steps=2)

    def gives_up(self, **options):
        raise cvxpy.SolverError("insufficient progress")

    monkeypatch.setattr(cvxpy.Problem, "solve", gives_up)
    with pytest.raises(RuntimeError, match="the solver must come to an end, got insufficient progress"):
        worst_case("T4", **CLASS, blocks=1, steps=1)
    monkeypatch.setattr(cvxpy.Problem, "solve", lambda self, **options: None)
    with pytest.raises(RuntimeError, match="the program must have a finite value, got None"):
        worst_case("T4", **CLASS, blocks=1, steps=1)
