"""Each of our sketches at a given size, by name: what the command line and the ledger choose from."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from problems import checks
from rac_theory.sketch import Sketch
from rac_theory.sketches.coordinate import Coordinate
from rac_theory.sketches.frozen import Frozen
from rac_theory.sketches.gaussian import Gaussian
from rac_theory.sketches.haar import Haar
from rac_theory.sketches.weighted_coordinate import WeightedCoordinate

NAMED: Mapping[str, Callable[[int, int], Sketch]] = MappingProxyType(
    {
        "gaussian": Gaussian,
        "haar": Haar,
        "coordinate": Coordinate,
        # Weights from 1 to 4, so that lambda_max is four times lambda_min at rank one.
        "weighted_coordinate": lambda dim, rank: WeightedCoordinate(dim, rank, weights=np.linspace(1.0, 4.0, dim)),
        # The first r coordinates, for ever.
        "frozen": lambda dim, rank: Frozen(np.eye(dim)[:, :rank]),
    }
)


def named_sketch(name: str, dim: int, rank: int) -> Sketch:
    """Build the sketch of that name; an unknown name is a ``ValueError`` with the nearest match."""
    checks.integer("dim", dim, 1)
    checks.integer("rank", rank, 1, dim, "dim")
    return NAMED[checks.one_of("sketch", name, NAMED)](dim, rank)
