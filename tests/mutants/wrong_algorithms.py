"""Algorithms that are wrong in one thing: RAC-LoRA as a user would write a variant; docstrings say what is wrong."""

from dataclasses import replace
from functools import partial
from itertools import repeat

import numpy as np

from rac_theory import InverseOnRange, RACLoRA, StepPerDraw
from rac_theory.algorithms import Bernoulli
from rac_theory.numerics.linalg import orthonormal_range
from rac_theory.sketches.draws import draw

from .mutant import wrong
from .wrong_gradients import shuffled
from .wrong_iterates import altered

OTHER = {"left": "right", "right": "left"}


def stepping(does, change):
    """Return RAC-LoRA where ``change`` makes a step of W and G of what would have been one, and of the algorithm."""

    def low_rank_steps(self, rng, W):
        return (partial(change, self, step) for step in RACLoRA.low_rank_steps(self, rng, W))

    return wrong(RACLoRA, does, low_rank_steps=low_rank_steps)


def projecting(does, factor):
    """Return RAC-LoRA that projects by F F', with F as it is made of what is drawn and of G."""

    def moved(gamma, S, W, G):
        F = factor(S, G)
        return W - gamma * F @ (np.swapaxes(F, 1, 2) @ G)

    def low_rank_steps(self, rng, W):
        while True:
            yield partial(moved, self.gamma, draw(self.sketch, rng, len(W)))

    return wrong(RACLoRA, does, low_rank_steps=low_rank_steps)


def sketching(does, steps, base=RACLoRA):
    """Return an algorithm with other steps."""
    return wrong(base, does, low_rank_steps=steps)


def fitting(does, fitted, base=InverseOnRange):
    """Return one that fits other steps to a draw."""
    return wrong(base, does, fitted=fitted)


def both_sides(self, step, W, G):
    HG = W - step(W, G)
    return W - np.swapaxes(W - step(W, np.swapaxes(HG, 1, 2)), 1, 2) / self.gamma


NoMerge = altered(
    "Every step starts again from the first weights: the adapter before is dropped, not merged",
    lambda V, W, start, **_: start - (W - V),
)
Delayed = altered(
    "The gradient of the iterate before, as where a cache is not cleared",
    lambda V, W, before, step, problem, **_: step(W, problem.gradient(before)),
)
Decays = altered("Weight decay beside the projected step", lambda V, W, **_: 0.99 * V)
ScaledProjection = stepping(
    "A projected step that lora_alpha / r scales all the same", lambda self, step, W, G: step(W, G / self.sketch.rank)
)
BothSides = stepping("H G H for H G", both_sides)
Untransposed = stepping(
    "A left projection on the right: the gradient goes in transposed, and the step comes out so",
    lambda self, step, W, G: step(W, np.swapaxes(G, 1, 2)),
)
Unnormalised = projecting("B B' for the projection on the range of B", lambda S, G: S)
OneRankLess = projecting(
    "Drops the last column of every draw, and keeps the spectrum of all of them",
    lambda S, G: orthonormal_range(S[..., :-1]),
)
Greedy = projecting(
    "Projects on the leading singular vectors of the gradient, as GaLore does",
    lambda S, G: np.linalg.svd(G)[0][..., : S.shape[-1]],
)
HalfStep = sketching(
    "Steps of gamma / 2",
    lambda self, rng, W: RACLoRA(self.sketch, self.gamma / 2, self.side, self.gradients).low_rank_steps(rng, W),
)
OtherSide = sketching(
    "Projects on the side that it was not told",
    lambda self, rng, W: RACLoRA(self.sketch, self.gamma, OTHER[self.side], self.gradients).low_rank_steps(rng, W),
)
OwnGenerator = sketching(
    "A generator of its own for the sketches",
    lambda self, rng, W: RACLoRA.low_rank_steps(self, np.random.default_rng(), W),
)
Reused = sketching(
    "One sketch a run, used in every step", lambda self, rng, W: repeat(next(RACLoRA.low_rank_steps(self, rng, W)))
)
ScaledTwice = sketching(
    "lora_alpha / r applied twice: for the adapter, and once more for the merge",
    lambda self, rng, W: RACLoRA.low_rank_steps(
        replace(self, gamma=self.gamma * (self.lora_alpha / self.sketch.rank) ** 2), rng, W
    ),
)
SwappedSketches = sketching(
    "The coin of Bernoulli-LoRA is turned: that of the left side decides for the right one",
    lambda self, rng, W: Bernoulli.low_rank_steps(replace(self, p=1 - self.p), rng, W),
    Bernoulli,
)
SmallestCurvature = fitting(
    "Divides by the smallest eigenvalue of HQH in the range, not by the largest",
    lambda self, blocks, Y: Y / np.linalg.eigvalsh(blocks)[..., 0].min(axis=1)[:, None, None, None],
    StepPerDraw,
)
FirstBlock = fitting(
    "Divides by what is largest along one direction of the other side, not along all",
    lambda self, blocks, Y: Y / np.linalg.eigvalsh(blocks[:, 0])[:, -1][:, None, None, None],
    StepPerDraw,
)
Projection = fitting("H G for (HQH)^+ G", lambda self, blocks, Y: Y)
Diagonal = fitting(
    "Divides by the diagonal of HQH alone", lambda self, blocks, Y: Y / np.diagonal(blocks, axis1=2, axis2=3)[..., None]
)
GammaTwice = wrong(
    InverseOnRange,
    "Gamma once for M and once more for the move",
    step=lambda self, Q, U, W, G: W + self.gamma * (InverseOnRange.step(self, Q, U, W, G) - W),
)


