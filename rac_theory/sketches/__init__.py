"""Sketches: the concept, the distributions, and what is known of the projection H on the range of a draw: E[H] and its
spectrum, E[HMH], its rank. ``distributions`` has one file for each, ``laws`` the theorems that give several of them
their closed forms. It uses problems, numerics, processes and drawing. It must not know algorithms: a sketch
says nothing of steps.
"""

from rac_theory.sketches.distributions.anisotropic_gaussian import AnisotropicGaussian
from rac_theory.sketches.distributions.block_partition import BlockPartition
from rac_theory.sketches.distributions.coordinate import Coordinate
from rac_theory.sketches.distributions.coordinate_with_replacement import CoordinateWithReplacement
from rac_theory.sketches.distributions.count_sketch import CountSketch
from rac_theory.sketches.distributions.equiangular_frame import EquiangularFrame
from rac_theory.sketches.distributions.finite_support import FiniteSupport
from rac_theory.sketches.distributions.from_function import FromFunction
from rac_theory.sketches.distributions.frozen import Frozen
from rac_theory.sketches.distributions.gaussian import Gaussian
from rac_theory.sketches.distributions.haar import Haar
from rac_theory.sketches.distributions.kaiming_uniform import KaimingUniform
from rac_theory.sketches.distributions.mixture import Mixture
from rac_theory.sketches.distributions.rademacher import Rademacher
from rac_theory.sketches.distributions.sparse_signs import SparseSigns
from rac_theory.sketches.distributions.subsampled_cosine import SubsampledCosine
from rac_theory.sketches.distributions.subsampled_hadamard import SubsampledHadamard
from rac_theory.sketches.distributions.uniform import Uniform
from rac_theory.sketches.distributions.weighted_coordinate import WeightedCoordinate
from rac_theory.sketches.named import NAMED, named_sketch
from rac_theory.sketches.powers import HasExpectedProjection, HasInvariants, HasSecondMoment, HasSupport
from rac_theory.sketches.sketch import Sketch

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
    "HasExpectedProjection",
    "HasInvariants",
    "HasSecondMoment",
    "HasSupport",
    "KaimingUniform",
    "Mixture",
    "Rademacher",
    "Sketch",
    "SparseSigns",
    "SubsampledCosine",
    "SubsampledHadamard",
    "Uniform",
    "WeightedCoordinate",
    "named_sketch",
]
