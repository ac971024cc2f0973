"""How a command ended, and what is wrong with that: anything but a status that is documented and one sentence."""

import contextlib
import io
import random
import re
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from rac_theory.commands.cli import main

from . import ground

Cases = Callable[[random.Random], Iterator[tuple[list[str], Path | None]]]
_STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class TooSlow(BaseException):
    """Nothing catches it but what catches all."""


def complaint(argv: Sequence[str], seconds: float = 120.0) -> str | None:
    """Run a command in this process; return what is wrong with its end, None if nothing is."""
    out, error = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
        warnings.catch_warnings(record=True) as seen,
    ):
        warnings.simplefilter("always")
        try:
            with _at_most(seconds):
                status: object = main(argv)
        except BaseException as escaped:
            status = f"{type(escaped).__name__}: {escaped}"
    told, sentences = error.getvalue(), re.findall(r"^error: .*$", error.getvalue(), re.MULTILINE)
    if status not in (0, 1, 2) or "Traceback" in told:
        return f"status {status}\n{told}"
    if seen:
        return f"warning: {seen[0].filename}: {seen[0].message}"
    if status == 2 and (len(sentences) != 1 or len(sentences[0]) < 20):
        return f"status 2 with {len(sentences)} sentence(s)\n{told}"
    if status != 2 and sentences:
        return f"status {status} beside {sentences[0]}"
    if steering := _STEERS.search(out.getvalue() + told):
        return f"{steering[0]!r} is printed\n{told}"
    return None


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TooSlow(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def bad_ends(cases: Cases, count: int, seed: int, keep: Path | None = None) -> list[tuple[list[str], str]]:
    """Try so many commands in a folder of their own; return those that ended badly, and how, and keep their files."""
    found: list[tuple[list[str], str]] = []
    with ground.stood_on():
        for words, file in islice(cases(random.Random(seed)), count):
            content = file and file.read_bytes()
            if wrong := complaint(words):
                found.append((words, wrong))
                if keep and file:
                    (keep / f"{len(found)}{file.suffix}").write_bytes(content)
    return found
