"""The two numbers that our sketches share, checked."""

from dataclasses import dataclass

from rac_theory.base import Value, checks


@dataclass(frozen=True, eq=False)
class Shape(Value):
    """``dim`` x ``rank`` with ``1 <= rank <= dim``. A convenience: a user's sketch need not inherit it."""

    dim: int
    rank: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", checks.count("dim", self.dim))
        object.__setattr__(self, "rank", checks.integer("rank", self.rank, 1, self.dim, "dim"))
