"""Gradient sources that draw, weigh or count wrongly; each says in what."""

from dataclasses import dataclass

import numpy as np

from rac_theory import Clients, Exact, Local, Minibatch, Noisy, Reshuffled

from .mutant import wrong


def shuffled(N, runs, rng):
    """The components in an order of each run, (runs, N)."""
    return rng.permuted(np.tile(np.arange(N), (runs, 1)), axis=1)


def epoch(what, order):
    """Epochs of other components, (runs, steps)."""

    def descend(self, problem, W, step, rng):
        for chosen in order(problem.n_components, len(W), rng).T:
            W = step(W, problem.component_gradient(W, chosen[:, None]))
        return W

    return wrong(Reshuffled, what, descend=descend)


FixedOrder = epoch(
    "Every epoch in the order of the data", lambda N, runs, rng: np.arange(N) + (rng.random((runs, 1)) > 1)
)
WithReplacement = epoch(
    "An epoch draws N independent components, with replacement", lambda N, runs, rng: rng.integers(N, size=(N, runs)).T
)
SkipsTheLast = epoch(
    "The last component of every epoch is left out", lambda N, runs, rng: shuffled(N, runs, rng)[:, :-1]
)
StartsAlike = epoch(
    "Component 0 comes first in every epoch",
    lambda N, runs, rng: np.pad(1 + shuffled(N - 1, runs, rng), [(0, 0), (1, 0)]),
)

AlwaysTheFirst = wrong(
    Minibatch,
    "Component 0 is in every minibatch",
    _draw=lambda self, N, runs, rng: np.pad(1 + shuffled(N - 1, runs, rng)[:, : self.size - 1], [(0, 0), (1, 0)]),
)
DrawsTwice = wrong(
    Minibatch,
    "Draws with replacement what it says it draws without",
    _draw=lambda self, N, runs, rng: rng.integers(N, size=(runs, self.size)),
)
OneMinibatch = wrong(
    Minibatch,
    "The same minibatch in all runs",
    _draw=lambda self, N, runs, rng: np.repeat(Minibatch._draw(self, N, 1, rng), runs, axis=0),
)
Louder = wrong(Noisy, "Twice the noise that it declares", descend=lambda self, *of: Noisy(2 * self.sigma).descend(*of))
ClaimsExact = wrong(
    Exact,
    "Calls itself exact, and adds a percent",
    descend=lambda self, problem, W, step, rng: step(W, 1.01 * problem.gradient(W)),
)
LongGradient = wrong(
    Exact, "1.05 times the gradient", descend=lambda self, problem, W, step, rng: step(W, 1.05 * problem.gradient(W))
)
SummedClients = wrong(
    Clients,
    "The sum over clients for their mean",
    descend=lambda self, problem, W, *of: W + len(problem.clients) * (Clients.descend(self, problem, W, *of) - W),
)
FirstClientOnly = wrong(
    Clients,
    "The server keeps what the first client sends",
    descend=lambda self, problem, *of: self.source.descend(problem.clients[0], *of),
)
Understated = wrong(
    Noisy,
    "Declares four fifths of the deviation of its noise",
    noise=lambda self, problem: Noisy(0.8 * self.sigma).noise(problem),
)
OneLess = wrong(Local, "K - 1 steps", descend=lambda self, *of: Local(self.steps - 1).descend(*of))
UnequalClients = wrong(
    Clients,
    "The first client counts twice",
    descend=lambda self, problem, *of: np.mean(
        [self.source.descend(client, *of) for client in (problem.clients[0], *problem.clients)], axis=0
    ),
)


class Biased(Minibatch):
    """Draws from the first two thirds of the components only."""

    def _draw(self, N, runs, rng):
        return rng.integers(2 * N // 3, size=(runs, self.size))


class Summed(Minibatch):
    """Sums over the minibatch where it should average."""

    def descend(self, problem, W, step, rng):
        g = problem.component_gradient(W, self._draw(problem.n_components, len(W), rng))
        return step(W, self.size * g)


class Harder(Minibatch):
    """Of two minibatches the one with the longer gradient."""

    def descend(self, problem, W, step, rng):
        one, other = (problem.component_gradient(W, self._draw(problem.n_components, len(W), rng)) for _ in range(2))
        longer = np.linalg.norm(one, axis=(1, 2)) > np.linalg.norm(other, axis=(1, 2))
        return step(W, np.where(longer[:, None, None], one, other))


class Drifts(Noisy):
    """Noise with a mean, a fifth of its deviation."""

    def descend(self, problem, W, step, rng):
        deviation = self.sigma / np.sqrt(W[0].size)
        return step(W, problem.gradient(W) + deviation * (0.2 + rng.standard_normal(W.shape)))


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


class OneAfterTheOther(Clients):
    """Each client begins where the one before ended."""

    def descend(self, problem, W, step, rng):
        for client in problem.clients:
            W = self.source.descend(client, W, step, rng)
        return W
