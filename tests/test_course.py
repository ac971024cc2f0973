"""Each notebook asks one question and answers it with numbers that it prints; that it prints them, the build checks."""

import json
import re
from pathlib import Path

from tests.as_one_test import as_one_test

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]\d+)?(?![\w])")
EXERCISES = 6  # cells after the answer: two questions, each with a place for its answer and a hidden solution
_END = re.compile(r"[.?!](?=\s|$)")


def cells(path: Path) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(path.read_text("utf-8"))["cells"]]


def pinned(path: Path) -> str:
    """All that the cells of a notebook say they print, which the build compares with what they do."""
    options = (cell["metadata"].get("prints", []) for cell in json.loads(path.read_text("utf-8"))["cells"])
    return "\n".join(text for option in options for text in ([option] if isinstance(option, str) else option))


def unpinned(answer: str, pins: str) -> set[str]:
    """The numbers of an answer, outside formulas and code, that no cell must print."""
    words = re.sub(r"\$[^$]*\$|`[^`]*`", " ", answer)
    return set(_NUMBER.findall(words)) - set(_NUMBER.findall(pins))


@as_one_test("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_with_a_question(path):
    """Right under its title, before anything else; a question that takes a paragraph is not one question."""
    kind, opening = cells(path)[0]
    title, question, *_ = opening.split("\n\n")
    assert kind == "markdown"
    assert re.fullmatch(r"# [^\n]+", title)
    assert question.endswith("?")
    assert len(_END.findall(question)) <= 2
    assert len(question) <= 200


@as_one_test("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_two_questions_back(path):
    """After its answer; the solution is hidden until it is asked for, and is not on the slides."""
    last = cells(path)[-EXERCISES:]
    slides = [cell["metadata"].get("slideshow") for cell in json.loads(path.read_text("utf-8"))["cells"][-EXERCISES:]]
    assert [kind for kind, _ in last] == ["markdown", "code", "markdown"] * 2
    assert [number for number, (_, text) in enumerate(last) if text.startswith("## Exercises")] == [0]
    for i, (question, place, solution) in enumerate((last[:3], last[3:]), 1):
        name = f"{path.name[:2]}.{i}"
        assert f"**{name}** " in question[1]
        assert place[1].endswith(f'answer = ...\ngrade("{name}", answer)')
        assert solution[1].startswith(f"<details><summary>Solution of {name}</summary>\n\n")
        assert slides[3 * i - 1] == {"slide_type": "notes"}


@as_one_test("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_ends_with_its_answer(path):
    """In two to five sentences, after the verdict; each number in it must be printed, so that it cannot go stale."""
    *before, (kind, last) = cells(path)[:-EXERCISES]
    heading, _, answer = last.partition("\n\n")
    assert (kind, heading) == ("markdown", "## Answer")
    assert before[-1][0] == "code"
    assert not any("# Answer" in text for _, text in before)
    assert 2 <= len(_END.findall(re.sub(r"\$[^$]*\$", "x", answer))) <= 5
    assert answer.rstrip().endswith(".")
    assert _NUMBER.search(answer), "an answer of an experiment has numbers"
    assert unpinned(answer, pinned(path)) == set()
