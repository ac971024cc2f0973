"""What Coq says of files: whether it accepts each, and on which axioms what is proved in it rests."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import TracebackType
from typing import Any

from rac_theory.proofs.coq import watched
from rac_theory.proofs.coq.names import identifier, library

REALS = frozenset(
    {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
    }
)
"""The axioms of Coq's real numbers."""

_ENOUGH = 300.0  # seconds for one file, of which each takes a few
_HEAR_EVERY = 0.2  # seconds: a signal that wakes another thread is heard by the first one when that wakes
_OF_THE_MACHINE = re.compile(
    "System error|[Oo]ut of memory|Stack overflow|Cannot find a physical path|Unable to locate library|"
    "inconsistent assumptions|bad magic number|bad version number"
)  # errors that coqc has, and the proof has not
_AXIOM = re.compile(r"^([\w.']+)\s*:", re.MULTILINE)
_TOGETHER = 10
"""Files that one process reads: to load the reals and to prove the library takes longer than most proofs."""
_REACHES_OTHERS = re.compile(
    r"\b(?:Module|Global|Export|Import|Require|Load|Set|Unset|Reset|Back)\b|\bEnd\b.*\bEnd\b", re.DOTALL
)
"""What could leave the module of a file, and change what those that are read after it say."""
_TIMED = re.compile(r"^read ran for ([\d.]+) secs \(.*\)\n", re.MULTILINE)


class NoCoq(ImportError):
    """Coq is not installed: the message says how to get it."""


class NoAnswer(OSError):
    """Coq has said nothing of a proof, neither that it holds nor that it does not: the message says why."""


@dataclass(frozen=True)
class Answer:
    """What Coq says of a file.

    Attributes
    ----------
    name : str
    seconds : float
        What Coq took for it; of a file that was read after others, without the library.
    refused : str
        Why it is refused, with the place in the file; empty if it is accepted.
    axioms : frozenset of str
        It rests on no others.

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


def ask(scripts: Mapping[str, str]) -> Iterator[Answer]:
    """Yield what Coq says of files, in their order; each process reads in an empty folder of its own.

    Proofs of theorems are read ten by ten, each in a module, after the library once. If not all ten are accepted, each
    of them is asked about alone, and what is said then is the answer.

    Parameters
    ----------
    scripts : mapping of str to str
        By the name of the theorem that each ends in.

    Raises
    ------
    NoCoq
        If there is no ``coqc``.
    NoAnswer
        If it was killed, found no memory, no disk or no library of its own, or took more than 300 seconds.
    """
    command = [_coqc()]

    def answer(name: str) -> Answer:
        begun = time.perf_counter()
        refused, axioms = _verdict(name, readers.reply(command, scripts[name]))
        return Answer(name, time.perf_counter() - begun, refused, axioms)

    def answers(batch: Mapping[str, str]) -> Sequence[Answer]:
        text = _one_file([*batch.values()])
        together = text and _accepted(batch, readers.reply(command, text))
        return together or [answer(name) for name in batch]

    cores = os.cpu_count() or 1
    size = max(1, min(_TOGETHER, -(-len(scripts) // cores)))
    remaining = iter(scripts.items())
    batches = iter(lambda: dict(islice(remaining, size)), {})
    # The readers are left first: what still reads then ends, and nobody waits for it.
    with ThreadPoolExecutor(max_workers=cores) as workers, _Readers() as readers:
        for several in [workers.submit(answers, batch) for batch in batches]:
            while not wait([several], timeout=_HEAR_EVERY).done:
                pass
            yield from several.result()


def writable(folder: Path) -> Path:
    """Return a folder for files, which is made if need be.

    Raises
    ------
    OSError
        If it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise OSError(error.errno, f"{str(folder)!r} cannot be written: {error.strerror}") from error


def keep(scripts: Mapping[str, str], folder: Path) -> None:
    """Write files into a folder that is there, all of them or none.

    Parameters
    ----------
    scripts : mapping of str to str
        By the name of the theorem that each ends in, which gives the file its name.
    folder : Path

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    stems: dict[str, str] = {}
    for name in scripts:
        stem = identifier(name)
        names = {stem.casefold() for stem in stems.values()}  # some file systems know no case
        stems[name] = f"{stem}_{len(stems)}" if stem.casefold() in names else stem
    try:
        with TemporaryDirectory(dir=folder) as part:
            for name, stem in stems.items():
                (Path(part) / f"{stem}.v").write_text(scripts[name], encoding="utf-8")
            for stem in stems.values():
                (Path(part) / f"{stem}.v").replace(folder / f"{stem}.v")
    except OSError as error:
        raise OSError(error.errno, f"{str(folder)!r} cannot be written: {error.strerror}") from error


def _coqc() -> str:
    if (coqc := shutil.which("coqc")) is not None:
        return coqc
    raise NoCoq(
        "coqc is not installed: the second kernel needs Coq 8.20, "
        "on Debian and Ubuntu apt-get install --no-install-recommends coq; without it --kernel python checks"
    )


class _Readers:
    """Programs that let coqc read a file, as long as this one waits for what they say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_open = True

    def __enter__(self) -> "_Readers":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._is_open = False
            for process in self._running:
                _hang_up(process)

    def reply(self, command: Sequence[str], script: str) -> Mapping[str, Any]:
        """Return what ``watched`` prints of a file; nothing if it was lost."""
        content = script.encode()
        program = [sys.executable, "-I", "-S", watched.__file__, *command, str(len(content)), str(_ENOUGH)]
        with self._lock:
            if not self._is_open:
                return {}
            # In a session of its own: Ctrl-C and a terminal that is closed are for this process to hear.
            process = subprocess.Popen(
                program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, bufsize=0
            )
            self._running.add(process)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(OSError, ValueError):  # it is gone, or nobody waits any more
                left = memoryview(content)
                while left:
                    left = left[process.stdin.write(left) :]
            reply = b"".join(iter(lambda: process.stdout.read(1 << 16), b""))  # type: ignore[union-attr]
            with suppress(ValueError):  # it was lost before it had said all
                return dict(json.loads(reply))
            return {}
        finally:
            with self._lock:
                self._running.discard(process)
                _hang_up(process)
            process.wait()
            process.stdout.close()


