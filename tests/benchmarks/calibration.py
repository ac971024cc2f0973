"""Error rates and power of the evidence, measured: e-values at equality, crossings, violations caught, true theorems.

``python tests/benchmarks/calibration.py`` prints the tables of the page on calibration.
tests/verdicts/verification/test_calibration.py asserts the same of fewer ensembles.
"""

import argparse
import math
import sys
from collections import namedtuple
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from rac_theory import Case, Constants, RACLoRA, Status, compare_runs, judge_runs, sketches, theorems
from rac_theory.algorithms import MethodDescent
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.numerics import evidence
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.verdicts.verification.decision import what_would_show
from rac_theory.verdicts.verification.verify import judge

ALPHA = 1e-3
VIOLATIONS = (0.02, 0.05, 0.10, 0.20)


# Laws of curves X, (ensembles, runs, T), whose mean is one at every t: the claim E X_t <= 1 is met with equality.


def uniform(rng, shape):
    """Uniform on [0, 2], the same along a curve but for a little noise: as light a tail as there is."""
    return rng.uniform(0, 1.8, size=(*shape[:2], 1)) + rng.uniform(0, 0.2, size=shape)


def gamma(rng, shape):
    """Standard deviation 0.2 at every t, dependent in t: a mean squared gradient."""
    return rng.gamma(20, 1 / 25, size=(*shape[:2], 1)) + rng.gamma(5, 1 / 25, size=shape)


def gaps(rng, shape):
    """Products of factors of mean one, as gaps under a Haar sketch of rank 4 in dimension 16: heavy late in a curve."""
    return np.cumprod(rng.beta(6, 2, size=shape) * (4 / 3), axis=2)


def pareto(rng, shape):
    """Tail exponent 2.5, so no third moment: heavy at every t."""
    return (rng.pareto(2.5, size=shape) + 1) * 0.6


LAWS = {"uniform": uniform, "gamma": gamma, "gaps": gaps, "Pareto": pareto}
"""From light to heavy."""

REACHES = (("gaps", 60, 128), ("gaps", 60, 256), ("gaps", 200, 1_000), ("uniform", 20, 64), ("Pareto", 20, 128))
"""Laws, steps and runs for which it is tried what is seen at ``reach``, within the curve or at its end."""


class Mean(NamedTuple):
    """A sample mean with its standard error."""

    mean: float
    error: float

    @property
    def off(self):
        """Distance from one in standard errors."""
        return (self.mean - 1) / self.error

    def __str__(self):
        return f"{self.mean:.4f} +- {self.error:.4f} ({self.off:+.1f} standard errors from 1)"


def e_values(law, ensembles, rng, T=1, runs=32, cap=0.5, peeking=False, block=1_000):
    """Return the mean e-value at equality over short ensembles; a peeking process knows its own run when it bets.

    Parameters
    ----------
    law : callable
    ensembles, runs : int
    T : int
        The step that is bet on.
    cap : float
        The largest bet: it keeps the variance of the e-value small enough to tell 1 from what is not.
    """
    wealth = []
    for _ in range(0, ensembles, block):
        Z = law(rng, (block, runs, T))[:, :, -1].T - 1
        if peeking:
            bets = np.clip(np.cumsum(Z, axis=0) / (0.25 + np.cumsum(Z**2, axis=0)), 0, cap)
            wealth.append(np.prod(1 + bets * Z, axis=0))
        else:
            wealth.append(np.exp(evidence.log_wealth(Z, cap=cap)[-1]))
    wealth = np.concatenate(wealth)
    return Mean(float(wealth.mean()), float(wealth.std() / math.sqrt(len(wealth))))


Crossings = namedtuple("Crossings", "worst curve")
"""Shares of ensembles at equality that reach 1/alpha after any run: at the worst single t, and for the curve."""


def crossings(law, T, ensembles, rng, runs=64, alpha=0.05, block=50):
    """Count at equality how often one e-process, and the average over all t, refutes at level alpha."""
    each, whole = np.zeros(T), 0
    for _ in range(0, ensembles, block):
        for X in law(rng, (block, runs, T)):
            wealth = evidence.log_wealth(evidence.excess(X, np.ones(T)))
            each += wealth.max(axis=0) >= math.log(1 / alpha)
            whole += evidence.log_average(wealth) >= math.log(1 / alpha)
    return Crossings(float(each.max()) / ensembles, whole / ensembles)


Power = namedtuple("Power", "delta caught promised")
"""How often a violation is caught, and how often true ensembles say that it will be."""


