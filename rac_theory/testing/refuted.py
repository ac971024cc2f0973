"""What a check raises: a declared fact is false, in one sentence, with the numbers that show it."""

import numpy as np

from rac_theory.base.checks import Array

_SHOWN = 12  # numbers of a matrix that a sentence can hold


class Refuted(AssertionError):
    """Something that was declared is false.

    Attributes
    ----------
    witness : dict of str to array
        The matrices that show it, by the names that the sentence uses.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import FromFunctions
    >>> from rac_theory.testing import Refuted, check_problem
    >>> problem = FromFunctions((1, 1), lambda W: 2 * np.sum(W**2), lambda W: 4 * W, L=3.0)
    >>> try:
    ...     check_problem(problem)
    ... except Refuted as error:
    ...     print(str(error).partition(",")[0], sorted(error.witness))
    FromFunctions.L must bound ||grad f(A) - grad f(B)|| / ||A - B||: L is 3 ['A', 'B']
    """

    def __init__(self, sentence: str, **witness: Array) -> None:
        self.witness = {name: np.array(matrix) for name, matrix in witness.items()}
        where = [_shown(name, matrix) for name, matrix in self.witness.items()]
        super().__init__(sentence + (f", at {', '.join(where)}" if where else ""))


def _shown(name: str, matrix: Array) -> str:
    """A small matrix in full, a large one by its size: it is in ``witness``."""
    if matrix.size <= _SHOWN:
        return f"{name} = {np.array2string(matrix, precision=6, separator=', ').replace(chr(10), '')}"
    return f"{name} of norm {np.linalg.norm(matrix):.6g} (see witness[{name!r}])"
