"""A proof as lines: what it assumes, what it takes for granted, and what follows, each from lines above it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from string import ascii_lowercase
from typing import TYPE_CHECKING

from rac_theory.algebra import Expression, Relation, definitions_in, equal, lifted
from rac_theory.proofs.drawn import Drawn
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.letters import legend
from rac_theory.proofs.multiplier import multiplier, positive, terms, weight
from rac_theory.proofs.rules import MEANS
from rac_theory.proofs.writing import Writer
from rac_theory.statements import Assumption, sentence

if TYPE_CHECKING:
    from rac_theory.proofs.proof import Proof

_A_LEMMA = 3


@dataclass(frozen=True)
class Line:
    """A fact as it is written.

    Attributes
    ----------
    label : str
    said : Relation
    why : str
        What it is called, or the rule by which it follows.
    rests_on : tuple of str
        Of what is taken for granted, the labels of assumptions.
    page : str
        Of a lemma, the page that proves it.
    sum : tuple
        Of what is a sum, by what each line is multiplied, and its label; that is empty for what is no less than zero by
        itself.
    if_ : tuple of Assumption
        The case in which it is true.
    fact : Fact
    """

    label: str
    said: Relation
    why: str
    fact: Fact
    rests_on: tuple[str, ...] = ()
    page: str = ""
    sum: tuple[tuple[Expression, str], ...] = ()
    if_: tuple[Assumption, ...] = ()

    @property
    def is_computed(self) -> bool:
        """Whether it is a sum, of other lines or of numbers, that does not stand there already."""
        return bool(self.sum) and (*self.said.terms, "") != (lifted(0), *self.sum[0])

    @property
    def rule(self) -> str:
        """By what rule it follows, if it is not computed."""
        return f"as {_a_sum(self.fact)} of what is {_sign(self.fact)}" if self.sum else self.why

    @property
    def reason(self) -> str:
        """Why it is taken for granted, and what it rests on."""
        by = f" [{', '.join(self.rests_on)}]" if self.rests_on else ""
        return f"{self.why}{by}{f'; lemma on paper, page {self.page}' if self.page else ''}"


@dataclass(frozen=True)
class Sign:
    """A number that lines are multiplied by, and why it is not negative; or why it is positive."""

    number: Expression
    is_positive: bool
    why: str

    @property
    def said(self) -> Relation:
        """That the number is positive, or not negative."""
        return Relation((self.number, lifted(0)), (">" if self.is_positive else ">=",))


@dataclass
class Reading:
    """Collects the lines of a proof.

    Attributes
    ----------
    proof : Proof
    assumed : tuple
        The label of each assumption, the assumption, and whether it is used.
    granted, derived : list of Line
    signs : list of Sign
    times : Expression
        By what the claim is multiplied in the last line.
    """

    proof: "Proof"
    granted: list[Line] = field(default_factory=list)
    derived: list[Line] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)

    def __post_init__(self) -> None:
        theorem = self.proof.theorem
        assumptions = (theorem.about, *theorem.given)
        self.assumed = tuple(
            (f"A{i}", assumption, assumption in self.proof.needs) for i, assumption in enumerate(assumptions, 1)
        )
        self._writer = Writer(theorem, self.proof.facts)
        self._labels: dict[int, str] = {}
        self._letters = _labels()
        self._label(self.proof.fact)
        self.times = multiplier(self.proof.times, self._writer)

    @property
    def definitions(self) -> tuple[Relation, ...]:
        """The names that the lines use."""
        relations = [self.proof.theorem.claim.relation, *(line.said for line in (*self.granted, *self.derived))]
        numbers = [times for line in self.derived for times, _ in line.sum]
        ours = definitions_in(self.proof.theorem.claim.relation)
        others = [let for let in definitions_in(*relations, *numbers, self.times) if let not in ours]
        lets = (*ours, *sorted(others, key=lambda let: len(definitions_in(let.value))))  # none before what is in it
        return tuple(equal(let, let.value) for let in lets)

    def is_claim(self, line: Line) -> bool:
        """Whether it is the last, in which the claim is multiplied by ``times``."""
        return line.fact is self.proof.fact

    @property
    def legend(self) -> list[tuple[str, str]]:
        """The letters that the lines use, and what each stands for."""
        parts = (part for line in (*self.granted, *self.derived) for part in line.said.within())
        return list(legend(part.name for part in parts if isinstance(part, Drawn)))

    def _label(self, fact: Fact) -> str:
        """The label of a fact, whose line is added with those that it follows from; none for a number."""
        if id(fact) not in self._labels:
            self._labels[id(fact)] = "" if fact.value.number is not None else self._added(fact)
        return self._labels[id(fact)]

    def _added(self, fact: Fact) -> str:
        if taken_for_granted(fact):
            return self._grant(fact)
        if fact.rule:
            (facts,) = fact.of
            labels = [self._label(premise) for i, premise in enumerate(facts) if i not in fact.rule.silent]
            for factor in (
                factor for i in fact.rule.silent if i < len(facts) for part in facts[i].parts for factor in part
            ):
                self._sign(factor)
            return self._derive(fact, fact.rule.words(fact.name, labels), ())
        parts = terms(fact, self._writer)
        added = tuple((part.times, "" if part.fact is None else self._label(part.fact)) for part in parts)
        for factor in (factor for part in parts for factor in part.signs):
            self._sign(factor)
        if len(added) == 1 and added[0][0] == lifted(1) and added[0][1] and not fact.name:
            return added[0][1]
        return self._derive(fact, "" if fact.name == repr(fact.said) else fact.name, added)

    def _grant(self, fact: Fact) -> str:
        (inner,) = next(iter(fact.of)) if fact.of else (fact,)
        relation, on_average = self._writer.relation(fact), ", on average" if fact.of else ""
        case = self._case(fact)
        why = "The case" if case and inner.name == "Assumed" else inner.name + on_average
        for line in self.granted:
            if (line.said, line.why) == (relation, why):
                return line.label
        line = Line(next(self._letters), relation, why, fact, self._labels_of(fact), inner.page, if_=case)
        self.granted.append(line)
        return line.label

    def _derive(self, fact: Fact, why: str, added: tuple[tuple[Expression, str], ...]) -> str:
        is_claim = fact is self.proof.fact
        if is_claim:
            for factor in (factor for part in self.proof.times.parts for factor in sorted(part, key=repr)):
                self._sign(factor)
        relation = self.proof.theorem.claim.relation if is_claim else self._writer.relation(fact)
        for line in self.derived:
            if (line.said, line.why, line.sum) == (relation, why, added):
                return line.label
        line = Line(f"({len(self.derived) + 1})", relation, why, fact, sum=added, if_=self._case(fact))
        self.derived.append(line)
        return line.label

    def _case(self, fact: Fact) -> tuple[Assumption, ...]:
        """What it needs that the theorem does not assume."""
        cases = fact.by - self.proof.theorem.holding
        return tuple(sorted(cases, key=lambda case: (len(sentence(case)), sentence(case))))

    def _labels_of(self, fact: Fact) -> tuple[str, ...]:
        """The labels of the assumptions that it rests on."""
        used = self.proof.theorem.used_by(fact.by)
        return tuple(label for label, assumption, _ in self.assumed if assumption in used)

    def _sign(self, fact: Fact) -> None:
        """Keep why a factor is not negative."""
        inverse = fact.said is None and bool(fact.name)
        (base,) = next(iter(fact.of)) if inverse else (fact,)
        if base.value.number is not None:
            return
        sign = Sign(self._writer.expression(positive(base)), base.strict, self._why(base))
        if sign not in self.signs:
            self.signs.append(sign)

    def _why(self, fact: Fact) -> str:
        """Why a number is not negative, in a word or as the label of a line."""
        if taken_for_granted(fact) and weight(fact) < _A_LEMMA and not fact.page:
            rests_on = ", ".join([*self._labels_of(fact), *["the case"] * bool(self._case(fact))])
            return rests_on or (f"a{fact.name[1:]}" if fact.name.startswith("A ") else fact.name)
        if fact.rule or taken_for_granted(fact) or id(fact) in self._labels:
            return self._label(fact)
        parts = terms(fact, self._writer)
        if any(part.fact is not None for part in parts):
            return self._label(fact)
        for factor in (factor for part in parts for factor in part.signs):
            self._sign(factor)
        return f"{_a_sum(fact)} of such"


def _a_sum(fact: Fact) -> str:
    return "a sum" if len(fact.of) > 1 else "a product"


def _sign(fact: Fact) -> str:
    if not fact.strict:
        return "not negative"
    return "not negative, and not all zero" if len(fact.of) > 1 else "positive"


def taken_for_granted(fact: Fact) -> bool:
    """Whether nothing is computed for it but a mean."""
    if fact.rule in MEANS.values():
        return all(not inner.of for facts in fact.of for inner in facts)
    return not fact.of


def _labels() -> Iterator[str]:
    for size in (1, 2):
        for letters in product(ascii_lowercase, repeat=size):
            yield f"({''.join(letters)})"
