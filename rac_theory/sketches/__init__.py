"""The sketch distributions, one file each."""

from rac_theory.sketches.anisotropic_gaussian import AnisotropicGaussian
from rac_theory.sketches.block_partition import BlockPartition
from rac_theory.sketches.coordinate import Coordinate
from rac_theory.sketches.coordinate_with_replacement import CoordinateWithReplacement
from rac_theory.sketches.count_sketch import CountSketch
from rac_theory.sketches.equiangular_frame import EquiangularFrame
from rac_theory.sketches.finite_support import FiniteSupport
from rac_theory.sketches.from_function import FromFunction
from rac_theory.sketches.frozen import Frozen
from rac_theory.sketches.gaussian import Gaussian
from rac_theory.sketches.haar import Haar
from rac_theory.sketches.kaiming_uniform import KaimingUniform
from rac_theory.sketches.mixture import Mixture
from rac_theory.sketches.named import NAMED, named_sketch
from rac_theory.sketches.rademacher import Rademacher
from rac_theory.sketches.sparse_signs import SparseSigns
from rac_theory.sketches.subsampled_cosine import SubsampledCosine
from rac_theory.sketches.subsampled_hadamard import SubsampledHadamard
from rac_theory.sketches.uniform import Uniform
from rac_theory.sketches.weighted_coordinate import WeightedCoordinate

__all__ = [
    "NAMED",
    "AnisotropicGaussian",
    "BlockPartition",
    "Coordinate",
    "CoordinateWithReplacement",
    "CountSketch",
    "EquiangularFrame",
    "FiniteSupport",
    "FromFunction",
    "Frozen",
    "Gaussian",
    "Haar",
    "KaimingUniform",
    "Mixture",
    "Rademacher",
    "SparseSigns",
    "SubsampledCosine",
    "SubsampledHadamard",
    "Uniform",
    "WeightedCoordinate",
    "named_sketch",
]
