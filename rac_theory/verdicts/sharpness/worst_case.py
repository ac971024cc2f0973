"""The worst case of a theorem over its whole class of functions, between two ends that are proved (extra ``pep``).

Of a function only its points, values and gradients along the runs matter, and of those only inner products: the worst
case is the value of a semidefinite program (Drori & Teboulle, *Performance of first-order methods for smooth convex
minimization*, Math. Program. 145, 2014; Taylor, Hendrickx & Glineur, arXiv:1502.05666). Dimensions are not limited:
it is over all of them.

- The *upper end* is proved by a ``Certificate``. A solver proposed its multipliers, they were rounded, and it is
  checked in exact arithmetic whatever the solver did.
- The *lower end* is attained by a function that is named, and evaluated exactly.

For T1, T3 and T4 the conditions are all that functions of the class have in common, so that only the margin for
rounding and the search for the example keep the ends apart. For T2 no such conditions are known: those here are
necessary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from rac_theory.base import checks, type_name
from rac_theory.numerics import Randomness, generator, seed_sequence
from rac_theory.verdicts.sharpness.certificate import Certificate, certified
from rac_theory.verdicts.sharpness.example import Example, hardest_example
from rac_theory.verdicts.sharpness.program import program
from rac_theory.verdicts.sharpness.setting import THEOREMS, Setting, TheoremId

LARGEST_TREE = 43
"""The most points in the tree of runs: six blocks and two steps; three and three have 40."""


@dataclass(frozen=True)
class WorstCase:
    """The largest that the metric of a theorem can be, where its start is 1: see ``certificate.statement``.

    Attributes
    ----------
    certificate : Certificate
    example : Example
    upper : Fraction
        No function does worse, as the certificate proves.
    lower : Fraction
        The example does as badly.

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> found = worst_case("T4", L=1, mu=0.5, gamma=1, blocks=1, steps=1, rng=0)
    >>> print(found.lower, f"{float(found.upper):.3f}", found.certificate.check())
    1/4 0.250 True
    """

    certificate: Certificate
    example: Example

    def __repr__(self) -> str:
        theorem = self.certificate.setting.theorem
        return f"<{type_name(self)} of {theorem}: between {float(self.lower):.6g} and {float(self.upper):.6g}>"

    @property
    def upper(self) -> Fraction:
        """No function does worse."""
        return self.certificate.bound

    @cached_property
    def lower(self) -> Fraction:
        """The example does as badly."""
        return self.example.value(self.certificate.setting)

    @property
    def width(self) -> float:
        """How far the ends are apart, relative to the upper one."""
        return float((self.upper - self.lower) / self.upper)


def worst_case(
    theorem: TheoremId,
    *,
    L: float | Fraction,
    mu: float | Fraction = 0,
    gamma: float | Fraction,
    blocks: int,
    steps: int,
    rng: Randomness = None,
) -> WorstCase:
    """Return the worst case of RAC-LoRA with a uniform block of ``blocks`` and exact gradients.

    The sketch draws one of k blocks of coordinates, so that all runs are a tree with k branches at every step, and an
    expectation is a mean over its nodes.

    Parameters
    ----------
    theorem : "T1", "T2", "T3", "T3_isotropic" or "T4"
    L, mu : float or Fraction
        The constants of the class; mu, of PL for T2 and of strong convexity for T4, is not read for others. Numbers
        are taken as they are: 0.1 is the number in floating point, and Fraction(1, 10) makes a shorter certificate.
    gamma : float or Fraction
        The size of a gradient step.
    blocks : int
        k, so that ``E[H] = I / k``; 1 is gradient descent.
    steps : int
        T, at least 1. The tree has ``1 + k + ... + k^T`` points.
    rng : seed, SeedSequence or Generator
        The seed of the search for the example.

    Returns
    -------
    WorstCase

    Raises
    ------
    ValueError
        For a tree that is too large, or mu that is not below L.
    MissingExtra
        Without the extra ``pep``.
    RuntimeError
        If the solver proposes nothing that can be proved.

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> found = worst_case("T4", L=1, mu=0.5, gamma=1, blocks=2, steps=1, rng=0)
    >>> print(found)  # T4 promises 1 - 1/2 + (1 - gamma mu)^2 / 2: no less is true
    <WorstCase of T4: between 0.625 and 0.625>
    """
    blocks, steps = checks.integer("blocks", blocks, 1), checks.integer("steps", steps, 1)
    if (points := sum(blocks**t for t in range(steps + 1))) > LARGEST_TREE:
        raise ValueError(f"blocks and steps must make a tree of at most {LARGEST_TREE} points, got {points}")
    return _solved(theorem, {"L": L, "mu": mu, "gamma": gamma}, blocks, steps, Fraction(1, blocks), rng)


def worst_step(
    theorem: TheoremId,
    *,
    L: float | Fraction,
    mu: float | Fraction = 0,
    gamma: float | Fraction,
    share: float | Fraction,
    rng: Randomness = None,
) -> WorstCase:
    """Return the worst case of one step under *any* sketch with ``E[H] = share I``, and of any function.

    For T1 and T2 the upper end holds wherever ``E[H]`` is at least that, ``share`` being ``lambda_min``. Its
    conditions are of a mean over all draws, so there may be infinitely many. The lower end is attained by some
    sketch: one that draws everything or nothing, or r of d coordinates.

    Parameters
    ----------
    theorem, L, mu, gamma, rng
        As for ``worst_case``.
    share : float or Fraction
        Above 0, at most 1; r/d for a uniform range.

    Returns
    -------
    WorstCase

    Raises
    ------
    ValueError, MissingExtra, RuntimeError
        Where ``worst_case`` raises them.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory import worst_step
    >>> found = worst_step("T2", L=1, mu=Fraction(1, 10), gamma=1, share=Fraction(1, 16), rng=0)
    >>> print(found)  # T2 promises 0.99375
    <WorstCase of T2: between 0.993398 and 0.993709>
    """
    share = _exact("share", share)
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    return _solved(theorem, {"L": L, "mu": mu, "gamma": gamma}, 0, 1, share, rng)


def _exact(name: str, x: float | Fraction) -> Fraction:
    """Return the number as it is; ValueError if it is not above 0, or of no size that the solver's floats can hold."""
    number = checks.positive(name, x)  # type: ignore[arg-type]
    return x if isinstance(x, Fraction) else Fraction(number)


def _solved(
    theorem: TheoremId, numbers: Mapping[str, Any], blocks: int, steps: int, share: Fraction, rng: Randomness
) -> WorstCase:
    """Prove the upper end and look for the lower one; mu is read, and checked, where the theorem has it."""
    checks.one_of("theorem", theorem, THEOREMS)
    L, gamma = (_exact(name, numbers[name]) for name in ("L", "gamma"))
    mu = _exact("mu", numbers["mu"]) if theorem in ("T2", "T4") else Fraction(0)
    if mu >= L:
        raise ValueError(f"mu must be below L = {numbers['L']}, got {numbers['mu']}")
    setting = Setting(theorem, L, mu, gamma, blocks, steps, share)
    return WorstCase(certified(program(setting)), hardest_example(setting, generator(seed_sequence(rng))))
