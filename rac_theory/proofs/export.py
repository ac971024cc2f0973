"""A proof as plain text, which the independent checker reads: its theorem, each fact once, and the claim."""

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from rac_theory.algebra import (
    Choice,
    Expression,
    Let,
    Maximum,
    Negative,
    Number,
    Polynomial,
    Power,
    Powers,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    Total,
    definitions_in,
    symbols_of,
)
from rac_theory.base import function_name
from rac_theory.proofs import checker, facts
from rac_theory.proofs.available import about_constants
from rac_theory.proofs.drawn import Drawn, Vector, drawn_in
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.induction import COURSES, share_beside
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.quantities import NUMBERS, VECTORS, gap, moved, moved_next, own
from rac_theory.proofs.rules import Rule
from rac_theory.statements import Assumption, Condition, KnownConstant, Theorem, assumptions, implied, metric, symbols

_LETTERS: Mapping[Symbol, str] = {
    **{
        symbol: name
        for name, symbol in vars(symbols).items()
        if isinstance(symbol, Symbol) and name not in ("eta", "j")
    },
    symbols.eta: "eta",
    **dict(zip(symbols_of(metric.gap.expected), ("f_T", "f_star"), strict=True)),
    **dict.fromkeys(symbols_of(metric.squared_distance.expected), "D_T"),
}
"""The names of symbols in a file, where two of one name have two: that of a variable of ``theorems.symbols``."""

_AT: Mapping[str, str] = {
    metric.SQUARED_GRADIENT.name: "square_at",
    metric.SCALED_GRADIENT.name: "scaled_at",
    metric.SQUARED_GRADIENT_AT_ITERATE.name: "beside_at",
    metric.GRADIENT_NORM.name: "norm_at",
}
"""What is added over t, by the names of symbols."""

_DRAWN: Mapping[str, str] = {letter.name: name for name, letter in NUMBERS.items()}
_VECTORS: Mapping[str, str] = {key[0]: name for name, vector in VECTORS.items() for key in vector.parts}
_INNER = re.compile(r"<(H?)([A-Za-z+]+?),(Hbar\^-1 |Q?)(H?)([A-Za-z+]+)>|\|\|(H?)([A-Za-z+]+?)\|\|(\*?)\^2")
_MEAN = re.compile(r"(E|mean)(?:\[(.*)\]|(.*))", re.DOTALL)


def exported(proof: Proof) -> str:
    """Return a proof as text for ``rac_theory.proofs.checker``, which has checked it.

    Raises
    ------
    ValueError
        If something in it has no form that is written there, or the checker refuses it; the message says what.

    Examples
    --------
    >>> from rac_theory import prove
    >>> from rac_theory.proofs.export import exported
    >>> print(exported(prove("T16")).split("fact")[0].strip())
    rac-theory proof 1
    theorem T16
    about rac_lora_certified
    given (known gap0_upper)
    given (> lambda_min 0)
    claim (<= (* (/ 1 T) (sum t T (scaled_at t))) (/ (* 2 gap0_upper) (* lambda_min T)))
    """
    support = _support(proof)
    untrimmed = _Writer(proof, support)
    used = {fact.n for fact in checker.check(untrimmed.text()).granted()}
    return _Writer(proof, [fact for fact in support if untrimmed.numbers[fact.number] in used]).text()


def _support(proof: Proof) -> list[Fact]:
    """What is known of constants, by which divisors are positive and what is below a root is not negative."""
    theorem = proof.theorem
    candidates = [
        *about_constants(theorem, proof.facts),
        *(fact for fact in proof.facts if fact.said is not None and not drawn_in(fact.value)),
    ]
    letters = {letter for fact in proof.facts for letter in _letters(fact)}
    letters |= {*symbols_of(theorem.claim.relation), *definitions_in(theorem.claim.relation)}
    usable = [fact for fact in candidates if fact.by <= theorem.holding and _letters(fact) <= letters]
    return sorted(usable, key=lambda fact: len(_letters(fact)))  # signs first: others may divide by them


def _letters(fact: Fact) -> set[object]:
    return {*fact.value.numerator.symbols(), *fact.value.denominator.symbols()}


