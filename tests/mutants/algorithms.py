"""Wrong algorithms: RAC-LoRA with one thing changed, each beside the right one on the same case."""

from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from problems import Federated, LeastSquares, Quadratic
from rac_theory import Clients, Exact, Local, Minibatch, Noisy, RACLoRA, Reshuffled, sketches, theorems
from rac_theory.algorithms import SGD, Bernoulli
from rac_theory.linalg import orthonormal_range
from rac_theory.sketch import draw

from .mutant import Mutant, Trial

RNG = np.random.default_rng(612)
LEAST = LeastSquares(RNG.normal(size=(12, 4)) * [1.0, 2.0, 0.5, 1.0], RNG.normal(size=(12, 3)), l2=0.1)
ROUND = Quadratic.left(2 * np.eye(4), np.ones((4, 3)))
SQUARE = Quadratic.left(np.diag([1.0, 2.0, 1.0, 2.0]), np.arange(16.0).reshape(4, 4))
PAIR = LeastSquares(np.ones((2, 1)), np.array([1.0, -1.0]))
FAR = np.full((1, 1), 3.0)
B = sketches.Haar(4, 2)
THIN = sketches.Haar(4, 1)


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
    """lora_alpha / r once for the adapter and once more for the merge."""

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
    """The coin of the left side decides for the right one."""

    def low_rank_steps(self, rng, W):
        return replace(self, p=1 - self.p)._once(rng, W)

    def _once(self, rng, W):
        return Bernoulli.low_rank_steps(self, rng, W)


class FixedOrder(Reshuffled):
    """Every epoch in the order of the data."""

    def descend(self, problem, W, step, rng):
        rng.random(len(W))
        for i in range(problem.n_components):
            W = step(W, problem.component_gradient(W, np.full((len(W), 1), i)))
        return W


class WithReplacement(Reshuffled):
    """N independent components an epoch."""

    def descend(self, problem, W, step, rng):
        for _ in range(problem.n_components):
            W = step(W, problem.component_gradient(W, rng.integers(problem.n_components, size=(len(W), 1))))
        return W


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


class SummedClients(Clients):
    """The sum over clients for their mean."""

    def descend(self, problem, W, step, rng):
        return W + len(problem.clients) * (super().descend(problem, W, step, rng) - W)


class FirstClientOnly(Clients):
    """The server keeps what the first client sends."""

    def descend(self, problem, W, step, rng):
        return self.source.descend(problem.clients[0], W, step, rng)


class Biased(Minibatch):
    """Draws from the first two thirds of the components only."""

    def _draw(self, N, runs, rng):
        return rng.integers(2 * N // 3, size=(runs, self.size))


class Summed(Minibatch):
    """Sums over the minibatch where it should average."""

    def descend(self, problem, W, step, rng):
        g = problem.component_gradient(W, self._draw(problem.n_components, len(W), rng))
        return step(W, self.size * g)


class OneMinibatch(Minibatch):
    """The same minibatch in all runs."""

    def _draw(self, N, runs, rng):
        return np.repeat(super()._draw(N, 1, rng), runs, axis=0)


class Understated(Noisy):
    """Declares four fifths of the deviation of its noise."""

    def noise(self, problem):
        return Noisy(0.8 * self.sigma).noise(problem)


class ClaimsExact(Exact):
    """Calls itself exact, and adds a percent."""

    def descend(self, problem, W, step, rng):
        return step(W, 1.01 * problem.gradient(W))


@dataclass(frozen=True)
class Peeks:
    """Noise of mean zero that lies in the range of the sketch."""

    gamma: float
    deterministic = False

    def check(self, problem):
        pass

    def descend(self, problem, W, step, rng):
        n = rng.standard_normal(W.shape)
        return step(W, problem.gradient(W) - step(np.zeros_like(W), n) / self.gamma)


def mutant(name, why, make, caught_by, problem=ROUND, right=None, **trial):
    """``make`` and ``right`` take no argument and give algorithms."""
    return Mutant(
        "algorithm",
        name,
        why,
        lambda: Trial(make(), problem, **trial),
        lambda: Trial(right(), problem, **trial),
        (caught_by,),
    )


def step(cls, why, caught_by="check_algorithm", sketch=B, problem=ROUND, gradients=None, **trial):
    """A subclass of RACLoRA that steps wrongly."""
    more, gamma = {"gradients": gradients or Exact()}, 1 / problem.L
    return mutant(
        cls.__doc__.splitlines()[0].rstrip("."),
        why,
        lambda: cls(sketch, gamma, **more),
        caught_by,
        problem,
        lambda: RACLoRA(sketch, gamma, **more),
        **trial,
    )


def source(wrong, right, why, caught_by="check_algorithm", gamma=0.5 / LEAST.L, problem=LEAST, sketch=B, **trial):
    """A gradient source that gives wrong gradients."""
    return mutant(
        type(wrong).__doc__.splitlines()[0].rstrip("."),
        why,
        lambda: RACLoRA(sketch, gamma, gradients=wrong),
        caught_by,
        problem,
        lambda: RACLoRA(sketch, gamma, gradients=right),
        **trial,
    )
