"""How far several steps under one sketch drift: what epochs and rounds share.

An epoch of N reshuffled steps, or a round of K local ones, is one step of the total length along a gradient that is off
by at most ``s^2 ||HG||^2`` and v times the spread of the gradients. The theorems differ in v: ``s r`` for an epoch,
``s^2`` for a round. Both are 0 for a single step, where the theorems are T1 and T2.
"""

from fractions import Fraction

from rac_theory.algebra import Expression, Let, Symbol, lifted, total
from rac_theory.proofs import k
from rac_theory.statements.symbols import A, C, D, K, N, beta, eta, gamma
from rac_theory.statements.symbols import L as L_of_f
from rac_theory.statements.symbols import L_max as L

s = Let("s", 1 / N * total(k, N, (1 + eta * L) ** k - 1), "how far the steps of an epoch drift", "s_N")
r = Let(
    "r",
    eta * L / (N * (N - 1)) * total(k, N, k * (1 + eta * L) ** (k - 1)),
    "how much the order of an epoch matters",
    "r_N",
)
s_K = Let("s", 1 / K * total(k, K, (1 + eta * L) ** k - 1), "how far clients drift in a round", "s_K")

# In a reduction the drifts may be any numbers.
any_s, any_r, any_a = (Symbol(name, unit="drift") for name in ("s", "r", "a"))
AS_NOISE = "a drift takes from the gain and adds to the floor as noise does"


def as_noise(
    length: Expression, v: object, u: object, spread: Expression | None = None
) -> dict[Expression, Expression | int | Fraction]:
    """Return the noise that a drift amounts to in one step of this length.

    It is v times the spread of the gradients, which is at most 2 L times the gap and D, or a ``spread``, and it takes u
    of the gain.
    """
    v, u = Let("v", lifted(v)), Let("u", lifted(u))
    return {
        gamma: length,
        L_of_f: L,
        A: v / length if spread is None else 0,
        beta: (1 + u) / (length * L),
        C: v * (D if spread is None else spread) / (length * L),
    }
