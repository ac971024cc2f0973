"""Expressions as terms of Coq: as they are written, or with the bases of powers in normal form, so that equal powers
look the same. An index is bound in the term of its sum, by its name, and is called there what nothing else is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from rac_theory.algebra import (
    ONE,
    Choice,
    Expression,
    Let,
    Maximum,
    Negative,
    Number,
    Power,
    Powers,
    Product,
    Quotient,
    Ratio,
    Relation,
    Sum,
    Symbol,
    Total,
    symbols_of,
)
from rac_theory.proofs.coq.lemma import BOUND
from rac_theory.proofs.coq.names import MEANS, NEXT, Names, depends_on
from rac_theory.proofs.drawn import Drawn
from rac_theory.proofs.fact import read
from rac_theory.proofs.induction import ADDED, V2
from rac_theory.proofs.quantities import moved, moved_mean, moved_next
from rac_theory.statements import metric
from rac_theory.statements.symbols import K, T, t

(_VALUE,) = (part for part in metric.gap.expected.within() if isinstance(part, Symbol) and "W^T" in part.name)
(_SQUARED_DISTANCE,) = symbols_of(V2)
_DECIDED = {
    "<": "Rlt_dec {0} {1}",
    ">": "Rlt_dec {1} {0}",
    "<=": "Rle_dec {0} {1}",
    ">=": "Rle_dec {1} {0}",
    "=": "Req_dec_T {0} {1}",
}
_F_STAR = next(part for part in metric.gap.expected.within() if isinstance(part, Symbol) and part != _VALUE)


@dataclass(frozen=True, repr=False, eq=False)
class _Index(Symbol):
    """What a sum runs over, in the place of its index: the same in all sums that are as deep inside others."""


@dataclass(frozen=True, repr=False, eq=False)
class _Part(Symbol):
    """A name's part, of which there are whole numbers below a root."""


