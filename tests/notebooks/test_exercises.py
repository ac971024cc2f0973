"""Each exercise of the course: the solution in its notebook is right, and every mistake is told what it is."""

import re

import exercises
import numpy as np
import pytest
from exercises import EXERCISES

from rac_theory import AsymmetricLoRA, ChainOfLoRA, Initialisation, LoRA, RACLoRA, sketches
from rac_theory.statements.symbols import gamma
from rac_theory.statements.symbols import momentum as b
from tests.as_one_test import as_one_test
from tests.test_course import NOTEBOOKS, cells

KNOWN = {"RACLoRA": RACLoRA, "sketches": sketches, "gamma": gamma, "b": b}
UNIT = Initialisation(A=sketches.Haar(3, 1))
# Answers with the trait, where a mistake is not told by the wrong answer itself.
MADE = {
    "06.2": {
        "too long": RACLoRA(sketches.Haar(3, 1), 1.0),
        "Frozen": RACLoRA(sketches.Frozen(np.eye(3)[:, :1]), 0.25),
        "AsymmetricLoRA": AsymmetricLoRA(sketches.Haar(3, 1), 0.25),
        "ChainOfLoRA": ChainOfLoRA(UNIT, 0.05, 5, "fresh"),
        "LoRA": LoRA(UNIT, 0.1),
    },
    "08.2": {
        "of one sign": lambda rng, size: rng.uniform(size=(size, 4, 1)),
        "repeated": lambda rng, size: np.tile(rng.standard_normal((1, 4, 1)), (size, 1, 1)),
        "seeded": lambda rng, size: np.random.default_rng(0).standard_normal((size, 4, 1)),
    },
    "20.1": {
        repr(coefficient): coefficient for coefficient in (gamma * b / (1 - b), b / (1 - b), -gamma / (1 - b), 0 * b)
    },
}
MISTAKES = [(name, mistake) for name, exercise in EXERCISES.items() for mistake in exercise.lessons]


def solutions() -> dict[str, str]:
    """The code of each solution, as the notebooks hide it."""
    hidden = r"<summary>Solution of (\S+)</summary>.+?```python\n(.*?)```\n\n</details>$"
    found = [re.search(hidden, text, re.DOTALL) for path in NOTEBOOKS for _, text in cells(path)]
    return {match[1]: match[2] for match in found if match}


SOLUTIONS = solutions()


def test_every_notebook_has_two() -> None:
    assert list(EXERCISES) == [f"{path.name[:2]}.{i}" for path in NOTEBOOKS for i in (1, 2)]
    assert list(SOLUTIONS) == list(EXERCISES)
    assert all(len(exercise.lessons) >= 1 for exercise in EXERCISES.values())


@pytest.mark.long
@as_one_test("name", EXERCISES)
def test_its_solution_is_right(name):
    """A grader with another constant in it would refuse the solution, or take a wrong answer below."""
    known = dict(KNOWN)
    exec(SOLUTIONS[name], known)
    assert EXERCISES[name].grade(known["answer"]) == (True, "right.")


@pytest.mark.long
@as_one_test(("name", "mistake"), MISTAKES)
def test_a_mistake_is_refused_and_told_what_it_is(name, mistake):
    """By the library, whose grounds are added, and not by a list of wrong answers."""
    answer = MADE.get(name, {}).get(mistake, mistake)
    right, words = EXERCISES[name].grade(answer)
    assert not right
    lesson = EXERCISES[name].lessons[mistake]
    assert lesson.endswith(".")
    begins = f"not yet. {lesson} The library: "
    assert words.startswith(begins)
    assert len(words) > len(begins) + 10


def test_what_is_no_answer_is_told_what_is_asked_for(capsys) -> None:
    exercises.grade("02.2", ...)
    exercises.grade("02.2", "an eighth")
    exercises.grade("02.2", 0.2)
    open_, no_number, unknown = capsys.readouterr().out.splitlines()
    assert open_ == "Exercise 02.2 waits for a number: put it in place of the dots."
    assert no_number.startswith("Exercise 02.2: a number is asked for. ")
    assert unknown.startswith("Exercise 02.2: not yet. The library: T2 VIOLATED: ")
