"""A mean over the samples of a data set: how many there are, parts of them, and the same in single precision."""

from abc import ABCMeta
from dataclasses import fields
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rac_theory.base import NoMember, NotReal, as_array, shown
from rac_theory.problems.datasets import BUNDLED
from rac_theory.problems.features import Features, features


class WithDataSets(ABCMeta):
    """Classes whose class methods load data sets, and which say which these are where another is asked for."""

    def __getattr__(cls, name: str) -> Any:
        loaders = () if name.startswith("_") else {*BUNDLED, "svmlight"}.intersection(dir(cls))
        if not loaders:
            raise NoMember(cls, name)
        raise AttributeError(
            f"{cls.__name__} has no {name!r}: its data sets are {', '.join(sorted(loaders))}; yours are arguments"
        )


class Samples(metaclass=WithDataSets):
    """The mean of a function for each row of X and its target: a frozen dataclass that has both as fields."""

    X: Features

    targets_field: ClassVar[str]  # the field that holds one target a row of X

    @property
    def n_components(self) -> int:
        """The number N of samples."""
        return int(self.X.shape[0])

    @property
    def targets(self) -> NDArray[np.generic]:
        """The label or target of each sample, (N,) or (N, k)."""
        return np.asarray(getattr(self, self.targets_field))

    def subset(self, rows: ArrayLike, /) -> Self:
        """The mean of the listed components, a problem of the same kind: the labels known stay those of the whole.

        Raises
        ------
        ValueError
            If a row is not one of ``0..N-1``, if there is none, or if the features of all of them are zero.
        """
        try:
            listed = as_array(rows)
        except NotReal as error:
            raise ValueError(f"rows must be a non-empty list of row numbers, got {error}") from None
        N = self.n_components
        if listed.ndim != 1 or not listed.size or listed.dtype.kind not in "iu":
            raise ValueError(f"rows must be a non-empty list of row numbers, got {shown(rows)}")
        if listed.min() < 0 or listed.max() >= N:
            raise ValueError(f"rows must be in 0..{N - 1}, got {listed.min()}..{listed.max()}")
        return self._with_data(features("X", self.X[listed]), self.targets[listed], name="")

    @cached_property
    def single_precision(self) -> Self:
        """The same problem computed in float32, at a matrix in float32; for runs, not for constants."""
        targets = self.targets.astype(np.float32) if self.targets.dtype.kind == "f" else self.targets
        return self._with_data(self.X.astype(np.float32), targets)

    def _with_data(self, X: Features, targets: NDArray[Any], **changes: Any) -> Self:
        """Return a copy with other data that have been checked."""
        part: Self = object.__new__(type(self))
        unchanged: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        targets.flags.writeable = False
        vars(part).update(unchanged | {"X": X, self.targets_field: targets} | changes)
        return part
