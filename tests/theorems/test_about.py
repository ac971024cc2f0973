"""Which algorithms a theorem is about: of any other it says so in a sentence, and nothing else."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from rac_theory import GD, SGD, Case, Constants, CyclicRACLoRA, Decreasing, GaLore, Minibatch, Noisy, RACLoRA, theorems
from rac_theory.algebra import Symbol
from rac_theory.algorithms import (
    ACCELERATED,
    EF21,
    FEEDBACK,
    SHIFTED_MOMENTUM,
    Bernoulli,
    MethodDescent,
    MomentumInLinks,
)
from rac_theory.algorithms.gradients import CertifiedStep, Clients, Exact, FiniteDifferences, Local, Reshuffled, Subset
from rac_theory.algorithms.method import H, Method, gradient, letter, state
from rac_theory.algorithms.steepest_step import NormalisedStep
from rac_theory.sketches import BlockPartition, Coordinate, Gaussian, Haar
from rac_theory.statements import About, about
from tests.as_one_test import as_one_test

from .small_cases import THIRDS, UNEQUAL

PLAIN = RACLoRA(Haar(3, 1), 0.01, lora_alpha=2.0)
FALLS = Decreasing(GD(0.1), 2.0)
COIN = Bernoulli(Haar(3, 1), Haar(2, 1), 0.01)
QUICK = ACCELERATED(Haar(3, 1), gamma=0.01, alpha=0.1, s=0.5, lambda_min=0.3)

BACKWARDS = "gamma, the size of a step, must be positive, it is -0.1"
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


NOBODYS = SimpleNamespace(
    gamma=0.1, deterministic=True, check=lambda problem: None, iterates=lambda problem, W, rng: iter([W])
)
"""An algorithm of nobody's theorem."""
HALF = SimpleNamespace(descend=lambda problem, W, step, rng: step(W, problem.gradient(W) / 2))
"""Gradients that are none."""


def projected(gradients):
    return RACLoRA(Haar(3, 1), 0.01, gradients=gradients)


def others(subject, *algorithms):
    """What is said of these: the name of a class, or the lines of a method."""
    for each in algorithms:
        name = repr(each.method) if isinstance(each, MethodDescent) else type(each).__name__
        yield each, f"the theorem is about {subject}, the algorithm is {name}"


def of_gradients(rule, *algorithms):
    """What is said of these, whose gradients are others."""
    for each in algorithms:
        yield each, f"gradients {rule}, they come from {type(each.gradients).__name__}"


