"""Progress of what takes long: a bar where somebody waits for it, in a notebook or a terminal, and nowhere else.

What takes long says so by ``task``, and what it is made of by ``advance``, without an argument handed through. Workers
are silent, and so is a task inside another that counts something else.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from multiprocessing import parent_process
from typing import Any, Protocol

DELAY = 2.0
"""Seconds before a bar is shown: what ends sooner needs none."""
_EVERY = 0.2  # seconds between two looks of it


class Screen(Protocol):
    """Where a bar is drawn."""

    def show(self, share: float, words: str) -> None:
        """Draw it: the share that is done, in [0, 1], and what is said beside it."""

    def close(self) -> None:
        """Take it away."""


class Task:
    """Something that takes ``total`` units, of which ``done`` are done.

    Examples
    --------
    >>> from rac_theory.base import progress
    >>> with progress.task("steps", 40) as outer:
    ...     with progress.task("steps", 10):  # a part of it
    ...         progress.advance(10)
    ...     with progress.task("draws", 99):  # something else, which is not counted
    ...         progress.advance(50)
    ...     outer.reach(20)  # what others have done, in their processes
    ...     outer.done
    20.0
    """

    def __init__(self, unit: str, total: float, look_for: Callable[[], Screen | None]) -> None:
        self.unit, self.total, self.done = unit, total, 0.0
        self._look_for: Callable[[], Screen | None] | None = look_for
        self._screen: Screen | None = None
        self._begin = time.monotonic()
        self._next = self._begin + DELAY

    def advance(self, amount: float = 1) -> None:
        """Say that so much more is done."""
        self.done += amount
        if self._look_for is not None and time.monotonic() >= self._next:
            self._show(time.monotonic())

    def reach(self, done: float) -> None:
        """Say that at least so much is done."""
        self.advance(max(done - self.done, 0))

    def _show(self, now: float) -> None:
        if self._screen is None and self._look_for is not None:
            self._screen = self._look_for()
        if self._screen is None:
            self._look_for = None  # nobody waits
            return
        self._next = now + _EVERY
        share = min(self.done / self.total, 1.0) if self.total else 1.0
        left = (now - self._begin) * (1 - share) / share if share else float("nan")
        line = f"{share:.0%} of {self.total:,.0f} {self.unit}"
        self._screen.show(share, line if left != left else f"{line}, about {_seconds(left)} left")

    def close(self) -> None:
        """Take the bar away, if there is one."""
        if self._screen is not None:
            self._screen.close()


_current: ContextVar[Task | None] = ContextVar("task", default=None)


@contextmanager
def task(unit: str, total: float) -> Iterator[Task]:
    """Show a bar while the block runs, or add to that around it if it counts the same unit.

    Parameters
    ----------
    unit : str
        What is counted, in the plural.
    total : float
        How many of them there are.
    """
    outer = _current.get()
    if outer is not None and outer.unit == unit:
        yield outer
        return
    inner = Task(unit, total, screen if outer is None else _nowhere)
    token = _current.set(inner)
    try:
        yield inner
    finally:
        _current.reset(token)
        inner.close()


@contextmanager
def silent() -> Iterator[None]:
    """Let no task show a bar while the block runs: somebody else tells how far it is."""
    token = _current.set(Task("", 0.0, _nowhere))
    try:
        yield
    finally:
        _current.reset(token)


def advance(amount: float = 1) -> None:
    """Say that so much more of the task around is done, if there is one."""
    if (current := _current.get()) is not None:
        current.advance(amount)


def screen() -> Screen | None:
    """Return where somebody would see a bar: a notebook, a terminal, or None."""
    if parent_process() is not None or threading.current_thread() is not threading.main_thread():
        return None
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if hasattr(shell, "kernel"):
        return _Notebook()
    return _Terminal() if sys.stderr is not None and sys.stderr.isatty() else None


def _nowhere() -> None:
    return None


def _seconds(left: float) -> str:
    return f"{left:.0f} s" if left < 100 else f"{left / 60:.0f} min"


class _Bar:
    """A bar of rich: what it looks like is said once, and where it is drawn by who inherits."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = BarColumn(), TextColumn("{task.description}", markup=False)
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._id = self._bar.add_task("", total=1.0)

    def show(self, share: float, words: str) -> None:
        self._bar.update(self._id, completed=share, description=words)


class _Terminal(_Bar):
    def __init__(self) -> None:
        super().__init__()
        self._bar.start()

    def close(self) -> None:
        self._bar.stop()


class _Notebook(_Bar):
    """The bar as HTML: what rich would keep up to date by itself takes widgets, which need not be installed."""

    def __init__(self) -> None:
        super().__init__()
        self._display: Any = import_module("IPython.display")
        self._handle: Any = None

    def show(self, share: float, words: str) -> None:
        super().show(share, words)
        table = self._bar.make_tasks_table(self._bar.tasks)
        self._put(dict(table._repr_mimebundle_(["text/html"], []))["text/html"])

    def close(self) -> None:
        self._put("")

    def _put(self, words: str) -> None:
        # There is no text beside it: what a cell says in words does not depend on how long it took.
        bundle = {"text/html": words}
        if self._handle is None:
            self._handle = self._display.display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
