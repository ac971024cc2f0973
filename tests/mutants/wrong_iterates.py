"""Algorithms whose parts are right, and whose iterates are not: docstrings say what is wrong."""

import numpy as np

from rac_theory import RACLoRA


class Altered(RACLoRA):
    """A step, and then something else."""

    def iterates(self, problem, W, rng):
        before = start = W
        for t, step in enumerate(self.low_rank_steps(rng, W)):
            moved = self.gradients.descend(problem, W, step, rng)
            before, W = W, self.altered(moved, W, before=before, start=start, t=t, rng=rng)
            yield W

    def altered(self, moved, W, *, before, start, t, rng):
        raise NotImplementedError


class HeavyBall(Altered):
    """A tenth of the last move is made again: momentum."""

    def altered(self, moved, W, *, before, start, t, rng):
        return moved + 0.1 * (W - before)


class ExponentialAverage(Altered):
    """A twentieth of the iterate before remains: an average."""

    def altered(self, moved, W, *, before, start, t, rng):
        return 0.95 * moved + 0.05 * W


class LongStep(Altered):
    """Steps of 1.05 gamma."""

    def altered(self, moved, W, *, before, start, t, rng):
        return W + 1.05 * (moved - W)


class ShortStep(Altered):
    """Steps of 0.2 gamma."""

    def altered(self, moved, W, *, before, start, t, rng):
        return W + 0.2 * (moved - W)


class Climbs(Altered):
    """Steps along the gradient, not against it."""

    def altered(self, moved, W, *, before, start, t, rng):
        return 2 * W - moved


class FrozenRow(Altered):
    """The first row never moves."""

    def altered(self, moved, W, *, before, start, t, rng):
        return np.concatenate([W[:, :1], moved[:, 1:]], axis=1)


class FlippedEntry(Altered):
    """One entry moves the other way."""

    def altered(self, moved, W, *, before, start, t, rng):
        moved[:, 1, 1] = 2 * W[:, 1, 1] - moved[:, 1, 1]
        return moved


class LateDecay(Altered):
    """Half the step size after step 50."""

    def altered(self, moved, W, *, before, start, t, rng):
        return moved if t < 50 else (W + moved) / 2


class Restarts(Altered):
    """Every tenth step goes back to the start."""

    def altered(self, moved, W, *, before, start, t, rng):
        return start.copy() if t % 10 == 9 else moved


class TrustRegion(Altered):
    """Projects W on a ball of radius 30."""

    def altered(self, moved, W, *, before, start, t, rng):
        return moved * np.minimum(1, 30 / np.linalg.norm(moved, axis=(1, 2), keepdims=True))


class Lazy(Altered):
    """Makes no step in one of twenty cases."""

    def altered(self, moved, W, *, before, start, t, rng):
        return np.where(rng.random((len(W), 1, 1)) < 0.05, W, moved)


class Jitters(Altered):
    """Noise of size 1e-3 on every iterate."""

    def altered(self, moved, W, *, before, start, t, rng):
        return moved + 1e-3 * rng.standard_normal(W.shape)


class DependsOnBlock(Altered):
    """Shorter steps in small blocks of runs."""

    def altered(self, moved, W, *, before, start, t, rng):
        return moved if len(W) > 10 else 0.9 * moved + 0.1 * W


class Adam(RACLoRA):
    """Adam on the projected gradient."""

    def iterates(self, problem, W, rng):
        mean = square = 0.0
        for t, step in enumerate(self.low_rank_steps(rng, W), start=1):
            g = (W - self.gradients.descend(problem, W, step, rng)) / self.gamma
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            W = W - self.gamma * mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
            yield W


class Nesterov(RACLoRA):
    """Gradients at a point ahead of the iterate."""

    def iterates(self, problem, W, rng):
        before = W
        for t, step in enumerate(self.low_rank_steps(rng, W)):
            ahead = W + t / (t + 3) * (W - before)
            before, W = W, self.gradients.descend(problem, ahead, step, rng)
            yield W


