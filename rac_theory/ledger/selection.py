"""What is selected to be tried: by a command, or by each part of a sweep."""

from dataclasses import dataclass
from typing import Any

from rac_theory import theorems
from rac_theory.base import checks, shown
from rac_theory.ledger.step_size_setting import setting_named


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
    """Accept a sequence without its repetitions; a lone value is the mistake that is made."""
    try:
        return tuple(dict.fromkeys(checks.several(name, values)))
    except TypeError:  # of an entry without a hash, such as a list
        raise ValueError(f"{name} must be a list of names or numbers, got {shown(values)}") from None
