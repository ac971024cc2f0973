"""The rules of induction whose steps change with t, as theorems of the library, and what each asks."""

from rac_theory.algebra import Product, Sum, Total
from rac_theory.proofs.coq.iterations import AT_EACH, added, course, followed, goal, less, of_state, parents, started
from rac_theory.proofs.coq.lemma import Lemma
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.induction import COURSES, S
from rac_theory.proofs.quantities import gap
from rac_theory.statements.symbols import T, gap0, t


def gathered(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of steps that are added, with what noise lets grow."""
    step, q, theta, e, h, g, bounded, squares, end = parents(fact)
    for premise in (step, q, theta, e, h, g, bounded, squares, end):
        lemmas.known(premise)
    growth, slope, noise = (lemmas.terms.normal(premise.value.expression) for premise in (q, theta, e))
    share, size = (lemmas.terms.normal(premise.value.expression) for premise in (h, g))
    square, steps, start = of_state(S, lemmas), lemmas.terms.letter(T), _start(fact, lemmas)
    begin = started(*course(fact)[:2], lemmas)
    shares = f"sum (fun t => {share}) {steps}"
    left = f"({slope} * ((1 - {growth} * {shares}) * sum (fun t => ({size} * (mean_at t {square}))) {steps}))"
    at_each = "intro t. cbn beta. "
    script = (
        f"  apply (gathered {lemmas.steps} {followed(gap, lemmas)} {followed(S, lemmas)} {growth} {slope} {noise}\n"
        f"    (fun t => {share}) (fun t => {size})).\n"
        f"{goal(lemmas, q)}{goal(lemmas, theta)}{goal(lemmas, e)}{goal(lemmas, h, at_each)}{goal(lemmas, g, at_each)}"
        f"{goal(lemmas, bounded)}{goal(lemmas, step, AT_EACH)}{goal(lemmas, squares, 'intro W. ')}"
        f"{goal(lemmas, end, 'intro W. ')}  - exact {begin}."
    )
    return added(lemmas, left, f"({start} + {noise} * {shares})", script)


def weighed(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of steps that are added, with weights that grow."""
    step, a = parents(fact)
    assert fact.said is not None
    assert isinstance(fact.said.terms[1], Sum)
    addend = fact.said.terms[1].terms[-1]
    assert isinstance(addend, Product)
    total = next(factor for factor in addend.factors if isinstance(factor, Total))
    for premise in (step, a):
        lemmas.known(premise)
    times = lemmas.terms.normal(Product(tuple(factor for factor in addend.factors if factor is not total)))
    term, weight = (lemmas.terms.normal(expression) for expression in (total.term, a.value.expression))
    first, last = (lemmas.terms.normal(a.value.expression.at({t: time})) for time in (0, T))
    steps, start, end = lemmas.terms.letter(T), _start(fact, lemmas), lemmas.terms.normal(COURSES[gap0].at_last)
    begin = started(*course(fact)[:2], lemmas)
    name, arguments = of_state(gap, lemmas), f"{lemmas.steps} {followed(gap, lemmas)}"
    at_last, at_first = f"(fun t : nat => {weight}) {steps}", f"(fun t : nat => {weight}) 0%nat"
    right = f"{first} * {start} + {times} * sum (fun t => {term}) {steps}"
    script = (
        f"  assert (whole : {at_last} * (mean_at {steps} {name})\n"
        f"    <= {at_first} * {start} + {times} * sum (fun t => {term}) {steps}).\n"
        f"  {{ apply (weighed {arguments} (fun t : nat => {weight}) {times} (fun t => {term})).\n"
        f"{goal(lemmas, a, 'intro t. cbn beta. ')}"
        f"{goal(lemmas, step, f'{AT_EACH}rewrite ?S_INR. ')}  - exact {begin}. }}\n"
        f"  cbn beta in whole. change (INR 0) with 0 in whole.\n"
        f"  unfold {name} in whole. rewrite {less(lemmas)} in whole.\n"
        f"  apply (le_from _ _ _ (diff _ _ whole)).{lemmas.algebra((), ())}"
    )
    return added(lemmas, f"({last} * {end})", f"({right})", script)


def some(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a sum of what is positive."""
    (of,) = parents(fact)
    lemmas.known(of)
    steps, positive = lemmas.terms.letter(T), lemmas.count_is_positive(T)
    sums = f"(sum (fun t => {lemmas.terms.normal(of.value.expression)}) {steps})"
    script = f"  apply sum_pos; [intro t; cbn beta|exact {positive}].\n{goal(lemmas, of, strict=True)}"
    return added(lemmas, "0", sums, script.rstrip(), strict=True)


def _start(fact: Fact, lemmas: Lemmas) -> str:
    return lemmas.terms.normal(course(fact).at_first)
