"""What is taken for granted: instances of the schemas of one table, read here as the checker reads them by itself.

A fact is granted by the name of a schema and what is put into it. What it says, what it rests on and why it is true
stand in ``checker.SCHEMAS``, once; nothing here knows a theorem.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache, reduce
from operator import add, matmul, mul, sub, truediv
from typing import Any, NamedTuple

from rac_theory.algebra import (
    Expression,
    Let,
    Relation,
    Symbol,
    choice,
    identical,
    lifted,
    maximum,
    powers,
    sqrt,
    total,
)
from rac_theory.proofs import checker
from rac_theory.proofs.drawn import H, Vector, averaged, curve, star
from rac_theory.proofs.fact import Fact, granted, read
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.quantities import NUMBERS, VECTORS
from rac_theory.statements import Assumption, Condition, KnownConstant, Predicate, assumptions, symbols

Value = Any  # a number, a vector, an assumption or a symbol


class Schema(NamedTuple):
    """A row of the table: what may be put into it, what it rests on, what it says, why, a page, its part, its names."""

    name: str
    of: tuple[tuple[str, str], ...]
    needs: list[Any]
    said: list[Any]
    why: str
    page: str
    part: str
    letters: frozenset[str]


def _words(node: Any) -> frozenset[str]:
    return frozenset({node}) if isinstance(node, str) else frozenset().union(*map(_words, node))


def _schemas() -> Iterator[Schema]:
    part = ""
    for row in re.sub(r"\n +", " ", checker.SCHEMAS).strip().splitlines():
        if row.startswith("# "):
            part = row.removeprefix("# ")
            continue
        head, needs, statement, why, *page = (cell.strip() for cell in row.split("|"))
        name, *of = head.split()
        pairs = tuple((key, kind) for key, _, kind in (parameter.partition(":") for parameter in of))
        rests, says = checker.nodes(needs), checker.nodes(statement)
        yield Schema(name, pairs, rests, says, why, "".join(page), part, _words([rests, says]) & checker.NAMES.keys())


SCHEMAS: Mapping[str, Schema] = {schema.name: schema for schema in _schemas()}
_SYMBOLS = {name: symbol for name, symbol in vars(symbols).items() if isinstance(symbol, Symbol)}
LETTERS: Mapping[str, Symbol] = {**NUMBERS, **_SYMBOLS}


def grant(name: str, *values: Value, letters: tuple[Let, ...] = ()) -> Fact:
    """Return the instance of a schema with values in the place of what may be put into it.

    Parameters
    ----------
    name : str
    *values
        Vectors, numbers, symbols, or what a theorem is about.
    letters : iterable of Let
        The names that it is about, such as that of a drift.

    Raises
    ------
    ValueError
        If a value is not of the kind that the schema asks for.

    Examples
    --------
    >>> from rac_theory.proofs.quantities import G
    >>> from rac_theory.proofs.schemas import grant
    >>> grant("square", G), grant("below_one")
    (0 <= ||G||^2, lambda_min <= 1)
    """
    schema = SCHEMAS[name]
    letters = tuple(let for let in letters if let.letter in schema.letters)
    is_of_vectors = any(isinstance(value, Vector) for value in values)  # which are no keys
    return (_instance if is_of_vectors else _instance_of_names)(name, values, letters)


def _instance(name: str, values: tuple[Value, ...], letters: tuple[Let, ...]) -> Fact:
    schema = SCHEMAS[name]
    if len(values) != len(schema.of):
        raise ValueError(f"the schema {name} is of {len(schema.of)} things, got {len(values)}")
    places: dict[str, Value] = {let.letter: let for let in letters}
    for let in letters:
        if not is_meant(let):
            raise ValueError(f"{let.letter} is another number, of which facts are granted")
    for (key, kind), value in zip(schema.of, values, strict=True):
        places |= {f"${key}": _put(kind, value)}
    if values and _named(values[0]) in checker.STEPS:
        places |= dict(zip(("$L", "$smooth", "$to", "$step", "$gap", "$G"), _move(_named(values[0])), strict=True))
    low, sign, high = (_filled(node, places) for node in schema.said)
    relation = Relation((_number(low, places), _number(high, places)), (sign,))
    by = (_assumption(_filled(node, places), places) for node in schema.needs)
    return granted(schema.why, relation, *by, page=schema.page, schema=(name, *values))


_instance_of_names = cache(_instance)


class Move(NamedTuple):
    """What a step is: the constant of the descent lemma, what says so, where it leads, and what is added to W; or to
    another point, with its gap and its gradient."""

    constant: Symbol
    smooth: Condition
    to: Expression
    by: Vector
    gap: Expression
    G: Vector

    @property
    def moves_W(self) -> bool:
        """Whether it leads from W to W+."""
        return self.to == NUMBERS["gap_next"] and self.gap == NUMBERS["gap"]


def move_of(about: Predicate) -> Move | None:
    """Return what a step is of an algorithm that is in the table; of another nothing is known, whatever it says."""
    name = _named(about)
    return _move(name) if name in checker.STEPS else None


def memory_of(about: Predicate | None) -> tuple[Vector, Vector]:
    """Return what an algorithm keeps from step to step, and what that is after a step.

    Raises
    ------
    Missing
        If it is not in the table.
    """
    name = _named(about)
    if name not in checker.MEMORY:
        raise Missing(f"what is kept from step to step is not known of {about!r}")
    step = getattr(assumptions, name).step
    memory, then = (_read(checker.nodes(vector)[0]) for vector in checker.MEMORY[name][:2])
    added = reduce(add, (VECTORS[vector] for vector in step.vectors))
    stated = VECTORS["Gp"] - added + memory - H(memory) if step.follows else then
    if step.memory is not None:
        pushed = memory * step.memory + added
        stated = pushed - H(pushed) if step.is_whole else memory * step.memory + H(added)
    if not all(read(share).is_zero for share in (stated - then).parts.values()):
        raise ValueError(
            f"what {name} keeps must be said by the table as by itself, {checker.MEMORY[name]}, not {step}"
        )
    return memory, then


def square_kept(about: Predicate | None) -> tuple[Expression, Expression, Expression]:
    """Return the square of what an algorithm keeps, what that is on average after a step, and at most at first.

    Raises
    ------
    Missing
        If it is not in the table.
    """
    memory, then = memory_of(about)
    *_, square, first = (checker.nodes(number)[0] for number in checker.MEMORY[_named(about)])
    inner = _INNER[square[0]]
    return inner(memory, memory), averaged(read(inner(then, then)), "H").expression, _read(first)


@cache
def _move(name: str) -> Move:
    """A row of the table, if the algorithm says the same of itself."""
    L, smooth, to, row, *start = checker.nodes(checker.STEPS[name])
    by, step = _read(row), getattr(assumptions, name).step
    added, memory = reduce(add, (VECTORS[vector] for vector in step.vectors)), VECTORS["M"]
    taken = added - memory + H(memory) if step.follows else added if step.is_whole else H(added)
    stated = taken * (step.length * -1)
    rest = (stated - by).parts.values()
    if (L, to) != (_named(step.constant), step.leads_to) or not all(read(share).is_zero for share in rest):
        raise ValueError(f"what a step of {name} is must be said by the table as by itself, {row} is not {step}")
    gap, G = start or ("gap", "G")
    return Move(_SYMBOLS[L], getattr(assumptions, smooth), NUMBERS[to], by, NUMBERS[gap], VECTORS[G])


@cache
def is_meant(let: Let) -> bool:
    """Return whether a name is the one of the table, and not another number of that letter."""
    meant = checker.NAMES.get(let.letter)
    return meant is not None and identical(let.value, _read(checker.nodes(meant)[0]))


def _put(kind: str, value: Value) -> Value:
    """What is put into a schema, if it is of its kind."""
    match kind:
        case "fixed" if any(over or is_projected for _, _, over, is_projected in value.parts):
            drawn = [name for name, *_ in value.parts]
            raise ValueError(f"v must be a vector that is not drawn with H, got one with {drawn}")
        case "vector" | "fixed" if isinstance(value, Vector):
            return value
        case "constant" if isinstance(value, Expression):
            return value
        case "steps" if _named(value) in checker.STEPS:
            return value
        case _ if _named(value) in kind.split(","):
            return value
    raise ValueError(f"{value!r} must be one of {kind}")


def _named(value: Value) -> str:
    """The name of a symbol, a condition or an algorithm in files; empty if it is none of ours, whatever it says of
    itself."""
    names = LETTERS if isinstance(value, Symbol) else vars(assumptions)
    return next((name for name, member in names.items() if type(member) is type(value) and member == value), "")


def _filled(node: Any, places: Mapping[str, Value]) -> Any:
    """What a row says, with values in their places."""
    if isinstance(node, str):
        return places.get(node, node)
    return [_filled(part, places) for part in node] if isinstance(node, list) else node


def _assumption(node: Any, places: Mapping[str, Value]) -> Assumption:
    match node:
        case str():
            return getattr(assumptions, node)  # type: ignore[no-any-return]
        case ["known", name, *unless]:
            relations = [_relation(relation, places) for relation in unless]
            return KnownConstant(_SYMBOLS[name] if isinstance(name, str) else name, *relations)
        case [str(), *_]:
            return _relation(node, places)
    return node  # type: ignore[no-any-return]


def _relation(node: list[Any], places: Mapping[str, Value]) -> Relation:
    sign, *terms = node
    return Relation(tuple(_number(term, places) for term in terms), (sign,) * (len(terms) - 1))


def _number(node: Any, places: Mapping[str, Value]) -> Expression:
    value = _read(node, places)
    if not isinstance(value, Expression):
        raise ValueError(f"{node!r} is no number")
    return value


_INNER: Mapping[str, Callable[[Vector, Vector], Expression]] = {"dot": matmul, "star": star, "curve": curve}
_JOINED: Mapping[str, Any] = {"+": add, "-": sub, "/": truediv, "^": pow}
_MADE: Mapping[str, Any] = {"sqrt": sqrt, "max": maximum, "powers": powers}


def _read(node: Any, places: Mapping[str, Value] | None = None) -> Value:
    """A number or a vector as the kernel has it."""
    places = places or {}
    match node:
        case str():
            if checker._NUMBER.match(node):
                return lifted(Fraction(node))
            for names in (places, VECTORS, LETTERS):
                if node in names:
                    return names[node]
            raise ValueError(f"{node} is no letter of proofs")
        case Expression() | Vector():
            return node
        case ["sum", name, steps, term]:
            return total(Symbol(name), _read(steps, places), _read(term, {**places, name: Symbol(name)}))
    head, *parts = node
    match head:
        case "if":
            return choice(_relation(parts[0], places), *(_read(part, places) for part in parts[1:]))
        case "-" if len(parts) == 1:
            return _read(parts[0], places) * -1
        case "H":
            return H(_read(parts[0], places))
        case "dot" | "star" | "curve":
            return _INNER[head](*(_read(part, places) for part in parts))
        case "E" | "mean":
            return averaged(read(_read(parts[0], places)), {"E": "H", "mean": "m"}[head]).expression
        case "*":
            factors = sorted((_read(part, places) for part in parts), key=lambda factor: isinstance(factor, Expression))
            return reduce(mul, factors)  # vectors first
    values = [_read(part, places) for part in parts]
    return reduce(_JOINED[head], values) if head in _JOINED else _MADE[head](*values)
