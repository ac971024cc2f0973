"""Rows that are saved as they come: whatever ends the process, most of them are in results.json."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rac_theory.ledger import results
from rac_theory.ledger.verdict_row import Row

_SAVE_EVERY = 2.0  # seconds, so that even a killed process leaves most of its rows


class KeptRows:
    """The rows of a ledger in a folder, saved from time to time and at the end of a block, however that ends.

    Parameters
    ----------
    folder : Path
        It is made if need be.
    command : sequence of str
        What made them.
    untried : sequence of Row
        Those that are there before anything is run.

    Raises
    ------
    ValueError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: Path, command: Sequence[str], untried: Sequence[Row]) -> None:
        self._folder, self._command, self._untried = folder, command, len(untried)
        self._all, self._saved = list(untried), time.monotonic()
        self.figures = results.prepare(folder).absolute()  # workers may have been started elsewhere

    @property
    def rows(self) -> list[Row]:
        """All of them, in the order of their numbers."""
        return sorted(self._all, key=lambda row: row.number)

    @property
    def are_of_runs(self) -> bool:
        """Whether a row has been added."""
        return len(self._all) > self._untried

    def add(self, rows: Sequence[Row]) -> None:
        """Add the rows of an ensemble."""
        self._all += rows
        if time.monotonic() - self._saved > _SAVE_EVERY:
            self._save()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, where: TracebackType | None) -> None:
        if kind is None or self.are_of_runs:  # what was there before is replaced by rows, never by nothing
            self._save()

    def _save(self) -> None:
        results.save(self._folder, self._all, self._command)
        self._saved = time.monotonic()
