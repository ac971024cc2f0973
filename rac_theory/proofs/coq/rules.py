"""The rules by which facts follow, as theorems of the file's beginning: what each asks of which lemma."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from rac_theory.algebra import Expression, Ratio, Relation, Symbol, symbols_of
from rac_theory.algebra.expression import Product, lifted
from rac_theory.proofs.coq.lemma import Lemma, begun, ordered
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.drawn import H, drawn_in
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.facts import G, V, gap
from rac_theory.proofs.facts_of_several_steps import moved, moved_next, own
from rac_theory.proofs.induction import AFTER, FIRST, LAST, S, V2
from rac_theory.theorems.symbols import T, gamma

_CONTEXT = "State Draw E next mean_is_E"


def made(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a fact that follows by a rule."""
    if fact.rule.startswith("Mean over"):
        return lemmas.averaged(fact)
    if fact.rule.startswith("For "):
        return _instance(fact, lemmas)
    return _RULES[fact.rule](fact, lemmas)


def _parents(fact: Fact) -> tuple[Fact, ...]:
    (parents,) = fact.of
    return parents


def _added(
    lemmas: Lemmas, left: str, right: str, script: str, *, strict: bool = False, over: tuple[str, ...] = ()
) -> Lemma:
    return lemmas.add(Lemma(lemmas.terms.names.new("line"), left, right, strict, over, proof=script))


def _goal(
    lemmas: Lemmas, fact: Fact, introduced: str = "", before: str = "", after: str = "", *, strict: bool = False
) -> str:
    """A script for a goal that is what a fact says, written in another way."""
    one = lemmas.known(fact)
    over = one.over
    rule = "lt_from" if strict else "le_from"
    known = one.positive(()) if strict else one.at_least_zero(())
    return f"  - {introduced}{before}apply ({rule} _ _ _ {known}). {after}{lemmas.algebra((), over)}\n"


def _of(x: Expression, lemmas: Lemmas) -> str:
    """The function of W that a number at W is."""
    assert isinstance(x, Symbol)
    lemmas.terms.normal(x)
    return lemmas.terms.letter(x)


def _after(x: Expression, lemmas: Lemmas) -> str:
    """What turns the mean at the next point into letters of this one: for distances, by what a step is."""
    if x != V2:
        return ""
    _after_sq_V(lemmas)
    return "rewrite after_sq_V. "


def _started(x: Expression, x0: Expression, lemmas: Lemmas) -> str:
    """The hypothesis about the start."""
    left, right = f"({_of(x, lemmas)} W0)", lemmas.terms.normal(x0)
    about = "At the start"
    return lemmas.add(Lemma(f"start_{_of(x, lemmas)}", left, right, False, about=about)).name


def _first(said: Relation) -> tuple[Expression, Expression]:
    """Which number at W is followed, and what it is at most at the start."""
    x = next(x for x, last in LAST.items() if last == said.terms[0])
    symbols = symbols_of(said.terms[1])
    return next((y, y0) for start, (y, y0, _) in FIRST.items() if y == x and start in symbols)


def _rest(step: Fact, known: Expression) -> Expression:
    return (step.value - read(known)).expression


def _ended(x: Expression, lemmas: Lemmas) -> tuple[str, str]:
    """What x is after T steps, and what turns it into that of a letter."""
    last = lemmas.terms.normal(LAST[x])
    if x == gap:
        return last, f"  rewrite <- (at_less {_CONTEXT}).\n"
    return last, ""


def _iterated(fact: Fact, lemmas: Lemmas) -> Lemma:
    step, rho, *floors = _parents(fact)
    assert fact.said is not None
    x, x0 = _first(fact.said)
    factor = rho.value.expression
    base, e = lemmas.terms.form(rho.value), lemmas.terms.normal(_rest(step, factor * x - AFTER[x]))
    steps, start, name = lemmas.terms.letter(T), lemmas.terms.normal(x0), _of(x, lemmas)
    last, turned = _ended(x, lemmas)
    for one in (step, rho, *floors):
        lemmas.known(one)
    begin = _started(x, x0, lemmas)
    if not floors:
        right = f"({base} ^ {steps} * {start} + sum (fun t => {base} ^ t) {steps} * {e})"
        rule = f"iterated {_CONTEXT} {name} {base} {e}"
    else:
        c = lemmas.terms.normal(floors[0].value.expression)
        right = f"({base} ^ {steps} * {start} + {c})"
        rule = f"settled {_CONTEXT} {name} {base} {e} {c}"
    script = f"{turned}  apply ({rule}).\n{_goal(lemmas, rho)}{_goal(lemmas, step, 'intro W. ', _after(x, lemmas))}"
    script += "".join(_goal(lemmas, one) for one in floors)
    return _added(lemmas, last, right, f"{script}  - exact {begin}.")


