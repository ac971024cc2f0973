"""What others would write in good faith: the textbook loop, JAX and torch, in float64 and with the dense gradient."""

from functools import partial

import numpy as np
from timing import Contestant, quickest_batch


def naive(case):
    """One run and one step at a time, H as it stands in the paper, with a pseudo-inverse."""
    value_and_gradient = case.bind(np)

    def play(runs, steps, seed):
        rng = np.random.default_rng(seed)
        values, squares = np.empty((2, runs, steps + 1))
        for run in range(runs):
            W = np.zeros(case.shape)
            for t in range(steps):
                values[run, t], G = value_and_gradient(W)
                squares[run, t] = np.sum(G**2)
                B = rng.standard_normal((case.shape[0], case.rank))
                H = B @ np.linalg.pinv(B)
                W = W - case.gamma * (H @ G)
            values[run, steps], G = value_and_gradient(W)
            squares[run, steps] = np.sum(G**2)
        return values, squares

    return Contestant("naive", play)


def projected(xp, B, G):
    """Return ``B (B'B)^-1 B'G`` without H: Gram and solve, in closed form for one column."""
    gram, right = B.mT @ B, B.mT @ G
    return B * (right / gram) if B.shape[-1] == 1 else B @ xp.linalg.solve(gram, right)


def with_jax(case):
    """jit(vmap(scan)); compiled before the clock starts."""
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    value_and_gradient = case.bind(jnp)

    def look(W):
        value, G = value_and_gradient(W)
        return G, (value, jnp.sum(G * G))

    def step(W, key):
        G, seen = look(W)
        B = jax.random.normal(key, (case.shape[0], case.rank))
        return W - case.gamma * projected(jnp, B, G), seen

    def one_run(key, steps):
        W, seen = jax.lax.scan(step, jnp.zeros(case.shape), jax.random.split(key, steps))
        return tuple(jnp.append(curve, last) for curve, last in zip(seen, look(W)[1], strict=True))

    ensemble = jax.jit(jax.vmap(one_run, in_axes=(0, None)), static_argnums=1)

    def play(runs, steps, seed, batch):
        keys = jax.random.split(jax.random.key(seed), runs).reshape(-1, batch)
        parts = [ensemble(some, steps) for some in keys]
        return tuple(np.concatenate(curves) for curves in zip(*parts, strict=True))

    batch = quickest_batch(play, case.numbers)
    return Contestant("jax", partial(play, batch=batch), batch)


def with_torch(case):
    """A batch of runs at a time, every operation batched."""
    import torch

    value_and_gradient = case.bind(torch)

    def one_batch(batch, steps, generator):
        values, squares = torch.empty((2, batch, steps + 1), dtype=torch.float64)
        W = torch.zeros((batch, *case.shape), dtype=torch.float64)
        for t in range(steps + 1):
            values[:, t], G = value_and_gradient(W)
            squares[:, t] = (G * G).sum((-2, -1))
            if t < steps:
                B = torch.randn((batch, case.shape[0], case.rank), dtype=torch.float64, generator=generator)
                W.sub_(projected(torch, B, G), alpha=case.gamma)
        return values.numpy(), squares.numpy()

    @torch.inference_mode()
    def play(runs, steps, seed, batch):
        generator = torch.Generator().manual_seed(seed)
        parts = [one_batch(batch, steps, generator) for _ in range(runs // batch)]
        return tuple(np.concatenate(curves) for curves in zip(*parts, strict=True))

    batch = quickest_batch(play, case.numbers)
    return Contestant("torch", partial(play, batch=batch), batch)
