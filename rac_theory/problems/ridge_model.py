"""Linear models with the penalty ``l2/2 ||W||^2``: least squares, logistic and softmax regression."""

from rac_theory.base.checks import Array
from rac_theory.problems.linear_model import LinearModel


class RidgeModel(LinearModel):
    """The finite sum of ``loss_i(x_i' W) + l2/2 ||W||^2``."""

    l2: float

    @property
    def _penalty_curvature(self) -> float:
        return self.l2

    def _penalty_gradient(self, W: Array) -> Array:
        return self.l2 * W
