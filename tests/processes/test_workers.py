"""How an ensemble is shared among workers, what they send, and how those of the ledger start."""

import gc
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from problems import LogisticRegression, Quadratic
from rac_theory import Case, RACLoRA, simulate, sketches
from rac_theory.ledger.figures import ready_to_draw
from rac_theory.processes import workers
from rac_theory.simulation.blocks import _tasks
from rac_theory.simulation.kernels.choice import kernel_for


@given(st.integers(0, 9), st.integers(1, 200), st.integers(1, 10_000), st.sampled_from([-1, 1, 2, 5]))
def test_every_block_is_in_one_task(first, count, steps, n_jobs):
    """And a task is whole calls of the kernel, but for the last; catches blocks that are lost or run twice."""
    problem = Quadratic.left(np.eye(3), np.ones((3, 2)))
    kernel = kernel_for(RACLoRA(sketches.Haar(3, 1), 0.5), problem, np.zeros((3, 2)))
    tasks = _tasks(kernel, range(first, first + count), steps, n_jobs)
    assert [block for task in tasks for block in task] == list(range(first, first + count))
    assert all(len(task) % kernel.streams == 0 for task in tasks[:-1])


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


def a_case(kind):
    rng = np.random.default_rng(0)
    if kind == "data":
        return LogisticRegression(rng.standard_normal((30, 4)), np.arange(30) % 2, l2=0.1)
    m, n = {"small": (3, 3), "thin": (12, 40), "wide": (70, 70)}[kind]
    X = rng.standard_normal((2 * m, m))
    return Quadratic.left(X.T @ X / m, rng.standard_normal((m, n)))


@pytest.mark.parametrize("kind", ["small", "thin", "wide", "data"])
def test_the_last_iterates_belong_to_the_runs(kind):
    """However many workers there were, and where they are computed again: f at W is the last recorded value.

    Catches another seed, another block, or a part left out in the second computation.
    """
    problem = a_case(kind)
    algorithm = RACLoRA(sketches.Gaussian(problem.shape[0], 1), 1 / problem.L)
    runs = kernel_for(algorithm, problem, np.zeros(problem.shape)).block * 3 + 1
    ran, shared = (simulate(Case(algorithm, problem, steps=11), runs=runs, rng=1, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert ran.W.shape == (runs, *problem.shape)
    np.testing.assert_allclose(problem.value(ran.W), ran.values[:, -1], rtol=1e-10)
    np.testing.assert_array_equal(shared.W, ran.W)
    np.testing.assert_array_equal(shared.values, ran.values)
    np.testing.assert_array_equal(shared.norms, ran.norms)
    assert (ran.norms >= np.linalg.norm(ran.W, axis=(1, 2)) * (1 - 1e-12)).all()
    again = pickle.loads(pickle.dumps(shared))
    np.testing.assert_array_equal(again.W, ran.W)


def test_what_is_cheap_to_compute_again_is_not_held():
    """A thousand runs of 70 x 70 would be 39 MB of iterates; catches last iterates that are kept after all."""
    problem = a_case("wide")
    ran = simulate(Case(RACLoRA(sketches.Haar(70, 1), 1 / problem.L), problem, steps=2), runs=1000, rng=0)
    assert len(pickle.dumps(ran)) < 1_000_000


def test_workers_are_ready_at_the_end_of_the_block():
    """They have imported what they need, matplotlib too, look for garbage elsewhere, and leave Ctrl-C to the parent."""
    get_reusable_executor().shutdown(wait=True)  # others had a task before, and have imported more
    with workers.starting(ready_to_draw, 2):
        pass
    needed = "{'rac_theory.ledger.figures', 'matplotlib.figure'} <= set(__import__('sys').modules)"
    in_worker = Parallel(n_jobs=2)
    assert in_worker(delayed(eval)(needed) for _ in range(4)) == [True] * 4
    assert min(in_worker(delayed(gc.get_freeze_count)() for _ in range(4))) > 10_000
    assert set(in_worker(delayed(signal.getsignal)(signal.SIGINT) for _ in range(4))) == {signal.SIG_IGN}
    assert gc.get_freeze_count() == 0  # here


def test_one_worker_is_this_process():
    """Nothing is started, and nothing frozen, for ``--jobs 1``."""
    with workers.starting(ready_to_draw, 1):
        pass
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("error", ["ValueError", "KeyboardInterrupt"])
def test_an_error_in_the_block_waits_for_no_worker(error):
    """It was kept for seconds, until all of them had imported what nobody needed any more; others come when asked."""
    code = (
        "import time\n"
        "from joblib import Parallel, delayed\n"
        "from rac_theory.processes import workers\n"
        "try:\n"
        "    with workers.starting(lambda: time.sleep(60), 2):\n"
        f"        raise {error}\n"
        f"except {error}:\n"
        "    print(Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(4)))\n"
    )
    assert in_a_process(code) == ("[0, 1, 2, 3]\n", "")


def test_a_process_of_others_is_left_alone():
    """A worker of a cluster calls in a thread: its heap and its Ctrl-C belong to who runs the cluster."""

    def in_a_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.unfreeze()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(workers._settle_in, ready_to_draw).result()
        frozen, handler = gc.get_freeze_count(), signal.getsignal(signal.SIGINT)
        workers._settle_in(ready_to_draw)
        return frozen, handler == signal.default_int_handler, gc.get_freeze_count() > 10_000

    for seen in Parallel(n_jobs=2)(delayed(in_a_thread)() for _ in range(2)):
        assert seen == (0, True, True)


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
    with workers.starting(ready_to_draw, 2):
        monkeypatch.undo()
        assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_while_workers_start_is_quiet():
    """A terminal sends it to all of them while they import: one that hears it prints where it was, and is missed."""
    code = (
        "import os, signal, time\n"
        "from rac_theory.ledger.figures import ready_to_draw\n"
        "from rac_theory.processes import workers\n"
        "try:\n"
        "    with workers.starting(ready_to_draw, 2):\n"
        "        os.killpg(0, signal.SIGINT)\n"
        "        time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    assert in_a_process(code) == ("interrupted\n", "")
