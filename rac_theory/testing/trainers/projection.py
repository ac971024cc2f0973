"""A projector as a check sees it: a gradient, a rank and a seed give a matrix, or a map of matrices made from them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.testing.refuted import Refuted
from rac_theory.testing.trainers.arrays import FORMATS, read

_ROUNDINGS = 256.0  # of the size of what comes back: products, and a decomposition before them


@dataclass(frozen=True, eq=False)
class Projector:
    """The function of a user."""

    project: Callable[[Array, int, int], Any]

    def __call__(self, G: Array, rank: int, seed: int, X: Array | None = None) -> Array:
        """Project X, by default G, by what was made for G; anything but a matrix of its shape is ``Refuted``."""
        return self.with_rounding(G, rank, seed, X)[0]

    def with_rounding(self, G: Array, rank: int, seed: int, X: Array | None = None) -> tuple[Array, float]:
        """The same, and what rounding may make of its entries, in parts of the norm."""
        where = f"{called(G.shape)} at rank {rank}"
        try:
            given = self.project(G.copy(), rank, seed)
            if callable(given):
                given = given((G if X is None else X).copy())
            elif X is not None:
                given = self.project(X.copy(), rank, seed)
        except Exception as error:
            if rank > min(G.shape) and re.search(r"\brank\b", str(error)):
                raise RankTooLarge from error
            hint = "; a rank that is too large may be refused, by an error that names the rank" * (rank > min(G.shape))
            raise Refuted(f"project must handle {where}: it raised {type(error).__name__}: {error}{hint}") from error
        P, kind = read(f"project(G, {rank}, {seed})", given)
        if P.shape != G.shape:
            raise Refuted(f"project must return a gradient of the shape of {where}, it returned {P.shape}")
        return P, _ROUNDINGS * max(kind.unit, FORMATS["float32"].unit)

    def is_made_from(self, G: Array, rank: int) -> bool:
        """Whether the map depends on the gradient that it was made from."""
        other = -G[::-1, ::-1] + 1.0
        one, again = self.with_rounding(G, rank, 0, G), self(other, rank, 0, G)
        return callable(self.project(G.copy(), rank, 0)) and float(np.linalg.norm(one[0] - again)) > one[1] * float(
            np.linalg.norm(G)
        )


class RankTooLarge(Exception):
    """A rank above the smaller side was refused by an error that names the rank."""


def called(shape: tuple[int, ...]) -> str:
    """Name a shape: tall, wide or square."""
    m, n = shape
    return f"a {'tall' if m > n else 'wide' if m < n else 'square'} gradient, {m} x {n},"
