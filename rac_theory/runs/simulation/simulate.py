"""Ensembles of independent runs, in blocks with random streams of their own that are shared out among workers."""

import sys
import warnings
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from joblib import delayed
from numpy.typing import DTypeLike

from rac_theory.algorithms import MethodDescent
from rac_theory.base import (
    Array,
    SharedArray,
    checks,
    keep_freed_memory,
    left_to_the_parent,
    one_blas_thread,
    shown,
    task,
    workers,
)
from rac_theory.cases import Case, check_runs
from rac_theory.numerics import BLOCKS, Randomness, child, seed_sequence
from rac_theory.runs.simulation.history import History, run_and_keep
from rac_theory.runs.simulation.kernels.choice import kernel_for
from rac_theory.runs.simulation.kernels.kernel import Kernel
from rac_theory.runs.simulation.trajectory import Trajectory


def simulate_part(
    case: Case,
    root: np.random.SeedSequence,
    first: int,
    runs: int,
    n_jobs: int = 1,
    dtype: DTypeLike = np.float64,
    distances: bool = False,
    recorded: Collection[str] = (),
) -> Trajectory:
    """Return the runs from number ``first`` on, a multiple of the size of a block, of the ensemble of a case."""
    start = case.start.astype(_precision(dtype))
    with one_blas_thread():  # a second thread would go on spinning for a while, beside the workers
        kernel = kernel_for(case.algorithm, case.problem, start, distances)
        work = _Work(kernel, root, first, runs, case.steps, recorded, keeps_last=not kernel.recomputes_last)
        groups = work.groups
        jobs = min(n_jobs, len(groups))
        pool = workers(jobs)
        parts: list[_Part] = []
        done = 0
        shape = len(kernel.measures), case.steps + 1, runs
        with SharedArray(shape, start.dtype, shared=jobs != 1) as measured, task("runs", runs) as counted:
            before = counted.done
            for numbers, part in pool(delayed(_do)(work, blocks, measured) for blocks in groups):
                if numbers is not None:
                    measured.write(done, numbers)
                done += len(part.norms)
                counted.reach(before + done)  # by workers
                parts.append(part)
    histories = {
        name: np.concatenate([part.history[name] for part in parts], 1).swapaxes(0, 1) for name in parts[0].history
    }
    return Trajectory(
        **dict(zip(kernel.measures, measured.array.mT, strict=True)),
        norms=np.concatenate([part.norms for part in parts]),
        case=case,
        kernel=kernel,
        last=work.last_iterates if kernel.recomputes_last else partial(np.concatenate, [part.last for part in parts]),
        iterates=histories.get("W"),
        B=histories.get("B"),
        A=histories.get("A"),
        states={
            name.removeprefix("states."): history for name, history in histories.items() if name.startswith("states.")
        },
    )


class _Part(NamedTuple):
    """What a worker sends, beside the numbers, of blocks that ran side by side."""

    norms: Array
    last: Array | None
    history: History


