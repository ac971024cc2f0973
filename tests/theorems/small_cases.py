"""Problems of four rows and a law that draws them unlike, which several tests share."""

import numpy as np

from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.sketches import WeightedCoordinate

SKEW = Quadratic.left(np.diag([1.0, 0.3, 0.1, 0.02]), np.ones((4, 2)))
ROUND = Quadratic.left(np.eye(4), np.ones((4, 1)))
LEAST = LeastSquares(np.random.default_rng(22).normal(size=(20, 4)), np.arange(20.0) % 3, l2=0.1)
LINE = Quadratic.left([[1.0]], W_star=[[0.0]])
WEIGHTED = WeightedCoordinate(4, 1, [0.4, 0.3, 0.2, 0.1])
