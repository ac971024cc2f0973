"""Names that are typed, without what they name: help and completion must not wait for NumPy.

They are those of ``theorems.ALL`` and its like, with which a test compares them.
"""

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

_FOUND = Path(__file__).parents[1] / "theorems" / "found.txt"
THEOREMS = tuple(part.split("\n")[0] for part in _FOUND.read_text(encoding="utf-8").strip("\n").split("\n\n"))
"""The ids in the file of proofs that were found, which has all of them in their order."""

IDENTITIES = ("T11",)
COUNTEREXAMPLES = (
    *("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13", "C14"),
    *("C20", "C21", "C22", "C23", "GaLore"),
)
PUBLISHED = (
    *("rac-lora-gd", "rac-lora-gd-pl", "rac-lora-sgd", "rac-lora-federated", "rac-lora-same-solution", "others-fail"),
    *("rac-lora-mends", "diverges-at-1-over-L", "far-from-optimum", "bernoulli", "rate-of-lora", "step-of-lora"),
    *("factors-differ", "balance-is-best", "fails-loudly", "galore-exact", "galore-fails", "galore-large-batch"),
    *("golore", "factors-in-turns", "federated-reshuffling", "fixed-order-slow", "random-order-mends"),
    *("zo-align", "zo-avg", "subzero-variance"),
)
MARKS = ("paper", "derived", "second-hand")

PROBLEMS = (
    "quadratic",
    "diabetes",
    "linnerud",
    "breast_cancer",
    "wine",
    "digits",
    "nonconvex",
    "pl_sine",
    "layered_quadratic",
    "tanh_network",
    "two_layers",
    "two_layers_free",
)
SETTINGS = (
    *("1/L", "1.5/L", "1/L_H", "coordinate descent", "step per draw", "inverse on range", "in turns", "certified"),
    *("bernoulli", "galore", "lazy galore", "differences", "momentum", "minibatch", "horizon", "noisy"),
    *("root steps", "harmonic steps", "reshuffled", "federated", "client epochs", "plain", "plain gaussian"),
)
SIDES = ("left", "right", "both")
LOSSES = ("least_squares", "logistic", "softmax")

OWN_SKETCHES = (
    *("gaussian", "haar", "kaiming_uniform", "coordinate", "subsampled_hadamard", "subsampled_cosine"),
    *("equiangular_frame", "coordinate_with_replacement", "block_partition", "count_sketch", "rademacher"),
    *("sparse_signs", "weighted_coordinate", "anisotropic_gaussian", "uniform", "frozen"),
)
SKETCHES = "rac_theory.sketches"
"""The entry points by which installed packages offer more."""

ADVISED_RANKS = (1, 2, 4, 8, 16)
ADVISED_SKETCHES = ("gaussian",)
"""What ``advise`` looks at where nothing is named."""


def sketches() -> Iterator[str]:
    """Yield the names of our sketches, then those that installed packages offer; nothing is imported."""
    yield from OWN_SKETCHES
    yield from (point.name for point in entry_points(group=SKETCHES) if point.name not in OWN_SKETCHES)
