"""C6: for every constant step some start makes LoRA diverge."""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import GD, Initialisation, LoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Quadratic
from rac_theory.runs import simulate
from rac_theory.sketches import Frozen

STEPS = 60
OUTSIDE = {gamma: Fraction(9, 4) / gamma for gamma in (Fraction(1), Fraction(1, 10), Fraction(1, 1000))}
"""Squares s^2 of starts beyond the edge, by gamma."""
_ONE = Frozen(np.ones((1, 1)))


def balanced(gamma: float, s: float) -> LoRA:
    """Return LoRA of one number from a = b = s, so from W0 = s^2."""
    return LoRA(Initialisation(B=_ONE, A=_ONE, scale=s), gamma)


def squared_step(u: Fraction) -> Fraction:
    """Return the next ``u = gamma s^2``: s goes to ``s (1 - gamma s^2)``."""
    return u * (1 - u) ** 2


def grows_for_ever(u: Fraction, steps: int = 5) -> bool:
    """Check, exactly, ``u_{t+1} >= u_t (u_0 - 1)^2`` for a few steps; the proof is one line for all of them.

    If u >= u_0 > 2, the next one is ``u (u - 1)^2 >= u (u_0 - 1)^2 > u``.
    """
    factor = (u - 1) ** 2
    for _ in range(steps):
        after = squared_step(u)
        if not after >= u * factor > u:
            return False
        u = after
    return True


def curve(gamma: float, s: float) -> Array:
    """Return f along a run from a = b = s, (STEPS + 1,)."""
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    return np.asarray(simulate(Case(balanced(gamma, s), problem, np.array([[s**2]]), steps=STEPS)).values[0])


def gather(example: Counterexample) -> Witness:
    """Take starts on both sides of the edge, for several steps."""
    checks = (
        _outside(),
        Check.exact("at gamma s^2 = 2, s goes to -s and back", squared_step(Fraction(2)) == 2),
        _inside(),
        _in_floating_point(),
        _of_full_descent(example),
    )
    curves = {f"$\\gamma s^2 = {u:g}$": np.minimum(curve(u / 4, 2.0), 1e12) for u in (0.5, 1.5, 1.9, 2.0, 2.1)}
    return Witness(checks, Lines.over_steps(curves, {}, r"$f = (ab)^2 / 2$"))


def _outside() -> Check:
    sentence = "for gamma = 1, 1/10, 1/1000 and gamma s^2 = 9/4 the square s^2 grows by 25/16 a step, or more"
    return Check.exact(sentence, all(grows_for_ever(gamma * square) for gamma, square in OUTSIDE.items()))


def _inside() -> Check:
    shrinks = all(0 <= squared_step(u) < u for u in (Fraction(k, 8) for k in range(1, 16)))
    return Check.exact("at gamma s^2 = 1/8, 2/8, ..., 15/8 it shrinks", shrinks)


def _in_floating_point() -> Check:
    """The method itself from the starts for which growth was shown in rational arithmetic."""
    ends = [curve(float(gamma), float(square) ** 0.5)[-1] for gamma, square in OUTSIDE.items()]
    return Check.simulated("in floating point these runs end at infinity", not np.isfinite(ends).any())


def _of_full_descent(example: Counterexample) -> Check:
    end = simulate(Case(GD(1.0), example.problem, example.start, steps=STEPS)).values[0, -1]
    return Check.simulated(f"gradient descent on W with gamma = 1/L = 1 ends at {end:g}", end == 0)


C6 = Counterexample(
    id="C6",
    name="every constant step is too long",
    statement="On f(w) = w^2/2 with w = ab, LoRA from a = b = s diverges if gamma s^2 > 2, is periodic if it is 2, and "
    "converges if it is less: no constant step serves every start.",
    source="derived",
    mark="derived",
    cause="step-size instability",
    problem=Quadratic.left(np.eye(1), np.zeros((1, 1))),
    method=balanced(1.0, 1.5),
    start=np.array([[2.25]]),
    gather=gather,
)
