"""Signals: SIGTERM and a closed terminal end a command as Ctrl-C does, and workers end soon after their parent.

A command that is to hear a signal sends it, to itself or its whole group, at the moment that is tested: nobody waits
for that moment from outside, who may come too late on a busy machine.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from joblib import Parallel, delayed

from rac_theory.base import interrupts

VERIFY = ["verify", "--problem", "quadratic", "--steps", "3000", "--out", "out"]  # 64 rows
SWEEP = ["sweep", "spec.toml", "--jobs", "2"]
SPEC = """
claims = ["T2"]
problems = ["quadratic"]
sketches = ["rademacher"]
step_sizes = [0.5, 1.0]
seeds = [0, 1, 2, 3, 4, 5, 6, 7]
runs = 2000
steps = 60
"""

COMMAND = """
import os, runpy, signal, sys, threading
from rac_theory.ledger import results
from rac_theory.ledger.sweeps import sweeping
from rac_theory.ledger.sweeps.store import Store

sweeping._PILOT_SECONDS = 0.0
results._SAVE_EVERY = 1e9  # so that nothing is saved but at the end
kept = 0

def telling(usual):
    def add(self, finished):
        global kept
        usual(self, finished)
        kept += 1
        {after}
    return add

def send(*numbers):
    for number in numbers:
        os.killpg(0, number)

def soon(*numbers):  # when the command waits for what comes next
    threading.Timer(0.05, send, numbers).start()

results.KeptRows.add, Store.add = telling(results.KeptRows.add), telling(Store.add)
runpy.run_module("rac_theory", run_name="__main__", alter_sys=True)
"""
"""Runs a command, and does something each time that it has kept what was finished."""


def run_beside(folder, code, *arguments, heard=signal.SIG_DFL):
    """Run Python in a session of its own, in which nothing may be left; ``heard`` is what SIGINT does in its shell."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(_hear, heard),
    )
    try:
        out, error = process.communicate(timeout=120)  # the pipes are closed by everyone
        end = time.monotonic() + 30  # a worker looks for its parent every second
        while (left := _of_session(process.pid)) and time.monotonic() < end:
            time.sleep(0.02)
        assert not left
    finally:
        for pid in _of_session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
    return process.returncode, out, error


