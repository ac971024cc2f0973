"""How much gradients changed along runs, for their lengths: a lower bound of L, to be tried and not to be trusted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rac_theory.base import Value, being, exactly, same, squared_norms, type_name
from rac_theory.cases import Case, Constants
from rac_theory.numerics import PROJECTION, Randomness, child, seed_sequence
from rac_theory.runs import Trajectory
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.verdict import Verdict
from rac_theory.verdicts.verification.verify import verify

_SHORT = 1e-6  # of the norm of W: over such a step the change of a gradient has lost its digits to rounding


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredSmoothness(Value):
    """The largest ``||grad f(W^t+1) - grad f(W^t)|| / ||W^t+1 - W^t||`` of some runs: measured, not proved.

    L is at least this, and may be any larger number. It is no number itself, so that no problem takes it for its L; who
    wants to go by it says so, by its attribute ``largest``, or asks ``what_if``, whose verdicts say it.

    Attributes
    ----------
    largest : float
        In the unit of L.
    run, t : int
        Where it was met: from ``W^t`` to the next.
    steps : int
        How many steps were looked at, of all runs.
    case : Case
        What was run.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import FromFunctions
    >>> from rac_theory import GD, Case, measured_smoothness, simulate
    >>> A, start = np.diag([1.0, 2.0, 4.0]), np.ones((3, 1))
    >>> def value(W):
    ...     return float((W * (A @ W)).sum()) / 2
    >>> problem = FromFunctions((3, 1), value, lambda W: A @ W, f_lower=0.0, start=start)  # of an unknown L
    >>> measured = measured_smoothness(simulate(Case(GD(gamma=0.2), problem, steps=30), record=["W"]))
    >>> print(f"{measured.largest:.3f}", problem.L)  # L is the largest eigenvalue, 4
    3.606 nan
    >>> verdict = measured.what_if("T1")
    >>> print(verdict.status, verdict.reason.partition(". ")[2], sep=": ")
    HOLDS: As far as L=3.60555 goes, which was measured, not proved.
    """

    largest: float
    run: int
    t: int
    steps: int
    case: Case

    def __str__(self) -> str:
        return (
            f"{self.largest:.4g} (measured, not proved: the most of {self.steps} steps, in run {self.run} from "
            f"t={self.t})"
        )

    def __repr__(self) -> str:
        where = f"run {self.run}, t={self.t}, {self.steps} steps"
        return f"{type_name(self)}({exactly(self.largest)}, {where} of {self.case!r})"

    def constants(self, case: Case | None = None, **options: Any) -> Constants:
        """Return the constants of a case with this in the place of L, and marked as measured.

        Parameters
        ----------
        case : Case, optional
            On the same problem, by default the one that was run.
        **options
            Options of ``Constants.of``.

        Raises
        ------
        ValueError
            If the case is on another problem.
        """
        case = self.case if case is None else case
        if not same(case.problem, self.case.problem):
            raise ValueError(f"case must be on {self.case.problem!r}, where this was measured, got {case.problem!r}")
        constants = Constants.of(case, **options)
        where: Mapping[str, str] = {**constants.provenance, "L": f"{self}"}
        return replace(constants, L=self.largest, measured=constants.measured | {"L"}, provenance=where)

    def what_if(
        self,
        theorem: Theorem | str,
        case: Case | None = None,
        *,
        alpha: float = 1e-3,
        rng: Randomness = None,
        **options: Any,
    ) -> Verdict:
        """Judge what a theorem would promise if this were L: its bound, beside the mean of runs.

        The reason of the verdict ends in what such a comparison is worth. Where the runs part from the bound the
        verdict is UNDECIDED, as L may be larger; its ``violated_at`` is where they part.

        Parameters
        ----------
        theorem : Theorem or str
        case : Case, optional
            On the same problem, with another step size perhaps; by default the one that was run.
        alpha, rng, **options
            Level, seed and options of ``verify``, which takes its ``constants`` from here.

        Raises
        ------
        ValueError
            If the case is on another problem.
        """
        root = seed_sequence(rng)
        constants = self.constants(case, alpha=alpha / 2, rng=child(root, PROJECTION))
        case = self.case if case is None else case
        return verify(theorem, case, alpha=alpha, rng=root, constants=constants, **options)


def measured_smoothness(trajectory: Trajectory) -> MeasuredSmoothness:
    """Return the most by which gradients changed along the steps of runs, for the length of the step.

    Parameters
    ----------
    trajectory : Trajectory
        Recorded with ``record=["W"]``. Gradients are those of its problem, exact ones.

    Returns
    -------
    MeasuredSmoothness

    Raises
    ------
    ValueError
        If iterates were not recorded, or no step is long enough for gradients to be compared.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import GD, Case, measured_smoothness, simulate
    >>> from rac_theory.problems import Quadratic
    >>> problem = Quadratic.left(np.diag([1.0, 4.0]), np.ones((2, 1)))
    >>> print(measured_smoothness(simulate(Case(GD(gamma=0.1), problem, steps=1), record=["W"])))
    3.888 (measured, not proved: the most of 1 steps, in run 0 from t=0)
    """
    being("trajectory", trajectory, Trajectory, ", as simulate returns")
    W = trajectory.iterates
    if W is None:
        raise ValueError('trajectory must have been recorded with record=["W"], got one without iterates')
    with np.errstate(all="ignore"):  # a run may diverge
        G = np.stack([trajectory.case.problem.gradient(run) for run in W.astype(np.float64)])
        length, change = (np.sqrt(squared_norms(np.diff(path, axis=1))) for path in (W, G))
        long = (length > _SHORT * np.sqrt(squared_norms(W[:, :-1]))) & np.isfinite(change / length)
        ratio = np.where(long, change / length, -math.inf)
    if not long.any():
        raise ValueError("trajectory must have a step that is longer than rounding, got none")
    run, t = (int(i) for i in np.unravel_index(ratio.argmax(), ratio.shape))
    return MeasuredSmoothness(float(ratio[run, t]), run, t, int(long.sum()), trajectory.case)
