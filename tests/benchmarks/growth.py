"""Slopes of time in runs and steps, a second worker, memory at 100 x 100, and a million runs.

Memory is the sum of the peaks of a process and its workers, as the kernel keeps them (Linux only). Each measurement
has a process of its own, which is this file with the name of a job.
"""

import subprocess
import sys
import time
from pathlib import Path

import cases
import numpy as np
from timing import Spread, seconds

from rac_theory import Case, RACLoRA, simulate, sketches, verify

_MB = 1e6


def report(rounds):
    """Print everything."""
    case = cases.ALL["64x10-r4"]()
    for what, slope in slopes(case):
        print(f"- Time against {what}, log-log slope at 64x10 r4, one worker: {slope:.2f}", flush=True)
    for name in ("64x10-r1", "64x10-r4", "64x10-r16"):
        print(f"- One worker over two, {name}: {second_worker(cases.ALL[name](), rounds)}", flush=True)
    nothing = measured("start")[2]
    for runs in (256, 1024):
        _, results, peak = measured("memory", runs)
        held, beyond = results / _MB, (peak - nothing - results) / _MB
        print(f"- Memory beyond the {held:.0f} MB of results, 100x100 r4, {runs} runs: {beyond:.1f} MB", flush=True)
    taken, _, peak = measured("million", 1_000_000)
    print(f"- A million runs of 3x3 r1, 300 steps, verified by two workers: {taken:.0f} s, {peak / _MB:.0f} MB")


def play(case, runs, steps, n_jobs):
    """Run an ensemble."""
    algorithm = RACLoRA(sketches.Gaussian(case.shape[0], case.rank), gamma=case.gamma)
    return simulate(Case(algorithm, case.problem, steps=steps), runs=runs, rng=0, n_jobs=n_jobs)


def slopes(case):
    """Yield the slopes of log time against log runs and log steps, over the upper half of the sizes."""
    sizes = 2 ** np.arange(8, 14)
    yield "runs", _slope(sizes, lambda size: play(case, size, 100, 1))
    yield "steps", _slope(sizes // 4, lambda size: play(case, 256, size, 1))


def _slope(sizes, job):
    upper = sizes[len(sizes) // 2 - 1 :]
    times = [min(seconds(job, int(size)) for _ in range(3)) for size in upper]
    return float(np.polyfit(np.log(upper), np.log(times), 1)[0])


def second_worker(case, rounds, runs=4096):
    """Return the time of one worker over that of two, interleaved."""
    play(case, runs, case.steps, 2)
    times = [[seconds(play, case, runs, case.steps, workers) for workers in (1, 2)] for _ in range(rounds)]
    one, two = map(Spread, zip(*times, strict=True))
    return one.over(two)


def measured(job, *sizes):
    """Do a job in a process of its own: seconds, bytes of results, and the peak of its memory in bytes."""
    command = [sys.executable, __file__, job, *map(str, sizes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        taken, results = process.stdout.readline().split()
        return float(taken), int(results), _peak(process.pid)  # it is still there, and its workers: it waits for us


def _peak(pid):
    """Return the sum of the peaks of a process and its descendants, in bytes."""
    own = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    children = [file.read_text().split() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    return 1024 * int(own.split()[1]) + sum(_peak(int(child)) for some in children for child in some)


def start():
    """Import, build, and run what is tiny."""
    cases.ALL["100x100-r4"]()
    play(cases.ALL["3x3-r1"](), 1, 1, 1)
    return 0


def memory(runs):
    """Simulate at 100 x 100, and return the bytes of the results."""
    ensemble = play(cases.ALL["100x100-r4"](), runs, 100, 1)
    return sum(part.nbytes for part in vars(ensemble).values() if isinstance(part, np.ndarray))


def million(runs):
    """Verify T2 on the smallest case."""
    case = cases.ALL["3x3-r1"]()
    algorithm = RACLoRA(sketches.Gaussian(case.shape[0], case.rank), gamma=case.gamma)
    tried = Case(algorithm, case.problem, steps=300)
    print(verify("T2", tried, runs=runs, n_jobs=2, rng=0, evidence="sampled"), file=sys.stderr)
    return 0


if __name__ == "__main__":
    name, *sizes = sys.argv[1:]
    begin = time.perf_counter()
    results = {"start": start, "memory": memory, "million": million}[name](*map(int, sizes))
    print(time.perf_counter() - begin, results, flush=True)
    sys.stdin.read()
