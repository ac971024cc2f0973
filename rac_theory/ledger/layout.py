"""What is tried, by name, before anything is computed: a grid, the axes that fill it in, and numbered cells."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from rac_theory.base import LARGEST, MissingExtra, Value, checks, convert, read_toml, readable_file, shown
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS, DefaultProblem, built, default_problem
from rac_theory.ledger.ensemble import Cell, Key, Level
from rac_theory.ledger.setting import LEADING
from rac_theory.ledger.theorem_settings import SETTINGS, SPINE, setting_named, step_name
from rac_theory.numerics import for_constants
from rac_theory.problems import Problem, layers_of
from rac_theory.sketches import refuse_foreign, sketch_factory
from rac_theory.statements import Theorem, implied
from rac_theory.theorems import ALL, is_own, theorem_named


@dataclass(frozen=True, eq=False, repr=False)
class Grid(Value):
    """What is tried: the product of all its axes. An axis that is empty is the usual choice.

    Attributes
    ----------
    claims : tuple of str
        Ids of theorems, those of users as ``module:name``, or ``all``; by default T1, T2 and their sharp forms, or all
        that a named setting serves.
    problems : tuple of str
        Default problems by name, or paths of svmlight files; by default all of the former, or the usual ones
        where neither claims nor settings are named.
    sketches : tuple of str
        By name, or ``module:Name``; by default those of each setting.
    ranks : tuple of int
        By default those of each problem; one that does not fit a problem is left out.
    sides : tuple of str
        "left", "right", or "both", where a coin decides; by default those of each problem.
    settings : tuple of str
        Names in ``SETTINGS``, or step sizes such as "0.5/L"; each is tried for all claims that it serves. By default
        those that the claims need, if there are no step sizes either: each claim is then tried in one setting where
        several would do.
    step_sizes : tuple of float
        Multiples of 1/L, with exact gradients.
    seeds : tuple of int
    steps : int or None
        By default as many as it takes for bounds to say something.
    runs : int or None
        By default as many as each problem affords.
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
        for name in (*_AXES, "seeds"):
            object.__setattr__(self, name, axis(name, getattr(self, name)))
        if "all" in self.claims:
            object.__setattr__(self, "claims", tuple(ALL))
        for claim in self.claims:
            if not is_own(claim):
                checks.one_of("claim", claim, [*ALL, "all"])
        for side in self.sides:
            checks.one_of("side", side, ("left", "right", "both"))
        for setting in self.settings:
            setting_named(setting)
        for name in ("problems", "sketches"):
            for word in getattr(self, name):
                if not isinstance(word, str):
                    raise ValueError(f"{name} must be names, got {shown(word)}")
        for rank in self.ranks:
            checks.integer("rank", rank, 1)
        for name in ("steps", "runs"):
            if (number := getattr(self, name)) is not None:
                checks.integer(name, number, 1)
        checks.finite("alpha", self.alpha, above=0, below=1)
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
        """Return plain data that is equal for equal grids.

        Returns
        -------
        dict
            By attribute; tuples are lists.
        """
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @cached_property
    def layout(self) -> "Layout":
        """Every cell, in the order of the axes; the problems are built for their shapes.

        Raises
        ------
        ValueError
            For an unknown name, data that cannot be read, or if no cell is left, with the reasons.
        MissingExtra
            For data that are not installed.
        """
        layout = lay_out(Axes(self))
        if layout.missing:
            raise MissingExtra("; ".join(layout.missing.values()))
        return layout

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the layout; it raises as that does."""
        return self.layout.cells


_AXES = ("claims", "problems", "sketches", "ranks", "sides", "settings", "step_sizes")


def axis(name: str, values: Any) -> tuple[Any, ...]:
    """Return a sequence without its repetitions; a single value in its place is refused."""
    try:
        return tuple(dict.fromkeys(checks.several(name, values)))
    except TypeError:  # of an entry without a hash, such as a list
        raise ValueError(f"{name} must be a list of names or numbers, got {shown(values)}") from None


def _alike(theorem: Theorem, served: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The settings that serve a theorem about the same algorithm as a user's; all if none does."""
    about = {theorem.about, *implied(theorem.about)}
    return [name for name, claims in served.items() if any(ALL[claim].about in about for claim in claims)] or [*served]