def _telescoped(fact: Fact, lemmas: Lemmas) -> Lemma:
    step, growth, theta, end = _parents(fact)
    assert fact.said is not None
    g, slope = growth.value.expression, theta.value.expression
    x, x0 = next((y, y0) for start, (y, y0, _) in FIRST.items() if start in symbols_of(fact.said.terms[1]))
    e = lemmas.terms.normal(_rest(step, g * x - AFTER[x] - slope * S))
    by, name, squares = lemmas.terms.normal(slope), _of(x, lemmas), _of(S, lemmas)
    steps, start = lemmas.terms.letter(T), lemmas.terms.normal(x0)
    for one in (step, growth, theta, end):
        lemmas.known(one)
    begin = _started(x, x0, lemmas)
    ends = f"{_goal(lemmas, step, 'intro W. ')}{_goal(lemmas, end, 'intro W. ')}  - exact {begin}."
    if growth.value.number == 1:
        left = f"({by} * sum (fun t => (mean_at t {squares})) {steps})"
        script = f"  apply (added {_CONTEXT} {name} {squares} {by} {e}).\n{ends}"
        return _added(lemmas, left, f"({start} + {e} * INR {steps})", script)
    base = lemmas.terms.form(growth.value)
    weight = f"(/ {base})"
    left = f"({by} * ({weight} * sum (fun t => ({weight} ^ t * (mean_at t {squares}))) {steps}))"
    right = f"({start} + {e} * ({weight} * sum (fun t => ({weight} ^ t)) {steps}))"
    script = (
        f"  apply (telescoped {_CONTEXT} {name} {squares} {base} {by} {e}).\n{_goal(lemmas, growth, strict=True)}{ends}"
    )
    return _added(lemmas, left, right, script)


def _accumulated(fact: Fact, lemmas: Lemmas) -> Lemma:
    step, p = _parents(fact)
    assert fact.said is not None
    x, x0 = next((y, y0) for start, (y, y0, _) in FIRST.items() if start in symbols_of(fact.said.terms[1]))
    name, squares, steps = _of(x, lemmas), _of(S, lemmas), lemmas.terms.letter(T)
    known, start = lemmas.known(p), lemmas.terms.normal(x0)
    lemmas.known(step)
    begin = _started(x, x0, lemmas)
    bases = [lemmas.terms.form(next(iter(one.of))[0].value) for one in below(p) if one.rule == "A sum of powers"]
    closed = "".join(f"rewrite (power_closed {base} j). " for base in dict.fromkeys(bases))
    share = f"(fun j : nat => {known.difference})"
    script = f"  apply (accumulated {_CONTEXT} {name} {squares} {share}).\n  - cbn [sum]. ring.\n"
    script += f"  - intro j. exact {known.at_least_zero(())}.\n"
    script += _goal(lemmas, step, "intros j W. ", "cbn [sum]. ", closed) + f"  - exact {begin}."
    left = f"(sum (fun t => (mean_at t {squares})) {steps})"
    return _added(lemmas, left, f"({share} {steps} * {start})", script)


def _potential(fact: Fact, lemmas: Lemmas) -> Lemma:
    step, falls, above, below, loss, *shares = _parents(fact)
    assert fact.said is not None
    assert isinstance(fact.said.terms[0], Product)
    p = read(fact.said.terms[0].factors[0]) - loss.value * read(T)
    psi = above.value + p * read(gap)
    c, least, v = (lemmas.terms.normal(each) for each in (loss.value.expression, p.expression, fact.said.terms[1]))
    function, (mean, why) = _at_next(psi, lemmas)
    for one in (step, falls, above, below, loss, *shares):
        lemmas.known(one)
    symbols, starts = symbols_of(fact.said.terms[1]), []
    for start, share in zip((one for one in FIRST if one in symbols), shares, strict=True):
        known = lemmas.known(share)
        begin = _started(*FIRST[start][:2], lemmas)
        starts.append(f"Rmult_le_pos _ _ {known.at_least_zero(())} (diff _ _ {begin})")
    last, turned = _ended(gap, lemmas)
    turn = _after(V2, lemmas) if V2 in drawn_in(psi) else ""
    whole = f"(fun W => {function})"
    script = (
        f"{turned}  apply (with_potential {_CONTEXT} {whole} {_of(gap, lemmas)} {c} {least}).\n{_goal(lemmas, loss)}"
        f"{_goal(lemmas, step, 'intro W. ', f'rewrite ({why} : _ = {mean}). {turn}')}"
        f"{_goal(lemmas, falls, 'intro W. ')}{_goal(lemmas, above, 'intro W. ')}"
    )
    lower = lemmas.known(below)
    posed = "".join(f"pose proof ({one}) as s{i}. " for i, one in enumerate(starts))
    below_at = lower.used(()).replace(" W)", " W0)")
    total = " ".join(f"(Rplus_le_le_0_compat _ _ s{i}" for i in range(len(starts)))
    script += (
        f"  - {posed}apply (le_from _ _ _ {total} (diff _ _ {below_at}){')' * len(starts)}).{lemmas.algebra((), ())}"
    )
    return _added(lemmas, f"(({c} * INR {lemmas.terms.letter(T)} + {least}) * {last})", v, script)


