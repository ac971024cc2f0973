"""The sketch distributions, one file each."""

from rac_theory.sketches.coordinate import Coordinate
from rac_theory.sketches.frozen import Frozen
from rac_theory.sketches.gaussian import Gaussian
from rac_theory.sketches.haar import Haar
from rac_theory.sketches.named import NAMED, named_sketch
from rac_theory.sketches.weighted_coordinate import WeightedCoordinate

__all__ = ["NAMED", "Coordinate", "Frozen", "Gaussian", "Haar", "WeightedCoordinate", "named_sketch"]
