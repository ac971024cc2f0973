"""A grid: what a sweep tries, as plain data that TOML can hold, and the cells that it consists of."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from problems import checks
from problems.value import Value
from rac_theory.files.plain_data import LARGEST, convert, read_toml
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS, DefaultProblem, default_problem
from rac_theory.ledger.ensemble import Key
from rac_theory.ledger.plan import Selection
from rac_theory.ledger.setting import Setting
from rac_theory.ledger.step_size_setting import setting_named, step_name
from rac_theory.ledger.theorem_settings import SPINE
from rac_theory.numerics.account import for_constants
from rac_theory.sketches.plug_in import refuse_foreign, sketch_factory


@dataclass(frozen=True)
class Cell:
    """One ensemble of a sweep, and the claims that are judged by it: (row number, theorem id) each."""

    number: int
    key: Key
    claims: tuple[tuple[int, str], ...]
    runs: int


@dataclass(frozen=True, eq=False, repr=False)
class Grid(Value):
    """What a sweep tries: the product of all its axes. An empty axis is the usual choice, as in ``verify``.

    Attributes
    ----------
    claims : tuple of str
        Ids of theorems, or ``all``; by default T1, T2 and their sharp forms.
    problems, sketches, ranks, sides
        As the options of ``verify``. A rank that a problem has no room for is left out.
    settings : tuple of str
        Names in ``SETTINGS``; by default those that the claims need, if there are no step sizes either.
    step_sizes : tuple of float
        Multiples of 1/L, with exact gradients.
    seeds : tuple of int
    steps, runs : int or None
        As the options of ``verify``.
    alpha : float
        Significance level of a row.

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
        for field in fields(self):
            if field.name not in ("steps", "runs", "alpha"):
                object.__setattr__(self, field.name, _axis(field.name, getattr(self, field.name)))
        selection = Selection(  # its rules are ours
            self.claims, ranks=self.ranks, sides=self.sides, steps=self.steps, runs=self.runs, alpha=self.alpha
        )
        object.__setattr__(self, "claims", selection.claims)
        for setting in self.settings:
            setting_named(setting)
        steps = tuple(checks.finite("step size", step, above=0) for step in self.step_sizes)
        object.__setattr__(self, "step_sizes", steps)
        if not self.seeds:
            raise ValueError("seeds must hold at least one seed, got none")
        for seed in self.seeds:
            checks.integer("seed", seed, 0, LARGEST)

    @classmethod
    def load(cls, path: Path, *, trust: bool = False) -> "Grid":
        """Read a TOML file whose keys are the attributes of a grid, and which names at least one axis.

        Parameters
        ----------
        path : Path
        trust : bool
            Whether sketches may be named that are not part of rac_theory: to make them, their code is imported.

        Raises
        ------
        ValueError
            If it cannot be read, holds anything else, or names such sketches and is not trusted.

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
        try:
            content = read_toml(path)
            for name in content:
                checks.one_of("key", name, [field.name for field in fields(cls)])
            if not any(content.get(axis) for axis in _AXES):
                raise ValueError(f"at least one of {', '.join(_AXES)} must be named, got none: all of it takes hours")
            grid: Grid = convert(cls, content)
            if not trust:
                refuse_foreign(grid.sketches, "a spec")
        except ValueError as error:
            raise ValueError(f"spec must be a TOML file with a grid, got {str(path)!r}: {error}") from error
        return grid

    def to_json(self) -> dict[str, Any]:
        """Return plain data that is equal for equal grids."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, in the order of the axes; the problems are built for their shapes.

        Raises
        ------
        ValueError
            For an unknown name, data that cannot be read, or if no cell is left.
        MissingExtra
            For data that are not installed.
        """
        number, cells = 0, list[Cell]()
        for key, runs in self._keys():
            wanted = self.claims or SPINE
            claims = [claim for claim in self._served(setting_named(key.setting)) if claim in wanted]
            cells.append(Cell(len(cells), key, tuple(enumerate(claims, number + 1)), self.runs or runs))
            number += len(claims)
        if not cells:
            raise ValueError(f"a grid must have a cell in which a claim meets a setting and a rank, got none: {self}")
        return tuple(cells)

    @property
    def lambda_alpha(self) -> float:
        """What a row may spend on sampled constants."""
        return for_constants(self.alpha, sum(len(cell.claims) for cell in self.cells))

    @property
    def _tried(self) -> list[str]:
        """The settings of the grid that serve a claim."""
        names = [*self.settings, *map(step_name, self.step_sizes)]
        names = names or Selection(self.claims, sides=self.sides).settings
        return [n for n in dict.fromkeys(names) if set(self._served(setting_named(n))) & set(self.claims or SPINE)]

    def _served(self, setting: Setting) -> tuple[str, ...]:
        """What is tried in a setting: all that can be in one that is named, else what ``verify`` tries there."""
        return setting.claims if self.settings or self.step_sizes else setting.usual_claims

    def _keys(self) -> Iterator[tuple[Key, int]]:
        for sketch in self.sketches:
            sketch_factory(sketch)
        for name in self.problems or DEFAULT_PROBLEMS:
            entry = default_problem(name)
            problem = entry.build()
            for setting_name in self._tried:
                setting = setting_named(setting_name)
                if not hasattr(problem, setting.needs):
                    continue
                runs = (entry.runs_if_costly if setting.costly else None) or entry.runs
                fitting = self._sides_and_ranks(problem.shape, entry, setting)
                for (side, rank), sketch, seed in product(fitting, self.sketches or setting.sketches, self.seeds):
                    yield Key(name, sketch, side, rank, setting_name, seed), runs

    def _sides_and_ranks(
        self, shape: tuple[int, int], entry: DefaultProblem, setting: Setting
    ) -> list[tuple[str, int]]:
        found = []
        for side in setting.sides(self.sides, entry.sides):
            dim = {"left": shape[0], "right": shape[1], "both": min(shape)}[side]
            if dim > 1:  # a sketch of dimension 1 is the identity
                ranks = self.ranks or entry.ranks or (1, min(4, dim - 1))
                found += [(side, rank) for rank in dict.fromkeys(ranks) if rank <= dim]
        return found


_AXES = ("claims", "problems", "sketches", "ranks", "sides", "settings", "step_sizes")


def _axis(name: str, values: Any) -> tuple[Any, ...]:
    """Accept a sequence without its repetitions; a lone value is the mistake that is made."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} must be a list, got {values!r} (in brackets?)")
    return tuple(dict.fromkeys(values))
