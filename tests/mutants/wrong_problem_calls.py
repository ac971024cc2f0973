"""Problems that are right when they are called once, and wrong in batches, on second calls, or near an earlier W."""

import copy
from functools import partial

import numpy as np

from rac_theory.problems import LeastSquares

from . import mutant
from .wrong_problems import Tampered

RNG = np.random.default_rng(611)
X, Y = RNG.normal(size=(20, 3)) * [1.0, 2.0, 0.5], RNG.normal(size=(20, 2))


class Plain(Tampered):
    """Least squares with a ridge, which may keep what it likes."""

    single_precision = None

    def __init__(self):
        object.__setattr__(self, "kept", {})
        super().__init__(X, Y, l2=0.3)
        self.kept.clear()

    def subset(self, rows):
        return LeastSquares(X[rows], Y[rows], l2=0.3)


wrong = partial(mutant.wrong, Plain)

# Whether a kept W is taken for another one of its shape, by what it is called.
close = "close", np.allclose
close_alone = "close alone", lambda kept, W: W.ndim == 2 and np.allclose(kept, W)
close_in_batches = "close in batches", lambda kept, W: W.ndim == 3 and np.allclose(kept, W)
very_close = "very close", partial(np.allclose, rtol=1e-9, atol=1e-12)
of_one_shape = "of one shape", lambda kept, W: True
first_entry = "first entry", lambda kept, W: np.array_equal(kept.flat[:1], W.flat[:1])
last_entry = "last entry", lambda kept, W: np.array_equal(kept.flat[-1:], W.flat[-1:])
of_one_sum = "of one sum", lambda kept, W: np.isclose(kept.sum(), W.sum(), rtol=1e-12)
of_one_norm = "of one norm", lambda kept, W: np.isclose(np.linalg.norm(kept), np.linalg.norm(W), rtol=1e-12)
in_single_precision = "in single precision", lambda kept, W: np.array_equal(np.float32(kept), np.float32(W))

# The key under which an answer is kept.
six_decimals = "six decimals", lambda W: np.round(W, 6).tobytes()
two_decimals = "two decimals", lambda W: np.round(W, 2).tobytes()
identity = "identity", id


def after(what, change, *members):
    """A class that answers with a change of the right answer, which may depend on the arguments."""

    def changed(member):
        return lambda self, *arguments: change(getattr(Plain, member)(self, *arguments), *arguments)

    return wrong(what, **{member: changed(member) for member in members})


def of_indices(what, change):
    """A class that takes other indices for those that are asked for."""
    return wrong(what, component_gradient=lambda self, W, i: Plain.component_gradient(self, W, change(i)))


def remembering(member, same):
    """A class that answers with what it kept for an earlier argument which is the ``same``."""
    called, is_same = same

    def answer(self, W, *rest):
        kept = self.kept.get(member)
        if kept is None or kept[0].shape != W.shape or not is_same(kept[0], W):
            kept = self.kept[member] = (W.copy(), getattr(Plain, member)(self, W, *rest))
        return copy.copy(kept[1])

    return wrong(f"{member} is that of an earlier W which is the same by {called}", **{member: answer})


def keyed(member, key):
    """A class that keeps every answer by a key."""
    called, of = key

    def answer(self, W, *rest):
        k = (member, W.shape, of(W))
        if k not in self.kept:
            self.kept[k] = (W, getattr(Plain, member)(self, W, *rest))
        return copy.copy(self.kept[k][1])

    return wrong(f"{member} is kept by {called} of W", **{member: answer})


def components_kept(by, key):
    """A class that keeps component gradients by a key of W and the indices."""

    def component_gradient(self, W, indices):
        k = key(W, indices)
        if k not in self.kept:
            self.kept[k] = Plain.component_gradient(self, W, indices)
        return self.kept[k].copy()

    return wrong(f"Component gradients are kept {by}", component_gradient=component_gradient)


def large(W):
    return W.ndim == 3 and len(W) > 50


def rounded(A):
    return np.float64(np.float32(A))


class ResidualOfTheLastValue(Plain):
    """The gradient uses what the last call of value has left, whatever W is."""

    def value(self, W):
        self.kept["W"] = W.copy()
        return super().value(W)

    def gradient(self, W):
        last = self.kept.get("W", W)
        return super().gradient(last if last.shape == W.shape and np.allclose(last, W, rtol=0.1) else W)


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
        if large(W):
            W[...] = G
        return G


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


