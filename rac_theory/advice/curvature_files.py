"""Features and spectra from files, and to which layers of a model they belong."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from rac_theory.advice.curvature import Curvature
from rac_theory.advice.headers import npz
from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.base import checks, printable, readable_file, shown
from rac_theory.base.checks import Array

Layer = tuple[str, MatrixShape]
"""The name of a matrix, and its shape."""


def features_in(text: str) -> dict[str, Callable[[], Array]]:
    """Return what loads each feature matrix of a file: the arrays of an ``.npz`` by name, or that of an ``.npy``.

    Raises
    ------
    ValueError
        At once if the file is not there, is of another kind, or has no arrays; later if an array holds no numbers, or
        something else than a matrix. No file is unpickled.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from rac_theory.advice.curvature_files import features_in
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/X.npy", np.ones((5, 3)))
    ...     [load] = features_in(f"{folder}/X.npy").values()
    ...     load().shape
    (5, 3)
    """
    suffix = Path(text).suffix.lower()
    if suffix not in (".npy", ".npz"):
        raise ValueError(f"data must be the path of an .npy or .npz file, got {shown(text)}; numpy.save makes one")
    path = readable_file("data", text, "the path of a file that can be read")
    if suffix == ".npy":
        return {Path(text).stem: partial(_matrix, path, "")}
    try:
        with Path(path).open("rb") as file:
            names = [tensor.name for tensor in npz(printable(path), file)]
    except OSError as error:
        raise ValueError(f"data must be a file that can be read, got {printable(path)}: {error.strerror}") from error
    if not names:
        raise ValueError(f"data must have an array, got none in {printable(path)}")
    return {name: partial(_matrix, path, name) for name in names}


def _matrix(path: str, name: str) -> Array:
    array = _loaded("data", path, name)
    if array.ndim != 2:
        where = printable(f"{name} in {path}" if name else path)
        raise ValueError(
            f"data must be a matrix with one example a row, got shape {array.shape} in {where}; "
            "X.reshape(-1, X.shape[-1]) makes one of activations by batch and position"
        )
    return checks.array("data", array)


def _loaded(argument: str, path: str, name: str = "") -> Array:
    """Load the array of an ``.npy`` file, as far as it is read, or the one of that name in an ``.npz``."""
    with warnings.catch_warnings(action="error"):
        try:
            loaded = np.load(path, mmap_mode=None if name else "r", allow_pickle=False)
            found: Array = loaded[name] if name else loaded
        except Exception as error:  # of zipfile, zlib, struct, tokenize and ast, each of its own kind
            where = printable(f"{name} in {path}" if name else path)
            raise ValueError(
                f"{argument} must be an array of numbers as numpy.save writes it, got {where}: {printable(str(error))}"
            ) from error
    return found


def spectrum_in(text: str) -> Array:
    """Return eigenvalues written as ``4,1,0.5``, or those in an ``.npy`` or ``.txt`` file.

    Raises
    ------
    ValueError
        If the text is neither, or the file has no list of numbers.

    Examples
    --------
    >>> from rac_theory.advice.curvature_files import spectrum_in
    >>> spectrum_in("4,1,0.5").tolist()
    [4.0, 1.0, 0.5]
    """
    suffix = Path(text).suffix.lower()
    if suffix not in (".npy", ".txt"):
        return _numbers(text, text)
    path = readable_file("spectrum", text, "the path of a file that can be read")
    if suffix == ".npy":
        return checks.array("spectrum", _loaded("spectrum", path), ndim=1)
    try:
        return _numbers(Path(path).read_text(encoding="utf-8"), text)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"spectrum must be a file of numbers, got {printable(path)}: {printable(str(error))}"
        ) from None


def _numbers(words: str, source: str) -> Array:
    try:
        return checks.array("spectrum", [checks.typed(float, word) for word in words.replace(",", " ").split()], ndim=1)
    except ValueError as error:
        raise ValueError(
            "spectrum must be numbers such as 4,1,0.5 or the path of an .npy or .txt file, got "
            f"{shown(source)}: {printable(str(error))}"
        ) from None


def of_all(layers: Sequence[Layer], curvature: Curvature) -> dict[Layer, Curvature]:
    """Return one curvature for each layer that it fits; a ``ValueError`` if it fits none."""
    found = {layer: curvature for layer in layers if curvature.fits(layer[1])}
    if not found:
        curvature.check(layers[0][1])
    return found


def of_named(
    layers: Sequence[Layer], loaders: Mapping[str, Callable[[], Array]], make: Callable[[Array, str], Curvature]
) -> dict[Layer, Curvature]:
    """Return the curvature of each layer whose name is that of an array, with or without ``.weight`` at its end.

    A single array is for all layers that it fits.
    """
    if len(loaders) == 1:
        ((name, load),) = loaders.items()
        return of_all(layers, make(load(), name))
    found: dict[Layer, Curvature] = {}
    for name, load in loaders.items():
        own = [layer for layer in layers if layer[0] in (name, f"{name}.weight")]
        if own:
            curvature = make(load(), name)
            curvature.check(own[0][1])
            found |= dict.fromkeys(own, curvature)
    if not found:
        names = [", ".join(map(printable, list(some)[:3])) for some in (loaders, dict(layers))]
        raise ValueError(
            f"data must have one array, or arrays with the names of layers, got {names[0]}, ...; layers are {names[1]}"
        )
    return found


def unused(layers: Sequence[Layer], names: Sequence[str]) -> Iterator[str]:
    """Yield the names of arrays, of several, that are those of no layer."""
    known = {layer[0] for layer in layers}
    if len(names) > 1:
        yield from (printable(name) for name in names if not {name, f"{name}.weight"} & known)
