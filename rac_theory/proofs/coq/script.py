"""A proof as a file for Coq: it stands alone, and ends in the theorem, said as the library says it."""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from rac_theory.algebra import Expression, Number, Power, Relation, Symbol, symbols_of
from rac_theory.proofs.coq import rules
from rac_theory.proofs.coq.lemma import Lemma, comment
from rac_theory.proofs.coq.lemmas import Lemmas
from rac_theory.proofs.coq.names import DRAWS, depends_on, identifier, library
from rac_theory.proofs.coq.space import Space
from rac_theory.proofs.coq.terms import Terms, counted_in
from rac_theory.proofs.drawn import Drawn, drawn_in
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.quantities import gap
from rac_theory.proofs.rules import Rule
from rac_theory.statements import Theorem
from rac_theory.statements.symbols import K, N, T, t

_WORLD = """Variables State Draw Client : Type.
(* A draw: which functions of it are integrable, and their means *)
Variables (integrable : (Draw -> R) -> Prop) (E : (Draw -> R) -> R).
Hypothesis mean_is_E : is_mean Draw integrable E.
(* Clients are finitely many: every function of them has a mean *)
Variable mean_m : (Client -> R) -> R.
Hypothesis mean_is_m : is_mean Client (fun _ => True) mean_m.
Variable W0 : State.
Variable f : State -> R.
Variable fstar : R."""
_AFTER = """Notation mean_at t X := (at_ State Draw E {next} t X W0).
Notation has_mean_at t X := (has_mean State Draw integrable E {next} t X)."""


def script(theorem: Theorem, fact: Fact, times: Fact, facts: Iterable[Fact]) -> str:
    """Return the file for a theorem and the fact that its claim is, times a number that another fact says is positive.

    The claim is that of the theorem, whatever the facts say: if they say something else Coq refuses the file.
    """
    chain = (*facts,)
    originals = _originals(chain)
    in_time = any(t in line.value.numerator.symbols() for line in chain if drawn_in(line.value))
    relations = [*(line.said for line in chain if line.said is not None), theorem.claim.relation]
    counts = (symbol for relation in relations for term in relation.terms for symbol in counted_in(term))
    about = symbols_of(
        theorem.claim.relation, *(relation for relation in theorem.given if isinstance(relation, Relation))
    )
    terms = Terms((T, N, K, *counts), originals, constants=about, in_time=in_time)
    drawn = {letter for fact in chain for letter in drawn_in(fact.value)} | {line for _, line in originals.values()}
    terms.names.new(identifier(theorem.id))  # nothing else is called so
    constants = {
        symbol.name for fact in chain for symbol in fact.value.numerator.symbols() if isinstance(symbol, Symbol)
    }
    space = Space(theorem, drawn - originals.keys(), constants)
    lemmas = Lemmas(terms, theorem.holding, rules.made, space)
    for line in chain:  # the weights of a telescope are written as the theorem of the file's beginning has them
        if line.rule is Rule.TELESCOPE:
            growth = next(iter(line.of))[1]
            terms.form(read(1 / growth.value.expression), f"(/ {terms.form(growth.value)})")
    for part in (part for line in chain if line.said is not None for part in line.said.within()):
        if isinstance(part, Power) and part.exponent == Number(Fraction(1, 2)):
            terms.divided(read(part.base))
    for line in chain:
        if line.strict and not line.of and not lemmas.conditions(line):
            lemmas.known(line)
    proved, positive = lemmas.known(fact), lemmas.known(times)
    claim = _claim(theorem, proved, positive, lemmas)
    body = "\n\n".join(lemma.text for lemma in lemmas.every)
    head = comment(f"{theorem.id}: {theorem.statement}")
    text = f"(* {head} *)\nSection Claim.\n{_WORLD}\n{_variables(terms, space)}\n\n{body}\n\n{claim}\nEnd Claim.\n"
    return f"{library()}\n{text}\nPrint Assumptions {identifier(theorem.id)}.\n"


