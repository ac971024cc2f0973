"""Small problems, a law that draws rows unlike, and how near what is exact comes to a bound."""

import numpy as np

from rac_theory.problems import Federated, LeastSquares, Quadratic
from rac_theory.sketches import WeightedCoordinate

from .second_routes.moments import followed

SKEW = Quadratic.left(np.diag([1.0, 0.3, 0.1, 0.02]), np.ones((4, 2)))
LINE = Quadratic.left([[1.0]], W_star=[[0.0]])
WEIGHTED = WeightedCoordinate(4, 1, [0.4, 0.3, 0.2, 0.1])
DATA = LeastSquares(np.random.default_rng(0).standard_normal((12, 3)), np.arange(24.0).reshape(12, 2), l2=2.0)
THIRDS = Federated(DATA, 3)
UNEQUAL = Federated(DATA, [[0, 1], [2, 3, 4, 5, 6, 7, 8], [9, 10, 11]], "rows")


def exact_over_bound(theorem, c, maps, Q, x, steps):
    """At t = 1, ..., steps, on ``f = x'Qx/2`` under random affine maps, by a route that knows no library."""
    assert c.f_star == 0
    along = theorem.metric.measure(followed(maps, Q, x, steps), c)[0]
    return (along / theorem.bound(c, steps))[1:]
