"""How a claim could follow: if all that is asked for were granted it would, and so would a stronger one of its kind."""

from dataclasses import replace
from fractions import Fraction

import pytest

from rac_theory.algebra import identical, simplified
from rac_theory.algebra.expression import lifted
from rac_theory.proofs.fact import granted, read, same
from rac_theory.proofs.shape import shapes
from rac_theory.statements.assumptions import galore_exact, plain_or_fitted
from rac_theory.statements.symbols import T, distance0, gap0, mu
from rac_theory.theorems import ALL, E
from tests.as_one_test import as_one_test

KINDS = {
    **{id: ["rho", "step"] for id in ("T2", "T2 twice", "T2_tight", "T4", "T6")},
    "T8": ["rho", "floor", "step"],
    **{id: ["growth", "theta", "step"] for id in ("T1", "T5", "T16", "T24")},
    "T1_tight": ["rho", "share", "step"],
    "T3_sharp": [f"share of {gap0}", f"share of {distance0}", "loss", "count", "falls", "above", "below", "step"],
    "T3_isotropic": [f"share of {distance0}", "loss", "count", "falls", "above", "below", "step"],
}
POSITIVE = ("growth", "theta", "count")


@pytest.mark.long
@as_one_test("id", KINDS)
def test_a_claim_is_what_its_goals_make(id):
    """And a claim with more progress asks for its stretch more. Catches a rho, a share or a rest that is another."""
    theorem = ALL[id.partition(" ")[0]]
    if " " in id:
        theorem = replace(theorem, id="twice", claim=E(theorem.metric) <= 2 * theorem.claim.bound)
    metric, bound, more = theorem.metric, theorem.claim.bound, Fraction(3, 2)
    found = [*shapes(theorem)]
    assert [[*shape.goals] for shape in found] == [KINDS[id]] * (2 if "loss" in KINDS[id] else 1)
    for number, shape in enumerate(found):
        goals = {name: granted("", goal > 0 if name in POSITIVE else goal >= 0) for name, goal in shape.goals.items()}
        fact, times = shape.conclude(goals)
        same(fact, times.value.expression * (bound - metric.expected))
        assert times.strict
        assert len(shape.beside(goals)) == 2 * ("rho" in goals and "share" in goals)  # of powers of rho
        assert shape.beside({}) == ()
        bounds = [shape.stronger(lifted(by), lambda n: simplified(n).expression) for by in (1, more)]
        others = (replace(theorem, id="other", claim=E(metric) <= each) for each in bounds)
        same_claim, stronger = ([*shapes(other)][number].goals["step"] for other in others)
        assert identical(bounds[0], bound)
        step = shape.goals["step"]
        assert (read(same_claim) - read(step)).is_zero
        assert (read(stronger) - read(step + (more - 1) * shape.stretch)).is_zero


@as_one_test(
    ("id", "bound"),
    [
        ("T2", (1 - mu) ** T * gap0 / 2),  # less than there is at T = 0
        ("T2", (1 - mu) ** T * gap0 + T),
        ("T2", (1 - mu) ** (2 * T) * gap0 * T),
        ("T2", (1 - mu) ** T * distance0**2),
        ("T1", gap0 / T**2),
        ("T1", gap0 / T + 1 / T),
        ("T1", gap0 * (1 - mu**T) / T + mu),
        ("T1", distance0**2 / T),
        ("T3", (gap0 + distance0**2) / (1 + T**2)),
        ("T3", gap0 / (1 + T)),
    ],
)
def test_a_claim_of_another_shape_has_none(id, bound):
    """Catches what is taken for a rate at two numbers of steps, and is none at the third; and a distance that is
    followed where it is not known after a step, as of steps of which the first alone is known, or none.
    """
    assert [*shapes(replace(ALL[id], id="other", claim=E(ALL[id].metric) <= bound))] == []
    for about in (galore_exact, plain_or_fitted):
        assert [*shapes(replace(ALL["T3"], id="other", about=about))] == []
