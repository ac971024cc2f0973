"""What Coq says of files: whether it accepts each, and on which axioms what is proved in it rests."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rac_theory.proofs.coq.names import identifier

REALS = frozenset(
    {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
    }
)
"""The axioms of Coq's real numbers."""

_ENOUGH = 300.0  # seconds for one file, of which each takes a few
_AXIOM = re.compile(r"^([\w.']+)\s*:", re.MULTILINE)


class NoCoq(ImportError):
    """Coq is not installed: the message says how to get it."""


@dataclass(frozen=True)
class Answer:
    """What Coq says of a file.

    Attributes
    ----------
    name : str
    seconds : float
    refused : str
        Why it is refused, with the place in the file; empty if it is accepted.
    axioms : frozenset of str
        What it rests on.

    Examples
    --------
    >>> from rac_theory.proofs.coq.kernel import Answer
    >>> Answer("T2", 1.25, "", frozenset())
    Answer(name='T2', seconds=1.25, refused='', axioms=frozenset())
    """

    name: str
    seconds: float
    refused: str
    axioms: frozenset[str]


def ask(scripts: Mapping[str, str], folder: Path) -> Iterator[Answer]:
    """Write files into a folder and yield what Coq says of each, in their order; it reads several at a time.

    Parameters
    ----------
    scripts : mapping of str to str
        By the name of the theorem that each ends in, which gives the file its name.
    folder : Path
        It is there. What Coq leaves beside a file is removed.

    Raises
    ------
    NoCoq
        If there is no ``coqc``.
    """
    coqc = shutil.which("coqc")
    if coqc is None:
        raise NoCoq(
            "coqc is not installed: the second kernel needs Coq 8.20, "
            "on Debian and Ubuntu apt-get install --no-install-recommends coq; without it --kernel python checks"
        )
    folder = folder.resolve()
    stems: dict[str, str] = {}
    for name, text in scripts.items():
        stem = identifier(name)
        stems[name] = f"{stem}_{len(stems)}" if stem in stems.values() else stem
        (folder / f"{stems[name]}.v").write_text(text, encoding="utf-8")
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        yield from workers.map(lambda name: _answer(coqc, folder, name, stems[name]), scripts)


def _answer(coqc: str, folder: Path, name: str, stem: str) -> Answer:
    begun = time.perf_counter()
    try:
        done = subprocess.run(
            [coqc, "-q", f"{stem}.v"], capture_output=True, text=True, cwd=folder, timeout=_ENOUGH, check=False
        )
        refused, axioms = _read(done.stdout) if done.returncode == 0 else (_error(done.stderr), frozenset[str]())
    except subprocess.TimeoutExpired:
        refused, axioms = f"nothing was said within {_ENOUGH:g} s", frozenset()
    for left in (*(f"{stem}{end}" for end in (".vo", ".vok", ".vos", ".glob")), f".{stem}.aux"):
        (folder / left).unlink(missing_ok=True)
    return Answer(name, time.perf_counter() - begun, refused, axioms)


def _read(said: str) -> tuple[str, frozenset[str]]:
    """What ``Print Assumptions`` printed: why it is not enough, if it is not, and the axioms."""
    if said.strip() == "Closed under the global context":
        return "", frozenset()
    head, _, listed = said.partition("Axioms:\n")
    axioms = frozenset(_AXIOM.findall(listed))
    if head.strip() or not axioms:
        return f"its assumptions are not known, Coq said {said.strip()[:80]!r}", axioms
    more = sorted(axioms - REALS)
    return (f"it rests on {', '.join(more)} beside the axioms of the real numbers" if more else ""), axioms


def _error(said: str) -> str:
    """The first error, in a line."""
    place = re.search(r"line (\d+), characters", said)
    words = " ".join(said.partition("Error:")[2].split()) or " ".join(said.split())
    return f"line {place[1] if place else '?'}: {words[:200]}"
