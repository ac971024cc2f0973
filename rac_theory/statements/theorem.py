"""A theorem is a value: what it is about, what is given, and its claim, which is one expression."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rac_theory.algebra import (
    Expression,
    Lemma,
    Let,
    Relation,
    Symbol,
    definitions_in,
    equal,
    latex,
    pieces,
    symbols_of,
    text,
    truth,
)
from rac_theory.base import Array, being, checks, type_name
from rac_theory.base.checks import one_of
from rac_theory.cases import Case, Constants
from rac_theory.statements.about import Predicate, implied, is_predicate
from rac_theory.statements.assumption import (
    ROUNDING,
    Assumption,
    Condition,
    KnownConstant,
    breach,
    parts,
    relations_in,
    sentence,
)
from rac_theory.statements.claim import Claim, Rate, check_names, smallest_horizon
from rac_theory.statements.metric import Metric
from rac_theory.statements.symbols import T, constants_in

MARKS: Mapping[str, str] = MappingProxyType(
    {
        "paper": "as the paper's abstract and public summaries have it; its full text was not read here",
        "printed": "as it is printed: the statement was read in a public copy of the text",
        "derived": "proved here, whatever the paper prints",
        "second-hand": "known through public discussion only",
    }
)
"""How a statement is known to us."""


class Tightest(NamedTuple):
    """The largest ratio exact / bound found so far, and its case in one line; at 1 the bound is attained.

    Examples
    --------
    >>> from rac_theory.theorems import T3
    >>> T3.tightest.ratio
    0.5203
    """

    ratio: float
    case: str


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Theorem:
    """A bound on an expected metric, with its assumptions, its source and its mark.

    Attributes
    ----------
    id, name : str
        Short and long name.
    source : str
        Where the statement is from.
    mark : "paper", "derived" or "second-hand"
        How it is known to us, see ``MARKS``; by default "derived".
    about : About or callable
        Which algorithm it is about: a predicate of the case and its constants. Of a function nothing is known but its
        answers, so that a proof cannot use what a step is; an ``About`` may imply one of ours, of which it is known.
    given : tuple of Assumption
        Relations, conditions and predicates.
    claim : Claim
        ``E(metric) <= bound``.
    falls : "linear" or "sublinear", optional
        By a factor a step or like a power of t, for a bound that is a function; an expression says it by itself.
    descends : bool
        Whether the assumptions make every single step a descent, so that the metric has a ceiling.
    tightest : Tightest or None
        How near an exact expectation is known to come to the bound; None if it is not known.
    lemmas : mapping
        What is known of expressions in the bound where a relation is given, each proved on the page about rounding: the
        relation, and to which side the expression goes with its constants.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, Constants, RACLoRA, sketches, verify
    >>> from rac_theory.theorems import T2
    >>> from rac_theory.statements import E, Theorem, gap
    >>> from rac_theory.statements.symbols import T, gamma, gap0, mu
    >>> print(T2.statement)
    E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*).
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]))
    >>> T2.bound(Constants.of(case), steps=3).tolist(), T2.steps_to(1e-3, case)
    ([0.5, 0.25, 0.125, 0.0625], 9)

    Your own theorem looks the same. Here lambda_min is missing:

    >>> hopeful = Theorem(
    ...     id="hopeful", source="nowhere", mark="derived", about=T2.about, given=T2.given,
    ...     claim=E(gap) <= (1 - gamma * mu) ** T * gap0,
    ... )
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> verify(hopeful, Case(RACLoRA(sketches.Gaussian(2, 1), gamma=0.5), problem, steps=20)).status.name
    'VIOLATED'
    """

    id: str
    name: str = ""
    source: str
    mark: Literal["paper", "derived", "second-hand"] = "derived"
    about: Predicate
    given: tuple[Assumption, ...]
    claim: Claim
    falls: Rate | None = None
    descends: bool = False
    tightest: Tightest | None = None
    lemmas: Mapping[Expression, tuple[Relation, Lemma]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        one_of("mark", self.mark, MARKS)
        if not isinstance(self.claim, Claim):
            raise ValueError(f"claim must be a claim such as E(gap) <= bound, got {self.claim!r}")
        one_of("falls", self.rate, ("linear", "sublinear"))
        if not is_predicate(self.about):
            raise ValueError(f"about must be a predicate, such as assumptions.rac_lora_exact, got {self.about!r}")
        check_given(self.given, self.claim)

    def used_by(self, rested_on: Collection[Assumption]) -> tuple[Assumption, ...]:
        """Return which of its assumptions something uses that rests on these, or on what its algorithms imply."""
        return tuple(part for part in (self.about, *self.given) if not {part, *implied(part)}.isdisjoint(rested_on))

    @property
    def relations(self) -> tuple[Relation, ...]:
        """What is given of constants and of T."""
        return tuple(part for part in self.given if isinstance(part, Relation))

    @property
    def holding(self) -> frozenset[Assumption]:
        """What it is about, what is given, and what these imply of the algorithm.

        A function with an equality of its own is left out: nothing is known of it, and it could claim to be another.
        """
        assumptions = (self.about, *self.given)
        return frozenset(
            assumption
            for assumption in (*assumptions, *implied(*assumptions))
            if type(assumption) in (Relation, KnownConstant, Condition) or type(assumption).__eq__ is object.__eq__
        )

    @cached_property
    def metric(self) -> Metric:
        """The quantity whose expectation is bounded."""
        return self.claim.metric

    @cached_property
    def rate(self) -> Rate:
        """ "linear" where the bound falls by a factor a step, "sublinear" where it falls like a power of t."""
        return self.falls or self.claim.rate

    @cached_property
    def definitions(self) -> tuple[Let, ...]:
        """The names that the claim and what is given use, each defined once."""
        return definitions_in(self.claim.relation, *relations_in(*self.given))

    @property
    def stated(self) -> tuple[Relation, ...]:
        """The claim, and what each name is that it or what is given uses: slack of T22_pl stands in what is given."""
        return (self.claim.relation, *(equal(let, let.value) for let in self.definitions))

    @property
    def statement(self) -> str:
        """The same in a line."""
        return ", ".join(map(text, self.stated)) + "."

    @property
    def formulas(self) -> tuple[str, ...]:
        """The same in LaTeX."""
        return tuple(map(latex, self.stated))

    def latex(self) -> str:
        r"""Return the statement as a fragment of LaTeX, which needs amsmath.

        Examples
        --------
        >>> from rac_theory.theorems import T2
        >>> print(T2.latex())
        \[ \mathrm{E}[f(W^T)] - f^\star \le (1 - \gamma \mu \lambda_{\min})^{T} (f(W^0) - f^\star) \]
        """
        return "\n".join(rf"\[ {formula} \]" for formula in self.formulas)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The statement in pieces of LaTeX, between which a line may end."""
        *before, last = (tuple(pieces(formula)) for formula in self.stated)
        return tuple(piece for *parts, end in before for piece in (*parts, f"{end},")) + last

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols of the claim, in the order in which they come up."""
        return self.claim.symbols

    @property
    def assumptions(self) -> tuple[str, ...]:
        """A sentence for each assumption; the first says which algorithm the theorem is about."""
        return tuple(map(sentence, (self.about, *self.given)))

    @property
    def typeset_assumptions(self) -> Iterator[list[tuple[bool, str]]]:
        """The sentences in parts, each with whether it is a formula, which is then LaTeX."""
        for assumption in (self.about, *self.given):
            typeset = [(False, part) if isinstance(part, str) else (True, latex(part)) for part in parts(assumption)]
            yield [*typeset, (False, ".")]

    def bound(self, constants: Constants, steps: int) -> Array:
        """Return the bound at t = 0, ..., steps, (steps + 1,); nan where the theorem says nothing.

        That is where a constant is unknown, and where what is given of T is not true of t, as Q < 1 of T19.

        Raises
        ------
        ValueError
            If ``steps`` is no count, ``constants`` are none, or a bound that is a function does not return one real
            number for each t.
        """
        checks.integer("steps", steps, 0)
        being("constants", constants, Constants, ", such as Constants.of(case)")
        bound = self._claimed(constants, np.arange(steps + 1.0))
        if steps and np.isnan(bound[1:]).all():  # in a function nan ** 0 is 1, and what is unknown looks known
            return np.full(steps + 1, np.nan)
        return np.where(np.isfinite(bound), bound, np.nan)

    def steps_to(self, epsilon: float, case: Case | Constants) -> float:
        """Return the horizon that the theorem promises: the smallest T with ``bound(T) <= epsilon``.

        Only the bound is evaluated, at powers of two and then ever closer between two of them, so that the answer is
        the smallest T wherever the bound does not rise with t. For a bound that does, it is a T at which the bound
        comes down to ``epsilon``, though perhaps not for the first time.

        Parameters
        ----------
        epsilon : float
            > 0, absolute, in the unit of the metric: that of f for the gap, that of ``||grad f||^2`` for gradients.
            For a relative one, multiply by ``theorem.metric.ceiling(constants)``.
        case : Case or Constants
            The steps of a case do not matter. Of constants only those in the bound and in the assumptions on T are
            needed.

        Returns
        -------
        float
            A whole number, of which what is given of T is true; inf if the bound never comes down to ``epsilon`` at
            one, as above a floor of noise or where ``lambda_min`` or ``mu`` is zero; nan where a constant that the
            bound needs is unknown, and for a bound with a sum over t < T if no T up to 2^20 will do.

        Raises
        ------
        ValueError
            If a case does not meet the assumptions: the theorem promises nothing about it.
        """
        checks.finite("epsilon", epsilon, above=0)
        constants = Constants.of(case) if isinstance(case, Case) else case
        being("case", constants, Constants, ", or a Case")
        lasting = replace(self, given=tuple(part for part in self.given if part not in self._of_horizon))
        if isinstance(case, Case) and (unmet := lasting.unmet(case, constants)):
            raise ValueError(f"case must meet the assumptions of {self.id}: {'; '.join(unmet)}")
        return smallest_horizon(self.claim, epsilon, partial(self._claimed, constants, otherwise=-math.inf))

    @cached_property
    def _of_horizon(self) -> tuple[Relation, ...]:
        """What is given of T."""
        return tuple(relation for relation in self.relations if T in symbols_of(relation))

    def _claimed(self, constants: Constants, t: Array, otherwise: float = math.nan) -> Array:
        """The bound where what is given of T is true of t, (T,) to (T,)."""
        bound = self.claim.at(constants, t)
        for relation in self._of_horizon:
            bound = np.where(np.isnan(bound) | _met_at(relation, t, constants), bound, otherwise)
        return bound

    def unmet(self, case: Case, constants: Constants) -> tuple[str, ...]:
        """Return one sentence for each assumption that the case, as it was checked, does not meet."""
        case = case.as_checked
        wrong_algorithm = breach(self.about, case, constants)
        if wrong_algorithm is not None:  # the other constants mean nothing then
            return (wrong_algorithm,)
        return tuple(wrong for assumption in self.given if (wrong := breach(assumption, case, constants)) is not None)

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.id}: {self.statement}>"

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        near = "" if self.tightest is None else f"up to {self.tightest.ratio:.6g} of the bound: {self.tightest.case}"
        return html.together(
            html.heading(self.id, f"{self.name} ({self.mark})"),
            html.formulas(self.pieces),
            html.facts([("source", self.source), ("attained", near)]),
            html.line("It assumes:"),
            html.listed(map(html.sentence, self.typeset_assumptions)),
        )


def _met_at(relation: Relation, t: Array, c: Constants) -> NDArray[np.bool_]:
    """Whether a relation is met at T = t, for each of many: (T,) to (T,)."""
    constants = {symbol.name: float(getattr(c, symbol.constant)) for symbol in constants_in(relation)}
    return np.broadcast_to(truth(relation, constants | {T.name: t}, ROUNDING), t.shape)


def check_given(given: object, claim: Claim) -> None:
    """Raise a ``ValueError`` unless these are assumptions about constants of a case and T, no two of one name.

    Examples
    --------
    >>> from rac_theory.statements import E, gap
    >>> from rac_theory.statements.theorem import check_given
    >>> from rac_theory.statements.symbols import L, L_max, gap0
    >>> check_given((L_max > 0,), E(gap) <= L * gap0)
    Traceback (most recent call last):
    ValueError: L stands for L and for L_max: they need two names
    """
    rule = "given must be a tuple of relations, conditions and predicates"
    if not isinstance(given, tuple):
        raise ValueError(f"{rule}, got {given!r}")
    for assumption in given:
        if not isinstance(assumption, Relation | Condition | KnownConstant) and not is_predicate(assumption):
            hint = ": == compares expressions, equal(K, 1) is an equation" if isinstance(assumption, bool) else ""
            raise ValueError(f"{rule}, got {assumption!r} in it{hint}")
    relations = tuple(relations_in(*given))
    constants = (*constants_in(claim.relation, *relations), T)
    said = (claim.relation, *(part for one in given for part in parts(one) if not isinstance(part, str)))
    check_names({let.name for let in definitions_in(*said)}, *said)
    if strange := [symbol.name for symbol in symbols_of(*relations) if symbol not in constants]:
        raise ValueError(f"given must be made of constants of a case and of T, not of {', '.join(strange)}")
