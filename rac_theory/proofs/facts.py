"""Facts that proofs of every theorem may use: instances of the schemas, signs of constants, and what is assumed."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product

from rac_theory.algebra import Expression, Let, Relation, Symbol, lifted, maximum, symbols_of
from rac_theory.proofs import checker
from rac_theory.proofs.defined import Defined
from rac_theory.proofs.drawn import Drawn, H, Vector, drawn_in
from rac_theory.proofs.fact import Fact, granted, read
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.quantities import E, G, g, gap
from rac_theory.proofs.schemas import LETTERS, SCHEMAS, grant, is_meant
from rac_theory.statements import Assumption, Condition, KnownConstant, assumptions
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    polyak_lojasiewicz,
    smooth,
    smooth_components,
    strongly_convex,
    structured_noise,
)
from rac_theory.statements.symbols import A, C, K, L, L_max, N, T, beta, eta, gamma, lambda_max, lambda_min, mu, s


class Granted:
    """What is granted about some names, by the names of schemas into which nothing is put.

    Examples
    --------
    >>> from rac_theory.proofs.facts import Granted
    >>> Granted().flat
    ||G||^2 <= 2 L (f(W) - f*)
    """

    def __init__(self, *letters: Let) -> None:
        self._letters = letters

    def __getattr__(self, name: str) -> Fact:
        """Return the instance of the schema of that name."""
        if name not in SCHEMAS:
            raise AttributeError(f"no schema is called {name!r}")
        return grant(name, letters=self._letters)


def instances(holding: Iterable[Assumption] | None, letters: Sequence[Let]) -> Iterator[Fact]:
    """Yield what all schemas grant where some assumptions hold, or any, but for those of any vector or number."""
    holding = None if holding is None else frozenset(holding)
    meant = {let.letter: let for let in letters if is_meant(let)}
    for schema in SCHEMAS.values():
        if not schema.letters <= meant.keys():
            continue
        kinds = [[*checker.STEPS] if kind == "steps" else kind.split(",") for _, kind in schema.of]
        if {"vector", "fixed", "constant"} & {kind for options in kinds for kind in options}:
            continue
        for names in product(*kinds):
            values = [LETTERS.get(name) or getattr(assumptions, name) for name in names]
            fact = grant(schema.name, *values, letters=(*meant.values(),))
            if holding is None or fact.by <= holding:
                yield fact


def square(v: Vector) -> Fact:
    """A square is not negative."""
    return grant("square", v)


def square_of(number: Expression) -> Fact:
    """The square of a number is not negative."""
    return granted("A square", number**2 >= 0, schema=("sign",))


def low(v: Vector) -> Fact:
    """lambda_min is the least that E[H] makes of a square, of a vector that is not drawn."""
    return grant("low", v)


def high(v: Vector) -> Fact:
    """lambda_max is the most that E[H] makes of a square, of a vector that is not drawn."""
    return grant("high", v)


def even(v: Vector) -> Fact:
    """Where E[H] = lambda_min I it makes that multiple of a square, of a vector that is not drawn."""
    return grant("even", v)


def below_maximum(*of: Expression) -> tuple[Fact, ...]:
    """Each of several is at most the largest of them."""
    return tuple(granted("A maximum", member <= maximum(*of), schema=("maximum", member, *of)) for member in of)


def stands_for(name: Let) -> Fact:
    """What a name stands for is at most the number of that name."""
    return granted("What it stands for", name.value <= name, schema=("nothing",))


def by_signs(name: str, relation: Relation, *facts: Fact) -> Fact:
    """A number is positive, or not negative, by the signs of what it is made of.

    Raises
    ------
    Missing
        If these facts do not say so.
    """
    left, right = relation.terms if relation.signs[0] in ("<", "<=") else relation.terms[::-1]
    sign = Defined(facts).sign(right)
    is_less = relation.signs[0] in ("<", ">") and not sign
    if left != lifted(0) or sign is None or is_less or drawn_in(read(right)):  # what is so on average has no product
        raise Missing(f"{relation!r} is not what {', '.join(map(repr, facts))} say of the sign of {right!r}")
    by = frozenset[Assumption]().union(*(fact.by for fact in facts))
    return granted(name, relation, *by, schema=("sign", *facts))


one, nothing = grant("number"), granted("A number", lifted(0) <= 0, schema=("sign",))
no_step_or_more = granted("A count", T >= 0, schema=("sign",))
below_one, ordered = grant("below_one"), grant("ordered")
gap_is_positive: dict[Assumption, Fact] = {
    assumption: grant("gap_is_positive", assumption.symbol) for assumption in (certified_minimum, bounded_below)
}
flat, mu_below_L, mu_below_L_max = map(grant, ("flat", "mu_below_L", "mu_below_L_max"))

_LETTERS: dict[str, Expression] = {
    "f(W) - f*": gap,
    "E||Hg||^2": E(g @ H(g)),
    "<G, E[H] G>": E(G @ H(G)),
}


def assumed(assumption: Assumption) -> Iterator[Fact]:
    """Yield what an assumption says in numbers: of constants, and if all its letters are known of f at W."""
    match assumption:
        case Relation(terms, signs):
            for (left, right), sign in zip(pairwise(terms), signs, strict=True):
                for order in ("<=", ">=") if sign == "=" else (sign,):
                    yield granted("Assumed", Relation((left, right), (order,)), assumption)
        case KnownConstant(symbol):
            yield granted("Assumed", symbol >= 0, assumption)
        case Condition(name, inequality, signs_of_constants):
            for relation in signs_of_constants:
                yield from (granted(name, fact.said, assumption) for fact in assumed(relation) if fact.said is not None)
            at_W = inequality.at(_at(inequality))
            if all(symbol.constant or isinstance(symbol, Drawn) for symbol in symbols_of(at_W)):
                yield from (granted(name, fact.said, assumption) for fact in assumed(at_W) if fact.said is not None)


def _at(inequality: Relation) -> dict[Expression, Expression]:
    """The letters for symbols of a condition: those of one name, and the square of the length of a gradient."""
    places: dict[Expression, Expression] = {}
    for symbol in symbols_of(inequality):
        if symbol.name in _LETTERS:
            places[symbol] = _LETTERS[symbol.name]
        if symbol.name == "||grad f(W)||":
            places[symbol**2] = G @ G
    return places


def sign(of: Symbol, by: Assumption) -> Fact:
    """Return what an assumption says of the sign of a constant."""
    return next(fact for fact in assumed(by) if fact.said is not None and fact.said.terms == (lifted(0), of))


plus: dict[Symbol, Fact] = {
    **{size: grant("step_size", size) for size in (gamma, eta)},
    **{count: grant("count", count) for count in (T, N, K)},
    lambda_min: grant("lambda_min"),
    lambda_max: grant("lambda_max"),
    **{symbol: sign(symbol, structured_noise) for symbol in (A, beta, C)},
    **{
        symbol: sign(symbol, by)
        for symbol, by in ((L, smooth), (L_max, smooth_components), (mu, polyak_lojasiewicz), (s, strongly_convex))
    },
}
"""Signs of constants: of what is always positive, of what one assumption says, and T > 0 where T = 0 is no case."""
