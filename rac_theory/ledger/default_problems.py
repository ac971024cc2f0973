"""The default problems: what the ledger tries every claim on by default."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from rac_theory.algorithms import Side
from rac_theory.base import checks, printable
from rac_theory.base.checks import Array
from rac_theory.problems import (
    Layers,
    LeastSquares,
    LogisticRegression,
    NonconvexLogistic,
    PLSine,
    Problem,
    Quadratic,
    SoftmaxRegression,
    TanhNetwork,
    TwoLayerNetwork,
    datasets,
)


@dataclass(frozen=True)
class DefaultProblem:
    """A problem by name, and how many runs, which sides and which ranks are tried on it.

    Attributes
    ----------
    build : callable
        Makes the problem; raises ``MissingExtra`` where its data are not installed.
    runs : int
        Size of an ensemble.
    runs_if_costly : int or None
        The same in a setting whose step costs several passes over the data; None is ``runs``.
    sides : tuple of Side
    ranks : tuple of int
        Those that are tried, or one less than the side where that is less.
    usual : bool
        Whether it is tried where neither claims nor settings are named.
    W0 : callable or None
        shape to the start; None is the start that the problem names, or zero.
    """

    build: Callable[[], Problem]
    runs: int = 256
    sides: tuple[Side, ...] = ("left", "right")
    ranks: tuple[int, ...] = (1, 4)
    W0: Callable[[tuple[int, int]], Array] | None = None
    runs_if_costly: int | None = None
    usual: bool = True

    def runs_at(self, *, costly: bool) -> int:
        """Return how many runs it affords in a setting whose steps are costly, or are not.

        Parameters
        ----------
        costly : bool
            Whether a step of the setting takes long.
        """
        return (self.runs_if_costly if costly else None) or self.runs

    def start(self, problem: Problem) -> Array | None:
        """Return where runs start; None leaves it to the problem.

        Parameters
        ----------
        problem : Problem
            This one, built: its shape is that of the start.
        """
        return None if self.W0 is None else self.W0(problem.shape)


def _quadratic() -> Problem:
    """A two-sided quadratic with condition number 5, its minimiser away from the start."""
    S, R = np.diag(np.linspace(0.4, 1.0, 5)), np.diag(np.linspace(0.5, 1.0, 3))
    return Quadratic.kronecker(S, R, np.outer(np.linspace(1.0, 2.0, 5), [1.0, -1.0, 2.0]))


def _layered_quadratic() -> Problem:
    """Two matrices that meet in one Hessian, with condition number 5 and their minimiser away from the start."""
    layers = Layers([(4, 3), (4, 2)])  # on the left they have one share of all directions, on the right two
    size = layers.shape[0]
    V, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((size, size)))
    Q = V * np.linspace(0.2, 1.0, size) @ V.T
    return Quadratic.full((Q + Q.T) / 2, np.linspace(1.0, 2.0, size)[:, None], layers=layers)


def _tanh_network() -> Problem:
    """A network on the wine data, whose head of eight units is drawn, and stays."""
    X, labels = datasets.bundled("wine")
    return TanhNetwork(X, labels, np.random.default_rng(0).standard_normal((8, 3)) / 8**0.5, name="wine()")


def _two_layers(cap: float) -> Problem:
    """A network on the wine data, both of whose layers are trained; without a cap on its head it has no L."""
    X, labels = datasets.bundled("wine")
    return TwoLayerNetwork(X, labels, hidden=8, cap=cap, name="wine()")


def _standard_normal(shape: tuple[int, int]) -> Array:
    """A random initialisation, the same each time; most of its gap lies where the data are flat and T2 is tight."""
    return np.random.default_rng(0).standard_normal(shape)


DEFAULT_PROBLEMS: Mapping[str, DefaultProblem] = MappingProxyType(
    {
        # Every l2 is a fraction of the Lipschitz constant that the data have by themselves: mu/L is 0.19 to 0.29.
        "quadratic": DefaultProblem(_quadratic),
        "diabetes": DefaultProblem(lambda: LeastSquares.diabetes(l2=1.0)),
        "linnerud": DefaultProblem(lambda: LeastSquares.linnerud(l2=0.5)),
        "breast_cancer": DefaultProblem(lambda: LogisticRegression.breast_cancer(l2=0.8)),
        "wine": DefaultProblem(lambda: SoftmaxRegression.wine(l2=0.6)),
        "digits": DefaultProblem(lambda: SoftmaxRegression.digits(l2=1.5), 128, ("left",), (16,), _standard_normal, 64),
        "nonconvex": DefaultProblem(lambda: NonconvexLogistic.breast_cancer(lam=0.1), ranks=(2, 8)),
        "pl_sine": DefaultProblem(lambda: PLSine((4, 3))),
        "layered_quadratic": DefaultProblem(_layered_quadratic, usual=False),
        "tanh_network": DefaultProblem(
            _tanh_network, 128, ranks=(4,), runs_if_costly=64, W0=_standard_normal, usual=False
        ),
        "two_layers": DefaultProblem(lambda: _two_layers(cap=1.0), 128, ranks=(2,), runs_if_costly=64, usual=False),
        "two_layers_free": DefaultProblem(
            lambda: _two_layers(cap=math.inf), 128, ranks=(2,), runs_if_costly=64, usual=False
        ),
    }
)


def default_problem(name: str) -> DefaultProblem:
    """Return the default problem of that name, or logistic regression on the svmlight file at that path.

    A file is given the l2 that makes mu/L one fifth.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest match, a file that is not there, or a name that cannot be printed.
    """
    if name != printable(name):
        raise ValueError(f"problem must have a name that can be printed, got {name!r}")
    if name not in DEFAULT_PROBLEMS and ("/" in name or "." in name or Path(name).exists()):
        if not Path(name).exists():
            raise ValueError(f"problem must be one by name or a svmlight file, got {name!r}: there is no such file")
        return DefaultProblem(lambda: LogisticRegression.svmlight(name, l2=LogisticRegression.svmlight(name).L / 4))
    return DEFAULT_PROBLEMS[checks.one_of("problem", name, DEFAULT_PROBLEMS)]


def built(name: str) -> Problem:
    """Return the default problem of that name, made anew; it raises as ``default_problem`` and ``build`` do."""
    return default_problem(name).build()


def file_version(name: str) -> tuple[int, int] | None:
    """Return what tells a svmlight file from an older one at its path; None for a problem by name."""
    if name in DEFAULT_PROBLEMS or not Path(name).exists():
        return None
    about = Path(name).stat()
    return about.st_mtime_ns, about.st_size
