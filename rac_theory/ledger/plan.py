"""A plan: which claims meet which cases, with every constant computed, before anything is run or written."""

from collections.abc import Iterator
from dataclasses import dataclass

from problems import checks
from problems.extras import MissingExtra
from problems.problem import Problem
from rac_theory import theorems
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS, DefaultProblem, default_problem
from rac_theory.ledger.ensemble import Ensemble, Key
from rac_theory.ledger.setting import Setting
from rac_theory.ledger.theorem_settings import SETTINGS, SPINE
from rac_theory.ledger.verdict_row import Row
from rac_theory.numerics.account import for_constants
from rac_theory.sketches.plug_in import sketch_factory


@dataclass(frozen=True)
class Selection:
    """What to try. Empty or None is the usual choice: every claim, problem and side, and what the problems say."""

    claims: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sketches: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    sides: tuple[str, ...] = ()
    steps: int | None = None
    runs: int | None = None
    seed: int = 0
    alpha: float = 1e-3

    def __post_init__(self) -> None:
        if "all" in self.claims:
            object.__setattr__(self, "claims", tuple(theorems.ALL))
        for claim in self.claims:
            checks.one_of("claim", claim, [*theorems.ALL, "all"])
        for side in self.sides:
            checks.one_of("side", side, ("left", "right", "both"))
        for rank in self.ranks:
            checks.integer("rank", rank, 1)
        for name in ("steps", "runs"):
            if (number := getattr(self, name)) is not None:
                checks.integer(name, number, 1)
        checks.integer("seed", self.seed, 0)
        checks.finite("alpha", self.alpha, above=0, below=1)

    def claims_in(self, setting: Setting) -> list[str]:
        """Return the claims that are tried in a setting."""
        return [claim for claim in setting.usual_claims if claim in (self.claims or SPINE)]

    @property
    def settings(self) -> list[str]:
        """The settings that the claims need; those of the spine are tried with exact gradients unless named."""
        wanted = [name for name, setting in SETTINGS.items() if self.claims_in(setting)]
        # A coin that decides the side is beside the point where neither claims nor "both" are named.
        named = [name for name in wanted if SETTINGS[name].sides(self.sides, ("left", "right"))]
        return [name for name in named if not SETTINGS[name].both_sides or self.claims or self.sides]


@dataclass(frozen=True, eq=False)
class Plan:
    """Every ensemble of a selection, rows that cannot be run, and notes on what was left out."""

    ensembles: tuple[Ensemble, ...]
    missing: tuple[Row, ...]
    notes: tuple[str, ...]


def plan(selection: Selection) -> Plan:
    """Lay out the ensembles of a selection and compute all their constants.

    Raises
    ------
    ValueError
        For an unknown name, a rank that fits nothing, data that cannot be read, or a plug-in that does not work.
    """
    usual = [name for setting in selection.settings for name in SETTINGS[setting].sketches]
    factories = {name: sketch_factory(name) for name in selection.sketches or usual}
    entries = {name: default_problem(name) for name in selection.problems or DEFAULT_PROBLEMS}
    problems: dict[str, Problem] = {}
    missing: dict[str, str] = {}
    for name, entry in entries.items():
        try:
            problems[name] = entry.build()
        except MissingExtra as error:
            missing[name] = str(error)
    notes: list[str] = []
    keys = [key for name, problem in problems.items() for key in _keys(name, problem, entries[name], selection, notes)]
    if not keys and not missing:
        raise ValueError("; ".join(notes) or _nothing(selection))
    rows = sum(len(selection.claims_in(SETTINGS[key.setting])) for key in keys)
    lambda_alpha = for_constants(selection.alpha, rows)
    prepared: dict[tuple[str, str], Problem] = {}
    ensembles: list[Ensemble] = []
    number = 0
    for key in keys:
        claims = tuple(enumerate(selection.claims_in(SETTINGS[key.setting]), number + 1))
        number += len(claims)
        kind = (key.problem, key.setting)
        if kind not in prepared:  # once for all sketches: to divide a problem costs its minima
            prepared[kind] = SETTINGS[key.setting].prepare(problems[key.problem])
        ensembles.append(
            Ensemble.build(
                key,
                prepared[kind],
                entries[key.problem].start(problems[key.problem]),
                factories[key.sketch],
                claims,
                runs=selection.runs or _runs(entries[key.problem], SETTINGS[key.setting]),
                steps=selection.steps,
                alpha=selection.alpha,
                lambda_alpha=lambda_alpha,
            )
        )
    claims_of_missing = [(name, claim) for name in missing for claim in selection.claims or SPINE]
    without_data = tuple(
        Row.missing(i, claim, name, missing[name], selection.seed, selection.alpha)
        for i, (name, claim) in enumerate(claims_of_missing, number + 1)
    )
    return Plan(tuple(ensembles), without_data, tuple(dict.fromkeys(notes)))


def _nothing(selection: Selection) -> str:
    """Say why no setting is left: a coin that decides the side serves few claims."""
    sides, claims = ", ".join(selection.sides), ", ".join(selection.claims or SPINE)
    return f"claims must be some that are tried on side {sides}, got {claims}"


def _runs(entry: DefaultProblem, setting: Setting) -> int:
    """Return how many runs a problem affords in a setting."""
    return (entry.runs_if_costly if setting.costly else None) or entry.runs


def _keys(name: str, problem: Problem, entry: DefaultProblem, selection: Selection, notes: list[str]) -> Iterator[Key]:
    """Yield the ensembles of one problem; what is left out is added to the notes."""
    for setting_name in selection.settings:
        setting = SETTINGS[setting_name]
        if not hasattr(problem, setting.needs):
            notes.append(f"{name}: {setting_name} is left out, the problem is no finite sum")
            continue
        for side, rank in _sides_and_ranks(name, problem.shape, entry, selection, setting, notes):
            for sketch in dict.fromkeys(selection.sketches or setting.sketches):
                yield Key(name, sketch, side, rank, setting_name, selection.seed)


def _sides_and_ranks(
    name: str, shape: tuple[int, int], entry: DefaultProblem, selection: Selection, setting: Setting, notes: list[str]
) -> Iterator[tuple[str, int]]:
    for side in setting.sides(selection.sides, entry.sides):
        dim = {"left": shape[0], "right": shape[1], "both": min(shape)}[side]
        if dim == 1:
            notes.append(f"{name}: side={side!r} is left out, a sketch of dimension 1 is the identity")
            continue
        for rank in dict.fromkeys(selection.ranks or entry.ranks or (1, min(4, dim - 1))):
            if rank > dim:
                notes.append(f"{name}, {side}: rank must be in 1..dim={dim}, got {rank}")
            else:
                yield side, rank
