"""A plan: which claims meet which cases, with every constant computed, before anything is run or written."""

from collections.abc import Iterator
from dataclasses import dataclass

from problems import checks
from problems.problem import Problem
from rac_theory import theorems
from rac_theory.algorithms import Side
from rac_theory.embedded import EMBEDDED, Embedded, embedded_problem
from rac_theory.ensemble import STEP, Ensemble, Key
from rac_theory.row import Row
from rac_theory.sketches.plug_in import sketch_factory

DEFAULT_SKETCHES = ("haar", "coordinate", "weighted_coordinate", "frozen")


@dataclass(frozen=True)
class Selection:
    """What to try. Empty or None is the usual choice: every claim, problem and side, and what the problems say."""

    claims: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sketches: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    sides: tuple[Side, ...] = ()
    steps: int | None = None
    runs: int | None = None
    seed: int = 0
    alpha: float = 1e-3

    def __post_init__(self) -> None:
        for claim in self.claims:
            checks.one_of("claim", claim, theorems.ALL)
        for side in self.sides:
            checks.one_of("side", side, ("left", "right"))
        for rank in self.ranks:
            checks.integer("rank", rank, 1)
        for name in ("steps", "runs"):
            if (number := getattr(self, name)) is not None:
                checks.integer(name, number, 1)
        checks.integer("seed", self.seed, 0)
        checks.finite("alpha", self.alpha, above=0, below=1)

    def claims_at(self, gamma_L: float) -> list[str]:
        """Return the claims that are tried at this step size."""
        return [claim for claim in theorems.ALL if STEP[claim] == gamma_L and claim in (self.claims or theorems.ALL)]


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
    factories = {name: sketch_factory(name) for name in selection.sketches or DEFAULT_SKETCHES}
    entries = {name: embedded_problem(name) for name in selection.problems or EMBEDDED}
    problems: dict[str, Problem] = {}
    missing: dict[str, str] = {}
    for name, entry in entries.items():
        try:
            problems[name] = entry.build()
        except ImportError as error:
            missing[name] = str(error)
    notes: list[str] = []
    keys = [
        key
        for name, problem in problems.items()
        for key in _keys(name, problem.shape, entries[name], selection, tuple(factories), notes)
    ]
    if not keys and not missing:
        raise ValueError("; ".join(notes))
    # Any row may have a sampled lambda_min that is wrong: each gets its share of half of alpha.
    rows = sum(len(selection.claims_at(key.gamma_L)) for key in keys)
    lambda_alpha = selection.alpha / 2 / max(rows, 1)
    ensembles: list[Ensemble] = []
    number = 0
    for key in keys:
        claims = tuple(enumerate(selection.claims_at(key.gamma_L), number + 1))
        number += len(claims)
        ensembles.append(
            Ensemble.build(
                key,
                problems[key.problem],
                entries[key.problem].start(problems[key.problem]),
                factories[key.sketch],
                claims,
                runs=selection.runs or entries[key.problem].runs,
                steps=selection.steps,
                alpha=selection.alpha,
                lambda_alpha=lambda_alpha,
            )
        )
    claims_of_missing = [(name, claim) for name in missing for claim in selection.claims or theorems.ALL]
    without_data = tuple(
        Row.missing(i, claim, name, missing[name], selection.seed, selection.alpha)
        for i, (name, claim) in enumerate(claims_of_missing, number + 1)
    )
    return Plan(tuple(ensembles), without_data, tuple(notes))


def _keys(
    name: str,
    shape: tuple[int, int],
    entry: Embedded,
    selection: Selection,
    sketches: tuple[str, ...],
    notes: list[str],
) -> Iterator[Key]:
    """Yield the ensembles of one problem; what is left out is added to the notes."""
    for side in dict.fromkeys(selection.sides or entry.sides):
        dim = shape[0 if side == "left" else 1]
        if dim == 1:
            notes.append(f"{name}: the {side} side is left out, a sketch of dimension 1 is the identity")
            continue
        for rank in dict.fromkeys(selection.ranks or entry.ranks or (1, min(4, dim - 1))):
            if rank > dim:
                notes.append(f"{name}, {side}: rank must be in 1..dim={dim}, got {rank}")
                continue
            for sketch in sketches:
                for gamma_L in sorted(set(STEP.values())):
                    if selection.claims_at(gamma_L):
                        yield Key(name, sketch, side, rank, gamma_L, selection.seed)
