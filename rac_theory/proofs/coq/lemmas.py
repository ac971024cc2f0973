"""The facts of a proof as lemmas, each from those that it follows from: products of what is not negative are added, and
that they are what is said is computed by Coq.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from operator import mul
from typing import TypeAlias

from rac_theory.algebra import Expression, Let, Ratio, Relation, Symbol, lifted, summed, symbols_of, without_squares
from rac_theory.proofs.coq.lemma import TYPES, Lemma, begun, ordered
from rac_theory.proofs.coq.names import NEXT, depends_on
from rac_theory.proofs.coq.space import MEMORY, STEPS, Space
from rac_theory.proofs.coq.terms import Terms
from rac_theory.proofs.drawn import Drawn, drawn_in, star
from rac_theory.proofs.fact import Fact, letters_in, read
from rac_theory.proofs.facts import plus
from rac_theory.proofs.quantities import E, V, distance, gap, gap_next
from rac_theory.statements import Assumption, sentence
from rac_theory.statements.symbols import t

_DIVIDES = re.compile(r"/ [(\[]*[A-Za-z(]")  # by more than a number
_KNOWN = {"A number": "lra"}
"""What is taken for granted by the first kernel, and follows from Coq's real numbers."""


Rule: TypeAlias = Callable[[Fact, "Lemmas"], Lemma]
"""How a fact that follows by a rule becomes a lemma."""


