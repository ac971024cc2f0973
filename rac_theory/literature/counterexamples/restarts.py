"""C4: whether Chain of LoRA ends far from the optimum at small steps is decided by how its links start."""

from fractions import Fraction
from math import log, log1p, sqrt

import numpy as np

from rac_theory.algorithms import Algorithm, ChainOfLoRA, Initialisation, LoRA, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Exact, Lines, Witness, exact
from rac_theory.literature.counterexamples.loss_of_smoothness import CURVATURES, random_paper_quadratic
from rac_theory.literature.counterexamples.low_rank import floor
from rac_theory.problems import Quadratic
from rac_theory.runs import expected, simulate
from rac_theory.sketches import Frozen, Haar


def exact_link(V: Exact, A: Exact, gamma: Fraction, steps: int) -> Exact:
    """Return the error V = W - W* after one link of rank one from ``B = 0`` and A on the quadratic, exactly."""
    B, W = 0 * A, V
    for _ in range(steps):
        G = 2 * exact(CURVATURES).reshape(3, 3) * W
        B, A = B - gamma * (G @ A), A - gamma * (B @ G)
        W = V + np.outer(B, A)
    return W


def multiplier(alpha: float, sigma: float, gamma: float, steps: int) -> float:
    r"""Return the factor by which a link with a fixed start moves a small error away from a spurious fixed point.

    On ``f = ||V||^2 / 2`` at V with ``V a' = 0``, for the part of ``V a'`` along a left singular vector of V with
    singular value sigma, and ``alpha = ||a||^2``. The fixed point attracts where all of them are below one in size.
    """
    s = sqrt(alpha**2 + 4 * sigma**2)
    return 1 + alpha / s * ((1 - gamma * (alpha + s) / 2) ** steps - (1 - gamma * (alpha - s) / 2) ** steps)


