"""Axes: a selection with what it leaves open filled in, and the cases of one problem that they make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from rac_theory.ledger.cell import Key
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS, DefaultProblem, default_problem
from rac_theory.ledger.selection import Selection
from rac_theory.ledger.setting import LEADING
from rac_theory.ledger.step_size_setting import setting_named
from rac_theory.ledger.theorem_settings import SETTINGS, SPINE
from rac_theory.problems import Problem, layers_of
from rac_theory.statements import Theorem, implied
from rac_theory.theorems import ALL, is_own, theorem_named


def _alike(own: Theorem, served: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The settings that serve a theorem about the same algorithm as a user's; all if none does."""
    about = {own.about, *implied(own.about)}
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
        named, wanted = self.selection.settings, self.selection.claims or SPINE
        if named:
            served = {name: setting_named(name).claims for name in named}
        else:
            sides = self._sides(("left", "right"))
            served = {name: setting.usual_claims for name, setting in SETTINGS.items() if setting.sides_of(sides)}
        tried = {name: tuple(claim for claim in claims if claim in wanted) for name, claims in served.items()}
        for claim in wanted:
            if is_own(claim):
                places = _alike(theorem_named(claim), served)
                tried |= {name: (*tried[name], claim) for name in (places if named else places[:1])}
        if named and not self.selection.claims:  # who names a setting means what it is for
            tried = {name: claims or served[name] for name, claims in tried.items()}
        return {name: claims for name, claims in tried.items() if claims}

    @cached_property
    def problems(self) -> Mapping[str, DefaultProblem]:
        """The problems by name, none of them built."""
        every = bool(self.selection.claims or self.selection.settings)
        usual = (name for name, problem in DEFAULT_PROBLEMS.items() if problem.usual or every)
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
        """Why no claim is tried: a setting that is named, or a coin that decides the side, serves few."""
        settings = f" in {', '.join(self.selection.settings)}" if self.selection.settings else ""
        sides = f" on side {', '.join(self.selection.sides)}" if self.selection.sides else ""
        claims = ", ".join(self.selection.claims or SPINE)
        return f"claims must be some that are tried{settings}{sides}, got {claims}"

    def _sides(self, usual: Sequence[str]) -> tuple[str, ...]:
        """The sides to try: a coin is beside the point where neither claims nor settings nor "both" are named."""
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
