"""Square roots: that there is one, and what its square is, also where it is another at each t."""

from rac_theory.algebra import Ratio
from rac_theory.proofs.coq.terms import Terms
from rac_theory.proofs.fact import read
from rac_theory.statements.symbols import t


def changes(of: Ratio) -> bool:
    """Whether what is below a root is another at each t."""
    return t in {*of.numerator.symbols(), *of.denominator.symbols()}


def square_of_root(i: int, root: str, terms: Terms) -> str:
    """Return a hypothesis and a lemma: what is below a root is not negative, and the square of the root is that."""
    of = terms.roots[root]
    if changes(of):
        return _at_each_t(i, root, terms)
    return (
        f"Hypothesis radicand_{i} : 0 <= {root}.\nLemma root_{i} : sqrt {root} * sqrt {root} = {terms.squared(of)}.\n"
        f"Proof. rewrite (sqrt_sqrt _ radicand_{i}). field. Qed."
    )


def _at_each_t(i: int, root: str, terms: Terms) -> str:
    """The same at each t, times what divides: t times the square is what does not have both."""
    of = terms.roots[root]
    above, below = Ratio(of.numerator), Ratio(of.denominator)
    rest = below - read(t)
    if changes(rest) or changes(above):
        raise ValueError(f"only a root over t and what does not change can be written, got that of {of!r}")
    over, numerator, others = (terms.normal(side.expression) for side in (below, above, rest))
    square = f"sqrt {root} * sqrt {root}"
    return (
        f"Hypothesis radicand_{i} : forall t : nat, 0 <= {root}.\n"
        f"Hypothesis divisor_{i} : forall t : nat, 0 < {over}.\n"
        f"Lemma root_{i} : forall t : nat, {square} * INR t = {numerator} - {square} * {others}.\nProof.\n"
        f"  intro t. rewrite (sqrt_sqrt _ (radicand_{i} t)). pose proof (divisor_{i} t). field; nonzero.\nQed."
    )
