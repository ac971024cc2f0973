"""Features, their second moments and spectra from files, and to which layers of a model they belong."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rac_theory.advice.curvature import Curvature, Loss
from rac_theory.advice.headers import npz
from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.algorithms import Side
from rac_theory.base import checks, printable, readable_file, shown
from rac_theory.base.checks import Array

Layer = tuple[str, MatrixShape]
"""The name of a matrix, and its shape."""


SECOND_MOMENT, EXAMPLES, SAME_AS = ".second_moment", ".examples", ".same_as"
"""What arrays are called behind the name of a layer: ``X'X / N``, N, and the name of a layer with the same inputs."""


class Saved(NamedTuple):
    """What goes into a layer, as a file has it: X, or where ``examples`` is there ``X'X / N`` and N.

    Attributes
    ----------
    load : callable
        Returns the array.
    examples : callable, optional
        Returns N.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.advice.curvature_files import Saved
    >>> Saved(lambda: np.diag([2.0, 1.0]), examples=lambda: 10).curvature().examples
    10
    """

    load: Callable[[], Array]
    examples: Callable[[], int] | None = None

    def curvature(self, *, loss: Loss = "least_squares", l2: float = 0.0, side: Side = "right") -> Curvature:
        """Load it, and return how f is curved by it; no array is held.

        Parameters
        ----------
        loss : Loss
        l2 : float
            Weight of the penalty ``l2/2 ||W||^2``.
        side : Side
            That of the features.

        Returns
        -------
        Curvature
        """
        if self.examples is None:
            return Curvature.of_features(self.load, loss=loss, l2=l2, side=side)
        return Curvature.of_second_moment(self.load, examples=self.examples(), loss=loss, l2=l2, side=side)


def features_in(text: str) -> dict[str, Saved]:
    """Return each feature matrix of a file, or its second moment: the arrays of an ``.npz`` by name, or an ``.npy``.

    Parameters
    ----------
    text : str
        The path of the file.

    Returns
    -------
    dict of str to Saved
        By the name of the array; nothing is loaded yet.

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
    ...     [saved] = features_in(f"{folder}/X.npy").values()
    ...     saved.load().shape, saved.curvature().rho
    ((5, 3), 1.0)
    """
    suffix = Path(text).suffix.lower()
    if suffix not in (".npy", ".npz"):
        raise ValueError(f"data must be the path of an .npy or .npz file, got {shown(text)}; numpy.save makes one")
    path = readable_file("data", text, "the path of a file that can be read")
    if suffix == ".npy":
        return {Path(text).stem: Saved(partial(_matrix, path, ""))}
    try:
        with Path(path).open("rb") as file:
            names = [tensor.name for tensor in npz(printable(path), file)]
    except OSError as error:
        raise ValueError(f"data must be a file that can be read, got {printable(path)}: {error.strerror}") from error
    if not names:
        raise ValueError(f"data must have an array, got none in {printable(path)}")
    saved = {}
    for name in names:
        layer = name.removesuffix(SECOND_MOMENT)
        if name != layer and layer + EXAMPLES in names:
            saved[layer] = Saved(partial(_matrix, path, name), partial(_count, path, layer + EXAMPLES))
        elif name.removesuffix(EXAMPLES) + SECOND_MOMENT not in names and not name.endswith(SAME_AS):
            saved[name] = Saved(partial(_matrix, path, name))
    for name in names:
        if name.endswith(SAME_AS) and (owner := str(_loaded("data", path, name))) in saved:
            saved[name.removesuffix(SAME_AS)] = saved[owner]
    return saved


def _count(path: str, name: str) -> int:
    return checks.integer(f"{name} in data", int(_loaded("data", path, name)), 1)


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
            array: Array = loaded[name] if name else loaded
        except Exception as error:  # of zipfile, zlib, struct, tokenize and ast, each of its own kind
            where = printable(f"{name} in {path}" if name else path)
            raise ValueError(
                f"{argument} must be an array of numbers as numpy.save writes it, got {where}: {printable(str(error))}"
            ) from error
    return array


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
    curvatures = {layer: curvature for layer in layers if curvature.fits(layer[1])}
    if not curvatures:
        curvature.check(layers[0][1])
    return curvatures


def of_named(
    layers: Sequence[Layer],
    saved: Mapping[str, Saved],
    make: Callable[[Saved, str], Curvature],
    begin: Callable[[str], None] = lambda name: None,
) -> dict[Layer, Curvature]:
    """Return the curvature of each layer whose name ends as that of an array, or begins before it.

    ``.weight`` at the end of either does not count, so that names of a base model are those of its adapter. A single
    array is for all layers that it fits. ``begin`` is called with each name before its array is loaded.
    """
    if len(saved) == 1:
        ((name, array),) = saved.items()
        begin(name)
        return of_all(layers, make(array, name))
    curvatures: dict[Layer, Curvature] = {}
    for name in sorted(saved, key=len):  # the longest name that fits is the last one
        matching = [layer for layer in layers if _belongs(name, layer[0])]
        if matching:
            begin(name)
            curvature = make(saved[name], name)
            curvature.check(matching[0][1])
            curvatures |= dict.fromkeys(matching, curvature)
    if not curvatures:
        names = [", ".join(map(printable, list(some)[:3])) for some in (saved, dict(layers))]
        raise ValueError(
            f"data must have one array, or arrays with the names of layers, got {names[0]}, ...; layers are {names[1]}"
        )
    return curvatures


def _belongs(name: str, layer: str) -> bool:
    names = (name, layer.partition(" (")[0])  # ``q_proj`` for ``q_proj (default)``, a layer of an adapter
    short, long = sorted((f".{part.removesuffix('.weight')}" for part in names), key=len)
    return long.endswith(short)


def unused(layers: Sequence[Layer], names: Sequence[str]) -> Iterator[str]:
    """Yield the names of arrays, of several, that are those of no layer."""
    if len(names) > 1:
        yield from (printable(name) for name in names if not any(_belongs(name, layer) for layer, _ in layers))
