r"""C13: merges into weights in bfloat16: below half a unit in the last place a merge changes nothing, however many
there are, and of the others as much is kept as makes a whole number of units. A unit is the distance to the next number
on the side of the merge: from a power of two downwards it is half as long.

A bfloat16 has 8 significant bits: between 2^e and 2^(e + 1) its numbers are :math:`2^{e-7}` apart. They are fractions
here, and rounding is exact: to the nearest, ties to an even last bit.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import RACLoRA
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness
from rac_theory.problems import Quadratic
from rac_theory.sketches import Haar

BITS = 8
"""Significant bits of a bfloat16; it has the exponents of single precision, whose ends are far away here."""
MERGES = 512
SMALL = Fraction(1, 512)


def unit(x: Fraction) -> Fraction:
    """Return how far bfloat16 numbers are apart at a number that is not zero, on the side away from zero."""
    e = x.numerator.bit_length() - x.denominator.bit_length()
    exponent = e if abs(x) >= Fraction(2) ** e else e - 1
    return Fraction(2) ** (exponent - BITS + 1)


def rounded_to_even(x: Fraction) -> Fraction:
    """Return the nearest bfloat16 number, with an even last bit where two are as near."""
    return round(x / unit(x)) * unit(x) if x else x  # Python rounds a half to even


def merged(w: Fraction, updates: list[Fraction]) -> Fraction:
    """Return what is stored after each update has been added, and the sum rounded."""
    for u in updates:
        w = rounded_to_even(w + u)
    return w


def carried(w: Fraction, updates: list[Fraction]) -> Fraction:
    """Return the same where what rounding took off is kept, in bfloat16, and added to the next update."""
    rest = Fraction(0)
    for u in updates:
        update = rounded_to_even(u + rest)
        stored = rounded_to_even(w + update)
        rest = rounded_to_even(update - (stored - w))
        w = stored
    return w


def mean_of_random_rounding(w: Fraction, updates: list[Fraction]) -> tuple[Fraction, Fraction]:
    """Return the mean and the variance of what is stored if a sum is rounded up with the probability of its share.

    All outcomes are followed, with their probabilities.
    """
    law = {w: Fraction(1)}
    for u in updates:
        after: dict[Fraction, Fraction] = {}
        for at, p in law.items():
            low = (at + u) // unit(at + u) * unit(at + u)
            up = (at + u - low) / unit(at + u)
            for to, chance in ((low, 1 - up), (low + unit(at + u), up)):
                if chance:
                    after[to] = after.get(to, Fraction(0)) + p * chance
        law = after
    mean = sum((p * x for x, p in law.items()), Fraction(0))
    return mean, sum((p * (x - mean) ** 2 for x, p in law.items()), Fraction(0))


def descent(gamma: Fraction, steps: int, *, stored: bool) -> list[Fraction]:
    """Return the gaps of ``w <- w - gamma (w - 2)`` on ``(w - 2)^2 / 2`` from 1, with w in bfloat16 or not."""
    w, gaps = Fraction(1), []
    for _ in range(steps + 1):
        gaps.append((w - 2) ** 2 / 2)
        w += gamma * (2 - w)
        w = rounded_to_even(w) if stored else w
    return gaps


def gather(example: Counterexample) -> Witness:
    """Merge in fractions, with and without a remedy."""
    gamma = Fraction(example.method.gamma)
    rounded, exact = descent(gamma, MERGES, stored=True), descent(gamma, 40, stored=False)
    checks = (_nothing_is_left(), _what_is_left(), _next_to_a_power(), _of_descent(gamma, rounded), *_remedies())
    curves = {"in bfloat16": rounded[:41], "exact": exact}
    return Witness(checks, Lines.over_steps(curves, {}, r"$f(W^t) - f^\star$", yscale="linear"))


def _nothing_is_left() -> Check:
    """Merges of less than half a unit, and of half a unit where the last bit is even."""
    half = unit(Fraction(1)) / 2
    ends = [merged(Fraction(1), [u] * MERGES) for u in (SMALL, half)]
    sentence = (
        f"{MERGES} merges of {SMALL} into 1 leave {ends[0]}, not {1 + MERGES * SMALL}; so do merges of {half}, a tie"
    )
    return Check.exact(sentence, ends == [1, 1], rounded_to_even(1 + half + half / 64) > 1)


def _what_is_left() -> Check:
    """Between 1 and 2, for updates in steps of a 32nd of a unit: the share of an update that the sum has kept."""
    ulp = unit(Fraction(1))
    step, shares = ulp / 32, dict[tuple[Fraction, int], Fraction]()
    for at in (Fraction(1), 1 + ulp):  # an even last bit, and an odd one
        for k in range(1, 129):
            shares[at, k] = (rounded_to_even(at + k * step) - at) / (k * step)
    lost = [share == 0 for (_, k), share in shares.items() if k < 16]
    beyond = [share for (_, k), share in shares.items() if k > 16]
    low, high = min(beyond), max(beyond)
    sentence = f"of more than half a unit it keeps at least 2/3 and less than 2, here {low} to {high}, of less nothing"
    return Check.exact(sentence, *lost, low == Fraction(2, 3), high < 2)


def _next_to_a_power() -> Check:
    """Below 1 numbers are half as far apart as above; and what is lost at any weight."""
    u = unit(Fraction(1))
    is_halved = [rounded_to_even(1 - u / 4 + s * u / 64) == end for s, end in ((-1, 1 - u / 2), (1, 1))]
    ends = [Fraction(1), 1 + u, 2 - u]
    lost = [rounded_to_even(w + s * w * Fraction(511, 512) / 2**9) == w for w in ends for s in (1, -1)]
    sentence = "from 1 downwards half a unit is half as much; below 2^-9 of a weight all is lost, either way"
    return Check.exact(sentence, *is_halved, *lost)


def _of_descent(gamma: Fraction, gaps: list[Fraction]) -> Check:
    sentence = f"descent on (w - 2)^2/2 at gamma = {gamma} stays at {gaps[-1]} for ever: gamma |G| is below half a unit"
    return Check.exact(sentence, set(gaps) == {Fraction(1, 2)})


def _remedies() -> tuple[Check, Check, Check]:
    """One merge of the sum, what was lost carried on, and rounding at random."""
    updates = [SMALL] * MERGES
    total, short = MERGES * SMALL, [Fraction(3, 1024)] * 8
    once, compensated = rounded_to_even(1 + total), carried(Fraction(1), updates)
    mean, variance = mean_of_random_rounding(Fraction(1), short)
    quarter = len(short) * unit(Fraction(1)) ** 2 / 4
    moments = f"the mean 1 + {mean - 1}, their sum, and a variance of a quarter of a squared unit each at most"
    right = (mean == 1 + sum(short), variance <= quarter)
    return (
        Check.exact(f"merged once, after their sum is known, they leave {once}", once == 1 + total),
        Check.exact(f"with what was lost carried on they leave {compensated}", compensated == 2),
        Check.exact(f"rounded at random {len(short)} merges of {short[0]} have {moments}", *right),
    )


C13 = Counterexample(
    id="C13",
    name="lost merges",
    statement="Merged into a weight in bfloat16, updates below half the distance to the next number on their side "
    "change nothing, though their sum is as large as the weight; merged once, carried on, or rounded at random they "
    "are kept.",
    source="derived: rounding to the nearest number with 8 significant bits",
    cause="merges below half a unit in the last place",
    problem=Quadratic.left(np.eye(1), np.array([[2.0]])),
    method=RACLoRA(Haar(1, 1), 1 / 512),
    start=np.array([[1.0]]),
    gather=gather,
    condition="weights are stored in bfloat16 and each link is merged by itself; what is below 2^-9 of a weight is "
    "lost there, and below 2^-25 of it in float32",
)
