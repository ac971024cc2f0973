"""T2 times what a rule finds positive, which its file for Coq has to say as strictly, to divide by it."""

from rac_theory import prove
from rac_theory.algebra import Symbol
from rac_theory.proofs import Proof, assumed, cases, instance, one, plus, proved
from rac_theory.statements.symbols import L

x, b = Symbol("x"), Symbol("b")


def times_what_is_positive() -> dict[str, Proof]:
    """Return proofs: times what is positive in both cases, and times what is positive for one number."""
    (below,), (above,), (is_positive,) = map(assumed, (x < 1, x >= 1, b > 0))
    value = 1 + (1 - x) * (1 - x)
    found = {
        "cases": cases(proved("", value > 0, one + below * below), proved("", value > 0, one + above * above), x < 1),
        "instance": instance(proved("", 1 + b > 0, one + is_positive), b, L, {b > 0: plus[L]}),
    }
    T2 = prove("T2")
    return {name: Proof(T2.theorem, T2.fact * fact, fact) for name, fact in found.items()}