@dataclass(frozen=True)
class _Work:
    """What a worker is told of an ensemble."""

    kernel: Kernel
    root: np.random.SeedSequence
    first: int
    runs: int
    steps: int
    recorded: Collection[str]
    keeps_last: bool

    @property
    def groups(self) -> list[range]:
        """The blocks by number, in groups that are best run side by side."""
        size, streams = self.kernel.block, self.kernel.streams
        blocks = range(self.first // size, -(-(self.first + self.runs) // size))
        return [blocks[i : i + streams] for i in range(0, len(blocks), streams)]

    def do(self, blocks: range) -> tuple[Array, _Part]:
        """Run blocks whole, the last one too, and cut afterwards: a draw must not depend on the number of runs."""
        keep_freed_memory()
        kernel = self.kernel
        n = min(kernel.block * blocks.stop, self.first + self.runs) - kernel.block * blocks.start
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            streams = [child(self.root, BLOCKS, block) for block in blocks]
            record, history = run_and_keep(kernel, streams, self.steps, self.recorded, n)
            ends = record.last[:n]
            part = _Part(kernel.norms(ends), ends if self.keeps_last else None, history)
            return record.measured[:, :, :n], part

    def last_iterates(self) -> Array:
        """Run once more what was not kept, and return the last iterates."""
        rerun = replace(self, recorded=(), keeps_last=True)
        ends = [rerun.do(blocks)[1].last for blocks in rerun.groups]
        return np.concatenate([last for last in ends if last is not None])


def _do(work: _Work, blocks: range, measured: SharedArray) -> tuple[Array | None, _Part]:
    """Run blocks, and return the numbers where they could not be left in their place."""
    left_to_the_parent()
    numbers, part = work.do(blocks)
    return None if measured.write(work.kernel.block * blocks.start - work.first, numbers) else numbers, part


def _precision(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        precision = np.dtype(dtype)
    except Exception:  # NumPy has many
        raise ValueError(f"dtype must be float64 or float32, got {shown(dtype)}") from None
    if precision not in (np.float64, np.float32) or dtype is None:
        raise ValueError(f"dtype must be float64 or float32, got {precision}")
    return precision


def simulate(
    case: Case,
    *,
    runs: int = 1,
    rng: Randomness = None,
    n_jobs: int = 1,
    dtype: DTypeLike = np.float64,
    record: Collection[Literal["distances", "W", "factors", "states"]] = (),
) -> Trajectory:
    """Run an ensemble and record f and the squared gradient norm at every step.

    Runs come in blocks of a fixed size, each with a random stream of its own. So the numbers are the same for any
    number of workers on one machine, and R runs are the first R of any larger ensemble. BLAS uses one thread: at these
    sizes more are slower, and the bits would depend on their number.

    A run that diverges goes to infinity or nan, and stays there; a warning names the step size and 2/L.

    Parameters
    ----------
    case : Case
        With the number of steps.
    runs : int
        At least 1.
    rng : seed, SeedSequence or Generator
        With a seed, the same call gives the same bits.
    n_jobs : int
        Workers, as in joblib: processes, unless ``joblib.parallel_config`` says otherwise.
    dtype : float64 or float32
        The precision of the runs. Sketches are drawn in double precision and rounded, so that both see the same ones.
    record : collection of str
        What is recorded beside f and the squared gradient norm: ``"distances"`` for squared distances to ``W_star``,
        ``"W"`` for every iterate, ``"factors"`` for B and A at every step of an algorithm that has some, ``"states"``
        for all matrices that a method keeps. It changes no run: factors are those that ``algorithm.factored`` yields
        beside the iterates that run.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        For arguments that do not fit together, an algorithm whose iterates are none, and one whose ``factored`` yields
        other weights than its ``iterates``.

    Examples
    --------
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory import Case, RACLoRA, simulate
    >>> from rac_theory.sketches import Gaussian
    >>> problem = PLSine((3, 2))
    >>> case = Case(RACLoRA(Gaussian(3, 1), gamma=1 / problem.L), problem, steps=200)
    >>> run = simulate(case, runs=8, rng=0)
    >>> run.values.shape, bool((run.gaps[:, -1] < 1e-6).all())
    ((8, 201), True)
    >>> few = simulate(case, runs=3, rng=0)
    >>> bool((few.values == run.values[:3]).all())  # the first of a larger ensemble, to the bit
    True
    """
    check_runs(case)
    record = checks.several("record", record)
    for name in record:
        checks.one_of("record", name, ("distances", "W", "factors", "states"))
    lacking = {
        "factors": not hasattr(case.algorithm, "factored") and "without them, as a method factored shows",
        "states": not isinstance(case.algorithm, MethodDescent) and "that is no method with several",
    }
    for name in record:
        if reason := lacking.get(name):
            raise ValueError(
                f"record must not have {name!r} for an algorithm {reason}, got it for {case.algorithm!r}; 'W' records "
                "its iterates"
            )
    checks.count("runs (steps + 1)", checks.count("runs", runs) * (case.steps + 1))
    checks.workers("n_jobs", n_jobs)
    recorded = [name for name in ("W", "factors", "states") if name in record]
    run = simulate_part(case, seed_sequence(rng), 0, runs, n_jobs, dtype, "distances" in record, recorded)
    if not np.isfinite(run.values[:, -1]).all():
        _warn(case)
    return run


def _warn(case: Case) -> None:
    """Say why runs may have diverged, to who called ``simulate``: where our own examples do, it is what they show."""
    gamma, L = case.algorithm.gamma, case.problem.L
    limit = f", and 2 / L is {2 / L:.4g}" if L > 0 else ""
    if not sys._getframe(3).f_globals["__name__"].startswith("rac_theory."):  # past this, simulate and what answers
        warnings.warn(f"runs left the range of floating point: gamma is {gamma:.4g}{limit}", stacklevel=4)
