"""The sketch that LoRA libraries draw by default: entries uniform around zero."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.leverage import corners
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.signed_permutations import EntryMoments


@dataclass(frozen=True)
class KaimingUniform(Shape):
    r"""Independent entries, uniform on :math:`[-1/\sqrt d, 1/\sqrt d)`.

    PEFT initialises ``lora_A``, of shape (r, n), by PyTorch's ``kaiming_uniform_(a=sqrt(5))``: uniform on
    :math:`\pm\, \mathrm{gain} \sqrt{3 / n}` with :math:`\mathrm{gain} = \sqrt{2 / (1 + a^2)} = \sqrt{1/3}`, which is
    :math:`\pm 1/\sqrt n`. As a right sketch its ``dim`` is n.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import KaimingUniform
    >>> sketch = KaimingUniform(dim=100, rank=10)
    >>> bool(np.abs(sketch.sample(np.random.default_rng(0), 64)).max() <= 0.1)  # 1 / sqrt(dim)
    True
    >>> print(f"{spectrum(sketch).lambda_min:.6g}")
    0.1
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        bound = 1 / math.sqrt(self.dim)
        return rng.uniform(-bound, bound, (size, self.dim, self.rank))

    def expected_projection(self) -> Array:
        """``(r/d) I``: invariant under signed permutations, and of full rank almost surely, as it has a density."""
        return isotropic(self.dim, self.rank)

    def entry_moments(self) -> tuple[EntryMoments, ...]:
        """Between bounds on the share of one row."""
        return corners(self.dim, self.rank, Fraction(self.rank), fourth=9 / 5, largest=3.0)
