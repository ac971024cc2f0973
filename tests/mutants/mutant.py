"""What a mutant is, and the detectors, all of them the library's own, that it is put before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rac_theory import Case, Constants, Status, Verdict, theorems, verify
from rac_theory.testing import NotShown, assert_converges_to, assert_rate_bound
from rac_theory.testing import check_algorithm as check_an_algorithm
from rac_theory.testing import check_problem as check_a_problem
from rac_theory.testing import check_sketch as check_a_sketch


def wrong(base: type, what: str, **members: Any) -> type:
    """A class with other members, called by what is wrong."""
    return type(what, (base,), {"__doc__": what} | members)


@dataclass(frozen=True, eq=False)
class Trial:
    """A claim on a case: what every detector takes what it needs from.

    Attributes
    ----------
    target : float or (m, n), optional
        Where runs must end, for ``assert_converges_to``.
    known : mapping
        Constants that are given, by name, such as L_H.
    """

    algorithm: Any
    problem: Any
    theorem: Any = theorems.T2
    steps: int = 40
    W0: Any = None
    target: Any = None
    known: Mapping[str, float] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """What is tried, made when it is asked for: the door may refuse it."""
        return Case(self.algorithm, self.problem, self.W0, steps=self.steps)

    @cached_property
    def answer(self) -> Verdict | ValueError:
        """What ``verify`` says with default settings: alpha = 1e-3, 256 runs, exact where it can be."""
        try:
            constants = replace(Constants.of(self.case), **self.known) if self.known else None
            return verify(self.theorem, self.case, rng=0, constants=constants)
        except ValueError as error:
            return error


@dataclass(frozen=True, eq=False)
class Mutant:
    """A wrong thing beside the right one.

    Attributes
    ----------
    kind : "theorem", "algorithm", "problem" or "sketch"
    name, why : str
        What was changed, and why that is wrong.
    wrong, right : callable
        Make the trial with the mutant, and the same trial without it.
    caught_by : tuple of str
        The detectors that must catch it; others may. Empty for a mutant that no evidence can refute.
    room : float
        For such a mutant, the largest exact / bound known where it could be seen; its own bound stays above that.
    """

    kind: str
    name: str
    why: str
    wrong: Callable[[], Trial]
    right: Callable[[], Trial]
    caught_by: tuple[str, ...]
    room: float = 1.0


def _door(trial: Trial) -> str | None:
    """A ``ValueError`` of ``verify``: the case, its constants, or a run below the infimum."""
    return str(trial.answer) if isinstance(trial.answer, ValueError) else None


def _verify(trial: Trial) -> str | None:
    if isinstance(trial.answer, ValueError):
        return None  # the door's
    return str(trial.answer) if trial.answer.status is Status.VIOLATED else None


def _assert_rate_bound(trial: Trial) -> str | None:
    """Sampled, with default settings; UNDECIDED fails a test too, but is no catch."""
    try:
        assert_rate_bound(trial.theorem, trial.case, rng=0)
    except NotShown as error:
        return str(error) if error.finding.status is Status.VIOLATED else None
    except ValueError:
        return None
    return None


def _assert_converges_to(trial: Trial) -> str | None:
    if trial.target is None:
        return None
    try:
        assert_converges_to(trial.case, trial.target, tolerance=1e-3, rng=0)
    except NotShown as error:
        return str(error) if error.finding.status is Status.VIOLATED else None
    return None


def _refuted(check: Callable[..., None], *subject: Any) -> str | None:
    try:
        check(*subject)
    except AssertionError as error:
        return str(error)
    return None


DETECTORS: dict[str, dict[str, Callable[[Trial], str | None]]] = {
    "theorem": {"verify": _verify},
    "algorithm": {
        "check_algorithm": lambda trial: _refuted(check_an_algorithm, trial.case),
        "verify": _verify,
        "assert_rate_bound": _assert_rate_bound,
        "assert_converges_to": _assert_converges_to,
    },
    "problem": {
        "door": _door,
        "check_problem": lambda trial: _refuted(check_a_problem, trial.problem),
        "verify": _verify,
    },
    "sketch": {
        "check_sketch": lambda trial: _refuted(check_a_sketch, trial.algorithm.sketch),
        "verify": _verify,
        "assert_rate_bound": _assert_rate_bound,
    },
}
"""The detectors of each kind: a trial to the sentence with which it is caught, or None."""


def caught(kind: str, make: Callable[[], Trial]) -> dict[str, str]:
    """Put a trial before all detectors of a kind; return those that caught it, with what they said."""
    try:
        trial = make()
    except ValueError as error:  # the constructor of an algorithm tries the sketch
        return {"door": str(error)}
    said = {name: detector(trial) for name, detector in DETECTORS[kind].items()}
    return {name: sentence for name, sentence in said.items() if sentence is not None}
