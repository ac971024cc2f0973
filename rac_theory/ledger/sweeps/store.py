"""The store of a sweep: an SQLite file in which a cell is there with all its rows, or not at all."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from rac_theory.base import convert, from_json, read_only, reader
from rac_theory.ledger.layout import Grid
from rac_theory.ledger.running import Finished
from rac_theory.ledger.verdict_row import FIELDS, PARTS, Row, part_from, row_from
from rac_theory.verdicts import versions

_FORMAT = 1
_MAGIC = b"SQLite format 3\0"  # the first bytes of every file of SQLite
_WAIT = 60.0  # seconds for whoever reads or writes the same file to finish a transaction
_ABOUT = {"format": Literal[1], "versions": dict[str, str], "grid": dict[str, Any], "cells": int}

_INTEGER, _NUMBER, _TEXT = reader(int), reader(float), reader(str)


class Store:
    """Where the finished cells of one sweep are kept.

    Parameters
    ----------
    path : Path
    grid : Grid or None
        What is to be swept: an empty or absent file becomes its store. With None an existing store is read.

    Raises
    ------
    ValueError
        If the file is no store, or that of another grid or other versions; it is left as it was.
    OSError
        If the file cannot be written.
    """

    def __init__(self, path: Path, grid: Grid | None = None) -> None:
        self.path = path
        if grid is None and not path.is_file():
            raise ValueError(f"store must be a file written by sweep, got {str(path)!r}")
        with self._explained():
            # Transactions are begun by hand: those of the module end before a CREATE.
            self._connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        try:
            recorded = self._recorded()
            if recorded is None and grid is not None:
                recorded = self._create(grid)
            self._refuse_others(recorded, grid)
            # Of a write-ahead log: a power cut may cost the last cells, which are run again, but never the file.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            assert recorded is not None
            self.versions: dict[str, str] = read_only(recorded["versions"])
            self.cells: int = recorded["cells"]
        except BaseException:
            self.close()
            raise

    def add(self, finished: Finished) -> None:
        """Keep a cell with all its rows, whatever ends the process then; a cell that is there is left alone."""
        with self._explained(), self._transaction():
            new = self._connection.execute(
                "INSERT OR IGNORE INTO cells VALUES (?, ?)", (finished.cell, finished.seconds)
            )
            if new.rowcount:
                marks = ", ".join("?" * (len(FIELDS) + 1))
                rows = [(finished.cell, *_to_columns(row)) for row in finished.rows]
                self._connection.executemany(f"INSERT INTO rows VALUES ({marks})", rows)

    def seconds(self) -> dict[int, float]:
        """Return the cells that are finished, by number, with the seconds that each took."""
        with self._readable():
            rows = self._connection.execute("SELECT cell, seconds FROM cells").fetchall()
            return {_INTEGER(cell, "cells.cell"): _NUMBER(time, f"cells[{cell}]") for cell, time in rows}

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the finished cells in the order of their numbers."""
        seconds = self.seconds()
        with self._readable():
            cursor = self._connection.execute(f"SELECT cell, {', '.join(FIELDS)} FROM rows ORDER BY number")
            for cell, number, *values in cursor:
                elsewhere = {"versions": self.versions, "figure": None, "seconds": seconds.get(cell)}
                row = dict(zip(FIELDS, (number, *values), strict=True)) | elsewhere
                yield row_from(row, f"rows[{number}]", _part)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _recorded(self) -> dict[str, Any] | None:
        """Return what the file says of itself; None if it is empty."""
        with self._readable():
            tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master")}
            if not tables:
                return None
            with closing(self._connection.execute("SELECT name, value FROM sweep")) as cursor:
                recorded = {name: from_json(convert(str, value, f"sweep.{name}")) for name, value in cursor}
            about: dict[str, Any] = convert(_ABOUT, recorded)
            return about

    def _create(self, grid: Grid) -> dict[str, Any]:
        about = {"format": _FORMAT, "versions": versions(), "grid": grid.to_json(), "cells": len(grid.cells)}
        columns = ", ".join(name if name != "number" else "number INTEGER PRIMARY KEY" for name in FIELDS)
        with self._explained():  # who reads the store must not keep the sweep waiting, nor wait for it
            self._connection.execute("PRAGMA journal_mode = WAL")
        with self._explained(), self._transaction():
            self._connection.execute("CREATE TABLE IF NOT EXISTS sweep (name TEXT PRIMARY KEY, value TEXT)")
            self._connection.execute("CREATE TABLE IF NOT EXISTS cells (cell INTEGER PRIMARY KEY, seconds REAL)")
            self._connection.execute(f"CREATE TABLE IF NOT EXISTS rows (cell INTEGER REFERENCES cells, {columns})")
            settings = [(name, json.dumps(value)) for name, value in about.items()]
            self._connection.executemany("INSERT OR IGNORE INTO sweep VALUES (?, ?)", settings)
        return self._recorded() or about  # another process may have been first

    def _refuse_others(self, recorded: dict[str, Any] | None, grid: Grid | None) -> None:
        if recorded is None:
            raise ValueError(f"store must be a file written by sweep, got {str(self.path)!r}, which is empty")
        if grid is None:
            return
        for what, now in (("versions", versions()), ("grid", grid.to_json())):
            then = recorded[what]
            differences = [
                f"{name} = {then.get(name)}, now {now.get(name)}" for name in now if then.get(name) != now[name]
            ]
            if differences:
                word = "the same spec" if what == "grid" else "the same versions"
                raise ValueError(
                    f"store must be one written with {word}, got {str(self.path)!r} with {'; '.join(differences)}: "
                    "name another file, or remove this one"
                )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise ValueError(f"store must be a file written by sweep, got {str(self.path)!r}: {error}") from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OSError(
                f"the store {str(self.path)!r} cannot be written: {error}; the cells that are in it are safe, and the "
                "next start continues with the others"
            ) from error
        except sqlite3.Error as error:
            raise ValueError(f"store must be a file written by sweep, got {str(self.path)!r}: {error}") from error


def is_store(path: Path) -> bool:
    """Whether a file is of SQLite, as stores are. A pipe is not opened: it would be waited for.

    Returns
    -------
    bool
        False, too, for a file that cannot be read.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _to_columns(row: Row) -> list[Any]:
    plain = row.to_json()
    return [json.dumps(plain[n]) if n in PARTS and plain[n] is not None else plain[n] for n in FIELDS]


def _part(name: str, text: Any, where: str) -> dict[str, Any]:
    try:
        return _remembered(name, _TEXT(text, where))
    except ValueError:
        return part_from(name, from_json(_TEXT(text, where)), where)  # and say where it is


@lru_cache(maxsize=1024)
def _remembered(name: str, text: str) -> dict[str, Any]:
    """Return a part of a row, read, checked and held once for all rows that have it: most seeds share constants."""
    part: dict[str, Any] = read_only(part_from(name, from_json(text), ""))
    return part