def _claim(theorem: Theorem, proved: Lemma, positive: Lemma, lemmas: Lemmas) -> str:
    bound = theorem.claim.bound
    if not isinstance(bound, Expression):
        raise ValueError(f"the bound of {theorem.id} is a function, and only an expression can be written for Coq")
    terms = lemmas.terms
    for pairs in (terms.bases, terms.radicands, terms.maxima):
        pairs.clear()
    left, right = terms.own(theorem.metric.expected), terms.own(bound)
    lemmas.define()
    posed = lemmas.posed((), ())
    named = {name for let, name in terms.lets.items() if not let.letter}
    names = [
        lemma.name for lemma in reversed(lemmas.every) if lemma.name in named
    ]  # each before those in its definition
    scaled = [terms.lets[let] for let in terms.parts]
    same, rewritten = "", ""
    inner = _names([written for written, _ in (*terms.radicands, *terms.maxima)])
    first = _unfold([name for name in names if name not in inner])
    rest = _unfold([*(name for name in names if name in inner), *scaled])
    largest = "unfold Rmax; repeat destruct (Rle_dec _ _); lra"
    for kind, pairs, tactic in (
        ("radicand", terms.radicands, lemmas.field()),
        ("maximum", terms.maxima, largest),
        ("base", terms.bases, lemmas.field()),
    ):
        for i, (written, normal) in enumerate(dict.fromkeys(pairs)):
            name = terms.names.new(f"{kind}_as_written_{i}")
            same += (
                f"  assert ({name} : {written} = {normal}) by ({first}{rewritten}{rest}{tactic}). rewrite ?{name}.\n"
            )
            rewritten += f"rewrite ?{name}; "
    for indices, written, normal in dict.fromkeys(terms.under_sums):
        over = ("t",) if len(indices) == 1 else indices  # t is what lemmas call it
        known_there = lemmas.posed((), over)
        same += f"  assert (forall {' '.join(indices)} : nat, {written} = {normal}).\n"
        same += f"  {{ intros {' '.join(over)}.{known_there} {first}{rest}field; nonzero. }}\n"
    of_bases = _names([written for written, _ in (*terms.radicands, *terms.maxima, *terms.bases)])
    later = [name for name in names if name in of_bases]
    signs = f"{positive.positive(())} {proved.at_least_zero(())}"
    return (
        f"Theorem {identifier(theorem.id)} : {left} <= {right}.\nProof.\n {posed}\n"
        f"  {_unfold([name for name in names if name not in later])}idtac.\n{same}"
        f"  {_unfold([*later, *scaled])}apply (divided _ _ _ _ _ {signs}).\n  rewrite ?pow1; "
        f"{lemmas.field()}.\nQed."
    )


def _names(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in re.findall(r"[\w']+", text)}


def _unfold(names: Sequence[str]) -> str:
    return f"unfold {', '.join(names)}; " if names else ""


def _variables(terms: Terms, space: Space) -> str:
    """Constants, then the space, then what depends on W."""
    constants, drawn, names = list[str](), list[str](), dict[str, str]()
    for letter, name in terms.letters.items():
        if terms.is_bound(letter):
            continue
        if letter == gap:
            drawn.insert(0, f"Definition {name} := fun W => f W - fstar.")
        elif isinstance(letter, Drawn):
            over = "".join(f"{DRAWS[draw]} -> " for draw in depends_on(letter))
            drawn.append(space.definition(letter, name) or f"Variable {name} : State -> {over}R.")
        else:
            constants.append(f"Variable {name} : {'nat' if letter in terms.counts else 'R'}.")
            names[letter.name] = name
    after = _AFTER.format(next="next" if terms.in_time else "(fun _ => next)")
    return "\n".join([*constants, space.text(names, in_time=terms.in_time), after, *drawn])


def _originals(facts: Iterable[Fact]) -> dict[Symbol, tuple[str, Drawn]]:
    """Of each mean over what, and of which letter, it is letter."""
    originals: dict[Symbol, tuple[str, Drawn]] = {}
    drawn = [letter for fact in facts for letter in sorted(drawn_in(fact.value), key=lambda drawn: drawn.name)]
    for draw in ("m", "H"):
        for letter in [*drawn]:
            if draw in letter.over:
                originals[letter.mean(draw)] = (draw, letter)
                drawn.append(letter.mean(draw))
    for letter in drawn:
        if letter.name.startswith("E") and letter not in originals:
            is_bracketed = letter.name.startswith("E[")
            name, latex = letter.name[1:], letter.latex.removeprefix(r"\mathrm{E} ")
            name, latex = (name[1:-1], latex[1:-1]) if is_bracketed else (name, latex)
            originals[letter] = ("H", Drawn(name, latex, over=letter.over | {"H"}))
    return originals
