"""Sketches whose draws have another law than they claim: flags, E[H], E[H M H], invariants, supports."""

import numpy as np

from rac_theory import sketches
from rac_theory.sketches import Coordinate, Gaussian, Haar, KaimingUniform, Rademacher, WeightedCoordinate
from rac_theory.sketches.laws.rotation_invariance import from_invariants, uniform_range

from .mutant import wrong
from .wrong_sketches import ClaimsNothing, nothing


class Flagged:
    """Draws of another sketch that are said to be rotation invariant, and nothing else."""

    rotation_invariant = True

    def __init__(self, sketch):
        self.sketch, self.dim, self.rank = sketch, sketch.dim, sketch.rank

    def sample(self, rng, size):
        return self.sketch.sample(rng, size)


class Uniform(Flagged):
    """The law of a uniform range is claimed of draws of another sketch."""

    orthonormal = False

    def expected_projection(self):
        return np.eye(self.dim) * self.rank / self.dim

    def second_moment(self, M):
        return from_invariants(*map(float, uniform_range(self.dim, self.rank)), M)

    def invariants(self):
        return uniform_range(self.dim, self.rank)


class Entries:
    """Independent entries of some law, rows scaled and then turned."""

    def __init__(self, draw, dim, rank, scale=1.0, turn=None):
        self.draw, self.dim, self.rank, self.scale, self.turn = draw, dim, rank, scale, turn

    def sample(self, rng, size):
        S = self.draw(rng, (size, self.dim, self.rank)) * self.scale
        return S if self.turn is None else self.turn @ S


def normal(rng, shape):
    return rng.standard_normal(shape)


def signs(rng, shape):
    return rng.choice([-1.0, 1.0], size=shape)


def row(dim, factor):
    return np.concatenate([[factor], np.ones(dim - 1)])[:, None]


TURN = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))[0]


class Sometimes:
    """Uniform, but one draw in so many comes from another sketch."""

    def __init__(self, sketch, share):
        self.sketch, self.share, self.dim, self.rank = sketch, share, sketch.dim, sketch.rank

    def sample(self, rng, size):
        S = rng.standard_normal((size, self.dim, self.rank))
        return np.where((rng.random(size) < self.share)[:, None, None], self.sketch.sample(rng, size), S)


class Lines:
    """Seven lines of the plane, turned alike: the first and second moments are those of a uniform line."""

    dim, rank = 2, 1

    def sample(self, rng, size):
        angle = np.pi / 7 * rng.integers(7, size=size)
        return np.stack([np.cos(angle), np.sin(angle)], axis=-1)[..., None]


class ComplexLines:
    """Complex lines as planes of R^4: every u'Hu has the law that it has for a uniform plane."""

    dim, rank = 4, 2

    def sample(self, rng, size):
        x, y = rng.standard_normal((2, size, 2))
        return np.stack([np.hstack([x, y]), np.hstack([-y, x])], axis=-1)


class Listed:
    """Coordinates with probabilities, and claims of your choice."""

    def __init__(self, p, rank=1, mean=None, listed=None, values=None):
        self.p, self.dim, self.rank = np.array(p) / np.sum(p), len(p), rank
        self.mean, self.listed, self.values = mean, listed, values

    def sample(self, rng, size):
        return np.eye(self.dim)[rng.choice(self.dim, size=size, p=self.p)][..., None]

    def expected_projection(self):
        return None if self.mean is None else np.diag(self.mean)

    def support(self):
        values = np.eye(self.dim)[..., None] if self.values is None else self.values
        return None if self.listed is None else (values, np.array(self.listed))


class Pairs(Coordinate):
    """Two of four coordinates as opposite pairs alone, listed as all pairs."""

    def sample(self, rng, size):
        pairs = np.eye(4)[[[0, 1], [2, 3]]].swapaxes(1, 2)
        return pairs[rng.integers(2, size=size)]

    def second_moment(self, M):
        return None


class MissesOnes(ClaimsNothing, Gaussian):
    """The direction of ones is never drawn, and E[H] is said to be r/d I."""

    def sample(self, rng, size):
        S = Gaussian.sample(self, rng, size)
        return S - S.mean(axis=1, keepdims=True)

    def expected_projection(self):
        return np.eye(self.dim) * self.rank / self.dim


