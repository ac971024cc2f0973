"""A proof of a theorem: the fact that its claim is, and what that rests on."""

from collections.abc import Iterator
from dataclasses import dataclass

from rac_theory.algebra import Expression, without_squares
from rac_theory.base import type_name
from rac_theory.proofs.as_latex import as_latex
from rac_theory.proofs.as_text import as_text
from rac_theory.proofs.available import about_constants, has_value_at_0, is_positive_T
from rac_theory.proofs.defined import Defined, atoms
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.fact import Fact, facts_in, read
from rac_theory.proofs.missing import Missing, shortened
from rac_theory.proofs.reading import Reading
from rac_theory.proofs.rules import Rule
from rac_theory.statements import Assumption, Claim, Condition, KnownConstant, Theorem, relations_in, sentence

ON_AVERAGE = "On average along the iterates"
"""So begins the name of what is not true at each W: it may be added to what is, and not multiplied."""


@dataclass(frozen=True, eq=False, repr=False)
class Proof:
    """A proof: it is checked when it is made, so that there is none that is wrong. Print it to read it.

    Attributes
    ----------
    theorem : Theorem
    fact, times : Fact
        The claim times a positive number, and the fact that this number is positive.

    Examples
    --------
    >>> from rac_theory import prove
    >>> proof = prove("T2")
    >>> proof
    <Proof of T2>
    >>> print(str(proof).partition("Follows")[2].partition("Each")[0].strip())
    (1)  E[f(W+) - f*] <= (1 - gamma mu lambda_min) (f(W) - f*)
               =                           (a)
               + gamma lambda_min        * (b)
               + gamma / 2               * (c)
               + gamma (1 - gamma L) / 2 * (d)
      (2)  0 <= 1 - gamma mu lambda_min
               = (e) + gamma lambda_min * (f) + lambda_min * (g)
      (3)  E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*)
               from (1), step after step; its factor is not negative by (2)
    >>> proof.unused
    (lambda_min > 0,)
    """

    theorem: Theorem
    fact: Fact
    times: Fact

    def __post_init__(self) -> None:
        self.check()

    def __reduce__(self) -> tuple[type, tuple[Theorem, Fact, Fact]]:
        return type(self), (self.theorem, self.fact, self.times)  # what comes out of a pickle is checked again

    def check(self) -> None:
        """Compare with the theorem's own expression, for all T.

        Raises
        ------
        Missing
            If the claim is another, or something is used that is not assumed, or what is said is not what its normal
            form says.
        """
        bound = self.theorem.claim.bound
        if not isinstance(bound, Expression):
            raise Missing(f"the bound of {self.theorem.id} is a function, of which nothing is known")
        extra = self._by - self.theorem.holding
        if extra:
            raise Missing(f"{self.theorem.id} does not assume: {' '.join(sorted(map(sentence, extra)))}")
        if not self.times.strict:
            raise Missing(f"{self.theorem.id}: {self.times!r} must be known to be positive")
        self._check_values()
        self._check_products()
        self._check_start()
        claim = (read(bound) - read(self.theorem.metric.expected)) * self.times.value
        missing = without_squares(claim - self.fact.value)
        if not missing.is_zero:
            raise Missing(f"{self.theorem.id}: the claim is not what is proved, it is off by {shortened(missing)}")

    def _check_values(self) -> None:
        """Raise ``Missing`` if something that is said, or taken for granted, has no value somewhere."""
        constants = [
            *about_constants(self.theorem, self.facts),
            *(fact for fact in self.facts if not drawn_in(fact.value)),
        ]
        defined = Defined([fact for fact in constants if fact.by <= self.theorem.holding])
        inside = (atom for fact in self.facts for atom in atoms(fact))
        for expression in dict.fromkeys((*_stated(self.theorem.claim, self.needs), *inside)):
            defined.check(expression)
        for fact in (*self.granted, *(fact for fact in self.facts if fact.rule is Rule.INSTANCE)):
            cases = fact.by - self.theorem.holding
            in_case = (
                Defined([fact for fact in constants if fact.by <= self.theorem.holding | cases]) if cases else defined
            )
            for term in fact.said.terms if fact.said is not None else ():
                in_case.check(term)

    def _check_products(self) -> None:
        """Raise ``Missing`` if what is true on average over W alone is multiplied by another number at W."""
        on_average = {id(fact) for fact in self.granted if fact.name.startswith(ON_AVERAGE)}
        for fact in self.facts:
            for product in fact.of:
                if any(id(part) in on_average for part in product):
                    on_average.add(id(fact))
                    others = [part for part in product if drawn_in(part.value)]
                    if len(others) > 1 and not fact.rule:
                        raise Missing(f"{others[0]!r} is true on average over W, and not times {others[1]!r}")
                    if fact.name and fact.said is None:
                        raise Missing(f"{others[0]!r} is true on average over W, and nothing is divided by it")

    def _check_start(self) -> None:
        """Raise ``Missing`` if T > 0 is used of a claim that has a value at T = 0 too."""
        uses = {id(fact) for fact in self.facts if is_positive_T(fact)}
        for fact in self.facts if uses else ():
            if any(id(part) in uses for product in fact.of for part in product):
                uses.add(id(fact))
        others = (fact for fact in self.facts if id(fact) not in uses and not drawn_in(fact.value))
        if uses and has_value_at_0(self.theorem, (*about_constants(self.theorem), *others)):
            raise Missing(f"{self.theorem.id}: T > 0 is used, and there is a claim at T = 0, too: give T >= 1")

    @property
    def _by(self) -> frozenset[Assumption]:
        return self.fact.by | self.times.by

    @property
    def needs(self) -> tuple[Assumption, ...]:
        """What of its assumptions it uses."""
        return self.theorem.used_by(self._by)

    @property
    def unused(self) -> tuple[Assumption, ...]:
        """What it does not use."""
        return tuple(
            assumption for assumption in (self.theorem.about, *self.theorem.given) if assumption not in self.needs
        )

    def __repr__(self) -> str:
        lemmas = f", with lemmas on paper: {', '.join(self.pages)}" if self.on_paper else ""
        return f"<{type_name(self)} of {self.theorem.id}{lemmas}>"

    def __str__(self) -> str:
        return as_text(Reading(self))

    @property
    def summary(self) -> str:
        """What it rests on, in a line."""
        lemmas = f", with lemmas on paper: {', '.join(self.pages)}" if self.on_paper else ""
        unused = f"; not used: {', '.join(map(_short, self.unused))}" if self.unused else "; all that is given is used"
        return f"machine-checked{lemmas}{unused}"

    def _repr_html_(self) -> str:
        from rac_theory.proofs.as_html import as_html

        return as_html(Reading(self))

    def latex(self) -> str:
        """Return the proof as a fragment of LaTeX, which needs amsmath: formulas, and the words before each."""
        return as_latex(Reading(self))

    def text(self) -> str:
        """Return the proof as text, as ``print`` shows it."""
        return str(self)

    def coq(self) -> str:
        """Return the proof as a file for Coq 8.20, which stands alone and ends in the claim for every T.

        Raises
        ------
        ValueError
            If something in it has no form that is written there.

        Examples
        --------
        >>> from rac_theory import prove
        >>> print(prove("T2").coq().partition("Theorem T2 : ")[2].partition("Proof.")[0].strip())
        ((mean_at T f) - fstar) <= (((1 - (gamma * mu * lambda_min)) ^ T) * gap0).
        """
        from rac_theory.proofs.coq.script import script

        return script(self.theorem, self.fact, self.times, self.facts)

    @property
    def pages(self) -> tuple[str, ...]:
        """The pages of the documentation that prove lemmas it rests on."""
        return tuple(dict.fromkeys(fact.page for fact in self.on_paper))

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All that it is made of, each fact once, those that it follows from before it."""
        return tuple(facts_in(self.fact, self.times))

    @property
    def granted(self) -> tuple[Fact, ...]:
        """All that it takes for granted."""
        return tuple(fact for fact in self.facts if not fact.of and fact.name)

    @property
    def on_paper(self) -> tuple[Fact, ...]:
        """The lemmas it rests on that are proved on a page of the documentation, and by no machine."""
        return tuple(fact for fact in self.granted if fact.page)


def _stated(claim: Claim, given: tuple[Assumption, ...]) -> Iterator[Expression]:
    """Yield all that is said with numbers in a claim and in what is given."""
    conditions = [condition.inequality for condition in given if isinstance(condition, Condition)]
    for relation in (claim.relation, *conditions, *relations_in(*given)):
        yield from relation.terms


def _short(assumption: Assumption) -> str:
    match assumption:
        case Condition(name=name):
            return name
        case KnownConstant(symbol=symbol):
            return f"{symbol.name} known"
    return sentence(assumption).removesuffix(".")