class Lemmas:
    """Writes the lemmas of a proof, those that others need before them.

    Attributes
    ----------
    terms : Terms
    every : list of Lemma
    """

    def __init__(self, terms: Terms, assumptions: Collection[Assumption], rule: "Rule", space: Space) -> None:
        self.terms = terms
        self.every: list[Lemma] = []
        self._assumptions = assumptions
        self._rule, self._space = rule, space
        self._defined: set[str] = set()
        self._of: dict[int, Lemma] = {}
        self._assumed: set[str] = set()
        self._integrable: dict[str, str] = {}
        self._shorter: list[str] = []

    def known(self, fact: Fact) -> Lemma:
        """Return the lemma of a fact, which is added with those that it follows from."""
        if id(fact) not in self._of:
            for parent in (factor for product in fact.of for factor in product):
                self.known(parent)
            self._of[id(fact)] = self._made(fact)
        return self._of[id(fact)]

    def add(self, lemma: Lemma) -> Lemma:
        """Add a lemma, or return the hypothesis that says the same."""
        for earlier in self.every:
            if not lemma.proof and not earlier.proof and earlier.statement == lemma.statement:
                return earlier
        self.define()
        self.every.append(lemma)
        return lemma

    @property
    def steps(self) -> str:
        """What the rules of induction are told of a step."""
        return f"State Draw integrable E {'next' if self.terms.in_time else '(fun _ => next)'} mean_is_E"

    def after(self, number: Expression) -> Expression:
        """Return what a number at W is on average at W+: of a square, by what a step is."""
        if number == gap:
            return E(gap_next)
        if number not in self.squares:
            raise ValueError(f"what {number!r} is after a step is not written for Coq of this algorithm")
        return E(self.squares[number])

    @property
    def squares(self) -> Mapping[Expression, Expression]:
        """The squares that are followed, of W - W* and of what is kept, and what they are after a step."""
        steps = (moved for about, moved in STEPS.items() if about in self._assumptions)
        distances = {V @ V: moved @ moved, distance: star(moved, moved)} if (moved := next(steps, None)) else {}
        return {**distances, **{square: then for square, then, _ in self._memory}}

    @property
    def first(self) -> Mapping[Expression, Expression]:
        """What the square of what is kept is at most at first."""
        return {square: first for square, _, first in self._memory}

    @property
    def _memory(self) -> list[tuple[Expression, Expression, Expression]]:
        memory = (of for about, of in MEMORY.items() if about in self._assumptions)
        return [(times(vector, vector), times(then, then), first) for times, vector, then, first in memory]

    def stepped(self, letter: str, equation: str) -> str:
        """Return what says what the square of a vector is after a step: a lemma of the space, or a hypothesis."""
        script = self._space.script(f"step of {letter}", self._drawn())
        head = f"step_of_{letter} : forall (W : State) (H : Draw), {equation}."
        return f"Lemma {head}\nProof. {script} Qed." if script else f"Hypothesis {head}"

    def has_mean(self, number: Expression) -> str:
        """Return the name of what says that a number at W has a mean after any number of steps; it is assumed."""
        assert isinstance(number, Symbol)
        self.terms.normal(number)
        letter = self.terms.letter(number)
        if f"has_mean_{letter}" not in self._assumed:
            self._assumed.add(f"has_mean_{letter}")
            of = "f" if number == gap else letter
            raw = f"(* {of} has a mean after any number of steps, wherever they start *)\n"
            raw += f"Hypothesis has_mean_{of} : forall t : nat, has_mean_at t {of}."
            if number == gap:
                raw += f"\nLemma has_mean_{letter} : forall t : nat, has_mean_at t {letter}.\n"
                raw += f"Proof. exact (has_mean_less {self.steps} f fstar has_mean_f). Qed."
            self.every.append(Lemma(f"has_mean_{letter}", "", "", False, raw=raw))
        return f"has_mean_{letter}"

    def integrable_next(self, number: Drawn) -> str:
        """Return a proof that a number at the next point is integrable over the draw that leads there."""
        return f"(proj1 ({self.has_mean(number)} {'(S t)' if self.terms.in_time else '1%nat'}) W)"

    def integrable(self, letter: Drawn, draw: str) -> str:
        """Return a proof that a letter is integrable over a draw, which is assumed; of clients all is."""
        if draw == "m":
            return "I"
        if letter in NEXT:
            return self.integrable_next(NEXT[letter])
        text = self.terms.normal(letter)
        over = ordered(("W", *(argument for argument in depends_on(letter) if argument != draw)))
        if text not in self._integrable:
            wish = f"integrable_{self.terms.letters.get(letter, 'mean')}"
            name = self._integrable[text] = self.terms.names.new(wish)
            bound = " ".join(f"({argument} : {TYPES[argument]})" for argument in over)
            statement = f"forall {bound}, integrable (fun {draw} => {text})"
            raw = f"(* A number that a draw decides is integrable *)\nHypothesis {name} : {statement}."
            self.every.append(Lemma(name, "", "", False, raw=raw))
        return f"({self._integrable[text]} {' '.join(over)})"

    def conditions(self, fact: Fact) -> tuple[Relation, ...]:
        """Return the relations that a fact needs and the theorem does not assume."""
        relations = [
            relation for relation in fact.by if isinstance(relation, Relation) and relation not in self._assumptions
        ]
        return tuple(sorted(relations, key=repr))

    def algebra(self, premises: Sequence[Relation], over: Sequence[str], *sides: str, unfolded: str = "") -> str:
        """Return a script that computes an equation, where what is divided by is known to be positive."""
        self.define()
        divides = bool(unfolded) or not sides or any(map(_DIVIDES.search, sides))
        return f"{self.posed(premises, over) if divides else ''}{unfolded} {self.field(over)}."

    def posed(self, premises: Sequence[Relation], over: Sequence[str]) -> str:
        """Return what brings all that is known to be positive to where it is needed."""
        proofs = [
            lemma.used(premises)
            for lemma in self.every
            if lemma.strict and {*lemma.over} <= {*over} and {*lemma.premises} <= {*premises}
        ]
        return "".join(f" pose proof {proof}." for proof in proofs)

    def define(self) -> None:
        """Add the names and the roots that were written since."""
        for let in [*self.terms.lets]:
            self._define(let)
        for i, root in enumerate([*self.terms.roots]):
            if root not in self._defined:
                self._defined.add(root)
                raw = f"(* There is a root *)\n{_square_of_root(i, root, self.terms)}"
                self.every.append(Lemma(f"root_{i}", "", "", False, raw=raw))

    def _define(self, let: Let) -> None:
        name = self.terms.lets[let]
        if name in self._defined:
            return
        self._defined.add(name)
        before = {*self.terms.lets}
        value = self.terms.own(let.value)
        for inner in [inner for inner in self.terms.lets if inner not in before or inner in [*let.value.within()]]:
            self._define(inner)
        if let in self.terms.parts:
            part, times = f"part_of_{name}", self.terms.parts[let]
            self.every.append(Lemma(part, "", "", False, raw=f"Definition {part} := {value} / {times}."))
            value = f"({times} * {part})"
        self.every.append(Lemma(name, "", "", False, raw=f"Definition {name} := {value}."))

    def count_is_positive(self, count: Symbol) -> str:
        """Return the name of the hypothesis that a count is positive."""
        return self.known(plus[count]).name

    def field(self, over: Collection[str] = ()) -> str:
        """Return the tactic that computes an equation; the square of a root is what it is of."""
        roots = [
            f"(root_{i}{' t' * _changes(of)})"
            for i, of in enumerate(self.terms.roots.values())
            if "t" in over or not _changes(of)
        ]
        computed = f"field [{' '.join(roots)}]; nonzero" if roots else "field; nonzero"
        return f"rewrite {', '.join(f'?{name}' for name in self._shorter)}; {computed}" if self._shorter else computed

    def shorten(self, base: Expression, exponent: Expression, enough: Lemma) -> None:
        """Add that a power is the product of one with a smaller exponent, which is not negative, and of the rest."""
        (counted,) = symbols_of(exponent)
        less = read(counted - exponent).number
        power, n, m = self.terms.form(read(base)), self.terms.letter(counted), f"{less}%nat"
        equation = f"{power} ^ {n} = {power} ^ {m} * {power} ^ {self.terms.count(exponent)}"
        proof = f"apply pow_shorter. apply INR_le. pose proof {enough.used(())} as enough. simpl INR. lra."
        self._rewrite("shorter", equation, proof)

    def close(self, power: str, n: str) -> None:
        """Add that a power is made of the sum of those before it, for where both are in an equation."""
        self._rewrite(
            "closed", f"{power} ^ {n} = 1 + ({power} - 1) * sum (fun t => {power} ^ t) {n}", "apply power_closed."
        )

    def _rewrite(self, wish: str, equation: str, proof: str) -> None:
        name = self.terms.names.new(wish)
        self.every.append(Lemma(name, "", "", False, raw=f"Lemma {name} : {equation}.\nProof. {proof} Qed."))
        self._shorter.append(name)

    def _made(self, fact: Fact) -> Lemma:
        if not fact.of:
            return self._granted(fact)
        if fact.rule:
            return self._rule(fact, self)
        if fact.said is None and fact.name:
            return self._inverse(fact)
        return self._sum(fact)

    def _granted(self, fact: Fact) -> Lemma:
        assert fact.said is not None
        left, right = map(self.terms.normal, fact.said.terms)
        premises = self.conditions(fact)
        over = self.over(fact.value, *premises)
        script = _KNOWN.get(fact.name, "")
        if fact.name == "A maximum":
            sides = (f"solve [apply Rle_trans with (2 := {side} _ _); right; field]" for side in ("Rmax_l", "Rmax_r"))
            script = f"first [{' | '.join(sides)}]"
        if fact.name == "A count" and not fact.strict:
            script = "apply pos_INR"
        if fact.name == "Assumed" and premises:
            script = "lra"
        if fact.name == "A square" and not drawn_in(fact.value):
            script = "apply pow2_ge_0"
        script = script or self._space.script(fact.name, self._drawn())
        conditions = tuple(map(self.terms.relation, premises))
        proof = f"{begun(over, premises)}  {script}." if script else ""
        name = self.terms.names.new("_".join(re.findall(r"[a-z0-9]+", fact.name.lower())[:4]))
        about = "" if proof else _told(fact)
        return self.add(Lemma(name, left, right, fact.strict, over, premises, conditions, proof, about))

    def _drawn(self) -> list[str]:
        """The letters that are defined in the space."""
        return [
            name
            for letter, name in self.terms.letters.items()
            if isinstance(letter, Drawn) and letter not in NEXT.values()
        ]

    def over(self, value: Ratio, *premises: Relation) -> tuple[str, ...]:
        """Return the letters that a value and relations depend on, beside constants."""
        symbols = {*value.numerator.symbols(), *value.denominator.symbols(), *symbols_of(*premises)}
        drawn = [symbol for symbol in symbols if isinstance(symbol, Drawn)]
        free = [symbol.name for symbol in symbols if isinstance(symbol, Symbol) and self.terms.is_bound(symbol)]
        return ordered(
            [*free, *("W" for _ in drawn), *(argument for letter in drawn for argument in depends_on(letter))]
        )

    def _inverse(self, fact: Fact) -> Lemma:
        (lemma,) = (self.known(factor) for product in fact.of for factor in product)
        proof = f"{begun(lemma.over, lemma.premises)}  apply Rinv_0_lt_compat; exact {lemma.positive(lemma.premises)}."
        return self.numbered(fact, "0", f"(/ {lemma.difference})", lemma.over, proof)

    def _sum(self, fact: Fact) -> Lemma:
        premises = self.conditions(fact)
        products = [([self.known(factor) for factor in facts], times) for facts, times in fact.of.items()]
        over = {letter for lemmas, _ in products for lemma in lemmas for letter in lemma.over}
        written = [_product(lemmas, str(times), premises) for lemmas, times in products]
        added, proof, strict = written[-1]
        for text, why, is_strict in reversed(written[:-1]):
            proof, strict = _plus((why, is_strict), (proof, strict))
            added = f"({text} + {added})"
        if fact.said is None:
            over_all = ordered(over)
            why = proof if strict or not fact.strict else ""
            script = f"{begun(over_all, premises)}  {_asserted(added, why, fact.strict, strict)}"
            return self.numbered(fact, "0", added, over_all, script + "exact total.")
        over_all = ordered({*over, *self.over(read(fact.said.terms[1] - fact.said.terms[0]))})
        left, right = map(self.terms.normal, fact.said.terms)
        rule = "lt_from" if fact.strict else "le_from"
        script = (
            f"{begun(over_all, premises)}  {_asserted(added, proof, fact.strict, strict)}\n"
            f"  apply ({rule} _ _ _ total)."
            f"{self.algebra(premises, over_all, left, right, added, unfolded=self.unfolded(fact))}"
        )
        return self.numbered(fact, left, right, over_all, script)

    def unfolded(self, fact: Fact) -> str:
        """Return what unfolds names, where an equation needs what they stand for: those made of other names, or all."""
        assert fact.said is not None
        products = (
            reduce(mul, (factor.value for factor in facts), read(lifted(times))) for facts, times in fact.of.items()
        )
        missing = without_squares(fact.value - summed(products))
        if missing.is_zero:
            return ""
        self.define()
        outer = [let for let in self.terms.lets if let.letter and letters_in(let.value)]
        if outer and read(missing.expression.at({let: let.value for let in outer})).is_zero:
            names = [name for let, name in self.terms.lets.items() if let in outer or not let.letter]
            return f" {self.unfold(names)} in *."
        return self.all_unfolded

    @property
    def all_unfolded(self) -> str:
        """What unfolds all names everywhere."""
        self.define()
        names = self.unfold(self.terms.lets.values())
        return f" {names} in *." if names else ""

    def unfold(self, names: Collection[str]) -> str:
        """Return the tactic that unfolds names, each before those that it is defined by."""
        listed = ", ".join(lemma.name for lemma in reversed(self.every) if lemma.name.removeprefix("part_of_") in names)
        return f"unfold {listed}" if listed else ""

    def numbered(self, fact: Fact, left: str, right: str, over: tuple[str, ...], proof: str) -> Lemma:
        """Add the lemma that a fact is, under its conditions."""
        premises = self.conditions(fact)
        conditions = tuple(map(self.terms.relation, premises))
        name = self.terms.names.new("line")
        return self.add(Lemma(name, left, right, fact.strict, over, premises, conditions, proof))