CACHES = [
    *(
        remembering(member, same)
        for member in ("value", "gradient", "value_and_gradient")
        for same in (close, very_close, of_one_shape, first_entry, last_entry, of_one_sum, of_one_norm)
    ),
    *(remembering("gradient", same) for same in (in_single_precision, close_alone, close_in_batches)),
    *(keyed(member, key) for member in ("value", "gradient") for key in (six_decimals, two_decimals, identity)),
    components_kept("by their indices", lambda W, indices: (W.shape, indices.tobytes())),
    components_kept(
        "for W that are close, and the same indices", lambda W, indices: (np.round(W, 5).tobytes(), indices.tobytes())
    ),
    components_kept("for W, whatever the indices are", lambda W, indices: (W.tobytes(), indices.shape)),
]

Offset = type("Offset", (LeastSquares,), {"value": lambda self, W: LeastSquares.value(self, W) + 1.0})

FirstOfALargeBatch = after(
    "The first of more than fifty matrices has twice the gradient",
    lambda G, W: np.concatenate([2 * G[:1], G[1:]]) if large(W) else G,
    "gradient",
)
FusedAlone = after(
    "value_and_gradient doubles the gradient of a single matrix",
    lambda both, W: (both[0], 2 * both[1]) if W.ndim == 2 else both,
    "value_and_gradient",
)
SingleInside = wrong(
    "W is rounded to single precision first",
    value=lambda self, W: Plain.value(self, rounded(W)),
    gradient=lambda self, W: Plain.gradient(self, rounded(W)),
)
SingleValue = after("The value is computed in single precision", lambda f, W: rounded(f), "value")
SingleGradient = after("The gradient is computed in single precision", lambda G, W: rounded(G), "gradient")
HeavyFirstIndex = of_indices(
    "The first index of a list counts twice, and lists of one are right",
    lambda indices: indices if indices.shape[1] == 1 else np.column_stack([indices, indices[:, 0]]),
)
BiasedByAPercent = after(
    "Component gradients are longer than they should be by a percent", lambda G, *_: 1.01 * G, "component_gradient"
)
SubsetWithoutPenalty = wrong("A subset lacks the penalty", subset=lambda self, rows: LeastSquares(X[rows], Y[rows]))

FALSE = [
    *CACHES,
    *(each for each in vars().values() if isinstance(each, type) and each.__base__ is Plain),
    after(
        "The last of more than fifty matrices has the value of the first",
        lambda f, W: np.append(f[:-1], f[0]) if large(W) else f,
        "value",
    ),
    after(
        "value_and_gradient has the gradient of the first matrix in a batch of two axes",
        lambda both, W: (both[0], np.repeat(both[1][:1], len(W), axis=0)) if W.ndim == 4 else both,
        "value_and_gradient",
    ),
    wrong(
        "Entries are taken in the order of memory",
        value=lambda self, W: Plain.value(self, W.ravel("K").reshape(W.shape)),
    ),
    after("Value and gradient are float32", lambda of, W: np.float32(of), "value", "gradient"),
    of_indices("Of a list the first five indices count", lambda indices: indices[:, :5]),
    of_indices(
        "A list that repeats an index counts it once, in lists of two",
        lambda indices: indices[:, :1] if indices.shape[1] == 2 else indices,
    ),
    after(
        "A list of all components is summed",
        lambda G, W, indices: G * (len(X) if indices.shape[1] == len(X) else 1),
        "component_gradient",
    ),
    wrong("Every subset is the whole", subset=lambda self, rows: LeastSquares(X, Y, l2=0.3)),
    wrong("A subset forgets which rows repeat", subset=lambda self, rows: Plain.subset(self, np.unique(rows))),
    wrong("The value of a subset has an offset", subset=lambda self, rows: Offset(X[rows], Y[rows], l2=0.3)),
    after(
        "The gradient is wrong beyond a hundred",
        lambda G, W: G * np.where(np.linalg.norm(W, axis=(-2, -1), keepdims=True) > 100, 1.1, 1.0),
        "gradient",
    ),
    after(
        "One entry of the gradient is off by a hundredth of a percent",
        lambda G, W: G * [[1.0001, 1.0], [1.0, 1.0], [1.0, 1.0]],
        "gradient",
    ),
    wrong(
        "n_components counts the last component twice",
        n_components=len(X) + 1,
        component_gradient=lambda self, W, i: Plain.component_gradient(self, W, np.minimum(i, len(X) - 1)),
    ),
]
