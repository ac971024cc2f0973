"""The settings in which the ledger tries theorems: a table of them, a line each, by name; those of a step size; and the
step sizes, from the constants of a case at the step 1/L.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from rac_theory.algebra import Relation
from rac_theory.algorithms import (
    ACCELERATED,
    EF21,
    FEEDBACK,
    SHIFTED_MOMENTUM,
    CyclicRACLoRA,
    Decreasing,
    InverseOnRange,
    Method,
    MomentumInLinks,
    NormalisedStep,
    Preconditioned,
    ProjectedDescent,
    RACLoRA,
    Side,
    StepPerDraw,
)
from rac_theory.algorithms.gradients import (
    CertifiedStep,
    Clients,
    FiniteDifferences,
    GradientSource,
    Local,
    Minibatch,
    Noisy,
    Reshuffled,
    Subset,
)
from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.ledger.setting import LEADING, USUAL_SKETCHES, Build, Setting, StepSize
from rac_theory.problems import Federated, Problem
from rac_theory.sketches import Sketch
from rac_theory.statements import Theorem
from rac_theory.statements.symbols import A, C, D, D_in, L, L_max, beta, gap0_upper, lambda_max, lambda_min, mu, read
from rac_theory.theorems import ALL, FAMILIES, federated, reshuffling, stochastic

HORIZON = 400
"""The number of steps for which T5_step is tried."""

_LEAST_BETA = 0.1  # noise alone would allow any step at beta = 0

_BEST_OF_T6 = 1 / (L * (beta + lambda_max * A / (lambda_min * mu)))  # where its rho is the smallest
_QUIET = gap0_upper * lambda_min / (2 * lambda_max * C)  # where C costs a quarter of what gradients allow
_STAYS = lambda_max * (federated.v * D + federated.u * D_in)  # that of T9rr, times lambda_min


def over_L(multiple: float) -> StepSize:
    """Return the step ``multiple / L``: T1 to T4 allow 1/L, their sharp forms anything below 2/L."""
    return lambda c, case: multiple / c.L


def along_step(c: Constants, case: Case) -> float:
    """T13: 1/L_H, where its gain is the largest; 1/L where no L_H is known."""
    return 1 / (c.L_H if c.L_H > 0 else c.L)


def cycle_step(c: Constants, case: Case) -> float:
    """T18: where the gain of a cycle is the largest, 1/(L_H + L ell); 1/L where no L_H is known."""
    return 1 / (c.L_H + c.L * c.ell) if c.L_H > 0 else 1 / c.L


def seen_over_L(share: float) -> StepSize:
    """Return the step ``share lambda_min / L``: for T25 a third, where its theta is at least 1/2; for T27 a quarter."""
    return lambda c, case: share * (c.lambda_min if c.lambda_min > 0 else 1.0) / c.L


def unscaled_step(c: Constants, case: Case) -> float:
    """T12, T15, T16: what a step that fits the draw, or is certified, is multiplied by: 1, where most is gained."""
    return 1.0


def noisy_step(c: Constants, case: Case) -> float:
    """T5, T6: the best step of T6, or one at which noise costs at most a quarter of what there is to gain.

    Where no PL constant is known, 1/(L (beta + 1)) is the best.
    """
    if not c.lambda_min > 0:
        return 1 / c.L
    c = replace(c, beta=max(c.beta, _LEAST_BETA))
    best, quiet = (_BEST_OF_T6, _QUIET * mu / L) if c.mu > 0 else (1 / (L * (beta + 1)), _QUIET)
    return min(float(read(best, c)), float(read(quiet, c)))


def horizon_step(c: Constants, case: Case) -> float:
    """T5_step: the longest step that it allows over the horizon."""
    return _longest(stochastic.T5_step, replace(c, beta=max(c.beta, _LEAST_BETA)), T=HORIZON)


def root_steps(algorithm: ProjectedDescent, c: Constants) -> Decreasing:
    """T19: steps that fall like 1/sqrt(t) from 1/(2 L beta) on, or from less, so that Q comes to a half at most.

    At most 500 of them, whose squares sum up to 6.8 times the first.
    """
    gamma = 1 / (2 * c.L * max(c.beta, _LEAST_BETA))
    growth = c.L * c.A * c.lambda_max * 6.8
    if growth > 0:
        gamma = min(gamma, math.sqrt(1 / (2 * growth)))
    return Decreasing(_with_step(algorithm, gamma), offset=1.0, power=1 / 2)


def harmonic_steps(algorithm: ProjectedDescent, c: Constants) -> Decreasing:
    """T19_pl: steps of 1/(mu lambda_min (t + t_0)) with the least t_0 that it allows, if one is known."""
    if not (c.mu > 0 and c.lambda_min > 0):
        return Decreasing(algorithm, offset=1.0)
    fastest = 1 / (c.mu * c.lambda_min)
    offset = c.L * fastest * (c.beta + c.lambda_max * c.A * fastest) + 1
    return Decreasing(_with_step(algorithm, fastest / offset), offset=offset)


def normalised_steps(algorithm: ProjectedDescent, c: Constants) -> NormalisedStep:
    """T24: of one length, with which both of its terms are as large after the horizon."""
    return NormalisedStep(_with_step(algorithm, math.sqrt(2 * c.gap0_upper / (c.L * HORIZON))))


def _with_step(algorithm: ProjectedDescent, gamma: float) -> ProjectedDescent:
    changed: Any = replace(algorithm, gamma=gamma)  # type: ignore[type-var]
    return changed  # type: ignore[no-any-return]


def epoch_step(c: Constants, case: Case) -> float:
    """T7 and T8 with their other forms: half of the longest step of T7d and T8d, as noise grows with its square.

    The growth q of T8d is proportional to the cube of the step, and what q must stay below to the step.
    """
    longest = _longest(reshuffling.T7, c)
    if not _falls(c):
        return longest / 2
    falling = c.gamma * math.sqrt(read(reshuffling.loss, c) / read(reshuffling.q, c))
    return min(longest, falling) / 2


def round_step(c: Constants, case: Case) -> float:
    """T9 and T10 with their other forms: halved until drift costs at most a third of the rate of T10d."""
    c = replace(c, gamma=_longest(federated.T9, c))
    share = float(read(mu * lambda_min / (L_max * lambda_max), c)) if _falls(c) else 1.0
    while read(federated.a, c) > share / (3 + share):
        c = replace(c, gamma=c.gamma / 2)
    return c.gamma


def client_epochs_step(c: Constants, case: Case) -> float:
    """T9rr and T10rr: halved until drift and sampling take at most a third off the rate of T10rr, and what stays is at
    most a quarter of what there is to gain, before that third."""
    c = replace(c, gamma=_longest(federated.T9rr, c))
    share = float(read(mu * lambda_min / (L_max * lambda_max), c)) if _falls(c) else 1.0
    most = gap0_upper * lambda_min * (mu if _falls(c) else L_max) / 2
    while read(federated.v, c) > share / 3 or read(_STAYS, c) > read(most, c) > 0:
        c = replace(c, gamma=c.gamma / 2)
    return c.gamma


def plain_gaussian_step(c: Constants, case: Case) -> float:
    """T12_gaussian: where nu is the largest, which is ``2 r tau - r x tau^2`` with one number x; tau is gamma here."""
    rank = case.algorithm.sketch.rank  # type: ignore[attr-defined]  # of one side, as all plain steps are
    return float(rank * c.gamma**2 / (2 * rank * c.gamma - c.nu)) if math.isfinite(c.nu) else 1 / c.L


def _longest(theorem: Theorem, c: Constants, **letters: float) -> float:
    """The longest step that the relations of a theorem allow, all of which read ``gamma^k rest <= bound``."""
    relations = (given for given in theorem.relations if given.signs in (("<=",), ("<",)))
    return min(_allowed(relation, c, **letters) for relation in relations)


def _allowed(relation: Relation, c: Constants, **letters: float) -> float:
    at_gamma, twice = (
        float(read(relation.terms[0] / relation.terms[1], replace(c, gamma=gamma), **letters))
        for gamma in (c.gamma, 2 * c.gamma)
    )
    return math.inf if at_gamma == 0 else c.gamma * (1 / at_gamma) ** (1 / math.log2(twice / at_gamma))


def _falls(c: Constants) -> bool:
    """Whether a claim about PL problems promises a factor below one."""
    return c.mu > 0 and c.lambda_min > 0


SPINE = ("T1", "T2", "T1_sharp", "T2_sharp")
"""The claims that are tried unless told otherwise: the paper's two theorems and their sharp forms."""


