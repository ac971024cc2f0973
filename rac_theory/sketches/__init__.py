"""Sketches: the concept, the distributions, and what is known of the projection H on the range of a draw: E[H] and its
spectrum, E[HMH], its rank. ``distributions`` has them by families, ``laws`` the theorems that give several of them
their closed forms. It uses base, numerics and drawing. It must not know algorithms: a sketch says nothing of steps.
"""

from rac_theory.base import answering
from rac_theory.sketches import all_spectra
from rac_theory.sketches.distributions.anisotropic_gaussian import AnisotropicGaussian
from rac_theory.sketches.distributions.coordinate import BlockPartition, Coordinate, CoordinateWithReplacement
from rac_theory.sketches.distributions.equiangular_frame import EquiangularFrame
from rac_theory.sketches.distributions.given import FiniteSupport, FromFunction, Frozen
from rac_theory.sketches.distributions.mixture import Mixture
from rac_theory.sketches.distributions.random_signs import CountSketch, Rademacher, SparseSigns
from rac_theory.sketches.distributions.rotation_invariant import Gaussian, Haar
from rac_theory.sketches.distributions.subsampled_transform import SubsampledCosine, SubsampledHadamard
from rac_theory.sketches.distributions.uniform import KaimingUniform, Uniform
from rac_theory.sketches.distributions.weighted_coordinate import WeightedCoordinate
from rac_theory.sketches.draws import (
    check_draws,
    check_size,
    checked_support,
    claimed_invariants,
    claimed_projection,
    claimed_second_moment,
    claims_a_law,
    draw,
    draw_ranges,
    draws_ahead,
    is_deterministic,
    is_orthonormal,
    is_rotation_invariant,
    ranges,
    steps_ahead,
)
from rac_theory.sketches.moments import LARGEST_ENUMERATED, Moments
from rac_theory.sketches.named import NAMED, Factory, every_factory, named_sketch, refuse_foreign, sketch_factory
from rac_theory.sketches.sketch import (
    MEMBERS,
    HasExpectedProjection,
    HasInvariants,
    HasSecondMoment,
    HasSupport,
    Sketch,
    check_members,
    taking_seeds,
)
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