class Terms:
    """Writes expressions; ``in_time`` says that what a step does changes with t.

    Attributes
    ----------
    letters : dict
        The letters that were written, in order, with their identifiers.
    counts : set of Symbol
        The letters that stand for whole numbers.
    constants : frozenset of Symbol
        What a theorem is about, which is never bound, whatever its name.
    lets : dict
        The names for expressions that were written, with their identifiers.
    bases, radicands, maxima : list of tuple
        Where expressions were written as they are: each base of a power, what is below a root, and the largest of
        several, and how it is written in normal form.
    under_sums : list of tuple
        Where the normal form was written, as it depends on an index: the indices, and the same two.
    """

    def __init__(
        self,
        counts: Iterable[Symbol],
        originals: Mapping[Symbol, tuple[str, Drawn]],
        *,
        constants: Iterable[Symbol] = (),
        in_time: bool = False,
    ) -> None:
        self.names = Names()
        self.constants = frozenset(constants)
        self.in_time = in_time
        self.letters: dict[Symbol, str] = {t: "t"} if in_time else {}
        self.counts = {*counts, *([t] if in_time else [])}
        self._indices: list[_Index] = []
        self._depth = 0
        self.lets: dict[Let, str] = {}
        self.bases: list[tuple[str, str]] = []
        self.radicands: list[tuple[str, str]] = []
        self.maxima: list[tuple[str, str]] = []
        self.under_sums: list[tuple[tuple[str, ...], str, str]] = []
        self.roots: dict[str, Ratio] = {}
        self.parts: dict[Let, int] = {}
        self._originals = originals
        self._forms: list[tuple[Ratio, str]] = []

    def normal(self, expression: Expression) -> str:
        """Return a term in which bases, and what is below a root, have their normal form."""
        return self._text(expression, is_own=False)

    def own(self, expression: Expression) -> str:
        """Return a term as the expression is written, with its names."""
        return self._text(expression, is_own=True)

    def relation(self, stated: Relation) -> str:
        """Return a relation of two terms."""
        left, right = map(self.normal, stated.terms)
        return f"{left} {stated.signs[0]} {right}"

    def form(self, value: Ratio, wish: str = "") -> str:
        """Return a value in the one form that it has in the file; ``wish`` is that form if it has none yet."""
        for normal, text in self._forms:
            if normal == value:
                return text
        text = wish or self.normal(value.expression)
        self._forms.append((value, text))
        return text

    def letter(self, letter: Symbol) -> str:
        """Return the identifier of a letter, which is then one of the file."""
        if isinstance(letter, _Index | _Part):
            return letter.name
        if letter not in self.letters:
            self.letters[letter] = letter.name if self.is_bound(letter) else self.names.of(letter)
        return self.letters[letter]

    def is_bound(self, letter: Symbol) -> bool:
        """Whether a letter stands for every number of a kind, in a lemma."""
        return letter.name in BOUND and letter not in self.constants

    def divided(self, radicand: Ratio) -> None:
        """Write a name as so many times a part of it that what is below a root has whole coefficients."""
        terms = radicand.numerator.terms
        times = lcm(*(number.denominator for _, number in terms))
        broken = [dict(monomial) for monomial, number in terms if number.denominator > 1]
        for let in dict.fromkeys(
            letter for powers in broken for letter in powers if isinstance(letter, Let) and letter.letter
        ):
            if all(powers.get(let) == 1 for powers in broken):
                self.parts[let] = times

    def squared(self, radicand: Ratio) -> str:
        """Return what is below a root as a polynomial with whole coefficients."""
        parts = {let: times * _Part(f"part_of_{self.lets[let]}") for let, times in self.parts.items()}
        value = read(radicand.expression.at(parts))
        return self._text(value.expression, is_own=True)

    def count(self, expression: Expression) -> str:
        """Return an expression as a whole number."""
        value, refusal = read(expression), f"a count must be a sum of whole numbers, got {expression!r}"
        parts, less = list[str](), list[str]()
        for monomial, times in sorted(value.numerator.terms, key=repr):
            if times.denominator != 1 or any(power.denominator != 1 or power < 0 for _, power in monomial):
                raise ValueError(refusal)
            factors = [
                self._count_letter(letter) for letter, power in sorted(monomial, key=repr) for _ in range(int(power))
            ]
            product_text = " * ".join([str(abs(times))] * (abs(times) != 1 or not factors) + factors)
            (parts if times > 0 else less).append(product_text)
        if value.denominator != ONE:
            raise ValueError(refusal)
        if len(parts) == 2 and "1" in parts and not less:
            return f"(S {next(part for part in parts if part != '1')})"
        text = " - ".join((" + ".join(sorted(parts)) or "0", *sorted(less)))
        return text if " " not in text else f"({text})%nat"

    def _count_letter(self, letter: Symbol) -> str:
        self.counts.add(letter)
        return self.letter(letter)

    def _text(self, expression: Expression, *, is_own: bool) -> str:
        def text(part: Expression) -> str:
            return self._text(part, is_own=is_own)

        match expression:
            case Number(value):
                number = f"{abs(value.numerator)}" + (f" / {value.denominator}" if value.denominator != 1 else "")
                return number if value >= 0 and value.denominator == 1 else f"({'- ' * (value < 0)}{number})"
            case Symbol():
                return self._symbol(expression)
            case Let():
                return self._defined(expression, is_own=is_own)
            case Negative(value):
                return f"(- {text(value)})"
            case Sum(terms):
                first, *rest = terms
                signed = (
                    f" - {text(term.value)}" if isinstance(term, Negative) else f" + {text(term)}" for term in rest
                )
                return f"({text(first)}{''.join(signed)})"
            case Product(factors):
                texts = [factor for factor in map(text, factors) if factor != "1"]
                return f"({' * '.join(texts)})" if len(texts) > 1 else (*texts, "1")[0]
            case Quotient(above, below):
                return f"({text(above)} / {text(below)})"
            case Power(base, Number(power)) if power == Fraction(1, 2):
                return self._root(base, is_own)
            case Power(base, Number(power)) if power.denominator == 1:
                raised = f"({text(base)} ^ {abs(power)})"
                return raised if power >= 0 else f"(/ {raised})"
            case Power(base, exponent):
                written = self._written(base, self.bases, is_own)
                return "1" if written == "1" else f"({written} ^ {self.count(exponent)})"
            case Powers(base, first, last):
                return self._powers(base, first, last, is_own)
            case Total(index, steps, term):
                return self._total(index, steps, term, is_own)
            case Maximum(of):
                return self._maximum(of, is_own)
            case Choice(condition, then, otherwise):
                chosen, alternative, sides = text(then), text(otherwise), [*map(text, condition.terms)]
                for left, sign, right in reversed([*zip(sides, condition.signs, sides[1:], strict=False)]):
                    chosen = f"(if {_DECIDED[sign].format(left, right)} then {chosen} else {alternative})"
                return chosen
        raise TypeError(f"{expression!r} cannot be written for Coq")

    def _defined(self, let: Let, *, is_own: bool) -> str:
        """The name of what is defined, or what it is: under a sum that may be something else at each index."""
        is_letter = bool(let.letter) or is_own
        if not is_letter or any(isinstance(symbol, _Index) for symbol in symbols_of(let)):
            return self._text(let.value, is_own=is_own)
        if let not in self.lets:
            self.lets[let] = self.names.defined(let)
        name, is_whole = self.lets[let], is_own or let not in self.parts
        return name if is_whole else f"({self.parts[let]} * part_of_{name})"

    def _symbol(self, symbol: Symbol) -> str:
        if symbol == _VALUE:
            return f"(mean_at {self.letter(T)} f)"
        if symbol == _F_STAR:
            return "fstar"
        if symbol == metric.squared_distance.expected:
            return f"(mean_at {self.letter(T)} {self.letter(_SQUARED_DISTANCE)})"
        if symbol.argument is not None:
            at_W = next(symbols_of(square)[0] for square, added in ADDED.items() if added.name == symbol.name)
            return f"(mean_at {self.count(symbol.argument)} {self.letter(at_W)})"
        if symbol in self._originals:
            draw, inner = self._originals[symbol]
            return f"({MEANS[draw]} (fun {draw} => {self._symbol(inner)}))"
        if isinstance(symbol, Drawn):
            return self._drawn(symbol)
        return f"(INR {self.letter(symbol)})" if symbol in self.counts else self.letter(symbol)

    def _drawn(self, letter: Drawn) -> str:
        if letter in NEXT:
            return f"({self.letter(NEXT[letter])} (next {'t ' * self.in_time}W H))"
        if letter == moved_next:
            return f"({self.letter(moved)} W H m (S k))"
        if letter == moved_mean:
            steps = self.letter(K)
            return f"(1 / INR {steps} * sum (fun k => {self.letter(moved)} W H m k) {steps})"
        return f"({' '.join((self.letter(letter), 'W', *depends_on(letter)))})"

    def _written(self, expression: Expression, pairs: list[tuple[str, str]], is_own: bool) -> str:
        """An expression in its normal form, or as it is: then both are kept, to be shown to be the same."""
        normal = self.form(read(expression))
        if not is_own:
            return normal
        text = self.own(expression)
        if text == normal:
            return text
        indices = [index for index in symbols_of(expression) if isinstance(index, _Index)]
        if indices:  # nothing is put in the place of another inside a sum
            self.under_sums.append((tuple(index.name for index in indices), text, normal))
            return normal
        if (text, normal) not in pairs:
            pairs.append((text, normal))
        return text

    def _powers(self, base: Expression, first: Expression, last: Expression, is_own: bool) -> str:
        written, count = self._written(base, self.bases, is_own), self.count(last - first + 1)
        if written == "1":
            return f"(INR {count})"
        start = self.count(first)
        before = {"0": "", "1": f"{written} * "}.get(start, f"{written} ^ {start} * ")
        return f"({before}sum (fun i => {written} ^ i) {count})"

    def _total(self, index: Symbol, steps: Expression, term: Expression, is_own: bool) -> str:
        count = self.count(steps)  # the index is bound in the term alone
        if self._depth == len(self._indices):
            self._indices.append(_Index(self.names.new("n")))
        bound = self._indices[self._depth]
        self.counts.add(bound)
        same = {inner: bound for inner in term.within() if isinstance(inner, Symbol) and inner.name == index.name}
        self._depth += 1
        body = self._text(term.at(same), is_own=is_own)
        self._depth -= 1
        return f"(INR {count})" if body == "1" else f"(sum (fun {bound.name} => {body}) {count})"

    def _root(self, of: Expression, is_own: bool) -> str:
        """The root of what has its normal form; if it has another at each index, t stands for that in what is known."""
        at_t = of.at({index: t for index in symbols_of(of) if isinstance(index, _Index)})
        self.counts |= {t} if at_t is not of else set()
        value = read(at_t)
        self.roots.setdefault(self.form(value), value)
        return f"(sqrt {self._written(of, self.radicands, is_own)})"

    def _maximum(self, of: Sequence[Expression], is_own: bool) -> str:
        normal = largest(sorted({self.form(read(member)) for member in of}))
        if not is_own or any(isinstance(index, _Index) for index in symbols_of(*of)):
            return normal
        text = largest([self.own(member) for member in of])
        if text != normal and (text, normal) not in self.maxima:
            self.maxima.append((text, normal))
        return text


def largest(terms: Sequence[str]) -> str:
    """Return the largest of some terms as a term."""
    *before, last = terms
    for text in reversed(before):
        last = f"(Rmax {text} {last})"
    return last


def counted_in(expression: Expression, bound: frozenset[str] = frozenset()) -> Iterator[Symbol]:
    """Yield the symbols that must stand for whole numbers: in exponents, and in how many terms a sum has.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, total
    >>> from rac_theory.proofs.coq.terms import counted_in
    >>> x, k, T = Symbol("x"), Symbol("k"), Symbol("T")
    >>> [*counted_in(total(k, T, x**k) + k)]
    [T]
    """
    counts: tuple[Expression, ...] = ()
    match expression:
        case Power(_, exponent):
            counts = (exponent,)
        case Powers(_, first, last):
            counts = (first, last)
        case Total(_, steps):
            counts = (steps,)
    yield from (symbol for symbol in symbols_of(*counts) if symbol.name not in bound)
    if isinstance(expression, Total):
        yield from counted_in(expression.steps, bound)
        yield from counted_in(expression.term, bound | {expression.index.name})
    else:
        for part in expression.inside:
            yield from counted_in(part, bound)
