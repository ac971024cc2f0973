"""What the documentation build asks of pages and notebooks can fail: each fault is put before it."""

from pathlib import Path

from rac_theory import theorems
from tests.as_one_test import as_one_test
from tests.extensions import extension

PAGE, NOTEBOOK = Path("page.md"), Path("01_notebook.ipynb")
FIGURE = {"data": {"image/png": "...", "text/plain": "<Figure>"}}

ending = extension("ending")


class Node(dict):
    """What nbformat reads: a dictionary with its keys as attributes."""

    __getattr__ = dict.__getitem__


def text(words, name="stdout"):
    return Node(name=name, text=words)


def faults(path, *cells, count=None):
    """Of cells, each (its option prints, its outputs), stored without outputs unless a count is given."""
    stored, done = Node(cells=[Node(cell_type="markdown")]), Node(cells=[Node(cell_type="markdown")])
    for prints, outputs in cells:
        code = Node(cell_type="code", metadata={"prints": prints} if prints else {})
        stored.cells.append(Node(code, outputs=[], execution_count=count))
        done.cells.append(Node(code, outputs=[*map(Node, outputs)], execution_count=1))
    return list(ending.faults(path, stored, done))


OPENING = (None, [text(f"T2\n    {theorems.T2.statement}\n")])
DRAWING = (None, [FIGURE])
VERDICT = (None, [text("T2 HOLDS for 60 steps")])
OPEN = [(None, [text(f"Exercise 01.{i} waits for a number: put it in place of the dots.")]) for i in (1, 2)]


@as_one_test(("asked", "shown"), [("0.65", "0.651"), (["a b", "c"], "a\n   b  c"), (0.5, "0.5"), ("HOLDS", "T2 HOLDS")])
def test_a_page_that_prints_what_it_says_has_no_fault(asked, shown):
    assert faults(PAGE, (asked, [text(shown)])) == []
    assert faults(PAGE, (asked, [{"data": {"text/plain": shown}}])) == []


@as_one_test(("asked", "shown"), [("0.65", "0.66"), (["a", "b"], "a"), ("HOLDS", "VIOLATED"), ("x", "")])
def test_other_words_are_a_fault_that_names_the_cell(asked, shown):
    (fault,) = faults(PAGE, (None, []), (asked, [text(shown)]))
    assert fault.startswith("code cell 2 should print '")
    assert fault.endswith(f"and prints {shown!r}")


def test_a_page_that_prints_says_what():
    assert faults(PAGE, (None, [])) == []
    assert faults(PAGE, (None, [FIGURE])) == []
    (fault,) = faults(PAGE, (None, [text("1")]))
    assert fault.startswith("no cell says what it prints")


@as_one_test("path", [PAGE, NOTEBOOK])
def test_what_is_stored_and_what_goes_to_stderr(path):
    good = (("T2", [*OPENING[1]]), DRAWING, VERDICT, *OPEN)
    assert faults(path, *good) == []
    stored = [f"code cell {number} is stored with" for number in range(1, 6)]
    assert [fault[:26] for fault in faults(path, *good, count=7)] == stored
    (fault,) = faults(path, ("T2", [*OPENING[1], text("DeprecationWarning", "stderr")]), DRAWING, VERDICT, *OPEN)
    assert fault == "code cell 1 writes to stderr: DeprecationWarning"


def test_a_notebook_opens_with_a_statement_has_a_figure_and_ends_with_its_verdict():
    assert faults(NOTEBOOK, OPENING, DRAWING, VERDICT, *OPEN) == []
    for without, words in (
        ((DRAWING, DRAWING, OPENING, VERDICT, *OPEN), "it does not open with"),
        ((OPENING, VERDICT, *OPEN), "it has no figure"),
        ((OPENING, DRAWING, (None, [text("T2 VIOLATED for")]), *OPEN), "it does not end with a verdict"),
        ((OPENING, DRAWING, VERDICT, (None, [text("done")]), *OPEN), "it does not end with a verdict"),
        (
            (OPENING, DRAWING, VERDICT, OPEN[0], (None, [text("Exercise 01.2: right.")])),
            "after its verdict it does not",
        ),
    ):
        (fault,) = faults(NOTEBOOK, *without)
        assert fault.startswith(words)
