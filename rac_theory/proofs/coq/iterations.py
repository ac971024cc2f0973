"""The rules of induction as theorems of the library, and what each asks: of steps that are the same at each t, of steps
that change with t, and of the steps of a client in a round."""

from collections.abc import Iterator, Mapping

from rac_theory.algebra import Expression, Product, Ratio, Sum, Symbol, Total, symbols_of, total
from rac_theory.proofs.coq.lemma import Lemma, begun
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.coq.means import linear, mean_of, mean_over
from rac_theory.proofs.drawn import Drawn, drawn_in
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.induction import ADDED, COURSES, Course, S, share_beside
from rac_theory.proofs.quantities import Gx, gap, moved, moved_next, own
from rac_theory.proofs.rules import Rule
from rac_theory.statements.symbols import T, gap0, gap0_upper, t

AT_EACH = "intros t W. cbn beta. "
"""What brings a goal about each step into the form of a fact about a step."""


def parents(fact: Fact) -> tuple[Fact, ...]:
    """Return the facts that a rule was given, in its order."""
    (parents,) = fact.of
    return parents


def added(
    lemmas: Lemmas, left: str, right: str, script: str, *, strict: bool = False, over: tuple[str, ...] = ()
) -> Lemma:
    """Add a lemma without conditions."""
    return lemmas.add(Lemma(lemmas.terms.names.new("line"), left, right, strict, over, proof=script))


def goal(
    lemmas: Lemmas, fact: Fact, introduced: str = "", before: str = "", after: str = "", *, strict: bool = False
) -> str:
    """Return a script for a goal that is what a fact says, written in another way."""
    lemma = lemmas.known(fact)
    return f"  - {introduced}{before}{lemma.applied((), strict=strict)} {after}{lemmas.algebra((), lemma.over)}\n"


def of_state(x: Expression, lemmas: Lemmas) -> str:
    """The function of W that a number at W is."""
    assert isinstance(x, Symbol)
    lemmas.terms.normal(x)
    return lemmas.terms.letter(x)


def followed(x: Expression, lemmas: Lemmas) -> str:
    """Return the function of W that a number at W is, and why it has a mean after any number of steps."""
    return f"{of_state(x, lemmas)} {lemmas.has_mean(x)}"


def started(x: Expression, x0: Expression, lemmas: Lemmas) -> str:
    """The hypothesis about the start."""
    left, right = f"({of_state(x, lemmas)} W0)", lemmas.terms.normal(x0)
    about = "At the start"
    return lemmas.add(Lemma(f"start_{of_state(x, lemmas)}", left, right, False, about=about)).name


def course(fact: Fact, last: Expression | None = None) -> Course:
    """Return which number at W is followed, by what it is at most at the start, and by what it is called at the end."""
    assert fact.said is not None
    symbols = symbols_of(fact.said.terms[1])
    rows = (row for start, row in COURSES.items() if start in symbols)
    return next(row for row in rows if last in (None, row.at_last))


def rest(step: Fact, explained: Expression) -> Expression:
    """Return what is left of a step."""
    return (step.value - read(explained)).expression


def ended(x: Expression, lemmas: Lemmas) -> tuple[str, str]:
    """Return what x is after T steps, and what turns it into that of a letter."""
    last = lemmas.terms.normal(next(row.at_last for row in COURSES.values() if row.x == x))
    return last, f"  rewrite <- {less(lemmas)}.\n" if x == gap else ""


def less(lemmas: Lemmas) -> str:
    """Return the equation by which a gap after some steps is what f is then, less f*."""
    lemmas.has_mean(gap)
    return f"(at_less {lemmas.steps} _ f fstar _ has_mean_f)"


