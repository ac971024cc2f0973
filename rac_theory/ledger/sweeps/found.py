"""What a sweep found: its rows, the questions that people have about them, a picture, and a flat table in a file."""

import io
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rac_theory.base import check_written, checks, import_extra, readable_file, type_name, write_whole
from rac_theory.drawing import chart, colours, latex, plot
from rac_theory.ledger.ledger import Ledger
from rac_theory.ledger.sweeps.store import Store
from rac_theory.ledger.theorem_settings import step_multiple
from rac_theory.ledger.verdict_row import FAILED, Row, columns, csv_lines, flat
from rac_theory.verdicts import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


# The hues of the report, whose words are darker.
_COLOURS = {
    Status.HOLDS.name: (colours.GREEN, "o"),
    Status.CONSISTENT.name: (colours.RUNS, "^"),
    Status.UNDECIDED.name: (colours.YELLOW, "D"),
    Status.VIOLATED.name: (colours.BOUND, "s"),
    Status.NOT_APPLICABLE.name: (colours.GREY, "v"),
    FAILED: (colours.BLACK, "x"),
}


def verdicts_over_steps(counts: Mapping[float, Counter[str]], *, title: str = "", ax: "Axes | None" = None) -> "Axes":
    """Draw a line for each status that came up: by step size, its share of the rows."""
    ax = plot.figure().subplots() if ax is None else ax
    steps = list(counts)
    if len(steps) > 1:  # before anything is drawn, as in plot.curves: a step size may be 1e308
        xlim = chart.with_margin(min(steps), max(steps), "log")
        ax.set(xscale="log", xlim=plot.hull(ax.get_xlim(), xlim) if ax.has_data() else xlim)
    for status, (colour, marker) in _COLOURS.items():
        shares = [counts[step][status] / counts[step].total() for step in steps]
        if any(shares):
            ax.plot(steps, shares, marker=marker, color=colour, markerfacecolor="none", label=status)
    ax.set(xlabel=r"step size $\gamma L$", ylabel="share of the cells", ylim=(-0.03, 1.03))
    if len(steps) > 1:
        ax.set_xticks(steps, map(plot.tick_label, steps))
        ax.minorticks_off()
    return plot.finished(ax, title)


def check_table(path: Path) -> None:
    """Raise a ``ValueError`` for another suffix, a missing extra, or a folder that is not there."""
    if path.suffix not in _CONTENT:
        raise ValueError(f"export must be a file that ends in .csv or .parquet, got {str(path)!r}")
    check_written("export", path)
    if path.suffix == ".parquet":
        _arrow()


def write_table(rows: Sequence[Row], path: Path) -> None:
    """Write rows, in their order, as the suffix of the path says; a reader sees the old file or the new one.

    Nothing that depends on time is written, and parts of nested values have columns of their own, as ``slack_value``.

    Raises
    ------
    ValueError
        As ``check_table``.
    OSError
        If the file cannot be written.
    """
    check_table(path)
    write_whole(path, _CONTENT[path.suffix](rows))


def _csv(rows: Sequence[Row]) -> bytes:
    return "".join(csv_lines(row.to_json() for row in rows)).encode()


def _parquet(rows: Sequence[Row]) -> bytes:
    pa, parquet = _arrow()
    arrow = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    schema = pa.schema([(name, arrow[kind]) for name, kind in columns().items()])
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([flat(row) for row in rows], schema=schema), stream)
    return stream.getvalue()


def _arrow() -> tuple[Any, Any]:
    return import_extra("pyarrow", "parquet"), import_extra("pyarrow.parquet", "parquet")


_CONTENT: Mapping[str, Callable[[Sequence[Row]], bytes]] = {".csv": _csv, ".parquet": _parquet}


_COLUMNS = ("claim", "rows", "verdicts", "bound / mean")


class Slacks(NamedTuple):
    """The slacks of several rows: the smallest, the median, the largest, and of how many rows."""

    low: float
    median: float
    high: float
    rows: int

    def __str__(self) -> str:
        return f"{self.median:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True)
