"""A layout: the cells of some axes, numbered, and what is left out, by name and before anything is computed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rac_theory.base import MissingExtra
from rac_theory.ledger.axes import Axes
from rac_theory.ledger.cell import Cell, Key, Level
from rac_theory.ledger.default_problems import built
from rac_theory.numerics import for_constants
from rac_theory.problems import Problem
from rac_theory.sketches import sketch_factory


@dataclass(frozen=True)
class Layout:
    """Every cell, and what has none.

    Attributes
    ----------
    cells : tuple of Cell
        In the order of the axes: problem, setting, side, rank, sketch, seed. Their rows are numbered through.
    level : Level
    missing : mapping
        The problems whose data are not installed, each with the extra that it needs.
    notes : tuple of str
        What else is left out, and why.
    """

    cells: tuple[Cell, ...]
    level: Level
    missing: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many rows the cells have."""
        return _rows(self.cells)


def lay_out(axes: Axes, build: Callable[[str], Problem] = built) -> Layout:
    """Expand axes to their cells.

    Parameters
    ----------
    axes : Axes
    build : callable
        From the name of a problem to the problem, which is looked at for its shape.

    Raises
    ------
    ValueError
        For an unknown name, data that cannot be read, or if no cell is left, with the reasons.
    """
    for sketch in axes.selection.sketches:
        sketch_factory(sketch)
    found: list[Key | str] = []
    missing: dict[str, str] = {}
    for name in axes.problems:
        try:
            problem = build(name)
        except MissingExtra as error:
            missing[name] = str(error)
        else:
            found += axes.keys(name, problem)
    cells = tuple(_numbered(axes, (key for key in found if isinstance(key, Key))))
    notes = tuple(dict.fromkeys(note for note in found if isinstance(note, str)))
    if not cells and not missing:
        raise ValueError("; ".join(notes) or axes.why_nothing)
    steps, alpha = axes.selection.steps, axes.selection.alpha
    return Layout(cells, Level(steps, alpha, for_constants(alpha, _rows(cells))), missing, notes)


def _numbered(axes: Axes, keys: Iterable[Key]) -> Iterator[Cell]:
    """Yield the cell of each key, with the numbers of its rows."""
    row = 1
    for number, key in enumerate(keys):
        claims = axes.claims[key.setting]
        yield Cell(number, key, tuple(enumerate(claims, row)), axes.runs(key))
        row += len(claims)


def _rows(cells: Iterable[Cell]) -> int:
    return sum(len(cell.claims) for cell in cells)
