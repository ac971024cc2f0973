"""Tables of numbers from CSV files as programs write them, and what is refused, each in a sentence."""

import re

import numpy as np
import pandas as pd
import pytest

from rac_theory.base.csv_numbers import read_csv

X = np.array([[1.0, 0.5, 0.25], [1.0, 0.75, 0.5], [1.0, 0.5, 0.125], [1.0, 0.25, 0.0625]])


@pytest.mark.parametrize(
    "write",
    [
        lambda path: np.savetxt(path, X, delimiter=","),
        lambda path: np.savetxt(path, X, delimiter=";"),
        lambda path: np.savetxt(path, X, delimiter="\t", header="a\tb\tc", comments=""),
        lambda path: pd.DataFrame(X).to_csv(path),
        lambda path: pd.DataFrame(X).to_csv(path, index=False),
        lambda path: pd.DataFrame(X, columns=["start", "one", "two"]).to_csv(path, index=False),
        lambda path: path.write_text("﻿t0,t1,t2\r\n\r\n" + "\r\n".join(",".join(map(str, row)) for row in X), "utf-8"),
    ],
)
def test_what_programs_write_is_read(tmp_path, write):
    """Catches an index or a header 0, 1, 2 that is taken for numbers of a run."""
    write(tmp_path / "x.csv")
    np.testing.assert_array_equal(read_csv(tmp_path / "x.csv"), X)


@pytest.mark.parametrize(
    ("content", "columns", "found"),
    [
        ("0,3\n1,1\n5,2\n6,0\n", "steps", [[0, 3], [1, 1], [5, 2], [6, 0]]),  # what counts now and then is data
        ("0,1\n0,0\n", "steps", [[0, 1], [0, 0]]),  # two numbers are a row and no header
        ("seed\n7\n3\n9\n", "steps", [[7], [3], [9]]),  # and one column cannot count
        ("1,2\n3,4\n", "runs", [[1, 3], [2, 4]]),
        ("step,run,loss\n5,1,1\n5,2,2\n9,2,4\n9,1,3\n", "runs", [[np.nan, 1, 3], [np.nan, 2, 4]]),
        ("run,step,loss\n7,2,3\n7,0,1\n5,0,4\n5,2,6\n", "steps", [[1, 3], [4, 6]]),  # which has its start
    ],
)
def test_a_table_is_read_as_it_is_meant(tmp_path, content, columns, found):
    """Columns that count are known by their names, also where they do not count evenly, or columns are runs."""
    (tmp_path / "x.csv").write_text(content)
    np.testing.assert_array_equal(read_csv(tmp_path / "x.csv", columns), found)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "must have a row of numbers, got 0 lines without one"),
        ("a,b\n", "must have a row of numbers, got 1 lines without one"),
        ("1,2\n3\n", "must have 2 cells in every line, got 1 in line 2"),
        ("a,b\n1,x\n", "must have a number in every cell, got 'x' in line 2, column 2; leave out columns of text"),
        ("1,2\n3,\n", "must have a number in every cell, got nothing in line 2, column 2"),
        ("1,2\n3,1_0\n", "must have a number in every cell, got '1_0' in line 2, column 2"),
        ("Step,a\n0,3\n10,2\n20,1\n30,0.5\n", "got column 1 ('Step'), which counts the rows; leave it out"),
        ("3,1\n2,2\n1,3\n0,4\n", "got column 2, which counts the rows; leave it out"),
        ("1,2\n\x00,3\n", "must have a number in every cell"),
        ("1,\udcff\n", "must be a CSV file that can be read, got"),
        ("seed,t0\n7,1\n3,1\n9,1\n", "got the column 'seed', which counts runs; leave it out"),
        ("step,run,loss\n0,a,1\n0,b,2\n", "must have a number in every cell, got 'a'"),
        ("run,step,loss,error\n1,1,1,1", "to be long, got 'run', 'step', 'loss', 'error'; keep one of 'loss', 'error'"),
        ("run,step,epoch,loss\n1,1,1,1", "must have one column for runs, one for steps and one of the metric"),
        ("run,step,seed\n1,1,1", "to be long, got 'run', 'step', 'seed'; keep one of each"),
        ("run,step,loss\n1,0,1\n1,9,1\n2,0,1", "once, got step 9 0 times in run 2.0; keep the steps"),
        ("run,step,loss\n1,0,1\n2,0,1\n2,0,3", "once, got step 0 2 times in run 2.0; keep the steps"),
    ],
)
def test_what_is_no_table_of_numbers(tmp_path, content, sentence):
    """In long form columns too many or too few, and a step that is missing or there twice, in one run alone, too."""
    (tmp_path / "x.csv").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=re.escape(sentence)) as told:
        read_csv(tmp_path / "x.csv")
    assert str(told.value).isprintable()


def test_what_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="must be a CSV file, there is no such file"):
        read_csv(tmp_path / "x.csv")
    with pytest.raises(ValueError, match="must be a CSV file, it is no file"):
        read_csv(tmp_path)
