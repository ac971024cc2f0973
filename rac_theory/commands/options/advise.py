"""What ``advise`` takes, and what it takes for granted where nothing is typed."""

from typing import Any

from rac_theory.commands import names
from rac_theory.commands.options.shared import add_out, add_seed
from rac_theory.commands.parsing import Example, add_command, integer, number, option

CONDITION = 1000.0
"""L / mu where nothing says it."""

EXAMPLES = 1000
"""The examples in a gradient where nothing says how many."""

LORA_ALPHA = 16.0
"""That at the first rank."""

_EXAMPLE = Example(
    "advise --shape 768x3072 --rho 50 --rank 8",
    """
    layer     side   sketch    rank  L_H/L  step L  slowdown ...
    768x3072  full   -         -     1      1       1        ...
    768x3072, low rank, beside full training: fewest steps: right gaussian ...
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "advise",
        "say which rank, side and sketch: steps promised and costs, for your layers and data",
        "advise:run",
        _EXAMPLE,
    )
    layers = parser.add_argument_group("layers")
    option(
        layers,
        "--shape",
        several=True,
        required=True,
        metavar="SHAPE",
        help="as 768x3072, or .safetensors, .safetensors.index.json or .npz files, of which only headers are read",
    )
    option(
        layers,
        "--only",
        several=True,
        metavar="PATTERN",
        help="patterns such as '*.q_proj.weight': of files only tensors with such a name (default: all)",
    )
    curved = parser.add_argument_group("their curvature (default: none is known)")
    one = curved.add_mutually_exclusive_group()
    option(
        one,
        "--data",
        metavar="FILE",
        help="features, N x d, in an .npy file, or in an .npz file by the name of the layer",
    )
    option(one, "--spectrum", metavar="VALUES", help="eigenvalues of the curvature: 4,1,0.5, or an .npy or .txt file")
    option(one, "--rho", type=number(">= 1"), metavar="RHO", help="its effective dimension alone: trace / L, >= 1")
    option(
        curved,
        "--features",
        choices=("left", "right"),
        help="side of W that features multiply: right, y = W x, outputs x inputs (default), or left, y = x W",
    )
    option(curved, "--loss", choices=names.LOSSES, help="loss of --data (default: least_squares)")
    option(curved, "--l2", type=number(">= 0"), metavar="L2", help="weight of a penalty beside --data (default: 0)")
    compared = parser.add_argument_group("what is compared")
    ranks = " ".join(map(str, names.ADVISED_RANKS))
    option(compared, "--rank", several=True, metavar="R", help=f"ranks of the sketch (default: {ranks})")
    option(
        compared,
        "--sketch",
        several=True,
        metavar="NAME",
        complete=lambda **_: names.sketches(),
        help=f"sketches by name, or classes of yours as module:Name (default: {' '.join(names.ADVISED_SKETCHES)})",
    )
    option(
        compared,
        "--mixture",
        type=number("in [0, 1]"),
        metavar="P",
        help="probability of a left step, where both sides are mixed (default: they are not)",
    )
    until = parser.add_argument_group("how far, and what else is told")
    option(
        until,
        "--epsilon",
        type=number("> 0"),
        default=0.01,
        metavar="EPS",
        help="accuracy, relative to the start (default: 0.01)",
    )
    option(
        until,
        "--condition",
        type=number(">= 1"),
        metavar="KAPPA",
        help=f"L / mu, which only T15_pl needs (default: of the curvature, else {CONDITION:g})",
    )
    option(
        until,
        "--examples",
        type=integer(">= 1"),
        metavar="N",
        help=f"examples in a gradient, for flops (default: rows of --data, else {EXAMPLES})",
    )
    option(
        until,
        "--learning-rate",
        type=number("> 0"),
        nargs="?",
        const=LORA_ALPHA,
        metavar="LORA_ALPHA",
        help=f"tell the best learning rates of plain steps, for a lora_alpha at the first rank ({LORA_ALPHA:g} "
        "if none is typed)",
    )
    add_seed(until, "sampling, for sketches of which no closed form is known")
    add_out(until, "the figure")
