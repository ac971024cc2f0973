"""A claim that somebody published, as a card: its words, where they stand, what decides them, and what mends them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal, TypeAlias, get_args

from rac_theory.base import type_name
from rac_theory.base.checks import one_of
from rac_theory.literature.counterexamples.counterexample import Answer, Check, Counterexample, Witness
from rac_theory.proofs import Proof
from rac_theory.statements import MARKS, Identity, Theorem
from rac_theory.theorems import prove
from rac_theory.verdicts import Status, Work, card_entry

Severity: TypeAlias = Literal[
    "false as printed", "true with a condition that is not printed", "not checkable from what is public"
]
"""What is the matter with a sentence."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PublishedClaim:
    """What a work says, and the theorems, counterexamples or witness that decide it.

    Attributes
    ----------
    id : str
        A short name, in lower case.
    says : str
        The claim, in our words or, in quotation marks, in those of the work.
    work : str
        By whom it is, and what.
    source : str
        The preprint, such as arXiv:2410.08305, or an address on the web.
    where : str
        Section or theorem, and the version or commit that was read.
    consulted : str
        What of the work was read.
    mark : "paper", "printed" or "second-hand"
        How it is known to us, see ``theorems.MARKS``; by default from the abstract.
    page : str
        The page that explains the verdict, under ``docs/``, with its section; by default that of the cards.
    theorems : tuple of Theorem or Identity
        Which say it, or what is left of it where it is contradicted.
    shown_by : tuple of Counterexample
        Which show it.
    against : tuple of Counterexample
        Which speak against it: one that refutes a form in circulation which is quoted refutes this claim.
    witness : callable or None
        Returns evidence of its own: its ``checks`` are what is true of it, ``against`` what speaks against it.
    refutes : str
        The words of the claim, quoted in ``says``, that the witness refutes.
    reading : str
        How the claim was taken, in the kindest way: under which assumptions it is true, or what is, if it is not.
    repair : str
        The smallest change that makes it true, and how that is known.
    severity : Severity or None
        What is the matter with it; None where nothing is.

    Raises
    ------
    ValueError
        Where nothing decides it, it is contradicted and no reading is given, or what is refuted is not quoted.

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
    mark: Literal["paper", "printed", "second-hand"] = "paper"
    page: str = "theory/cards.md"
    theorems: tuple[Theorem | Identity, ...] = ()
    shown_by: tuple[Counterexample, ...] = ()
    against: tuple[Counterexample, ...] = ()
    witness: Callable[[], Witness] | None = None
    refutes: str = ""
    reading: str = ""
    repair: str = ""
    severity: Severity | None = None
    where: str = ""
    consulted: str = ""

    def __post_init__(self) -> None:
        one_of("mark", self.mark, [mark for mark in MARKS if mark != "derived"])
        if self.severity is not None:
            one_of("severity", self.severity, get_args(Severity))
        if not (self.theorems or self.shown_by or self.against or self.witness):
            rule = "theorems, shown_by, against or witness must say something of"
            raise ValueError(f"{rule} {self.id!r}, got none: what is not tried is left out")
        if (self.against or self.refutes) and not self.reading:
            raise ValueError(f"reading must be given where a claim is contradicted, got none for {self.id!r}")
        if self.refutes not in self.says.split('"')[1::2] and self.refutes:
            raise ValueError(f"refutes must be quoted in says, got {self.refutes!r}")

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The verdicts on ``shown_by`` and ``against``, in this order."""
        return tuple(map(_answer, (*self.shown_by, *self.against)))

    @cached_property
    def evidence(self) -> Witness:
        """What its own witness has, which is computed once; nothing where it has none."""
        return Witness(()) if self.witness is None else self.witness()

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """Its own, and those of the counterexamples."""
        return (self.evidence, *(answer.witness for answer in self.answers))

    @property
    def checks(self) -> tuple[Check, ...]:
        """All that its witnesses have checked, what is true of it before what speaks against it."""
        return tuple(check for witness in self.witnesses for check in (*witness.checks, *witness.against))

    @cached_property
    def proofs(self) -> tuple[Proof | None, ...]:
        """The machine-checked proof of each theorem, None where there is none."""
        return tuple(prove(theorem) if isinstance(theorem, Theorem) else None for theorem in self.theorems)

    @property
    def status(self) -> Status:
        """VIOLATED if what speaks against it refutes a sentence that is quoted, or a check of its own witness fails;
        UNDECIDED if what speaks against it does not, or refutes only words of ours, or if too little of it is public;
        where nothing speaks against it, the weakest status of ``shown_by``, HOLDS for theorems or a witness alone,
        which may be our own: then the reading says so.
        """
        showing, against = self.answers[: len(self.shown_by)], self.answers[len(self.shown_by) :]
        opposed = self.evidence.against
        refuted = bool(opposed and self.refutes) and all(check.holds for check in opposed)
        wrong = not all(check.holds for check in self.evidence.checks)
        if refuted or wrong or any(answer.circulated is Status.VIOLATED for answer in against):
            return Status.VIOLATED
        if against or opposed or self.severity == "not checkable from what is public":
            return Status.UNDECIDED
        return max((answer.status for answer in showing), key=list(Status).index, default=Status.HOLDS)

    @property
    def proof(self) -> Literal["machine", "paper", "witness", "none"]:
        """What the status rests on: "witness", exact or bounded, where one refutes or shows the claim; where theorems
        say it, "machine" if each has a proof that was checked, else "paper"; "none" where runs alone were seen.
        """
        if self.checks:
            return "none" if {check.evidence for check in self.checks} <= {"simulated"} else "witness"
        return "machine" if None not in self.proofs else "paper"

    @property
    def tightness(self) -> float | None:
        """The largest ratio exact / bound of its theorems that is known; 1 where a bound is attained."""
        examples = [theorem.tightest for theorem in self.theorems if isinstance(theorem, Theorem)]
        return max((example.ratio for example in examples if example is not None), default=None)

    @property
    def command(self) -> str:
        """What prints the evidence: the witness where there is one, else verdicts on the theorems."""
        if self.witness is not None:
            return f"python -m rac_theory explain {self.id}"
        examples = [example.id for example in (*self.against, *self.shown_by)]
        if examples:
            return f"python -m rac_theory counterexamples {' '.join(examples)}"
        tried = [theorem.id for theorem in self.theorems if isinstance(theorem, Theorem)]
        return f"python -m rac_theory verify --claim {' '.join(tried)}"

    @property
    def url(self) -> str:
        """The address of the source."""
        return self.source.replace("arXiv:", "https://arxiv.org/abs/")

    @property
    def entry(self) -> Work:
        """The card itself for BibTeX, with the version of the library, as a card may be mended.

        Examples
        --------
        >>> from rac_theory.literature import CLAIMS
        >>> print(str(CLAIMS["apollo-a4"].entry).splitlines()[2])
          title = {{rac-theory, card apollo-a4: Zhu et al., APOLLO: SGD-like Memory, AdamW-level Performance}},
        """
        return card_entry(self.id, self.work, self.source, self.where, self.severity or "")

    @property
    def record(self) -> Mapping[str, Any]:
        """The card as texts, lists and numbers, such as JSON can hold."""
        words = ("id", "says", "work", "source", "url", "where", "consulted", "mark", "proof", "reading", "repair")
        grounds = {name: [value.id for value in getattr(self, name)] for name in ("theorems", "shown_by", "against")}
        opposed = {id(check) for witness in self.witnesses for check in witness.against}
        checks = [{**vars(check), "against": id(check) in opposed} for check in self.checks]
        judged = {"status": self.status.name, "severity": self.severity, "checks": checks}
        pages = {"command": self.command, "page": self.page, "bibtex": str(self.entry)}
        return {**{name: getattr(self, name) for name in words}, **judged, **grounds, **pages}

    def __str__(self) -> str:
        return f"{self.id} {self.status.name}: {self.says} ({self.source}) {self.reading}".rstrip()

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.id}: {self.source}>"


@cache
def _answer(example: Counterexample) -> Answer:
    """Its verdict, once: several claims may meet in one counterexample, whose witness takes seconds."""
    return example.verdict()
