"""Problems that are right when they are called once, and wrong in batches, on second calls, or near an earlier W."""

import copy

import numpy as np

from rac_theory.problems import LeastSquares

RNG = np.random.default_rng(611)
X, Y = RNG.normal(size=(20, 3)) * [1.0, 2.0, 0.5], RNG.normal(size=(20, 2))


class Plain(LeastSquares):
    """Least squares with a ridge, through value and gradient alone."""

    eigenbasis = None
    single_precision = None

    def __init__(self):
        object.__setattr__(self, "kept", {})
        super().__init__(X, Y, l2=0.3)
        self.kept.clear()

    def subset(self, rows):
        return LeastSquares(X[rows], Y[rows], l2=0.3)

    def value(self, W):
        return LeastSquares.value_and_gradient(self, W)[0]

    def gradient(self, W):
        return LeastSquares.value_and_gradient(self, W)[1]

    def value_and_gradient(self, W):
        return self.value(W), self.gradient(W)


def remembering(member, same):
    """A class that answers with what it kept for an earlier argument which is the ``same``."""

    def answer(self, W, *rest):
        kept = self.kept.get(member)
        if kept is None or not same(kept[0], W):
            kept = self.kept[member] = (W.copy(), getattr(Plain, member)(self, W, *rest))
        return copy.copy(kept[1])

    doc = f"{member} is that of an earlier W which is the same by {same.__name__.replace('_', ' ')}."
    return type(f"{member} {same.__name__}", (Plain,), {member: answer, "__doc__": doc})


def close(kept, W):
    return kept.shape == W.shape and np.allclose(kept, W)


def close_alone(kept, W):
    return W.ndim == 2 and close(kept, W)


def close_in_batches(kept, W):
    return W.ndim == 3 and close(kept, W)


def very_close(kept, W):
    return kept.shape == W.shape and np.allclose(kept, W, rtol=1e-9, atol=1e-12)


def of_one_shape(kept, W):
    return kept.shape == W.shape


def first_entry(kept, W):
    return kept.shape == W.shape and kept.size > 0 and kept.flat[0] == W.flat[0]


def last_entry(kept, W):
    return kept.shape == W.shape and kept.size > 0 and kept.flat[-1] == W.flat[-1]


def of_one_sum(kept, W):
    return kept.shape == W.shape and np.isclose(kept.sum(), W.sum(), rtol=1e-12)


def of_one_norm(kept, W):
    return kept.shape == W.shape and np.isclose(np.linalg.norm(kept), np.linalg.norm(W), rtol=1e-12)


def in_single_precision(kept, W):
    return kept.shape == W.shape and np.array_equal(kept.astype(np.float32), W.astype(np.float32))


def keyed(member, key):
    """A class that keeps every answer by a key."""

    def answer(self, W, *rest):
        k = (member, W.shape, key(W))
        if k not in self.kept:
            self.kept[k] = (W, getattr(Plain, member)(self, W, *rest))
        return copy.copy(self.kept[k][1])

    doc = f"{member} is kept by {key.__name__.replace('_', ' ')} of W."
    return type(f"{member} {key.__name__}", (Plain,), {member: answer, "__doc__": doc})


def six_decimals(W):
    return np.round(W, 6).tobytes()


def two_decimals(W):
    return np.round(W, 2).tobytes()


def identity(W):
    return id(W)


class ResidualOfTheLastValue(Plain):
    """The gradient uses what the last call of value has left, whatever W is."""

    def value(self, W):
        self.kept["W"] = W.copy()
        return super().value(W)

    def gradient(self, W):
        last = self.kept.get("W", W)
        return super().gradient(last if last.shape == W.shape and np.allclose(last, W, rtol=0.1) else W)


def components_kept(by, key):
    """A class that keeps component gradients by a key of W and the indices."""

    def component_gradient(self, W, indices):
        k = key(W, indices)
        if k not in self.kept:
            self.kept[k] = Plain.component_gradient(self, W, indices)
        return self.kept[k].copy()

    members = {"component_gradient": component_gradient, "__doc__": f"Component gradients are kept {by}."}
    return type(f"components {by}", (Plain,), members)


ComponentsByIndex = components_kept("by their indices", lambda W, indices: (W.shape, indices.tobytes()))
ComponentsByCloseness = components_kept(
    "for W that are close, and the same indices", lambda W, indices: (np.round(W, 5).tobytes(), indices.tobytes())
)
ComponentsByPlace = components_kept("for W, whatever the indices are", lambda W, indices: (W.tobytes(), indices.shape))


class FirstOfALargeBatch(Plain):
    """The first of more than fifty matrices has twice the gradient."""

    def gradient(self, W):
        G = super().gradient(W).copy()
        if W.ndim == 3 and len(W) > 50:
            G[0] *= 2
        return G


class LastOfALargeBatch(Plain):
    """The last of more than fifty matrices has the value of the first."""

    def value(self, W):
        f = np.array(super().value(W))
        if W.ndim == 3 and len(W) > 50:
            f[-1] = f[0]
        return f


class FusedInABatch(Plain):
    """value_and_gradient has the gradient of the first matrix in a batch of two axes."""

    def value_and_gradient(self, W):
        f, G = super().value_and_gradient(W)
        return f, np.broadcast_to(G[:1], G.shape).copy() if W.ndim == 4 else G