def _hear(heard):
    """What this process was started with, in the background or under nohup, is not for the command to inherit."""
    signal.signal(signal.SIGINT, heard)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _of_session(leader):
    """The processes of Linux in a session that have not ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session, *_ = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(session) == leader and state not in "ZX":
            found.append(int(file.parent.name))
    return found


def _shared_by(pids):
    """What processes have put into shared memory, by the names that joblib gives it."""
    return [name for name in os.listdir("/dev/shm") if any(f"_{pid}_" in name for pid in pids)]


HANGS_UP = "send(*{1: [signal.SIGINT], 2: [signal.SIGHUP]}.get(kept, []))"
INTERRUPTED = {
    # A terminal sends it to workers, too, which are not to hear it, and not to be left behind.
    "Ctrl-C": ("kept == 1 and soon(signal.SIGINT)", [*VERIFY, "--jobs", "2"], signal.SIG_DFL, 130),
    # A job in the background, or under nohup, is not the one that Ctrl-C is for; a closed terminal ends it.
    "ignored, and then not": (HANGS_UP, [*VERIFY, "--jobs", "1"], signal.SIG_IGN, 129),
    # SIGTERM killed at once, and left workers behind; a second one must not reach the programs that end these.
    "a sweep": ("kept == 2 and soon(signal.SIGTERM, signal.SIGTERM)", SWEEP, signal.SIG_DFL, 143),
}


@pytest.mark.long
@pytest.mark.parametrize(("after", "arguments", "heard", "status"), INTERRUPTED.values(), ids=INTERRUPTED)
def test_an_interrupted_command_keeps_what_was_finished_and_says_so(tmp_path, after, arguments, heard, status):
    """Of a ledger the rows, beside which nothing half-written was left; of a sweep its store, with which it goes on."""
    (tmp_path / "spec.toml").write_text(SPEC)
    ended, out, error = run_beside(tmp_path, COMMAND.format(after=after), *arguments, heard=heard)
    assert ended == status, error
    assert "Traceback" not in error + out
    if arguments is SWEEP:
        assert "interrupted: what was finished is in spec.sqlite; the same command continues" in error
        return
    assert "interrupted: what was finished is kept" in error
    assert 0 < len(json.loads((tmp_path / "out/results.json").read_text())["rows"]) < 64
    assert not list(tmp_path.glob("out/**/*.part"))
    assert f"{tmp_path / 'out'}" not in out


@pytest.mark.long
def test_workers_end_soon_after_a_parent_that_is_killed(tmp_path):
    """They waited five minutes for a task that could not come, and held pipes and memory.

    Both have begun a task, which no task in the queue follows; they share an array that joblib keeps in memory.
    """
    code = (
        "import os, signal, time\n"
        "import numpy as np\n"
        "from rac_theory.base.tasks import as_they_finish\n"
        "def begun(shared):\n"
        "    time.sleep(0.2)\n"
        "    return os.getpid()\n"
        "workers = set()\n"
        "while len(workers) < 2:\n"
        "    workers |= {*as_they_finish(begun, ((np.zeros(1 << 18),) for _ in range(2)), 2)}\n"
        "print(os.getpid(), *workers, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    status, out, error = run_beside(tmp_path, code)
    assert status == -signal.SIGKILL, error
    pids = out.split()
    assert len(pids) == 3
    end = time.monotonic() + 30  # what joblib shared is cleared away by a process that outlives the workers
    while (left := _shared_by(pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert left == []


def test_a_signal_is_known_by_128_and_its_number():
    assert [interrupts.status_of_interrupt(KeyboardInterrupt(*of)) for of in ((), (15,), (1,))] == [130, 143, 129]


def test_a_second_ctrl_c_is_not_heard(tmp_path):
    """Nor by the programs that joblib runs to end its workers: one ended them, and ``verify`` waited for minutes."""
    code = (
        "import os, signal, subprocess, sys\n"
        "from rac_theory.base import interrupts\n"
        "heard, asked = 0, 'import signal; assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN'\n"
        "with interrupts.heard_once():\n"
        "    for _ in range(3):\n"
        "        try:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "        except KeyboardInterrupt:\n"
        "            heard += 1\n"
        "    subprocess.run([sys.executable, '-c', asked], check=True)\n"
        "print(heard, signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n"
    )
    assert run_beside(tmp_path, code) == (0, "1 True\n", "")


def test_a_handler_that_is_not_of_python_stays(monkeypatch):
    """It cannot be set again from Python: Ctrl-C would be ignored for ever."""
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    with interrupts.heard_by_nobody():
        monkeypatch.undo()
        assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.long
def test_ctrl_c_while_workers_start_is_quiet(tmp_path):
    """A terminal sends it to all of them while they import: one that hears it prints where it was, and is missed."""
    code = (
        "import os, signal, time\n"
        "from joblib import Parallel, delayed\n"
        "from rac_theory.base.interrupts import heard_by_nobody\n"
        "with heard_by_nobody():\n"
        "    slept = Parallel(n_jobs=2, return_as='generator')(delayed(time.sleep)(0) for _ in range(2))\n"
        "try:\n"
        "    os.killpg(0, signal.SIGINT)\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', len(list(slept)))\n"
    )
    assert run_beside(tmp_path, code) == (0, "interrupted 2\n", "")


def test_a_thread_of_others_is_left_alone():
    """A worker of a cluster calls in a thread: its Ctrl-C belongs to who runs the cluster."""

    def in_a_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(interrupts.left_to_the_parent).result()
        before = signal.getsignal(signal.SIGINT)
        interrupts._watching = False  # as in a worker that has heard nothing of this yet
        interrupts.left_to_the_parent()
        threads = threading.active_count()
        interrupts.left_to_the_parent()  # of each task: one thread looks for the parent
        stays = signal.getsignal(signal.SIGINT) == signal.SIG_IGN, threading.active_count() == threads
        return before == signal.default_int_handler, *stays

    assert Parallel(n_jobs=2)(delayed(in_a_thread)() for _ in range(2)) == [(True, True, True)] * 2


TWO_AT_ONCE = """
import signal, threading
from rac_theory.base.interrupts import heard_once

both = signal.SIGINT, signal.SIGTERM
try:
    with heard_once():
        signal.pthread_sigmask(signal.SIG_BLOCK, both)
        for number in both:
            signal.pthread_kill(threading.get_ident(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
except KeyboardInterrupt as error:
    print(*error.args)
"""


def test_two_signals_at_the_same_moment_are_one(tmp_path):
    """Would catch handlers that are taken away while a signal waits, of which Python tells in a traceback.

    Also where these tests run in the background, with Ctrl-C ignored: there would be but one signal to wait.
    """
    status, out, error = run_beside(tmp_path, TWO_AT_ONCE)
    assert (status, error) == (0, "")
    assert out.strip() in {f"{signal.SIGINT:d}", f"{signal.SIGTERM:d}"}
