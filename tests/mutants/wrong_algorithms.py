"""Algorithms that are wrong in one thing: RAC-LoRA as a user would write a variant; docstrings say what is wrong."""

from dataclasses import replace
from itertools import repeat

import numpy as np

from rac_theory import RACLoRA
from rac_theory.algorithms import Bernoulli
from rac_theory.numerics.linalg import orthonormal_range
from rac_theory.sketches.draws import draw


class NoMerge(RACLoRA):
    """Every step starts again from the first weights: the adapter before is dropped, not merged."""

    def iterates(self, problem, W, rng):
        start = W
        for step in self.low_rank_steps(rng, W):
            W = start - (W - self.gradients.descend(problem, W, step, rng))
            yield W


class Reused(RACLoRA):
    """One sketch a run, used in every step."""

    def low_rank_steps(self, rng, W):
        return repeat(next(super().low_rank_steps(rng, W)))


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


class ScaledTwice(RACLoRA):
    """lora_alpha / r applied twice: for the adapter, and once more for the merge."""

    def low_rank_steps(self, rng, W):
        return replace(self, gamma=self.gamma * (self.lora_alpha / self.sketch.rank) ** 2)._once(rng, W)

    def _once(self, rng, W):
        return RACLoRA.low_rank_steps(self, rng, W)


class ScaledProjection(RACLoRA):
    """A projected step that lora_alpha / r scales all the same."""

    def low_rank_steps(self, rng, W):
        for step in super().low_rank_steps(rng, W):
            yield lambda W, G, step=step: step(W, G * (1.0 / self.sketch.rank))


class OtherSide(RACLoRA):
    """Projects on the side that it was not told."""

    def low_rank_steps(self, rng, W):
        other = {"left": "right", "right": "left"}[self.side]
        return RACLoRA(self.sketch, self.gamma, other, self.gradients).low_rank_steps(rng, W)


class BothSides(RACLoRA):
    """H G H for H G."""

    def low_rank_steps(self, rng, W):
        for step in super().low_rank_steps(rng, W):

            def both(W, G, step=step):
                HG = W - step(W, G)
                HGH = np.swapaxes(W - step(W, np.swapaxes(HG, 1, 2)), 1, 2) / self.gamma
                return W - HGH

            yield both


class Untransposed(RACLoRA):
    """A left projection on the right: the gradient goes in transposed, and the step comes out so."""

    def low_rank_steps(self, rng, W):
        for step in super().low_rank_steps(rng, W):
            yield lambda W, G, step=step: step(W, np.swapaxes(G, 1, 2))


class Unnormalised(RACLoRA):
    """B B' for the projection on the range of B."""

    def low_rank_steps(self, rng, W):
        while True:
            S = draw(self.sketch, rng, len(W))
            yield lambda W, G, S=S: W - self.gamma * S @ (np.swapaxes(S, 1, 2) @ G)


class Greedy(RACLoRA):
    """Projects on the leading singular vectors of the gradient, as GaLore does."""

    def low_rank_steps(self, rng, W):
        def step(W, G):
            U = np.linalg.svd(G)[0][..., : self.sketch.rank]
            return W - self.gamma * U @ (np.swapaxes(U, 1, 2) @ G)

        return (step for _ in super().low_rank_steps(rng, W))


class OneRankLess(RACLoRA):
    """Drops the last column of every draw, and keeps the spectrum of all of them."""

    def low_rank_steps(self, rng, W):
        while True:
            Q = orthonormal_range(draw(self.sketch, rng, len(W))[..., :-1])
            yield lambda W, G, Q=Q: W - self.gamma * Q @ (np.swapaxes(Q, 1, 2) @ G)


class HalfStep(RACLoRA):
    """Steps of gamma / 2."""

    def low_rank_steps(self, rng, W):
        return RACLoRA(self.sketch, self.gamma / 2, self.side, self.gradients).low_rank_steps(rng, W)


class Decays(RACLoRA):
    """Weight decay beside the projected step."""

    def iterates(self, problem, W, rng):
        for step in self.low_rank_steps(rng, W):
            W = 0.99 * self.gradients.descend(problem, W, step, rng)
            yield W


class Delayed(RACLoRA):
    """The gradient of the iterate before, as where a cache is not cleared."""

    def iterates(self, problem, W, rng):
        before = W
        for step in self.low_rank_steps(rng, W):
            before, W = W, step(W, problem.gradient(before))
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


class OwnGenerator(RACLoRA):
    """A generator of its own for the sketches."""

    def low_rank_steps(self, rng, W):
        return super().low_rank_steps(np.random.default_rng(), W)


class SwappedSketches(Bernoulli):
    """The coin of Bernoulli-LoRA is turned: that of the left side decides for the right one."""

    def low_rank_steps(self, rng, W):
        return replace(self, p=1 - self.p)._once(rng, W)

    def _once(self, rng, W):
        return Bernoulli.low_rank_steps(self, rng, W)


class OrderOfTheRun(RACLoRA):
    """One permutation a run, kept for all epochs."""

    def iterates(self, problem, W, rng):
        N = problem.n_components
        order = rng.permuted(np.tile(np.arange(N), (len(W), 1)), axis=1)
        for step in self.low_rank_steps(rng, W):
            for i in range(N):
                W = step(W, problem.component_gradient(W, order[:, i, None]))
            yield W


class SketchOfTheStep(RACLoRA):
    """A fresh sketch for every step of an epoch, where an epoch has one."""

    def iterates(self, problem, W, rng):
        steps, N = self.low_rank_steps(rng, W), problem.n_components
        while True:
            order = rng.permuted(np.tile(np.arange(N), (len(W), 1)), axis=1)
            for i in range(N):
                W = next(steps)(W, problem.component_gradient(W, order[:, i, None]))
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
