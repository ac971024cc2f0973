"""Spectra to look at: of one sketch in words, and of every sketch at one size side by side."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from rac_theory.base import table_of
from rac_theory.drawing import plot
from rac_theory.numerics import Randomness
from rac_theory.sketches.named import every_factory
from rac_theory.sketches.spectra import Spectrum, spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.table import Table

_SHORT = 12  # letters of a fraction that is written out

Spectra = Mapping[str, Spectrum | str]
"""By name, the spectrum of a sketch, or why there is none at this size."""


def compare(dim: int, rank: int, *, rng: Randomness = None) -> Spectra:
    """Return the spectrum of every sketch, built-in and installed, at one size.

    Examples
    --------
    >>> from rac_theory.sketches.all_spectra import compare
    >>> known = compare(3, 2, rng=0)
    >>> print(f"{known['count_sketch'].lambda_min:.4f}, {known['count_sketch'].how}")
    0.5833, closed form
    >>> known["subsampled_hadamard"]
    'dim must be a power of two, got 3; the nearest are 2 and 4'
    """
    spectra: dict[str, Spectrum | str] = {}
    for name, make in every_factory():
        try:
            spectra[name] = spectrum(make(dim, rank), rng=rng)
        except Exception as error:  # of an installed plug-in, which must not take the others with it
            spectra[name] = str(error) or type(error).__name__
    return spectra


def description(spectrum: Spectrum) -> str:
    """Return the lines that the command line prints about one sketch.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Gaussian
    >>> from rac_theory.sketches.all_spectra import description
    >>> print(description(spectrum(Gaussian(dim=8, rank=2))))
    lambda_min      0.25
    lambda_max      0.25
    expected rank   2, so lambda_min is at most 0.25
    known by        closed form of E[H]
    slowdown        4 times the steps of full gradient descent are promised
    """
    dim, rank = len(spectrum.matrix), float(spectrum.expected_rank)
    lines = {
        "lambda_min": _interval(spectrum.lambda_min, spectrum.lambda_min_upper),
        "lambda_max": _interval(spectrum.lambda_max_lower, spectrum.lambda_max),
        **_certificate(spectrum),
        "expected rank": f"{rank:.6g}, so lambda_min is at most {rank / dim:.6g}",
        "known by": spectrum.provenance,
        "slowdown": f"{spectrum.slowdown:.6g} times the steps of full gradient descent are promised",
    }
    return "\n".join(f"{label:16}{text}" for label, text in lines.items())


def comparison_table(spectra: Spectra) -> "Table":
    """Return the table of ``sketch --all``, the largest lambda_min first.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import CountSketch, Gaussian
    >>> from rac_theory.sketches.all_spectra import comparison_table
    >>> known = {"count sketch": spectrum(CountSketch(4, 2)), "gaussian": spectrum(Gaussian(4, 2))}
    >>> table = comparison_table(known)  # which rich prints
    >>> [[*column.cells] for column in table.columns[:2]]
    [['gaussian', 'count sketch'], ['0.5', '0.46875']]
    """
    from rich.markup import escape

    numbers = ("lambda_min", "lambda_max", "E[rank]", "slowdown")
    table = table_of(("sketch", *numbers, "known by"), right=numbers, wrapped=("known by",))
    for name, of_sketch in ranked(spectra):
        table.add_row(
            escape(name),
            _interval(of_sketch.lambda_min, of_sketch.lambda_min_upper),
            _interval(of_sketch.lambda_max_lower, of_sketch.lambda_max),
            f"{of_sketch.expected_rank:.4g}",
            f"{of_sketch.slowdown:.4g}",
            of_sketch.how,
        )
    return table


def without_spectrum(spectra: Spectra) -> list[str]:
    """Return a line for each sketch that has no spectrum at this size, with the reason."""
    return [f"{name}: {reason}" for name, reason in spectra.items() if isinstance(reason, str)]


def comparison_plot(spectra: Spectra, ax: "Axes | None" = None) -> "Axes":
    """Draw lambda_min of each sketch, or its interval, the largest first; return the axes.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import CountSketch, Gaussian
    >>> from rac_theory.sketches.all_spectra import comparison_plot
    >>> known = {"count sketch": spectrum(CountSketch(4, 2)), "gaussian": spectrum(Gaussian(4, 2))}
    >>> [label.get_text() for label in comparison_plot(known).get_yticklabels()]
    ['gaussian', 'count sketch']
    """
    rows = ranked(spectra)
    return plot.intervals(
        [name for name, _ in rows],
        [(float(spectrum.lambda_min), float(spectrum.lambda_min_upper)) for _, spectrum in rows],
        xlabel=r"smallest eigenvalue of $E[H]$",
        title=" and ".join(sorted({f"E[H], {'x'.join(map(str, spectrum.matrix.shape))}" for _, spectrum in rows})),
        ax=ax,
    )


def ranked(spectra: Spectra) -> list[tuple[str, Spectrum]]:
    """Return the sketches that have a spectrum, the largest lambda_min first.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import CountSketch, Frozen
    >>> from rac_theory.sketches.all_spectra import ranked
    >>> known = {"frozen": spectrum(Frozen([[1], [0]])), "count": spectrum(CountSketch(2, 1)), "none": "why"}
    >>> [name for name, _ in ranked(known)]
    ['count', 'frozen']
    """
    by_name = [(name, spectrum) for name, spectrum in spectra.items() if isinstance(spectrum, Spectrum)]
    return sorted(by_name, key=lambda pair: -float(pair[1].lambda_min))


def _certificate(spectrum: Spectrum) -> Mapping[str, str]:
    """What proves lambda_min, where it is known exactly."""
    proof = spectrum.certificate
    if proof is None:
        return {}
    pivots = ", ".join(str(pivot) if len(str(pivot)) <= _SHORT else f"{float(pivot):.3g}" for pivot in proof.pivots)
    exactly = f"lambda_min is {proof.bound}" if proof.is_eigenvalue else "lambda_min is a lower bound"
    return {"certificate": f"{exactly}: E[H] less its multiple of I is U'DU, with D = {pivots}"}


def _interval(low: float | Fraction, high: float | Fraction) -> str:
    return f"{float(low):.6g}" if low == high else f"[{float(low):.4g}, {float(high):.4g}]"
