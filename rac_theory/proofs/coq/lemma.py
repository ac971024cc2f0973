"""A fact as a lemma of Coq: of which letters and under which conditions it speaks, what it says, and why."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rac_theory.algebra import Relation
from rac_theory.proofs.coq.names import DRAWS

BOUND = ("b", "j", "t")
"""Letters that stand for every number of a kind, in a lemma and not in the file."""

_ORDER = (*BOUND, "W", "H", "m", "k")
TYPES = {"W": "State", "b": "R", "j": "nat", "t": "nat", **DRAWS}


@dataclass(frozen=True)
class Lemma:
    """What is said for all values of some letters, if some relations hold.

    Attributes
    ----------
    name : str
    left, right : str
        Terms: the first is at most the second, or less if ``strict``.
    over : tuple of str
        The letters.
    premises : tuple of Relation
        The relations, whose terms are in ``asked``.
    proof : str
        A script; empty for a hypothesis.
    about : str
        A line for people.
    raw : str
        The text, of what says something else.
    """

    name: str
    left: str
    right: str
    strict: bool
    over: tuple[str, ...] = ()
    premises: tuple[Relation, ...] = ()
    asked: tuple[str, ...] = ()
    proof: str = ""
    about: str = ""
    raw: str = ""

    @property
    def difference(self) -> str:
        """The right side less the left, as a term."""
        return f"({self.right} - {self.left})"

    @property
    def said(self) -> str:
        """The relation of the two sides."""
        return f"{self.left} {'<' if self.strict else '<='} {self.right}"

    @property
    def statement(self) -> str:
        """All of it."""
        bound = f"forall {' '.join(f'({letter} : {TYPES[letter]})' for letter in self.over)}, " if self.over else ""
        return bound + " -> ".join((*self.asked, self.said))

    def used(self, premises: Sequence[Relation], number: str = "") -> str:
        """Return a term that proves it for the letters of these names, from named premises; b may have a place."""
        arguments = [number if number and letter == "b" else letter for letter in self.over]
        arguments += [f"c{premises.index(premise)}" for premise in self.premises]
        return f"({' '.join((self.name, *arguments))})" if arguments else self.name

    def at_least_zero(self, premises: Sequence[Relation], number: str = "") -> str:
        """Return a term that proves that the difference is not negative."""
        if self.strict:
            return f"(Rlt_le _ _ {self.positive(premises, number)})"
        return f"(diff _ _ {self.used(premises, number)})"

    def positive(self, premises: Sequence[Relation], number: str = "") -> str:
        """Return a term that proves that the difference is positive."""
        return f"(diff_lt _ _ {self.used(premises, number)})"

    def applied(self, premises: Sequence[Relation], number: str = "", *, strict: bool) -> str:
        """Return the tactic for a goal that this lemma is: what is left is that their sides differ by the same."""
        rule, proof = ("lt_from", self.positive) if strict else ("le_from", self.at_least_zero)
        return f"apply ({rule} _ _ _ {proof(premises, number)})."

    @property
    def text(self) -> str:
        """The lemma as it stands in a file."""
        if self.raw:
            return self.raw
        head = f"(* {comment(self.about)} *)\n" if self.about else ""
        if not self.proof:
            return f"{head}Hypothesis {self.name} : {self.statement}."
        return f"{head}Lemma {self.name} : {self.statement}.\nProof.\n{self.proof}\nQed."


def begun(over: Sequence[str], premises: Sequence[Relation]) -> str:
    """Return the beginning of a script that introduces letters and premises."""
    names = [*over, *(f"c{i}" for i in range(len(premises)))]
    return f"  intros {' '.join(names)}.\n" if names else ""


def ordered(letters: Iterable[str]) -> tuple[str, ...]:
    """Return letters in the order in which a lemma speaks of them."""
    present = {*letters}
    return tuple(letter for letter in _ORDER if letter in present)


def comment(words: str) -> str:
    """Return words that may stand in a comment of Coq."""
    plain = re.sub(r"[^ -~]", " ", words.encode("ascii", "backslashreplace").decode())
    return plain.replace("*)", "* )").replace("(*", "( *").replace('"', "'")
