"""What is tried, by name, before anything is computed: a selection, the axes that fill it in, and numbered cells."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from rac_theory import theorems
from rac_theory.base import MissingExtra, checks, shown
from rac_theory.ledger.cell import Cell, Key, Level
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS, DefaultProblem, built, default_problem
from rac_theory.ledger.setting import LEADING
from rac_theory.ledger.theorem_settings import SETTINGS, SPINE, setting_named
from rac_theory.numerics import for_constants
from rac_theory.problems import Problem, layers_of
from rac_theory.sketches import sketch_factory
from rac_theory.statements import Theorem, implied
from rac_theory.theorems import ALL, is_own, theorem_named


@dataclass(frozen=True)
class Selection:
    """What to try. Empty or None is the usual choice.

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
        By default those of each problem.
    sides : tuple of str
        "left", "right", or "both", where a coin decides; by default those of each problem.
    settings : tuple of str
        Names in ``SETTINGS``, or step sizes such as "0.5/L"; each is tried for all claims that it serves. By default
        those that the claims need: each claim is then tried in one setting where several would do.
    steps : int or None
        By default as many as it takes for bounds to say something.
    runs : int or None
        By default as many as each problem affords.
    seed : int
    alpha : float
        Significance level of a row.
    """

    claims: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sketches: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    sides: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    steps: int | None = None
    runs: int | None = None
    seed: int = 0
    alpha: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("claims", "problems", "sketches", "ranks", "sides", "settings"):
            object.__setattr__(self, name, axis(name, getattr(self, name)))
        if "all" in self.claims:
            object.__setattr__(self, "claims", tuple(theorems.ALL))
        for claim in self.claims:
            if not theorems.is_own(claim):
                checks.one_of("claim", claim, [*theorems.ALL, "all"])
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
        checks.integer("seed", self.seed, 0)
        checks.finite("alpha", self.alpha, above=0, below=1)


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
    """What a selection is tried over. All usual choices are made here, and nowhere else.

    Attributes
    ----------
    selection : Selection
    seeds : tuple of int
        By default that of the selection.
    """

    selection: Selection
    seeds: tuple[int, ...] = ()

    @cached_property
    def claims(self) -> Mapping[str, tuple[str, ...]]:
        """The settings that serve a claim on a side, each with the claims that are tried there."""
        named, selected = self.selection.settings, self.selection.claims or SPINE
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
        if named and not self.selection.claims:  # who names a setting means what it is for
            tried = {name: claims or served[name] for name, claims in tried.items()}
        return {name: claims for name, claims in tried.items() if claims}

    @cached_property
    def problems(self) -> Mapping[str, DefaultProblem]:
        """The problems by name, none of them built."""
        is_narrowed = bool(self.selection.claims or self.selection.settings)
        usual = (name for name, problem in DEFAULT_PROBLEMS.items() if problem.usual or is_narrowed)
        return {name: default_problem(name) for name in self.selection.problems or usual}

    def keys(self, name: str, problem: Problem) -> Iterator[Key | str]:
        """Yield the key of each case of a problem, and a sentence for what is left out."""
        seeds = self.seeds or (self.selection.seed,)
        for setting_name in self.claims:
            setting = setting_named(setting_name)
            if (why := setting.unsuited(problem)) is not None:
                yield f"{name}: {setting_name} is left out, {why}"
                continue
            sketches = setting.sketches_of(self.selection.sketches)
            if not sketches:
                yield f"{setting_name} is left out, its sketch is {' or '.join(setting.only or (LEADING,))} alone"
                continue
            for side in setting.sides_of(self._sides(self.problems[name].sides)):
                for rank in self._ranks(name, problem, side):
                    if isinstance(rank, str):
                        yield rank
                        continue
                    for sketch, seed in product(sketches, seeds):
                        yield Key(name, sketch, side, rank, setting_name, seed)

    def runs(self, key: Key) -> int:
        """Return how many runs a case has."""
        usual = self.problems[key.problem].runs_at(costly=setting_named(key.setting).costly)
        return self.selection.runs or usual

    @property
    def why_nothing(self) -> str:
        """Why no claim is tried: the settings or the side that were selected serve none of them."""
        settings = f" in {', '.join(self.selection.settings)}" if self.selection.settings else ""
        sides = f" on side {', '.join(self.selection.sides)}" if self.selection.sides else ""
        claims = ", ".join(self.selection.claims or SPINE)
        return f"claims must be some that are tried{settings}{sides}, got {claims}"

    def _sides(self, usual: Sequence[str]) -> tuple[str, ...]:
        """The sides to try; a coin for the side is among them only where claims, settings or "both" are named."""
        coin = ("both",) if self.selection.claims or self.selection.settings else ()
        return self.selection.sides or (*usual, *coin)

    def _ranks(self, name: str, problem: Problem, side: str) -> Iterator[int | str]:
        """Yield the ranks that a side has room for, of every layer, and a sentence for each that it has not."""
        layers = layers_of(problem)
        shapes = [problem.shape] if layers is None else layers.shapes
        dim = min({"left": m, "right": n, "both": min(m, n)}[side] for m, n in shapes)
        if dim == 1:
            yield f"{name}: side={side!r} is left out, a sketch of dimension 1 is the identity"
            return
        usual = (min(rank, dim - 1) for rank in self.problems[name].ranks)
        for rank in dict.fromkeys(self.selection.ranks or usual):
            yield rank if rank <= dim else f"{name}, {side}: rank must be in 1..dim={dim}, got {rank}"


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
