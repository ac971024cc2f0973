"""Rates that are found: from what a step is and what is given of f to theorems, each with its proof.

A linear program says at random constants which facts are taken how often for the best rate. Which ones these are is all
that is kept of it: how often each is taken is solved for anew, as quotients of polynomials in the constants, what must
be given so that these are not negative is written down, and the kernel makes the proof or refuses it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from operator import mul, truediv
from textwrap import shorten
from typing import Any

import numpy as np

from rac_theory.algebra import ONE, Expression, Negative, Ratio, Relation, equal, lifted, simplified, symbols_of, text
from rac_theory.algorithms import Method, move_of
from rac_theory.base import checks, shown, type_name
from rac_theory.discovery.listed import memory
from rac_theory.discovery.program import Program, Solution, Support
from rac_theory.discovery.recognised import recognised
from rac_theory.discovery.share_of_rate import share_at
from rac_theory.discovery.signs import Signs
from rac_theory.discovery.templates import (
    Template,
    Values,
    of_form,
    potential,
    potential_iterated,
    potential_weighed,
    templates,
)
from rac_theory.proofs import Missing, Proof, Writer, about_of, drawn_in, exported, facts_in, read
from rac_theory.statements import Assumption, Metric, Predicate, Theorem, gap, is_predicate
from rac_theory.statements.assumptions import known_largest_projection, structured_noise
from rac_theory.statements.symbols import A, beta, lambda_min, young

_NOISE = (structured_noise, equal(A, 0), beta <= 1)
"""What is given besides where a step is known with noise alone: exact gradients are noise with C = 0."""
_WIDTH = 100  # of conditions: those that are longer together have a line each


@dataclass(frozen=True, repr=False)
class Discovery:
    """What was found of a method, and what was tried. Print it to read it.

    Attributes
    ----------
    proofs : tuple of Proof
        One for each theorem.
    same : mapping
        The ids of theorems that were found, with those of our theorems that have the same claim, if there is a y in it
        with the best of these, and follow.
    others : mapping
        The ids of theorems that are none of ours, with the facts from which they follow, and how much of an exact
        rate they prove.
    tried : tuple of str
        What was looked for, and why it ended.

    Examples
    --------
    >>> from rac_theory.algorithms import PLAIN
    >>> from rac_theory.discovery import discover
    >>> from rac_theory.statements import mean_squared_gradient
    >>> from rac_theory.statements.assumptions import smooth
    >>> found = discover(PLAIN, given=(smooth,), metric=mean_squared_gradient)
    >>> found, found.theorems[0].id, found.same["found_1"]
    (<Discovery: 2 theorems>, 'found_1', ('T1_sharp',))
    """

    proofs: tuple[Proof, ...]
    same: Mapping[str, tuple[str, ...]]
    others: Mapping[str, str]
    tried: tuple[str, ...]

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """What was found, each a theorem that ``verify`` takes."""
        return tuple(proof.theorem for proof in self.proofs)

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {len(self.proofs)} theorem{'s' * (len(self.proofs) != 1)}>"

    def __str__(self) -> str:
        return "\n".join((*self.statements, *self.tried))

    @property
    def statements(self) -> tuple[str, ...]:
        """Each theorem in words, with what it needs of constants, and which of ours it is."""
        return tuple(map(self._stated, self.theorems))

    def _stated(self, theorem: Theorem) -> str:
        needed = [*map(text, theorem.relations)]
        joined = f"where {', '.join(needed)}"
        conditions = [joined] if len(joined) <= _WIDTH else ["where", *(f"    {condition}" for condition in needed)]
        lines = [f"{theorem.id}: {theorem.statement}", *(conditions if needed else [])]
        best = "with the best y " * (young in symbols_of(theorem.claim.relation))
        ours = ", ".join(self.same[theorem.id])
        return "\n    ".join([*lines, f"{best}this is {ours}" if ours else self.others[theorem.id]])


def _other(proof: Proof, method: Method | Predicate | Theorem) -> str:
    """From which facts a theorem that is none of ours follows, and how much of an exact rate it proves."""
    used = dict.fromkeys(fact.name for fact in facts_in(proof.fact) if not fact.of and drawn_in(fact.value))
    remark = f"this is none of ours: it follows from {'; '.join(used)}"
    if not isinstance(method, Method) or proof.theorem.metric is not gap:
        return remark
    move = [part for part in move_of(method) if isinstance(part, Expression)]
    letters = dict.fromkeys((symbol.name for symbol in symbols_of(*move) if symbol.name != "gamma"), 0.25)
    for at in ({"gamma": size, "mu": 0.1, "share": 0.25, **letters} for size in (0.5, 0.1)):
        with suppress(ValueError):
            where = ", ".join(f"{name} = {number:g}" for name, number in at.items()).replace("share", "E[H]")
            return f"{remark}\n    at L = 1, {where} it proves {share_at(proof.theorem, method, **at)}"
    return remark


def discover(
    method: Method | Predicate | Theorem,
    *,
    given: tuple[Assumption, ...] = (),
    metric: Metric | None = None,
    seed: int = 0,
    seconds: float = 60.0,
    found: Callable[[Proof], Any] = lambda proof: None,
    watch: Callable[[str], Any] = lambda words: None,
) -> Discovery:
    """Look for theorems about a method: the claim is found, what it needs of constants, and the proof.

    Parameters
    ----------
    method : Method, About or Theorem
        What a step is. Where noise must be given for a step to be known, it is given. Of a theorem it is its algorithm,
        with what it gives and what it bounds; then claims of its form are looked for, with the best constant.
    given : tuple of Assumption, optional
        What is assumed of f, of its noise and of constants. What a claim needs besides is found, and joins it.
    metric : gap or mean_squared_gradient, optional
        What is bounded; by default that of a theorem, or the gap.
    seed : int, optional
        Of the constants at which is looked; what is found is true for all.
    seconds : float, optional
        Of processor time, after which nothing new is begun.
    found : callable, optional
        What is called with each proof as it is found.
    watch : callable, optional
        What is called with words for what is looked at, before it is.

    Returns
    -------
    Discovery
        An interrupt ends the search with what was found so far.

    Raises
    ------
    ValueError
        If nothing is granted of such a step, no rate is looked for with such a metric, or a theorem has another one.

    Examples
    --------
    >>> from rac_theory.algorithms import PLAIN
    >>> from rac_theory.discovery import discover
    >>> from rac_theory.statements.assumptions import polyak_lojasiewicz, smooth_along_sketch
    >>> print(discover(PLAIN, given=(smooth_along_sketch, polyak_lojasiewicz)))
    found_1: E[f(W^T)] - f* <= (1 - gamma mu lambda_min (2 - gamma L_H))^T (f(W^0) - f*).
        where gamma L_H <= 2
        this is T13_pl
    iterate: 4 facts, those of 38 of 40 constants: proved
    iterate with any y of G+: 4 facts, those of 35 of 40 constants: the same again
    """
    checks.integer("seed", seed, 0)
    checks.finite("seconds", seconds, above=0)
    end, rng = time.process_time() + seconds, np.random.default_rng(seed)
    if isinstance(method, Theorem):
        if metric not in (None, method.metric):
            raise ValueError(f"metric must be that of {method.id}, {method.metric!r}, got {metric!r}: leave it out")
        given = tuple(map(_written_out, (*method.given, *given)))
        forms = of_form(replace(method, given=given))
    else:
        about, given = _about(method, tuple(map(_written_out, given)))
        forms = _templates(about, given, metric or gap, rng)
    proofs: list[Proof] = []
    tried: list[str] = []
    solved: list[Values] = []
    try:
        for template in forms:
            for proof in _found(template, given, rng, end, tried, solved, watch):
                proofs.append(proof)
                found(proof)
        if not tried:
            tried.append("its claim has no form that follows from what one step does")
    except KeyboardInterrupt:
        tried.append("interrupted")
    same = {proof.theorem.id: recognised(proof) for proof in proofs}
    others = {proof.theorem.id: _other(proof, method) for proof in proofs if not same[proof.theorem.id]}
    return Discovery(tuple(proofs), same, others, tuple(tried))


def _written_out(assumption: Assumption) -> Assumption:
    """An assumption without names for numbers: what is found may give these to others."""
    if not isinstance(assumption, Relation):
        return assumption
    names = {name: name.value for term in assumption.terms for name in term.named if not name.letter}
    return _written_out(assumption.at(names)) if names else assumption


def _about(method: Method | Predicate, given: tuple[Assumption, ...]) -> tuple[Predicate, tuple[Assumption, ...]]:
    """Which algorithm a method is, and what is given with it."""
    if not isinstance(method, Method):
        if not is_predicate(method):
            raise ValueError(f"method must be a Method, or what a theorem is about, got {shown(method)}")
        return method, given
    if structured_noise not in given:
        try:
            return about_of(method), given
        except ValueError:
            return about_of(method, ("g",)), (*given, *_NOISE)
    return about_of(method, ("g",)), given


def _templates(
    about: Predicate, given: tuple[Assumption, ...], metric: Metric, rng: np.random.Generator
) -> Iterator[Template]:
    """The forms that are tried; what a potential of a gap falls by is taken from what a step leaves of a gradient."""
    if metric is not gap or memory(about) is None:
        yield from templates(about, metric)
        return
    thetas: list[Ratio] = []
    program = Program.of(added := potential(about), _sought(added, given), rng)
    for solution in map(program.solution, program.supports()):
        if solution is not None and solution.unknown["theta"] not in thetas:
            thetas.append(solution.unknown["theta"])
            yield potential_iterated(about, thetas[-1])
    yield from potential_weighed(about)
    if not thetas:  # so that it is said what was tried
        yield added


def _sought(template: Template, given: tuple[Assumption, ...]) -> Theorem:
    """A theorem that may use all that is given, and what is always there to be used."""
    defaults = (*template.given, template.start, lambda_min > 0, known_largest_projection)
    assumptions = (*given, *(assumption for assumption in defaults if assumption not in given))
    return Theorem(id="sought", source="found here", about=template.about, given=assumptions, claim=template.claim)


def _found(
    template: Template,
    given: tuple[Assumption, ...],
    rng: np.random.Generator,
    end: float,
    tried: list[str],
    solved: list[Values],
    watch: Callable[[str], Any],
) -> Iterator[Proof]:
    watch(template.name)
    try:
        theorem = _sought(template, given)
        program = Program.of(template, theorem, rng)
    except ValueError as why:  # one letter for two constants, or what is not linear in what a step draws
        tried.append(f"{template.name}: {shorten(str(why), 200)}")
        return
    supports = program.supports()
    if not supports:
        left = f"; at the first of these {program.left()} is left to be shown" if program.n else ""
        facts = f"{len(program.states)} facts at any of {program.n} constants"
        tried.append(f"{template.name}: nothing follows from {facts}{left}")
    for support in supports[: template.tries]:
        attempt = f"{template.name}: {len(support.facts)} facts, those of {len(support.where)} of {program.n} constants"
        if time.process_time() > end:
            tried.append(f"{template.name}: out of time")
            return
        watch(attempt)
        solution = program.solution(support)
        if solution is None or solution.unknown in solved:
            tried.append(f"{attempt}: {'not the step elsewhere' if solution is None else 'the same again'}")
            continue
        theorem = replace(theorem, id=f"found_{len(solved) + 1}")
        try:
            proof = _proof(program, support, solution, theorem, given)
        except (Missing, ValueError, ZeroDivisionError) as why:
            tried.append(f"{attempt}: {shorten(str(why), 200)}")
            continue
        solved.append(solution.unknown)
        tried.append(f"{attempt}: proved")
        yield proof


def _proof(
    program: Program, support: Support, solution: Solution, theorem: Theorem, given: tuple[Assumption, ...]
) -> Proof:
    """Give what is needed of signs, add up the facts, and conclude."""
    template, values = program.template, solution.unknown
    signs = Signs(program.constants, program.at, support.where, Writer(theorem).polynomial)
    for value, strictly in template.asked(values):
        signs.need(value, strictly=strictly)
    for _, times in solution.facts:
        for value in template.needed(times, values):
            signs.need(value)
    signs.simplify()
    sought = (of * values[name].expression for name, (of, *_) in template.unknown.items())
    inequality = sum(sought, template.fixed) + solution.rest.expression >= 0
    step = template.added(values, solution.facts, signs, inequality)
    defaults = tuple(assumption for assumption in theorem.given if assumption not in given)
    theorem = replace(theorem, given=(*given, *signs.conditions, *defaults))
    writer = Writer(theorem)

    def write(value: Ratio) -> Expression:
        plain, beside = _factored(value, signs, writer), _factored(read(1) - value, signs, writer)
        less = 1 + beside.value if isinstance(beside, Negative) else 1 - beside
        return min((plain, less), key=lambda form: len(text(form)))

    claim, fact, of_claim = template.conclude(values, step, solution.rest, signs, write)
    needs = theorem.used_by(fact.by | of_claim.by)
    used = tuple(assumption for assumption in theorem.given if assumption in given or assumption in needs)
    proof = Proof(replace(theorem, claim=claim, given=used), fact, of_claim)
    exported(proof)  # which the independent checker accepts, or refuses
    return proof


def _factored(value: Ratio, signs: Signs, writer: Writer) -> Expression:
    """A number as people write it, as the product of sums whose signs are known."""
    above, below = ([*signs.sums(side)] for side in (value.numerator, value.denominator))
    if len(above) < 2 and len(below) < 2:
        return writer.ratio(value)
    rest = reduce(truediv, map(Ratio, above), value) * reduce(mul, map(Ratio, below), Ratio(ONE))
    factors = [writer.ratio(simplified(rest)), *map(writer.polynomial, above)]
    quotient = reduce(mul, factors[1:] if factors[0] == lifted(1) else factors)
    return quotient / reduce(mul, map(writer.polynomial, below)) if below else quotient
