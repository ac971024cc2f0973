"""A chain of low-rank adapters with Adam, written by hand as people write it, and what goes wrong with it."""

import numpy as np

X = np.random.default_rng(0).standard_normal((32, 6))
TARGET = np.tanh(X @ np.random.default_rng(1).standard_normal((6, 6)) @ np.ones((6, 4)))


class Adam:
    """Moments of named factors, and the step that they are corrected by."""

    def __init__(self, rate):
        self.rate, self.state = rate, {}

    def step(self, name, gradient):
        """The move of a factor."""
        own = self.state.setdefault(name, {"step": 0, "exp_avg": 0 * gradient, "exp_avg_sq": 0 * gradient})
        own["step"] += 1
        own["exp_avg"] = 0.9 * own["exp_avg"] + 0.1 * gradient
        own["exp_avg_sq"] = 0.999 * own["exp_avg_sq"] + 0.001 * gradient**2
        mean, square = own["exp_avg"] / (1 - 0.9 ** own["step"]), own["exp_avg_sq"] / (1 - 0.999 ** own["step"])
        return -self.rate * mean / (np.sqrt(square) + 1e-8)


class Chain:
    """Two hidden layers, both 6 x 6, and a head of 4 outputs: each with B of rank 2 from zero, and a fresh A."""

    shapes = (("first", (6, 6)), ("second", (6, 6)), ("head", (4, 6)))
    target = TARGET
    rank, scale, rate, kind = 2, 2.0, 0.01, np.float64
    trains_both = False

    def __init__(self, seed):
        self.seed, self.rng = seed, np.random.default_rng([seed, 1])
        base = np.random.default_rng([seed, 0])
        self.W = {name: (base.standard_normal(shape) / 2).astype(self.kind) for name, shape in self.shapes}
        self.A, self.B = {}, {}
        self.optimizer = Adam(self.rate)
        self.begin()

    # --- a link

    def begin(self):
        for name, (m, n) in self.shapes:
            self.A[name] = self.draw(name, n)
            self.B[name] = np.zeros((m, len(self.A[name])))

    def draw(self, name, n):
        return self.rng.standard_normal((self.rank, n)) / np.sqrt(n)

    def train(self, steps):
        for _ in range(steps):
            for name, G in self.gradients().items():
                self.B[name] = self.B[name] + self.optimizer.step((name, "B"), self.scale * G @ self.A[name].T)
                if self.trains_both:
                    self.A[name] = self.A[name] + self.optimizer.step((name, "A"), self.scale * self.B[name].T @ G)

    def merge(self):
        self.fold()
        self.begin()
        self.reset()

    def fold(self):
        for name in self.W:
            self.W[name] = self.merged(name).astype(self.kind)

    def merged(self, name):
        return self.W[name] + self.product(name)

    def reset(self):
        self.optimizer.state.clear()

    # --- the model

    def product(self, name):
        return self.scale * self.B[name] @ self.A[name]

    def weight(self, name):
        return self.W[name].astype(float) + self.product(name)

    def outputs(self):
        hidden = np.tanh(X @ self.weight("first").T)
        return np.tanh(hidden @ self.weight("second").T) @ self.weight("head").T

    def gradients(self):
        one = np.tanh(X @ self.weight("first").T)
        two = np.tanh(one @ self.weight("second").T)
        error = (two @ self.weight("head").T - self.target) / len(X)
        second = (error @ self.weight("head")) * (1 - two**2)
        first = (second @ self.weight("second")) * (1 - one**2)
        return {"first": first.T @ X, "second": second.T @ one, "head": error.T @ two}

    # --- what is shown of it

    def adapter(self):
        return {name: (self.B[name], self.A[name], self.scale) for name in self.W}

    def moments(self):
        return self.optimizer.state


def altered(base=Chain, /, **members):
    """Return a chain with other members."""
    return type("Altered", (base,), members)


def resetting(change):
    """Return a chain of which a merge makes something else of what the optimiser has of each factor."""
    return altered(reset=lambda self: [change(own) for own in self.optimizer.state.values()])


# --- right


ReLoRA = altered(trains_both=True)
"""Both factors are trained, and A is drawn anew."""
Coordinates = altered(draw=lambda self, name, n: np.eye(n)[self.rng.permutation(n)[: self.rank]])
"""A sketch of few values, which repeats now and then."""


