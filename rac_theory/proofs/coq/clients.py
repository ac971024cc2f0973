"""The steps of a client in a round: the rule, and that the mean of its sums is what a theorem calls s."""

from rac_theory.proofs.coq.iterations import added, goal, parents, rest
from rac_theory.proofs.coq.lemma import Lemma, begun
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.quantities import moved, moved_next, own


def drifted(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of how far a client is from where it starts, on average over its steps."""
    step, growth = parents(fact)
    assert fact.said is not None
    g = growth.value.expression
    push = (read(rest(step, g * moved - moved_next)) / read(own)).expression
    base, c = lemmas.terms.form(growth.value), lemmas.terms.normal(push)
    away, lemma = lemmas.terms.letter(moved), lemmas.known(step)
    lemmas.known(growth)
    left, right = map(lemmas.terms.normal, fact.said.terms)
    mean = lemmas.terms.normal((read(fact.said.terms[1]) / read(own)).expression)
    y, K = lemmas.terms.normal(own), next(n for s, n in lemmas.terms.letters.items() if s.name == "K")
    zero = lemmas.add(
        Lemma("start_of_client", f"({away} W H m 0%nat)", "0", False, ("W", "H", "m"), about="A client starts at W")
    )
    least = lemmas.add(Lemma("a_distance", "0", f"({away} W H m k)", False, ("W", "H", "m", "k"), about="A length"))
    names = ", ".join(lemmas.terms.lets.values())
    own_base = next((o for o, normal in lemmas.terms.bases if normal == base), base)
    closed = f"{c} / ({base} - 1) * ({own_base} ^ k - 1)"
    script = (
        f"{begun(lemma.over[:3], ())}"
        f"  assert (drift : 1 / INR {K} * sum (fun k => {c} * sum (fun i => {base} ^ i) k) {K} = {mean}).\n"
        f"  {{{lemmas.posed((), ())} unfold {names}. transitivity (1 / INR {K} * sum (fun k => {closed}) {K}).\n"
        f"    - f_equal. apply sum_ext; intro k. replace {own_base} with {base} by field.\n"
        f"      rewrite <- sum_powers_closed. field. nonzero.\n"
        f"    - rewrite sum_times. unfold Rminus. field. nonzero. }}\n"
        f"  apply Rle_trans with ({mean} * {y}); [rewrite <- drift | right; field; nonzero].\n"
        f"  apply (drifted (fun k => {away} W H m k)).\n{goal(lemmas, growth)}"
        f"  - apply Rle_antisym; [apply {zero.name} | apply {least.name}].\n{goal(lemmas, step, 'intro k. ')}"
    )
    return added(lemmas, left, right, script, over=lemma.over[:3])
