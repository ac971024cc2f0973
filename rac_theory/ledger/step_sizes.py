"""Step sizes: from the constants of a case at the step 1/L, the step at which a theorem is tried."""

from collections.abc import Callable

from rac_theory.cases.case import Case
from rac_theory.cases.constants import Constants
from rac_theory.numerics.sums import drift

StepSize = Callable[[Constants, Case], float]
"""(the constants of a case at the step 1/L, that case) to the step that is taken."""

HORIZON = 400
"""The number of steps for which T5_step is tried."""

_TINY = 1e-300  # in place of a constant that is zero, which stands in a denominator
_LEAST_BETA = 0.1  # noise alone would allow any step at beta = 0


def over_L(multiple: float) -> StepSize:
    """Return the step ``multiple / L``: T1 to T4 allow 1/L, their sharp forms anything below 2/L."""
    return lambda c, case: multiple / c.L


def noisy_step(c: Constants, case: Case) -> float:
    """T5, T6: the best step of T6, or one at which noise costs at most a quarter of what there is to gain."""
    return min(_best_of_T6(c), _quiet(c)) if c.lambda_min > 0 else 1 / c.L


def horizon_step(c: Constants, case: Case) -> float:
    """T5_step: the longest step that it allows over the horizon."""
    return float(min(1 / (c.L * max(c.beta, _LEAST_BETA)), (c.L * max(c.A * c.lambda_max, _TINY) * HORIZON) ** -0.5))


def epoch_step(c: Constants, case: Case) -> float:
    """T7 and T8 with their other forms: half of the longest step of T7d and T8d, as noise grows with its square."""
    longest = 1 / (2 * c.inner_steps * c.L_max)
    return min(longest, _longest_of_T8d(c)) / 2 if _falls(c) else longest / 2


def round_step(c: Constants, case: Case) -> float:
    """T9 and T10 with their other forms: halved until drift costs at most a third of the rate of T10d."""
    total = 1 / c.L_max
    share = c.mu * c.lambda_min / (c.L_max * c.lambda_max) if _falls(c) else 1.0
    while drift(c.inner_steps, total * c.L_max) > share / (3 + share):
        total /= 2
    return total / c.inner_steps


def plain_gaussian_step(c: Constants, case: Case) -> float:
    """T12_gaussian: 1/(L (d + r + 1)), where its nu is the largest."""
    sketch = case.algorithm.sketch  # type: ignore[attr-defined]  # of one side, as all plain steps are
    return float(1 / (c.L * (sketch.dim + sketch.rank + 1)))


def _best_of_T6(c: Constants) -> float:
    """The step at which the factor of T6 is the smallest; without a PL constant, 1/(L (beta + 1))."""
    return 1 / (c.L * (max(c.beta, _LEAST_BETA) + (_kappa(c) * c.A / c.mu if _falls(c) else 1.0)))


def _quiet(c: Constants) -> float:
    """A step at which noise C leaves at most a quarter of the gap, or of the squared gradient that it allows."""
    return c.gap0_upper / (2 * _kappa(c) * max(c.C, _TINY)) * (c.mu / c.L if _falls(c) else 1.0)


def _longest_of_T8d(c: Constants) -> float:
    return float((7 * c.mu / (4 * (c.inner_steps + 1) * c.L_max**3 * _kappa(c))) ** 0.5)


def _kappa(c: Constants) -> float:
    return c.lambda_max / c.lambda_min


def _falls(c: Constants) -> bool:
    """Whether a claim about PL problems promises a factor below one."""
    return c.mu > 0 and c.lambda_min > 0
