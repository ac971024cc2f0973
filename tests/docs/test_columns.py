"""What was printed is as wide as its tables and no wider."""

import pytest

from tests.extensions import extension

pytest.importorskip("sphinx", reason="the pages are built with the extra docs")

columns = extension("columns")


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("a sentence that is long and has no columns", 0),
        ("    an indented sentence", 0),
        ("a  b\na sentence that is longer than a table", 4),
        ("rank   steps\n1      2,030\n16     37 of 41", 15),
    ],
)
def test_the_width_is_that_of_the_longest_line_with_columns(text, width):
    assert columns.width(text) == width


def test_outputs_are_surrounded_and_code_is_not():
    from docutils import nodes, utils

    page = utils.new_document("page")
    output, code = nodes.container(classes=["cell_output"]), nodes.container(classes=["cell_input"])
    for part in (output, code):
        part += nodes.literal_block("a  b", "a  b")
    page += [output, code, nodes.literal_block("c   d", "c   d", classes=["run"])]
    columns.surround(None, page)
    assert [block["columns"] for block in page.findall(columns.Printed)] == [4, 5]
    assert len(list(page.findall(nodes.literal_block))) == 3
