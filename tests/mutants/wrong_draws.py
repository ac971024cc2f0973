"""Gradient sources that draw, weigh or count wrongly; the docstring of each says in what."""

import numpy as np

from rac_theory import Clients, Exact, Local, Minibatch, Noisy, Reshuffled


class AlwaysTheFirst(Minibatch):
    """Component 0 is in every minibatch."""

    def _draw(self, N, runs, rng):
        rest = rng.permuted(np.tile(np.arange(1, N), (runs, 1)), axis=1)[:, : self.size - 1]
        return np.concatenate([np.zeros((runs, 1), dtype=rest.dtype), rest], axis=1)


class DrawsTwice(Minibatch):
    """Draws with replacement what it says it draws without."""

    def _draw(self, N, runs, rng):
        return rng.integers(N, size=(runs, self.size))


class Harder(Minibatch):
    """Of two minibatches the one with the longer gradient."""

    def descend(self, problem, W, step, rng):
        one, other = (problem.component_gradient(W, self._draw(problem.n_components, len(W), rng)) for _ in range(2))
        longer = np.linalg.norm(one, axis=(1, 2)) > np.linalg.norm(other, axis=(1, 2))
        return step(W, np.where(longer[:, None, None], one, other))


class Louder(Noisy):
    """Twice the noise that it declares."""

    def descend(self, problem, W, step, rng):
        return Noisy(2 * self.sigma).descend(problem, W, step, rng)


class Drifts(Noisy):
    """Noise with a mean, a fifth of its deviation."""

    def descend(self, problem, W, step, rng):
        noise = self.sigma / np.sqrt(W[0].size) * (0.2 + rng.standard_normal(W.shape))
        return step(W, problem.gradient(W) + noise)


class LongGradient(Exact):
    """1.05 times the gradient."""

    def descend(self, problem, W, step, rng):
        return step(W, 1.05 * problem.gradient(W))


class SkipsTheLast(Reshuffled):
    """The last component of every epoch is left out."""

    def descend(self, problem, W, step, rng):
        N = problem.n_components
        order = rng.permuted(np.tile(np.arange(N), (len(W), 1)), axis=1)
        for i in range(N - 1):
            W = step(W, problem.component_gradient(W, order[:, i, None]))
        return W


class StartsAlike(Reshuffled):
    """Component 0 comes first in every epoch."""

    def descend(self, problem, W, step, rng):
        W = step(W, problem.component_gradient(W, np.zeros((len(W), 1), dtype=int)))
        order = rng.permuted(np.tile(np.arange(1, problem.n_components), (len(W), 1)), axis=1)
        for i in range(order.shape[1]):
            W = step(W, problem.component_gradient(W, order[:, i, None]))
        return W


class OneLess(Local):
    """K - 1 steps."""

    def descend(self, problem, W, step, rng):
        for _ in range(self.steps - 1):
            W = step(W, problem.gradient(W))
        return W


class SameGradient(Local):
    """K steps with the gradient of the first."""

    def descend(self, problem, W, step, rng):
        G = problem.gradient(W)
        for _ in range(self.steps):
            W = step(W, G)
        return W


class OneClient(Clients):
    """One client a run, drawn at random: right on average."""

    def descend(self, problem, W, step, rng):
        ends = np.stack([self.source.descend(client, W, step, rng) for client in problem.clients])
        return ends[rng.integers(len(ends), size=len(W)), np.arange(len(W))]


class UnequalClients(Clients):
    """The first client counts twice."""

    def descend(self, problem, W, step, rng):
        total = self.source.descend(problem.clients[0], W, step, rng)
        for client in problem.clients:
            total = total + self.source.descend(client, W, step, rng)
        return total / (len(problem.clients) + 1)


class OneAfterTheOther(Clients):
    """Each client begins where the one before ended."""

    def descend(self, problem, W, step, rng):
        for client in problem.clients:
            W = self.source.descend(client, W, step, rng)
        return W