def accumulated(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of steps that are added from the last one on."""
    step, p = parents(fact)
    assert fact.said is not None
    x, x0, *_ = course(fact)
    name, squares, steps = of_state(x, lemmas), of_state(S, lemmas), lemmas.terms.letter(T)
    lemma, start = lemmas.known(p), lemmas.terms.normal(x0)
    lemmas.known(step)
    begin = started(x, x0, lemmas)
    bases = [lemmas.terms.form(next(iter(fact.of))[0].value) for fact in below(p) if fact.rule is Rule.POWERS]
    closed = "".join(f"rewrite (power_closed {base} j). " for base in dict.fromkeys(bases))
    share = f"(fun j : nat => {lemma.difference})"
    means = " ".join(lemmas.has_mean(number) for number in (x, S))
    script = f"  apply (accumulated State Draw integrable E next mean_is_E {name} {squares} {share} _ _ _ {means}).\n"
    script += "  - cbn [sum]. ring.\n"
    script += f"  - intro j. exact {lemma.at_least_zero(())}.\n"
    script += goal(lemmas, step, "intros j W. ", "cbn [sum]. ", closed) + f"  - exact {begin}."
    left = f"(sum (fun t => (mean_at t {squares})) {steps})"
    return added(lemmas, left, f"({share} {steps} * {start})", script)


def potential(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a potential whose gaps never rise."""
    step, falls, above, loss, *_ = parents(fact)
    psi, p = fact.schema[1:]
    c, least, v = (lemmas.terms.normal(number) for number in (loss.value.expression, p, psi.at_first))
    arguments = f"{lemmas.steps} {followed(gap, lemmas)}"
    function, has_mean, turned_step, begin = _psi(fact, lemmas)
    last, turned = ended(gap, lemmas)
    script = (
        f"{turned}  apply (with_potential {arguments} (fun W => {function})\n    {has_mean} {c} {least}).\n"
        f"{goal(lemmas, loss)}{goal(lemmas, step, AT_EACH, turned_step)}"
        f"{goal(lemmas, falls, AT_EACH)}{goal(lemmas, above, 'intro W. ')}{begin}"
    )
    return added(lemmas, f"(({c} * INR {lemmas.terms.letter(T)} + {least}) * {last})", v, script)


def _begun(
    below: Fact, shares: Mapping[Symbol, Fact], lemmas: Lemmas, memory: tuple[Fact, Expression, Expression] | None
) -> str:
    """The script of the start of a potential: it is at most a sum of what is known there."""
    starts = []
    for share, x, x0 in (
        *((share, *COURSES[start][:2]) for start, share in shares.items()),
        *([memory] if memory is not None else []),
    ):
        lemma = lemmas.known(share)
        starts.append(f"Rmult_le_pos _ _ {lemma.at_least_zero(())} (diff _ _ {started(x, x0, lemmas)})")
    posed = "".join(f"pose proof ({proof}) as s{i}. " for i, proof in enumerate(starts))
    below_at = lemmas.known(below).used(()).replace(" W)", " W0)")
    total = " ".join(f"(Rplus_le_le_0_compat _ _ s{i}" for i in range(len(starts)))
    bound = f"{total} (diff _ _ {below_at}){')' * len(starts)}"
    return f"  - {posed}apply (le_from _ _ _ {bound}).{lemmas.algebra((), ())}"


def _psi(fact: Fact, lemmas: Lemmas) -> tuple[str, str, str, str]:
    """The function that a potential is, why it has a mean, what turns its mean at the next point into letters of this
    one, and the script of its start."""
    psi = fact.schema[1]
    function, has_mean, mean, why = _at_next(read(psi.value), lemmas)
    for parent in parents(fact):
        lemmas.known(parent)
    at_first = {gap0: psi.start} if psi.start == gap0_upper else {}
    squares = ((psi.share, square, first.at(at_first)) for square, first in lemmas.first.items())
    memory = next((row for row in squares if row[1] in drawn_in(read(psi.value))), None)
    begin = _begun(psi.below, psi.shares, lemmas, memory)
    drawn = drawn_in(read(psi.value))
    after = "".join(f"rewrite {_after_square(square, lemmas)}. " for square in lemmas.squares if square in drawn)
    return function, has_mean, f"rewrite ({why} : _ = {mean}). {after}", begin


def iterated(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of a step that is taken T times."""
    step, rho, above, *_ = parents(fact)
    psi = fact.schema[1]
    x, factor = COURSES[psi.start].x, rho.value.expression
    base, steps = lemmas.terms.form(rho.value), lemmas.terms.letter(T)
    first = lemmas.terms.normal(psi.at_first)
    e = lemmas.terms.normal(rest(step, factor * psi.value - _mean_after(psi.value, lemmas)))
    function, has_mean, turned_step, begin = _psi(fact, lemmas)
    last, turned = ended(x, lemmas)
    script = (
        f"{turned}  apply (lyapunov {lemmas.steps} {of_state(x, lemmas)} (fun W => {function}) {base} {e} _ _ _\n"
        f"    {lemmas.has_mean(x)} {has_mean}).\n"
        f"{goal(lemmas, rho)}{goal(lemmas, step, AT_EACH, turned_step)}{goal(lemmas, above, 'intro W. ')}{begin}"
    )
    right = f"({base} ^ {steps} * {first} + sum (fun t => {base} ^ t) {steps} * {e})"
    lemma = added(lemmas, last, right, script)
    if e != "0":  # a floor is multiplied by the power
        lemmas.close(base, steps)
    return lemma


def telescoped(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of steps that are weighted and added."""
    step, growth, theta, above, *_ = parents(fact)
    psi, of, slope, g = *fact.schema[1:], theta.value.expression, growth.value.expression
    e = lemmas.terms.normal(rest(step, g * psi.value - _mean_after(psi.value, lemmas) - slope * of))
    by, squares, share_at_X = (
        lemmas.terms.normal(slope),
        lemmas.terms.normal(total(t, T, of.at(ADDED))),
        share_beside(fact),
    )
    function, has_mean, turned_step, begin = _psi(fact, lemmas)
    steps, first = lemmas.terms.letter(T), lemmas.terms.normal(psi.at_first)
    at_W = next(square for square, symbol in ADDED.items() if symbol in symbols_of(of.at(ADDED)))
    summand, has_squares, turned = of_state(at_W, lemmas), lemmas.has_mean(at_W), ""
    if not read(share_at_X).is_zero:
        c, at_X = lemmas.terms.normal(share_at_X), of_state(Gx @ Gx, lemmas)
        pair = f"{c} {at_X} {summand} {{}}({lemmas.has_mean(Gx @ Gx)} t) ({has_squares} t)"
        has_squares = f"(fun t => has_mean_cons {lemmas.steps} t {pair.format('')})"
        summand = f"(fun W => {c} * {at_X} W + {summand} W)"
        turned = (
            f"  assert (both : {squares} = sum (fun t => mean_at t {summand}) {steps}).\n"
            f"  {{ apply sum_ext; intro t. rewrite (at_cons {lemmas.steps} t {pair.format('W0 ')})."
            f"{lemmas.algebra((), ())} }}\n  rewrite both.\n"
        )
    arguments = f"{lemmas.steps} (fun W => {function})\n    {has_mean} {summand} {has_squares}"
    ends = f"{goal(lemmas, step, AT_EACH, turned_step)}{goal(lemmas, above, 'intro W. ')}{begin}"
    if growth.value.number == 1:
        script = f"{turned}  apply (added {arguments} {by} {e}).\n{ends}"
        return added(lemmas, f"({by} * {squares})", f"({first} + {e} * INR {steps})", script)
    if turned:
        raise ValueError("squares at two points are not written for Coq with weights")
    base = lemmas.terms.form(growth.value)
    weight = f"(/ {base})"
    left = f"({by} * ({weight} * sum (fun t => ({weight} ^ t * (mean_at t {summand}))) {steps}))"
    right = f"({first} + {e} * ({weight} * sum (fun t => ({weight} ^ t)) {steps}))"
    script = f"  apply (telescoped {arguments} {base} {by} {e}).\n{goal(lemmas, growth, strict=True)}{ends}"
    return added(lemmas, left, right, script)


def _mean_after(psi: Expression, lemmas: Lemmas) -> Expression:
    return psi.at({square: lemmas.after(square) for square in (gap, *lemmas.squares)})


def below(fact: Fact) -> Iterator[Fact]:
    """Yield a fact and all that it follows from."""
    yield fact
    for parent in (parent for product in fact.of for parent in product):
        yield from below(parent)


def _at_next(psi: Ratio, lemmas: Lemmas) -> tuple[str, str, str, str]:
    """A sum of multiples of gap and squares at W: that it has a mean, that at the next point, and why it is that."""
    letters = [letter for letter in (gap, *lemmas.squares) if isinstance(letter, Drawn) and letter in drawn_in(psi)]
    parts, terms = linear(psi, letters, lemmas.terms), lemmas.terms
    _, mean, why = mean_of(
        parts,
        "H",
        lambda letter: f"({terms.letter(letter)} (next W H))",
        lambda letter: lemmas.integrable_next(letter),
    )
    has_mean = parts.proof(
        f"has_mean_const {lemmas.steps} t {parts.rest}",
        lambda times, letter, proof: (
            f"has_mean_cons {lemmas.steps} t {times} {terms.letter(letter)} _ ({lemmas.has_mean(letter)} t) {proof}"
        ),
    )
    return parts.text(terms.normal), f"(fun t => {has_mean})", mean, f"proj2 ({why})"


def _after_square(square: Expression, lemmas: Lemmas) -> str:
    """What says what a square is on average at the next point, by what the vector is there."""
    name = of_state(square, lemmas)
    if not any(lemma.name == f"after_{name}" for lemma in lemmas.every):
        value = read(lemmas.squares[square])
        integrand, mean, why = mean_over(value, "H", lemmas)
        equation = lemmas.terms.normal(value.expression)
        text = (
            f"(* What a step is *)\n{lemmas.stepped(name, f'{name} (next W H) = {equation}')}\n"
            f"Lemma after_{name} : forall W : State, E (fun H => ({name} (next W H))) = {mean}.\nProof.\n"
            f"  intro W. refine (proj2 (averages_ext _ _ _ mean_is_E (fun H => {integrand}) _ _ _ ({why}))).\n"
            f"  intro H. rewrite step_of_{name}.{lemmas.algebra((), (), equation, integrand)}\nQed."
        )
        lemmas.every.append(Lemma(f"after_{name}", "", "", False, raw=text))
    return f"after_{name}"


# Steps that change with t.
def gathered(fact: Fact, lemmas: Lemmas) -> Lemma:
    """Return the lemma of steps that are added, with what noise lets grow."""
    step, q, theta, e, h, g, bounded, squares, end = parents(fact)
    for premise in (step, q, theta, e, h, g, bounded, squares, end):
        lemmas.known(premise)
    growth, slope, noise = (lemmas.terms.normal(premise.value.expression) for premise in (q, theta, e))
    share, size = (lemmas.terms.normal(premise.value.expression) for premise in (h, g))
    x, x0, *_ = course(fact)
    square, steps, start = of_state(S, lemmas), lemmas.terms.letter(T), lemmas.terms.normal(x0)
    begin = started(x, x0, lemmas)
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
    x, x0, *_ = course(fact)
    steps, start, end = lemmas.terms.letter(T), lemmas.terms.normal(x0), lemmas.terms.normal(COURSES[gap0].at_last)
    begin = started(x, x0, lemmas)
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


# The steps of a client in a round, and that the mean of its sums is what a theorem calls s.
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
