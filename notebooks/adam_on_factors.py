r"""LoRA as it is trained: Adam on both factors, and which learning rate was best. Measured: no theorem is about it.

Adam (Kingma and Ba, arXiv:1412.6980) divides a mean of gradients by the root of a mean of their squares, so that the
length of its steps does not depend on that of the gradient. Nothing that is said of :math:`W - M G` holds for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms import Initialisation
from rac_theory.base import checks, one_blas_thread
from rac_theory.base.checks import Array
from rac_theory.numerics import Randomness, generator, seed_sequence
from rac_theory.problems import Problem

DECAYS = (0.9, 0.999)
"""Of the means of gradients and of their squares: those of the paper, which are usual."""

_TINY = 1e-8


@dataclass(frozen=True)
class Measured:
    """The learning rates that ended lowest, of those that were tried.

    Attributes
    ----------
    rank : int
    lora_alpha : float
    best : float
        The one with the smallest median loss over the runs.
    spread : (float, float)
        The smallest and the largest of those that were best in a run of its own: A is drawn anew in each.
    loss : float
        The median with the best one.
    """

    rank: int
    lora_alpha: float
    best: float
    spread: tuple[float, float]
    loss: float


def adam_on_factors(problem: Problem, B: Array, A: Array, *, scale: float, learning_rate: float, steps: int) -> Array:
    """Return the losses of ``f(scale B A)`` after steps of Adam on B and A with exact gradients, one for each run.

    Parameters
    ----------
    problem : Problem
    B, A : (runs, m, r), (runs, r, n)
        Where they start.
    scale : float
        ``lora_alpha / r``.
    learning_rate : float
    steps : int

    Examples
    --------
    The first step is one of the learning rate for each number, whatever the gradient.

    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from adam_on_factors import adam_on_factors
    >>> problem = Quadratic.left(100 * np.eye(2), W_star=np.ones((2, 1)))
    >>> B, A = np.zeros((1, 2, 1)), np.ones((1, 1, 1))
    >>> adam_on_factors(problem, B, A, scale=1.0, learning_rate=0.5, steps=1).round(6).tolist()
    [25.0]
    """
    factors, first, second = [B, A], [np.zeros_like(B), np.zeros_like(A)], [np.zeros_like(B), np.zeros_like(A)]
    with one_blas_thread():  # of batches of small products more threads wait for each other
        for t in range(1, checks.integer("steps", steps, 1) + 1):
            B, A = factors
            G = scale * problem.gradient(scale * (B @ A))
            for i, g in enumerate((G @ np.swapaxes(A, 1, 2), np.swapaxes(B, 1, 2) @ G)):
                first[i] = DECAYS[0] * first[i] + (1 - DECAYS[0]) * g
                second[i] = DECAYS[1] * second[i] + (1 - DECAYS[1]) * g**2
                length = np.sqrt(second[i] / (1 - DECAYS[1] ** t)) + _TINY
                factors[i] = factors[i] - learning_rate * (first[i] / (1 - DECAYS[0] ** t)) / length
        return np.asarray(problem.value(scale * (factors[0] @ factors[1])))


def best_for_adam(
    problem: Problem,
    rank: int,
    *,
    lora_alpha: float,
    learning_rates: Sequence[float],
    steps: int,
    runs: int = 5,
    rng: Randomness = 0,
) -> Measured:
    """Try learning rates on LoRA from zero, B = 0 and A Gaussian with variance 1/n, and return which ended lowest.

    All of them start from the same draws of A, one for each run.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from adam_on_factors import best_for_adam
    >>> problem = Quadratic.left(np.eye(3), W_star=np.ones((3, 3)))
    >>> found = best_for_adam(problem, 1, lora_alpha=1.0, learning_rates=(0.01, 0.1, 1.0, 10.0), steps=20)
    >>> found.best, found.spread
    (0.1, (0.1, 0.1))
    """
    start = Initialisation.kaiming(problem.shape, rank)
    B, A = start.draw(generator(seed_sequence(rng)), np.zeros((runs, *problem.shape)))
    etas = np.array([checks.positive("learning_rates", eta) for eta in learning_rates])
    with np.errstate(over="ignore", invalid="ignore"):
        ends = [
            adam_on_factors(problem, B, A, scale=lora_alpha / rank, learning_rate=eta, steps=steps)
            for eta in etas.tolist()
        ]
    losses = np.where(np.isfinite(ends), ends, np.inf)
    medians, each = np.median(losses, axis=1), etas[losses.argmin(axis=0)]
    best = int(medians.argmin())
    return Measured(rank, lora_alpha, float(etas[best]), (float(each.min()), float(each.max())), float(medians[best]))
