"""The rules that are no induction, as theorems of the library: signs, cases, numbers that are put in for letters."""

from collections.abc import Sequence
from pkgutil import resolve_name

from rac_theory.algebra import Expression, Power, Relation, Symbol, lifted, symbols_of
from rac_theory.proofs.coq.iterations import added, ended, goal, of_state, parents
from rac_theory.proofs.coq.lemma import Lemma, begun, ordered
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.induction import ADDED, COURSES
from rac_theory.proofs.rules import Rule
from rac_theory.statements.symbols import T


def made(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a fact that follows by a rule."""
    assert fact.rule is not None
    lemma: Lemma = resolve_name(f"{__package__}.{fact.rule.coq}")(fact, lemmas)
    return lemma


def power(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a power, or of a sum of them."""
    base, *counts = parents(fact)
    assert fact.said is not None
    lemma = lemmas.known(base)
    if counts:
        exponent = next(part.exponent for part in fact.said.within() if isinstance(part, Power))
        lemmas.shorten(base.value.expression, exponent, lemmas.known(counts[0]))
    left, right = map(lemmas.terms.normal, fact.said.terms)
    over = ordered({*lemma.over, *lemmas.over(fact.value)})
    rule = "pow_le" if fact.rule is Rule.POWER else "sum_powers_nonneg"
    return added(lemmas, left, right, f"{begun(over, ())}  apply {rule}.\n{goal(lemmas, base)}", over=over)


def root(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a root."""
    (radicand,) = parents(fact)
    assert fact.said is not None
    lemma, premises = lemmas.known(radicand), lemmas.conditions(fact)
    left, right = map(lemmas.terms.normal, fact.said.terms)
    script = "apply sqrt_pos."
    if fact.strict:
        script = f"apply sqrt_lt_R0. {lemma.applied(premises, strict=True)}{lemmas.algebra(premises, lemma.over)}"
    return lemmas.numbered(fact, left, right, lemma.over, f"{begun(lemma.over, premises)}  {script}")


def lasting(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of what is not negative at each W, after T steps."""
    (end,) = parents(fact)
    assert fact.said is not None
    x = next(row.x for row in COURSES.values() if row.at_last == fact.said.terms[1])
    lemmas.known(end)
    last, turned = ended(x, lemmas)
    script = f"{turned}  apply ({_nonneg(x, lemmas)}).\n{goal(lemmas, end, 'intro W. ')}"
    return added(lemmas, "0", last, script.rstrip())


def _nonneg(x: Expression, lemmas: Lemmas) -> str:
    """The term that proves that a number at W is not negative on average, from that it is not at each W."""
    has_mean = lemmas.has_mean(x)
    return f"at_nonneg {lemmas.steps} _ {of_state(x, lemmas)} _ ({has_mean} _)"


def squares(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of squares that are added over t."""
    weight, squares = parents(fact)
    assert fact.said is not None
    of = next(of for of, symbol in ADDED.items() if symbol in symbols_of(fact.said.terms[1]))
    for premise in (weight, squares):
        lemmas.known(premise)
    total = lemmas.terms.normal(fact.said.terms[1])
    mean = f"apply ({_nonneg(of, lemmas)}).\n{goal(lemmas, squares, 'intro W. ')}"
    script = "  apply sum_nonneg; intro t; cbn beta.\n"
    if weight.value.number is None:
        script += f"  apply Rmult_le_pos.\n{goal(lemmas, weight)}  - {mean.replace('  - ', '    ')}"
    else:
        script += f"  {mean}"
    return added(lemmas, "0", total, script.rstrip())


def given(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of what rests on relations, where each of them is proved."""
    general, *met = parents(fact)
    lemma, premises = lemmas.known(general), lemmas.conditions(fact)
    script, names = begun(lemma.over, premises), [*premises]
    for relation in lemmas.conditions(general):
        if relation not in premises:
            script += _kept(f"c{len(names)}", relation, met, premises, lemma.over, lemmas)
            names.append(relation)
    script += f"  exact {lemma.used(names)}."
    return lemmas.numbered(fact, lemma.left, lemma.right, lemma.over, script)


def weights(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a sum of weights."""
    (growth,) = parents(fact)
    steps, positive = lemmas.terms.letter(T), lemmas.count_is_positive(T)
    lemmas.known(growth)
    if growth.value.number == 1:
        return added(lemmas, "0", f"(INR {steps})", f"  exact {positive}.", strict=True)
    weight = f"(/ {lemmas.terms.form(growth.value)})"
    of = f"sum (fun t => ({weight} ^ t)) {steps}"
    inverse = f"  apply Rinv_0_lt_compat.\n{goal(lemmas, growth, strict=True)}"
    weight_lemma = added(lemmas, "0", weight, inverse, strict=True)
    some = added(
        lemmas, "0", f"({of})", f"  apply sum_powers_pos; [exact {weight_lemma.name} | exact {positive}].", strict=True
    )
    script = f"  exact (Rmult_lt_0_compat _ _ {weight_lemma.name} {some.name})."
    return added(lemmas, "0", f"({weight} * {of})", script, strict=True)


def cases(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of what is true in both cases."""
    below, above = parents(fact)
    first, second = lemmas.known(below), lemmas.known(above)
    (split,) = below.by - fact.by
    (turned,) = above.by - fact.by
    assert isinstance(split, Relation)
    assert isinstance(turned, Relation)
    premises, (a, b) = lemmas.conditions(fact), map(lemmas.terms.normal, split.terms)
    decided = "Rle_or_lt" if split.signs == ("<=",) else "Rlt_or_le"
    over = ordered({*first.over, *second.over})
    case = f"c{len(premises)}"
    turn = f"{f'apply Rlt_le in {case}; ' if decided == 'Rle_or_lt' else ''}apply Rle_ge in {case}. "
    script = f"{begun(over, premises)}  destruct ({decided} {a} {b}) as [{case}|{case}].\n"
    for lemma, relation, how in ((first, split, ""), (second, turned, turn)):
        applied = lemma.applied((*premises, relation), strict=fact.strict)
        script += f"  - {how}{applied}{lemmas.algebra(premises, over)}\n"
    return lemmas.numbered(fact, first.left, first.right, over, script.rstrip())


def instance(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of what is true of one number."""
    general, *met = parents(fact)
    assert fact.said is not None
    asked_of_b = [
        relation
        for relation in lemmas.conditions(general)
        if any(symbol.name == "b" for symbol in symbols_of(relation))
    ]
    b = next(symbol for symbol in symbols_of(*asked_of_b) if symbol.name == "b")
    number = _place(asked_of_b, b, met)
    lemma, premises = lemmas.known(general), lemmas.conditions(fact)
    over = ordered({*lemma.over} - {"b"} | {letter for proof in met for letter in lemmas.known(proof).over})
    at = lemmas.terms.normal(number)
    script, proved = begun(over, premises), [*premises]
    for relation in asked_of_b:
        script += _kept(f"c{len(proved)}", relation.at({b: number}), met, premises, over, lemmas)
        proved.append(relation)
    script += f"  {lemma.applied(proved, at, strict=fact.strict)}{lemmas.algebra(premises, over)}"
    left, right = map(lemmas.terms.normal, fact.said.terms)
    return lemmas.numbered(fact, left, right, over, script)


def _kept(
    name: str,
    relation: Relation,
    met: Sequence[Fact],
    premises: Sequence[Relation],
    over: Sequence[str],
    lemmas: Lemmas,
) -> str:
    """A script that keeps under a name that a relation holds, as one of the facts says."""
    used = lemmas.known(next(proof for proof in met if _is(proof, relation)))
    applied = used.applied(premises, strict=relation.signs[0] in ("<", ">"))
    turned = "apply Rle_ge. " * (relation.signs == (">=",))
    said = lemmas.terms.relation(relation)
    return f"  assert ({name} : {said}).\n  {{ {turned}{applied}{lemmas.algebra(premises, over)} }}\n"


def _is(fact: Fact, relation: Relation) -> bool:
    """Whether a fact says that a relation holds."""
    left, right = relation.terms if relation.signs[0] in ("<", "<=") else relation.terms[::-1]
    return fact.value == read(right) - read(left)


def _place(relations: Sequence[Relation], b: Symbol, met: Sequence[Fact]) -> Expression:
    """The number that a letter stands for: one that is said to be positive, and of which all that is asked is met."""
    for fact in met:
        if fact.said is not None and fact.said.terms[0] == lifted(0):
            number = fact.said.terms[1]
            if all(any(_is(proof, relation.at({b: number})) for proof in met) for relation in relations):
                return number
    raise ValueError(f"what {b!r} stands for was not found")
