"""Sketches: the concept, the distributions, and what is known of the projection H on the range of a draw: E[H] and its
spectrum, E[HMH], its rank. ``distributions`` has one file for each, ``laws`` the theorems that give several of them
their closed forms. It uses base, numerics and drawing. It must not know algorithms: a sketch says nothing of steps.
"""

from rac_theory.base import answering
from rac_theory.sketches import all_spectra
from rac_theory.sketches.declarations import (
    checked_support,
    claimed_invariants,
    claimed_projection,
    claimed_second_moment,
    is_deterministic,
    is_orthonormal,
    is_rotation_invariant,
)
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
from rac_theory.sketches.draws import check_draws, check_size, claims_a_law, draw
from rac_theory.sketches.moments import LARGEST_ENUMERATED, Moments
from rac_theory.sketches.named import NAMED, named_sketch
from rac_theory.sketches.plug_in import Factory, every_factory, refuse_foreign, sketch_factory
from rac_theory.sketches.powers import HasExpectedProjection, HasInvariants, HasSecondMoment, HasSupport
from rac_theory.sketches.ranges import draw_ranges, draws_ahead, ranges, steps_ahead
from rac_theory.sketches.sketch import MEMBERS, Sketch, check_members, taking_seeds
from rac_theory.sketches.spectra import DRAWS, NO_SKETCH, UNKNOWN, Spectrum, closed_form, spectrum

__all__ = [
    "DRAWS",
    "LARGEST_ENUMERATED",
    "MEMBERS",
    "NAMED",
    "NO_SKETCH",
    "UNKNOWN",
    "AnisotropicGaussian",
    "BlockPartition",
    "Coordinate",
    "CoordinateWithReplacement",
    "CountSketch",
    "EquiangularFrame",
    "Factory",
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
    "Moments",
    "Rademacher",
    "Sketch",
    "SparseSigns",
    "Spectrum",
    "SubsampledCosine",
    "SubsampledHadamard",
    "Uniform",
    "WeightedCoordinate",
    "all_spectra",
    "check_draws",
    "check_members",
    "check_size",
    "checked_support",
    "claimed_invariants",
    "claimed_projection",
    "claimed_second_moment",
    "claims_a_law",
    "closed_form",
    "draw",
    "draw_ranges",
    "draws_ahead",
    "every_factory",
    "is_deterministic",
    "is_orthonormal",
    "is_rotation_invariant",
    "named_sketch",
    "ranges",
    "refuse_foreign",
    "sketch_factory",
    "spectrum",
    "steps_ahead",
]

answering(globals())
for _cls in [value for value in globals().values() if isinstance(value, type) and "sample" in vars(value)]:
    if _cls is not Sketch:
        taking_seeds(_cls)