@dataclass(frozen=True)
class Axes:
    """What a grid is tried over. All usual choices are made here, and nowhere else."""

    grid: Grid

    @cached_property
    def settings(self) -> tuple[str, ...]:
        """The settings that are named, step sizes among them: 1.0 is "1/L"."""
        return tuple(dict.fromkeys((*self.grid.settings, *map(step_name, self.grid.step_sizes))))

    @cached_property
    def claims(self) -> Mapping[str, tuple[str, ...]]:
        """The settings that serve a claim on a side, each with the claims that are tried there."""
        named, selected = self.settings, self.grid.claims or SPINE
        if named:
            served = {name: setting_named(name).claims for name in named}
        else:
            sides = self._sides(("left", "right"))
            served = {name: setting.usual_claims for name, setting in SETTINGS.items() if setting.sides_of(sides)}
        tried = {name: tuple(claim for claim in claims if claim in selected) for name, claims in served.items()}
        for claim in selected:
            if is_own(claim):
                places = _alike(theorem_named(claim), served)
                tried |= {name: (*tried[name], claim) for name in (places if named else places[:1])}
        if named and not self.grid.claims:  # who names a setting means what it is for
            tried = {name: claims or served[name] for name, claims in tried.items()}
        return {name: claims for name, claims in tried.items() if claims}

    @cached_property
    def problems(self) -> Mapping[str, DefaultProblem]:
        """The problems by name, none of them built."""
        is_narrowed = bool(self.grid.claims or self.settings)
        usual = (name for name, problem in DEFAULT_PROBLEMS.items() if problem.usual or is_narrowed)
        return {name: default_problem(name) for name in self.grid.problems or usual}

    def keys(self, name: str, problem: Problem) -> Iterator[Key | str]:
        """Yield the key of each case of a problem, and a sentence for what is left out.

        Parameters
        ----------
        name : str
            One of ``problems``.
        problem : Problem
            That problem; its shape and what is known of it decide what is tried.
        """
        for setting_name in self.claims:
            setting = setting_named(setting_name)
            if (why := setting.unsuited(problem)) is not None:
                yield f"{name}: {setting_name} is left out, {why}"
                continue
            sketches = setting.sketches_of(self.grid.sketches)
            if not sketches:
                yield f"{setting_name} is left out, its sketch is {' or '.join(setting.only or (LEADING,))} alone"
                continue
            for side in setting.sides_of(self._sides(self.problems[name].sides)):
                for rank in self._ranks(name, problem, side):
                    if isinstance(rank, str):
                        yield rank
                        continue
                    for sketch, seed in product(sketches, self.grid.seeds):
                        yield Key(name, sketch, side, rank, setting_name, seed)

    def runs(self, key: Key) -> int:
        """Return how many runs a case has.

        Returns
        -------
        int
            ``runs`` of the grid, or what the problem affords in the setting of the case.
        """
        usual = self.problems[key.problem].runs_at(costly=setting_named(key.setting).costly)
        return self.grid.runs or usual

    @property
    def why_nothing(self) -> str:
        """Why no claim is tried: the settings or the side that were selected serve none of them."""
        settings = f" in {', '.join(self.settings)}" if self.settings else ""
        sides = f" on side {', '.join(self.grid.sides)}" if self.grid.sides else ""
        claims = ", ".join(self.grid.claims or SPINE)
        return f"claims must be some that are tried{settings}{sides}, got {claims}"

    def _sides(self, usual: Sequence[str]) -> tuple[str, ...]:
        """The sides to try; a coin for the side is among them only where claims, settings or "both" are named."""
        coin = ("both",) if self.grid.claims or self.settings else ()
        return self.grid.sides or (*usual, *coin)

    def _ranks(self, name: str, problem: Problem, side: str) -> Iterator[int | str]:
        """Yield the ranks that a side has room for, of every layer, and a sentence for each that it has not."""
        layers = layers_of(problem)
        shapes = [problem.shape] if layers is None else layers.shapes
        dim = min({"left": m, "right": n, "both": min(m, n)}[side] for m, n in shapes)
        if dim == 1:
            yield f"{name}: side={side!r} is left out, a sketch of dimension 1 is the identity"
            return
        usual = (min(rank, dim - 1) for rank in self.problems[name].ranks)
        for rank in dict.fromkeys(self.grid.ranks or usual):
            yield rank if rank <= dim else f"{name}, {side}: rank must be in 1..dim={dim}, got {rank}"


@dataclass(frozen=True)
class Layout:
    """Every cell, and what could not be made a cell.

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

    Returns
    -------
    Layout
        The cells, and a sentence for each thing that is left out.

    Raises
    ------
    ValueError
        For an unknown name, data that cannot be read, or if no cell is left, with the reasons.
    """
    for sketch in axes.grid.sketches:
        sketch_factory(sketch)
    keys: list[Key | str] = []
    missing: dict[str, str] = {}
    for name in axes.problems:
        try:
            problem = build(name)
        except MissingExtra as error:
            missing[name] = str(error)
        else:
            keys += axes.keys(name, problem)
    cells = tuple(_numbered(axes, (key for key in keys if isinstance(key, Key))))
    notes = tuple(dict.fromkeys(note for note in keys if isinstance(note, str)))
    if not cells and not missing:
        raise ValueError("; ".join(notes) or axes.why_nothing)
    steps, alpha = axes.grid.steps, axes.grid.alpha
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
