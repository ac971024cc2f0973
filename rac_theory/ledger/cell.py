"""A cell: what one ensemble is made of, by name, and the claims that are judged by it. No array is in it."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Key:
    """What an ensemble is made of, by name: enough to make it again, and the root of its random stream."""

    problem: str
    sketch: str
    side: str
    rank: int
    setting: str
    seed: int

    def seed_sequence(self) -> np.random.SeedSequence:
        """Return the random stream of this ensemble, which depends on its key alone."""
        words = f"{self.problem}|{self.sketch}|{self.side}|{self.rank}|{self.setting}"
        digest = hashlib.sha256(words.encode()).digest()
        return np.random.SeedSequence(self.seed, spawn_key=tuple(np.frombuffer(digest[:16], dtype="<u4").tolist()))

    def __str__(self) -> str:
        return f"{self.problem}, {self.sketch} rank {self.rank} {self.side}, {self.setting}"


@dataclass(frozen=True)
class Cell:
    """One ensemble by name, and the claims that are judged by it: (row number, theorem id) each."""

    number: int
    key: Key
    claims: tuple[tuple[int, str], ...]
    runs: int


@dataclass(frozen=True)
class Level:
    """What all cells that are tried together have in common.

    Attributes
    ----------
    steps : int or None
        None is as many as it takes for bounds to say something.
    alpha : float
        Significance level of a row.
    lambda_alpha : float
        What a row may spend on sampled constants.
    """

    steps: int | None
    alpha: float
    lambda_alpha: float
