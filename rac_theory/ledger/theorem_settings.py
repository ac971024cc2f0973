"""The settings in which the ledger tries theorems: gradients, a step size, and the theorems that they serve."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from problems import Federated
from problems.checks import Array
from rac_theory.algorithms.gradients import Clients, Local, Minibatch, Noisy, Reshuffled
from rac_theory.algorithms.gradients.gradient_source import GradientSource
from rac_theory.cases.constants import Constants
from rac_theory.ledger.setting import USUAL_SKETCHES, Setting
from rac_theory.numerics.sums import drift

_EPOCHS: dict[str, Any] = {"longest": 1_000, "reduction": 4.0, "costly": True}
"""Less of everything where a step is an epoch or a round, which costs several passes over the data."""

_CONTROL = "frozen"
"""A sketch that meets no theorem."""


def _pl(c: Constants) -> bool:
    return c.mu > 0 and c.lambda_min > 0


def _stochastic_step(c: Constants, d: int, r: int) -> float:
    """The best step of T6, or one at which noise that stays costs a quarter of what there is to gain."""
    if not c.lambda_min > 0:
        return 1 / c.L
    kappa = c.lambda_max / c.lambda_min
    quiet = c.gap0_upper / (2 * kappa * max(c.C, 1e-300)) * (c.mu / c.L if _pl(c) else 1.0)
    return min(1 / (c.L * (max(c.beta, 0.1) + (kappa * c.A / c.mu if _pl(c) else 1.0))), quiet)


def _horizon_step(c: Constants, d: int, r: int) -> float:
    """The longest step that T5_step allows over its horizon."""
    return float(min(1 / (c.L * max(c.beta, 0.1)), (c.L * max(c.A * c.lambda_max, 1e-300) * _HORIZON) ** -0.5))


def _reshuffling_step(c: Constants, d: int, r: int) -> float:
    """Half of the longest step of T7d and T8d: the noise grows with its square."""
    longest = 1 / (2 * c.inner_steps * c.L_max)
    if _pl(c):
        kappa = c.lambda_max / c.lambda_min
        longest = min(longest, (7 * c.mu / (4 * (c.inner_steps + 1) * c.L_max**3 * kappa)) ** 0.5)
    return longest / 2


def _local_step(c: Constants, d: int, r: int) -> float:
    """Halve the longest step until the drift of the clients costs a third of the rate of T10d at most."""
    total = 1 / c.L_max
    share = c.mu * c.lambda_min / (c.L_max * c.lambda_max) if _pl(c) else 1.0
    while drift(c.inner_steps, total * c.L_max) > share / (3 + share):
        total /= 2
    return total / c.inner_steps


def _quarter(problem: Any, start: Array) -> GradientSource:
    """A minibatch of a quarter of the samples."""
    return Minibatch(max(1, problem.n_components // 4))


def _noise(problem: Any, start: Array) -> GradientSource:
    """A quarter of the gradient at the start."""
    return Noisy(float((problem.gradient(start[None]) ** 2).sum()) ** 0.5 / 4)


_HORIZON = 400
_SHORT = ("T1", "T2", "T3", "T3_isotropic", "T4")
_LONG = ("T1_sharp", "T1_tight", "T2_sharp", "T3_sharp")


def step_size(multiple: float, elsewhere: tuple[str, ...] = ()) -> Setting:
    """Return the setting of the step ``multiple / L`` with exact gradients, on which any claim about them is tried."""
    sketches = (*USUAL_SKETCHES, _CONTROL)
    return Setting((*_SHORT, *_LONG), lambda c, d, r: multiple / c.L, elsewhere=elsewhere, sketches=sketches)


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "1/L": step_size(1.0, elsewhere=_LONG),
        "1.5/L": step_size(1.5, elsewhere=_SHORT),
        "bernoulli": Setting(_SHORT, lambda c, d, r: 1 / c.L, both_sides=True),
        "minibatch": Setting(
            ("T5", "T6"), _stochastic_step, _quarter, needs="component_gradient", reduction=4.0, costly=True
        ),
        "horizon": Setting(
            ("T5_step",), _horizon_step, _quarter, needs="component_gradient", longest=_HORIZON, costly=True
        ),
        "noisy": Setting(("T5", "T5_step", "T6"), _stochastic_step, _noise),
        "reshuffled": Setting(  # four batches, in the order of the data
            ("T7", "T7d", "T7d_sharp", "T8", "T8d", "T8d_sharp"),
            _reshuffling_step,
            lambda problem, start: Reshuffled(),
            lambda problem: Federated(problem, 4),
            needs="subset",
            **_EPOCHS,
        ),
        "federated": Setting(
            ("T9", "T9d", "T9d_sharp", "T10", "T10d", "T10d_sharp"),
            _local_step,
            lambda problem, start: Clients(Local(4)),
            lambda problem: Federated.at_random(problem, 4, rng=0),
            needs="subset",
            **_EPOCHS,
        ),
        "plain": Setting(
            ("T12_nonconvex", "T12_pl"), lambda c, d, r: 1 / c.L, lambda problem, start: Local(2), plain=True
        ),
        "plain gaussian": Setting(
            ("T12_gaussian",), lambda c, d, r: 1 / (c.L * (d + r + 1)), plain=True, sketches=("gaussian",)
        ),
    }
)
"""By name: a step size for exact gradients, else what is special.

The ledger tries a claim about exact gradients at the longer of the two steps that the claim allows.
"""

SPINE = ("T1", "T2", "T1_sharp", "T2_sharp")
"""The claims that are tried unless told otherwise: the paper's two theorems and their sharp forms."""
