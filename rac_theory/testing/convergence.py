"""assert_converges_to and assert_does_not_converge: where single runs end, or what they stay away from.

An ensemble is run, and a claim about single runs is settled by the share of them that keep it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainccinv, betaincinv

from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.cases import Case, check_deterministic, check_runs
from rac_theory.numerics import Randomness, divergence, seed_sequence
from rac_theory.runs import Trajectory, simulate
from rac_theory.testing.failures import call, level, seed_text, settle
from rac_theory.verdicts import Status


@dataclass(frozen=True)
class Share:
    """Whether a run does something with probability at least ``claimed``, from independent runs.

    No law of the runs is assumed, and no run that was not seen matters: counts are binomial, and the limits are those
    of Clopper and Pearson.

    Attributes
    ----------
    count, runs : int
        How many runs did it, out of how many.
    claimed : float
        In (0, 1).
    alpha : float
        The level of each limit; 0 where one run decides because the method is deterministic.

    References
    ----------
    C. J. Clopper & E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 1934.

    Examples
    --------
    >>> from rac_theory.testing.convergence import Share
    >>> for runs in (60, 132):
    ...     found = Share(count=runs, runs=runs, claimed=0.9, alpha=1e-6)
    ...     print(f"{found.status}: at least {found.low:.4f}")
    UNDECIDED: at least 0.7943
    HOLDS: at least 0.9006
    """

    count: int
    runs: int
    claimed: float
    alpha: float

    @property
    def low(self) -> float:
        """Lower confidence limit of the probability, at level alpha."""
        if self.alpha == 0:
            return float(self.count)
        return float(betaincinv(self.count, self.runs - self.count + 1, self.alpha)) if self.count else 0.0

    @property
    def high(self) -> float:
        """Upper confidence limit of the probability, at level alpha."""
        if self.alpha == 0:
            return float(self.count)
        missing = self.runs - self.count
        return float(betainccinv(self.count + 1, missing, self.alpha)) if missing else 1.0

    @property
    def status(self) -> Status:
        """HOLDS where the lower limit is at least what is claimed, VIOLATED where the upper one is below it."""
        if self.low >= self.claimed:
            return Status.HOLDS
        return Status.VIOLATED if self.high < self.claimed else Status.UNDECIDED

    @property
    def reason(self) -> str:
        """One sentence: what decided."""
        if self.alpha == 0:
            return "the method is deterministic, and its run " + ("does." if self.count else "does not.")
        counted = (
            f"{self.count} of {self.runs} runs do: a probability of {self.low:.3g}..{self.high:.3g} at level "
            f"{self.alpha:g}, at least {self.claimed:g} is claimed"
        )
        return f"{counted}; {self._needed()}." if self.status is Status.UNDECIDED else f"{counted}."

    def _needed(self) -> str:
        """How many runs would decide, if as large a share of them did it: Chernoff's bound."""
        p, q = self.count / self.runs, self.claimed
        rate = float(divergence(p, q))
        if rate * self.runs * 100 < math.log(1 / self.alpha):
            return "the share is too close to tell, however many runs there are"
        return f"it takes about {math.ceil(math.log(1 / self.alpha) / rate)} runs to tell"


def assert_converges_to(
    case: Case,
    target: float | Array,
    *,
    tolerance: float,
    runs: int = 256,
    rng: Randomness = None,
    alpha: float | None = None,
    share: float = 0.9,
    n_jobs: int = 1,
) -> Share:
    """Raise an ``AssertionError`` unless runs are seen to end within ``tolerance`` of ``target``.

    The claim is about single runs, so it needs no constants and no finite mean: with probability at least ``share`` a
    run is near the target after ``steps`` steps. No finite run proves a limit; this is what one can see of it.

    Parameters
    ----------
    case : Case
        With the number of steps.
    target : float or (m, n)
        A value of f, as ``problem.f_star``, or a matrix, as ``problem.W_star``; distances of matrices are Frobenius.
    tolerance : float
        > 0, in the unit of f or of W.
    runs, rng, n_jobs
        As in ``simulate``. A deterministic method is run once, which decides.
    alpha : float, optional
        The probability with which a true claim is refuted, and that with which a false one passes; the default is that
        of ``--rac-alpha``, else 1e-6. At 1e-6 and a share of 0.9 it takes 132 runs, all near, to pass.
    share : float
        In (0, 1).

    Returns
    -------
    Share
        How many runs ended near, with confidence limits.

    Raises
    ------
    NotShown
        An ``AssertionError``: VIOLATED, or UNDECIDED because runs are too few, which is no reason to pass.
    ValueError
        For a start that is near already, which tests nothing, and for arguments that do not fit.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA
    >>> from rac_theory.sketches import Gaussian
    >>> from rac_theory.testing import assert_converges_to
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(RACLoRA(Gaussian(2, 1), gamma=0.5), problem, steps=100)
    >>> found = assert_converges_to(case, problem.W_star, tolerance=1e-3, rng=0)
    >>> found.count, found.runs, f"{found.low:.3f}"
    (256, 256, '0.947')
    """
    __tracebackhide__ = True
    trial = _Trial(case, tolerance, runs, rng, alpha, share, n_jobs)
    problem, tolerance = case.problem, trial.tolerance
    matrix = np.ndim(target) > 0
    aim = checks.array("target", target, shape=problem.shape if matrix else ())
    away = _distance(aim, case.start[None], np.asarray(problem.value(case.start[None])))[0]
    if away <= tolerance:
        raise ValueError(
            f"W0 must be further from target than tolerance={tolerance:g}, got {away:.3g}: nothing would be tested"
        )

    def measured(ran: Trajectory) -> tuple[Array, NDArray[np.bool_]]:
        distances = _distance(aim, ran.W, ran.values[:, -1])
        return distances, distances <= tolerance

    what = "||W - target||" if matrix else f"|f(W) - {float(aim):.6g}|"
    claim = f"{what} <= {tolerance:g} after {case.steps} steps"
    return trial.settle(measured, claim, "assert_converges_to", "target" if matrix else repr(float(aim)))


