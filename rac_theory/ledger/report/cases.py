"""What a row of the lower table opens."""

import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rac_theory.ledger import results
from rac_theory.ledger.report.images import Image, image
from rac_theory.ledger.report.numbers import ABSENT, number, rate_interval
from rac_theory.ledger.verdict_row import NEEDS_EXTRA, Row


@dataclass(frozen=True)
class ShownCase:
    """A row, and the folder in which its figure and its results.json are."""

    row: Row
    folder: Path

    @cached_property
    def figure(self) -> Image:
        """The figure; only files in the folder of figures are looked for."""
        return Image(None) if self.row.figure is None else image(self.folder / results.FIGURES, self.row.figure)

    @property
    def alt(self) -> str:
        """What the figure shows, in words."""
        row = self.row
        means = "the exact mean" if row.evidence == "exact" else "the mean with its confidence band, and single runs"
        shown = f"over the steps t, the bound, {means}"
        return f"{row.claim} {row.status} on {row.key}: {shown}. {row.reason}"

    @property
    def command(self) -> str | None:
        """The command that runs the row again; None where nothing could be run."""
        if self.row.status == NEEDS_EXTRA:
            return None
        where = str(self.folder / results.FILE)
        return shlex.join(["python", "-m", "rac_theory", "repeat", where, str(self.row.number)])

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """What the case is made of and the numbers of the verdict, by name; those that do not exist are left out."""
        row = self.row
        found = [
            ("seed", str(row.seed)),
            ("steps", str(row.steps)),
            ("runs", str(row.runs)),
            ("gamma L", number(row.gamma_L)),
            ("alpha", number(row.alpha)),
            ("fitted rate", rate_interval(row.fitted)),
            ("promised rate", rate_interval(row.promised)),
            ("informative from t", number(row.informative_from)),
            ("detectable at reach", number(row.detectable, 3)),
            ("exceeds the bound most at t", number(row.violated_at)),
        ]
        if row.is_sampled:
            found.append(("log e-value against", number(round(row.log_evidence or 0.0, 4))))
        return [(name, shown) for name, shown in found if shown != ABSENT]

    @property
    def constants(self) -> tuple[tuple[str, str, str], ...]:
        """The constants that are known: name, value, and how it is known."""
        constants = self.row.constants or {}
        sources = constants.get("provenance", {})
        return tuple(
            (name, str(value) if isinstance(value, bool) else number(value), sources.get(name, ""))
            for name, value in constants.items()
            if isinstance(value, int | float)
        )
