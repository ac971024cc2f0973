"""What is random in a step: letters for numbers that depend on a draw, their means, and vectors under a projection."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from typing import TypeAlias

from rac_theory.algebra import Expression, Ratio, Relation, Symbol, lifted, symbols_in, term
from rac_theory.proofs.fact import Fact, follows, read
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.rules import MEANS

_WRITTEN: Mapping[str, tuple[str, str]] = {"H": ("E", r"\mathrm{E}"), "m": ("mean", r"\mathrm{mean}")}
"""How a mean is written: over H, all that is drawn afresh in a step, and over m, the clients."""


@dataclass(frozen=True, repr=False, eq=False)
class Drawn(Symbol):
    """A number that depends on W, the iterate, and on the draws in ``over``."""

    over: frozenset[str] = frozenset()

    def mean(self, draw: str) -> "Drawn":
        """Return the letter for its mean over a draw."""
        text, latex = _WRITTEN[draw]
        is_enclosed = self.name.startswith("<") or (self.name.startswith("||") and self.name.endswith("^2"))
        left, right = ("", "") if is_enclosed else ("[", "]")  # without them E x^2 could be the square of a mean
        name, typeset = f"{text}{left}{self.name}{right}", rf"{latex} {left}{self.latex}{right}"
        return Drawn(name, typeset, over=self.over - {draw})


def letter(name: str, latex: str, over: str = "", *, is_sum: bool = False) -> Drawn:
    """Return a letter for a number that depends on W and on draws, each named by a letter of ``over``."""
    return Drawn(name, latex, over=frozenset(over), is_sum=is_sum)


def averaged(value: Ratio, draw: str) -> Ratio:
    """Return the mean of a value over a draw, each of whose terms must have one factor that is drawn, or none."""
    letters = {letter for letter in drawn_in(value) if draw in letter.over}
    linear = all(
        len(drawn := [letter for letter in symbols_in(m) if letter in letters]) <= 1
        and all(dict(m).get(letter) == 1 for letter in drawn)
        for m, _ in value.numerator.terms
    )
    if not linear or letters.intersection(value.denominator.symbols()):
        raise Missing(f"only of what is linear in what is drawn is the mean over {draw} known, not of {value!r}")
    return Ratio(value.numerator.at({letter: term(letter.mean(draw)) for letter in letters}), value.denominator)


def drawn_in(value: Ratio) -> set[Drawn]:
    """Return the letters in a value, in bases, exponents and atoms too."""
    return {
        letter
        for side in (value.numerator, value.denominator)
        for letter in side.symbols()
        if isinstance(letter, Drawn)
    }


def mean(fact: Fact, draw: str = "H") -> Fact:
    """Return the mean of a fact: what is true of each draw is true on average."""
    relation = (
        Relation((lifted(0), fact.value.expression), ("<" if fact.strict else "<=",))
        if fact.said is None
        else fact.said
    )
    sides = tuple(_averaged(side, draw) for side in relation.terms)
    return follows(MEANS[draw], Relation(sides, relation.signs), [], fact)


def _averaged(side: Expression, draw: str) -> Expression:
    """The mean of a side in its normal form, or as it is written where that would put all over one sum."""
    average = averaged(read(side), draw)
    if len(average.denominator.terms) == 1:
        return average.expression
    return side.at({letter: letter.mean(draw) for letter in drawn_in(read(side)) if draw in letter.over})


Part: TypeAlias = tuple[str, str, str, bool]


@dataclass(frozen=True)
class Vector:
    """A sum of multiples of vectors, some of them projected by H: by (name, latex, over, is_projected)."""

    parts: Mapping[Part, Expression]

    def __add__(self, other: "Vector") -> "Vector":
        keys = dict.fromkeys([*self.parts, *other.parts])
        zero = lifted(0)
        return Vector({key: self.parts.get(key, zero) + other.parts.get(key, zero) for key in keys})

    def __mul__(self, times: Expression | int | Fraction) -> "Vector":
        return Vector({key: share * times for key, share in self.parts.items()})

    def __truediv__(self, by: Expression) -> "Vector":
        return self * (1 / by)

    def __sub__(self, other: "Vector") -> "Vector":
        return self + other * -1

    def __matmul__(self, other: "Vector") -> Expression:
        """Return the inner product; as H = H' = H^2, <Ha, Hb> = <Ha, b> = <a, Hb>."""
        return self.inner(other, _inner)

    def inner(self, second: "Vector", letter: Callable[[Part, Part], "Drawn"]) -> Expression:
        """Return an inner product, by the letters for those of two names."""
        products = [p * q * letter(a, b) for a, p in self.parts.items() for b, q in second.parts.items()]
        return read(reduce(add, products, lifted(0))).expression


def vector(name: str, latex: str = "", over: str = "") -> Vector:
    """Return a vector that depends on W, and on draws."""
    return Vector({(name, latex or name, over, False): lifted(1)})


def H(v: Vector) -> Vector:
    """Return the projection of a vector on the range of H."""
    parts = [Vector({(name, latex, over, True): times}) for (name, latex, over, _), times in v.parts.items()]
    return reduce(add, parts)


def star(u: Vector, v: Vector) -> Expression:
    """Return the inner product with the inverse of E[H] between, which takes H from neither."""
    return u.inner(v, lambda a, b: _between(a, b, "Hbar^-1 ", r"\bar H^{-1} "))


def curve(u: Vector, v: Vector) -> Expression:
    """Return that with Q between, which bounds how f is curved."""
    return u.inner(v, lambda a, b: _between(a, b, "Q", "Q"))


def _between(first: Part, second: Part, name: str, latex: str) -> Drawn:
    a, b = sorted((first, second), key=lambda part: (part[3], part))
    over = "".join({*a[2], *b[2], *("H" if a[3] or b[3] else "")})
    (left, left_latex), (right, right_latex) = (
        (f"{'H' * h}{v}", f"{'H ' * h}{typeset}") for v, typeset, _, h in (a, b)
    )
    if a == b and name != "Q":
        return letter(f"||{left}||*^2", rf"\Vert {left_latex} \Vert_\star^2", over)
    return letter(f"<{left},{name}{right}>", rf"\langle {left_latex}, {latex}{right_latex} \rangle", over)


def _inner(first: Part, second: Part) -> Drawn:
    (a, a_latex, a_over, a_projected), (b, b_latex, b_over, b_projected) = sorted((first, second))
    h, over = ("H", "H") if a_projected or b_projected else ("", "")
    over = "".join({*a_over, *b_over, *over})
    if a == b:
        return letter(f"||{h}{a}||^2", rf"\Vert {h} {a_latex} \Vert^2", over)
    return letter(f"<{a},{h}{b}>", rf"\langle {a_latex}, {h} {b_latex} \rangle", over)
