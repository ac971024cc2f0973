"""Variances of gradients along the iterates that no formula bounds, measured on runs other than those that are judged.

T7 to T10 ask for a bound on the expected variance at every epoch or round. A problem may have one that is proved. Where
it has none, a pilot ensemble with a stream of its own is run. Its number is evidence, no proof: a claim that holds with
it holds as far as the number does, and a claim that fails with it is not refuted, for the number may be too small.
Where one run decides, the variances along it are those that the theorem speaks of, and their largest is no estimate.
"""

from collections.abc import Container
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import numpy as np

from rac_theory.algorithms.gradients import Reshuffled
from rac_theory.base import one_blas_thread
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.numerics import child, generator
from rac_theory.problems import components_of, gradient_variance
from rac_theory.verdicts.verification.judged_claim import Trial

PILOT_RUNS = 16
SAFETY = 2.0
"""What the largest mean of the pilot is multiplied by: means of few runs err, and not all times are looked at."""

_PILOT = 0x9107  # the stream of the pilot below the root of a verdict, apart from RUNS and PROJECTION
_TIMES = 33  # at which the variance is looked at, each a gradient of every component


def lacks_a_variance(trial: Trial) -> bool:
    """Whether nothing but a variance along the iterates keeps a theorem from being applicable."""
    if not trial.unmet:
        return False
    given = replace(trial.constants, sigma_squared=0.0, zeta_squared=0.0)
    return not replace(trial, constants=given).unmet


def with_measured_variance(case: Case, c: Constants, seed: np.random.SeedSequence) -> Constants:
    """Return constants with the largest variance of a pilot ensemble, averaged over its runs, times ``SAFETY``.

    For a deterministic algorithm it is the largest along the only run, and does not count as measured.
    """
    name = "sigma_squared" if isinstance(getattr(case.algorithm, "gradients", None), Reshuffled) else "zeta_squared"
    rng = generator(child(seed, _PILOT))
    if case.algorithm.deterministic:
        largest = max(_mean_variances(case, rng, 1, range(case.steps))) * (1 + 1e-9)
        return _with(c, name, largest, "the largest along the only run")
    times = set(np.rint(np.geomspace(1, case.steps, _TIMES)).astype(int) - 1)
    largest = SAFETY * max(_mean_variances(case, rng, PILOT_RUNS, times))
    line = f"measured: {SAFETY:g} times the largest of {len(times)} means over {PILOT_RUNS} runs that are not judged"
    return replace(_with(c, name, largest, line), measured=c.measured | {name})


def _with(c: Constants, name: str, number: float, line: str) -> Constants:
    changes: dict[str, Any] = {name: number, "provenance": {**c.provenance, name: line}}
    return replace(c, **changes)


def _mean_variances(case: Case, rng: np.random.Generator, runs: int, times: Container[int]) -> list[float]:
    """The mean over an ensemble of the variance of component gradients, at some t < T."""
    components = components_of(case.problem, case.algorithm)
    start = np.broadcast_to(case.start, (runs, *case.start.shape)).copy()
    iterates = chain([start], case.algorithm.iterates(case.problem, start, rng))

    def variance(W: Array) -> Array:
        if hasattr(components, "zeta_squared"):  # of clients, all at once
            return np.asarray(components.zeta_squared(W))
        return gradient_variance(components, W)

    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        return [float(variance(W).mean()) for t, W in enumerate(islice(iterates, case.steps)) if t in times]
