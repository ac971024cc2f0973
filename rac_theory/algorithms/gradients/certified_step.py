"""The full gradient, once, times a step size that the problem certifies where the step is taken."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.base import Array
from rac_theory.problems import Problem, certified_step, check_certifies


@dataclass(frozen=True)
class CertifiedStep:
    r"""One step with the full gradient G, of a size :math:`\gamma_t` that the problem certifies at W.

    The certificate, ``problem.certified_step(W, G)``, says that no step s up to it, along any orthogonal projection H,
    lowers f by less than :math:`s \|HG\|^2 / 2`; of a problem with ``layers``, any H that is block diagonal, so that an
    algorithm must act in each layer by itself. It does not know which H is drawn. So T16 needs no L, and steps are as
    long as f is flat around W. Of a problem without this member it is 1/L. ``gamma`` of the algorithm is a factor here,
    dimensionless: the promise is best at 1, and there is none beyond.

    Raises
    ------
    ValueError
        From ``check``, for a problem without ``certified_step`` whose L is unknown; later, if what a problem certifies
        is not one step for each run.

    References
    ----------
    Derived: page of T16.

    Examples
    --------
    The loss falls, the curvature with it, and steps grow.

    >>> from rac_theory.problems import LogisticRegression
    >>> from rac_theory import GD, SGD, Case, CertifiedStep, simulate
    >>> problem = LogisticRegression([[2.0], [1.0], [-1.0]], y=[1, 1, -1])
    >>> certified, fixed = (simulate(Case(step, problem, steps=50)) for step in (SGD(1.0, CertifiedStep()), GD(2.0)))
    >>> print(f"{certified.values[0, -1]:.0e}, where 1/L comes to {fixed.values[0, -1]:.0e}")
    7e-07, where 1/L comes to 9e-03
    """

    deterministic: ClassVar[bool] = True

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the problem certifies no step."""
        check_certifies(problem)

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return ``step(W, gamma_t grad f(W))``."""
        G = problem.gradient(W)
        return step(W, self.step_sizes(problem, W, G)[..., None, None] * G)

    def step_sizes(self, problem: Problem, W: Array, G: Array) -> Array:
        """Return what is certified at W, (runs, m, n), where G is the gradient: (runs,)."""
        return certified_step(problem, W, G)
