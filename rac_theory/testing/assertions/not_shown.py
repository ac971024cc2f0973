"""What an assertion raises when its claim was not shown: false, undecided or not tried at all."""

from typing import Any

import numpy as np


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