class _Writer:
    """Writes the lines of a file."""

    def __init__(self, proof: Proof, support: Iterable[Fact]) -> None:
        self.proof = proof
        self.numbers: dict[int, int] = {}
        self._sides: dict[int, tuple[str, str]] = {}
        self._names: dict[Let, str] = {}
        self._local: dict[Symbol, str] = {}
        self._head: list[str] = []
        self._facts: dict[str, int] = {}
        theorem = proof.theorem
        given = [
            f"given {assumption}"
            for assumption in dict.fromkeys((*map(self._assumption, theorem.given), *_implied(theorem)))
        ]
        claim = f"claim {self.relation(Relation((theorem.metric.expected, theorem.claim.bound), ('<=',)))}"  # type: ignore[arg-type]
        for fact in support:
            self.fact(fact)
        ends = self.fact(proof.fact), self.fact(proof.times)
        self._lines = [
            checker.VERSION,
            f"theorem {re.sub(r'[^A-Za-z0-9_]+', '_', theorem.id)}",
            f"about {_predicate(theorem.about)}",
            *self._head,
            *given,
            claim,
            *(f"fact {n} {line}" for line, n in self._facts.items()),
            f"proof {ends[0]} times {ends[1]}",
        ]

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    # Expressions.
    def relation(self, relation: Relation) -> str:
        signs = set(relation.signs)
        if len(signs) > 1:
            raise ValueError(f"a relation with several signs is not written in a file, got {relation!r}")
        return f"({signs.pop()} {' '.join(map(self.expression, relation.terms))})"

    def expression(self, of: Expression) -> str:
        match of:
            case Number(value):
                return str(value)
            case Drawn(name=name):
                return _drawn(name)
            case Symbol(argument=Expression() as index):
                return f"({_AT[of.name]} {self.expression(index)})"
            case Symbol():
                return self._symbol(of)
            case Let():
                return self._let(of)
            case Negative(value):
                return f"(- {self.expression(value)})"
            case Sum(terms):
                signed = (
                    f"(- {self.expression(term.value)})" if isinstance(term, Negative) else self.expression(term)
                    for term in terms
                )
                return f"(+ {' '.join(signed)})"
            case Product(factors):
                return f"(* {' '.join(map(self.expression, factors))})"
            case Quotient(above, below):
                return f"(/ {self.expression(above)} {self.expression(below)})"
            case Power(base, Number(value)) if value == Fraction(1, 2):
                return f"(sqrt {self.expression(base)})"
            case Power(base, exponent):
                return f"(^ {self.expression(base)} {self.expression(exponent)})"
            case Powers(base, first, last):
                return f"(powers {' '.join(map(self.expression, (base, first, last)))})"
            case Total(index, steps, term):
                return f"(sum {self._index(index)} {self.expression(steps)} {self.expression(term)})"
            case Maximum(several):
                return f"(max {' '.join(map(self.expression, several))})"
            case Choice(condition, then, otherwise):
                return f"(if {self.relation(condition)} {self.expression(then)} {self.expression(otherwise)})"
        raise ValueError(f"{of!r} is not written in a file")

    def _symbol(self, symbol: Symbol) -> str:
        if symbol in _LETTERS:
            return _LETTERS[symbol]
        if symbol.constant or not re.fullmatch(r"[A-Za-z_]\w*", symbol.name):
            raise ValueError(f"the letter {symbol!r} has no name in a file")
        return self._local.setdefault(symbol, symbol.name)

    def _index(self, index: Symbol) -> str:
        if index in _LETTERS and index != symbols.t:
            raise ValueError(f"the index of a sum must not be {index!r}, which means something else")
        return index.name

    def _let(self, let: Let) -> str:
        if let in self._names:
            return self._names[let]
        strange = [symbol for symbol in symbols_of(let) if symbol == symbols.t or symbol not in _LETTERS]
        if strange:
            return self.expression(let.value)
        meaning = self.expression(let.value)
        reserved = {
            *self._names.values(),
            *_LETTERS.values(),
            *checker.DRAWN,
            *checker.VECTORS,
            *checker.NAMES,
            *checker.PARTS,
        }
        name = let.letter or re.sub(r"\W", "_", let.name)
        while name in reserved and not let.letter:
            name += "_"
        self._names[let] = name
        self._head.append(f"{'name' if let.letter else 'let'} {name} {meaning}")
        return name

    def vector(self, vector: Vector) -> str:
        terms = []
        for (name, _, _, is_projected), times in vector.parts.items():
            written = f"(H {_VECTORS.get(name, name)})" if is_projected else _VECTORS.get(name, name)
            terms.append(f"(* {self.expression(times)} {written})")
        return f"(+ {' '.join(terms)})"

    def _assumption(self, assumption: Assumption) -> str:
        match assumption:
            case Relation():
                return self.relation(assumption)
            case KnownConstant(symbol, None):
                return f"(known {self._symbol(symbol)})"
            case KnownConstant(symbol, Relation() as unless):
                return f"(known {self._symbol(symbol)} {self.relation(unless)})"
            case Condition():
                for name in checker.CONDITIONS:
                    if getattr(assumptions, name) == assumption:
                        return name
                raise ValueError(f"the condition {assumption.name!r} is not one that a file can name")
        return _predicate(assumption)

    # Facts.
    def fact(self, fact: Fact) -> int:
        """Write a fact, those that it follows from before it, and return its number."""
        if fact.number not in self.numbers:
            origin = self._made(fact)
            low, high = ("0", self._number(fact)) if fact.said is None else map(self.expression, fact.said.terms)
            if fact.rule is Rule.ACCUMULATE:  # in normal form it would divide by what may be zero
                _, _, start, j, *_ = origin.split()
                p = self._sides[next(iter(fact.of))[1].number][1]
                high = f"(* {re.sub(rf'(?<![^ (]){j}(?![^ )])', 'T', p)} {start})"
            self._sides[fact.number] = low, high
            line = f"{origin} : ({'<' if fact.strict else '<='} {low} {high})"
            self.numbers[fact.number] = self._facts.setdefault(line, len(self._facts) + 1)
        return self.numbers[fact.number]

    def _number(self, fact: Fact) -> str:
        """What is not negative: in normal form, but of powers, which may divide by zero there, as it is computed."""
        exponents = (
            isinstance(power, Polynomial)
            for side in (fact.value.numerator, fact.value.denominator)
            for m, _ in side.terms
            for _, power in m
        )
        if not any(exponents):
            return self.expression(fact.value.expression)
        terms = []
        for product, times in fact.of.items():
            factors = [str(times)]
            for factor in product:
                of, is_inverse = _inverse(factor)
                low, high = self._sides[of.number]
                number = high if low == "0" else f"(- {high} {low})"
                factors.append(f"(/ 1 {number})" if is_inverse else number)
            terms.append(f"(* {' '.join(factors)})")
        return f"(+ {' '.join(terms)})"

    def _made(self, fact: Fact) -> str:
        if fact.rule:
            return f"rule {self._rule(fact, fact.rule)}"
        if fact.of:
            return f"sum {self._products(fact)}"
        if fact.schema:
            return self._instance(*fact.schema)
        if len(fact.by) == 1:
            return f"assume {self._assumption(*fact.by)}"
        raise ValueError(f"no schema is known of what is granted: {fact.name}: {fact!r}")

    def _instance(self, name: str, *of: Any) -> str:
        match name, of:
            case "sign", facts_of:
                return " ".join(("rule sign", *(str(self.fact(premise)) for premise in facts_of)))
            case "nothing", _:
                return f"sum (1 {self.fact(facts.nothing)})"
            case "maximum", (lower, *several) if len(several) == 2:
                of = (lower, *(term for term in several if term != lower))
            case "maximum", (_, *several):
                raise ValueError(f"a maximum of {len(several)} is not written in a file")
        return " ".join(("granted", name, *map(self._substituted, of)))

    def _substituted(self, value: Any) -> str:
        match value:
            case Vector():
                return self.vector(value)
            case Expression():
                return self.expression(value)
        return self._assumption(value)

    def _products(self, fact: Fact) -> str:
        products = []
        for product, times in fact.of.items():
            factors = []
            for factor in product:
                of, is_inverse = _inverse(factor)
                factors.append(f"{'/' * is_inverse}{self.fact(of)}")
            products.append(f"({' '.join([str(times), *factors])})")
        return " ".join(products)

    def _rule(self, fact: Fact, rule: Rule) -> str:
        ((*of,),) = fact.of
        if rule is Rule.SUM:
            of = list(self._leaves(of[0]))
        if fact.schema:  # at most what of the gap, and of the squared distance, and how much of what is kept
            psi = fact.schema[1]
            of_gap = psi.shares.get(symbols.gap0, psi.shares.get(symbols.gap0_upper, facts.nothing))
            of = [*of[: 1 - len(psi.facts())], of_gap, psi.shares.get(symbols.distance0, facts.nothing), psi.share]
        numbers = [self.fact(premise) for premise in of]
        if rule in (Rule.SUM, Rule.WEIGHTS):
            numbers.insert(0, self.fact(facts.plus[symbols.T]))
        name, *keys = rule.checked.split()
        return " ".join((name, *(self._argument(key, fact, of) for key in keys), *map(str, numbers)))

    def _leaves(self, fact: Fact) -> Iterator[Fact]:
        for product in fact.of:
            for factor in product:
                yield from self._leaves(factor)
        if not fact.of:
            yield from fact.schema[1:] if fact.schema[:1] == ("sign",) else [fact]

    def _argument(self, key: str, fact: Fact, of: list[Fact]) -> str:
        """What is written beside the name of a rule; a word that is no key is written as it is."""
        match key:
            case "start":
                return self._start(fact, of[0])
            case "at":
                assert fact.said is not None
                squares = {symbol.name for symbol in symbols_of(fact.said)}
                return next(kind for name, kind in _AT.items() if name in squares)
            case "j":
                (j,) = [symbol for symbol in symbols_of(of[1].value.expression) if symbol not in _LETTERS]
                self._declare(j, "whole")
                return self._symbol(j)
            case "psi":
                return self.expression(fact.schema[1].value)
            case "p":  # how much of a gap a potential is at least
                return self.expression(fact.schema[2])
            case "part":  # how much of the squared gradient at X is added to that at W
                return self.expression(share_beside(fact))
            case "push":
                step, growth = of
                rest = step.value - growth.value * read(moved) + read(moved_next)
                return self.expression(read(rest.expression.at({own: 1})).expression)
            case "split":
                return self._split(fact, *of)
            case "place":
                return self._place(fact, *of)
        return key

    def _start(self, fact: Fact, end: Fact) -> str:
        if fact.schema:
            return self._symbol(fact.schema[1].start)
        if fact.rule is not Rule.LAST:
            assert fact.said is not None
            return self._symbol(next(symbol for symbol in symbols_of(fact.said) if symbol in COURSES))
        start = symbols.gap0 if assumptions.certified_minimum in self.proof.theorem.holding else symbols.gap0_upper
        return self._symbol(start if end.value == read(gap) else symbols.distance0)

    def _declare(self, letter: Symbol, kind: str) -> None:
        line = f"letter {self._symbol(letter)} {kind}"
        if line not in self._head:
            self._head.append(line)

    def _split(self, fact: Fact, below: Fact, above: Fact) -> str:
        for split in below.by - fact.by:
            if isinstance(split, Relation) and Relation(split.terms, (">=",)) in above.by:
                return self.relation(split)
        raise ValueError("the two cases of a proof are not known")

    def _place(self, fact: Fact, general: Fact, *met: Fact) -> str:
        relations = (relation for relation in general.by - fact.by if isinstance(relation, Relation))
        for relation in sorted(relations, key=repr):
            for letter in relation.terms:
                for proof in met:
                    if isinstance(letter, Symbol) and letter not in _LETTERS and proof.said is not None:
                        rising = proof.said.terms if relation.signs[0] in ("<", "<=") else proof.said.terms[::-1]
                        places = {letter: rising[relation.terms.index(letter)]}
                        if Relation(tuple(term.at(places) for term in relation.terms), relation.signs).terms == rising:
                            self._declare(letter, "number")
                            return f"({self._symbol(letter)} {self.expression(places[letter])})"
        raise ValueError("the number that a proof takes for a letter is not known")


