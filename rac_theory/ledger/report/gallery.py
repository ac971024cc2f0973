"""counterexamples.json: the answers of counterexamples on disk, for the page."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from rac_theory.base import convert, read_json, write_whole
from rac_theory.literature import Answer, Check
from rac_theory.verdicts import Status

FILE = "counterexamples.json"
_FORMAT = 1


@dataclass(frozen=True)
class Shown:
    """A counterexample with its answer, as plain data.

    Attributes
    ----------
    id, name, statement, source, mark, cause, condition, in_circulation
        As in ``Counterexample``.
    status, circulated
        As in ``Answer``; ``circulated`` is None where our statement is the one in circulation.
    checks, against : list of Check
        The sentences that were checked.
    figure : str
        The name of the file beside this one.
    """

    id: str
    name: str
    statement: str
    source: str
    mark: str
    cause: str
    condition: str | None
    in_circulation: str | None
    status: Status
    circulated: Status | None
    checks: list[Check]
    against: list[Check]
    figure: str

    @classmethod
    def of(cls, answer: Answer, figure: str) -> "Shown":
        """Flatten an answer.

        Parameters
        ----------
        answer : Answer
        figure : str
            The file of its picture.
        """
        example, witness = answer.counterexample, answer.witness
        words = ("id", "name", "statement", "source", "mark", "cause", "condition", "in_circulation")
        return cls(
            **{word: getattr(example, word) for word in words},
            status=answer.status,
            circulated=answer.circulated,
            checks=[_plain(check) for check in witness.checks],
            against=[_plain(check) for check in witness.against],
            figure=figure,
        )


def keep(folder: Path, answer: Shown) -> Path:
    """Write an answer, in place of an older one to the same counterexample and beside those to others."""
    answers = {saved.id: saved for saved in (*load(folder), answer)}
    content = {"format": _FORMAT, "counterexamples": [asdict(answers[id]) for id in sorted(answers)]}
    return write_whole(folder / FILE, json.dumps(content, indent=1), durable=True)


def load(folder: Path) -> list[Shown]:
    """Read the answers in a folder; none if it holds none.

    Raises
    ------
    ValueError
        If the file is not one that ``keep`` has written: with the field that is at fault.
    """
    path = folder / FILE
    if not path.exists():
        return []
    try:
        answers: list[Shown] = convert(_CONTENT, read_json(path))["counterexamples"]
    except ValueError as error:
        raise ValueError(f"{FILE} must be a file written by counterexamples, got {str(path)!r}: {error}") from error
    return answers


def _plain(check: Check) -> Check:
    return replace(check, holds=bool(check.holds))  # NumPy's own truth values are not JSON


_CONTENT = {"format": Literal[1], "counterexamples": list[Shown]}
