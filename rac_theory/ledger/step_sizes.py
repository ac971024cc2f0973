"""Step sizes: from the constants of a case at the step 1/L, the step at which a theorem is tried."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rac_theory.algebra import Relation
from rac_theory.algorithms import Decreasing, NormalisedStep, ProjectedDescent
from rac_theory.cases import Case, Constants
from rac_theory.statements import Theorem
from rac_theory.statements.symbols import A, C, D, D_in, L, L_max, beta, gap0_upper, lambda_max, lambda_min, mu, read
from rac_theory.theorems import federated, reshuffling, stochastic

StepSize = Callable[[Constants, Case], float]
"""(the constants of a case at the step 1/L, that case) to the step that is taken."""

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
    """T18: where the gain of a cycle is the largest, 1/(L_H + 2 L ell); 1/L where no L_H is known."""
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
