"""The exercises of the course. The library grades them; a wrong answer is told which mistake leads to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isclose
from numbers import Real
from typing import Any

import numpy as np
from graders import (
    DIAGONAL,
    as_fast_as_momentum,
    as_good_as_the_right,
    budget_without_curvature,
    carried_to_rank_four,
    cheaper_side,
    edge,
    end_of_decay,
    epoch,
    equal,
    factor,
    falls_on_average,
    fastest_count,
    flaw_of_an_algorithm,
    flaw_of_draws,
    floor_of_differences,
    floor_of_rounds,
    floor_of_t6,
    gains_most,
    is_proved,
    isotropic,
    least,
    noise_claimed,
    of_rank_one,
    of_three_lines,
    on_the_right,
    promised_over_needed,
    promises_most,
    ratio_of_floors,
    reported,
    round_bowl,
    rounds,
    said,
    says,
    shows_short_steps,
    side_of_what_was_measured,
    steps_to_a_hundredth,
    still_hidden,
    t2,
    with_room,
    without_momentum,
)

from rac_theory import (
    Case,
    Constants,
    Subset,
    verify,
)
from rac_theory.sketches import (
    CoordinateWithReplacement,
    Gaussian,
    Haar,
    WeightedCoordinate,
)
from rac_theory.statements.symbols import gamma
from rac_theory.statements.symbols import momentum as b


def itself(answer: Any) -> Any:
    """Return the answer: most mistakes are told by the wrong answer to which they lead."""
    return answer


@dataclass(frozen=True)
class Exercise:
    """A question that the library grades.

    Attributes
    ----------
    asks_for : str
        What an answer is.
    fault : callable
        An answer to what the library has against it, in no words if nothing.
    lessons : mapping
        What is said to a mistake, by the trait of an answer that makes it.
    trait : callable
        An answer to what its mistake is told by.
    """

    asks_for: str
    fault: Callable[[Any], str]
    lessons: Mapping[Any, str]
    trait: Callable[[Any], Any] = itself

    def grade(self, answer: Any) -> tuple[bool, str]:
        """Return whether an answer is right, and what to say to it."""
        try:
            fault = self.fault(answer)
        except AssertionError as refuted:
            fault = str(refuted)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return False, f"{self.asks_for} is asked for. {error}"
        if not fault:
            return True, "right."
        return False, " ".join(filter(None, ["not yet.", self.lesson(answer), f"The library: {fault}"]))

    def lesson(self, answer: Any) -> str:
        """Return what is said to the mistake in an answer, nothing if it is none that is known."""
        trait = self.trait(answer)
        return next((words for mistake, words in self.lessons.items() if alike(mistake, trait)), "")


def alike(mistake: Any, trait: Any) -> bool:
    """Compare answers, numbers to a hundredth."""
    if isinstance(mistake, Real) and isinstance(trait, Real):
        return isclose(mistake, trait, rel_tol=0.01)
    return bool(mistake == (tuple(trait) if isinstance(trait, list) else trait))


def grade(name: str, answer: Any) -> None:
    """Print what the library says of the answer to an exercise; ``...`` stands for none."""
    if answer is ...:
        print(f"Exercise {name} waits for {EXERCISES[name].asks_for}: put it in place of the dots.")
    else:
        print(f"Exercise {name}: {EXERCISES[name].grade(answer)[1]}")


EXERCISES: dict[str, Exercise] = {
    "01.1": Exercise(
        "a number",
        edge(lambda x: said(t2(Gaussian(12, 3), round_bowl(12), lambda_min=x))),
        {
            1 / 12: "Every column adds 1/12: three columns see three directions of twelve at a time.",
            3.0: "lambda_min is a share, at most one: of d directions r are seen.",
            0.5: "The share is of the squared gradient, since ||HG||^2 = G^T H G: take no root.",
        },
    ),
    "01.2": Exercise(
        "a number of steps",
        edge(steps_to_a_hundredth, lambda steps: steps - 1),
        {
            44: "So many steps does gradient descent take: a draw of rank one sees a tenth of it, lambda_min is 1/10.",
            440: "Almost: log(1 - 1/100) is not a tenth of log(1 - 1/10).",
            4395: "lambda_min is r/d, not (r/d)^2: H is a projection, and H H = H.",
        },
    ),
    "02.1": Exercise(
        "a number",
        edge(lambda x: said(t2(Haar(6, 2), round_bowl(6), mu=x))),
        {
            1.0: "||W||^2 is mu/2 ||W||^2 for mu = 2: do not forget the half.",
            4.0: "||grad f||^2 is 4 f, and PL has a two: ||grad f||^2 >= 2 mu (f - f*).",
        },
    ),
    "02.2": Exercise(
        "a number",
        edge(
            lambda x: said(t2(WeightedCoordinate(4, 1, np.array([4.0, 2, 1, 1])), round_bowl(4, start=3), lambda_min=x))
        ),
        {
            0.25: "r/d is the average over directions; the error may lie in the direction that is seen least.",
            0.5: "That is lambda_max: the direction that is seen most promises nothing of the others.",
        },
    ),
    "03.1": Exercise(
        "a number",
        least(noise_claimed),
        {
            3.0: "C bounds the squared norm of the noise: square the standard deviation.",
            2.25: "C is the noise of the whole gradient; that H keeps a quarter of it is lambda_max in T6.",
            144.0: "Noisy(3) has E||n||^2 = 9 for the whole matrix, not for each of its 16 entries.",
        },
    ),
    "03.2": Exercise(
        "a step",
        edge(floor_of_t6),
        {
            1 / 9: "Almost: a step overshoots, and the floor is gamma C / 4 over 1 - gamma L / 2.",
            1 / 3: "The floor falls like the step, not like its square: what a step adds is divided by the rate.",
            0.2: "The projection lowers noise and progress alike, so r/d does not change the floor.",
        },
    ),
    "04.1": Exercise(
        "a step",
        edge(lambda step: said(verify("T8d", epoch(step)))),
        {
            1 / 4: "The epoch as a whole must be short: its N steps add up, so the limit is divided by N.",
            1 / 6: "Each step uses one component, and L_max is its constant: the mean has a smaller one, 0.75.",
            1 / 8: "T8d asks for 2 eta N L_max <= 1: there is a two as well.",
        },
    ),
    "04.2": Exercise(
        "a factor",
        equal(ratio_of_floors, "the fall of the floor", within=0.03),
        {
            4: "That is how one random batch a step would do: reshuffling makes the error of an epoch smaller.",
            64: "An epoch adds a term like the cube of the step, and the rate divides by the step: a square is left.",
        },
    ),
    "05.1": Exercise(
        "a step",
        edge(lambda eta: "; ".join(verify("T10d", rounds(eta, 8)).unmet)),
        {
            1.0: "1/L is as long as the whole round may be; a client takes eight steps in it.",
            1 / 32: (
                "Averaging over the four clients does not make a round longer: only the steps of one client add up."
            ),
            1 / 16: "That is the condition of reshuffled epochs, 2 eta N L <= 1; local steps need no two.",
        },
    ),
    "05.2": Exercise(
        "a number",
        equal(lambda: Constants.of(rounds(0.01, 4)).D, "D"),
        {
            0.0: (
                "At the minimum the gradients add up to zero, but each client's own is not zero: that is what D "
                "measures."
            ),
            2.5: "D is 2 L_max (f* - mean of the least values): f* alone is 5/2.",
            20.0: "The mean over the clients is asked, not the sum.",
        },
    ),
    "06.1": Exercise(
        "a number",
        edge(of_rank_one),
        {
            14.0: "f has a half in front of the squared norm.",
            3.0: "Three singular values are left, and their squares count: (9 + 4 + 1) / 2.",
            0.0: "B A has rank one, however long it is trained: three singular values stay.",
        },
    ),
    "06.2": Exercise(
        "an algorithm",
        lambda algorithm: said(verify("T2", Case(algorithm, DIAGONAL, steps=20), rng=0)),
        {
            "too long": "T2 needs steps of at most 1/L, and L is 4.",
            "Frozen": "A sketch that stays is Asymmetric LoRA: two of three directions are never trained.",
            "AsymmetricLoRA": "One random factor that stays: its range is all that is ever trained.",
            "ChainOfLoRA": (
                "A chain trains both factors, and no theorem here is about that; draw the factor, and train the "
                "other by one projected step."
            ),
            "LoRA": "LoRA stays at rank one; W* here has rank three.",
        },
        trait=flaw_of_an_algorithm,
    ),
    "07.1": Exercise(
        "a number",
        edge(lambda x: said(t2(CoordinateWithReplacement(4, 2), round_bowl(4), lambda_min=x))),
        {
            0.5: "Both draws may be the same coordinate, and then the range has one dimension: r/d is too much.",
            0.25: "That is one draw; the second adds what the first has missed, 3/4 of a quarter.",
            1 / 16: "Drawn once is enough: count the pairs in which a coordinate is missing, (3/4)^2.",
        },
    ),
    "07.2": Exercise(
        "three probabilities",
        of_three_lines,
        {
            (1 / 3, 1 / 3, 1 / 3): (
                "Lines that are drawn equally often need not cover directions equally: the third adds to (1, 1) and "
                "nothing to (1, -1)."
            ),
            (0.0, 0.0, 1.0): "One line alone leaves the direction (1, -1) for ever: lambda_min is zero.",
            (0.25, 0.25, 0.5): "The third line sees nothing of (1, -1): only the half of all draws that is left does.",
        },
    ),
    "08.1": Exercise(
        "five numbers",
        says,
        {
            (0.4, 0.4, 0.4, 0.4, 0.4): (
                "r/d is true on a circle; on a line the ends lie in one window of four, the others in two."
            ),
            (0.125, 0.25, 0.25, 0.25, 0.125): (
                "E[H] has the trace of H, which is r = 2: nothing is divided by the columns."
            ),
        },
    ),
    "08.2": Exercise(
        "a function of rng and size",
        isotropic,
        {
            "of one sign": (
                "Entries of one sign lean to (1, 1, 1, 1): the law must look the same from every direction."
            ),
            "repeated": "One draw was made and repeated: each of the size draws must be independent of the others.",
            "seeded": "A generator of its own with a fixed seed draws the same again: take the randomness from rng.",
        },
        trait=flaw_of_draws,
    ),
    "09.1": Exercise(
        "a number",
        least(factor),
        {
            0.25: (
                "That is 1 - gamma mu lambda_min, which T2 allows for steps up to 1/L alone: beyond 1 a step "
                "overshoots."
            ),
            0.0625: "E||x - a H x||^2 is not ||x - a E[H] x||^2: on what a draw misses nothing is gained.",
            0.5: "So good is the step 1/L, which puts what it sees to zero; 1.5 leaves (1 - 1.5)^2 of that.",
        },
    ),
    "09.2": Exercise(
        "a factor",
        equal(promised_over_needed, "steps promised over steps needed"),
        {
            1: "T2 is attained where all curvatures are L; in a flat direction the gap falls by a square.",
            4: "That is T2_sharp at 1.5/L; at 1/L it is the square alone.",
            1000: "The condition number is in the promise and in what is needed.",
        },
    ),
    "10.1": Exercise(
        "a number",
        edge(on_the_right),
        {
            1 / 12: "That is the left side. A sketch on the right projects rows, and a row has three entries.",
            1 / 4: (
                "The share is the rank over the length of what is projected; the other side of the matrix is not in it."
            ),
        },
    ),
    "10.2": Exercise(
        "a rank",
        edge(as_good_as_the_right, lambda rank: rank - 1),
        {
            1: "On the left a column has twelve entries, and rank one sees a twelfth.",
            3: "lambda_min is r/12 there: for a third r must be four.",
            12: "That is full training: a third of the squared gradient is enough.",
        },
    ),
    "11.1": Exercise(
        '"left" or "right"',
        cheaper_side,
        {
            "right": (
                "The short side is the better one if all curvatures are alike; here few directions of the long side "
                "are steep."
            ),
        },
    ),
    "11.2": Exercise(
        "a number",
        equal(budget_without_curvature, "the budget"),
        {
            0.25: "A step trains a quarter of the numbers, but there are four times as many steps.",
            4: "So many more steps there are; each trains a quarter of the numbers.",
        },
    ),
    "12.1": Exercise(
        "three curvatures",
        shows_short_steps,
        {
            (1.0, 0.1, 0.01): (
                "Where curvatures differ T2 is loose by more than the bug: a test is as sharp as its bound is tight."
            ),
            (1.0, 1.0, 0.9): "Almost: mu is 0.9 then, and the promise is weaker by more than the five percent.",
        },
    ),
    "12.2": Exercise(
        "a number of steps",
        edge(still_hidden, lambda steps: steps - 1),
        {
            7: "T2 promises 1 - gamma mu lambda_min a step, and mu is 1/2 here: 7/8, not 3/4.",
            11: "The last coordinate has half the curvature: its share of the first gap is 1/7, not 1/4.",
            4: "A run of four steps need not show it: what is left must be above a bound that falls by 7/8 a step.",
        },
    ),
    "13.1": Exercise(
        "a share",
        edge(lambda share: is_proved(Fraction(1, 2), share), lambda share: share + Fraction(1, 20)),
        {
            1: "That is T2's, which serves steps up to 1/L; a shorter step loses less to curvature.",
            2: "Two is the limit of very short steps: at 1/(2L) the descent lemma takes gamma^2 L / 2 off.",
        },
    ),
    "13.2": Exercise(
        "a number",
        edge(lambda reach: is_proved(reach, Fraction(1, 4)), lambda reach: reach + Fraction(1, 20)),
        {
            4: "The share falls by a line, 2 - gamma L, and not like 1/c.",
            2: "At 2/L the descent lemma has nothing left to share.",
        },
    ),
    "14.1": Exercise(
        "a step",
        promises_most,
        {
            0.25: "1/L is the step for the steepest direction of all; a coordinate meets a curvature of one.",
            2.0: "Twice that is where T13_pl stops promising anything; the best step is half of it.",
            4.0: "The step is one over L_H, the largest diagonal entry of Q, and not the number of coordinates.",
        },
    ),
    "14.2": Exercise(
        "a step",
        edge(falls_on_average),
        {
            0.5: "2/L is the limit of every draw; on average most draws miss the steep direction.",
            5 / 14: "1/L_H is the best step, and twice that the longest.",
            1.5: (
                "The sketch does not divide L by d/r: a line that lies in the steep direction counts more than its "
                "share, and L_H = (2 L + tr Q) / (d + 2)."
            ),
        },
    ),
    "15.1": Exercise(
        "a learning rate",
        gains_most,
        {
            1 / 6: "The scale lora_alpha / r enters twice: the step is its square times the learning rate.",
            1 / 24: "lora_alpha / r is 4, and its square 16: the learning rate is divided by 16.",
            1 / 48: "That is the longest learning rate, of which nothing is promised; the best is half of it.",
        },
    ),
    "15.2": Exercise(
        "a number",
        equal(carried_to_rank_four, "lora_alpha"),
        {
            4: "~ r is right for ranks far below 1 + rho; at rank four r + 1 + rho has grown from 5 to 8.",
            2: "~ sqrt(r) is right for ranks far above 1 + rho, which is four here.",
            1: "With lora_alpha as it was the step shrinks by r^2: the scale is lora_alpha / r.",
        },
    ),
    "16.1": Exercise(
        "a number",
        equal(lambda: Constants.of(rounds(0.01, 2, Subset(2))).omega, "omega"),
        {
            1 / 4: (
                "So it is if every client tosses a coin of its own, (1 - p) / (p n); here two of four are drawn "
                "without replacement."
            ),
            1 / 2: "That is with replacement: without it (n - s) / (s (n - 1)) is left.",
            0.0: "Unbiased is not the same as exact: the mean of two clients varies about that of four.",
        },
    ),
    "16.2": Exercise(
        "a factor",
        equal(lambda: floor_of_rounds(0.02) / floor_of_rounds(0.01), "the fall of the floor", within=0.05),
        {
            8: (
                "So it may fall where all clients take part; sampled clients are noise, whose floor falls like the "
                "step."
            ),
            4: "Noise adds a square of the step each round, and the rate divides by the step.",
            1: "A shorter step averages over more rounds, and over more groups of clients.",
        },
    ),
    "17.1": Exercise(
        "a number of directions",
        fastest_count,
        {
            1: (
                "So it is if each derivative is paid; a forward difference costs q + 1 values of f, and the one at "
                "W is shared."
            ),
            6: "All directions are best at 1/L, or where nothing is steep; here few random ones allow longer steps.",
        },
    ),
    "17.2": Exercise(
        "a distance h",
        edge(floor_of_differences),
        {
            1e-4: "The floor falls with the square of h: a thousandth of it needs h divided by sqrt(1000).",
            0.01: "A tenth of h gives a hundredth of the floor; a thousandth is asked.",
        },
    ),
    "18.1": Exercise(
        "a step",
        edge(with_room),
        {
            2.5: "One over what was measured leaves no room: L may be twice as large.",
            0.625: "Twice 0.4 is 0.8, and 1/0.8 is allowed: you have left room for four times.",
            0.8: "T1 asks for gamma L <= 1: the step is one over L.",
        },
    ),
    "18.2": Exercise(
        '"at most L" or "at least L"',
        side_of_what_was_measured,
        {
            "at least L": (
                "A largest ratio along the steps of some runs is the largest of a part: other pairs may have a "
                "larger one."
            ),
        },
    ),
    "19.1": Exercise(
        "a step",
        equal(as_fast_as_momentum, "the plain step", within=0.03),
        {
            0.001: "Each gradient is used again at every later step: in all 1 + 0.9 + 0.81 + ... times, which is ten.",
            0.0019: "Not twice but ten times: the velocity is a geometric sum.",
            0.0001: "Divide by 1 - beta; do not multiply by it.",
        },
    ),
    "19.2": Exercise(
        "a number",
        end_of_decay,
        {
            0.1: (
                "Decay beside the projection acts at every step, the gradient in a quarter of them: it is four "
                "times too strong."
            ),
            0.4: "It must be weaker, not stronger: multiply by r/d.",
        },
    ),
    "20.1": Exercise(
        "an expression in gamma and b",
        reported,
        {
            repr(gamma * b / (1 - b)): (
                "V is a gradient here, not a move, and the step goes against it: mind the sign."
            ),
            repr(b / (1 - b)): "V is a mean of gradients here, and not a move: it needs the step gamma, and a sign.",
            repr(-gamma / (1 - b)): (
                "The last gradient is in X already once: the series of what is still to come begins with b."
            ),
            repr(0 * b): (
                "X alone moves along old gradients as well; look for the point that moves along H of the last one."
            ),
        },
        trait=repr,
    ),
    "20.2": Exercise(
        "the name of a theorem",
        without_momentum,
        {
            "T2": "T2 bounds the gap, and with PL; T22 bounds the mean squared gradient, without.",
            "T22_pl": "That is its companion with PL: it bounds the gap.",
        },
    ),
}
