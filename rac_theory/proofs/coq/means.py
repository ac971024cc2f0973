"""Means: of what is linear in letters that are drawn, the mean over a draw is that of each letter."""

from collections.abc import Sequence

from rac_theory.algebra import Ratio
from rac_theory.algebra.polynomials import term
from rac_theory.proofs.coq.lemma import Lemma, begun, ordered
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.coq.names import MEANS
from rac_theory.proofs.coq.terms import Terms
from rac_theory.proofs.drawn import Drawn, drawn_in
from rac_theory.proofs.fact import Fact


def averaged(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a mean."""
    draw = fact.rule[-1]
    (inner,) = next(iter(fact.of))
    one, premises = lemmas.known(inner), lemmas.conditions(fact)
    if fact.strict:
        raise ValueError(f"the mean of what is positive is not known to be, in {fact!r}")
    assert fact.said is not None
    over = ordered({*one.over} - {draw})
    whole, mean = linear(inner.value, draw, lemmas.terms)
    left, right = map(lemmas.terms.normal, fact.said.terms)
    binder = f"fun {draw} => "
    lemma = f"mean_is_{'E' if draw == 'H' else 'm'}"
    script = (
        f"{begun(over, premises)}"
        f"  assert (total : 0 <= {MEANS[draw]} ({binder}{whole})).\n"
        f"  {{ apply (mean_nonneg _ _ {lemma}); intro {draw}. "
        f"apply (moved _ _ _ {one.used(premises)}).{lemmas.algebra(premises, one.over, whole, one.said)} }}\n"
        f"  rewrite ({mean[1]} : {MEANS[draw]} ({binder}{whole}) = {mean[0]}) in total.\n"
        f"  apply (le_from _ _ _ total).{lemmas.algebra(premises, over, left, right, mean[0])}"
    )
    return lemmas.numbered(fact, left, right, over, script)


def linear(value: Ratio, draw: str, terms: Terms) -> tuple[str, tuple[str, str]]:
    """Return a value as a sum of letters times what is not drawn; its mean, and a term that proves that."""
    letters = sorted((one for one in drawn_in(value) if draw in one.over), key=repr)
    return combined(value, letters, draw, terms)


def combined(value: Ratio, letters: Sequence[Drawn], draw: str, terms: Terms) -> tuple[str, tuple[str, str]]:
    """Return the same where only some letters are said to be drawn."""
    rest, parts = value.numerator, list[tuple[str, Drawn]]()
    for one in letters:
        factor = value.numerator.derivative(one)
        rest = rest + -(factor * term(one))
        parts.append((terms.normal(Ratio(factor, value.denominator).expression), one))
    text = end = terms.normal(Ratio(rest, value.denominator).expression)
    lemma = f"mean_is_{'E' if draw == 'H' else 'm'}"
    why = f"mean_const _ _ {lemma} {end}"
    for times, one in reversed(parts):
        inside = terms.normal(one)
        text = f"({times} * {inside} + {text})"
        end = f"({times} * {MEANS[draw]} (fun {draw} => {inside}) + {end})"
        why = f"mean_cons _ _ {lemma} {times} (fun {draw} => {inside}) _ _ ({why})"
    return text, (end, why)
