"""Each notebook asks one question and answers it with numbers that it prints; that it prints them, the build checks."""

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]\d+)?(?![\w])")
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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_with_a_question(path):
    """Right under its title, before anything else; a question that takes a paragraph is not one question."""
    kind, opening = cells(path)[0]
    title, question, *_ = opening.split("\n\n")
    assert kind == "markdown"
    assert re.fullmatch(r"# [^\n]+", title)
    assert question.endswith("?")
    assert len(_END.findall(question)) <= 2
    assert len(question) <= 200


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_ends_with_its_answer(path):
    """In two to five sentences, after the verdict; each number in it must be printed, so that it cannot go stale."""
    *before, (kind, last) = cells(path)
    heading, _, answer = last.partition("\n\n")
    assert (kind, heading) == ("markdown", "## Answer")
    assert before[-1][0] == "code"
    assert not any("# Answer" in text for _, text in before)
    assert 2 <= len(_END.findall(re.sub(r"\$[^$]*\$", "x", answer))) <= 5
    assert answer.rstrip().endswith(".")
    assert _NUMBER.search(answer), "an answer of an experiment has numbers"
    assert unpinned(answer, pinned(path)) == set()