class FusedAlone(Plain):
    """value_and_gradient doubles the gradient of a single matrix."""

    def value_and_gradient(self, W):
        f, G = super().value_and_gradient(W)
        return f, 2 * G if W.ndim == 2 else G


class FusedWrites(Plain):
    """value_and_gradient overwrites its argument with the gradient."""

    def value_and_gradient(self, W):
        f, G = super().value_and_gradient(W)
        W[...] = G
        return f, G


class WritesToABatch(Plain):
    """The gradient of a large batch is written over W."""

    def gradient(self, W):
        G = super().gradient(W)
        if W.ndim == 3 and len(W) > 50:
            W[...] = G
        return G


class OrderOfMemory(Plain):
    """Entries are taken in the order of memory."""

    def value(self, W):
        return super().value(W.ravel("K").reshape(W.shape))


class OneBuffer(Plain):
    """All gradients of a shape are written to one array."""

    def gradient(self, W):
        G = self.kept.setdefault(W.shape, np.empty(W.shape))
        G[...] = super().gradient(W)
        return G


class Tired(Plain):
    """After 300 calls the gradient is longer by a percent."""

    def gradient(self, W):
        self.kept["calls"] = self.kept.get("calls", 0) + 1
        return super().gradient(W) * (1.01 if self.kept["calls"] > 300 else 1.0)


class SingleValue(Plain):
    """The value is computed in single precision."""

    def value(self, W):
        return super().value(W).astype(np.float32).astype(np.float64)


class SingleInside(Plain):
    """W is rounded to single precision first."""

    def value(self, W):
        return super().value(W.astype(np.float32).astype(np.float64))

    def gradient(self, W):
        return super().gradient(W.astype(np.float32).astype(np.float64))


class SingleGradient(Plain):
    """The gradient is computed in single precision."""

    def gradient(self, W):
        return super().gradient(W).astype(np.float32).astype(np.float64)


class ReturnsSingle(Plain):
    """Value and gradient are float32."""

    def value(self, W):
        return super().value(W).astype(np.float32)

    def gradient(self, W):
        return super().gradient(W).astype(np.float32)


class HeavyFirstIndex(Plain):
    """The first index of a list counts twice, and lists of one are right."""

    def component_gradient(self, W, indices):
        twice = indices if indices.shape[1] == 1 else np.column_stack([indices, indices[:, 0]])
        return super().component_gradient(W, twice)


class FirstFive(Plain):
    """Of a list the first five indices count."""

    def component_gradient(self, W, indices):
        return super().component_gradient(W, indices[:, :5])


class SummedWhole(Plain):
    """A list of all components is summed."""

    def component_gradient(self, W, indices):
        return super().component_gradient(W, indices) * (len(X) if indices.shape[1] == len(X) else 1)


class WithoutRepetition(Plain):
    """A list that repeats an index counts it once, in lists of two."""

    def component_gradient(self, W, indices):
        return super().component_gradient(W, indices[:, :1] if indices.shape[1] == 2 else indices)


class BiasedByAPercent(Plain):
    """Component gradients are longer than they should be by a percent."""

    def component_gradient(self, W, indices):
        return 1.01 * super().component_gradient(W, indices)


class SubsetOfAll(Plain):
    """Every subset is the whole."""

    def subset(self, rows):
        return LeastSquares(X, Y, l2=0.3)


class SubsetWithoutPenalty(Plain):
    """A subset lacks the penalty."""

    def subset(self, rows):
        return LeastSquares(X[rows], Y[rows])


class SubsetSorted(Plain):
    """A subset forgets which rows repeat."""

    def subset(self, rows):
        rows = np.unique(rows)
        return LeastSquares(X[rows], Y[rows], l2=0.3)


class SubsetOffset(Plain):
    """The value of a subset has an offset."""

    def subset(self, rows):
        class Offset(LeastSquares):
            def value(self, W):
                return super().value(W) + 1.0

        return Offset(X[rows], Y[rows], l2=0.3)


class WrongFarAway(Plain):
    """The gradient is wrong beyond a hundred."""

    def gradient(self, W):
        far = np.linalg.norm(W, axis=(-2, -1), keepdims=True) > 100
        return super().gradient(W) * np.where(far, 1.1, 1.0)


class WrongEntry(Plain):
    """One entry of the gradient is off by a hundredth of a percent."""

    def gradient(self, W):
        G = super().gradient(W).copy()
        G[..., 0, 0] *= 1.0001
        return G


class OneMore(Plain):
    """n_components counts the last component twice."""

    n_components = len(X) + 1

    def component_gradient(self, W, indices):
        return super().component_gradient(W, np.minimum(indices, len(X) - 1))


CACHES = [
    *(
        remembering(member, same)
        for member in ("value", "gradient", "value_and_gradient")
        for same in (close, very_close, of_one_shape, first_entry, last_entry, of_one_sum, of_one_norm)
    ),
    remembering("gradient", in_single_precision),
    remembering("gradient", close_alone),
    remembering("gradient", close_in_batches),
    *(keyed(member, key) for member in ("value", "gradient") for key in (six_decimals, two_decimals, identity)),
]
FALSE = [
    *CACHES,
    *(
        member
        for member in list(vars().values())
        if isinstance(member, type) and issubclass(member, Plain) and member is not Plain
    ),
]
