"""Means over a draw, for Coq: that of what is linear in drawn letters is made of the means of these letters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rac_theory.algebra import Ratio, term
from rac_theory.proofs.coq.lemma import Lemma, begun, ordered
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.coq.names import IS_MEAN, MEANS
from rac_theory.proofs.coq.terms import Terms
from rac_theory.proofs.drawn import Drawn, drawn_in
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.rules import MEANS as RULES


@dataclass(frozen=True)
class Linear:
    """A value as a sum of multiples of letters, and of a rest.

    Attributes
    ----------
    parts : tuple of (str, Drawn)
        Each letter after what it is multiplied by.
    rest : str
    """

    parts: tuple[tuple[str, Drawn], ...]
    rest: str

    def text(self, inside: Callable[[Drawn], str]) -> str:
        """Return it as a term, with terms for the letters."""
        text = self.rest
        for times, letter in reversed(self.parts):
            text = f"({times} * {inside(letter)} + {text})"
        return text

    def proof(self, of_rest: str, of_part: Callable[[str, Drawn, str], str]) -> str:
        """Return a proof of what is true of constants and, with a function, of a multiple of another added to it."""
        proof = of_rest
        for times, letter in reversed(self.parts):
            proof = of_part(times, letter, f"({proof})")
        return proof


def linear(value: Ratio, letters: Sequence[Drawn], terms: Terms) -> Linear:
    """Return a value as multiples of some letters, in which it is linear."""
    rest, parts = value.numerator, list[tuple[str, Drawn]]()
    for letter in letters:
        factor = value.numerator.derivative(letter)
        rest = rest + -(factor * term(letter))
        parts.append((terms.normal(Ratio(factor, value.denominator).expression), letter))
    return Linear(tuple(parts), terms.normal(Ratio(rest, value.denominator).expression))


def mean_of(
    value: Linear, draw: str, inside: Callable[[Drawn], str], integrable: Callable[[Drawn], str]
) -> tuple[str, str, str]:
    """Return a value as a term, its mean over a draw, and a proof that it is that.

    Parameters
    ----------
    value : Linear
    draw : str
    inside : callable
        The term that a letter is.
    integrable : callable
        A proof that this is integrable over the draw.
    """
    law = f"_ _ _ {IS_MEAN[draw]}"

    def of_part(times: str, letter: Drawn, rest: str) -> str:
        return f"averages_cons {law} {times} (fun {draw} => {inside(letter)}) _ _ {integrable(letter)} {rest}"

    mean = value.text(lambda letter: f"{MEANS[draw]} (fun {draw} => {inside(letter)})")
    return value.text(inside), mean, value.proof(f"averages_const {law} {value.rest}", of_part)


def mean_over(value: Ratio, draw: str, lemmas: Lemmas) -> tuple[str, str, str]:
    """Return the same for a value whose letters are all that depend on the draw."""
    letters = sorted((letter for letter in drawn_in(value) if draw in letter.over), key=repr)
    parts = linear(value, letters, lemmas.terms)
    return mean_of(parts, draw, lemmas.terms.normal, lambda letter: lemmas.integrable(letter, draw))


def averaged(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a mean."""
    draw = next(draw for draw, rule in RULES.items() if rule is fact.rule)
    (inner,) = next(iter(fact.of))
    drawn, premises = lemmas.known(inner), lemmas.conditions(fact)
    if fact.strict:
        raise ValueError(f"the mean of what is positive is not known to be, in {fact!r}")
    assert fact.said is not None
    over = ordered({*drawn.over} - {draw})
    integrand, mean, why = mean_over(inner.value, draw, lemmas)
    left, right = map(lemmas.terms.normal, fact.said.terms)
    script = (
        f"{begun(over, premises)}"
        f"  assert (total : 0 <= {mean}).\n"
        f"  {{ apply (mean_nonneg _ _ _ {IS_MEAN[draw]} (fun {draw} => {integrand}) _ ({why})); intro {draw}. "
        f"apply (moved _ _ _ {drawn.used(premises)}).{lemmas.algebra(premises, drawn.over, integrand, drawn.said)} }}\n"
        f"  apply (le_from _ _ _ total).{lemmas.algebra(premises, over, left, right, mean)}"
    )
    return lemmas.numbered(fact, left, right, over, script)