def measured_multiplier(sigma: float, gamma: float, steps: int) -> float:
    """Return the same from one link that starts close to such a point, with a = (1, 0, 0)."""
    problem = Quadratic.left(np.eye(3), np.zeros((3, 3)))
    p = 1e-7
    V = np.array([[p, sigma, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    method = ChainOfLoRA(Initialisation(A=Frozen(np.eye(3)[:, :1])), gamma, steps, "fixed")
    return float(simulate(Case(method, problem, V, steps=steps)).W[0, 0, 0] / p)


def proved_step(gap0: float, smoothness: float, steps: int, rank: int = 1) -> float:
    r"""Return a step at which no link raises f, if it starts from one zero factor and r orthonormal rows or columns.

    The first step is one of RAC-LoRA. As long as f does not rise :math:`\|G\| \le g = \sqrt{2 L \Delta_0}`, so that the
    norm of the factors grows by at most :math:`1 + \gamma g` a step, and for the K - 1 later steps C8 asks for
    :math:`\gamma \le 1 / (4 \sqrt 2 (L r (1 + \gamma g)^{2 K} + g))`.
    """
    g = sqrt(2 * smoothness * gap0)
    low, high = 0.0, 1 / smoothness
    for _ in range(60):
        gamma = (low + high) / 2
        room = (1 / (4 * sqrt(2) * gamma) - g) / (smoothness * rank)  # for the power, which need not be a float
        if room > 0 and 2 * steps * log1p(gamma * g) <= log(room):
            low = gamma
        else:
            high = gamma
    return low


L, LINK = 20.0, 10
UNIT = Initialisation(A=Haar(3, 1))
"""B = 0, and a row A of length one."""


def gather(example: Counterexample) -> Witness:
    """Try fixed and fresh restarts."""
    runs = _runs(example)
    bound = floor(example.problem, example.start, 1)
    checks = (_fixed_point(), *_attraction(), _ends(runs, bound))
    against = (
        *(_never_rises(example, steps) for steps in (1, LINK)),
        _links_of_one_step(example),
        _fresh(runs["COLA, fresh restart"]),
        _long_links(),
    )
    medians = {name: np.median(values, axis=0) for name, values in runs.items()}
    picture = Lines.over_steps(medians, {"floor of rank 1": bound}, r"median of $f(W^t) - f^\star$")
    return Witness(checks, picture, against)


def _runs(example: Counterexample) -> dict[str, Array]:
    """Return f along 64 runs of each method at gamma = 0.1/L, (64, 4001)."""
    gamma = 0.1 / L
    methods: dict[str, Algorithm] = {
        "LoRA": LoRA(UNIT, gamma),
        "COLA, fixed restart": ChainOfLoRA(UNIT, gamma, LINK, "fixed"),
        "COLA, fresh restart": ChainOfLoRA(UNIT, gamma, LINK, "fresh"),
    }
    return {
        name: simulate(Case(method, example.problem, steps=4000), runs=64, rng=example.seed).values
        for name, method in methods.items()
    }


def _fixed_point() -> Check:
    """The first column of W is right, the others are not, and a = (1, 0, 0)."""
    V, a = exact([[0, 1, 0], [0, 0, 2], [0, -1, 1]]), exact([1, 0, 0])
    links = (1, 2, 10)
    stays = [np.array_equal(exact_link(V, a, Fraction(1, 200), steps), V) for steps in links]
    sentence = "where G a' = 0, links of {}, {} or {} steps from (0, a) change nothing at all, and f - f* = {}"
    return Check.exact(sentence.format(*links, (V * V).sum()), *stays)


def _attraction() -> list[Check]:
    """The factor of a link in closed form, and from a link that starts close by."""
    checks = []
    for steps, attracts in ((10, True), (20, False)):
        predicted, measured = multiplier(1, 1.8, 0.1, steps), measured_multiplier(1.8, 0.1, steps)
        word = "attracts" if attracts else "repels"
        right = (abs(predicted - measured) < 1e-5 * max(1, abs(predicted)), (abs(predicted) < 1) == attracts)
        factors = f"factor {predicted:.4f}, seen {measured:.4f}"
        checks.append(
            Check.bounded(f"on ||V||^2/2 with a link of {steps} steps such a point {word}: {factors}", *right)
        )
    return checks


def _ends(runs: dict[str, Array], bound: float) -> Check:
    lora, fixed = (float(np.median(runs[name][:, -1])) for name in ("LoRA", "COLA, fixed restart"))
    return Check.simulated(
        f"at gamma = 0.1/L LoRA ends at {lora:.4g}, at or above its floor {bound:.4g}, and COLA with a "
        f"fixed restart every {LINK} steps at {fixed:.4g} (medians of 64 runs)",
        lora >= bound,
        fixed > 0.1,
    )


def _proved(example: Counterexample, gamma: float, links: int) -> Array:
    """Return what is proved of E gap after 0, 1, ..., links if no link raises f: as much as of RAC-LoRA."""
    gap0 = float(example.problem.value(example.start[None])[0])
    rho = 1 - gamma * (2 - gamma * L) * example.problem.mu / 3
    return np.asarray(gap0 * rho ** np.arange(links + 1))


def _step(example: Counterexample, steps: int) -> float:
    return proved_step(float(example.problem.value(example.start[None])[0]), L, steps)


def _never_rises(example: Counterexample, steps: int) -> Check:
    """Links that never raise f do at least what their first step does, which is RAC-LoRA."""
    gamma, links = _step(example, steps), 100
    chain = Case(ChainOfLoRA(UNIT, gamma, steps), example.problem, steps=links * steps)
    runs = simulate(chain, runs=128, rng=example.seed).values
    ratio = (runs[:, ::steps].mean(axis=0) / _proved(example, gamma, links))[1:].max()
    rises = int((np.diff(runs, axis=1) > 1e-12 * runs[:, :-1]).sum())
    sentence = f"gamma = {gamma * L:.4f}/L, links of {steps}: {rises} rises, mean over proved bound at most {ratio:.4f}"
    return Check.simulated(sentence, rises == 0, ratio < 1 + 1e-2)


def _links_of_one_step(example: Counterexample) -> Check:
    """The exact expectation, and what is proved."""
    gamma, steps = _step(example, 1), 500
    curve = expected(Case(RACLoRA(Haar(3, 1), gamma, side="right"), example.problem, example.start, steps=steps)).gap
    proved = _proved(example, gamma, steps)
    sentence = f"links of one step are RAC-LoRA: E gap after {steps} is {curve[-1]:.4g}, proved {proved[-1]:.4g}"
    return Check.exact(sentence, bool((curve <= proved * (1 + 1e-9)).all()))


def _fresh(values: Array) -> Check:
    worst = values[:, -1].max()
    return Check.simulated(f"with a fresh restart every run ends below {worst:.1e}", worst < 1e-3)


def _long_links() -> Check:
    W_star = np.random.default_rng(0).standard_normal((3, 3))
    method = ChainOfLoRA(UNIT, 0.3, 200, "fixed")
    worst = simulate(Case(method, Quadratic.left(np.eye(3), W_star), steps=6000), runs=32, rng=0).values[:, -1].max()
    return Check.simulated(
        f"on ||V||^2/2 even a fixed restart, in links of 200 steps, ends below {worst:.1e}", worst < 1e-5
    )


C4 = Counterexample(
    id="C4",
    name="restarts decide",
    statement="At small steps LoRA ends at or above its floor, and Chain of LoRA with a fixed restart (0, a) stays "
    "wherever G(W) a' = 0, which attracts if links are short.",
    source="public discussion of arXiv:2410.08305; what is true of it is derived",
    mark="second-hand",
    cause="spurious stationary point",
    problem=random_paper_quadratic(0),
    method=ChainOfLoRA(UNIT, 0.1 / L, LINK, "fixed"),
    gather=gather,
    condition="the restart is fixed, and links are short; a fresh isotropic restart converges linearly",
    in_circulation="at smaller steps LoRA and Chain of LoRA converge, but far from the optimum",
)
