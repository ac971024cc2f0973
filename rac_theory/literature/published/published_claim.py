"""A claim that somebody published, and what the values of this library say of it."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from rac_theory.base import type_name
from rac_theory.base.checks import one_of
from rac_theory.literature.counterexamples.counterexample import Answer, Counterexample
from rac_theory.proofs import Proof
from rac_theory.statements import MARKS, Identity, Theorem
from rac_theory.theorems import prove
from rac_theory.verdicts import Status


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PublishedClaim:
    """What a work says, and the theorems and counterexamples that decide it.

    Attributes
    ----------
    id : str
        A short name, in lower case.
    says : str
        The claim, in our words or, in quotation marks, in those of the work.
    work : str
        By whom it is, and what.
    source : str
        The preprint, such as arXiv:2410.08305.
    mark : "paper", "printed" or "second-hand"
        How it is known to us, see ``theorems.MARKS``.
    page : str
        The page that explains the verdict, under ``docs/``, with its section.
    theorems : tuple of Theorem or Identity
        Which say it, or what is left of it where it is contradicted.
    shown_by : tuple of Counterexample
        Which show it.
    against : tuple of Counterexample
        Which speak against it: one that refutes a form in circulation which is quoted refutes this claim.
    reading : str
        How the claim was taken: under which assumptions it is true, or what is, if it is not.

    Raises
    ------
    ValueError
        Where nothing decides it, or it is contradicted and no reading is given.

    Examples
    --------
    >>> from rac_theory.literature import CLAIMS
    >>> claim = CLAIMS["zo-align"]
    >>> print(claim.source, claim.status.name, claim.proof, [one.id for one in claim.against], sep="; ")
    arXiv:2509.15552; VIOLATED; witness; ['C20']
    >>> claim.command
    'python -m rac_theory counterexamples C20'
    """

    id: str
    says: str
    work: str
    source: str
    mark: Literal["paper", "printed", "second-hand"]
    page: str
    theorems: tuple[Theorem | Identity, ...] = ()
    shown_by: tuple[Counterexample, ...] = ()
    against: tuple[Counterexample, ...] = ()
    reading: str = ""

    def __post_init__(self) -> None:
        one_of("mark", self.mark, [mark for mark in MARKS if mark != "derived"])
        if not (self.theorems or self.shown_by or self.against):
            told = "got none: what is not tried is left out"
            raise ValueError(f"theorems, shown_by or against must say something of {self.id!r}, {told}")
        if self.against and not self.reading:
            raise ValueError(f"reading must be given where a claim is contradicted, got none for {self.id!r}")

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The verdicts on ``shown_by`` and ``against``, in this order."""
        return tuple(map(_answer, (*self.shown_by, *self.against)))

    @cached_property
    def proofs(self) -> tuple[Proof | None, ...]:
        """The machine-checked proof of each theorem, None where there is none."""
        return tuple(prove(one) if isinstance(one, Theorem) else None for one in self.theorems)

    @property
    def status(self) -> Status:
        """VIOLATED if what speaks against it refutes a sentence that is quoted, UNDECIDED if it does not, or refutes
        only words of ours; where nothing speaks against it, the weakest status of ``shown_by``, HOLDS for theorems
        alone, which may be our own: then the reading says so.
        """
        shown = self.answers[: len(self.shown_by)]
        if any(answer.circulated is Status.VIOLATED for answer in self.answers[len(self.shown_by) :]):
            return Status.VIOLATED
        if self.against:
            return Status.UNDECIDED
        return max((answer.status for answer in shown), key=list(Status).index, default=Status.HOLDS)

    @property
    def proof(self) -> Literal["machine", "paper", "witness", "none"]:
        """What the status rests on: "witness", exact or bounded, where one refutes or shows the claim; where theorems
        say it, "machine" if each has a proof that was checked, else "paper"; "none" where runs alone were seen.
        """
        if self.answers:
            witnesses = [answer.witness for answer in self.answers]
            seen = {check.evidence for one in witnesses for check in (*one.checks, *one.against)}
            return "none" if seen <= {"simulated"} else "witness"
        return "machine" if None not in self.proofs else "paper"

    @property
    def tightness(self) -> float | None:
        """The largest ratio exact / bound of its theorems that is known; 1 where a bound is attained."""
        known = [one.tightest.ratio for one in self.theorems if isinstance(one, Theorem) and one.tightest is not None]
        return max(known, default=None)

    @property
    def command(self) -> str:
        """What prints the evidence: the witness where there is one, else verdicts on the theorems."""
        told = [one.id for one in (*self.against, *self.shown_by)]
        if told:
            return f"python -m rac_theory counterexamples {' '.join(told)}"
        tried = [one.id for one in self.theorems if isinstance(one, Theorem)]
        return f"python -m rac_theory verify --claim {' '.join(tried)}"

    @property
    def url(self) -> str:
        """The address of the source."""
        return f"https://arxiv.org/abs/{self.source.removeprefix('arXiv:')}"

    def __str__(self) -> str:
        return f"{self.id} {self.status.name}: {self.says} ({self.source}) {self.reading}".rstrip()

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.id}: {self.source}>"


@cache
def _answer(example: Counterexample) -> Answer:
    """Its verdict, once: several claims may meet in one counterexample, whose witness takes seconds."""
    return example.verdict()