class Pruned(ReLoRA):
    """ReLoRA's reset: nine tenths of the entries of moments, the smallest, are zeroed."""

    def reset(self):
        for own in self.optimizer.state.values():
            for key in ("exp_avg", "exp_avg_sq"):
                size = np.abs(own[key])
                own[key] = own[key] * (size > np.quantile(size, 0.9))


class Moved(Chain):
    """The adapter does not begin at zero, and the base gives up what it begins with."""

    def begin(self):
        for name, (m, n) in self.shapes:
            self.B[name], self.A[name] = self.rng.standard_normal((m, self.rank)) / 9, self.draw(name, n)
            self.W[name] = self.W[name] - self.product(name)


class RankZero(Chain):
    """A pattern of ranks by layer, which leaves one out."""

    def begin(self):
        super().begin()
        self.B["second"], self.A["second"] = np.zeros((6, 0)), np.zeros((0, 6))


class Views(Chain):
    """All weights are views of one buffer, and are added to where they are."""

    def __init__(self, seed):
        super().__init__(seed)
        ends = np.cumsum([W.size for W in self.W.values()])[:-1]
        parts = np.split(np.concatenate([W.ravel() for W in self.W.values()]), ends)
        self.W = {name: part.reshape(shape) for (name, shape), part in zip(self.shapes, parts, strict=True)}

    def fold(self):
        for name in self.W:
            self.W[name] += self.product(name)


class LoRAPlus(ReLoRA):
    """B at sixteen times the rate of A, with the scale alpha / sqrt(r)."""

    scale = 4 / np.sqrt(2)

    def train(self, steps):
        for _ in range(steps):
            before = dict(self.B)
            super().train(1)
            self.B = {name: old + 16 * (self.B[name] - old) for name, old in before.items()}


class HalfAdapters(Chain):
    """Factors in half precision, and their product too, on weights in single."""

    kind = np.float32

    def begin(self):
        super().begin()
        self.A, self.B = ({name: M.astype(np.float16) for name, M in of.items()} for of in (self.A, self.B))

    def train(self, steps):
        super().train(steps)
        self.B = {name: B.astype(np.float16) for name, B in self.B.items()}

    def merged(self, name):
        return self.W[name] + (np.float16(self.scale) * (self.B[name] @ self.A[name])).astype(np.float32)


class Master(Chain):
    """Weights are used in half precision, and kept in single."""

    kind, rate = np.float32, 1e-4

    def weight(self, name):
        return self.shown()[name].astype(float) + self.product(name)

    def shown(self):
        return {name: W.astype(np.float16) for name, W in self.W.items()}


class Compensated(Chain):
    """Weights in half precision, and what rounding took away in the same."""

    kind, rate = np.float16, 1e-4

    def __init__(self, seed):
        super().__init__(seed)
        self.lost = {name: np.zeros(shape, np.float16) for name, shape in self.shapes}

    def merged(self, name):
        exact = self.lost[name].astype(float) + super().merged(name)
        self.lost[name] = (exact - exact.astype(np.float16)).astype(np.float16)
        return exact


class Stochastic(Chain):
    """Weights in half precision, rounded up or down with the chance that makes the mean right."""

    kind, rate = np.float16, 1e-4

    def merged(self, name):
        exact = super().merged(name)
        near = exact.astype(np.float16)
        other = np.nextafter(near, np.where(exact > near, np.inf, -np.inf).astype(np.float16))
        draws = self.rng.random(exact.shape) * np.abs(other - near.astype(float))
        return np.where(draws < np.abs(exact - near), other, near)


FUNCTIONAL = altered(train=lambda self, n: Chain.train(self, n) or self, merge=lambda self: Chain.merge(self) or self)
"""States are returned."""
NEW_TIMES = resetting(lambda own: own.update(step=0, exp_avg=0 * own["exp_avg"], exp_avg_sq=0 * own["exp_avg_sq"]))
"""The counter goes back with the moments, which stay as arrays of zeros."""

RIGHT = [Chain, ReLoRA, FUNCTIONAL, Coordinates, Pruned, NEW_TIMES, Moved, RankZero, Views, LoRAPlus, HalfAdapters]
RIGHT += [altered(kind=np.float32), Master, Compensated, Stochastic]


# --- wrong: a merge that moves the function


Twice = altered(fold=lambda self: [Chain.fold(self) for _ in range(2)])
"""A callback that merges, and a save that merges once more."""
NotMerged = altered(merged=lambda self, name: self.W[name])
Unscaled = altered(merged=lambda self, name: self.W[name] + self.B[name] @ self.A[name])