class Moment(ClaimsNothing, Coordinate):
    """A second moment that is changed, where nothing else is claimed."""

    def __init__(self, dim, rank, change):
        object.__setattr__(self, "change", change)
        super().__init__(dim, rank)

    def second_moment(self, M):
        return self.change(Coordinate.second_moment(self, M), M)


class Uneven(ClaimsNothing, Haar):
    """A second moment with other numbers a and b."""

    def __init__(self, dim, rank, a=1.0, b=1.0, told=True):
        for name, value in {"a": a, "b": b, "told": told}.items():
            object.__setattr__(self, name, value)
        super().__init__(dim, rank)

    def expected_projection(self):
        return Haar.expected_projection(self) if self.told else None

    def second_moment(self, M):
        a, b = map(float, uniform_range(self.dim, self.rank))
        return from_invariants(self.a * a, self.b * b, M)


def kept_trace(d, r, error):
    """Factors of a and b that leave second_moment(I) alone, b being off by ``error``."""
    a, b = map(float, uniform_range(d, r))
    return {"a": 1 - error * b * (d + 1) / a, "b": 1 + error}


A, B = map(float, uniform_range(6, 2))
ALTERNATE = np.array([1.05, 0.95] * 3)

FALSE = {
    "flag: coordinates": Flagged(Coordinate(6, 2)),
    "flag: coordinates of rank 1": Flagged(Coordinate(4, 1)),
    "flag: signed Hadamard": Flagged(sketches.SubsampledHadamard(8, 2)),
    "flag: signs": Flagged(Rademacher(10, 2)),
    "flag: signs, turned by a fixed rotation": Flagged(Entries(signs, 6, 2, turn=TURN)),
    "flag: uniform entries": Flagged(KaimingUniform(6, 2)),
    "flag: uniform entries at dim 20": Flagged(KaimingUniform(20, 3)),
    "flag: count sketch": Flagged(sketches.CountSketch(6, 2)),
    "flag: blocks": Flagged(sketches.BlockPartition(6, 2)),
    "flag: Laplace entries": Flagged(Entries(lambda rng, shape: rng.laplace(size=shape), 6, 2)),
    "flag: Student entries": Flagged(Entries(lambda rng, shape: rng.standard_t(5, size=shape), 6, 2)),
    "flag: a row heavier by 10%": Flagged(Entries(normal, 6, 2, row(6, 1.1))),
    "flag: a row heavier by 5%": Flagged(Entries(normal, 6, 2, row(6, 1.05))),
    "flag: a direction heavier by 10%": Flagged(Entries(normal, 6, 2, row(6, 1.1), TURN)),
    "flag: a mean that is not zero": Flagged(Entries(lambda rng, shape: 0.3 + normal(rng, shape), 6, 1)),
    "flag: one draw in twenty is a coordinate": Flagged(Sometimes(Coordinate(6, 2), 0.05)),
    "flag: seven lines": Flagged(Lines()),
    "flag: complex lines": Flagged(ComplexLines()),
    "flag: coordinates with probabilities": Flagged(WeightedCoordinate(4, 2, [1, 1, 1, 2])),
    "uniform law: coordinates": Uniform(Coordinate(6, 2)),
    "uniform law: signed Hadamard": Uniform(sketches.SubsampledHadamard(8, 2)),
    "uniform law: rank lost": Uniform(sketches.CoordinateWithReplacement(6, 2)),
    "uniform law: a row heavier by 5%": Uniform(Entries(normal, 6, 2, row(6, 1.05))),
    "E[H]: one number 5% too high": Listed([1, 1, 1, 1], mean=[0.2625, 0.2458, 0.2458, 0.2459]),
    "E[H]: 5% too low": Listed([1, 1, 1, 1], mean=[0.2375] * 4),
    "E[H]: 5% too high and too low in turns": Listed([1] * 6, mean=ALTERNATE / 6),
    "E[H]: weights in reverse": Listed([1, 2, 3, 4], mean=[0.4, 0.3, 0.2, 0.1]),
    "E[H]: weights for probabilities without replacement": wrong(
        WeightedCoordinate, "Successive", expected_projection=lambda self: 2 * np.diag(self.weights) / 10
    )(4, 2, [1, 2, 3, 4]),
    "E[H]: a coordinate is never drawn": Listed([1, 1, 1, 0], mean=[0.25] * 4),
    "E[H]: r/d where probabilities are 5% off": Listed(ALTERNATE, mean=[1 / 6] * 6),
    "E[H]: the direction of ones is never drawn": MissesOnes(5, 2),
    "E[H]: r/d, and one column is always zero": wrong(
        Coordinate, "OneColumn", sample=lambda self, rng, size: Coordinate.sample(self, rng, size) * [1.0, 0.0]
    )(4, 2),
    "support: probabilities 5% off": Listed(ALTERNATE, listed=[1 / 6] * 6),
    "support: sixteen probabilities 5% off": Listed(np.tile([1.05, 0.95], 8), listed=[1 / 16] * 16),
    "support: one of four 5% off": Listed([1, 1, 1, 1], listed=[0.2625, 0.2458, 0.2458, 0.2459]),
    "support: a rare value is missing": Listed([100, 100, 100, 1], listed=[1 / 3] * 3, values=np.eye(4)[:3, :, None]),
    "support: a value that is never drawn": Listed([1, 1, 1, 0], listed=[0.3, 0.3, 0.3, 0.1]),
    "support: one value for many": Listed([1, 1], listed=[1.0], values=np.eye(2)[:1, :, None]),
    "support: values are shorter": Listed([1, 1, 1], listed=[1 / 3] * 3, values=np.eye(3)[..., None] / 2),
    "support: other pairs with the same E[H]": Pairs(4, 2),
    "second moment: 5% too high": Moment(4, 2, lambda S, M: 1.05 * S),
    "second moment: 5% too high off the diagonal": Moment(4, 2, lambda S, M: S * (1.05 - 0.05 * np.eye(4))),
    "second moment: E[H] M E[H]": Moment(4, 2, lambda S, M: M / 4),
    "second moment: transposed": Moment(4, 2, lambda S, M: np.swapaxes(S, -1, -2)),
    "second moment: M made symmetric": Moment(4, 2, lambda S, M: (S + np.swapaxes(S, -1, -2)) / 2),
    "second moment: a term that is not linear": Moment(4, 2, lambda S, M: S + 1e-3 * M**2),
    "second moment: zero": Moment(4, 2, lambda S, M: 0 * S),
    "second moment: of another M in a batch": Moment(4, 2, lambda S, M: S if S.ndim == 2 else S[::-1]),
    "second moment: the trace term 5% too high": Uneven(6, 2, b=1.05),
    "second moment: the trace term 5% too high, alone": Uneven(6, 2, b=1.05, told=False),
    "second moment: a and b exchanged": Uneven(6, 2, a=B / A, b=A / B),
    "second moment: b 5% too high, E[H] kept": Uneven(6, 2, **kept_trace(6, 2, 0.05)),
    "second moment: b 50% too high, E[H] kept and not told": Uneven(6, 2, **kept_trace(6, 2, 0.5), told=False),
    "second moment: that of uniform ranges for coordinates": wrong(
        Coordinate, "OfUniform", second_moment=lambda self, M: from_invariants(A, B, M), support=nothing
    )(6, 2),
    "invariants: those of uniform ranges for signs": wrong(
        KaimingUniform, "OfSigns", invariants=lambda self: uniform_range(6, 2), second_moment=nothing
    )(6, 2),
    "orthonormal: Gaussian columns": wrong(Gaussian, "Longer", orthonormal=True)(4, 2),
    "orthonormal: columns of signs over sqrt d": wrong(
        Rademacher, "Signs", orthonormal=True, sample=lambda self, rng, size: signs(rng, (size, 4, 2)) / 2
    )(4, 2),
}
"""What is wrong, and a sketch that is wrong in it."""

TRUE = {
    "normal entries, claimed to be uniform": Uniform(Entries(normal, 6, 2)),
    "normal entries of any scale": Flagged(Entries(normal, 6, 2, 7.0)),
    "normal entries of columns that are scaled": Flagged(Entries(normal, 6, 2, np.array([1.0, 100.0]))),
    "uniform ranges, sometimes of a lower rank": Flagged(
        Entries(lambda rng, shape: normal(rng, shape) * (rng.random((shape[0], 1, 2)) < 0.7), 6, 2)
    ),
    "coordinates": Listed([1, 2, 3, 4], mean=[0.1, 0.2, 0.3, 0.4], listed=[0.1, 0.2, 0.3, 0.4]),
}
"""Their likes that are right."""
