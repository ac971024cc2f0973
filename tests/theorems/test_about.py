"""Which algorithms a theorem is about: of any other it says so in a sentence, and nothing else."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from rac_theory import (
    GD,
    SGD,
    Bernoulli,
    Case,
    CertifiedStep,
    Clients,
    Constants,
    CyclicRACLoRA,
    Decreasing,
    Exact,
    FiniteDifferences,
    GaLore,
    Local,
    Minibatch,
    Noisy,
    RACLoRA,
    Reshuffled,
    Subset,
    theorems,
)
from rac_theory.algebra import Symbol
from rac_theory.algorithms import (
    ACCELERATED,
    EF21,
    FEEDBACK,
    SHIFTED_MOMENTUM,
    H,
    Method,
    MomentumInLinks,
    Preconditioned,
    gradient,
    letter,
    state,
)
from rac_theory.problems import Federated, LeastSquares
from rac_theory.sketches import BlockPartition, Coordinate, Gaussian, Haar
from rac_theory.statements import About, about
from tests.as_one_test import as_one_test

DATA = LeastSquares(np.random.default_rng(0).standard_normal((12, 3)), np.arange(24.0).reshape(12, 2), l2=2.0)
THIRDS = Federated(DATA, 3)
UNEQUAL = Federated(DATA, [[0, 1], [2, 3, 4, 5, 6, 7, 8], [9, 10, 11]], "rows")
PLAIN = RACLoRA(Haar(3, 1), 0.01, lora_alpha=2.0)
FALLS = Decreasing(GD(0.1), 2.0)
COIN = Bernoulli(Haar(3, 1), Haar(2, 1), 0.01)
QUICK = ACCELERATED(Haar(3, 1), gamma=0.01, alpha=0.1, s=0.5, lambda_min=0.3)

BACKWARDS = "gamma, the size of a step, must be positive, it is -0.1"
MOMENTUM = "the theorem is about momentum on projected gradients at W = X - gamma b M, the algorithm is"
FEEDS_BACK = "the theorem is about error feedback at W = X - D, the algorithm is"
X, M = state("X", "M")
g, b = Symbol("gamma"), letter("b")
LETTERS = {"gamma": 0.1, "b": 0.5}
KEEPS = Method({X: X - g * H(gradient(X)), M: b * M + gradient(X)}, start={M: 0})(Haar(3, 1), **LETTERS)
LONGER = Method({X: X - g * (1 + b) * H(gradient(X))})(Haar(3, 1), **LETTERS)
"""Like a step of RAC-LoRA, whatever it keeps; and of another length."""
_seen = H(gradient(X + M))
_whole = M + gradient(X)
FED_BACK = Method({X: X - g * H(_whole), M: _whole - H(_whole)}, start={M: 0}, report=X - g * M)(Haar(3, 1), gamma=0.1)
"""Error feedback, M in units of the gradient."""
LATE = Method({X: X - g * M, M: M + H(gradient(X) - M)}, start={M: 0})(Haar(3, 1), gamma=0.1)
"""It moves along what was kept before."""
AHEAD, BESIDE = (
    Method({X: X - g * _seen, M: b * M + shift * _seen}, start={M: 0})(Haar(3, 1), **LETTERS) for shift in (g * b, g)
)
"""Momentum, M in units of its shift; and one that is not as far ahead as it has to be."""


@dataclass(frozen=True)
class Newton:
    """An algorithm of nobody's theorem."""

    gamma: float = 0.1
    deterministic: bool = True

    def check(self, problem):
        pass

    def iterates(self, problem, W, rng):
        yield W


class Half:
    """Gradients that are none."""

    def descend(self, problem, W, step, rng):
        return step(W, problem.gradient(W) / 2)


def projected(gradients):
    return RACLoRA(Haar(3, 1), 0.01, gradients=gradients)


def no_gradients(rule, source="Half"):
    return f"gradients {rule}, they come from {source}"