class KeepsB(Chain):
    """A is drawn anew, and B stays."""

    def begin(self):
        for name, (m, n) in self.shapes:
            self.B.setdefault(name, np.zeros((m, self.rank)))
            self.A[name] = self.draw(name, n)


class StillAdded(Chain):
    """What was merged is also kept beside the weights."""

    beside = 0.0

    def fold(self):
        self.beside = {name: self.product(name) for name in self.W}
        super().fold()

    def weight(self, name):
        return super().weight(name) + (self.beside[name] if self.beside else 0.0)


MERGE = {
    Twice: "of what the adapter contributed, rounding allows .*, as if it was merged twice",
    NotMerged: "the outputs moved by 1 of what the adapter contributed, .* as if it was not merged",
    Unscaled: "as if its scale 2 was forgotten",
    altered(scale=4.0, merged=lambda self, name: self.W[name] + self.scale * self.product(name)): (
        "as if its scale 4 was applied twice"
    ),
    altered(merged=lambda self, name: self.W[name] - self.product(name)): "as if it was subtracted",
    altered(  # of square layers nothing tells
        shapes=tuple((name, (6, 6)) for name in ("first", "second", "head")),
        target=np.pad(TARGET, ((0, 0), (0, 2))),
        merged=lambda self, name: self.W[name] + self.product(name).T,
    ): "as if its transpose was merged",
    KeepsB: "the adapter still gives .* of what it gave, is the trained factor not reset to zero",
    StillAdded: "the weights gained what it gave, is it still added when the model is run",
    altered(merged=lambda self, name: self.W[name] if name == "head" else Chain.merged(self, name)): (
        "merge must preserve the function: in link 1 the outputs moved by"
    ),
    # the next link is right by itself, and no output moves: a scale that is read from one end alone would not tell
    altered(merge=lambda self: Chain.merge(self) or vars(self).update(scale=self.scale / 2)): (
        r"merge must leave the scale of the adapter of '\w+': after link 1 it is"
    ),
    # a slot that is cleared: every gradient is zero
    altered(merge=lambda self: Chain.merge(self) or self.A.update({name: 0 * A for name, A in self.A.items()})): (
        "merge must leave an adapter that can be trained: at the start of link 2 both factors of 'first'"
    ),
    altered(train=lambda self, steps: None): (  # the optimiser holds the factors of another copy
        "train.* must move the outputs, it does not: does the optimiser hold the adapter"
    ),
    altered(outputs=lambda self: Chain.outputs(self) * (np.random.default_rng().random((32, 4)) < 0.9)): (
        r"outputs must be a function of the state: two calls differ by .* is there dropout"
    ),
}


# --- wrong: what the optimiser keeps


NoReset = altered(reset=lambda self: None)


class OtherKeys(Chain):
    """Each link has names of its own, to which its moments are handed on."""

    links = 0

    def reset(self):
        self.links += 1
        self.optimizer.state = {f"{key.split()[0]} {self.links}": own for key, own in self.optimizer.state.items()}

    def train(self, steps):
        for _ in range(steps):
            for name, G in self.gradients().items():
                move = self.optimizer.step(f"{name} {self.links}", self.scale * G @ self.A[name].T)
                self.B[name] = self.B[name] + move


MEMORY = {
    NoReset: "merge must reset what the optimiser remembers: after link 1 it keeps 1 of the norm of its moments",
    OtherKeys: "it keeps 1 of the norm of its moments .*exp_avg",
    resetting(lambda own: own.update(step=0, exp_avg=0 * own["exp_avg"])): (
        "it keeps 1 of the norm of its moments .*exp_avg_sq"
    ),
    resetting(lambda own: own.update(exp_avg=0 * own["exp_avg"], exp_avg_sq=0 * own["exp_avg_sq"])): (
        "must reset the optimiser's counter .*step with its moments: after link 1 it is 3, .* 3.2 times"
    ),
}


# --- wrong: a sketch that is not fresh


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


Reseeded = altered(draw=lambda self, name, n: numbers([0, len(name), n], self.rank, n))
"""A generator of the same seed in each merge."""


class SeededInMerge(Chain):
    """A seed for reproducible adapters, set in each merge: the first sketch is another one."""

    def merge(self):
        self.rng = np.random.default_rng(0)
        super().merge()


class ByLayer(Chain):
    """A generator of the same seed in each layer, and of another one in each merge."""

    links = 0

    def begin(self):
        self.links += 1
        super().begin()

    def draw(self, name, n):
        return numbers(self.links, self.rank, n)

    def place(self, name):
        return list(self.W).index(name)


