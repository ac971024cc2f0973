"""Each of our sketches at a given size, by name: what the command line and the ledger choose from."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from rac_theory.base import checks
from rac_theory.sketches.distributions.anisotropic_gaussian import AnisotropicGaussian
from rac_theory.sketches.distributions.block_partition import BlockPartition
from rac_theory.sketches.distributions.coordinate import Coordinate
from rac_theory.sketches.distributions.coordinate_with_replacement import CoordinateWithReplacement
from rac_theory.sketches.distributions.count_sketch import CountSketch
from rac_theory.sketches.distributions.equiangular_frame import EquiangularFrame
from rac_theory.sketches.distributions.frozen import Frozen
from rac_theory.sketches.distributions.gaussian import Gaussian
from rac_theory.sketches.distributions.haar import Haar
from rac_theory.sketches.distributions.kaiming_uniform import KaimingUniform
from rac_theory.sketches.distributions.rademacher import Rademacher
from rac_theory.sketches.distributions.sparse_signs import SparseSigns
from rac_theory.sketches.distributions.subsampled_cosine import SubsampledCosine
from rac_theory.sketches.distributions.subsampled_hadamard import SubsampledHadamard
from rac_theory.sketches.distributions.uniform import Uniform
from rac_theory.sketches.distributions.weighted_coordinate import WeightedCoordinate
from rac_theory.sketches.sketch import Sketch

NAMED: Mapping[str, Callable[[int, int], Sketch]] = MappingProxyType(
    {
        # Isotropic and of full rank: lambda_min is r/d.
        "gaussian": Gaussian,
        "haar": Haar,
        "kaiming_uniform": KaimingUniform,
        "coordinate": Coordinate,
        "subsampled_hadamard": SubsampledHadamard,
        "subsampled_cosine": SubsampledCosine,
        "equiangular_frame": EquiangularFrame,
        # Isotropic, but a draw can lose rank.
        "coordinate_with_replacement": CoordinateWithReplacement,
        "block_partition": BlockPartition,
        "count_sketch": CountSketch,
        "rademacher": Rademacher,
        "sparse_signs": lambda dim, rank: SparseSigns(dim, rank, p=0.2),
        # Some directions are favoured; with these weights the largest by four to one.
        "weighted_coordinate": lambda dim, rank: WeightedCoordinate(dim, rank, weights=np.linspace(1.0, 2.0, dim)),
        "anisotropic_gaussian": lambda dim, rank: AnisotropicGaussian(dim, rank, np.diag(np.linspace(1.0, 4.0, dim))),
        "uniform": Uniform,
        # The first r coordinates, for ever.
        "frozen": lambda dim, rank: Frozen(np.eye(dim)[:, :rank]),
    }
)


def named_sketch(name: str, dim: int, rank: int) -> Sketch:
    """Build the sketch of that name; an unknown name is a ``ValueError`` with the nearest match.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import named_sketch
    >>> named_sketch("haar", dim=6, rank=2)
    Haar(dim=6, rank=2)
    >>> print(f"{spectrum(named_sketch('sparse_signs', dim=6, rank=2)).lambda_min:.4f}")  # its density is 0.2
    0.2413
    """
    dim = checks.count("dim", dim)
    rank = checks.integer("rank", rank, 1, dim, "dim")
    return NAMED[checks.one_of("sketch", name, NAMED)](dim, rank)