class Averages(RACLoRA):
    """Yields the mean of its iterates."""

    def iterates(self, problem, W, rng):
        total = 0.0
        for t, step in enumerate(self.low_rank_steps(rng, W), start=1):
            W = self.gradients.descend(problem, W, step, rng)
            total = total + W
            yield total / t


class Clips(RACLoRA):
    """Clips gradients that are longer than one."""

    def iterates(self, problem, W, rng):
        for step in self.low_rank_steps(rng, W):

            def clipped(V, G, step=step):
                return step(V, G / np.maximum(np.linalg.norm(G, axis=(1, 2), keepdims=True), 1.0))

            W = self.gradients.descend(problem, W, clipped, rng)
            yield W


class EverySecond(RACLoRA):
    """Yields every second iterate."""

    def iterates(self, problem, W, rng):
        for t, step in enumerate(self.low_rank_steps(rng, W)):
            W = self.gradients.descend(problem, W, step, rng)
            if t % 2:
                yield W


class StartFirst(RACLoRA):
    """Yields its start before the first step."""

    def iterates(self, problem, W, rng):
        yield W.copy()
        yield from RACLoRA.iterates(self, problem, W, rng)


class NeighboursGradient(RACLoRA):
    """The gradient of the next run of the block."""

    def iterates(self, problem, W, rng):
        for step in self.low_rank_steps(rng, W):
            W = step(W, np.roll(problem.gradient(W), 1, axis=0))
            yield W


class LineSearch(RACLoRA):
    """Takes twice the step where that is lower."""

    def iterates(self, problem, W, rng):
        for step in self.low_rank_steps(rng, W):
            moved = self.gradients.descend(problem, W, step, rng)
            twice = 2 * moved - W
            W = np.where((problem.value(twice) < problem.value(moved))[:, None, None], twice, moved)
            yield W


class SketchOfTwoSteps(RACLoRA):
    """Every sketch is used in two steps, by an iteration of its own."""

    def iterates(self, problem, W, rng):
        for step in self.low_rank_steps(rng, W):
            for _ in range(2):
                W = self.gradients.descend(problem, W, step, rng)
                yield W


class SharedByNeighbours(RACLoRA):
    """Runs 2k and 2k + 1 have one sketch."""

    def low_rank_steps(self, rng, W):
        half = (len(W) + 1) // 2
        for one in super().low_rank_steps(rng, W[:half]):

            def step(V, G, one=one):
                padded = np.zeros((2, 2 * half, *V.shape[1:]))
                padded[:, : len(V)] = V, G
                first, second = one(*padded[:, ::2]), one(*padded[:, 1::2])
                return np.stack([first, second], axis=1).reshape(padded[0].shape)[: len(V)]

            yield step


class BetterOfTwo(RACLoRA):
    """Draws two sketches and takes the one that keeps more of the gradient."""

    def low_rank_steps(self, rng, W):
        steps = super().low_rank_steps(rng, W)
        for two in zip(steps, steps, strict=False):

            def step(V, G, two=two):
                one, other = (s(V, G) for s in two)
                longer = np.linalg.norm(one - V, axis=(1, 2)) > np.linalg.norm(other - V, axis=(1, 2))
                return np.where(longer[:, None, None], one, other)

            yield step


class RowsInTurn(RACLoRA):
    """The rows of W one after the other, in an order drawn once a run: a uniform row, but not a fresh one."""

    def low_rank_steps(self, rng, W):
        order = rng.permuted(np.tile(np.arange(W.shape[1]), (len(W), 1)), axis=1)
        t = 0
        while True:
            kept = np.arange(W.shape[1]) == order[:, t % W.shape[1], None]
            yield lambda V, G, kept=kept: V - self.gamma * kept[:, :, None] * G
            t += 1
