"""``Implementation``: what runs is what was given, and what is said of it is what it implements."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Implementation, Minibatch, RACLoRA, simulate, sketches
from rac_theory.algorithms import Checked, GaLore, LoRA
from rac_theory.problems import LeastSquares
from tests.refused import refused

RNG = np.random.default_rng(5)
LEAST = LeastSquares(RNG.normal(size=(12, 4)), RNG.normal(size=(12, 3)), l2=0.1)
GAMMA = 0.5 / LEAST.L
RAC = RACLoRA(sketches.Gaussian(4, 2), GAMMA)


def descend(W, rng):
    return W - GAMMA * LEAST.gradient(W)


class Counting:
    """Keeps a number, and writes to the matrix that it is given."""

    def __init__(self):
        self.count = np.zeros(1)

    def step(self, W, rng):
        self.count += 1
        W += self.count + rng.standard_normal(W.shape)
        return W


def test_what_runs_is_what_was_given():
    """A step, from each start. What has both is run by its iterates, which are given the problem, that a check may
    change. Would catch runs that are mixed up, and the step of what it implements in place of its own."""

    class Both:
        step = None

        def iterates(self, problem, W, rng):
            while True:
                yield (W := W - GAMMA * problem.gradient(W))

    assert Implementation(Both(), implements=RAC).takes_problem
    plain = simulate(Case(GD(GAMMA), LEAST, steps=6)).values
    for mine, rtol in ((descend, 1e-12), (Both(), 0)):
        own = simulate(Case(Implementation(mine, implements=GD(2 * GAMMA)), LEAST, steps=6)).values
        np.testing.assert_allclose(own, plain, rtol=rtol)


def test_each_run_has_a_generator_and_a_state_of_its_own():
    """Each run counts 1, 2, 3, the object that was given counts nothing, and what was yielded stays as it was."""
    mine = Counting()
    iterates = Implementation(mine, implements=RAC).iterates(LEAST, np.zeros((3, 4, 3)), np.random.default_rng(0))
    seen = [next(iterates) for _ in range(3)]
    seeds = np.random.default_rng(0).integers(2**63, size=3)
    for run, rng in enumerate(map(np.random.default_rng, seeds)):
        W = np.zeros((4, 3))
        for t in range(3):
            W = W + (t + 1) + rng.standard_normal((4, 3))
            assert np.allclose(seen[t][run], W, rtol=1e-12)
    assert mine.count[0] == 0


def test_it_has_the_members_of_what_it_implements():
    source = RACLoRA(None, 0.3, gradients=Minibatch(2))
    mine = Implementation(descend, implements=source)
    assert (mine.gamma, mine.deterministic, mine.gradients) == (0.3, False, Minibatch(2))
    assert Implementation(descend, implements=GD(0.3)).deterministic
    assert Implementation(descend, implements=GaLore(1, 0.3)).deterministic
    assert repr(mine) == f"Implementation(descend, implements={source!r})"
    assert repr(Implementation(Counting(), implements=RAC)) == f"Implementation(Counting, implements={RAC!r})"


def own(stepper, implements=RAC):
    return Implementation(stepper, implements=implements)


def test_what_does_not_fit_is_refused():
    refused(
        (lambda: own(3.0), r"stepper must be a function step\(W, rng\), or have .* got 3.0"),
        (lambda: own(descend, descend), "implements must be a ProjectedDescent, such as RACLoRA"),
        (lambda: own(descend, LoRA), "implements must be a ProjectedDescent.* the class LoRA"),
        (lambda: own(descend, GaLore(1, 0.1, Minibatch(2))), "a GaLore whose gradients are exact"),
        (lambda: Case(own(descend, RACLoRA(sketches.Haar(3, 1), 1.0)), LEAST), "did you mean side"),
        (
            lambda: simulate(Case(own(lambda W, rng: W[0]), LEAST, steps=1)),
            r"<lambda> must return the next W, of shape \(4, 3\), got shape \(3,\)",
        ),
    )


def test_what_was_checked_stays_on_its_problem():
    """An equal problem is the same one, as after a journey to a worker; another one is not."""
    checked = Implementation(descend, implements=RAC)
    vars(checked).update(checked=Checked(LEAST, 4e-6, 2048, each_step=True))
    assert Case(checked, LeastSquares(LEAST.X, LEAST.Y, l2=0.1)).as_checked.algorithm is RAC
    with pytest.raises(ValueError, match=r"problem must be LeastSquares.*, on which descend was checked, got Least"):
        Case(checked, LeastSquares(LEAST.X, LEAST.Y, l2=0.2))
    assert repr(checked).endswith("as checked by each step computed again and 2048 pairs of steps at level 4e-06)")
    ways = [str(Checked(LEAST, 4e-6, pairs, each_step=pairs == 0)) for pairs in (0, 1)]
    assert ways == [f"as checked by {way} at level 4e-06" for way in ("each step computed again", "1 pairs of steps")]
    longer = replace(checked, implements=replace(RAC, gamma=2 * RAC.gamma))  # as in a sweep of step sizes
    case = Case(longer, LEAST)  # which was not checked: theorems about twice the step would be VIOLATED
    assert case.as_checked is case
    assert case.checked is None
