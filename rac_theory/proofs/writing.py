"""Numbers and facts as they are written for people: factors in front, letters of f last, names that the claim has."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from rac_theory.algebra import (
    ONE,
    Atom,
    Choice,
    Expression,
    Let,
    Maximum,
    Monomial,
    Negative,
    Number,
    Polynomial,
    Power,
    Powers,
    Product,
    Quotient,
    Ratio,
    Relation,
    Sum,
    Symbol,
    Total,
    definitions_in,
    lifted,
)
from rac_theory.proofs.drawn import Drawn, drawn_in
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.letters import ACROSS, COMPOSED
from rac_theory.proofs.products import LAST, Factors, added, content, less, multiplied, product, simplest
from rac_theory.statements import Theorem, relations_in
from rac_theory.statements.symbols import T

_FIRST = ("f(W+) - f*", "f(W_1) - f*", "||V+||", "||V - gamma HG||", "f(W) - f*")
_LEARNT = Let | Sum | Power | Powers | Total | Maximum | Choice


class Writer:
    """Writes what a proof of a theorem is made of, with the names and the expressions that its claim has."""

    def __init__(self, theorem: Theorem, facts: Iterable[Fact] = ()) -> None:
        stated = {fact: fact.said for fact in facts if fact.said is not None}
        bound = theorem.claim.relation.terms[1:]
        lets = definitions_in(*bound, *stated.values())
        relations: tuple[Expression | Relation, ...] = (
            *lets,
            *bound,
            *relations_in(*theorem.given),
            *(relation for fact, relation in stated.items() if not fact.of and not drawn_in(fact.value)),
        )
        self._known: dict[tuple[Polynomial, Polynomial], tuple[Expression, Fraction, dict[Any, int]]] = {}
        self._atoms: dict[Atom, Expression] = {}
        for expression, value in _composed().items():
            self._learn(expression, value)
        for let in lets:  # before what they stand for
            self._learn(let)
        for part in (part for relation in relations for part in relation.within()):
            if isinstance(part, _LEARNT):
                for formula in (part, *_before_the_last(part)):
                    self._learn(formula)

    def relation(self, fact: Fact) -> Relation:
        """Write a fact: as it is said, or if nothing is said, with what is subtracted on the left."""
        sign = "<" if fact.strict else "<="
        if fact.said is not None and not _is_a_sum(fact):
            return Relation(tuple(map(self.expression, fact.said.terms)), fact.said.signs)
        value = fact.value
        if ACROSS.keys() & value.numerator.letters():
            value = read(value.expression.at(ACROSS))
        left: list[Expression] = []
        right: list[Expression] = []
        for number, powers in self._by_letters(value):
            moves = number < 0 and any(isinstance(letter, Drawn) for letter in powers)
            (left if moves else right).append(multiplied(abs(number) if moves else number, powers))
        return Relation((added(left), added(right)), (sign,))

    def expression(self, expression: Expression) -> Expression:
        """Write an expression: what the claim has as the claim has it, sums by the letters of f in them."""
        return multiplied(*self.factors(expression))

    def factors(self, expression: Expression) -> tuple[Fraction, dict[Expression, int]]:
        """Return the number and the powers of which an expression is the product, each as it is written."""
        match expression:
            case Number(number):
                return number, {}
            case Symbol():
                return Fraction(1), {expression: 1}
            case Let() | Sum() | Powers() | Total() | Maximum() | Choice() | Quotient():
                is_mean = isinstance(expression, Quotient) and isinstance(expression.numerator, Total)
                ratio = read(1 if is_mean else expression)  # that of a metric is long, and nothing else has it
                if (recalled := self._recalled(ratio)) is not None:
                    return recalled
                is_one = content(ratio.numerator)[2] == ratio.denominator == ONE
                if is_one and (isinstance(expression, Powers) or self._atoms.keys() & ratio.numerator.letters()):
                    return self.factored(ratio)  # ones, added; or what is no polynomial, as the claim has it
        match expression:
            case Product(factors):
                return product([self.factors(factor) for factor in factors])
            case Quotient(above, below) if not isinstance(above, Total):
                number, powers = self.factors(below)
                return product([self.factors(above), (1 / number, {key: -power for key, power in powers.items()})])
            case Power(base, Number(power)) if power.denominator == 1:
                number, powers = self.factors(base)
                return number ** int(power), {key: times * int(power) for key, times in powers.items()}
            case Power(base, Number() as root):
                return Fraction(1), {Power(lifted(self._inside(base)), root): 1}
            case Negative(value):
                number, powers = self.factors(value)
                return -number, powers
            case Sum(terms):
                written = self._sum(terms)
                return (Fraction(1), {written: 1}) if isinstance(written, Sum) else self.factors(written)
            case Let():
                return Fraction(1), {expression: 1}
        return Fraction(1), {type(expression)(*(self._inside(part) for part in expression.arguments)): 1}

    def ratio(self, value: Ratio) -> Expression:
        """Write a value."""
        return added([multiplied(*pair) for pair in self._by_letters(value)])

    def _sum(self, terms: Sequence[Expression]) -> Expression:
        """Term by term, unless terms share a letter of f, or a factor."""
        value = read(Sum(tuple(terms)))
        is_plain = value.denominator == ONE and all(
            not isinstance(letter, frozenset) for letter in value.numerator.letters()
        )
        letters = [letter for term in terms for letter in {*drawn_in(read(term))}]
        is_shared = any(power > 0 for power in content(value.numerator)[1].values())
        if is_plain and (len(set(letters)) < len(letters) or is_shared):
            return self.ratio(value)
        return added([self.expression(term) for term in terms])

    def _inside(self, part: object) -> object:
        return self.expression(part) if isinstance(part, Expression) else part

    def _by_letters(self, value: Ratio) -> Iterator[Factors]:
        """The products of letters of f in a value, and what each is multiplied by: a number, letters, and a rest."""
        recalled = self._recalled(value)
        if recalled is not None:
            yield recalled
            return
        groups: dict[frozenset[tuple[Expression, int]], Polynomial] = {}
        for monomial, times in value.numerator.terms:
            drawn = frozenset(pair for pair in monomial if isinstance(pair[0], Drawn))
            before = Polynomial(frozenset({(monomial - drawn, times)}))
            groups[drawn] = groups[drawn] + before if drawn in groups else before
        for drawn, before in sorted(groups.items(), key=lambda item: _seen_first(item[0])):
            number, powers = self.factored(Ratio(before, value.denominator))
            yield number, {**powers, **dict(drawn)}

    def factored(self, value: Ratio) -> Factors:
        """Return a number, and powers of letters and of sums, of which a value is the product."""
        if (recalled := self._recalled(value)) is not None:
            return recalled
        (n, p, rest), (m, q, divisor) = content(value.numerator), content(value.denominator)
        powers = less(p, q)
        for sums, power in ((rest, 1), (divisor, -1)):
            if sums != ONE and rest != divisor:
                powers[self.polynomial(sums)] = power
        return n / m, {self._plain(key): power for key, power in powers.items()}

    def polynomial(self, value: Polynomial) -> Expression:
        """Write a polynomial, terms of low degree first."""
        return added([self._term(*term) for term in sorted(value.terms, key=simplest)])

    def _term(self, monomial: Monomial, times: int | Fraction) -> Expression:
        powers: dict[Expression, int] = {}
        for key, power in monomial:
            if isinstance(power, int):
                powers[self._plain(key)] = power
            else:
                exponent = Polynomial(frozenset({(key, 1)})).expression
                powers[Power(self.ratio(Ratio(power)), exponent)] = 1
        return multiplied(Fraction(times), powers)

    def _plain(self, letter: Any) -> Expression:
        """What is no polynomial as it is written, by the claim if that has it."""
        return self._atoms.get(letter, letter.expression) if isinstance(letter, Atom) else letter

    def _learn(self, expression: Expression, value: Ratio | None = None) -> None:
        """Keep an expression that is more than a product of letters, to be written wherever its value comes up."""
        try:
            value = read(expression) if value is None else value
        except (ValueError, ZeroDivisionError):  # nothing that is proved has its value
            return
        (n, p, rest), (m, q, divisor) = content(value.numerator), content(value.denominator)
        powers = less(p, q)
        if (rest, divisor) != (ONE, ONE):
            self._known.setdefault((rest, divisor), (expression, n / m, powers))
        elif len(powers) == 1 and n == m:
            ((letter, power),) = powers.items()
            if isinstance(letter, Atom) and power == 1:
                self._atoms.setdefault(letter, expression)

    def _recalled(self, value: Ratio) -> Factors | None:
        """A value as a multiple of an expression that the claim has."""
        (n, p, rest), (m, q, divisor) = content(value.numerator), content(value.denominator)
        if (rest, divisor) not in self._known:
            return None
        expression, number, powers = self._known[rest, divisor]
        remainder = less(less(p, q), powers)
        if isinstance(expression, Let) and any(power * powers.get(key, 0) < 0 for key, power in remainder.items()):
            return None  # a name that would be divided again by what is in it
        left = {self._plain(key): power for key, power in remainder.items()}
        return n / m / number, {**left, expression: 1}


@cache
def _composed() -> dict[Expression, Ratio]:
    return {expression: read(value) for expression, value in COMPOSED.items()}


def _is_a_sum(fact: Fact) -> bool:
    """Whether a rule has put on one side what people would not."""
    return (
        bool(fact.rule) and fact.said is not None and fact.said.terms[0] == lifted(0) and len(drawn_in(fact.value)) > 1
    )


def _before_the_last(expression: Expression) -> Iterator[Expression]:
    """A sum of powers up to T - 1 as it is for fewer steps."""
    match expression:
        case Powers(base, first, last) if last == T - 1:
            yield from (Powers(base, first, last) for last in (LAST - 1, LAST))


def _seen_first(drawn: frozenset[tuple[Expression, int]]) -> tuple[int, list[str]]:
    letters = sorted(repr(letter) for letter, _ in drawn)
    places = [i for i, name in enumerate(_FIRST) for letter in letters if name in letter]
    return min(places, default=len(_FIRST) + (not letters)), letters
