"""Names that are typed, read off the files that give them: help and completion must not wait for NumPy, so that nothing
is run there. A test compares them with the values.
"""

import re
from collections.abc import Iterator
from pathlib import Path

_HOUSE = Path(__file__).parents[1]


def _text(file: str) -> str:
    return (_HOUSE / file).read_text(encoding="utf-8")


def _keys(table: str, file: str) -> tuple[str, ...]:
    """Return the keys of the table of that name in a file, which ends where a line is empty."""
    written = _text(file).partition(f"\n{table}: ")[2].partition("\n\n")[0]
    return tuple(re.findall(r'"([^"\n]+)": ', written))


def _ids(*files: str) -> tuple[str, ...]:
    """Return the ids of the values that files make, each on a line of its own."""
    return tuple(id for file in files for id in re.findall(r'^ +id="([^"]+)",$', _text(file), re.MULTILINE))


def _words(name: str, file: str) -> tuple[str, ...]:
    """Return the texts of a tuple that a file makes in one line."""
    written = _text(file).partition(f"\n{name} = (")[2].partition(")")[0]
    return tuple(word.strip(' "') for word in written.split(",") if word)


def _by_number(id: str) -> tuple[bool, str]:
    """C9 comes before C10, and both before GaLore."""
    return not id[1:].isdigit(), id[1:].zfill(9)


THEOREMS = tuple(part.split("\n")[0] for part in _text("theorems/found.txt").strip("\n").split("\n\n"))
"""The ids in the file of proofs that were found, which has all of them in their order."""

IDENTITIES = _ids("theorems/bernoulli.py")
_FILES = sorted(path.name for path in (_HOUSE / "literature/counterexamples").glob("*.py"))
COUNTEREXAMPLES = tuple(sorted(_ids(*(f"literature/counterexamples/{name}" for name in _FILES)), key=_by_number))
_PAGES = ("adaptation", "subspaces", "memory")
PUBLISHED = _ids(*(f"literature/published/{name}.py" for name in _PAGES))
MARKS = _keys("MARKS", "statements/theorem.py")

PROBLEMS = _keys("DEFAULT_PROBLEMS", "ledger/default_problems.py")
SETTINGS = _keys("SETTINGS", "ledger/theorem_settings.py")
SIDES = ("left", "right", "both")
LOSSES = _keys("_SCALES", "advice/curvature.py")

OWN_SKETCHES = _keys("NAMED", "sketches/named.py")
SKETCHES = "rac_theory.sketches"
"""The entry points by which installed packages offer more."""

ADVISED_SKETCHES = _words("SKETCHES", "advice/advise.py")
"""The sketches that ``advise`` looks at where none is named."""


def sketches() -> Iterator[str]:
    """Yield the names of our sketches, then those that installed packages offer; nothing is imported."""
    from importlib.metadata import entry_points  # which takes as long to import as all else here

    yield from OWN_SKETCHES
    yield from (point.name for point in entry_points(group=SKETCHES) if point.name not in OWN_SKETCHES)