NOT_PROJECTED = [
    (Newton(), "the theorem is about RAC-LoRA, the algorithm is Newton"),
    (GaLore(1, 0.1), "the theorem is about RAC-LoRA, the algorithm is GaLore"),
    (PLAIN, "the theorem is about the projected step, lora_alpha is 2"),
    (
        Decreasing(GD(0.1), 2.0),
        f"the theorem is about steps of one size, those of {Decreasing(GD(0.1), 2.0)!r} decrease",
    ),
]
FULL, DRAWN, UNBIASED = "must be full gradients", "must be those of clients", "must be one unbiased gradient a sketch"
FALLING = "the theorem is about RAC-LoRA with steps that decrease, the algorithm is RACLoRA"
RANDOM = "the theorem is about random steps along the gradient, the algorithm is"
NOT_PLAIN = [
    (GD(0.1), "the theorem is about RAC-LoRA with the plain step, lora_alpha is not set"),
    (COIN, "the theorem is about RAC-LoRA with the plain step, lora_alpha is not set"),
    (replace(PLAIN, gradients=Noisy(1.0)), no_gradients(FULL, "Noisy")),
]
OTHERS = {
    about.rac_lora_exact: [
        *NOT_PROJECTED,
        (AHEAD, f"the theorem is about RAC-LoRA, the algorithm is {AHEAD.method!r}"),
        (KEEPS.with_letters(gamma=-0.1), BACKWARDS),
        (LONGER, f"the theorem is about RAC-LoRA, the algorithm is {LONGER.method!r}"),
        (projected(Half()), no_gradients("must be exact")),
        (SGD(1.0, CertifiedStep()), no_gradients("must be exact", "CertifiedStep")),
    ],
    about.rac_lora_certified: [
        *NOT_PROJECTED,
        (GD(0.1), no_gradients("must be those of a certified step", "Exact")),
        (SGD(1.5, CertifiedStep()), "gamma, a factor of certified steps, must be at most 1, it is 1.5"),
    ],
    about.rac_lora_in_turns: [(GD(0.1), "the theorem is about blocks that take turns, the algorithm is RACLoRA")],
    about.rac_lora_by_differences: [*NOT_PROJECTED, (GD(0.1), no_gradients("must be finite differences", "Exact"))],
    about.galore_exact: [
        (GD(0.5), "the theorem is about GaLore, the algorithm is RACLoRA"),
        (GaLore(1, 0.1, Noisy(0.1)), no_gradients("must be exact", "Noisy")),
    ],
    about.rac_lora_stochastic: [
        *NOT_PROJECTED,
        (projected(Local(2)), no_gradients(f"{UNBIASED} with known noise", "Local")),
        (SGD(0.1, FiniteDifferences(0.1)), no_gradients(f"{UNBIASED} with known noise", "FiniteDifferences")),
    ],
    about.rac_lora_momentum: [
        (GD(0.1), f"{MOMENTUM} RACLoRA"),
        (KEEPS, f"{MOMENTUM} {KEEPS.method!r}"),
        (AHEAD.with_letters(gamma=-0.1), BACKWARDS),
        (BESIDE, f"{MOMENTUM} {BESIDE.method!r}"),
        (
            SHIFTED_MOMENTUM(Haar(3, 1), gradients=FiniteDifferences(0.1), gamma=0.1, b=0.5),
            no_gradients(f"{UNBIASED} with known noise", "FiniteDifferences"),
        ),
    ],
    about.rac_lora_accelerated: [
        (GD(0.1), "the theorem is about the method ACCELERATED, the algorithm is RACLoRA"),
        (AHEAD, f"the theorem is about the method ACCELERATED, the algorithm is {AHEAD.method!r}"),
        (QUICK.with_letters(gamma=-0.1), BACKWARDS),
        (
            ACCELERATED(Haar(3, 1), gradients=Noisy(0.1), **QUICK.letters),
            no_gradients("must be exact", "Noisy"),
        ),
    ],
    about.rac_lora_feedback: [
        (GD(0.1), f"{FEEDS_BACK} RACLoRA"),
        (AHEAD, f"{FEEDS_BACK} {AHEAD.method!r}"),
        (FED_BACK.at_iterate, f"{FEEDS_BACK} {FED_BACK.at_iterate.method!r}"),
        (FED_BACK.with_letters(gamma=-0.1), BACKWARDS),
        (
            FEEDBACK(Haar(3, 1), gradients=Clients(Exact()), gamma=0.1),
            no_gradients(f"{UNBIASED} with known noise", "Clients"),
        ),
    ],
    about.rac_lora_ef21: [
        (GD(0.1), "the theorem is about the method EF21, the algorithm is RACLoRA"),
        (FED_BACK, f"the theorem is about the method EF21, the algorithm is {FED_BACK.method!r}"),
        (LATE, f"the theorem is about the method EF21, the algorithm is {LATE.method!r}"),
        (EF21(Haar(3, 1), gamma=-0.1), BACKWARDS),
        (EF21(Haar(3, 1), gradients=Noisy(0.1), gamma=0.1), no_gradients("must be exact", "Noisy")),
    ],
    about.rac_lora_preconditioned: [
        (GD(0.1), "the theorem is about preconditioned steps, the algorithm is RACLoRA"),
        (AHEAD, f"the theorem is about preconditioned steps, the algorithm is {AHEAD.method!r}"),
    ],
    about.momentum_in_links: [
        (GD(0.1), "the theorem is about momentum in links, the algorithm is RACLoRA"),
        (MomentumInLinks(Haar(3, 1), 0.1, 0.5, 2), "momentum must be reset to zero at each redraw, it is carried"),
    ],
    about.rac_lora_steepest: [
        (GD(0.1), "the theorem is about steepest steps of one size, the algorithm is RACLoRA"),
    ],
    about.rac_lora_root_steps: [
        (GD(0.1), FALLING),
        (FALLS, "steps must fall like t^-p with p = 0.5, their power is 1.0"),
        (
            replace(FALLS, power=0.5 + 2**-53),
            f"steps must fall like t^-p with p = 0.5, their power is {0.5 + 2**-53!r}",
        ),
        (Decreasing(PLAIN, 2.0, 0.5), "the theorem is about the projected step, lora_alpha is 2"),
    ],
    about.rac_lora_harmonic_steps: [
        (GD(0.1), FALLING),
        (Decreasing(GD(0.1), 2.0, 0.5), "steps must fall like t^-p with p = 1, their power is 0.5"),
    ],
    about.rac_lora_reshuffled: [
        *NOT_PROJECTED,
        (GD(0.1), no_gradients("must be those of a reshuffled epoch", "Exact")),
    ],
    about.fed_rac_lora: [
        *NOT_PROJECTED,
        (GD(0.1), no_gradients(DRAWN, "Exact")),
        (projected(Clients(Reshuffled())), "clients must take full gradient steps, theirs come from Reshuffled"),
        (projected(Clients(Local(4), Subset(2))), "all clients must take part, here Subset(size=2) does"),
    ],
    about.fed_rac_lora_sampled: [
        *NOT_PROJECTED,
        (GD(0.1), no_gradients(DRAWN, "Exact")),
        (
            projected(Clients(Minibatch(2))),
            "clients must take full gradient steps or reshuffled epochs, theirs come from Minibatch",
        ),
        (projected(Clients(Reshuffled())), "epochs must be equally long, clients have 2 to 7 components"),
    ],
    about.plain_or_fitted: NOT_PLAIN,
    about.plain_gaussian_rac_lora: [
        *NOT_PLAIN,
        (replace(PLAIN, sketch=Coordinate(3, 1)), "the sketch must be Gaussian"),
        (
            RACLoRA(Gaussian(3, 1), 0.01, gradients=Local(2), lora_alpha=1.0),
            "there must be one step before the merge, there are 2",
        ),
    ],
    about.one_exact_step: [
        (GaLore(1, 0.1), f"{RANDOM} GaLore"),
        (CyclicRACLoRA(BlockPartition(3, 1), 0.1), f"{RANDOM} CyclicRACLoRA"),
        (projected(Noisy(1.0)), no_gradients("must be exact", "Noisy")),
        (projected(Local(2)), "there must be one step before the merge, there are 2"),
    ],
    about.bernoulli_lora: [(GD(0.1), "the theorem is about Bernoulli-LoRA, the algorithm is RACLoRA")],
}