class ScaledByLayer(ByLayer):
    """The same numbers in each layer, of another seed in each chain, times a factor of its own."""

    def draw(self, name, n):
        return numbers([self.seed, self.links], self.rank, n) / (1 + self.place(name))


class ByLayerOfOtherRank(ScaledByLayer):
    """The same numbers in two layers, in sketches of different shapes."""

    def draw(self, name, n):
        self.rank = 3 if name == "head" else 2
        return Chain.draw(self, name, n) if name == "second" else super().draw(name, n)


class Pool(Chain):
    """Eight matrices, in turns."""

    turn = 0

    def draw(self, name, n):
        if not hasattr(self, "pool"):
            self.pool = [super(Pool, self).draw(name, n) for _ in range(24)]
        self.turn += 1
        return self.pool[self.turn % 24]


class Averaged(Chain):
    """A part of the former sketch is kept."""

    part = 0.8

    def draw(self, name, n):
        fresh = super().draw(name, n)
        return self.part * self.A[name] + (1 - self.part**2) ** 0.5 * fresh if name in self.A else fresh


class SameRange(Chain):
    """The rows are mixed anew, and their span stays."""

    def draw(self, name, n):
        mixed = self.rng.standard_normal((self.rank, self.rank))
        return mixed @ self.A[name] if name in self.A else super().draw(name, n)


class Trained(ReLoRA):
    """A trained factor goes on, with some noise."""

    def draw(self, name, n):
        fresh = super().draw(name, n)
        return self.A[name] + 0.3 * fresh if name in self.A else fresh


class FromB(Chain):
    """The sketch of a square layer is made from the factor that was trained in the link before."""

    def begin(self):
        for name, (m, n) in self.shapes:
            fresh, B = self.draw(name, n), self.B.get(name)
            self.A[name] = fresh if B is None or m != n else fresh + B.T / max(np.abs(B).max(), 1e-9)
            self.B[name] = np.zeros((m, self.rank))


FRESH = {
    Reseeded: r"merge must draw a fresh sketch: in 63 links A of 'first' is the one before; is it drawn anew",
    Pool: "is that of 8 links before",
    ByLayer: "each layer must have a sketch of its own: A of 'first' and A of 'second' are the same, in the same link",
    ScaledByLayer: "A of 'second' is more like A of 'first' than like that of another seed in 100% of 64 links",
    ByLayerOfOtherRank: "A of 'head' is more like A of 'first' than like that of another seed in 100% of 64 links",
    altered(
        ScaledByLayer,
        draw=lambda self, name, n: 0.8 * ScaledByLayer.draw(self, name, n) + 0.6 * Chain.draw(self, name, n),
    ): "each layer must have a sketch of its own: A of 'second' is more like A of 'first'",
    altered(
        ByLayer, draw=lambda self, name, n: numbers(self.links + self.place(name), self.rank, n)
    ): "are the same, 1 links apart, in 63 links",
    SeededInMerge: "merge must draw a fresh sketch: in 63 links A of 'first' is the one before",
    altered(
        ByLayer, draw=lambda self, name, n: numbers([self.links, self.place(name)], self.rank, n)
    ): "must lead to sketches of its own: two seeds have the same A of 'first' after all 64 merges",
    Averaged: "independent of the sketch before: by its entries",
    SameRange: "independent of the sketch before: by its range",
    Trained: "independent of the sketch before",
    FromB: "independent of the factor that was trained",
}


# --- wrong: weights in low precision


Half = altered(kind=np.float16, rate=2e-5)
"""Each merge rounds to nearest."""


class Decayed(Chain):
    """Weight decay that also reaches the base."""

    def train(self, steps):
        super().train(steps)
        for name in self.W:
            self.W[name] = self.W[name] * (1 - 1e-4)


class Cut(Chain):
    """Half precision by cutting off the bits that are too many: every weight shrinks."""

    kind, rate = np.float16, 1e-3

    def merged(self, name):
        exact = super().merged(name)
        near = exact.astype(np.float16)
        return np.where(np.abs(near.astype(float)) > np.abs(exact), np.nextafter(near, np.float16(0)), near)


DRIFT = {
    Half: r"after 64 of them 0\.\d+ of it is lost to float16, .* times what rounding allows; keep the weights in",
    Decayed: "weights must be those of the start and what was merged: .* is there another that trains or decays them",
    Cut: "after 64 merges they are off by .*, .* times what rounding allows; are bits cut off, in place of rounding",
}
