"""What a verdict rests on: curves of an ensemble, or of its exact expectation."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from rac_theory.base import Array
from rac_theory.cases import Case
from rac_theory.numerics import seed_sequence
from rac_theory.runs import Trajectory, Unsupported, by_moments, simulate_part
from rac_theory.statements import Curves, Metric

Evidence: TypeAlias = Literal["auto", "exact", "sampled"]
"""Whether expectations are computed or estimated from runs; auto computes them where it can."""


class Recording(NamedTuple):
    """Curves, each (runs, steps + 1), the largest norm of a last iterate that is finite, and how many runs these are:
    none for an expectation."""

    curves: Curves
    norm: float
    runs: int = 0

    @classmethod
    def of(cls, trajectory: Trajectory) -> "Recording":
        """Read an ensemble."""
        read = trajectory.values, trajectory.squared_gradients, trajectory.squared_distances
        curves = Curves(*read, step_sizes=trajectory.step_sizes, gradient_norms=trajectory.gradient_norms)
        norms = trajectory.norms
        norm = float(np.max(norms, where=np.isfinite(norms), initial=0.0))
        return cls(curves, norm, len(trajectory.values))

    def with_gradients_at_iterate(self, squared_gradients: Array) -> "Recording":
        """Return the same with squared gradients at the iterate."""
        return self._replace(curves=self.curves._replace(squared_gradients_at_iterate=squared_gradients))


def simulated(
    metrics: Sequence[Metric], case: Case, root: np.random.SeedSequence, first: int, runs: int, n_jobs: int = 1
) -> Recording:
    """Run a part of an ensemble, and record what the metrics need."""
    distances = any(metric.of_distances for metric in metrics)
    recording = Recording.of(simulate_part(case, root, first, runs, n_jobs, distances=distances))
    if any(metric.at_iterate for metric in metrics):
        return recording.with_gradients_at_iterate(
            simulate_part(case.at_iterate, root, first, runs, n_jobs).squared_gradients
        )
    return recording


def exact_recording(case: Case, evidence: Evidence, metrics: Iterable[Metric] = ()) -> Recording | None:
    """Return the expectation as one curve of each kind that metrics need; None if it is not asked for, or unknown."""
    recording = _exact(case, evidence)
    if recording is None or not any(metric.at_iterate for metric in metrics):
        return recording
    at_iterate = _exact(case.at_iterate, evidence)
    assert at_iterate is not None  # there is a route for the same map
    return recording.with_gradients_at_iterate(at_iterate.curves.squared_gradients)


def _exact(case: Case, evidence: Evidence) -> Recording | None:
    """Return the expectation as one curve of each kind, where it is asked for and can be had.

    A sketch that is not ours may say what its moments are, but that is not taken for granted: it would be judged by its
    own word.

    Raises
    ------
    ValueError
        If ``evidence`` is "exact" and there is none.
    """
    if evidence == "sampled":
        return None
    if case.algorithm.deterministic:
        has_minimiser = getattr(case.problem, "W_star", None) is not None
        return Recording.of(simulate_part(case, seed_sequence(None), 0, 1, distances=has_minimiser))
    try:
        expectation = by_moments(case)
    except Unsupported as error:
        if evidence == "exact":
            raise ValueError(f"evidence must be 'auto' or 'sampled' here, got 'exact': {error}") from error
        return None
    if expectation.on_trust:
        if evidence == "exact":
            raise ValueError("evidence must be 'auto' or 'sampled' for moments that a plug-in claims, got 'exact'")
        return None
    gap, squares, distances = expectation.gap, expectation.squared_gradient, expectation.squared_distance
    # A small gap would be lost in the difference of two values.
    curves = Curves(gap[None], squares[None], distances[None], expectation.minimum)
    return Recording(curves, float(np.linalg.norm(case.start)))
