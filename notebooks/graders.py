"""What the library has against an answer to an exercise of the course, in no words if nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isclose, sqrt
from typing import Any

import numpy as np

from rac_theory import (
    Case,
    Clients,
    Constants,
    FiniteDifferences,
    Initialisation,
    Local,
    LoRA,
    Noisy,
    RACLoRA,
    Reshuffled,
    Status,
    Subset,
    Verdict,
    exact_rate,
    expected,
    learning_rate,
    measured_smoothness,
    prove,
    simulate,
    spectrum,
    theorems,
    verify,
)
from rac_theory.advice import Curvature, advise
from rac_theory.algorithms import DECAY, HEAVY_BALL, MOMENTUM, H, Method, gradient, state
from rac_theory.discovery import best_rate
from rac_theory.problems import Federated, LeastSquares, Problem, Quadratic
from rac_theory.runs import query_rates
from rac_theory.sketches import (
    Coordinate,
    FiniteSupport,
    Frozen,
    Gaussian,
    Haar,
    Sketch,
)
from rac_theory.statements import E, metric
from rac_theory.statements.assumptions import certified_minimum, polyak_lojasiewicz, smooth
from rac_theory.statements.symbols import L as L_of_f
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
from rac_theory.statements.symbols import momentum as b
from rac_theory.testing import check_sketch

# What the library says, in no words where it has nothing against an answer.


def said(verdict: Verdict) -> str:
    """What a verdict has against a claim."""
    return "" if verdict.status is Status.HOLDS else f"{verdict.theorem.id} {verdict.status.name}: {verdict.reason}"


def edge(fault: Callable[[Any], str], beyond: Callable[[Any], Any] = lambda x: 1.01 * x) -> Callable[[Any], str]:
    """Ask for the last number of which something is true: it must fail a little beyond."""

    def sharp(answer: Any) -> str:
        against = fault(answer)
        if against or fault(beyond(answer)):
            return against
        return f"that is true, but not the best: it is also true of {float(beyond(answer)):.4g}."

    return sharp


def least(fault: Callable[[Any], str]) -> Callable[[Any], str]:
    """Ask for the least number of which something is true."""
    return edge(fault, lambda x: x / 1.01)


def equal(truth: Callable[[], float], what: str, within: float = 0.01) -> Callable[[Any], str]:
    """Ask for a number that the library computes."""

    def fault(answer: float) -> str:
        if isclose(answer, truth(), rel_tol=within, abs_tol=1e-12):
            return ""
        return f"with {answer:.4g} {what} would be {'too large' if answer > truth() else 'too small'}."

    return fault


def round_bowl(d: int, curvature: float = 2.0, start: int | None = None) -> Problem:
    """``curvature / 2 ||W - W*||^2``; from zero all coordinates are wrong, or only that of the number ``start``."""
    return Quadratic.left(curvature * np.eye(d), np.ones((d, 1)) if start is None else np.eye(d)[:, [start]])


def t2(sketch: Sketch, problem: Problem, steps: int = 8, step: float | None = None, **claimed: Any) -> Verdict:
    """T2 at steps of 1/L, with constants as they are claimed."""
    case = Case(RACLoRA(sketch, step or 1 / problem.L), problem, steps=steps)
    return verify("T2", case, constants=replace(Constants.of(case), **claimed))


# 01


def steps_to_a_hundredth(steps: int) -> str:
    """Ask T2 what it leaves after so many steps."""
    problem = Quadratic.left(np.diag([1.0] + [0.1] * 9), np.ones((10, 1)))
    verdict = t2(Haar(10, 1), problem, steps=int(steps))
    left = verdict.bound[-1] / verdict.bound[0]
    return "" if left <= 0.01 else f"after {steps} steps T2 promises {left:.3g} of the gap."


# 03, 04, 05, 16


def noise_claimed(C: float) -> str:
    """Claim this C of a noise whose C is 9, where T6 is an equality."""
    case = Case(RACLoRA(Haar(8, 2), 0.25, gradients=Noisy(3.0)), round_bowl(8), steps=60)
    return said(verify("T6", case, constants=replace(Constants.of(case), C=C)))


def floor_of_t6(step: float) -> str:
    """Take such steps until the bound of T6 stands still."""
    case = Case(RACLoRA(Haar(4, 2), step, gradients=Noisy(2.0)), round_bowl(4), steps=4000)
    verdict = verify("T6", case)
    low = not said(verdict) and verdict.bound[-1] <= 1.001 / 9
    return said(verdict) or ("" if low else f"the bound of T6 comes down to {verdict.bound[-1]:.4g}, not to 1/9.")


def four_parts() -> Federated:
    """Return least squares in four parts, each steeper than their mean."""
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    return Federated(LeastSquares(rows, np.array([[1.0], [2.0], [0.0], [1.0]])), 4)


def epoch(step: float, steps: int = 4) -> Case:
    """Return reshuffled epochs of such steps."""
    return Case(RACLoRA(Coordinate(2, 1), step, gradients=Reshuffled()), four_parts(), steps=steps)


def ratio_of_floors() -> float:
    """Compare the floors of T8d at a step and at a quarter of it."""
    long, short = (theorems.T8d.bound(Constants.of(epoch(step)), 20_000)[-1] for step in (1 / 100, 1 / 400))
    return float(long / short)


def rounds(step: float, K: int, who: Any = None, steps: int = 4) -> Case:
    """Return rounds of K local steps on clients that want 3, 1, -1 and -3."""
    values = np.array([[3.0], [1.0], [-1.0], [-3.0]])
    problem = Federated(LeastSquares(np.ones((4, 1)), values), 4)
    clients = Clients(Local(K), who)
    return Case(RACLoRA(Coordinate(1, 1), step, gradients=clients), problem, np.full((1, 1), 9.0), steps=steps)


def floor_of_rounds(step: float) -> float:
    """Return where rounds of two clients come to stand, exactly."""
    return float(expected(rounds(step, 2, Subset(2), steps=800)).gap[-1])


# 06


def of_rank_one(gap: float) -> str:
    """Compare a gap with that to which LoRA of rank one comes from a good start."""
    target = Quadratic.left(np.eye(4), np.diag([4.0, 3.0, 2.0, 1.0]))
    lora = LoRA(Initialisation(B=Frozen(0.1 * np.eye(4)[:, :1]), A=Frozen(0.1 * np.eye(4)[:, :1])), 0.05)
    reached = simulate(Case(lora, target, steps=800), rng=0).gaps[0, -1]
    return "" if gap <= reached * 1.001 else f"LoRA of rank one went down to {reached:.4g}."


DIAGONAL = Quadratic.left(np.diag([1.0, 2.0, 4.0]), np.diag([3.0, 2.0, 1.0]))


def flaw_of_an_algorithm(algorithm: Any) -> str:
    """Name what keeps T2 from an algorithm."""
    if isinstance(algorithm, RACLoRA):
        return "Frozen" if isinstance(algorithm.sketch, Frozen) else "too long"
    return type(algorithm).__name__


# 07, 08


def of_three_lines(chances: Sequence[float]) -> str:
    """Draw three lines of the plane with these probabilities, and claim 1/2."""
    lines = np.array([[[1.0], [0.0]], [[0.0], [1.0]], [[sqrt(0.5)], [sqrt(0.5)]]])
    sketch = FiniteSupport(lines, np.array(chances, dtype=float))
    problem = Quadratic.left(2 * np.eye(2), np.array([[1.0], [-1.0]]))
    return said(t2(sketch, problem, lambda_min=0.5)) or (
        "" if spectrum(sketch).lambda_min > 0.499 else f"lambda_min is {spectrum(sketch).lambda_min:.3g}."
    )


@dataclass(frozen=True)
class Claimed:
    """A sketch that somebody draws, with what somebody says of it."""

    dim: int
    rank: int
    draw: Callable[[np.random.Generator, int], Any]
    diagonal: tuple[float, ...]

    def sample(self, rng: np.random.Generator, size: int) -> Any:
        """Draw (size, dim, rank)."""
        return self.draw(rng, size)

    def expected_projection(self) -> Any:
        """What somebody says."""
        return np.diag(self.diagonal)


def straight(rng: np.random.Generator, size: int) -> Any:
    """Draw two neighbours of five coordinates on a line."""
    return np.eye(5)[rng.integers(4, size=(size, 1)) + np.arange(2)].swapaxes(1, 2)


def says(diagonal: Sequence[float]) -> str:
    """Compare what somebody says of windows on a line with draws."""
    check_sketch(Claimed(5, 2, straight, tuple(map(float, diagonal))))
    return ""


def isotropic(draw: Callable[[np.random.Generator, int], Any]) -> str:
    """Compare draws of somebody with the law that has no preferred direction."""
    check_sketch(Claimed(4, 1, draw, (0.25,) * 4))
    return ""


def flaw_of_draws(draw: Any) -> str:
    """Name what draws of somebody have in common."""
    first, second = (np.asarray(draw(np.random.default_rng(seed), 50)) for seed in (1, 2))
    flaws = {
        "seeded": np.array_equal(first, second),
        "repeated": float(np.ptp(first, axis=0).max()) == 0,
        "of one sign": bool((first >= 0).all()),
    }
    return next((flaw for flaw, found in flaws.items() if found), "")


# 09


def factor(rho: float) -> str:
    """Claim that the gap falls by rho a step."""
    case = Case(RACLoRA(Haar(8, 4), 1.5), round_bowl(8, 1.0), steps=6)
    share = Fraction((1 - rho) / 0.75).limit_denominator(10**6)
    claim = E(metric.gap) <= (1 - share * gamma * mu * lambda_min) ** T * gap0
    given = tuple(condition for condition in theorems.T2.given if "gamma L" not in str(condition))
    return said(verify(replace(theorems.T2, id="yours", given=given, claim=claim), case))


def promised_over_needed() -> float:
    """Compare the factor that T2 promises with the exact rate."""
    steep = Quadratic.left(np.diag([1.0, 0.001, 0.001, 0.001]), np.ones((4, 1)))
    case = Case(RACLoRA(Haar(4, 2), 1.0), steep)
    return float(np.log(exact_rate(case)) / np.log(1 - 0.001 / 2))


# 10, 11


def on_the_right(share: float) -> str:
    """Claim this share of a sketch of rank one on the right."""
    problem = Quadratic.left(2 * np.eye(12), np.ones((12, 1)) @ np.eye(3)[:1])
    case = Case(RACLoRA(Haar(3, 1), 0.5, side="right"), problem, steps=8)
    return said(verify("T2", case, constants=replace(Constants.of(case), lambda_min=share)))


def as_good_as_the_right(rank: int) -> str:
    """Compare sketches on both sides."""
    left = spectrum(Haar(12, rank)).lambda_min
    return "" if left >= 1 / 3 - 1e-12 else f"lambda_min on the left is {left:.4g}, and 1/3 on the right."


def cheaper_side(side: str) -> str:
    """Compare what is promised of both sides."""
    known = Curvature.of_spectrum(np.array([1.0] + [0.01] * 23), side="left")
    steps: dict[str, float] = {
        at.side: at.slowdown for at in advise([(24, 8)], ranks=[1], sketches=["haar"], curvature=known).options
    }
    if side not in steps:
        return f"got {side!r}, of {', '.join(steps)}."
    other = "right" if side == "left" else "left"
    promise = f"{steps[side]:.3g} times the steps of full training are promised there, {steps[other]:.3g} on the other."
    return "" if steps[side] < steps[other] else promise


def budget_without_curvature() -> float:
    """Return how many numbers rank two is promised to train."""
    options = advise([(8, 8)], ranks=[2], curvature=None).options
    return next(option.budget for option in options if option.side == "left")


# 12


def shows_short_steps(curvatures: Sequence[float]) -> str:
    """Take steps of 0.95/L and judge them as steps of 1/L."""
    if max(curvatures) != 1:
        return f"the largest curvature must be L = 1, got {max(curvatures)}."
    problem = Quadratic.left(np.diag(curvatures), np.ones((len(curvatures), 1)))
    case = Case(RACLoRA(Coordinate(len(curvatures), 1), 0.95), problem, steps=40)
    verdict = verify("T2", case, constants=replace(Constants.of(case), gamma=1.0))
    ratio = max(np.asarray(verdict.mean)[1:] / np.asarray(verdict.bound)[1:])
    return (
        ""
        if verdict.status is Status.VIOLATED
        else f"T2 HOLDS: the gap comes no nearer to the bound than {ratio:.3g} of it."
    )


def still_hidden(steps: int) -> str:
    """Draw three of four coordinates and claim all: the last never moves."""
    three = FiniteSupport(np.stack([np.eye(4)[:, [i]] for i in range(3)]), np.full(3, 1 / 3))
    problem = Quadratic.left(np.diag([1.0, 1.0, 1.0, 0.5]), np.ones((4, 1)))
    case = Case(RACLoRA(three, 1.0), problem, steps=int(steps))
    claimed = replace(Constants.of(case), lambda_min=0.25)
    verdict = verify("T2", case, constants=claimed)
    return "" if verdict.status is Status.VIOLATED else f"after {steps} steps T2 is not yet contradicted."


# 13


def is_proved(reach: Any, share: Any) -> str:
    """Search a proof that steps up to ``reach / L`` take ``share`` of ``gamma mu lambda_min`` off the gap."""
    reach, share = (Fraction(x).limit_denominator(1000) for x in (reach, share))
    given = (smooth, gamma * L_of_f <= reach, certified_minimum, polyak_lojasiewicz, lambda_min > 0)
    claim = E(metric.gap) <= (1 - share * gamma * mu * lambda_min) ** T * gap0
    proof = prove(replace(theorems.T2, id="yours", given=given, claim=claim))
    return "" if proof is not None else f"no proof was found of a share of {share} for steps up to {reach}/L."


# 14, 15

ALIKE = Quadratic.left(np.ones((4, 4)), np.ones((4, 1)))
STEEP = Quadratic.left(np.diag([4.0, 1.0, 1.0]), np.eye(3)[:, :1])
SIXTEEN = Quadratic.left(np.diag([1.0] * 2 + [1 / 14] * 14), np.ones((16, 1)))


def promises_most(step: float) -> str:
    """Compare the bound at a step with those of a longer and of a shorter one."""
    bounds: list[float] = []
    for near in (1.0, 1.02, 1 / 1.02):
        verdict = verify("T13_pl", Case(RACLoRA(Coordinate(4, 1), near * step), ALIKE, steps=4))
        if not bounds and said(verdict):
            return said(verdict)
        bounds.append(verdict.bound[-1] if verdict.bound is not None else np.inf)
    better = "longer" if bounds[1] < bounds[2] else "shorter"
    return "" if bounds[0] <= min(bounds[1:]) else f"T13_pl promises more of a {better} step."


def falls_on_average(step: float) -> str:
    """Take one step from the steepest direction, in expectation."""
    gap = expected(Case(RACLoRA(Haar(3, 1), step), STEEP, steps=1)).gap
    return "" if gap[1] <= gap[0] else f"after one step E f is {gap[1]:.4g}, and it began at {gap[0]:.4g}."


def gains_most(rate: float) -> str:
    """Compare the gain of a learning rate with the best."""
    known = learning_rate(SIXTEEN, Gaussian(16, 2), lora_alpha=8)
    gain = known.gain(rate).nu
    return "" if gain > 0.9999 * known.nu else f"its gain is {gain:.3g}, and the best gain is {known.nu:.3g}."


def carried_to_rank_four() -> float:
    """Return the lora_alpha at which the best learning rate is that of rank one."""
    one = learning_rate(SIXTEEN, Gaussian(16, 1), lora_alpha=1).best
    return float(sqrt(learning_rate(SIXTEEN, Gaussian(16, 4), lora_alpha=1).best / one))


# 17, 18, 19, 20


def fastest_count(count: int) -> str:
    """Compare how fast q directions are for each value of f."""
    steep = Quadratic.left(np.diag([1.0] + [0.01] * 5), np.ones((6, 1)))
    speeds = {rate.queries: rate.speed for rate in query_rates(steep, range(1, 7), currency="forward", best=True)}
    return (
        ""
        if speeds[count] == max(speeds.values())
        else f"its speed is {speeds[count]:.5f} a value of f, the best {max(speeds.values()):.5f}."
    )


def floor_of_differences(h: float) -> str:
    """Take differences at such a distance until the bound of T20_pl stands still."""
    problem = Quadratic.left(np.diag([1.0, 0.5]), np.ones((2, 1)))
    verdict = verify("T20_pl", Case(RACLoRA(Coordinate(2, 1), 1.0, gradients=FiniteDifferences(h)), problem, steps=200))
    low = verdict.bound[-1] <= 5e-6 * 1.0001
    return said(verdict) or ("" if low else f"the bound of T20_pl comes down to {verdict.bound[-1]:.2g}, not to 5e-6.")


def with_room(step: float) -> str:
    """Apply T1 where L is 0.8."""
    case = Case(RACLoRA(Haar(4, 2), step), round_bowl(4, 0.8), steps=4)
    return said(verify("T1", case))


def side_of_what_was_measured(words: str) -> str:
    """Measure an L that is known."""
    start, algorithm = np.ones((3, 1)), RACLoRA(Haar(3, 1), 0.1)
    problem = Quadratic.left(np.diag([4.0, 1.0, 1.0]), np.zeros((3, 1)))
    measured = measured_smoothness(simulate(Case(algorithm, problem, start, steps=20), runs=4, rng=0, record=["W"]))
    truth = "at most L" if measured.largest <= problem.L else "at least L"
    return "" if words == truth else f"measured: {measured.largest:.4g}, where L is {problem.L:.4g}."


def as_fast_as_momentum() -> float:
    """Return the plain step that has the exact rate of a trainer's momentum."""
    problem, rate = round_bowl(4, 1.0), None
    rate = exact_rate(Case(HEAVY_BALL(Coordinate(4, 1), gamma=0.001, beta=0.9), problem))
    return 1 - sqrt(1 - 4 * (1 - rate))  # the plain step with 1 - (2 gamma - gamma^2) / 4 for its factor


