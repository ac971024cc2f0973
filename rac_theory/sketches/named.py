"""Sketches by name: each of ours at a given size, a class ``module:Name``, and what an installed package offers.

A package offers sketches in its ``pyproject.toml``, and nothing of it is imported before one is asked for:

    [project.entry-points."rac_theory.sketches"]
    sparse_signs = "their_package.sketches:SparseSigns"
"""

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from rac_theory.base import checks, imported, shown, what_failed
from rac_theory.sketches.distributions.anisotropic_gaussian import AnisotropicGaussian
from rac_theory.sketches.distributions.coordinate import BlockPartition, Coordinate, CoordinateWithReplacement
from rac_theory.sketches.distributions.equiangular_frame import EquiangularFrame
from rac_theory.sketches.distributions.given import Frozen
from rac_theory.sketches.distributions.random_signs import CountSketch, Rademacher, SparseSigns
from rac_theory.sketches.distributions.rotation_invariant import Gaussian, Haar
from rac_theory.sketches.distributions.subsampled_transform import SubsampledCosine, SubsampledHadamard
from rac_theory.sketches.distributions.uniform import KaimingUniform, Uniform
from rac_theory.sketches.distributions.weighted_coordinate import WeightedCoordinate
from rac_theory.sketches.sketch import Sketch

NAMED: Mapping[str, Callable[[int, int], Sketch]] = MappingProxyType(
    {
        # Isotropic and of full rank: lambda_min is r/d.
        "gaussian": Gaussian,
        "haar": Haar,
        "kaiming_uniform": KaimingUniform,
        "coordinate": Coordinate,
        "subsampled_hadamard": SubsampledHadamard,
        "subsampled_cosine": SubsampledCosine,
        "equiangular_frame": EquiangularFrame,
        # Isotropic, but a draw can lose rank.
        "coordinate_with_replacement": CoordinateWithReplacement,
        "block_partition": BlockPartition,
        "count_sketch": CountSketch,
        "rademacher": Rademacher,
        "sparse_signs": lambda dim, rank: SparseSigns(dim, rank, p=0.2),
        # Some directions are favoured; with these weights the largest by four to one.
        "weighted_coordinate": lambda dim, rank: WeightedCoordinate(dim, rank, weights=np.linspace(1.0, 2.0, dim)),
        "anisotropic_gaussian": lambda dim, rank: AnisotropicGaussian(dim, rank, np.diag(np.linspace(1.0, 4.0, dim))),
        "uniform": Uniform,
        # The first r coordinates, for ever.
        "frozen": lambda dim, rank: Frozen(np.eye(dim)[:, :rank]),
    }
)


def named_sketch(name: str, dim: int, rank: int) -> Sketch:
    """Build the sketch of that name; an unknown name is a ``ValueError`` with the nearest match.

    Parameters
    ----------
    name : str
        One of ``NAMED``.
    dim : int
        The number of rows of a draw, >= 1.
    rank : int
        The number of columns of a draw, in 1..dim.

    Returns
    -------
    Sketch

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import named_sketch
    >>> named_sketch("haar", dim=6, rank=2)
    Haar(dim=6, rank=2)
    >>> print(f"{spectrum(named_sketch('sparse_signs', dim=6, rank=2)).lambda_min:.4f}")  # its density is 0.2
    0.2413
    """
    dim = checks.count("dim", dim)
    rank = checks.integer("rank", rank, 1, dim, "dim")
    return NAMED[checks.one_of("sketch", name, NAMED)](dim, rank)


GROUP = "rac_theory.sketches"

Factory: TypeAlias = Callable[[int, int], Sketch]
"""What makes a sketch from ``dim`` and ``rank``."""


def sketch_factory(name: str) -> Factory:
    """Return what makes the sketch of that name: one of ours, an installed one, or a user's class ``module:Name``.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest match, or something that cannot be imported; when called, if the sketch
        cannot be made from dim and rank.
    """
    if not isinstance(name, str):
        raise ValueError(f"sketch must be a name, got {shown(name)}")
    if name in [*NAMED]:  # what is installed need not be asked, which would take longer than all else here
        return partial(named_sketch, name)
    if ":" in name:
        return partial(_make, name, imported(name, "sketch"))
    offered = _offered()
    checks.one_of("sketch", name, [*NAMED, *offered])
    try:
        return partial(_make, name, offered[name].load())
    except (Exception, SystemExit) as error:
        raise ValueError(f"sketch must be one that can be imported, got {name!r}: {what_failed(error)}") from error


def sketch_names() -> list[str]:
    """Return the names of our sketches, then those that installed packages offer; nothing is imported."""
    return [*NAMED, *_offered()]


def refuse_foreign(names: Iterable[str], source: str) -> None:
    """Raise a ``ValueError`` if a file names sketches that are not ours, with what would be imported to make them."""
    if foreigners := foreign(names):
        raise ValueError(
            f"{source} must be trusted to have code imported that is not part of rac_theory, got "
            f"{'; '.join(foreigners)}: look at it, and then say --trust"
        )


def foreign(names: Iterable[str]) -> list[str]:
    """Return for each sketch that is not ours where its code would come from; nothing is imported."""
    offered = _offered()
    foreigners = []
    for name in dict.fromkeys(names):
        module = name.partition(":")[0] if ":" in name else offered[name].module if name in offered else "rac_theory"
        package = module.partition(".")[0]
        if package != "rac_theory":
            spec = PathFinder.find_spec(package, [*sys.path, str(Path.cwd())])
            foreigners.append(f"{name!r} from {spec.origin if spec is not None else 'nowhere'}")
    return foreigners


def every_factory() -> Iterator[tuple[str, Factory]]:
    """Yield every sketch by name; one whose package is broken is passed over with a warning."""
    for name in sketch_names():
        try:
            yield name, sketch_factory(name)
        except ValueError as error:
            warnings.warn(f"the sketch {name!r} is left out: {error}", stacklevel=2)


def _offered() -> dict[str, EntryPoint]:
    """Our own names come first: a package cannot replace them."""
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in NAMED}


def _make(name: str, sketch: Any, dim: int, rank: int) -> Sketch:
    checks.count("dim", dim)
    checks.integer("rank", rank, 1, dim, "dim")
    try:
        instance: Sketch = sketch(dim=dim, rank=rank)
    except ValueError:
        raise
    except (Exception, SystemExit) as error:
        raise ValueError(f"sketch {name} must accept dim= and rank=, got {type(error).__name__}: {error}") from error
    for attribute in ("dim", "rank", "sample"):
        if not hasattr(instance, attribute):
            raise ValueError(f"sketch {name} must have {attribute!r}, got {instance!r} without it")
    return instance
