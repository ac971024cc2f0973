"""Every assumption of every theorem can be broken by itself, and then the theorem does not apply and says why."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from problems import Quadratic
from rac_theory import Case, Constants, Initialisation, LoRA, RACLoRA, theorems
from rac_theory.ledger.plan import plan
from rac_theory.ledger.selection import Selection
from rac_theory.sketches import Gaussian
from rac_theory.theorems import assumptions

# What breaks what; an assumption that nothing here breaks fails the test, so that it is thought of.
BREAKS = {
    "smooth": {"L": math.nan},
    "small_step": {"gamma": 1e9},
    "stable_step": {"gamma": 1e9},
    "bounded_below": {"gap0_upper": math.nan},
    "certified_minimum": {"gap0": math.nan},
    "polyak_lojasiewicz": {"mu": 0.0},
    "positive_projection": {"lambda_min": 0.0},
    "convex": {"convex": False},
    "strongly_convex": {"strong_convexity": 0.0},
    "known_minimiser": {"distance0": math.nan},
    "isotropic": {"lambda_max": 1.0},
    "known_largest_projection": {"lambda_max": math.nan},
    "known_noise": {"C": math.nan},
    "noisy_step": {"beta": 1e9},
    "horizon_step": {"A": 1e9},
    "smooth_components": {"L_max": math.nan},
    "reshuffling_step": {"gamma": 1e9},
    "epoch_step": {"gamma": 1e9},
    "local_step": {"gamma": 1e9},
    "known_heterogeneity": {"D": math.nan},
    "known_client_heterogeneity": {"D": math.nan},
    "known_variance": {"sigma_squared": math.nan},
    "known_client_variance": {"zeta_squared": math.nan},
    "bounded_plain_step": {"longest_step": 2.0},
    "positive_gain": {"nu": 0.0},
    "contracting": {"mu": 1e-12, "A": 1e9, "gamma": 1e9},
}


@cache
def _met(claim):
    """A case and constants that meet all assumptions of a theorem: a sketch of rank 1, on real data."""
    todo = plan(Selection(claims=(claim,), problems=("linnerud",), sketches=(), sides=("left",), ranks=(1,), steps=9))
    for e in todo.ensembles:
        c = replace(e.constants, sigma_squared=1.0, zeta_squared=1.0)
        if not theorems.ALL[claim].unmet(e.case, c):
            return e.case, c
    raise AssertionError(f"{claim} is applicable nowhere")


def _name(assumption):
    return assumption.__qualname__.split(".")[0]  # contracting makes its own


@pytest.mark.parametrize("claim", theorems.ALL)
def test_each_assumption_broken_in_turn(claim):
    """A theorem that forgot to ask for one of its assumptions, or one that says nothing, is seen."""
    case, c = _met(claim)
    first, *others = theorems.ALL[claim].assumes
    assert others
    for assumption in others:
        broken = replace(c, **BREAKS[_name(assumption)])
        sentence = assumption(case, broken)
        assert sentence, _name(assumption)
        assert sentence in theorems.ALL[claim].unmet(case, broken)
        if _name(assumption) == "contracting" or math.isnan(min(BREAKS[_name(assumption)].values())):
            continue  # what is not known leaves everything unmet that asks for it
        same_change = [a for a in others if a(case, broken) is not None]
        assert len(same_change) <= 2, [_name(a) for a in same_change]  # itself, and a factor that it spoils
    heuristic = Case(LoRA(Initialisation.kaiming(case.problem.shape, 1), 1e-3), case.problem, steps=9)
    assert theorems.ALL[claim].unmet(heuristic, c) == (first(heuristic, c),)


class _Reading:
    """Constants that remember which of them were read."""

    def __init__(self, c):
        self.c, self.read = c, set()

    def __getattr__(self, name):
        value = getattr(self.c, name)
        if isinstance(value, float):
            self.read.add(name)
        return value


@pytest.mark.parametrize("claim", theorems.ALL)
def test_what_is_unknown_is_never_met(claim):
    """Each number that an assumption looks at, put to nan by itself: it was met by seven step-size assumptions."""
    case, c = _met(claim)
    _, *others = theorems.ALL[claim].assumes
    tried = 0
    for assumption in others:
        reading = _Reading(c)
        assert assumption(case, reading) is None
        for name in reading.read:
            assert assumption(case, replace(c, **{name: math.nan})), (_name(assumption), name)
            tried += 1
    assert tried >= 4


EDGES = [
    (assumptions.small_step, {"L": 4.0}, "gamma", 0.25),
    (assumptions.stable_step, {"L": 4.0}, "gamma", 0.5),
    (assumptions.noisy_step, {"L": 4.0, "beta": 0.5}, "gamma", 1.0),
    (assumptions.reshuffling_step, {"L_max": 2.0, "inner_steps": 8}, "gamma", 1 / 32),
    (assumptions.epoch_step, {"L_max": 2.0, "inner_steps": 8}, "gamma", 1 / 16),
    (assumptions.local_step, {"L_max": 2.0, "inner_steps": 8}, "gamma", 1 / 16),
    (assumptions.bounded_plain_step, {}, "longest_step", 2.0),
    (assumptions.isotropic, {"lambda_min": 0.5}, "lambda_max", 0.5),
    (assumptions.contracting(lambda c: c.gamma), {}, "gamma", 1.0),
]


@pytest.mark.parametrize(("met", "rest", "name", "edge"), EDGES, ids=[_name(edge[0]) for edge in EDGES])
def test_numbers_are_allowed_up_to_their_edge(met, rest, name, edge):
    """A millionth below it is allowed, a millionth above is not. Catches another multiple, and a loose tolerance."""
    below, above = (met(None, Constants(**{"gamma": 0.1} | rest | {name: edge * (1 + e)})) for e in (-1e-6, 1e-6))
    assert below is None
    assert above is not None


def test_the_plain_step_is_not_the_projected_one():
    """T1 to T10 are about the projection. Catches one of them applied to a step along B B'."""
    case = Case(RACLoRA(Gaussian(4, 2), 0.01, lora_alpha=4.0), Quadratic.left(np.eye(4), np.ones((4, 1))))
    told = ("the theorem is about the projected step, lora_alpha is 4",)
    assert theorems.T1.unmet(case, Constants.of(case)) == told
