"""Algorithms whose parts are right, and whose iterates are not: docstrings say what is wrong."""

import numpy as np

from rac_theory import RACLoRA


def altered(does, change):
    """Return RAC-LoRA where ``change`` makes something else of what a step has made of W: V."""

    class Altered(RACLoRA):
        def iterates(self, problem, W, rng):
            before = start = W
            for t, step in enumerate(self.low_rank_steps(rng, W)):
                V = self.gradients.descend(problem, W, step, rng)
                before, W = W, change(V, W, before=before, start=start, t=t, rng=rng, step=step, problem=problem)
                yield W

    Altered.__doc__ = does
    return Altered


def flipped(V, W, **_):
    V[:, 1, 1] = 2 * W[:, 1, 1] - V[:, 1, 1]
    return V


def within(radius, V):
    return V * np.minimum(1, radius / np.linalg.norm(V, axis=(1, 2), keepdims=True))


HeavyBall = altered(
    "A tenth of the last move is made again: momentum", lambda V, W, before, **_: V + 0.1 * (W - before)
)
ExponentialAverage = altered(
    "A twentieth of the iterate before remains: an average", lambda V, W, **_: 0.95 * V + 0.05 * W
)
LongStep = altered("Steps of 1.05 gamma", lambda V, W, **_: W + 1.05 * (V - W))
ShortStep = altered("Steps of 0.2 gamma", lambda V, W, **_: W + 0.2 * (V - W))
Climbs = altered("Steps along the gradient, not against it", lambda V, W, **_: 2 * W - V)
FrozenRow = altered("The first row never moves", lambda V, W, **_: np.concatenate([W[:, :1], V[:, 1:]], axis=1))
FlippedEntry = altered("One entry moves the other way", flipped)
LateDecay = altered("Half the step size after step 50", lambda V, W, t, **_: V if t < 50 else (W + V) / 2)
Restarts = altered(
    "Every tenth step goes back to the start", lambda V, W, t, start, **_: start.copy() if t % 10 == 9 else V
)
TrustRegion = altered("Projects W on a ball of radius 30", lambda V, W, **_: within(30, V))
Lazy = altered(
    "Makes no step in one of twenty cases", lambda V, W, rng, **_: np.where(rng.random((len(W), 1, 1)) < 0.05, W, V)
)
Jitters = altered("Noise of size 1e-3 on every iterate", lambda V, W, rng, **_: V + 1e-3 * rng.standard_normal(W.shape))
NeighboursGradient = altered(
    "The gradient of the next run of the block",
    lambda V, W, step, problem, **_: step(W, np.roll(problem.gradient(W), 1, axis=0)),
)
LineSearch = altered(
    "Takes twice the step where that is lower",
    lambda V, W, problem, **_: np.where((problem.value(2 * V - W) < problem.value(V))[:, None, None], 2 * V - W, V),
)
DependsOnBlock = altered(
    "Shorter steps in small blocks of runs", lambda V, W, **_: V if len(W) > 10 else 0.9 * V + 0.1 * W
)


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