def below(fact: Fact) -> Iterator[Fact]:
    """Yield a fact and all that it follows from."""
    yield fact
    for one in (each for product in fact.of for each in product):
        yield from below(one)


def _at_next(psi: Ratio, lemmas: Lemmas) -> tuple[str, tuple[str, str]]:
    """A sum of multiples of gap and distances at W, its mean at the next point, and why it is that."""
    letters = [one for one in AFTER if one in drawn_in(psi)]
    function, (mean, why) = lemmas.combined(psi, letters, "H")
    for one in letters:
        name = lemmas.terms.letter(one)
        why = why.replace(f"(fun H => ({name} W))", f"(fun H => ({name} (next W H)))")
        mean = mean.replace(f"(fun H => ({name} W))", f"(fun H => ({name} (next W H)))")
    return function, (mean, why)


def _after_sq_V(lemmas: Lemmas) -> None:
    """What the mean squared distance is at the next point, by what a step is."""
    if any(one.name == "after_sq_V" for one in lemmas.every):
        return
    step = V - H(G) * gamma
    value, name = read(step @ step), _of(V2, lemmas)
    whole, (mean, why) = lemmas.linear(value, "H")
    said = lemmas.terms.normal(value.expression)
    text = (
        f"(* What a step is *)\nHypothesis step_of_V : forall (W : State) (H : Draw), {name} (next W H) = {said}.\n"
        f"Lemma after_sq_V : forall W : State, E (fun H => ({name} (next W H))) = {mean}.\nProof.\n"
        f"  intro W. transitivity (E (fun H => {whole})); [|exact ({why})].\n"
        f"  apply (mean_ext _ _ mean_is_E); intro H. rewrite step_of_V. ring.\nQed."
    )
    lemmas.every.append(Lemma("after_sq_V", "", "", False, raw=text))


def _drifted(fact: Fact, lemmas: Lemmas) -> Lemma:
    step, growth = _parents(fact)
    assert fact.said is not None
    g = growth.value.expression
    push = (read(_rest(step, g * moved - moved_next)) / read(own)).expression
    base, c = lemmas.terms.form(growth.value), lemmas.terms.normal(push)
    away, one = lemmas.terms.letter(moved), lemmas.known(step)
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
    script = (
        f"{begun(one.over[:3], ())}  assert (drift : 1 / INR {K} * sum (fun k => {c} * sum (fun i => {base} ^ i) k) {K} = {mean}).\n"
        f"  {{{lemmas.posed((), ())} unfold {names}.\n"
        f"    transitivity (1 / INR {K} * sum (fun k => {c} / ({base} - 1) * ({own_base} ^ k - 1)) {K}).\n"
        f"    - f_equal. apply sum_ext; intro k. replace {own_base} with {base} by field. rewrite <- sum_powers_closed. field. nonzero.\n"
        f"    - rewrite sum_times. unfold Rminus. field. nonzero. }}\n"
        f"  apply Rle_trans with ({mean} * {y}); [rewrite <- drift | right; field; nonzero].\n"
        f"  apply (drifted (fun k => {away} W H m k)).\n{_goal(lemmas, growth)}"
        f"  - apply Rle_antisym; [apply {zero.name} | apply {least.name}].\n{_goal(lemmas, step, 'intro k. ')}"
    )
    return _added(lemmas, left, right, script, over=one.over[:3])


def _power(fact: Fact, lemmas: Lemmas) -> Lemma:
    (base,) = _parents(fact)
    assert fact.said is not None
    known = lemmas.known(base)
    left, right = map(lemmas.terms.normal, fact.said.terms)
    over = lemmas.over(fact.value)
    rule = "pow_le" if fact.rule == "A power" else "sum_powers_nonneg"
    script = f"{begun(over, ())}  apply {rule}.\n{_goal(lemmas, base)}"
    assert not known.over
    return _added(lemmas, left, right, script, over=ordered({*over, *_free(fact)}))


def _free(fact: Fact) -> tuple[str, ...]:
    assert fact.said is not None
    return tuple(one.name for one in symbols_of(*fact.said.terms) if one.name == "j")


