"""A row of the ledger: a verdict as plain data, which JSON can hold and a command can repeat."""

import math
from dataclasses import asdict, dataclass, fields
from types import NoneType
from typing import Any

from rac_theory.base import Value, printable, type_name
from rac_theory.ledger.cell import Cell, Key, Level
from rac_theory.ledger.ensemble import Ensemble
from rac_theory.verdicts import Status, Verdict


@dataclass(frozen=True, eq=False, repr=False)
class Row(Value):
    """One claim on one case. Numbers that do not exist are None.

    ``slack``, ``reach``, ``fitted``, ``promised`` and the rest mean what they mean in ``Verdict``; ``lambda_alpha`` is
    the level of lambda_min and lambda_max together where they are sampled; ``seconds`` are those of the whole ensemble.

    Examples
    --------
    >>> from rac_theory.ledger.verdict_row import Row
    >>> row = Row.missing(1, "T2", "wine", "it needs scikit-learn", seed=0, alpha=1e-3)
    >>> row.status, row.gamma_L, row.to_json()["gamma_L"]  # JSON has no nan
    ('NEEDS_EXTRA', nan, None)
    """

    number: int
    claim: str
    problem: str
    sketch: str
    side: str
    rank: int
    setting: str
    seed: int
    gamma_L: float
    steps: int
    runs: int
    alpha: float
    lambda_alpha: float
    status: str
    reason: str
    evidence: str
    slack: dict[str, float] | None = None
    reach: int | None = None
    informative_from: int | None = None
    detectable: float | None = None
    fitted: dict[str, Any] | None = None
    promised: dict[str, Any] | None = None
    log_evidence: float | None = None
    violated_at: int | None = None
    constants: dict[str, Any] | None = None
    versions: dict[str, str] | None = None
    figure: str | None = None
    seconds: float | None = None

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.number}: {self.claim} {self.status} on {self.key}, {self.steps} steps>"

    @classmethod
    def of(cls, number: int, ensemble: Ensemble, verdict: Verdict, **rest: Any) -> "Row":
        """Flatten a verdict."""
        key = ensemble.key
        return cls(
            number=number,
            claim=dict(ensemble.claims)[number],
            **asdict(key),
            gamma_L=verdict.constants.gamma * verdict.constants.L,
            steps=verdict.case.steps,
            runs=ensemble.runs,
            alpha=verdict.alpha,
            lambda_alpha=ensemble.lambda_alpha,
            status=verdict.status.name,
            reason=printable(verdict.reason),
            evidence=verdict.evidence,
            slack=verdict.slack._asdict() if verdict.slack else None,
            reach=verdict.reach,
            informative_from=verdict.informative_from,
            detectable=float(verdict.detectable[verdict.reach]) if verdict.reach else None,
            fitted=asdict(verdict.fitted) if verdict.fitted else None,
            promised=asdict(verdict.promised) if verdict.promised else None,
            log_evidence=verdict.log_evidence,
            violated_at=verdict.violated_at,
            constants=asdict(verdict.constants),
            versions=dict(verdict.versions),
            **rest,
        )

    @classmethod
    def untried(cls, number: int, claim: str, cell: Cell, level: Level, status: str, reason: str) -> "Row":
        """Make the row of a claim that has no verdict, as its cell raised or could not be made."""
        return cls(
            number,
            claim,
            **asdict(cell.key),
            gamma_L=math.nan,
            steps=level.steps or 0,
            runs=cell.runs,
            alpha=level.alpha,
            lambda_alpha=level.lambda_alpha,
            status=status,
            reason=reason,
            evidence="none",
        )

    @classmethod
    def missing(cls, number: int, claim: str, problem: str, reason: str, seed: int, alpha: float) -> "Row":
        """Make the row of a problem whose data need an extra that is not installed."""
        nowhere = Cell(0, Key(problem, "", "", 0, "", seed), (), runs=0)
        return cls.untried(number, claim, nowhere, Level(None, alpha, math.nan), NEEDS_EXTRA, reason)

    @property
    def key(self) -> Key:
        """What the row's ensemble is made of."""
        return Key(self.problem, self.sketch, self.side, self.rank, self.setting, self.seed)

    @property
    def is_sampled(self) -> bool:
        """Whether chance had a part in the verdict, by its runs or by its constants."""
        return self.evidence == "sampled" or (self.evidence == "exact" and self.alpha_spent > 0)

    @property
    def reach_share(self) -> float | None:
        """The share of the steps about which the row says something; None where nothing was tried."""
        return None if self.evidence == "none" else (self.reach or 0) / self.steps

    @property
    def alpha_spent(self) -> float:
        """The probability with which a sampled constant behind this row may be false."""
        return float((self.constants or {}).get("alpha_spent") or 0.0)

    def violates(self, alpha: float) -> bool:
        """Whether the claim is refuted exactly, or by an e-value that passes ``1/alpha``."""
        if self.status != Status.VIOLATED.name:
            return False
        return self.evidence == "exact" or (self.log_evidence or 0.0) >= math.log(1 / alpha)

    def to_json(self) -> dict[str, Any]:
        """Return plain data in which every number is finite or None, as JSON has no others."""
        return {name: _plain(getattr(self, name)) for name in _NAMES}


FAILED = "FAILED"
"""The status of the rows of a cell of a sweep that raised; it is no verdict."""

NEEDS_EXTRA = "NEEDS_EXTRA"
"""The status of a row whose data are not installed; it is no verdict."""


_NAMES = tuple(field.name for field in fields(Row))


def _plain(value: Any) -> Any:
    if type(value) in (str, int, bool, NoneType):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
