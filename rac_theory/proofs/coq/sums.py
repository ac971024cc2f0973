"""Sums of products of what is not negative: the terms, and why no sum is negative."""

from collections.abc import Sequence

from rac_theory.algebra import Relation
from rac_theory.proofs.coq.lemma import Lemma


def product(lemmas: Sequence[Lemma], times: str, premises: Sequence[Relation]) -> tuple[str, str, bool]:
    """Return the text of a product, a term that proves its sign, and whether that is strict."""
    strict = all(lemma.strict for lemma in lemmas)
    texts = [lemma.difference for lemma in lemmas]
    proofs = [lemma.positive(premises) if strict else lemma.at_least_zero(premises) for lemma in lemmas]
    if times != "1" or not lemmas:
        number = f"({times})" if "/" in times else times
        texts.insert(0, number)
        sign = f"({'0 < ' if strict else '0 <= '}{number})"
        proofs.insert(0, f"(ltac:(lra) : {sign[1:-1]})")
    text, proof = texts[-1], proofs[-1]
    rule = "Rmult_lt_0_compat" if strict else "Rmult_le_pos"
    for factor, why in zip(reversed(texts[:-1]), reversed(proofs[:-1]), strict=True):
        text, proof = f"({factor} * {text})", f"({rule} _ _ {why} {proof})"
    return text, proof, strict


def plus(left: tuple[str, bool], right: tuple[str, bool]) -> tuple[str, bool]:
    """Return a term that proves the sign of a sum by those of two terms, and whether it is strict."""
    (a, a_strict), (b, b_strict) = left, right
    if a_strict:
        return f"(plus_pos _ _ {a} {f'(Rlt_le _ _ {b})' if b_strict else b})", True
    if b_strict:
        return f"(plus_pos_last _ _ {a} {b})", True
    return f"(Rplus_le_le_0_compat _ _ {a} {b})", False


def asserted(added: str, proof: str, strict: bool, is_strict: bool) -> str:
    """Return a script that keeps the sign of a sum under the name total."""
    if is_strict and not strict:
        proof = f"(Rlt_le _ _ {proof})"
    return f"assert (total : 0 {'<' if strict else '<='} {added})\n    by exact {proof}. "
