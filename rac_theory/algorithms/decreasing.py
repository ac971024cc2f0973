"""Steps that decrease: an algorithm whose step size falls like a power of the number of steps that were made."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.algorithms.projected_descent import OfProjectedDescent, ProjectedDescent
from rac_theory.base import Array, Value, checks
from rac_theory.problems import Problem


@dataclass(frozen=True, eq=False, repr=False)
class Decreasing(OfProjectedDescent, Value):
    r"""Projected descent with steps of size :math:`\gamma_t = \gamma\, (t_0 / (t + t_0))^p`, t = 0, 1, 2, ...

    The first is that of the algorithm, and after :math:`t_0` steps it has fallen by the factor :math:`2^{-p}`. All
    steps under one sketch, those of an epoch or of a round, have the same size. With p = 0 ``iterates`` yields what
    that of the algorithm does, to the bit; ``simulate`` has shorter ways for the latter, and rounds otherwise. It is no
    ``ProjectedDescent``: theorems about steps of one size do not apply to it.

    Parameters
    ----------
    algorithm : ProjectedDescent
        Such as ``RACLoRA(sketch, gamma)``, whose ``gamma`` is the first step.
    offset : float
        :math:`t_0`, > 0, in steps.
    power : float
        p, in [0, 1]: T19_pl is about 1, T19 about 1/2.

    Raises
    ------
    ValueError
        If the algorithm is no projected descent, or its gradients come with step sizes of their own, as
        ``CertifiedStep`` has them: such a step is as long as f allows where it is taken, and not as t says.

    References
    ----------
    Derived: page of T19.

    Examples
    --------
    Additive noise keeps a constant step at a floor. With steps that decrease the gap goes on falling, like 1/t.

    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import SGD, Case, Decreasing, Noisy, expected
    >>> problem, step = Quadratic.left([[1.0]], W_star=[[1.0]]), SGD(0.5, Noisy(sigma=1.0))
    >>> for algorithm in (step, Decreasing(step, offset=2)):
    ...     gap = expected(Case(algorithm, problem, steps=800)).gap
    ...     print([f"{gap[t]:.4f}" for t in (0, 8, 80, 800)])
    ['0.5000', '0.1667', '0.1667', '0.1667']
    ['0.5000', '0.0556', '0.0062', '0.0006']
    """

    algorithm: ProjectedDescent
    offset: float
    power: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if hasattr(self.algorithm.gradients, "step_sizes"):
            raise ValueError(
                "algorithm must have gradients without step sizes of their own, such as Minibatch(8), got "
                f"{self.algorithm.gradients!r}"
            )
        object.__setattr__(self, "offset", checks.positive("offset", self.offset))
        object.__setattr__(self, "power", checks.finite("power", self.power, at_least=0))
        if self.power > 1:
            raise ValueError(f"power must be in [0, 1], or steps come to an end too soon, got {self.power:g}")

    def share(self, t: Any) -> Any:
        """Return the size of a step, a number or an array of them, relative to the first.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory import GD, Decreasing
        >>> [Decreasing(GD(0.1), offset=3, power=p).share(np.array([0, 9])).tolist() for p in (0, 0.5, 1)]
        [[1.0, 1.0], [1.0, 0.5], [1.0, 0.25]]
        """
        return (self.offset / (t + self.offset)) ** self.power

    def at(self, t: int) -> ProjectedDescent:
        """Return the algorithm with the size of step t.

        Examples
        --------
        >>> from rac_theory import GD, Decreasing
        >>> Decreasing(GD(0.5), offset=2).at(6)
        GD(gamma=0.125)
        """
        changed: Any = replace(self.algorithm, gamma=self.gamma * self.share(t))  # type: ignore[type-var]
        return changed  # type: ignore[no-any-return]

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Draw one projection for each run and descend under it, with ever shorter steps: blocks (runs, m, n)."""
        for t, step in zip(count(), self.algorithm.low_rank_steps(rng, W), strict=False):
            W = self.gradients.descend(problem, W, partial(_shortened, step, self.share(t)), rng)
            yield W

    def __repr__(self) -> str:
        power = "" if self.power == 1 else f", power={self.power!r}"
        return f"{type(self).__name__}({self.algorithm!r}, offset={self.offset!r}{power})"


def _shortened(step: Step, share: float, W: Array, G: Array) -> Array:
    """Make a share of a step ``W - gamma H G``, which is linear in G; a whole one to the bit."""
    return step(W, share * G)
