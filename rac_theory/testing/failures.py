"""What checks and assertions raise, and at which level an assertion answers to the test in which it stands."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.verdicts import Status

_SHOWN = 12  # numbers of a matrix that a sentence can hold
DEFAULT_ALPHA = 1e-6
"""The level of an assertion that names none: a thousand of them raise a false alarm once in a thousand sessions."""


class Refuted(AssertionError):
    """Something that was declared is false.

    Attributes
    ----------
    witness : dict of str to array
        The matrices that show it, by the names that the sentence uses.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import FromFunctions
    >>> from rac_theory.testing import Refuted, check_problem
    >>> problem = FromFunctions((1, 1), lambda W: 2 * np.sum(W**2), lambda W: 4 * W, L=3.0)
    >>> try:
    ...     check_problem(problem)
    ... except Refuted as error:
    ...     print(str(error).partition(",")[0], sorted(error.witness))
    FromFunctions.L must bound ||grad f(A) - grad f(B)|| / ||A - B||: L is 3 ['A', 'B']
    """

    def __init__(self, sentence: str, **witness: Array) -> None:
        self.witness = {name: np.array(matrix) for name, matrix in witness.items()}
        where = [_matrix_text(name, matrix) for name, matrix in self.witness.items()]
        super().__init__(sentence + (f", at {', '.join(where)}" if where else ""))


def _matrix_text(name: str, matrix: Array) -> str:
    """A small matrix in full, a large one by its size: it is in ``witness``."""
    if matrix.size <= _SHOWN:
        return f"{name} = {np.array2string(matrix, precision=6, separator=', ').replace(chr(10), '')}"
    return f"{name} of norm {np.linalg.norm(matrix):.6g} (see witness[{name!r}])"


class NotShown(AssertionError):
    """A claim that was not shown.

    Attributes
    ----------
    finding : Verdict, Share or Proof
        What was found instead, with its status and its numbers; of a theorem without a proof, that of another, or None.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case
    >>> from rac_theory.testing import NotShown, assert_rate_bound
    >>> case = Case(GD(gamma=3.0), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=5)
    >>> try:
    ...     assert_rate_bound("T2", case)
    ... except NotShown as error:
    ...     print(error.finding.status, error.finding.unmet[0], sep=": ")
    NOT_APPLICABLE: gamma L <= 1 is not met: gamma L = 3 for gamma=3, L=1
    """

    def __init__(self, headline: str, finding: Any, **lines: str) -> None:
        self.finding = finding
        width = max(map(len, lines))
        super().__init__("\n".join([headline, *(f"  {name:{width}}  {text}" for name, text in lines.items())]))


def call(name: str, *arguments: str, **given: Any) -> str:
    """Return the line of Python that makes a call again; what is None was left to its default."""
    keywords = [f"{key}={value}" for key, value in given.items() if value is not None]
    return f"{name}({', '.join([*arguments, *keywords])})"


def seed_text(seed: np.random.SeedSequence) -> str:
    """Return a seed as Python, to be passed as ``rng``."""
    if not seed.spawn_key:
        return f"{seed.entropy}"
    return f"np.random.SeedSequence({seed.entropy}, spawn_key={seed.spawn_key})"


def level(alpha: float | None) -> float:
    """Return the level of an assertion: its own, else that of ``--rac-alpha``, else the default."""
    if alpha is None and (test := _running()) is not None:
        alpha = test.alpha
    return DEFAULT_ALPHA if alpha is None else checks.finite("alpha", alpha, above=0, below=1)


def settle(claim: str, finding: Any, chance: float, lines: Callable[[], dict[str, str]], *passing: Status) -> None:
    """Tell the running test what came of a claim, for its summary, and raise ``NotShown`` where that is no pass.

    Parameters
    ----------
    claim : str
    finding : Verdict or Share
    chance : float
        The probability with which the finding may be false.
    lines : callable
        What a failure says besides, by name.
    *passing : Status
    """
    __tracebackhide__ = True
    status = finding.status
    alpha = 0.0 if status is Status.NOT_APPLICABLE else chance
    if (test := _running()) is not None:
        test.claims.append({"claim": claim, "status": status.name, "alpha": alpha})
    if status not in passing:
        untested = " Nothing was tested." * (status is Status.NOT_APPLICABLE)
        raise NotShown(f"{claim} {status.name}: {finding.reason}{untested}", finding, **lines())


def _running() -> Any:
    """The test that is running, if pytest has loaded our plugin: nothing here needs pytest."""
    plugin = sys.modules.get("rac_theory.pytest_plugin")
    return plugin.running() if plugin is not None else None