def _weights(fact: Fact, lemmas: Lemmas) -> Lemma:
    (growth,) = _parents(fact)
    steps, positive = lemmas.terms.letter(T), lemmas.count_is_positive(T)
    lemmas.known(growth)
    if growth.value.number == 1:
        return _added(lemmas, "0", f"(INR {steps})", f"  exact {positive}.", strict=True)
    weight = f"(/ {lemmas.terms.form(growth.value)})"
    of = f"sum (fun t => ({weight} ^ t)) {steps}"
    inverse = f"  apply Rinv_0_lt_compat.\n{_goal(lemmas, growth, strict=True)}"
    one = _added(lemmas, "0", weight, inverse, strict=True)
    some = _added(
        lemmas, "0", f"({of})", f"  apply sum_powers_pos; [exact {one.name} | exact {positive}].", strict=True
    )
    script = f"  exact (Rmult_lt_0_compat _ _ {one.name} {some.name})."
    return _added(lemmas, "0", f"({weight} * {of})", script, strict=True)


def _cases(fact: Fact, lemmas: Lemmas) -> Lemma:
    one, other = _parents(fact)
    first, second = lemmas.known(one), lemmas.known(other)
    (split,) = one.by - fact.by
    (turned,) = other.by - fact.by
    assert isinstance(split, Relation)
    assert isinstance(turned, Relation)
    premises, (a, b) = lemmas.conditions(fact), map(lemmas.terms.normal, split.terms)
    decided = "Rle_or_lt" if split.signs == ("<=",) else "Rlt_or_le"
    over = ordered({*first.over, *second.over})
    otherwise = f"(Rle_ge _ _ {'(Rlt_le _ _ c)' if decided == 'Rle_or_lt' else 'c'})"
    script = f"{begun(over, premises)}  destruct ({decided} {a} {b}) as [c|c].\n"
    for lemma, relation, how in ((first, split, "c"), (second, turned, otherwise)):
        used = lemma.used((*premises, relation)).replace(f"c{len(premises)}", how)
        script += f"  - apply (le_from _ _ _ (diff _ _ {used})).{lemmas.algebra(premises, over)}\n"
    asked = tuple(map(lemmas.terms.relation, premises))
    name = lemmas.terms.names.new("line")
    return lemmas.add(Lemma(name, first.left, first.right, False, over, premises, asked, script.rstrip()))


def _instance(fact: Fact, lemmas: Lemmas) -> Lemma:
    general, *met = _parents(fact)
    assert fact.said is not None
    asked_of_b = [one for one in lemmas.conditions(general) if any(each.name == "b" for each in symbols_of(one))]
    b = next(one for one in symbols_of(*asked_of_b) if one.name == "b")
    place = _place(asked_of_b, b, met)
    lemma, premises = lemmas.known(general), lemmas.conditions(fact)
    over = ordered({*lemma.over} - {"b"} | {letter for one in met for letter in lemmas.known(one).over})
    at = lemmas.terms.normal(place)
    script, known = begun(over, premises), [*premises]
    for relation in asked_of_b:
        there = relation.at({b: place})
        by = next(one for one in met if _is(one, there))
        used = lemmas.known(by)
        script += f"  assert (c{len(known)} : {lemmas.terms.relation(there)}).\n  {{ apply ({'lt_from' if used.strict else 'le_from'} _ _ _ {used.positive(premises) if used.strict else used.at_least_zero(premises)}).{lemmas.algebra(premises, over)} }}\n"
        known.append(relation)
    script += f"  apply (le_from _ _ _ (diff _ _ {lemma.used(known, at)})).{lemmas.algebra(premises, over)}"
    left, right = map(lemmas.terms.normal, fact.said.terms)
    asked = tuple(map(lemmas.terms.relation, premises))
    return lemmas.add(Lemma(lemmas.terms.names.new("line"), left, right, False, over, premises, asked, script))


def _is(fact: Fact, relation: Relation) -> bool:
    """Whether a fact says that a relation holds."""
    left, right = relation.terms if relation.signs[0] in ("<", "<=") else relation.terms[::-1]
    return fact.value == read(right) - read(left)


def _place(asked: Sequence[Relation], b: Symbol, met: Sequence[Fact]) -> Expression:
    """The number that a letter stands for: one of those that are said to be positive, of which all that is asked is met."""
    for fact in met:
        if fact.said is not None and fact.said.terms[0] == lifted(0):
            place = fact.said.terms[1]
            if all(any(_is(one, relation.at({b: place})) for one in met) for relation in asked):
                return place
    raise ValueError(f"what {b!r} stands for was not found")


_RULES: Mapping[str, Callable[[Fact, Lemmas], Lemma]] = {
    "Iterated": _iterated,
    "Iterated down to a floor": _iterated,
    "Weighted and added": _telescoped,
    "Added from the last step on": _accumulated,
    "A potential": _potential,
    "Iterated, and the mean over k": _drifted,
    "A power": _power,
    "A sum of powers": _power,
    "A sum of weights": _weights,
    "cases": _cases,
}
