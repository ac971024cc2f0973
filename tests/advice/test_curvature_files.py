"""Features and spectra from files: whose they are, that nothing is unpickled, and nonsense."""

import os
import pickle
import zipfile

import numpy as np
import pytest

from rac_theory.advice import Curvature
from rac_theory.advice.curvature_files import features_in, of_all, of_named, spectrum_in, unused
from tests.refused import refused, refuses

LAYERS = [("q.weight", (3, 5)), ("k.weight", (2, 5)), ("down.weight", (5, 3))]


def found_in(path, layers=LAYERS):
    return of_named(layers, features_in(str(path)), lambda saved, name: saved.curvature().named(name))


def test_one_matrix_is_for_all_layers_that_it_fits(tmp_path):
    np.save(tmp_path / "X.npy", np.eye(5)[:4])
    np.savez(tmp_path / "X.npz", anything=np.eye(5)[:4])
    for name in ("X.npy", "X.npz"):
        found = found_in(tmp_path / name)
        assert [layer[0] for layer in found] == ["q.weight", "k.weight"]
        assert len({id(curvature) for curvature in found.values()}) == 1


def test_arrays_with_the_names_of_layers_are_for_these(tmp_path):
    """Catches the first array for all, and a suffix that is not taken off."""
    np.savez(tmp_path / "a.npz", **{"q": np.eye(5), "down.weight": np.eye(3) * 2, "mlp": np.zeros(7)})
    known = {layer[0]: curvature.L for layer, curvature in found_in(tmp_path / "a.npz").items()}
    assert known == pytest.approx({"q.weight": 1 / 5, "down.weight": 4 / 3})
    for names, left in (([*features_in(str(tmp_path / "a.npz"))], ["mlp"]), (["q", "mlp"], ["mlp"]), (["X"], [])):
        assert list(unused(LAYERS, names)) == left


def test_a_second_moment_goes_with_its_number_of_examples_and_to_all_with_the_same_inputs(tmp_path):
    """As a probe saves them. Catches a moment that is read as features, and a number that is a layer of its own."""
    arrays = {"q.second_moment": np.eye(5) / 5, "q.examples": 1, "k.same_as": "q", "v": np.eye(5)}
    np.savez(tmp_path / "a.npz", **arrays)
    found = {name: saved.curvature() for name, saved in features_in(str(tmp_path / "a.npz")).items()}
    assert {name: one.examples for name, one in found.items()} == {"q": 1, "k": 1, "v": 5}
    assert [one.L for one in found.values()] == pytest.approx([0.2] * 3)
    np.savez(tmp_path / "b.npz", **{"q.second_moment": np.eye(5), "v": np.eye(5), "v.examples": 7})
    assert [*features_in(str(tmp_path / "b.npz"))] == ["q.second_moment", "v", "v.examples"]  # neither goes with one


def test_what_fits_nothing_is_an_error(tmp_path):
    np.savez(tmp_path / "a.npz", one=np.eye(5), two=np.eye(5))
    np.savez(tmp_path / "b.npz", q=np.eye(4), k=np.eye(5))
    names = r"the names of layers, got one, two, \.\.\.; layers are q\.weight, k\.w"
    columns = "curvature must be that of the columns of 3x5, 5 of them, got 4"
    refuses(found_in, {tmp_path / "a.npz": names, tmp_path / "b.npz": columns})
    three, words = Curvature.of_spectrum([1.0, 2.0, 3.0]), r"that of the columns of 3x5.*features on the left side\?"
    refused(
        (lambda: of_all(LAYERS[:1], three), words),
        (lambda: of_all(LAYERS, Curvature.of_rho(9.0)), r"rho must be in 1\.\.5, the columns of 3x5, got 9"),
    )
    assert list(of_all(LAYERS, Curvature.of_rho(4.0))) == LAYERS[:2]


class Boom:
    """What a pickle would run."""

    def __reduce__(self):
        return os.mkdir, ("boom",)


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    """In each place where NumPy could: an object array, one in an archive, and a file that is a pickle."""
    monkeypatch.chdir(tmp_path)
    objects = np.empty((1, 1), dtype=object)
    objects[0, 0] = Boom()
    np.save("object.npy", objects, allow_pickle=True)
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(Boom()))
    np.savez("archive.npz", x=objects)
    words = r"data must be an array of numbers as numpy\.save writes it, got "
    for name in ("object.npy", "pickle.npy", "archive.npz"):
        (saved,) = features_in(name).values()
        refused((saved.load, words))
    refuses(spectrum_in, dict.fromkeys(("object.npy", "pickle.npy"), "spectrum must be"))
    assert not (tmp_path / "boom").exists()


def test_arrays_that_are_no_features(tmp_path):
    for array, words in (
        (np.ones(3), r"a matrix with one example a row, got shape \(3,\)"),
        (np.ones((2, 3, 4)), r"got shape \(2, 3, 4\) .*; X\.reshape\(-1, X\.shape\[-1\]\) makes one"),
        (np.full((2, 5), np.nan), "data must be finite, got 10 nan"),
        (np.array([["a"] * 5]), "data must be an array of real numbers"),
        (np.ones((2, 5)) * 1j, "data must be"),
        (np.ones((0, 5)), "data must"),
    ):
        np.save(tmp_path / "a.npy", array)
        refuses(found_in, {tmp_path / "a.npy": words})


def test_files_that_are_none(tmp_path, monkeypatch):
    """A pipe would be waited for, and a header that promises a terabyte would be believed."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.npy")
    (tmp_path / "short.npy").write_bytes(b"\x93NUMPY\x01\x00")
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (400000, 400000), }".ljust(117) + "\n"
    (tmp_path / "huge.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    with zipfile.ZipFile("empty.npz", "w"):
        pass
    words = {
        "X.csv": r"data must be the path of an \.npy or \.npz file, got 'X\.csv'; numpy\.save makes one",
        "gone.npy": "data must be the path of a file that can be read, got 'gone.npy': No such file",
        "pipe.npy": "which is a pipe",
        "empty.npz": "data must have an array, got none in empty.npz",
        "short.npy": "data must be an array of numbers",
        "huge.npy": "data must be an array of numbers",
    }
    refuses(lambda name: next(iter(features_in(name).values())).load(), words)


def test_spectra(tmp_path, monkeypatch):
    """As text, in files, and what is none."""
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "s.npy", np.array([3.0, 1.0]))
    (tmp_path / "s.txt").write_text("3.0\n1e0\n")
    for text in ("3,1", "3 1", "s.npy", "s.txt"):
        assert spectrum_in(text).tolist() == [3.0, 1.0]
    (tmp_path / "words.txt").write_text("no numbers")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    np.save("square.npy", np.eye(2))
    words = {
        "3,one": "spectrum must be numbers such as 4,1,0.5 or the path .*: could not convert string to float: 'one'",
        "": "spectrum must be numbers such as",
        "3,nan": "spectrum must be finite",
        "gone.npy": "spectrum must be the path of a file that can be read",
        "words.txt": "could not convert string to float: 'no'",
        "bytes.txt": "spectrum must be",
        "square.npy": "spectrum must have 1 axis",
    }
    refuses(spectrum_in, words)