class Sweep:
    """The rows of the cells that are finished, in the order of their numbers.

    Attributes
    ----------
    rows : Ledger
    finished, cells : int
        How many cells are finished, and how many there are.

    Examples
    --------
    >>> import tempfile
    >>> from rac_theory import Grid, Sweep, sweep
    >>> grid = Grid(claims=("T2",), problems=("quadratic",), sketches=("gaussian",), ranks=(1,), sides=("left",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = sweep(grid, f"{folder}/cells.sqlite")
    ...     found = Sweep.load(f"{folder}/cells.sqlite")  # later, or while it runs
    >>> found.finished, found.cells, [(row.claim, row.sketch, row.status) for row in found.rows]
    (1, 1, [('T2', 'gaussian', 'HOLDS')])
    """

    rows: Ledger
    finished: int
    cells: int

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {self._counted}>"

    @property
    def _counted(self) -> str:
        return f"{self.finished} of {self.cells} cells, {len(self.rows)} rows: {self.rows.counted}"

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        lines = []
        for claim in dict.fromkeys(row.claim for row in self.rows):
            rows, slacks = Ledger(self._of(claim)), self.slacks(claim).values()
            near = (
                f"{min(slack.low for slack in slacks):.3g} to {max(slack.high for slack in slacks):.3g}"
                if slacks
                else ""
            )
            lines.append((claim, str(len(rows)), rows.counted, near))
        return html.together(html.heading("Sweep", self._counted), html.table(_COLUMNS, lines))

    def to_frame(self) -> "DataFrame":
        """Return a data frame with a line for each row, as ``Ledger.to_frame``; cells may be missing.

        Returns
        -------
        pandas.DataFrame
        """
        return self.rows.to_frame()

    def to_latex(self) -> str:
        """Return the slacks of each claim by sketch and rank as a table in LaTeX, with rules of booktabs.

        Returns
        -------
        str
        """
        ranks = sorted({row.rank for row in self.rows})
        lines = []
        for claim in dict.fromkeys(row.claim for row in self.rows):
            slacks = self.slacks(claim)
            for sketch in dict.fromkeys(sketch for sketch, _ in slacks):
                lines.append([claim, sketch, *(str(slacks.get((sketch, rank), "")) for rank in ranks)])
        return latex.table(["claim", "sketch", *(f"rank {rank}" for rank in ranks)], lines)

    @classmethod
    def load(cls, store: str | Path) -> "Sweep":
        """Read a store, also one that is being written or that other versions have written.

        Parameters
        ----------
        store : path
            The SQLite file that ``sweep`` has written.

        Raises
        ------
        ValueError
            If the file is no store.
        """
        with closing(Store(Path(readable_file("store", store, "a file written by sweep")))) as open_store:
            return cls.of(open_store)

    @classmethod
    def of(cls, store: Store) -> "Sweep":
        """Read an open store.

        Parameters
        ----------
        store : Store
        """
        return cls(Ledger(store.rows()), len(store.seconds()), store.cells)

    def export(self, path: str | Path) -> None:
        """Write all rows to a ``.csv`` or ``.parquet`` file, which depends on the grid and the versions alone.

        Parameters
        ----------
        path : path

        Raises
        ------
        ValueError
            If cells are missing, for another suffix, or if the file cannot be written.
        """
        if self.finished < self.cells:
            raise ValueError(
                f"a sweep must be finished to be exported, got {self.finished} of {self.cells} cells: start it again"
            )
        write_table(self.rows, Path(path))

    def slacks(self, claim: str) -> Mapping[tuple[str, int], Slacks]:
        """Return by (sketch, rank) how loose a claim was over all other axes; rows without a slack do not count.

        Parameters
        ----------
        claim : str

        Returns
        -------
        mapping of (str, int) to Slacks
            The smallest, the median and the largest slack, and how many rows they are of.
        """
        values: dict[tuple[str, int], list[float]] = {}
        for row in self._of(claim):
            if row.slack is not None and row.slack["value"] is not None:
                values.setdefault((row.sketch, row.rank), []).append(row.slack["value"])
        return {
            kind: Slacks(min(some), statistics.median(some), max(some), len(some))
            for kind, some in sorted(values.items())
        }

    def verdicts(self, claim: str) -> Mapping[float, Counter[str]]:
        """Return by step size, as a multiple of 1/L, how often each status came up; other settings do not count.

        Parameters
        ----------
        claim : str

        Returns
        -------
        mapping of float to Counter
            In order of the step sizes.
        """
        counts: dict[float, Counter[str]] = {}
        for row in self._of(claim):
            multiple = step_multiple(row.setting)
            if multiple is not None:
                counts.setdefault(multiple, Counter())[row.status] += 1
        return dict(sorted(counts.items()))

    def plot(self, claim: str, ax: "Axes | None" = None) -> "Axes":
        """Draw over the step size which share of the cells got which verdict on a claim.

        Parameters
        ----------
        claim : str
            Its id.
        ax : Axes, optional
            Axes of matplotlib; made if none are given.

        Returns
        -------
        Axes

        Raises
        ------
        ValueError
            If the claim was not tried at step sizes.
        """
        counts = self.verdicts(claim)
        if not counts:
            raise ValueError(f"claim must be one that was tried at step_sizes, got {claim!r}")
        return verdicts_over_steps(counts, title=f"{claim} on {len(self._of(claim))} cases", ax=ax)

    def _of(self, claim: str) -> list[Row]:
        checks.one_of("claim", claim, {row.claim for row in self.rows})
        return [row for row in self.rows if row.claim == claim]
