"""The assumptions of the theorems: each docstring is the assumption, a breach is a sentence with the value."""

import math

from rac_theory.algorithms import RACLoRA
from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.gradients import Exact

# gamma = 1 / L computed in floating point may exceed 1 / L by a rounding; verdicts allow far more than this.
_ROUNDING = 1 + 1e-12


def rac_lora_exact(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and the exact gradient (gradient descent is its case H = I)."""
    algorithm = case.algorithm
    if not isinstance(algorithm, RACLoRA):
        return f"the theorem is about RAC-LoRA, the algorithm is {type(algorithm).__name__}"
    if not isinstance(algorithm.gradients, Exact):
        return f"gradients must be exact, they come from {type(algorithm.gradients).__name__}"
    return None


def smooth(case: Case, c: Constants) -> str | None:
    """The gradient of f is Lipschitz with a known constant L."""
    return None if 0 < c.L < math.inf else f"L must be known and positive, it is {c.L:g}"


def small_step(case: Case, c: Constants) -> str | None:
    """0 < gamma <= 1/L."""
    return "gamma must be at most 1/L, " + _step(c) if c.gamma * c.L > _ROUNDING else None


def stable_step(case: Case, c: Constants) -> str | None:
    """0 < gamma < 2/L."""
    return "gamma must be below 2/L, " + _step(c) if c.gamma * c.L >= 2 else None


def bounded_below(case: Case, c: Constants) -> str | None:
    """A lower bound of f is known."""
    return None if math.isfinite(c.gap0_upper) else "a lower bound of f must be known, f_lower is nan"


def certified_minimum(case: Case, c: Constants) -> str | None:
    """The infimum of f is certified: a mere lower bound would make the claim false."""
    return None if math.isfinite(c.gap0) else "the infimum of f must be certified, f_star is nan"


def polyak_lojasiewicz(case: Case, c: Constants) -> str | None:
    """||grad f(W)||^2 / 2 >= mu (f(W) - f*) with a known mu > 0."""
    if c.mu > 0:
        return None
    why = "mu is unknown (nan)" if math.isnan(c.mu) else f"mu is {c.mu:g}"
    return f"f must satisfy the Polyak-Lojasiewicz inequality with a known mu > 0, {why}"


def positive_projection(case: Case, c: Constants) -> str | None:
    """lambda_min(E[H]) > 0: no direction is out of reach of the sketch."""
    if c.lambda_min > 0:
        return None
    return f"lambda_min(E[H]) must be positive, it is {c.lambda_min:g}: some direction is never updated"


def _step(c: Constants) -> str:
    return f"gamma={c.gamma:.6g} is {c.gamma * c.L:.6g}/L"