def _tried() -> Mapping[str, tuple[str, ...]]:
    """By the name of a setting the theorems that are tried there, in their order; each must be tried somewhere."""
    claims: dict[str, set[str]] = {}
    for family in FAMILIES:
        tried: Mapping[str, str] = getattr(family, "TRIED", {})
        for setting, ids in tried.items():
            claims.setdefault(setting, set()).update(ids.split())
        for id in ALL.keys() & vars(family).keys():
            if not any(id in ids for ids in claims.values()):
                raise ValueError(f"{id} is tried in no setting of the ledger: name one in TRIED of {family.__name__}")
    if strange := set().union(*claims.values()) - ALL.keys():
        raise ValueError(f"TRIED of a family must hold ids of theorems, got {', '.join(sorted(strange))}")
    return {setting: tuple(id for id in ALL if id in ids) for setting, ids in claims.items()}


_TRIED = _tried()
_UP_TO_1, _UP_TO_2 = _TRIED["1/L"], _TRIED["2/L"]  # the longest steps that claims about exact gradients allow
_CONTROL = "frozen"  # a sketch that meets no theorem


def step_size(multiple: float, elsewhere: tuple[str, ...] = ()) -> Setting:
    """Return the setting of the step ``multiple / L`` with exact gradients, on which any claim about them is tried."""
    sketches = (*USUAL_SKETCHES, _CONTROL)
    return Setting((*_UP_TO_1, *_UP_TO_2), over_L(multiple), elsewhere=elsewhere, sketches=sketches)


