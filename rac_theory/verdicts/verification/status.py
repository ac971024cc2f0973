"""Statuses: the five answers that a claim may get."""

import enum


class Status(enum.StrEnum):
    """What a claim turned out to be on a case; each member equals its name, and ``meaning`` explains it.

    Examples
    --------
    >>> from rac_theory import Status
    >>> Status.HOLDS == "HOLDS"
    True
    >>> Status.VIOLATED.meaning
    'refuted at level alpha, or exactly'
    """

    HOLDS = "HOLDS"
    CONSISTENT = "CONSISTENT"
    UNDECIDED = "UNDECIDED"
    VIOLATED = "VIOLATED"
    NOT_APPLICABLE = "NOT_APPLICABLE"

    @property
    def meaning(self) -> str:
        """One line on when this is the answer."""
        return _MEANINGS[self.name]


_MEANINGS = {
    "HOLDS": "at every t that is judged: exactly, or confirmed at level alpha for the whole curve",
    "CONSISTENT": "not violated and not confirmed; a violation by half, of the shape seen, would have shown in half",
    "UNDECIDED": "too little to say either",
    "VIOLATED": "refuted at level alpha, or exactly",
    "NOT_APPLICABLE": "an assumption of the theorem is not met",
}
