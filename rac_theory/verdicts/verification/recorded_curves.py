"""What a verdict rests on: curves of an ensemble, or of its exact expectation."""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from rac_theory.base import one_blas_thread
from rac_theory.cases import Case
from rac_theory.runs import Trajectory, Unsupported, expected, simulate
from rac_theory.statements import Curves

Evidence: TypeAlias = Literal["auto", "exact", "sampled"]
"""Whether expectations are computed or estimated from runs; auto computes them where it can."""


class Recording(NamedTuple):
    """Curves, each (runs, steps + 1), and the largest norm of a last iterate that is finite."""

    curves: Curves
    norm: float

    @classmethod
    def of(cls, trajectory: Trajectory) -> "Recording":
        """Read an ensemble."""
        read = trajectory.values, trajectory.squared_gradients, trajectory.squared_distances
        curves = Curves(*read, step_sizes=trajectory.step_sizes, gradient_norms=trajectory.gradient_norms)
        norms = trajectory.norms
        return cls(curves, float(np.max(norms, where=np.isfinite(norms), initial=0.0)))


def exact_recording(case: Case, evidence: Evidence) -> Recording | None:
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
        known = getattr(case.problem, "W_star", None) is not None
        record: list[Literal["distances"]] = ["distances"] if known else []
        return Recording.of(simulate(case, record=record))
    try:
        with one_blas_thread():  # the bits would depend on the number of threads
            expectation = expected(case)
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