def quarter_batch(problem: Any, start: Array) -> Minibatch:
    """A minibatch of a quarter of the samples."""
    return Minibatch(max(1, problem.n_components // 4))


def quarter_noise(problem: Problem, start: Array) -> Noisy:
    """Noise of a quarter of the gradient at the start."""
    return Noisy(float((problem.gradient(start[None]) ** 2).sum()) ** 0.5 / 4)


def small_differences(problem: Problem, start: Array) -> FiniteDifferences:
    """Forward differences, of which those along all entries together are off by a sixteenth of the gradient at most."""
    m, n = problem.shape
    size = float((problem.gradient(start[None]) ** 2).sum()) ** 0.5
    return FiniteDifferences(size / (8 * problem.L * (m * n) ** 0.5))


def four_batches(problem: Any) -> Federated:
    """Divide a finite sum into batches in the order of the data."""
    return Federated(problem, 4)


def four_clients(problem: Any) -> Federated:
    """Divide a finite sum among clients at random."""
    return Federated.at_random(problem, 4, rng=0)


def plain(sketch: Sketch, gamma: float, side: Side, gradients: GradientSource) -> RACLoRA:
    """The plain step, with tau = gamma."""
    return RACLoRA(sketch, gamma, side, gradients, lora_alpha=float(sketch.rank))


def with_momentum(sketch: Sketch, gamma: float, side: Side, gradients: GradientSource) -> Any:
    """Momentum on projected gradients, with the largest b for which it is forgotten as fast as H sees a direction."""
    share = sketch.rank / sketch.dim
    return SHIFTED_MOMENTUM(sketch, side=side, gradients=gradients, gamma=gamma, b=1 - share)


def accelerated(algorithm: RACLoRA, c: Constants) -> Any:
    """T21: acceleration with the same H and step, and the largest alpha; it is told what is known of s and E[H]."""
    s, least = (max(number, 1e-9) if number > 0 else 1e-9 for number in (c.strong_convexity, c.lambda_min))
    alpha = math.sqrt(algorithm.gamma * max(2 - algorithm.gamma * c.L, 0.0) * s) * least * (1 - 1e-12)
    return ACCELERATED(algorithm.sketch, side=algorithm.side, gamma=algorithm.gamma, alpha=alpha, s=s, lambda_min=least)


def of_step_size(method: Method) -> Callable[[Sketch, float, Side, GradientSource], Any]:
    """Return what builds the algorithm of a method that has no letter but gamma."""
    return lambda sketch, gamma, side, gradients: method(sketch, side=side, gradients=gradients, gamma=gamma)


def preconditioned(sketch: Sketch, gamma: float, side: Side, gradients: GradientSource) -> Preconditioned:
    """Steps whose directions have weights from 1/2 to 1."""
    return Preconditioned(sketch, gamma, np.linspace(1, 1 / 2, sketch.rank), side)


def links_of_momentum(sketch: Sketch, gamma: float, side: Side, gradients: GradientSource) -> MomentumInLinks:
    """Four steps of heavy ball from M = 0 in each subspace, with the largest b that steps of 1/(2 L) allow."""
    return MomentumInLinks(sketch, gamma, 0.75, 4, carried=False, side=side)


def unequal_clients(problem: Any) -> Federated:
    """Divide a finite sum among clients at random, of which each weighs its rows and has three batches of them."""
    return Federated.at_random(problem, 4, rng=0, weights="rows").in_batches(3)


_UNIFORM = ("haar", "coordinate")  # sketches that see every direction alike


def of_uniform(name: str, step: StepSize, **rest: Any) -> Setting:
    """Return the setting of a step on one matrix, which is about sketches that see every direction alike."""
    return Setting(_TRIED[name], step, only=_UNIFORM, layered=False, **rest)


def of_sum(name: str, step: StepSize, gradients: GradientSource, prepare: Any, **rest: Any) -> Setting:
    """Return the setting of an epoch or a round, which takes several passes over the data: fewer steps and runs."""
    rest |= {"longest": 1_000, "reduction": 4.0, "costly": True}
    return Setting(_TRIED[name], step, gradients, "subset", prepare, **rest)


def of_leading(**rest: Any) -> Setting:
    """Return the setting of GaLore, which has the leading subspace of each gradient for a sketch."""
    return Setting(_TRIED["galore"], over_L(1.0), only=(LEADING,), sides=("both",), layered=False, **rest)


def fitted_to_draw(build: Build) -> Setting:
    """Return the setting of a step whose length depends on what was drawn."""
    return Setting(_TRIED["step per draw"], unscaled_step, build=build, sketches=_UNIFORM, layered=False)


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "1/L": step_size(1.0, elsewhere=_UP_TO_2),
        "1.5/L": step_size(1.5, elsewhere=_UP_TO_1),
        "1/L_H": Setting(_TRIED["1/L_H"], along_step, sketches=("haar", "weighted_coordinate")),
        "coordinate descent": Setting(_TRIED["1/L_H"], along_step, only=("coordinate",)),
        "step per draw": fitted_to_draw(lambda sketch, gamma, side, gradients: StepPerDraw(sketch, side=side)),
        "inverse on range": fitted_to_draw(lambda sketch, gamma, side, gradients: InverseOnRange(sketch, side=side)),
        "in turns": Setting(
            _TRIED["in turns"],
            cycle_step,
            build=lambda sketch, gamma, side, gradients: CyclicRACLoRA(sketch, gamma, side),
            only=("block_partition",),
            longest=500,
            reduction=4.0,
            costly=True,
            layered=False,
        ),
        "certified": Setting(_TRIED["certified"], unscaled_step, CertifiedStep(), sketches=_UNIFORM),
        "bernoulli": Setting(_UP_TO_1, over_L(1.0), sides=("both",), layered=False),
        "galore": of_leading(),
        "lazy galore": of_leading(gradients=Local(4)),
        "differences": Setting(
            _TRIED["differences"],
            over_L(1.0),
            small_differences,
            sides=("left",),
            sketches=("coordinate",),
            longest=100,
            reduction=4.0,
            layered=False,
            costly=True,
        ),
        "momentum": of_uniform("momentum", over_L(0.4), gradients=quarter_noise, build=with_momentum),
        "accelerated": of_uniform("accelerated", over_L(1.0), shorten=accelerated),
        "preconditioned": of_uniform("preconditioned", over_L(1.0), build=preconditioned),
        "error feedback": of_uniform(
            "error feedback", seen_over_L(1 / 3), gradients=quarter_noise, build=of_step_size(FEEDBACK)
        ),
        "EF21": of_uniform("EF21", seen_over_L(1 / 4), build=of_step_size(EF21)),
        "momentum in links": of_uniform("momentum in links", over_L(0.5), build=links_of_momentum),
        "steepest": Setting(_TRIED["steepest"], over_L(1.0), shorten=normalised_steps, longest=HORIZON, layered=False),
        "minibatch": Setting(
            _TRIED["minibatch"], noisy_step, quarter_batch, "component_gradient", reduction=4.0, costly=True
        ),
        "horizon": Setting(
            _TRIED["horizon"], horizon_step, quarter_batch, "component_gradient", longest=HORIZON, costly=True
        ),
        "noisy": Setting(_TRIED["noisy"], noisy_step, quarter_noise),
        "root steps": Setting(_TRIED["root steps"], noisy_step, quarter_noise, shorten=root_steps, longest=500),
        "harmonic steps": Setting(
            _TRIED["harmonic steps"], noisy_step, quarter_noise, shorten=harmonic_steps, longest=500
        ),
        "reshuffled": of_sum("reshuffled", epoch_step, Reshuffled(), four_batches),
        "federated": of_sum("federated", round_step, Clients(Local(4)), four_clients),
        "client epochs": of_sum(
            "client epochs", client_epochs_step, Clients(Reshuffled(), Subset(3)), unequal_clients, sketches=("haar",)
        ),
        "plain": Setting(_TRIED["plain"], over_L(1.0), Local(2), build=plain, layered=False),
        "plain gaussian": Setting(
            _TRIED["plain gaussian"], plain_gaussian_step, build=plain, only=("gaussian",), layered=False
        ),
    }
)
"""By name: a step size for exact gradients, else what is special.

The ledger tries a claim about exact gradients at the longer of the two steps that the claim allows.
"""


_NAME = re.compile(r"(\d[\d.e+-]*)/L")


def step_name(multiple: float) -> str:
    """Return the name of the step ``multiple / L``, from which the number can be read back exactly."""
    return f"{float(multiple)!r}".removesuffix(".0") + "/L"


def step_multiple(name: str) -> float | None:
    """Return what a name gives as a multiple of 1/L; None if it is no step size, or not as ``step_name`` writes it."""
    match = _NAME.fullmatch(name)
    try:
        multiple = float(match[1]) if match else 0.0
    except ValueError:
        return None
    return multiple if multiple > 0 and step_name(multiple) == name else None


def setting_named(name: str) -> Setting:
    """Return the setting of a name: one of ``SETTINGS``, or a step size such as ``0.5/L``.

    At a step size every claim about exact gradients is tried, whether or not the step is short enough for it: where
    assumptions end is what a sweep over step sizes shows.
    """
    multiple = step_multiple(name)
    if name in SETTINGS or multiple is None:
        try:
            return SETTINGS[checks.one_of("setting", name, SETTINGS)]
        except ValueError as error:
            raise ValueError(f"{error}; or a step size, such as 0.5/L") from None
    return step_size(multiple)
