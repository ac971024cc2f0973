"""Fuzz every constructor with numbers: ``python -m tests.fuzz.constructors --count 11000``.

Arguments that fit are replaced, one or two at a time, by nonsense or by numbers at the edge. Then there are two ways
out: a ``ValueError`` in one printable line that names an argument, or a value that works. A problem that works has a
finite gradient that agrees with its value, and T1 and T2, with a step up to 1/L, are not VIOLATED on it; a sketch that
works can be drawn, and a step makes no warning. Anything else is printed with the seed that makes it again, and counts.
"""

import argparse
import collections
import math
import re
import signal
import sys
import traceback
import warnings

import numpy as np

from rac_theory import Status, simulate, verify
from rac_theory.algorithms import GD, RACLoRA
from rac_theory.base.naming import shown
from rac_theory.cases.case import Case
from rac_theory.problems import FromFunctions
from rac_theory.sketches.draws import draw
from rac_theory.sketches.named import named_sketch
from rac_theory.sketches.spectra import spectrum

from . import targets

NAMES = r"W0|f_star|f_lower|sketch|rank|dim|size|draw|problem|gradients|value|gradient|clients\[\d\]"
SENTENCE = rf"({NAMES}|[<>\w.]+\(rng.*\)|\w+\.(value|gradient)(\(W\))?) must [ -~]+, got [ -~]+$"
"""What may be said of a value that was accepted: what no constructor can know, as it lies in another argument."""
LONGEST = 60  # seconds that one case may take


def attempt(seed):
    """What became of one case: its target, its arguments, and "refused", "works" or what is wrong."""
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings(action="ignore"):
        name, make, arguments = targets.pick(rng)
    signal.alarm(LONGEST)
    try:
        made = make(**arguments)
    except ValueError as error:
        return name, arguments, refusal(str(error), arguments) or "refused"
    except Exception:
        return name, arguments, traceback.format_exc()
    try:
        return name, arguments, works(made, rng) or "works"
    except ValueError as error:  # what no constructor can know, such as a start that is a minimiser
        return name, arguments, "works" if re.match(SENTENCE, str(error)) else traceback.format_exc()
    except Exception:
        return name, arguments, "it was accepted, then: " + traceback.format_exc()
    finally:
        signal.alarm(0)


def too_long(*_):
    """Where a case is that does not end."""
    raise RuntimeError(f"more than {LONGEST} seconds")


def refusal(message, arguments):
    """What is wrong with a sentence that refuses arguments."""
    if not any(re.search(rf"(?<![a-z]){name}(?![a-z])", message, re.IGNORECASE) for name in arguments):
        return f"a sentence that names no argument: {message}"
    if not message.isprintable() or len(message) > 600:
        return f"a sentence that cannot be shown: {message!r}"
    return None


def works(made, rng):
    """What is wrong with a value that was accepted."""
    if hasattr(made, "gradient"):
        return problem_works(made, rng)
    if hasattr(made, "sample"):
        return sketch_works(made)
    if hasattr(made, "iterates"):
        return algorithm_works(made)
    return None


def problem_works(problem, rng):
    """Its gradient agrees with differences in its own units, and no true theorem is refuted."""
    if max(problem.shape) > 1000:
        return None
    Case(GD(1.0), problem, steps=1)
    if isinstance(problem, FromFunctions) or math.isnan(problem.L):  # whose constants may be false, or are unknown
        return None
    start = getattr(problem, "start", None)
    start = np.zeros(problem.shape) if start is None else np.asarray(start)
    level = max(float(problem.value(start)), 0.0)
    reach = math.sqrt(level / problem.L) or 1.0
    at, D = start + reach * rng.normal(size=problem.shape), rng.normal(size=problem.shape)
    G, h = problem.gradient(at), 1e-4 * reach
    slope = float(problem.value(at + h * D) - problem.value(at - h * D)) / (2 * h)
    scale = problem.L * reach * float(np.linalg.norm(D))
    if not (np.isfinite(G).all() and abs(slope - float((G * D).sum())) <= 1e-3 * scale):
        return f"a gradient that disagrees with its value: {slope} against {(G * D).sum()}"
    sketch = named_sketch(["gaussian", "coordinate", "frozen"][rng.integers(3)], problem.shape[0], 1)
    algorithm = RACLoRA(sketch, rng.choice([0.1, 0.5, 1.0]) / problem.L)
    for theorem in ("T1", "T2"):
        case = Case(algorithm, problem, steps=int(rng.integers(1, 40)))
        verdict = verify(theorem, case, runs=64, rng=int(rng.integers(99)))
        if verdict.status is Status.VIOLATED:
            return f"{theorem} is VIOLATED: {verdict}"
    return None


def sketch_works(sketch):
    """It can be drawn, and the eigenvalues of its E[H] are in [0, 1]."""
    if sketch.dim > 1000:
        return None
    sample = draw(sketch, np.random.default_rng(0), 5)
    found = spectrum(sketch, draws=200, rng=0)
    if not (sample.shape == (5, sketch.dim, sketch.rank) and 0 <= found.lambda_min <= found.lambda_max <= 1 + 1e-9):
        return f"a spectrum that cannot be: {found}"
    return None


def algorithm_works(algorithm):
    """It runs, as far as its step lets it."""
    problem = targets.COLUMN if hasattr(algorithm, "layers") else targets.PROBLEM
    simulate(Case(algorithm, problem, steps=3), runs=2, rng=0)


def main():
    """Run the cases, print what is wrong and how many were refused, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=11_000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first case")
    asked = parser.parse_args()
    signal.signal(signal.SIGALRM, too_long)
    warnings.simplefilter("error")
    seen, wrong = collections.Counter(), 0
    for seed in range(asked.seed, asked.seed + asked.count):
        name, arguments, outcome = attempt(seed)
        if outcome in ("refused", "works"):
            seen[name, outcome] += 1
            continue
        wrong += 1
        print(f"seed {seed}: {name}({', '.join(f'{key}={shown(value)}' for key, value in arguments.items())})")
        print("   ", outcome.strip().replace("\n", "\n    "), flush=True)
    for name in targets.TARGETS:
        print(f"{name:30} {seen[name, 'refused']:6} refused {seen[name, 'works']:6} work")
    print(f"{asked.count} cases, {wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