UNBIASED = "must be one unbiased gradient a sketch with known noise"
LIKE = "steps must fall like t^-p with"
NOT_PROJECTED = [
    *others("RAC-LoRA", NOBODYS, GaLore(1, 0.1), NormalisedStep(GD(0.1))),
    (PLAIN, "the theorem is about the projected step, lora_alpha is 2"),
    (FALLS, f"the theorem is about steps of one size, those of {FALLS!r} decrease"),
]
NOT_PLAIN = [
    *((each, "the theorem is about RAC-LoRA with the plain step, lora_alpha is not set") for each in (GD(0.1), COIN)),
    *of_gradients("must be full gradients", replace(PLAIN, gradients=Noisy(1.0))),
]
OTHERS = {
    about.rac_lora_exact: [
        *NOT_PROJECTED,
        *others("RAC-LoRA", AHEAD, LONGER),
        (KEEPS.with_letters(gamma=-0.1), BACKWARDS),
        *of_gradients("must be exact", projected(HALF), SGD(1.0, CertifiedStep())),
    ],
    about.rac_lora_certified: [
        *NOT_PROJECTED,
        *of_gradients("must be those of a certified step", GD(0.1)),
        (SGD(1.5, CertifiedStep()), "gamma, a factor of certified steps, must be at most 1, it is 1.5"),
    ],
    about.rac_lora_in_turns: [*others("blocks that take turns", GD(0.1))],
    about.rac_lora_by_differences: [*NOT_PROJECTED, *of_gradients("must be finite differences", GD(0.1))],
    about.galore_exact: [*others("GaLore", GD(0.5)), *of_gradients("must be exact", GaLore(1, 0.1, Noisy(0.1)))],
    about.rac_lora_stochastic: [
        *NOT_PROJECTED,
        *of_gradients(UNBIASED, projected(Local(2)), SGD(0.1, FiniteDifferences(0.1))),
    ],
    about.rac_lora_momentum: [
        *others("momentum on projected gradients at W = X - gamma b M", GD(0.1), KEEPS, BESIDE),
        (AHEAD.with_letters(gamma=-0.1), BACKWARDS),
        *of_gradients(UNBIASED, SHIFTED_MOMENTUM(Haar(3, 1), gradients=FiniteDifferences(0.1), gamma=0.1, b=0.5)),
    ],
    about.rac_lora_accelerated: [
        *others("the method ACCELERATED", GD(0.1), AHEAD),
        (QUICK.with_letters(gamma=-0.1), BACKWARDS),
        *of_gradients("must be exact", ACCELERATED(Haar(3, 1), gradients=Noisy(0.1), **QUICK.letters)),
    ],
    about.rac_lora_feedback: [
        *others("error feedback at W = X - D", GD(0.1), AHEAD, FED_BACK.at_iterate),
        (FED_BACK.with_letters(gamma=-0.1), BACKWARDS),
        *of_gradients(UNBIASED, FEEDBACK(Haar(3, 1), gradients=Clients(Exact()), gamma=0.1)),
    ],
    about.rac_lora_ef21: [
        *others("the method EF21", GD(0.1), FED_BACK, LATE),
        (EF21(Haar(3, 1), gamma=-0.1), BACKWARDS),
        *of_gradients("must be exact", EF21(Haar(3, 1), gradients=Noisy(0.1), gamma=0.1)),
    ],
    about.rac_lora_preconditioned: [*others("preconditioned steps", GD(0.1), AHEAD)],
    about.momentum_in_links: [
        *others("momentum in links", GD(0.1), KEEPS),
        (MomentumInLinks(Haar(3, 1), 0.1, 0.5, 2), "momentum must be reset to zero at each redraw, it is carried"),
    ],
    about.rac_lora_steepest: [*others("steepest steps of one size", GD(0.1))],
    about.rac_lora_root_steps: [
        *others("RAC-LoRA with steps that decrease", GD(0.1)),
        *((replace(FALLS, power=p), f"{LIKE} p = 0.5, their power is {p}") for p in (1.0, 0.5 + 2**-53)),
        (Decreasing(PLAIN, 2.0, 0.5), "the theorem is about the projected step, lora_alpha is 2"),
    ],
    about.rac_lora_harmonic_steps: [
        *others("RAC-LoRA with steps that decrease", GD(0.1)),
        (replace(FALLS, power=0.5), f"{LIKE} p = 1, their power is 0.5"),
    ],
    about.rac_lora_reshuffled: [*NOT_PROJECTED, *of_gradients("must be those of a reshuffled epoch", GD(0.1))],
    about.fed_rac_lora: [
        *NOT_PROJECTED,
        *of_gradients("must be those of clients", GD(0.1)),
        (projected(Clients(Reshuffled())), "clients must take full gradient steps, theirs come from Reshuffled"),
        (projected(Clients(Local(4), Subset(2))), "all clients must take part, here Subset(size=2) does"),
    ],
    about.fed_rac_lora_sampled: [
        *NOT_PROJECTED,
        *of_gradients("must be those of clients", GD(0.1)),
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
        *others("random steps along the gradient", GaLore(1, 0.1), CyclicRACLoRA(BlockPartition(3, 1), 0.1)),
        *of_gradients("must be exact", projected(Noisy(1.0))),
        (projected(Local(2)), "there must be one step before the merge, there are 2"),
    ],
    about.bernoulli_lora: [*others("Bernoulli-LoRA", GD(0.1))],
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
    about.rac_lora_feedback: [FED_BACK],
    about.rac_lora_stochastic: [KEEPS, GD(0.1), SGD(0.1, Minibatch(2)), replace(COIN, gradients=Noisy(1.0))],
    about.rac_lora_root_steps: [Decreasing(SGD(0.1, Noisy(1.0)), 2.0, 0.5)],
    about.rac_lora_harmonic_steps: [Decreasing(COIN, 2.0)],
    about.fed_rac_lora: [projected(Clients(Exact())), projected(Clients(Local(3)))],
    about.fed_rac_lora_sampled: [projected(Clients(each, Subset(2))) for each in (Exact(), Local(3), Reshuffled())],
    about.plain_or_fitted: [replace(PLAIN, gradients=Local(3)), PLAIN],
    about.one_exact_step: [GD(0.1), PLAIN, COIN, projected(Local(1))],
    about.galore_exact: [GaLore(1, 0.1), GaLore(1, 0.1, Local(3))],
    about.rac_lora_certified: [SGD(1.0, CertifiedStep()), SGD(0.5, CertifiedStep())],
    about.bernoulli_lora: [COIN],
}


@as_one_test("predicate", RIGHT)
def test_what_it_is_about_is_let_in(predicate):
    """Those that no other test has a theorem tried on."""
    for algorithm in RIGHT[predicate]:
        assert predicate(Case(algorithm, THIRDS, steps=5), Constants(gamma=algorithm.gamma)) is None, algorithm


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
