"""The linear program of a step: which facts are taken at random constants for the best that a template may have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linprog

from rac_theory.algebra import Number, Ratio, Relation, Symbol, number, symbols_of, text
from rac_theory.base.checks import Array
from rac_theory.discovery.linear import Form, linear, numbers, solved
from rac_theory.discovery.listed import listed, memory
from rac_theory.discovery.templates import Template, Values
from rac_theory.proofs import Drawn, E, Fact, drawn_in, gap_next, ordered, proved, read
from rac_theory.statements import Theorem
from rac_theory.statements.symbols import K, N, T, lambda_max, lambda_min
from rac_theory.statements.symbols import momentum as b

_POINTS, _TRIED, _TIMES = 40, 20_000, 32
_LOWEST, _HIGHEST = 0.02, 3.0  # of constants: scales do not matter, shares are below 1
_TINY = 1e-9
(_LATER,) = drawn_in(read(E(gap_next)))
_SHORT, _NOISE, _SPARED = 1e-5, 1e-3, 1e-3
"""What a fact costs, what it costs to add noise, and what it is worth to leave what makes room for longer steps."""


class Support(NamedTuple):
    """What a linear program takes at some constants.

    Attributes
    ----------
    names : tuple of str
        What of the unknown is not zero.
    facts : tuple of int
        The facts, by their places.
    where : tuple of int
        The constants, by their places.
    """

    names: tuple[str, ...]
    facts: tuple[int, ...]
    where: tuple[int, ...]


class Solution(NamedTuple):
    """What a support is as quotients of polynomials in the constants: the unknown, facts, and what is left of these."""

    unknown: Values
    facts: tuple[tuple[Fact, Ratio], ...]
    rest: Ratio


@dataclass(frozen=True)
class Program:
    """The facts of a step as linear forms, constants at random, and what a template looks for in them."""

    template: Template
    states: tuple[tuple[Fact, Form], ...]
    constants: tuple[Fact, ...]
    fixed: Form
    unknown: Mapping[str, Form]
    at: Mapping[Symbol, Array]

    @classmethod
    def of(cls, template: Template, theorem: Theorem, rng: np.random.Generator) -> "Program":
        """Return the program of a template with what a theorem may use."""
        without = {fact.value for fact in template.without}
        offered = [fact for fact in listed(theorem) if fact.value not in without]
        facts = (*_beside(template.extra, offered), *template.extra)
        constants = [fact for fact in facts if not drawn_in(fact.value)]
        if moves := [fact for fact in constants if fact.strict and fact.value == read(lambda_min)]:
            constants.append(proved("", lambda_max > 0, ordered + moves[0]))
        goals = (template.fixed, *(number.of for number in template.unknown.values()))
        fixed, *sought = (_form(read(goal)) for goal in goals)
        drawn = ((fact, linear(fact.value)) for fact in facts if drawn_in(fact.value))
        states = [(fact, form) for fact, form in drawn if form is not None]
        reached = [*_reached(states, {letter for form in (fixed, *sought) for letter in form} - {None})]
        values = [value for form in (fixed, *sought, *(form for _, form in reached)) for value in form.values()]
        letters = {letter for value in values for letter in value.numerator.letters() | value.denominator.letters()}
        at = at_random(sorted(letters, key=repr), constants, theorem, rng)
        unknown = dict(zip(template.unknown, sought, strict=True))
        return cls(template, tuple(reached), tuple(constants), fixed, unknown, at)

    @property
    def n(self) -> int:
        """How many constants there are at random; without a letter there is one way to have none."""
        return len(next(iter(self.at.values()), [1]))

    def supports(self) -> list[Support]:
        """Return what is taken, the most frequent first."""
        matrix, goal, rest = self._in_numbers
        costs, noise = self._costs()
        places: dict[tuple[tuple[str, ...], tuple[int, ...]], list[int]] = {}
        for i in range(self.n):
            how: Any = {"method": "highs-ds", "bounds": self._bounds}
            answer = linprog(costs + noise * np.maximum(rest[i], 0), A_eq=matrix[i], b_eq=goal[i], **how)
            if answer.status == 0:
                used = answer.x > _TINY
                names = tuple(name for name, is_used in zip(self.unknown, used, strict=False) if is_used)
                facts = tuple(int(k) for k in np.flatnonzero(used[len(self.unknown) :]))
                places.setdefault((names, facts), []).append(i)
        return [Support(*key, tuple(i)) for key, i in sorted(places.items(), key=lambda pair: (-len(pair[1]), pair[0]))]

    def left(self) -> str:
        """Return what would have to be true besides, at the first of the constants: the least that makes the step."""
        matrix, goal, _ = (part[0] for part in self._in_numbers)
        letters = np.eye(len(goal))
        costs = np.repeat([0.0, 1.0], [matrix.shape[1], 2 * len(goal)])
        bounds = [*self._bounds, *[(0.0, np.inf)] * (2 * len(goal))]
        answer: Any = linprog(costs, A_eq=np.hstack([matrix, letters, -letters]), b_eq=goal, bounds=bounds)
        more, less = np.split(answer.x[matrix.shape[1] :] / max(answer.fun, _TINY), 2)
        terms = [{text(letter): side[i] for letter, i in self._letters.items()} for side in (less, more)]
        sides = ([f"{share:.2g} {name}" for name, share in side.items() if share > _TINY] for side in terms)
        return " <= ".join(" + ".join(name.removeprefix("1 ") for name in side) or "0" for side in sides)

    @cached_property
    def _letters(self) -> Mapping[Drawn, int]:
        """The letters of a step, each with its place."""
        forms = (self.fixed, *self.unknown.values(), *(form for _, form in self.states))
        letters = dict.fromkeys(letter for letter in chain(*forms) if letter is not None)
        return {letter: i for i, letter in enumerate(letters)}

    @cached_property
    def _in_numbers(self) -> tuple[Array, Array, Array]:
        """What is added up, (n, letters, columns), what it must be, and what each column leaves of no letter."""
        columns = [*map(_negative, self.unknown.values()), *(form for _, form in self.states)]
        goal, _ = self._numbers(self.fixed)
        values, rests = zip(*map(self._numbers, columns), strict=True)
        return np.stack(values, axis=2), goal, np.stack(rests, axis=1)

    @property
    def _bounds(self) -> list[tuple[float, float]]:
        """Between what each number lies."""
        unknown = [(number.least, number.most) for number in self.template.unknown.values()]
        return unknown + [(0, np.inf)] * len(self.states)

    def _costs(self) -> tuple[Array, float]:
        """What each column costs, and a unit of noise."""
        spared = self.template.spared
        of_facts = [_SHORT - _SPARED * (form.keys() == {spared}) for _, form in self.states]
        costs = np.array([*(number.cost for number in self.template.unknown.values()), *of_facts])
        return costs, _NOISE if spared is None else _NOISE * _SPARED

    def _numbers(self, form: Form) -> tuple[Array, Array]:
        """The coefficients of a form, (n, letters), and what is no multiple of a letter, (n,)."""
        column, rest = np.zeros((self.n, len(self._letters))), np.zeros(self.n)
        for letter, value in form.items():
            if letter is None:
                rest = numbers(value, self.at)
            else:
                column[:, self._letters[letter]] = numbers(value, self.at)
        return column, rest

    def solution(self, support: Support) -> Solution | None:
        """Return what a support is for all constants; None if it is the step for some of them alone."""
        facts = [self.states[k] for k in support.facts]
        unknown = [_negative(self.unknown[name]) for name in support.names]
        sums = [fact.value.numerator for fact in self.constants if len(fact.value.numerator.terms) > 1]
        sums += [read(1 - b).numerator] if memory(self.template.about) else []
        times = solved([*unknown, *(form for _, form in facts)], self.fixed, sums)
        if times is None:
            return None
        times = [self._upright(value, support) for value in times]
        zero, of_facts = read(0), times[len(unknown) :]
        values = dict.fromkeys(self.unknown, zero) | dict(zip(support.names, times, strict=False))
        rest = zero - self.fixed.get(None, zero)
        for (_, form), share in zip(facts, of_facts, strict=True):
            rest += form.get(None, zero) * share
        return Solution(values, tuple((fact, share) for (fact, _), share in zip(facts, of_facts, strict=True)), rest)

    def _upright(self, value: Ratio, support: Support) -> Ratio:
        """The same quotient, by what is positive where it was found."""
        is_negative = (numbers(Ratio(value.denominator), self.at)[list(support.where)] < 0).all()
        return Ratio(-value.numerator, -value.denominator) if is_negative else value


def _form(value: Ratio) -> Form:
    form = linear(value)
    if form is None:
        raise ValueError(f"what is looked for must be linear in what is drawn in a step, got {value!r}")
    return form


def _negative(form: Form) -> Form:
    return {letter: -value for letter, value in form.items()}


def _beside(own: Sequence[Fact], facts: Sequence[Fact]) -> Sequence[Fact]:
    """What is looked at beside the facts of a template: where one of these says how far f falls, nothing else that
    does, and nothing that says of the same letters what one with a parameter does."""
    replaced = {frozenset(drawn_in(fact.value)) for fact in own}
    leads = any(_LATER in letters for letters in replaced)
    return [
        fact
        for fact in facts
        if not (letters := frozenset(drawn_in(fact.value)))
        or not (letters in replaced or (leads and _LATER in letters))
    ]


def _reached(states: Sequence[tuple[Fact, Form]], reached: set[Any]) -> Iterator[tuple[Fact, Form]]:
    """Yield the facts that share a letter with what is reached, directly or through others."""
    rest = list(states)
    while near := [state for state in rest if reached.intersection(state[1])]:
        yield from near
        reached = reached.union(*(form for _, form in near)) - {None}
        rest = [state for state in rest if all(state is not neighbour for neighbour in near)]


def at_random(
    letters: Sequence[Any], facts: Sequence[Fact], theorem: Theorem, rng: np.random.Generator
) -> Mapping[Any, Array]:
    """Return constants at which all that is known of them is true, (n,) each; those of an equation are as it says."""
    drawn = [_allowed(letters, facts, theorem, rng)]
    while sum(len(next(iter(at.values()), ())) for at in drawn) < _POINTS and len(drawn) < _TIMES:
        drawn.append(_allowed(letters, facts, theorem, rng))
    return {letter: np.concatenate([at[letter] for at in drawn])[:_POINTS] for letter in drawn[0]}


def _allowed(
    letters: Sequence[Any], facts: Sequence[Fact], theorem: Theorem, rng: np.random.Generator
) -> Mapping[Any, Array]:
    """Those of many constants at which all is true, (n,) each: symbols, and what is named by these or made of them."""
    made = {letter: getattr(letter, "expression", letter) for letter in letters if not isinstance(letter, Symbol)}
    rest = sorted({*symbols_of(*made.values())}.difference(letters), key=repr)
    symbols = (*(letter for letter in letters if letter not in made), *rest)
    at = dict(zip(symbols, np.exp(rng.uniform(np.log(_LOWEST), np.log(_HIGHEST), (len(symbols), _TRIED))), strict=True))
    for relation in theorem.given:
        match relation:
            case Relation((Symbol() as one, Number(value)), ("=",)) if one in at:
                at[one] = np.full(_TRIED, float(value))
    at |= {count: 1 + np.ceil(at[count]) for count in (K, N, T) if count in at}
    values = {symbol.name: of_symbol for symbol, of_symbol in at.items()}
    at |= {letter: number(expression, values) for letter, expression in made.items()}
    allowed = np.ones(_TRIED, bool)
    for fact in facts:
        of_fact = fact.value.numerator.letters() | fact.value.denominator.letters()
        if of_fact and of_fact <= at.keys():
            slack = numbers(fact.value, at)
            allowed &= (slack > _TINY) if fact.strict else (slack >= -_TINY)
    return {letter: of_letter[allowed] for letter, of_letter in at.items()}