class ReusedOnce(RACLoRA):
    """Every sketch is used in two steps."""

    def low_rank_steps(self, rng, W):
        for step in super().low_rank_steps(rng, W):
            yield step
            yield step


class SharedStream(RACLoRA):
    """Sketch and gradient from generators of one seed."""

    def iterates(self, problem, W, rng):
        while True:
            seed = int(rng.integers(2**32))
            step = next(self.low_rank_steps(np.random.default_rng(seed), W))
            W = self.gradients.descend(problem, W, step, np.random.default_rng(seed))
            yield W


class InPlace(RACLoRA):
    """Writes to what it has yielded."""

    def iterates(self, problem, W, rng):
        W = W.copy()
        for step in self.low_rank_steps(rng, W):
            W[...] = self.gradients.descend(problem, W, step, rng)
            yield W


class OneSketchForAllRuns(RACLoRA):
    """A sketch a step, the same in all runs."""

    def low_rank_steps(self, rng, W):
        for step in super().low_rank_steps(rng, W[:1]):
            yield lambda W, G, step=step: step(W, G)


class OrderOfTheRun(RACLoRA):
    """One permutation a run, kept for all epochs."""

    def iterates(self, problem, W, rng):
        order = shuffled(problem.n_components, len(W), rng)
        for step in self.low_rank_steps(rng, W):
            for chosen in order.T:
                W = step(W, problem.component_gradient(W, chosen[:, None]))
            yield W


class SketchOfTheStep(RACLoRA):
    """A fresh sketch for every step of an epoch, where an epoch has one."""

    def iterates(self, problem, W, rng):
        steps = self.low_rank_steps(rng, W)
        while True:
            for chosen in shuffled(problem.n_components, len(W), rng).T:
                W = next(steps)(W, problem.component_gradient(W, chosen[:, None]))
            yield W


class OwnSketches(RACLoRA):
    """Every client draws a sketch of its own, and the server averages the matrices."""

    def iterates(self, problem, W, rng):
        steps = self.low_rank_steps(rng, W)
        while True:
            W = np.mean(
                [self.gradients.source.descend(client, W, next(steps), rng) for client in problem.clients], axis=0
            )
            yield W


class AveragedFactors(RACLoRA):
    """Every client draws a sketch of its own, and the server averages the factors, as if it were shared."""

    def iterates(self, problem, W, rng):
        while True:
            bases = [orthonormal_range(draw(self.sketch, rng, len(W))) for _ in problem.clients]
            inner = [
                np.swapaxes(Q, 1, 2) @ client.gradient(W) for Q, client in zip(bases, problem.clients, strict=True)
            ]
            W = W - self.gamma * np.mean(bases, axis=0) @ np.mean(inner, axis=0)
            yield W


class FirstRange(InverseOnRange):
    """The range of a run is drawn once."""

    def iterates(self, problem, W, rng):
        state = rng.bit_generator.state
        while True:
            rng.bit_generator.state = state
            W = next(super().iterates(problem, W, rng))
            yield W
