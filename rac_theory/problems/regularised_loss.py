"""A mean cross-entropy plus ``l2/2 ||W||^2``: what LogisticRegression and SoftmaxRegression have in common."""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

from rac_theory.base import Array
from rac_theory.problems.component_infima import cross_entropy_infima
from rac_theory.problems.features import gradient_rounding, loss_rounding, squared_row_norms
from rac_theory.problems.linear_model import RidgeModel
from rac_theory.problems.minimise import UNATTAINED, Certified, Minimum, minimise
from rac_theory.problems.problem import OnePass


class RegularisedLoss(Certified, RidgeModel, OnePass):
    """The constants that follow from l2, and the certified minimum: a subclass has the fields X and l2."""

    convex: ClassVar[bool] = True

    @property
    @abstractmethod
    def _classes_and_stretch(self) -> tuple[int, float]:
        """What ``cross_entropy_infima`` asks for: the number of classes, and how much the penalty is stretched."""

    @abstractmethod
    def hessian(self, W: Array, /) -> Callable[[Array], Array]:
        """The Hessian at one W as a linear map."""

    @property
    def mu(self) -> float:
        """``l2``; 0, which says that there is none, without a penalty."""
        return self.l2

    @property
    def strong_convexity(self) -> float:
        """``l2``: no more, as the loss itself flattens far out."""
        return self.l2

    @cached_property
    def minimum(self) -> Minimum:
        """The minimiser and its certificate; costs one run of Newton's method."""
        return minimise(self) if self.l2 > 0 else UNATTAINED

    @property
    def f_lower(self) -> float:
        """Lower end of the certified interval; 0 without a penalty."""
        return self.minimum.f_lower

    @cached_property
    def component_infima(self) -> Array:
        """The infimum of each component, (N,), rounded down: 0 without a penalty, unless x_i = 0."""
        return cross_entropy_infima(squared_row_norms(self.X), self.l2, *self._classes_and_stretch)

    def rounding(self, W: Array, /) -> float:
        """A bound on the rounding error of the value at one W."""
        return loss_rounding(self.X, W, float(self.value(W)))

    def gradient_rounding(self, W: Array, /) -> float:
        """A bound on the norm of the rounding error of the gradient at one W."""
        return gradient_rounding(self.X, W, self.l2, self.L)

    def _provenance(self, L: str) -> dict[str, str]:
        """Where each constant comes from; that of L depends on the loss."""
        mu = "l2, the modulus of strong convexity" if self.l2 > 0 else "0: bounded gradient, unbounded f"
        return {"L": L, "mu": mu, "f_star": self.minimum.provenance, "smoothness": self._smoothness_source}
