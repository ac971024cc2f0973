"""Gradient sources that are wrong in one thing; the docstring of each says in what."""

from dataclasses import dataclass

import numpy as np

from rac_theory import Clients, Exact, Minibatch, Noisy, Reshuffled


class FixedOrder(Reshuffled):
    """Every epoch in the order of the data."""

    def descend(self, problem, W, step, rng):
        rng.random(len(W))
        for i in range(problem.n_components):
            W = step(W, problem.component_gradient(W, np.full((len(W), 1), i)))
        return W


class WithReplacement(Reshuffled):
    """An epoch draws N independent components, with replacement."""

    def descend(self, problem, W, step, rng):
        for _ in range(problem.n_components):
            W = step(W, problem.component_gradient(W, rng.integers(problem.n_components, size=(len(W), 1))))
        return W


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
    """Noise of mean zero that lies in the range of the sketch.

    Or across it, where it is not ``kept``: E[H n] is zero either way, so that no mean of a step shows it.
    """

    gamma: float
    kept: bool = True
    deterministic = False

    def check(self, problem):
        pass

    def descend(self, problem, W, step, rng):
        n = rng.standard_normal(W.shape)
        Hn = -step(np.zeros_like(W), n) / self.gamma
        return step(W, problem.gradient(W) + (Hn if self.kept else n - Hn))
