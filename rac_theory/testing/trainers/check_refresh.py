"""check_refresh: whether an optimiser finds its low-rank subspace anew, and what it remembers goes along."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rac_theory.base.checks import Array, finite, integer
from rac_theory.numerics import cosine, unfair
from rac_theory.testing.failures import Refuted
from rac_theory.testing.projections import beyond
from rac_theory.testing.trainers.arrays import read

_FIRST = 1e-4  # the size of the gradient from which the first subspace is made: too small to be remembered
_TURN = 1e-3  # 1 - cosine of two moves; single precision and eps of Adam turn them by less
_KEPT = "are numbers kept that belong to the frame before?"
_AGAINST = 1 / 5  # of the moves of a buffer that is projected anew may point backwards; of Adam 0.064 do


def check_refresh(
    new: Callable[[tuple[int, int], int], Any],
    step: Callable[[Any, Array], Any],
    *,
    rank: int,
    gap: int,
    shapes: Sequence[tuple[int, int]] = ((12, 8), (8, 12)),
    seeds: int = 256,
    alpha: float = 1e-6,
    rng: int = 0,
) -> None:
    """Raise ``Refuted``, an ``AssertionError`` of one sentence, if an optimiser like GaLore keeps what it must not.

    Gradients are made up and handed over, so that each fault has a move of its own:

    * the subspace is found anew: moves along one gradient turn within ``gap`` steps, or are in that of the gradient;
    * a buffer in coordinates is projected anew, or reset: where frames P are made from the gradient, nothing of it is
      left once gradients are orthogonal to all before. Where frames are drawn, its move P P' M never points backwards,
      and that of numbers which belong to the frame before does in half of all cases;
    * frames are uniform where numbers are kept: those of a QR factorisation whose signs are left as they are have one
      sign in their first entry, so that such moves have a mean.

    Parameters
    ----------
    new : function of a shape and a seed
        A state: an optimiser of one matrix, which finds its subspace in the first step and every ``gap`` steps, or
        more often.
    step : function of a state and a gradient
        Makes a step with this gradient, float64 of NumPy, and returns by how much the matrix moved: an array of any
        library. Weight decay is off. ``rac_theory.torch.optimiser_moves`` makes both for PyTorch.
    rank, gap : int
        Of the optimiser; a gap of 3 to 8 is enough and fast.
    shapes : sequence of shapes
        With a smaller side of twice the rank at least.
    seeds : int
        Pairs of frames that are drawn.
    alpha : float
        Probability with which uniform frames are called those of a QR factorisation; nothing else is left to chance.
    rng : int
        Seed of the gradients, and the first of the seeds that are handed over.

    Raises
    ------
    Refuted
        With the numbers and the likely cause.
    ValueError
        For a rank or gap that cannot be tried, and for what is no move.

    Notes
    -----
    Moves may point backwards in a fifth of 256 pairs. Of numbers that are kept a half do, and so few with probability
    1e-22; of Adam that is projected anew 0.064 do, and so many with probability 1e-12. Frames without signs were named
    in each of 20 trials at ranks 1 and 2 of 8, and in 17 at rank 3. What is kept in second moments alone is not seen,
    nor what changes lengths alone, as in APOLLO, whose moves are along the gradient.

    Examples
    --------
    Momentum in coordinates that belong to the frame before, as in the GaLore that is released:

    >>> import numpy as np
    >>> from rac_theory.testing import Refuted, check_refresh
    >>> def new(shape, seed):
    ...     return {"A": 0.0, "t": 0}
    >>> def step(state, G):
    ...     if state["t"] % 4 == 0:
    ...         state["P"] = np.linalg.svd(G)[0][:, :2]
    ...     state["A"] = 0.9 * state["A"] + state["P"].T @ G
    ...     state["t"] += 1
    ...     return -0.1 * state["P"] @ state["A"]
    >>> try:
    ...     check_refresh(new, step, rank=2, gap=4)
    ... except Refuted as error:
    ...     print(str(error).partition(": ")[0])
    step must project what it remembers of a 12 x 8 matrix anew, or reset it
    """
    rank, gap = integer("rank", rank, 1), integer("gap", gap, 3)
    seeds, alpha = integer("seeds", seeds, 8), finite("alpha", alpha, above=0, below=1)
    for shape in shapes:
        integer("rank", rank, 1, min(shape) // 2, "half the smaller side")
        _Course(new, step, (shape[0], shape[1]), gap, rng).check(rank, seeds, alpha)


class _Course:
    """Optimisers of one shape, and the gradients that they are given."""

    def __init__(self, new: Any, step: Any, shape: tuple[int, int], gap: int, seed: int) -> None:
        self.new, self.step, self.shape, self.gap, self.seed = new, step, shape, gap, seed
        self._size = f"{shape[0]} x {shape[1]}"

    def moves(self, gradients: Sequence[Array], seed: int) -> Array:
        """The moves of a new optimiser along these gradients: (steps, m, n)."""
        state = self.new(self.shape, self.seed + seed)
        moves = [read("step(state, G)", self.step(state, G.copy()))[0] for G in gradients]
        if wrong := [move.shape for move in moves if move.shape != self.shape]:
            raise ValueError(f"step must return a move of shape {self.shape}, got {wrong[0]}")
        return np.stack(moves)

    def check(self, rank: int, seeds: int, alpha: float) -> None:
        """Raise ``Refuted`` with what is kept, and should not be."""
        rng = np.random.default_rng([self.seed, *self.shape])
        first, G = rng.standard_normal((2, *self.shape))
        begun, *moves = self.moves([_FIRST * first, *[G] * (2 * self.gap - 1)], 0)
        alone = self.moves([G] * (2 * self.gap), 0)
        if not all(move.any() for move in moves):
            raise Refuted(f"step must move a {self._size} matrix whose gradient is not zero, it does not")
        # No turn is seen of a subspace that is made from gradients in each step or two: it is the one of G already.
        is_new = _are_apart(begun, alone[0], rank) and not _are_apart(moves[-1], alone[0], rank)
        if not is_new and not _turns(np.stack(moves)):
            raise Refuted(
                f"step must find its subspace of a {self._size} matrix anew every {self.gap} steps: none of "
                f"{2 * self.gap} moves turns that has the gradient of the one before; is the projector made once, is "
                "there another gap, or no projector?"
            )
        if _turns(alone):  # frames that are made of one gradient are the same again
            self._check_drawn(seeds, alpha)
        else:
            self._check_made(rank, rng)

    def _check_made(self, rank: int, rng: np.random.Generator) -> None:
        """Frames are made from gradients: two of these have no row and no column in common."""
        m, n = (side // 2 for side in self.shape)
        before, after = np.zeros((2, *self.shape))
        for block in (before[:m, :n], after[-m:, -n:]):
            block += rng.standard_normal((m, rank)) @ rng.standard_normal((rank, n))
        moves = self.moves([before] * self.gap + [after] * self.gap, 0)[self.gap :]
        moves[:, :m, :n] = 0.0  # a buffer that is a matrix goes on there
        alone = self.moves([after], 0)[0]
        sizes = np.linalg.norm(moves, axis=(1, 2))
        move = moves[np.argmax(sizes > _TURN * np.linalg.norm(alone))]
        turn = 1 - float(cosine(move, alone))
        if not turn < _TURN:
            raise Refuted(
                f"step must project what it remembers of a {self._size} matrix anew, or reset it: once gradients "
                "are orthogonal to all before, its move has a cosine of "
                f"{1 - turn:.3g} with that of an optimiser without a past; {_KEPT}",
                move=move,
                alone=alone,
            )

    def _check_drawn(self, seeds: int, alpha: float) -> None:
        """Frames are drawn: what is remembered of one gradient moves W without another, under the next frame."""
        rng = np.random.default_rng([self.seed, 1, *self.shape])
        pairs = [self._remembered(np.outer(*map(rng.standard_normal, self.shape)), seed) for seed in range(seeds)]
        against = float(np.mean([cosine(before, after) < -_TURN for before, after in pairs]))
        if against < _AGAINST:
            return
        corner = np.zeros(self.shape)
        corner[0, 0] = 1.0
        pairs = [self._remembered(corner, seed) for seed in range(seeds)]
        share = unfair(np.array([before[0, 0] * after[0, 0] for before, after in pairs]), alpha)
        frames = (
            f"; and its frames are not uniform: the first entry goes on to its side in {share:.0%} of them, are they "
            "of a QR factorisation without the signs of its diagonal?"
            if share is not None
            else ""
        )
        raise Refuted(
            f"step must project what it remembers of a {self._size} matrix anew, or reset it: under the next "
            f"frame it points backwards in {against:.0%} of {seeds} cases, where P P' M does in none; {_KEPT}{frames}"
        )

    def _remembered(self, G: Array, seed: int) -> tuple[Array, Array]:
        """The last move along G, and the first that turns from it: projected once, as P P' of several may turn back."""
        moves = self.moves([G] * self.gap + [0.0 * G] * self.gap, seed)[self.gap - 1 :]
        return moves[0], moves[np.argmax(cosine(moves, moves[:1]) < 1 - _TURN)]


def _are_apart(M: Array, K: Array, rank: int) -> bool:
    """Whether two moves have no subspace of this rank in common, of either side."""
    M, K = (move / max(float(np.linalg.norm(move)), 1e-300) for move in (M, K))
    return all(beyond(both, rank, _TURN) for both in (np.hstack([M, K]), np.vstack([M, K])))


def _turns(moves: Array) -> bool:
    """Whether one of them turns, and not by much less than the one before, as where a limit on growth wears off."""
    turns = 1 - cosine(moves[1:], moves[:-1])
    return bool(np.any(turns[1:] > np.maximum(0.6 * turns[:-1], _TURN)))
