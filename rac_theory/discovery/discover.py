"""Rates that are found: from what a step is and what is given of f to theorems, each with its proof.

A linear program says at random constants which facts are taken how often for the best rate. Which ones these are is all
that is kept of it: how often each is taken is solved for anew, as quotients of polynomials in the constants, what must
be given so that these are not negative is written down, and the kernel makes the proof or refuses it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from scipy.optimize import linprog

from rac_theory.algebra import Expression, Number, Ratio, Relation, Symbol, equal, lifted, text
from rac_theory.algorithms import Method
from rac_theory.base import being, checks
from rac_theory.base.checks import Array
from rac_theory.discovery.linear import Form, linear, numbers, solved
from rac_theory.discovery.listed import listed
from rac_theory.discovery.signs import Signs
from rac_theory.discovery.templates import Template, Values, templates
from rac_theory.proofs import Fact, Missing, Proof, Writer, about_of, assumed, drawn_in, ordered, proved, read, search
from rac_theory.statements import Assumption, E, Metric, Predicate, Theorem, gap
from rac_theory.statements.assumptions import known_largest_projection, structured_noise
from rac_theory.statements.symbols import A, beta, gap0, lambda_max, lambda_min
from rac_theory.theorems import ALL

_POINTS, _TRIED, _SUPPORTS = 40, 20_000, 6
_LOWEST, _HIGHEST = 0.02, 3.0
_TINY = 1e-9
_NOISE = (structured_noise, equal(A, 0), beta <= 1)
"""What is added where a step is known with noise alone: exact gradients are noise with C = 0."""


@dataclass(frozen=True, repr=False)
class Discovery:
    """What was found of a method, and what was tried.

    Attributes
    ----------
    proofs : tuple of Proof
        Each of a theorem that was found.
    same : mapping
        The ids of those that theorems of this library follow from, with the ids of these.
    tried : tuple of str
        What was looked for, and why it ended.
    """

    proofs: tuple[Proof, ...]
    same: Mapping[str, tuple[str, ...]]
    tried: tuple[str, ...]

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """The theorems that were found; ``verify`` takes each."""
        return tuple(proof.theorem for proof in self.proofs)

    def __repr__(self) -> str:
        return f"<Discovery: {len(self.proofs)} theorem{'s' * (len(self.proofs) != 1)}>"

    def __str__(self) -> str:
        return "\n".join((*map(self._told, self.theorems), *self.tried))

    def _told(self, theorem: Theorem) -> str:
        same = self.same[theorem.id]
        known = f" (this is {', '.join(same)})" if same else ""
        needed = (text(each) for each in theorem.given if isinstance(each, Relation))
        return f"{theorem.statement}{known}\n    where {', '.join(needed) or 'nothing else is asked of constants'}"


def discover(
    method: Method | Predicate,
    *,
    given: tuple[Assumption, ...] = (),
    metric: Metric = gap,
    seed: int = 0,
    seconds: float = 60.0,
    found: Callable[[Proof], Any] = lambda proof: None,
) -> Discovery:
    checks.finite("seconds", seconds, above=0)
    about, given = _about(method, given)
    rng = np.random.default_rng(seed)
    end = time.process_time() + seconds
    proofs: list[Proof] = []
    tried: list[str] = []
    same: dict[str, tuple[str, ...]] = {}
    try:
        for template in templates(about, metric):
            for proof in _searched(template, given, rng, end, tried):
                proof = _numbered(proof, len(proofs))
                proofs.append(proof)
                same[proof.theorem.id] = _same(proof)
                found(proof)
    except KeyboardInterrupt:
        tried.append("interrupted")
    return Discovery(tuple(proofs), same, tuple(tried))


def _about(method: Method | Predicate, given: tuple[Assumption, ...]) -> tuple[Predicate, tuple[Assumption, ...]]:
    """Which algorithm a method is, and what is given with it: noise, where a step is known with it alone."""
    if not isinstance(method, Method):
        return method, given
    if structured_noise not in given:
        try:
            return about_of(method), given
        except ValueError:
            return about_of(method, ("g",)), (*given, *_NOISE)
    return about_of(method, ("g",)), given


def _numbered(proof: Proof, number: int) -> Proof:
    theorem = replace(proof.theorem, id=f"found_{number + 1}", name=f"found_{number + 1}")
    return Proof(theorem, proof.fact, proof.times)


def _same(proof: Proof) -> tuple[str, ...]:
    """The theorems of this library that have the claim of one that was found, and follow from it."""
    claim = read(proof.theorem.claim.bound)
    return tuple(
        id
        for id, ours in ALL.items()
        if ours.metric.expected == proof.theorem.metric.expected
        and isinstance(ours.claim.bound, Expression)
        and read(ours.claim.bound) == claim
        and search(ours, (proof,), combine=lambda *_: None) is not None
    )


@dataclass(frozen=True)
class _Program:
    """The facts of a step as linear forms, and the constants that are in them."""

    states: tuple[tuple[Fact, Form], ...]
    constants: tuple[Fact, ...]
    fixed: Form
    unknown: Mapping[str, Form]
    symbols: tuple[Symbol, ...]


def _program(template: Template, theorem: Theorem) -> _Program:
    every = listed(theorem)
    constants = [fact for fact in every if not drawn_in(fact.value)]
    if moves := [fact for fact in constants if fact.strict and fact.value == read(lambda_min)]:
        constants.append(proved("", lambda_max > 0, ordered + moves[0]))
    fixed = linear(read(template.fixed))
    unknown = {name: linear(read(of)) for name, (of, _) in template.unknown.items()}
    assert fixed is not None
    forms = {name: form for name, form in unknown.items() if form is not None}
    states = [(fact, form) for fact in every if drawn_in(fact.value) and (form := linear(fact.value)) is not None]
    kept = _reached(states, {letter for form in (fixed, *forms.values()) for letter in form})
    values = [value for form in (fixed, *forms.values(), *(form for _, form in kept)) for value in form.values()]
    symbols = {one for value in values for side in (value.numerator, value.denominator) for one in side.letters()}
    return _Program(tuple(kept), tuple(constants), fixed, forms, tuple(sorted(symbols, key=lambda one: one.name)))


def _reached(states: Sequence[tuple[Fact, Form]], reached: set[Any]) -> list[tuple[Fact, Form]]:
    """The facts that share a letter with what is reached, directly or through others."""
    rest, kept = list(states), list[tuple[Fact, Form]]()
    while near := [each for each in rest if each[1].keys() & (reached - {None})]:
        kept += near
        reached = reached.union(*(form for _, form in near))
        rest = [each for each in rest if all(each is not one for one in near)]
    return kept


def _at_random(program: _Program, given: Sequence[Assumption], rng: np.random.Generator) -> dict[Symbol, Array]:
    """Constants at which all that is known of them is true, (n,) each."""
    drawn = np.exp(rng.uniform(np.log(_LOWEST), np.log(_HIGHEST), (len(program.symbols), _TRIED)))
    at: dict[Symbol, Array] = dict(zip(program.symbols, drawn, strict=True))
    for each in given:
        match each:
            case Relation((Symbol() as one, Number(value)), ("=",)) if one in at:
                at[one] = np.full(_TRIED, float(value))
    kept = np.ones(_TRIED, bool)
    for fact in program.constants:
        letters = fact.value.numerator.letters() | fact.value.denominator.letters()
        if letters and letters <= at.keys():
            value = numbers(fact.value, at)
            kept &= (value > _TINY) if fact.strict else (value >= -_TINY)
    places = np.flatnonzero(kept)[:_POINTS]
    return {one: values[places] for one, values in at.items()}


def _supports(template: Template, program: _Program, at: Mapping[Symbol, Array]) -> list[tuple[tuple[str, ...], tuple[int, ...], list[int]]]:
    """Which unknowns and facts a linear program takes at which constants, the most frequent ones first."""
    letters = [letter for letter in dict.fromkeys(letter for form in (program.fixed, *program.unknown.values(), *(form for _, form in program.states)) for letter in form) if letter is not None]
    row = {letter: i for i, letter in enumerate(letters)}
    n = len(next(iter(at.values())))
    names = [*program.unknown]
    columns = [{letter: -value for letter, value in program.unknown[name].items()} for name in names]
    columns += [form for _, form in program.states]
    M = np.zeros((n, len(letters), len(columns)))
    rest = np.zeros((n, len(columns)))
    goal = np.zeros((n, len(letters)))
    for k, form in enumerate(columns):
        for letter, value in form.items():
            if letter is None:
                rest[:, k] = numbers(value, at)
            else:
                M[:, row[letter], k] = numbers(value, at)
    for letter, value in program.fixed.items():
        if letter is not None:
            goal[:, row[letter]] = numbers(value, at)
    costs = np.array([*(cost for _, cost in template.unknown.values()), *[1e-7] * len(program.states)])
    noise = 1e-3
    if template.spared is not None:  # what is left of it makes room for longer steps
        noise = 1e-6
        for k, (_, form) in enumerate(program.states, len(names)):
            costs[k] -= 1e-3 * (form.keys() == {template.spared})
    found: dict[Any, list[int]] = {}
    for i in range(n):
        answer = linprog(costs + noise * np.maximum(rest[i], 0), A_eq=M[i], b_eq=goal[i], bounds=(0, None), method="highs-ds")
        if answer.status != 0 or not template.is_useful(dict(zip(names, answer.x, strict=False))):
            continue
        taken = answer.x > _TINY
        key = tuple(name for name, is_taken in zip(names, taken, strict=False) if is_taken), tuple(map(int, np.flatnonzero(taken[len(names):])))
        found.setdefault(key, []).append(i)
    return [(*key, where) for key, where in sorted(found.items(), key=lambda item: -len(item[1]))]


def _searched(
    template: Template, given: tuple[Assumption, ...], rng: np.random.Generator, end: float, tried: list[str]
) -> Iterator[Proof]:
    beside = tuple(each for each in (template.known, lambda_min > 0, known_largest_projection) if each not in given)
    claim = E(gap) <= gap0
    theorem = Theorem(id="sought", source="found", mark="derived", about=template.about, given=(*given, *beside), claim=claim)
    program = _program(template, theorem)
    at = _at_random(program, theorem.given, rng)
    supports = _supports(template, program, at)
    seen: list[Values] = []
    if not supports:
        tried.append(f"{template.name}: from {len(program.states)} facts nothing follows at any of {len(next(iter(at.values())))} constants")
    for names, taken, where in supports[:_SUPPORTS]:
        if time.process_time() > end:
            tried.append(f"{template.name}: out of time")
            return
        facts = [program.states[k] for k in taken]
        minus = [{letter: -value for letter, value in program.unknown[name].items()} for name in names]
        told = f"{template.name}, {len(where)} of {len(next(iter(at.values())))} constants, {len(facts)} facts"
        solution = solved([*minus, *(form for _, form in facts)], program.fixed)
        if solution is None:
            tried.append(f"{told}: no multiples of these facts are the step for all constants")
            continue
        values = {name: Ratio(read(0).numerator) for name in program.unknown} | dict(zip(names, solution, strict=False))
        if any(all(each[name] == values[name] for name in values) for each in seen):
            continue
        try:
            here = {one: each[where] for one, each in at.items()}
            proof = _proved(template, theorem, program, values, [*zip(facts, solution[len(names):], strict=True)], here, given)
        except (Missing, ValueError, ZeroDivisionError) as why:
            tried.append(f"{told}: {why}")
            continue
        seen.append(values)
        tried.append(f"{told}: proved")
        yield proof


def _proved(template, theorem, program, values, taken, at, given) -> Proof:
    signs = Signs(program.constants, at)
    for value, strictly in template.asked(values):
        signs.need(value, strictly=strictly)
    for _, times in taken:
        for value in template.of_multiplier(times, values):
            signs.need(value)
    signs.simplify()
    zero = read(0)
    step = reduce(add, (fact * template.multiplier(times, values, signs) for (fact, _), times in taken))
    rest = reduce(add, (form.get(None, zero) * times for (_, form), times in taken), zero) - program.fixed.get(None, zero)
    extended = replace(theorem, given=(*given, *signs.conditions, *(each for each in theorem.given if each not in given)))
    writer = Writer(extended)

    def write(value: Ratio) -> Expression:
        plain, less = writer.ratio(value), 1 - writer.ratio(read(1) - value)
        return min((plain, less), key=lambda each: len(text(each)))

    claim, fact, times = template.conclude(values, step, rest, signs, write)
    proof = Proof(replace(extended, claim=claim), fact, times)
    used = tuple(each for each in proof.theorem.given if each in given or each in proof.needs)
    return Proof(replace(proof.theorem, given=used), fact, times)
