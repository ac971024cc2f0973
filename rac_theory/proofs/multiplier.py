"""The sums that a proof is made of: each fact once, and by what it is multiplied, as a formula."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add, and_

from rac_theory.algebra import Expression, Ratio, Sum, lifted, text
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.products import Factors, multiplied, product
from rac_theory.proofs.rules import Rule
from rac_theory.proofs.writing import Writer


@dataclass(frozen=True)
class Term:
    """A fact, or none where all factors are signs of constants, and what it is multiplied by."""

    times: Expression
    fact: Fact | None
    signs: tuple[Fact, ...] = ()


def terms(fact: Fact, writer: Writer) -> tuple[Term, ...]:
    """Return the sum that a fact is, by what it is a sum of."""
    multiples: dict[Fact | None, list[tuple[list[Fact], Fraction]]] = {}
    for facts, times in fact.of.items():
        if any(factor.value.is_zero for factor in facts):
            continue
        main, rest = _main(facts), list(facts)
        if main is not None:
            rest.remove(main)
        multiples.setdefault(main, []).append((rest, times))
    ordered = sorted(multiples.items(), key=lambda item: item[0] is not None)  # what is positive by itself comes first
    return tuple(
        Term(
            _added([_factors(rest, times, writer) for rest, times in products], writer),
            main,
            tuple(dict.fromkeys(factor for rest, _ in products for factor in sorted(rest, key=repr))),
        )
        for main, products in ordered
    )


def multiplier(fact: Fact, writer: Writer) -> Expression:
    """Return a fact that says that a constant is positive as that constant."""
    return _added([_factors(facts, times, writer) for facts, times in fact.parts.items()], writer)


def _main(facts: Sequence[Fact]) -> Fact | None:
    """The fact that is multiplied by the others: one about f, one that says more than a sign, or a power."""
    best = max(facts, key=lambda fact: (weight(fact), repr(fact)), default=None)
    power = next((fact for fact in facts if fact.rule is Rule.POWER), None)
    return best if best is not None and weight(best) > 1 else power


def weight(fact: Fact) -> int:
    """How much a fact says: 0 for a sign, 1 for what was proved to be positive, 5 for an inequality about f."""
    if fact.said is None and fact.name:
        return 0  # an inverse
    about_f, is_single = bool(drawn_in(fact.value)), len(fact.value.numerator.terms) <= 1
    if about_f:
        return 4 if is_single else 5
    if is_single:
        return 0
    is_sign = fact.said is None or fact.said.terms[0] == lifted(0)
    if fact.of and is_sign:
        return 1
    return 2 if fact.name == "Assumed" or is_sign else 3


def positive(fact: Fact) -> Expression:
    """The number that a fact says is positive, or not negative, as it says it."""
    if fact.said is None:
        return fact.value.expression
    left, right = fact.said.terms
    return right if left == lifted(0) else right - left


def _factors(facts: Iterable[Fact], times: Fraction, writer: Writer) -> Factors:
    """The product of the numbers that facts say are positive."""
    number, powers = times, dict[Expression, int]()
    for fact in facts:
        is_inverse = fact.said is None and bool(fact.name)
        (base,) = next(iter(fact.of)) if is_inverse else (fact,)
        n, factors = writer.factors(positive(base))
        number = number / n if is_inverse else number * n
        for factor, power in factors.items():
            powers[factor] = powers.get(factor, 0) + (-power if is_inverse else power)
    return number, {factor: power for factor, power in powers.items() if power}


def _added(products: Sequence[Factors], writer: Writer) -> Expression:
    """Several multipliers as one: what they share, times the sum of what they do not."""
    if len(products) == 1:
        return multiplied(*products[0])
    shared = reduce(and_, [frozenset(powers.items()) for _, powers in products])
    apart = [(times, dict(powers.items() - shared)) for times, powers in products]
    number, powers = writer.factored(reduce(add, (_value(*remainder) for remainder in apart)))
    as_it_is: Factors = Fraction(1), {Sum(tuple(multiplied(*remainder) for remainder in apart)): 1}
    factors = Fraction(1), dict(shared)
    computed, added = (multiplied(*product([form, factors])) for form in ((number, powers), as_it_is))
    return min(computed, added, key=lambda expression: len(text(expression)))


def _value(times: Fraction, powers: Mapping[Expression, int]) -> Ratio:
    return reduce(lambda value, pair: value * read(pair[0]) ** pair[1], powers.items(), read(lifted(times)))
