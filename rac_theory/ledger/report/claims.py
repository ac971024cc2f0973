"""The upper table of the page: a line for each claim, made of its rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from rac_theory import theorems
from rac_theory.drawing import html
from rac_theory.ledger.table import closest, known_slack, rounded_down
from rac_theory.ledger.verdict_row import Row, counts
from rac_theory.proofs import Reading, sections
from rac_theory.statements import Theorem
from rac_theory.theorems import prove


@dataclass(frozen=True)
class ShownProof:
    """A proof of one of our theorems.

    Attributes
    ----------
    summary : str
        What it rests on, in a line.
    fragment : Markup
        The proof, typeset.
    """

    summary: str
    fragment: Markup


@lru_cache
def shown_proof(id: str) -> ShownProof | None:
    """Return the proof of a theorem by its id; None for a claim that this version does not know."""
    proof = prove(id) if id in theorems.ALL else None
    return None if proof is None else ShownProof(proof.summary, Markup("\n").join(sections(Reading(proof))))


@dataclass(frozen=True)
class ShownClaim:
    """A claim with the rows that try it.

    Attributes
    ----------
    id : str
    theorem : Theorem or None
        None for a claim that this version does not know.
    rows : tuple of Row
    """

    id: str
    theorem: Theorem | None
    rows: tuple[Row, ...] = ()

    @property
    def formulas(self) -> list[Markup]:
        """The statement as elements of MathML, between which a line may end."""
        return [] if self.theorem is None else list(map(html.formula, self.theorem.pieces))

    @property
    def assumptions(self) -> list[Markup]:
        """A sentence for each assumption."""
        return [] if self.theorem is None else list(map(html.sentence, self.theorem.typeset_assumptions))

    @property
    def proof(self) -> ShownProof | None:
        """Its proof, if it is one of ours and rows try it: to check the proofs of all takes longer than many a job."""
        return shown_proof(self.id) if self.rows else None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows got each verdict, for those that came up."""
        return counts(self.rows)

    @property
    def evidence(self) -> list[tuple[str, int]]:
        """How many rows rest on each kind of evidence."""
        counts = Counter(row.evidence for row in self.rows)
        return [(kind, counts[kind]) for kind in ("exact", "sampled") if counts[kind]]

    @property
    def closest(self) -> Row | None:
        """The row that holds with the smallest slack that is known, as ``verify`` names it."""
        return closest(self.rows)

    @property
    def least_slack(self) -> str:
        """What the slack of that row is at least."""
        return "" if self.closest is None else rounded_down(known_slack(self.closest))

    @property
    def reach(self) -> list[str]:
        """The least and the largest share of the steps that rows say something about; one where they are alike."""
        shares = [row.reach_share for row in self.rows if row.reach_share is not None]
        return list(dict.fromkeys(f"{share:.0%}" for share in (min(shares), max(shares)))) if shares else []


def claims(rows: Sequence[Row]) -> list[ShownClaim]:
    """Return the claims that rows try, in the order of the library, and after them those that no row tries."""
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row.claim, []).append(row)
    claims = [ShownClaim(id, theorem, tuple(by_id.get(id, ()))) for id, theorem in theorems.ALL.items()]
    foreign = [ShownClaim(id, None, tuple(tried)) for id, tried in by_id.items() if id not in theorems.ALL]
    return sorted([*claims, *foreign], key=lambda claim: not claim.rows)
