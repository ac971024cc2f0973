"""A sketch from a function of the user's that draws one matrix."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rac_theory.base import checks, function_name, printable, shown, type_name
from rac_theory.base.checks import Array
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.sketch import BrokenSketch


@dataclass(frozen=True)
class FromFunction(Shape):
    """Draws come one by one from a function, which is slow but needs nothing else.

    Parameters
    ----------
    draw : callable
        ``draw(rng)`` returns one matrix, (dim, rank), with no randomness but that of the generator ``rng``.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import FromFunction
    >>> sketch = FromFunction(3, 1, lambda rng: rng.standard_normal((3, 1)))
    >>> known = spectrum(sketch, draws=1000, rng=0)
    >>> known.how, bool(known.lambda_min <= 1 / 3 <= known.lambda_min_upper)
    ('sampled', True)
    """

    draw: Callable[[np.random.Generator], Array]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.draw):
            raise ValueError(f"draw must be a function of a generator, got {shown(self.draw)}")

    def __repr__(self) -> str:
        """Name the function, as what it draws cannot be told."""
        return f"{type_name(self)}(dim={self.dim}, rank={self.rank}, draw={function_name(self.draw)})"

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        name = f"{function_name(self.draw)}(rng)"
        sample = np.empty((size, self.dim, self.rank))
        for i in range(size):
            try:
                drawn = self.draw(rng)
            except Exception as error:
                came = f"{type_name(error)}: {printable(str(error))}"
                raise BrokenSketch(f"draw must not fail, got {came} from {name}") from error
            try:
                sample[i] = checks.array(name, drawn, shape=(self.dim, self.rank))
            except ValueError as error:  # the function is broken, not what calls it
                raise BrokenSketch(str(error)) from error
        return sample