def assert_does_not_converge(
    case: Case,
    *,
    tolerance: float,
    runs: int = 256,
    rng: Randomness = None,
    alpha: float | None = None,
    share: float = 0.9,
    n_jobs: int = 1,
) -> Share:
    """Raise an ``AssertionError`` unless runs are seen to keep a gradient larger than ``tolerance``.

    The claim is about single runs: with probability at least ``share``, ``||grad f(W^t)|| > tolerance`` at every
    t = 0, ..., steps. A run that does so has come near no stationary point, be it stuck, in a cycle or diverging. It is
    more than the failure of ``assert_converges_to``, which may be for want of steps; take many of them.

    Parameters
    ----------
    case : Case
        With the number of steps.
    tolerance : float
        > 0, in the unit of the gradient: f per W.
    runs, rng, alpha, share, n_jobs
        As in ``assert_converges_to``.

    Returns
    -------
    Share
        How many runs stayed away, with confidence limits.

    Raises
    ------
    NotShown
        An ``AssertionError``: VIOLATED, or UNDECIDED because runs are too few.
    ValueError
        For arguments that do not fit.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import AsymmetricLoRA, Case
    >>> from rac_theory.sketches import Coordinate
    >>> from rac_theory.testing import assert_does_not_converge
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(AsymmetricLoRA(Coordinate(2, 1), gamma=0.5), problem, steps=100)
    >>> assert_does_not_converge(case, tolerance=0.9, rng=0).status.name  # one coordinate never moves
    'HOLDS'
    """
    __tracebackhide__ = True
    trial = _Trial(case, tolerance, runs, rng, alpha, share, n_jobs)

    def measured(ran: Trajectory) -> tuple[Array, NDArray[np.bool_]]:
        # A run that diverged has no number left, and no stationary point either.
        norms = np.sqrt(np.nan_to_num(ran.squared_gradients, nan=math.inf, posinf=math.inf))
        least = norms.min(axis=1)
        return least, least > trial.tolerance

    claim = f"||grad f(W^t)|| > {trial.tolerance:g} at t = 0, ..., {case.steps}"
    return trial.settle(measured, claim, "assert_does_not_converge")


@dataclass(frozen=True, eq=False)
class _Trial:
    """How an assertion about single runs is tried; the attributes are its arguments, see ``assert_converges_to``."""

    case: Case
    tolerance: float
    runs: int
    rng: Randomness
    alpha: float | None
    share: float
    n_jobs: int

    def __post_init__(self) -> None:
        check_runs(self.case)
        object.__setattr__(self, "tolerance", checks.finite("tolerance", self.tolerance, above=0))

    def settle(
        self, measured: Callable[[Trajectory], tuple[Array, NDArray[np.bool_]]], claim: str, name: str, *arguments: str
    ) -> Share:
        """Run the ensemble, tell the session, and raise ``NotShown`` unless the claim was confirmed.

        Parameters
        ----------
        measured : callable
            Gives one number for each run, which a failure describes, and whether the run does as claimed.
        claim : str
            What a run is claimed to do.
        name, *arguments : str
            The assertion, and what is written in its call between the case and the arguments that both share.
        """
        __tracebackhide__ = True
        alpha, seed = level(self.alpha), seed_sequence(self.rng)
        share = checks.finite("share", self.share, above=0, below=1)
        checks.count("runs", self.runs)
        fixed = self.case.algorithm.deterministic
        ran = simulate(self.case, runs=1 if fixed else self.runs, rng=seed, n_jobs=self.n_jobs)
        if fixed:
            check_deterministic(self.case)
        numbers, does = measured(ran)
        verdict = Share(int(does.sum()), ran.runs, share, 0.0 if fixed else alpha)

        def lines() -> dict[str, str]:
            given = ("case", *arguments, f"tolerance={self.tolerance:g}")
            return {
                "claim": f"{claim}, for a share of at least {share:g} of all runs",
                "case": repr(self.case),
                "numbers": f"{_described(numbers)}; {verdict.runs} runs, alpha={alpha:g}",
                "seed": seed_text(seed),
                "again": call(name, *given, runs=self.runs, rng=seed_text(seed), alpha=alpha, share=share),
            }

        title = name.removeprefix("assert_").replace("_", " ")
        settle(title, verdict, verdict.alpha, lines, Status.HOLDS)
        return verdict


def _described(numbers: Array) -> str:
    """Smallest, median and largest over the runs, (runs,); a run that became nan has diverged."""
    low, middle, high = np.quantile(np.where(np.isnan(numbers), np.inf, numbers), [0, 0.5, 1], method="lower")
    return f"over the runs {low:.4g}, median {middle:.4g}, up to {high:.4g}"


def _distance(aim: Array, W: Array, values: Array) -> Array:
    """Return how far each run, W (runs, m, n) with values (runs,), is from a value or a matrix; inf if it diverged."""
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.abs(values - aim) if aim.ndim == 0 else np.linalg.norm(W - aim, axis=(1, 2))
    return np.nan_to_num(apart, nan=math.inf, posinf=math.inf)
