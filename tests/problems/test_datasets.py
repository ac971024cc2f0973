"""The data: standardised as promised, read as they are, and errors that name the file or the extra."""

import os
import re
import subprocess
import sys
from inspect import signature
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from rac_theory.base import digest, exactly
from rac_theory.base.extras import MissingExtra
from rac_theory.problems import (
    LeastSquares,
    LogisticRegression,
    NonconvexLogistic,
    PLSine,
    Quadratic,
    SoftmaxRegression,
    TanhNetwork,
    TwoLayerNetwork,
    datasets,
)


def test_data_are_standardised():
    """Features, the constant ones too, of which a mean rounds, and targets of least squares."""
    X, _ = datasets.bundled("digits")
    np.testing.assert_array_equal(X, datasets.standardised(load_digits().data))
    X = datasets.standardised(np.column_stack([X, np.full(len(X), 0.1)]))
    spread = X.std(axis=0)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(spread[spread > 0.5], 1, rtol=1e-12)
    assert (X[:, spread <= 0.5] == 0).all()
    for problem in (LeastSquares.diabetes(), LeastSquares.linnerud()):
        np.testing.assert_allclose(problem.Y.std(axis=0), 1)
        assert problem.value(np.zeros(problem.shape)) == pytest.approx(problem.shape[1] / 2)


def test_named_problems_say_their_name():
    """An unknown one gets the nearest."""
    for make, shape, name in (
        (LeastSquares.diabetes, (10, 1), "LeastSquares.diabetes(l2=0.5)"),
        (LeastSquares.linnerud, (3, 3), "LeastSquares.linnerud(l2=0.5)"),
        (LogisticRegression.breast_cancer, (30, 1), "LogisticRegression.breast_cancer(l2=0.5)"),
        (SoftmaxRegression.digits, (64, 10), "SoftmaxRegression.digits(l2=0.5)"),
        (SoftmaxRegression.wine, (13, 3), "SoftmaxRegression.wine(l2=0.5)"),
        (NonconvexLogistic.breast_cancer, (30, 1), "NonconvexLogistic.breast_cancer(lam=0.5)"),
    ):
        assert (make(0.5).shape, repr(make(0.5))) == (shape, name)
    with pytest.raises(ValueError, match=r"name must be one of .*, got 'digit' \(did you mean 'digits'\?\)"):
        datasets.bundled("digit")


def test_nothing_is_added_that_is_not_asked_for():
    """No penalty by default. Catches one that every run with a shipped data set would have."""
    makes = [
        *(LeastSquares, LeastSquares.diabetes, LeastSquares.linnerud, TanhNetwork, TanhNetwork.digits),
        *(LogisticRegression, LogisticRegression.breast_cancer, LogisticRegression.svmlight),
        *(SoftmaxRegression, SoftmaxRegression.digits, SoftmaxRegression.wine),
        *(TwoLayerNetwork, TwoLayerNetwork.digits),
    ]
    assert {signature(make).parameters["l2"].default for make in makes} == {0}
    assert {(kind.f_star, kind.f_star_error, kind.f_lower) for kind in (Quadratic, PLSine)} == {(0, 0, 0)}


def test_an_svmlight_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "small"
    path.write_text("2 1:0.5 3:2\n1 2:-1\n2 1:3 2:4 3:5\n")
    problem = LogisticRegression.svmlight(path, l2=0.1)
    np.testing.assert_array_equal(problem.X.toarray(), [[0.5, 0, 2], [0, -1, 0], [3, 4, 5]])
    np.testing.assert_array_equal(problem.y, [1, -1, 1])
    assert repr(problem) == f"LogisticRegression.svmlight('small' {digest(problem.X, problem.y)}, l2=0.1)"
    assert repr(NonconvexLogistic.svmlight(str(path), 0.2)).startswith("NonconvexLogistic.svmlight('small' #")


@pytest.mark.parametrize("text", ["", "\0\x01\xff", "1 nonsense\n", "1 2:1 1:1\n", "1\n-1\n", "1 1:nan\n-1 1:2\n"])
def test_a_file_that_is_no_svmlight_is_named(tmp_path, text):
    path = tmp_path / "broken"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"path must be a readable svmlight file, got '.*broken': "):
        LogisticRegression.svmlight(path)


@pytest.mark.parametrize(
    "path", [None, 3.5, [], "with\0zero", "x" * 5000, "missing", "pipe", "/dev/zero", ".", "\x1b[31mred\n"]
)
def test_what_is_no_file_is_named_before_it_is_opened(tmp_path, monkeypatch, path):
    """A pipe would be waited for, and a device read until the memory is full: this test would never end."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    kinds = {"pipe": ", which is a pipe", "/dev/zero": ", which is a device", ".": ", which is a folder"}
    kind = kinds.get(path, "") if isinstance(path, str) else ""
    with pytest.raises(ValueError, match=f"path must be a readable svmlight file, got .*{kind}") as failure:
        LogisticRegression.svmlight(path)
    assert str(failure.value).isprintable()


def test_without_scikit_learn_the_extra_is_named(monkeypatch, tmp_path):
    """But a missing file is not a missing extra."""
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ValueError, match="missing': No such file or directory"):
        LogisticRegression.svmlight(tmp_path / "missing")
    (path := tmp_path / "small").write_text("1 1:2\n2 1:1\n")
    for make in (SoftmaxRegression.digits, LeastSquares.diabetes, lambda: LogisticRegression.svmlight(path)):
        with pytest.raises(MissingExtra, match=r"needs the extra 'data', python -m pip install .*\[data\]"):
            make()


def test_importing_problems_loads_nothing_heavy():
    heavy = {"sklearn", "matplotlib", "joblib", "rich", "scipy.optimize", "rac_theory.sketches", "rac_theory.drawing"}
    code = f"import sys, rac_theory.problems; print(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_source_is_named_where_it_is_known():
    """Else by a digest, which tells shapes, types and orders apart; numbers are exact and short."""
    for source, expected in (
        ("", r"SimpleNamespace\(20x3 #[0-9a-f]{8}, l2=0.5\)"),
        ("digits()", r"SimpleNamespace\.digits\(l2=0.5\)"),
        ("svmlight('mushrooms')", r"SimpleNamespace\.svmlight\('mushrooms' #[0-9a-f]{8}, l2=0.5\)"),
    ):
        assert re.fullmatch(expected, datasets.short_name(SimpleNamespace(), source, (20, 3), np.ones(3), l2=0.5))
    a = np.arange(6.0)
    same = {digest(a), digest(a.tolist()), digest(np.arange(12.0)[::2] / 2)}
    more = a.reshape(2, 3), a[::-1], a.astype(np.float32), list("ab")
    assert len(same) == 1
    assert len({*same, digest(a, None), *map(digest, more)}) == 6
    assert [exactly(number) for number in (0.0, 2, 0.1, 1 / 3)] == ["0", "2", "0.1", "0.3333333333333333"]