def end_of_decay(omega: float) -> str:
    """Let decay act beside the projection, and see where the weights end."""
    case = Case(DECAY(Coordinate(8, 2), gamma=0.02, omega=omega), round_bowl(8, 1.0), steps=1500)
    end = 1 - sqrt(2 * expected(case).gap[-1] / 8)
    return "" if isclose(end, 10 / 11, rel_tol=0.003) else f"every coordinate ends near {end:.3f}, and 10/11 is 0.909."


def reported(coefficient: Any) -> str:
    """Prove a rate of the point that is reported, of momentum by a mean."""
    X, V = state("X", "V")
    average = b * V + (1 - b) * H(gradient(X))
    try:
        method = Method({X: X - gamma * average, V: average}, start={V: 0}, report=X + coefficient * V)
        case = Case(method(Coordinate(4, 1), gamma=0.4, b=0.5), round_bowl(4, 1.0), steps=3)
        proved = best_rate(method, Constants.of(case)).check()
    except ValueError as error:
        return f"{error}."
    return "" if proved else "no rate was proved."


def without_momentum(theorem: str) -> str:
    """Compare the bound of a theorem with that of T22 at b = 0."""
    c = Constants.of(Case(MOMENTUM(Haar(4, 2), gamma=0.5, b=0.0), round_bowl(4, 1.0), steps=5))
    mine, other = theorems.T22.bound(c, 5)[1:], theorems.ALL[theorem].bound(c, 5)[1:]
    return "" if np.allclose(mine, other) else f"T22 is {mine[-1]:.3g} at T = 5 there, and {theorem} {other[-1]:.3g}."
