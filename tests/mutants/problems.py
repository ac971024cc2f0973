"""The mutants among problems: a value, a gradient or a constant that is wrong, and what must find it."""

import numpy as np

from rac_theory import Minibatch, RACLoRA, sketches, theorems
from rac_theory.problems import LeastSquares, PLSine, Quadratic

from . import wrong_problem_calls as calls
from . import wrong_problems as wrong
from .mutant import Mutant, Trial

DOOR, CHECK, VERIFY = ("door",), ("check_problem",), ("verify",)
RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(12, 4)) * [1.0, 2.0, 0.5, 1.0], RNG.normal(size=(12, 3))


def mutant(cls, why, caught_by, theorem=theorems.T2, step=1.0, right=wrong.Tampered, data=(X, Y, 0.1), **more):
    """A class of problems beside the right one, on the same data; steps are measured by the L of the right one."""
    L = right(*data).L

    def trial(kind):
        source = {"gradients": more["source"]} if "source" in more else {}
        sketch = sketches.Haar(kind(*data).shape[0], 1)
        return Trial(RACLoRA(sketch, step / L, **source), kind(*data), theorem, more.get("steps", 40))

    name = cls.__doc__.splitlines()[0].rstrip(".")
    return Mutant("problem", name, why, lambda: trial(cls), lambda: trial(right), caught_by)


BATCH = {"theorem": theorems.T5, "step": 0.3, "source": Minibatch(2)}
ROUND = {"right": Quadratic, "data": (np.ones((4, 3)), 2 * np.eye(4))}
FLAT = {"right": LeastSquares, "data": (X[:, [0, 1, 1, 0]], Y, 0.0)}
CALLS = {"right": calls.Plain, "data": ()}

BANK = [
    mutant(wrong.GradientDoubled, "steps are twice as long as gamma says", DOOR + CHECK),
    mutant(wrong.GradientOffByAPercent, "the gradient of another function", DOOR + CHECK),
    mutant(wrong.GradientWithoutPenalty, "descends to another minimum", DOOR + CHECK),
    mutant(wrong.ValueWithoutPenalty, "descends to another minimum", DOOR + CHECK),
    mutant(wrong.GradientOfTheFirstRun, "runs are mixed", CHECK),
    mutant(wrong.Stale, "runs use another gradient than checks", DOOR + CHECK),
    mutant(wrong.HalfL, "a step of 1/L may be too long", CHECK),
    mutant(wrong.LargeMu, "promises a faster rate", CHECK),
    mutant(wrong.MuIsL, "promises the rate of the identity", CHECK + VERIFY),
    mutant(wrong.PLForStrongConvexity, "T4 takes the distance to one minimiser of many", CHECK, **FLAT),
    mutant(wrong.ConvexSine, "T3 needs monotone gradients", CHECK, right=PLSine, data=((4, 3),)),
    mutant(wrong.HighInfimum, "runs end below it", DOOR + CHECK, steps=200),
    mutant(wrong.LowInfimum, "with mu > 0 gradients are too small for such gaps", CHECK, steps=200),
    mutant(wrong.HighLowerBound, "runs end below it", DOOR + CHECK, theorem=theorems.T1, steps=200),
    mutant(wrong.WrongMinimiser, "distances are measured from another point", CHECK, theorem=theorems.T4, **ROUND),
    mutant(wrong.BiasedComponents, "the mean of a minibatch is not grad f", CHECK, **BATCH),
    mutant(wrong.SummedComponents, "the mean of a minibatch is b grad f", CHECK, **BATCH),
    mutant(wrong.ComponentsWithoutPenalty, "the mean of a minibatch is not grad f", CHECK, **BATCH),
    mutant(wrong.MeanLForLargest, "A of T5 and T6 is too small", CHECK, **BATCH),
    mutant(calls.remembering("gradient", calls.close), "steps become too short to be seen", CHECK, **CALLS),
    mutant(calls.remembering("value_and_gradient", calls.first_entry), "another W is asked for", CHECK, **CALLS),
    mutant(calls.keyed("value", calls.six_decimals), "gaps are those of another W", CHECK, **CALLS),
    mutant(calls.FirstOfALargeBatch, "the first run takes longer steps", CHECK, **CALLS),
    mutant(calls.FusedAlone, "a single run takes longer steps than many", CHECK, **CALLS),
    mutant(calls.SingleInside, "gaps below 1e-7 are rounding", CHECK, **CALLS),
    mutant(calls.HeavyFirstIndex, "the mean of a minibatch is right, its noise is not", CHECK, **CALLS),
    mutant(calls.SubsetWithoutPenalty, "clients have other functions", CHECK, **CALLS),
    mutant(wrong.HighComponentInfima, "C of T5 and T6 is too small", CHECK, **BATCH),
]
