"""counterexamples.json: the answers of counterexamples on disk, for the page."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rac_theory import results
from rac_theory.counterexamples import Answer, Check

FILE = "counterexamples.json"
_FORMAT = 1


@dataclass(frozen=True)
class Shown:
    """A counterexample with its answer, as plain data.

    Attributes
    ----------
    id, name, statement, source, mark, cause, condition, in_circulation
        As in ``Counterexample``.
    status, circulated : str
        As in ``Answer``, by name; ``circulated`` is empty where our statement is the one in circulation.
    checks, against : list of dict
        The sentences that were checked: ``sentence``, ``holds``, ``evidence``.
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
    status: str
    circulated: str
    checks: list[dict[str, Any]]
    against: list[dict[str, Any]]
    figure: str

    @classmethod
    def of(cls, answer: Answer, figure: str) -> "Shown":
        """Flatten an answer."""
        example, witness = answer.counterexample, answer.witness
        words = ("id", "name", "statement", "source", "mark", "cause", "condition", "in_circulation")
        return cls(
            **{word: getattr(example, word) for word in words},
            status=answer.status.name,
            circulated=answer.circulated.name if answer.circulated is not None else "",
            checks=[_plain(check) for check in witness.checks],
            against=[_plain(check) for check in witness.against],
            figure=figure,
        )


def keep(folder: Path, shown: Shown) -> Path:
    """Write an answer, in place of an older one to the same counterexample and beside those to others."""
    both = {one.id: one for one in (*load(folder), shown)}
    content = {"format": _FORMAT, "counterexamples": [asdict(both[id]) for id in sorted(both)]}
    return results.write_whole(folder / FILE, json.dumps(content, indent=1))


def load(folder: Path) -> list[Shown]:
    """Read the answers in a folder; none if it holds none, or such as another version wrote.

    Raises
    ------
    ValueError
        If the file is not JSON.
    """
    path = folder / FILE
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{FILE} must be a file written by counterexamples, got {str(path)!r}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return []
    return [Shown(**one) for one in content["counterexamples"]]


def _plain(check: Check) -> dict[str, Any]:
    return asdict(check) | {"holds": bool(check.holds)}  # NumPy's own truth values are not JSON