def power(law, T, runs, ensembles, rng):
    """Return the median of ``detectable``, at the t where it is smallest, and the power at several violations.

    The claims are false at every t by ``VIOLATIONS``, and by once and one and a half times the median. An ensemble of
    sample mean m, in units of the true mean, and detectable d refutes a bound that the true mean exceeds by delta if
    (1 + delta) m >= 1 + d. What share of the true ensembles says so is the promised rate; others are tried. The average
    over t can do better than the one step that the promise is about.
    """
    d, m = np.empty((2, ensembles, T))
    for i in range(ensembles):
        (X,) = law(rng, (1, runs, T))
        d[i], m[i] = evidence.detectable(X, ALPHA), X.mean(axis=0)
    t = int(np.argmin(np.median(d, axis=0)))
    median = float(np.median(d[:, t]))
    deltas = np.array([*VIOLATIONS, median, 1.5 * median])
    caught = np.zeros(len(deltas))
    for _ in range(ensembles):
        (X,) = law(rng, (1, runs, T))
        e = [evidence.log_evidence_against(X, np.full(T, 1 / (1 + delta))) for delta in deltas]
        caught += np.array(e) >= math.log(1 / ALPHA)
    promised = [(np.mean((1 + delta) * m[:, t] >= 1 + d[:, t])) for delta in deltas]
    return median, [Power(*map(float, row)) for row in zip(deltas, caught / ensembles, promised, strict=True)]


Reach = namedtuple("Reach", "median caught caught_where_long")
"""How often a violation by what is ``detectable`` at ``reach`` is caught there: in all, and where reach is long."""


def reach(law, T, runs, ensembles, rng, halves=True):
    """Return how often the violation is caught that an ensemble states at the step up to which it says it sees.

    Each ensemble names a step and a violation, and another ensemble, false by so much at that step, is tested there.
    With ``halves`` one half of the runs names the step and the other the violation, as verdicts do; else all runs name
    both, and promise too much where they reach far, for they do so where they happen to look narrow.
    """
    steps, caught = [], []
    for _ in range(ensembles):
        X, other = law(rng, (2, runs, T))
        if halves:
            seen, delta = what_would_show(X, ALPHA)
        else:
            delta = evidence.detectable(X, ALPHA)
            seen = np.flatnonzero(delta <= 0.5)
        if seen.size and math.isfinite(delta[seen[-1]]):
            t = int(seen[-1])
            wealth = evidence.log_wealth(evidence.excess((1 + delta[t]) * other[:, [t]], np.ones(1)))
            steps.append(t + 1)
            caught.append(wealth.max() >= -math.log(ALPHA * evidence.shares(T)[t]))
    steps, caught = np.array(steps), np.array(caught)
    return Reach(float(np.median(steps)), float(caught.mean()), float(caught[steps >= np.quantile(steps, 0.75)].mean()))


Small = namedtuple("Small", "name claims case constants")
"""A small case with the theorems that apply to it, whose constants are all known."""


def small_cases(longest=10):
    """Yield an equality of T2, and a case for each setting of the ledger."""
    identity = Case(RACLoRA(sketches.Haar(4, 1), 1.0), Quadratic.left(np.eye(4), np.ones((4, 1))), steps=longest)
    yield Small("T2 with equality", [theorems.T2], identity, Constants.of(identity))
    rng = np.random.default_rng(7)
    regression = LeastSquares(rng.standard_normal((16, 4)), rng.standard_normal((16, 2)), l2=0.5)
    tries = {name: (setting.only or ("weighted_coordinate",))[0] for name, setting in SETTINGS.items()}
    for name, sketch in [("1/L", "haar"), *tries.items()]:
        setting = SETTINGS[name]
        side = "both" if "both" in setting.sides else "left"
        case = setting.named_case(setting.prepare(regression), None, sketch, 1, side)
        gamma = setting.step(Constants.of(case), case)
        is_method = isinstance(case.algorithm, MethodDescent)
        changed = case.algorithm.with_letters if is_method else partial(replace, case.algorithm)
        case = replace(case, algorithm=changed(gamma=gamma), steps=longest)
        if setting.shorten is not None:
            case = replace(case, algorithm=setting.shorten(case.algorithm, Constants.of(case)))
        constants = Constants.of(case)
        known = [theorems.ALL[claim] for claim in setting.usual_claims]
        claims = [theorem for theorem in known if not theorem.unmet(case, constants)]
        yield Small(f"{name}, {sketch}", claims, case, constants)


def refutations(small, verifications, seed, runs=64, until_decided=False):
    """Return how many of so many verifications of true theorems on a case refute, and of how many."""
    refuted = tried = 0
    assert small.claims, small.name
    while tried < verifications:
        stream = np.random.SeedSequence((seed, tried))
        how = {"runs": runs, "alpha": ALPHA, "seed": stream, "evidence": "sampled", "until_decided": until_decided}
        verdicts = judge(small.claims, small.case, small.constants, **how)
        refuted += sum(verdict.status is Status.VIOLATED for verdict in verdicts)
        tried += len(verdicts)
    return refuted, tried


Door = namedtuple("Door", "judge off")
"""How a claim is made of runs that did not come from us, met with equality, and by how much it is made wrong."""