def _inverse(fact: Fact) -> tuple[Fact, bool]:
    """What a fact is the inverse of, and whether it is one; else itself."""
    if fact.name and fact.said is None and not fact.rule:
        ((of,),) = fact.of
        return of, True
    return fact, False


def _implied(theorem: Theorem) -> list[str]:
    """What the algorithm implies, but for what the checker knows of it by its name."""
    about, *others = map(_predicate, (theorem.about, *implied(theorem.about, *theorem.given)))
    return [name for name in others if name != "fresh_projection" or about not in checker.IMPLIED]


def _predicate(assumption: object) -> str:
    name = function_name(assumption)
    return name if getattr(assumptions, name, None) is assumption else f"{assumption.__module__}:{name}"


def _drawn(name: str) -> str:
    """A letter of a draw as it is written in a file."""
    if name in _DRAWN:
        return _DRAWN[name]
    if (inner := _INNER.fullmatch(name)) is not None:
        g, a, between, h, b, projected, square, is_star = inner.groups()
        kind = "star" if is_star or between == "Hbar^-1 " else "curve" if between else "dot"
        sides = [(g, a), (h, b)] if a else [(projected * (kind != "dot"), square), (projected, square)]
        written = [f"(H {_VECTORS.get(v, v)})" if is_projected else _VECTORS.get(v, v) for is_projected, v in sides]
        return f"({kind} {' '.join(written)})"
    if (mean := _MEAN.fullmatch(name)) is not None:
        return f"({mean[1]} {_drawn(mean[2] or mean[3])})"
    raise ValueError(f"the letter {name!r} has no name in a file")
