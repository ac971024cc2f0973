"""``assert_proved``: your theorem has a machine-checked proof."""

from rac_theory.proofs import Proof, strongest
from rac_theory.statements import Theorem
from rac_theory.testing.assertions.not_shown import NotShown
from rac_theory.theorems import prove, theorem_named, why_not_proved


def assert_proved(theorem: Theorem | str) -> Proof:
    """Raise an ``AssertionError`` unless a proof of a theorem is found.

    No case is run, and nothing is left to chance: the claim follows from what is assumed, for every case that meets
    the assumptions. That none was found refutes nothing: ``assert_rate_bound`` tries a claim on a case.

    Parameters
    ----------
    theorem : Theorem or str
        Yours, or the id of one of this library.

    Returns
    -------
    Proof
        For more to be asserted of it, as ``assert not proof.on_paper``.

    Raises
    ------
    NotShown
        An ``AssertionError`` with what is missing, and the best of its form that can be proved, if there is one; its
        ``finding`` is the proof of that, or None.
    ValueError
        If ``theorem`` is none.

    Examples
    --------
    >>> from rac_theory.testing import assert_proved
    >>> assert_proved("T2").unused
    (lambda_min > 0,)
    """
    __tracebackhide__ = True
    theorem = theorem_named(theorem)
    proof = prove(theorem)
    if proof is not None:
        return proof
    instead = strongest(theorem)
    provable = "nothing of this form" if instead is None else instead.theorem.statement
    raise NotShown(f"{theorem.id}: {why_not_proved(theorem)}", instead, claim=theorem.statement, provable=provable)
