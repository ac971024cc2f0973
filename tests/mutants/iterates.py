"""The mutants among iterates that run and among what gradient sources draw: each must be caught by check_algorithm."""

from rac_theory import Clients, Exact, Local, Minibatch, Noisy, Reshuffled, sketches, theorems

from . import wrong_gradients as gradients
from . import wrong_iterates as wrong
from .algorithms import CHECK, CLIENTS, GAMMA, LEAST, SLOW, THIN, source, step

T5, T7d, T10d, T12 = theorems.T5, theorems.T7d, theorems.T10d, theorems.T12_pl
CONDITIONS = {
    "gradient descent": (None, Exact()),
    "a thin sketch": (THIN, Exact()),
    "coordinates": (sketches.Coordinate(4, 1), Exact()),
    "minibatches": (THIN, Minibatch(2)),
    "noise": (THIN, Noisy(1.0)),
}


def iterates(cls, why, *conditions):
    """A subclass of RACLoRA under some of the conditions above."""
    for condition in conditions:
        sketch, source = CONDITIONS[condition]
        theorem = theorems.T2 if isinstance(source, Exact) else T5
        yield step(cls, why, CHECK, sketch, LEAST, source, GAMMA, note=f" ({condition})", theorem=theorem)


def drawing(wrong, right, why, theorem=T5, gamma=GAMMA, problem=LEAST, **more):
    """A gradient source that draws, weighs or counts wrongly, in RAC-LoRA with a thin sketch."""
    return source(wrong, right, why, CHECK, gamma, problem, THIN, theorem, **more)


BANK = [
    *iterates(wrong.HeavyBall, "a step knows only W", "gradient descent", "a thin sketch", "minibatches", "noise"),
    *iterates(wrong.Nesterov, "gradients are taken at W", "gradient descent", "a thin sketch", "noise"),
    *iterates(wrong.Adam, "the step is W - gamma H g", "gradient descent", "a thin sketch", "minibatches"),
    *iterates(wrong.Averages, "an average is no iterate", "gradient descent", "noise"),
    *iterates(wrong.ExponentialAverage, "an average is no iterate", "a thin sketch", "minibatches"),
    *iterates(wrong.LongStep, "gamma is the size of a step", "gradient descent", "coordinates", "minibatches", "noise"),
    *iterates(wrong.ShortStep, "gamma is the size of a step", "gradient descent", "a thin sketch"),
    *iterates(wrong.Climbs, "f falls along -grad f", "gradient descent", "noise"),
    *iterates(wrong.FrozenRow, "E[H] reaches every row", "gradient descent", "coordinates", "noise"),
    *iterates(wrong.FlippedEntry, "H is a projection", "gradient descent", "minibatches"),
    *iterates(wrong.LateDecay, "gamma is constant", "gradient descent", "noise"),
    *iterates(wrong.Restarts, "a step knows only W", "a thin sketch", "noise"),
    *iterates(wrong.TrustRegion, "W is not constrained", "gradient descent", "noise"),
    *iterates(wrong.Lazy, "lambda_min is a twentieth smaller", "a thin sketch", "noise"),
    *iterates(wrong.Jitters, "the gradient is exact", "gradient descent", "coordinates"),
    *iterates(wrong.DependsOnBlock, "runs are alone", "a thin sketch", "minibatches"),
    *iterates(wrong.Clips, "the step is W - gamma H g", "gradient descent", "minibatches"),
    *iterates(wrong.EverySecond, "an outer step is one step", "gradient descent", "noise"),
    *iterates(wrong.StartFirst, "the first iterate comes after a step", "a thin sketch", "noise"),
    *iterates(wrong.NeighboursGradient, "runs are alone", "gradient descent", "a thin sketch"),
    *iterates(wrong.LineSearch, "gamma is the size of a step", "gradient descent", "minibatches"),
    *iterates(wrong.SketchOfTwoSteps, "H is fresh given the past", "a thin sketch", "minibatches", "noise"),
    *iterates(wrong.SharedByNeighbours, "runs are independent", "a thin sketch", "minibatches"),
    *iterates(wrong.BetterOfTwo, "H knows the gradient", "coordinates", "minibatches"),
    *iterates(wrong.RowsInTurn, "H is fresh given the past", "coordinates", "noise"),
    drawing(gradients.AlwaysTheFirst(3), Minibatch(3), "every component is as likely"),
    drawing(gradients.DrawsTwice(3), Minibatch(3), "the noise is that of draws without replacement"),
    drawing(gradients.Harder(2), Minibatch(2), "the mean of g is not grad f"),
    drawing(gradients.Louder(0.5), Noisy(0.5), "the constant C of T5 is too small"),
    drawing(gradients.Drifts(1.0), Noisy(1.0), "the mean of g is not grad f"),
    drawing(gradients.LongGradient(), Exact(), "the gradient is exact", theorems.T2),
    drawing(gradients.SkipsTheLast(), Reshuffled(), "an epoch has every component", T7d, SLOW),
    drawing(gradients.StartsAlike(), Reshuffled(), "every order is as likely", T7d, SLOW),
    drawing(gradients.OneLess(3), Local(3), "there are K steps before the merge", T12, GAMMA / 2, lora_alpha=1.0),
    drawing(gradients.SameGradient(3), Local(3), "each step has its own gradient", T12, GAMMA / 2, lora_alpha=1.0),
    drawing(gradients.OneClient(Exact()), Clients(Exact()), "the server averages", T10d, 0.05, CLIENTS),
    drawing(gradients.UnequalClients(Local(2)), Clients(Local(2)), "clients count alike", T10d, 0.05, CLIENTS),
    drawing(gradients.OneAfterTheOther(Exact()), Clients(Exact()), "clients start together", T10d, 0.05, CLIENTS),
]
