"""The mutants among sketches: a closed form or a draw that is wrong, and what must find it."""

import numpy as np

from rac_theory import RACLoRA, sketches
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar, WeightedCoordinate

from . import wrong_sketch_draws as draws
from . import wrong_sketch_laws as laws
from . import wrong_sketches as wrong
from .mutant import Mutant, Trial

DOOR, CHECK, RUNS = ("door",), ("check_sketch",), ("assert_rate_bound",)
PROBLEM = {d: Quadratic.left(2 * np.eye(d), np.ones((d, 3))) for d in (3, 4)}
THIRDS = FiniteSupport(np.eye(3)[..., None], [1 / 3] * 3)


def mutant(sketch, why, right, caught_by=CHECK, steps=40):
    def trial(of):
        problem = PROBLEM[of.dim]
        return Trial(RACLoRA(of, 1 / problem.L), problem, steps=steps)

    name = type(sketch).__doc__.splitlines()[0].rstrip(".")
    return Mutant("sketch", name, why, lambda: trial(sketch), lambda: trial(right), caught_by)


BANK = [
    mutant(
        wrong.RankOverDim(4, 2), "draws of rank 1 keep less", sketches.CoordinateWithReplacement(4, 2), CHECK + RUNS
    ),
    mutant(wrong.Boastful(), "lambda_min is 1/10", WeightedCoordinate(4, 1, [1, 2, 3, 4])),
    mutant(wrong.Modest(4, 2), "a true bound, from a false constant", Haar(4, 2)),
    mutant(wrong.DiagonalOnly(4, 2), "exact expectations are too small", Coordinate(4, 2)),
    mutant(wrong.Independent(4, 2), "drawn without replacement they are not", Coordinate(4, 2)),
    mutant(wrong.MTransposed(), "differs where M is not symmetric", Coordinate(4, 2)),
    mutant(wrong.OfAnotherRank(4, 1), "exact expectations are too small", Haar(4, 1)),
    mutant(wrong.WrongProbabilities(), "lambda_min is 1/5", THIRDS),
    mutant(wrong.MissingValue(), "lambda_min is said to be 0", THIRDS),
    mutant(wrong.NotOne(), "no distribution", THIRDS, DOOR),
    mutant(wrong.InPairs(4, 1), "neighbouring runs are the same run", Haar(4, 1)),
    mutant(wrong.InTurns(4, 1), "neighbouring runs never see the same coordinate", Coordinate(4, 1)),
    mutant(wrong.OneABatch(4, 2), "all runs are the same run", Gaussian(4, 2)),
    mutant(wrong.Cached(4, 2), "E[H] given the past is a projection", Gaussian(4, 2)),
    mutant(wrong.GlobalGenerator(4, 2), "no verdict can be repeated", Gaussian(4, 2)),
    mutant(wrong.Remembers(4, 1), "draws depend on those before", Coordinate(4, 1)),
    mutant(wrong.EqualColumns(4, 2), "E[H] is 1/4 I", Gaussian(4, 2), CHECK + RUNS),
    mutant(wrong.Transposed(4, 2), "does not fit", Gaussian(4, 2), DOOR),
    mutant(draws.RareNan(4, 2), "every draw must be looked at", Gaussian(4, 2)),
    mutant(draws.RareZero(4, 2), "E[rank] is below r", Gaussian(4, 2)),
    mutant(draws.RarelyLong(4, 2), "H is B B' no more", Haar(4, 2)),
    mutant(draws.LongByAMillionth(4, 2), "H is B B' no more", Haar(4, 2), DOOR),
    mutant(draws.FirstOfABatch(4, 2), "the first run is frozen", draws.Silent(4, 2)),
    mutant(draws.OfLargeSize(4, 2), "few runs have another law than many", draws.Silent(4, 2)),
    mutant(draws.AntitheticHalves(4, 2), "two runs are one", draws.Silent(4, 2)),
    mutant(draws.PoolOfALargeCall(4, 2), "runs share draws", draws.Silent(4, 2)),
    mutant(draws.KeepsHalf(4, 2), "H is known before the gradient", draws.Silent(4, 2)),
    mutant(draws.SortedBatch(4, 2), "first runs are those that keep little", draws.Silent(4, 2)),
    mutant(laws.Flagged(sketches.SubsampledHadamard(4, 2)), "a basis is not turned that should be", draws.Silent(4, 2)),
    mutant(laws.Flagged(Coordinate(4, 2)), "coordinates are drawn in the wrong basis", draws.Silent(4, 2)),
    mutant(laws.Uniform(laws.Entries(laws.normal, 4, 2, laws.row(4, 1.1))), "a row is heavier by 10%", Gaussian(4, 2)),
    mutant(laws.Uneven(4, 2, **laws.kept_trace(4, 2, 0.05)), "b is 5% too high, E[H] is right", Haar(4, 2)),
    mutant(laws.Listed([1.05, 0.95, 1.05, 0.95], listed=[0.25] * 4), "lambda_min is 5% lower", Coordinate(4, 1)),
    mutant(laws.Pairs(4, 2), "E[H] is right and E[H M H] is not", Coordinate(4, 2)),
    mutant(wrong.Positive(4, 2), "the direction of ones is kept more often than others", Gaussian(4, 2)),
]