def _told(fact: Fact) -> str:
    """Why it is taken for granted."""
    by = "; ".join(sorted(sentence(assumption).rstrip(".") for assumption in fact.by))
    return f"{fact.name}{f' [{by}]' if by else ''}{f'; lemma on paper, page {fact.page}' if fact.page else ''}"


# Sums of products of what is not negative: the terms, and why no sum is negative.
def _product(lemmas: Sequence[Lemma], times: str, premises: Sequence[Relation]) -> tuple[str, str, bool]:
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


def _plus(left: tuple[str, bool], right: tuple[str, bool]) -> tuple[str, bool]:
    """Return a term that proves the sign of a sum by those of two terms, and whether it is strict."""
    (a, a_strict), (b, b_strict) = left, right
    if a_strict:
        return f"(plus_pos _ _ {a} {f'(Rlt_le _ _ {b})' if b_strict else b})", True
    if b_strict:
        return f"(plus_pos_last _ _ {a} {b})", True
    return f"(Rplus_le_le_0_compat _ _ {a} {b})", False


def _asserted(added: str, proof: str, strict: bool, is_strict: bool) -> str:
    """Return a script that keeps the sign of a sum under the name total."""
    if is_strict and not strict:
        proof = f"(Rlt_le _ _ {proof})"
    return f"assert (total : 0 {'<' if strict else '<='} {added})\n    by exact {proof}. "


# Square roots: that there is one, and what its square is, also where it is another at each t.
def _changes(of: Ratio) -> bool:
    """Whether what is below a root is another at each t."""
    return t in {*of.numerator.symbols(), *of.denominator.symbols()}


def _square_of_root(i: int, root: str, terms: Terms) -> str:
    """Return a hypothesis and a lemma: what is below a root is not negative, and the square of the root is that."""
    of = terms.roots[root]
    if _changes(of):
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
    if _changes(rest) or _changes(above):
        raise ValueError(f"only a root over t and what does not change can be written, got that of {of!r}")
    over, numerator, others = (terms.normal(side.expression) for side in (below, above, rest))
    square = f"sqrt {root} * sqrt {root}"
    return (
        f"Hypothesis radicand_{i} : forall t : nat, 0 <= {root}.\n"
        f"Hypothesis divisor_{i} : forall t : nat, 0 < {over}.\n"
        f"Lemma root_{i} : forall t : nat, {square} * INR t = {numerator} - {square} * {others}.\nProof.\n"
        f"  intro t. rewrite (sqrt_sqrt _ (radicand_{i} t)). pose proof (divisor_{i} t). field; nonzero.\nQed."
    )