@as_one_test("id", [*theorems.ALL, "T11"])
def test_of_another_algorithm_nothing_else_is_said(id):
    """Would catch a kind that is let in, and what is asked of numbers told of an algorithm that is another."""
    theorem = getattr(theorems, id)
    problem = UNEQUAL if theorem.about is about.fed_rac_lora_sampled else THIRDS
    for algorithm, told in OTHERS[theorem.about]:
        case = Case(algorithm, problem, steps=5)
        c = Constants(gamma=algorithm.gamma, inner_steps=2 if "there are 2" in told else 1)
        assert theorem.about(case, c) == told
        if id in theorems.ALL:
            assert theorem.unmet(case, c) == (told,)


RIGHT = {
    about.rac_lora_exact: [GD(0.1), COIN, KEEPS],
    about.rac_lora_momentum: [AHEAD],
    about.rac_lora_accelerated: [QUICK],
    about.rac_lora_feedback: [FED_BACK],
    about.rac_lora_ef21: [EF21(Haar(3, 1), gamma=0.1), EF21(None, gamma=0.1)],
    about.rac_lora_preconditioned: [Preconditioned(Haar(3, 2), 0.1, [0.5, 2.0])],
    about.rac_lora_stochastic: [
        KEEPS,
        GD(0.1),
        SGD(0.1, Noisy(1.0)),
        SGD(0.1, Minibatch(2)),
        replace(COIN, gradients=Noisy(1.0)),
    ],
    about.rac_lora_root_steps: [Decreasing(SGD(0.1, Noisy(1.0)), 2.0, 0.5)],
    about.rac_lora_harmonic_steps: [Decreasing(COIN, 2.0)],
    about.fed_rac_lora: [projected(Clients(Exact())), projected(Clients(Local(3)))],
    about.fed_rac_lora_sampled: [
        *(projected(Clients(source, Subset(2))) for source in (Exact(), Local(3), Reshuffled())),
        projected(Clients(Reshuffled())),
    ],
    about.plain_or_fitted: [replace(PLAIN, gradients=Local(3)), PLAIN],
    about.one_exact_step: [GD(0.1), PLAIN, COIN, projected(Local(1))],
    about.galore_exact: [GaLore(1, 0.1), GaLore(1, 0.1, Local(3))],
    about.rac_lora_certified: [SGD(1.0, CertifiedStep()), SGD(0.5, CertifiedStep())],
    about.bernoulli_lora: [COIN],
}


@pytest.mark.parametrize(
    ("algorithm", "told"),
    [
        (GaLore(1, 0.1), "the theorem is about RAC-LoRA, the algorithm is GaLore"),
        (PLAIN, "the theorem is about the projected step, lora_alpha is 2"),
        *((each, None) for each in (GD(0.1), COIN, AHEAD, FED_BACK, Decreasing(COIN, 2.0))),
    ],
)
def test_who_draws_afresh(algorithm, told):
    """What a reader's own algorithm may imply: would catch a projection that is said of whoever asks."""
    case = Case(algorithm, THIRDS, steps=5)
    assert about.fresh_projection(case, Constants(gamma=algorithm.gamma)) == told
    mine = About(lambda case, c: None, implies=(about.fresh_projection,))
    assert mine(case, Constants(gamma=algorithm.gamma)) == told


@pytest.mark.parametrize("predicate", RIGHT, ids=lambda predicate: predicate.__name__)
def test_what_it_is_about_is_let_in(predicate):
    for algorithm in RIGHT[predicate]:
        case = Case(algorithm, THIRDS, steps=5)
        assert predicate(case, Constants(gamma=algorithm.gamma)) is None, algorithm
