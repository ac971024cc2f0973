"""The settings in which the ledger tries theorems: gradients, a step size, and the theorems that they serve."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from problems import Federated
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms import Bernoulli, ProjectedDescent, RACLoRA
from rac_theory.constants import Constants
from rac_theory.gradient_source import GradientSource
from rac_theory.gradients import Clients, Exact, Local, Minibatch, Noisy, Reshuffled
from rac_theory.sketch import Sketch
from rac_theory.sums import drift

MakeSketch = Callable[[int, int], Sketch]
"""(dim, rank) to a sketch."""

LONGEST = 2_000
"""No ensemble of the ledger takes more steps than this."""

USUAL_FALL = 10.0
"""By how much every bound of an ensemble is to fall."""

_EPOCHS: dict[str, Any] = {"longest": 1_000, "fall": 4.0, "dear": True}
"""Less of everything where a step is an epoch or a round, which costs several passes over the data."""

USUAL = ("haar", "coordinate", "weighted_coordinate")
CONTROL = "frozen"
"""A sketch that meets no theorem."""


@dataclass(frozen=True)
class Setting:
    """One way to run RAC-LoRA, and the ids of the theorems about it.

    Attributes
    ----------
    claims : tuple of str
        All that can be tried here, whether or not the step is short enough for them.
    elsewhere : tuple of str
        Those of them that the ledger tries in another setting alone.
    step : callable
        (constants, d, r) to the gamma that is used, for a sketch of d x r matrices.
    gradients : callable
        (problem, start) to the gradient source.
    prepare : callable
        What is done to a problem first, such as to divide it among clients.
    needs : str
        A member that a problem must have.
    plain : bool
        Whether the step is the plain one, with tau = gamma.
    both_sides : bool
        Whether a coin decides the side: Bernoulli-LoRA.
    sketches : tuple of str
        The sketches that are tried unless others are selected.
    longest : int
        The largest number of steps.
    fall : float
        Steps are taken until every bound is this many times below what descent alone says, or has levelled off.
    dear : bool
        Whether a step costs so much that a large problem affords fewer runs.
    """

    claims: tuple[str, ...]
    step: Callable[[Constants, int, int], float]
    gradients: Callable[[Any, Array], GradientSource] = lambda problem, start: Exact()
    prepare: Callable[[Any], Problem] = lambda problem: problem
    needs: str = "value"
    plain: bool = False
    both_sides: bool = False
    elsewhere: tuple[str, ...] = ()
    sketches: tuple[str, ...] = USUAL
    longest: int = LONGEST
    fall: float = USUAL_FALL
    dear: bool = False

    @property
    def usual_claims(self) -> tuple[str, ...]:
        """What the ledger tries here."""
        return tuple(claim for claim in self.claims if claim not in self.elsewhere)

    def sides(self, named: Sequence[str], usual: Sequence[str]) -> list[str]:
        """Return the sides to try: those that are named, else the usual ones; "both" is a coin that decides."""
        if self.both_sides:
            return ["both"] if "both" in named or not named else []
        return [side for side in dict.fromkeys(named or usual) if side != "both"]

    def algorithm(
        self, make: MakeSketch, shape: tuple[int, int], rank: int, side: str, gradients: GradientSource, gamma: float
    ) -> ProjectedDescent:
        """Build the algorithm; Bernoulli-LoRA takes as much of the rank on each side as fits."""
        m, n = shape
        if self.both_sides:
            return Bernoulli(make(m, min(rank, m)), make(n, min(rank, n)), gamma, p=0.5, gradients=gradients)
        sketch = make(m if side == "left" else n, rank)
        lora_alpha = float(rank) if self.plain else None
        return RACLoRA(sketch, gamma, side, gradients, lora_alpha)  # type: ignore[arg-type]


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
    sketches = (*USUAL, CONTROL)
    return Setting((*_SHORT, *_LONG), lambda c, d, r: multiple / c.L, elsewhere=elsewhere, sketches=sketches)


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "1/L": step_size(1.0, elsewhere=_LONG),
        "1.5/L": step_size(1.5, elsewhere=_SHORT),
        "bernoulli": Setting(_SHORT, lambda c, d, r: 1 / c.L, both_sides=True),
        "minibatch": Setting(("T5", "T6"), _stochastic_step, _quarter, needs="component_gradient", fall=4.0, dear=True),
        "horizon": Setting(
            ("T5_step",), _horizon_step, _quarter, needs="component_gradient", longest=_HORIZON, dear=True
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