def _judge_curves(law, T, ceiling):
    def judged(rng, off, alpha):
        (X,) = law(rng, (1, 100, T))
        curves = np.column_stack([np.full(len(X), np.nan), X])
        return judge_runs(curves, 1 + off, ceiling=ceiling, alpha=alpha).status

    return judged


def _judge_failures(rng, off, alpha):
    return judge_runs(rng.random(100) < 0.3, 0.3 * (1 + off), ceiling=1, alpha=alpha).status


def _judge_pairs(rng, off, alpha):
    A, B = rng.beta(2, 2, size=(2, 100))
    return compare_runs(A / (1 + max(off, 0)), B * (1 + min(off, 0)), ceiling=1.0, alpha=alpha).status


DOORS = {
    "uniform": Door(_judge_curves(uniform, 10, 2.0), 0.5),
    "gaps": Door(_judge_curves(gaps, 3, (4 / 3) ** np.arange(4)), 0.3),
    "failures": Door(_judge_failures, 1.0),
    "pairs": Door(_judge_pairs, 0.4),
}
"""Curves of two laws, a test that fails now and then, and two samples of one law, each with a proved ceiling."""


class Answers(NamedTuple):
    """How many claims were refuted, and how many confirmed, of how many each."""

    refuted: int
    confirmed: int
    ensembles: int

    @property
    def shares(self):
        """Both, in per cent."""
        return f"{self.refuted / self.ensembles:.2%}", f"{self.confirmed / self.ensembles:.2%}"


def door(name, ensembles, rng, off=0.0, alpha=0.05):
    """How often runs of 100 refute a claim too low, and confirm one too high, by ``off``: errors where it is 0."""
    judge = DOORS[name].judge
    refuted = sum(judge(rng, -off / (1 + off), alpha) is Status.VIOLATED for _ in range(ensembles))
    confirmed = sum(judge(rng, off, alpha) is Status.HOLDS for _ in range(ensembles))
    return Answers(refuted, confirmed, ensembles)


def row(*cells):
    """Print a line of a table at once: a long benchmark should show what it has."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def head(*cells):
    """Begin a table."""
    print()
    row(*cells)
    row(*("---" for _ in cells))


def report(scale):
    """Print every table, with ``scale`` times the full numbers of ensembles."""
    many = max(1_000, int(20_000 * scale))
    head("law", "t", "mean e-value", "of a process that peeks")
    for name, law in LAWS.items():
        for T in (1, 20):
            honest, peeking = (e_values(law, many, np.random.default_rng(T), T, peeking=p) for p in (False, True))
            row(name, T, honest, peeking)
    head("law", "T", "worst point", "whole curve", "ensembles")
    for name, law in LAWS.items():
        for T in (1, 10, 100, 1000):
            some = max(200, many // (1 if T <= 10 else 10 if T <= 100 else 40))
            found = crossings(law, T, some, np.random.default_rng(T))
            row(name, T, f"{found.worst:.4f}", f"{found.curve:.4f}", some)
    head("law", "T", "median d", *(f"{delta:.0%}" for delta in VIOLATIONS), "d", "1.5 d")
    for name, law in LAWS.items():
        for T in (1, 10, 100, 1000):
            some = max(10, int((400 if T <= 10 else 200 if T <= 100 else 40) * scale))
            median, found = power(law, T, 1_000, some, np.random.default_rng(T))
            row(name, T, f"{median:.1%}", *(f"{each.caught:.0%} ({each.promised:.0%})" for each in found))
    head("law", "T", "runs", "median reach", "caught", "where long", "by the same runs", "where long")
    for name, T, runs in REACHES:
        some = max(40, int(400 * scale))
        mended, same = (reach(LAWS[name], T, runs, some, np.random.default_rng(T), halves=h) for h in (True, False))
        shares = (f"{share:.0%}" for each in (mended, same) for share in (each.caught, each.caught_where_long))
        row(name, T, runs, f"{mended.median:.0f}", *shares)
    head("case", "theorems", "refuted", "verifications")
    for i, small in enumerate(cases := list(small_cases())):
        refuted, tried = refutations(small, 10_000 * scale / len(cases), i)
        row(small.name, ", ".join(theorem.id for theorem in small.claims), refuted, tried)
    refuted, tried = refutations(cases[0], 1_000 * scale, 99, runs=2048, until_decided=True)
    row("T2 with equality, until decided, at most 2048 runs", "T2", refuted, tried)
    head("runs of any origin", "refuted at equality", "confirmed at equality", "off by", "refuted", "confirmed")
    for i, name in enumerate(DOORS):
        some = max(40, int(4_000 * scale))
        equal, off = door(name, some, np.random.default_rng(i)), DOORS[name].off
        false = door(name, max(40, some // 10), np.random.default_rng(i + 100), off)
        row(name, *equal.shares, f"{off:.0%}", *false.shares)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full numbers of ensembles")
    sys.exit(report(parser.parse_args().scale))
