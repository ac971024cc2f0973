"""Signals: SIGTERM and a closed terminal end a command as Ctrl-C does, and workers end soon after their parent."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from joblib import Parallel, delayed

from rac_theory.processes import interrupts

VERIFY = ["verify", "--problem", "quadratic", "--steps", "6000", "--out", "out"]  # many seconds
SPEC = """
claims = ["T2"]
problems = ["linnerud", "quadratic"]
sketches = ["gaussian", "rademacher"]
step_sizes = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
seeds = [0, 1, 2, 3, 4, 5, 6, 7]
runs = 20000
steps = 60
"""


@pytest.fixture
def started(tmp_path):
    """Start a command in a group of its own; ``heard`` is what SIGINT does in the shell that starts it."""
    processes = []

    def start(arguments, heard=signal.SIG_DFL):
        processes.append(_start(tmp_path, arguments, heard))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _start(folder, arguments, heard):
    return subprocess.Popen(
        [sys.executable, "-m", "rac_theory", *arguments],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(_hear, heard),
    )


def _hear(heard):
    """What this process was started with, in the background or under nohup, is not for the command to inherit."""
    signal.signal(signal.SIGINT, heard)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def wait_for(condition, process, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def workers_of(pid):
    """The processes of Linux that a process has started, and that run Python."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"popen_loky" in (status.parent / "cmdline").read_bytes():
                found.append(int(status.parent.name))
        except OSError:  # it has ended
            continue
    return found


def alive(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text()]


def figures(folder):
    return len(list(folder.glob("out/figures/*.svg")))


@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGTERM, "1"), (signal.SIGTERM, "2"), (signal.SIGHUP, "2")])
def test_a_signal_that_asks_for_the_end_keeps_the_rows(tmp_path, started, jobs, number):
    """As a batch system sends it, to the whole group: SIGTERM killed at once, and left its workers behind."""
    process = started([*VERIFY, "--jobs", jobs])
    wait_for(lambda: figures(tmp_path) >= 4, process)
    children = workers_of(process.pid)
    os.killpg(process.pid, number)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "interrupted: what was finished is kept" in error
    assert "Traceback" not in error + out
    assert 0 < len(json.loads((tmp_path / "out/results.json").read_text())["rows"]) < 64
    assert not list(tmp_path.glob("out/**/*.part"))
    assert not alive(children)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sweep_ends_with_its_store_and_says_how_to_go_on(tmp_path, started, number):
    (tmp_path / "spec.toml").write_text(SPEC)
    process = started(["sweep", "spec.toml", "--jobs", "2"])
    wait_for(lambda: len(workers_of(process.pid)) == 2, process)
    time.sleep(1.0)
    os.killpg(process.pid, number)
    os.killpg(process.pid, number)  # a second one must not reach the programs that end the workers
    out, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "interrupted: what was finished is in spec.sqlite; the same command continues" in error
    assert "Traceback" not in error + out


def test_what_is_ignored_stays_ignored(tmp_path, started):
    """A job in the background, or under nohup, is not the one that Ctrl-C is for."""
    process = started([*VERIFY, "--steps", "500", "--jobs", "1"], heard=signal.SIG_IGN)
    wait_for(lambda: figures(tmp_path) >= 1, process)
    process.send_signal(signal.SIGINT)
    before = figures(tmp_path)
    wait_for(lambda: figures(tmp_path) > before, process)
    process.terminate()
    assert process.wait(timeout=60) == 143


@pytest.mark.parametrize("command", ["verify", "sweep"])
def test_workers_end_soon_after_a_parent_that_is_killed(tmp_path, started, command):
    """They waited five minutes for a task that could not come, and held pipes and memory."""
    (tmp_path / "spec.toml").write_text(SPEC)
    before = set(os.listdir("/dev/shm"))
    process = started(["sweep", "spec.toml", "--jobs", "2"] if command == "sweep" else [*VERIFY, "--jobs", "2"])
    wait_for(lambda: len(workers_of(process.pid)) == 2, process)
    time.sleep(2.0)
    children = workers_of(process.pid)
    process.kill()
    process.wait()
    end = time.monotonic() + 30  # one, where nothing else runs
    while (left := alive(children)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left
    assert process.stdout.read() + process.stderr.read() is not None  # the pipes are closed by everyone
    mine = {
        name
        for name in set(os.listdir("/dev/shm")) - before
        if any(str(pid) in name for pid in (process.pid, *children))
    }
    assert not mine


def in_a_process(code):
    """Run it beside others, not among them, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=50,
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a shell may have had it ignored
    )
    return done.stdout, done.stderr


def test_a_second_ctrl_c_is_not_heard():
    """Nor by the programs that joblib runs to end its workers: one ended them, and ``verify`` waited for minutes."""
    code = (
        "import os, signal, subprocess, sys\n"
        "from rac_theory.processes import interrupts\n"
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
    assert in_a_process(code) == ("1 True\n", "")


def test_a_handler_that_is_not_of_python_stays(monkeypatch):
    """It cannot be set again from Python: Ctrl-C would be ignored for ever."""
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    with interrupts.heard_by_nobody():
        monkeypatch.undo()
        assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_while_workers_start_is_quiet():
    """A terminal sends it to all of them while they import: one that hears it prints where it was, and is missed."""
    code = (
        "import os, signal, time\n"
        "from joblib import Parallel, delayed\n"
        "from rac_theory.processes.interrupts import heard_by_nobody\n"
        "with heard_by_nobody():\n"
        "    slept = Parallel(n_jobs=2, return_as='generator')(delayed(time.sleep)(1) for _ in range(2))\n"
        "try:\n"
        "    os.killpg(0, signal.SIGINT)\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', len(list(slept)))\n"
    )
    assert in_a_process(code) == ("interrupted 2\n", "")


def test_a_thread_of_others_is_left_alone():
    """A worker of a cluster calls in a thread: its Ctrl-C belongs to who runs the cluster."""

    def in_a_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(interrupts.left_to_the_parent).result()
        before = signal.getsignal(signal.SIGINT)
        interrupts._watching = False  # as in a worker that has heard nothing of this yet
        interrupts.left_to_the_parent()
        return before == signal.default_int_handler, signal.getsignal(signal.SIGINT) == signal.SIG_IGN

    assert Parallel(n_jobs=2)(delayed(in_a_thread)() for _ in range(2)) == [(True, True)] * 2
