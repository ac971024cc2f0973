"""A grid: what a sweep tries, as plain data that TOML can hold, and the cells that it consists of."""

from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from rac_theory.base import LARGEST, MissingExtra, Value, checks, convert, read_toml, readable_file
from rac_theory.ledger.cell import Cell
from rac_theory.ledger.layout import Axes, Layout, Selection, axis, lay_out
from rac_theory.ledger.theorem_settings import step_name
from rac_theory.sketches import refuse_foreign


@dataclass(frozen=True, eq=False, repr=False)
class Grid(Value):
    """What a sweep tries: the product of all its axes. An empty axis is the usual choice, as in ``verify``.

    Attributes
    ----------
    claims, problems, sketches, ranks, sides, steps, runs, alpha
        As in ``Selection``. A rank that does not fit a problem is left out.
    settings : tuple of str
        Names in ``SETTINGS``; by default those that the claims need, if there are no step sizes either.
    step_sizes : tuple of float
        Multiples of 1/L, with exact gradients.
    seeds : tuple of int

    Examples
    --------
    >>> from rac_theory import Grid
    >>> axes = {"claims": ("T1", "T2"), "sketches": ("gaussian", "coordinate"), "ranks": (1, 2)}
    >>> grid = Grid(problems=("quadratic",), sides=("left",), **axes)
    >>> len(grid.cells), sum(len(cell.claims) for cell in grid.cells)  # runs of one cell serve both claims
    (4, 8)
    """

    claims: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sketches: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    sides: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    step_sizes: tuple[float, ...] = ()
    seeds: tuple[int, ...] = (0,)
    steps: int | None = None
    runs: int | None = None
    alpha: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("step_sizes", "seeds"):
            object.__setattr__(self, name, axis(name, getattr(self, name)))
        selection = self._selection
        for name in ("claims", "problems", "sketches", "ranks", "sides", "settings"):
            object.__setattr__(self, name, getattr(selection, name))
        steps = tuple(checks.finite("step size", step, above=0) for step in self.step_sizes)
        object.__setattr__(self, "step_sizes", steps)
        if not self.seeds:
            raise ValueError("seeds must hold at least one seed, got none")
        for seed in self.seeds:
            checks.integer("seed", seed, 0, LARGEST)

    @classmethod
    def load(cls, path: str | Path, *, trust: bool = False) -> "Grid":
        """Read a TOML file whose keys are the attributes of a grid, and which names at least one axis.

        Parameters
        ----------
        path : str or Path
        trust : bool
            Whether sketches and theorems may be named that are not part of rac_theory: their code is imported.

        Raises
        ------
        ValueError
            If it cannot be read, holds anything else, or names such code and is not trusted.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from rac_theory import Grid
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "grid.toml")
        ...     _ = file.write_text('problems = ["quadratic"]')
        ...     grid = Grid.load(file)
        >>> grid.problems, grid.seeds
        (('quadratic',), (0,))
        """
        file = Path(readable_file("spec", path, "a TOML file with a grid"))
        try:
            content = read_toml(file)
            for name in content:
                checks.one_of("key", name, [field.name for field in fields(cls)])
            if not any(content.get(axis) for axis in _AXES):
                raise ValueError(f"at least one of {', '.join(_AXES)} must be named, got none: all of it takes hours")
            grid: Grid = convert(cls, content)
            if not trust:
                refuse_foreign([*grid.sketches, *grid.claims], "a spec")
        except ValueError as error:
            raise ValueError(f"spec must be a TOML file with a grid, got {str(path)!r}: {error}") from error
        return grid

    def to_json(self) -> dict[str, Any]:
        """Return plain data that is equal for equal grids."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @cached_property
    def layout(self) -> Layout:
        """Every cell, in the order of the axes; the problems are built for their shapes.

        Raises
        ------
        ValueError
            For an unknown name, data that cannot be read, or if no cell is left, with the reasons.
        MissingExtra
            For data that are not installed.
        """
        settings = (*self.settings, *map(step_name, self.step_sizes))  # of which 1.0 is "1/L"
        layout = lay_out(Axes(replace(self._selection, settings=settings), self.seeds))
        if layout.missing:
            raise MissingExtra("; ".join(layout.missing.values()))
        return layout

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the layout; it raises as that does."""
        return self.layout.cells

    @property
    def _selection(self) -> Selection:
        """The grid as a selection, whose rules it shares."""
        shared = [field.name for field in fields(Selection) if field.name != "seed"]
        return Selection(**{name: getattr(self, name) for name in shared})


_AXES = ("claims", "problems", "sketches", "ranks", "sides", "settings", "step_sizes")