def _hang_up(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _one_file(scripts: Sequence[str]) -> str:
    """One file of several that begin with the library and end in what a theorem rests on; empty if they do not."""
    form = re.compile(rf"{re.escape(library())}(.*)\nPrint Assumptions (\S+)\.\n", re.DOTALL)
    claims = [claim for claim in map(form.fullmatch, scripts) if claim]
    if not 1 < len(scripts) == len(claims) or any(_REACHES_OTHERS.search(claim[1]) for claim in claims):
        return ""
    end = 'Goal True. finish_timing ("read"). restart_timer. Abort.\n'
    modules = "".join(f"Module File_{i}.\n{claim[1]}\nEnd File_{i}.\n{end}" for i, claim in enumerate(claims))
    theorems = ", ".join(f"File_{i}.{claim[2]}" for i, claim in enumerate(claims))
    begin = f"{library()}Goal True. restart_timer. Abort.\n"
    return f"{begin}{modules}Definition all_of_them := ({theorems}).\nPrint Assumptions all_of_them.\n"


def _accepted(names: Collection[str], reply: Mapping[str, Any]) -> Sequence[Answer]:
    """The answers to several files that were read as one, if Coq accepts all; else none."""
    parts = _TIMED.split(reply["output"]) if reply.get("status") == 0 else []
    if len(parts) != 1 + 2 * len(names) or any(map(str.strip, parts[:-1:2])):
        return ()
    refused, axioms = _read(parts[-1])
    return () if refused else [Answer(name, float(s), "", axioms) for name, s in zip(names, parts[1::2], strict=True)]


def _verdict(name: str, reply: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    """Why a file is refused, if it is, and the axioms."""
    reply = _answered(name, reply)
    if reply["status"]:
        return _error(reply["error"]), frozenset()
    if not reply["output"].strip():
        raise NoAnswer(f"coqc said nothing of {name}: not even what it rests on")
    return _read(reply["output"])


def _answered(name: str, reply: Mapping[str, Any]) -> Mapping[str, Any]:
    """What coqc said, if it was of the file: that it accepts it, or that it has an error."""
    if not reply:
        raise NoAnswer(f"coqc said nothing of {name}: the process that waited for it was lost")
    if "failed" in reply:
        raise NoAnswer(f"coqc said nothing of {name}: {reply['failed']}")
    status, error = reply["status"], reply["error"]
    if status == 0 or (status == 1 and "Error:" in error and not _OF_THE_MACHINE.search(error)):
        return reply
    raise NoAnswer(f"coqc said nothing of {name}: {_end(status)}{_last(error)}")


def _end(status: int) -> str:
    """How a program ended."""
    if status >= 0:
        return f"it ended with status {status}"
    with suppress(ValueError):
        killed = signal.Signals(-status).name
        return f"it was ended by {killed}{', as the system does where memory is short' * (killed == 'SIGKILL')}"
    return f"it was ended by signal {-status}"


def _last(error: str) -> str:
    words = " ".join((error.partition("Error:")[2] or error).split())
    return f", {words[:200]}" if words else ""


def _read(output: str) -> tuple[str, frozenset[str]]:
    """What ``Print Assumptions`` printed: why it is not enough, if it is not, and the axioms."""
    if output.strip() == "Closed under the global context":
        return "", frozenset()
    head, _, listed = output.partition("Axioms:\n")
    axioms = frozenset(_AXIOM.findall(listed))
    if head.strip() or not axioms:
        return f"its assumptions are not known, Coq said {output.strip()[:80]!r}", axioms
    more = sorted(axioms - REALS)
    return (f"it rests on {', '.join(more)} beside the axioms of the real numbers" if more else ""), axioms


def _error(output: str) -> str:
    """The first error, in a line."""
    match = re.search(r"line (\d+), characters", output)
    words = " ".join(output.partition("Error:")[2].split()) or " ".join(output.split())
    return f"line {match[1] if match else '?'}: {words[:200]}"
