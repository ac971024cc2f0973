"""The proofs that are written down: one for each theorem, and none for a theorem that is changed."""

import pytest

from rac_theory import theorems
from rac_theory.proofs import Missing, Proof
from rac_theory.theorems import prove
from rac_theory.theorems.ours import STORED


@pytest.mark.parametrize("id", theorems.ALL)
def test_each_theorem_has_a_proof(id):
    """A factor, sign or exponent that is wrong in a claim, or in what is proved, would be seen."""
    proof = prove(id)
    assert proof is not None
    assert proof.theorem is theorems.ALL[id]


def test_a_proof_is_of_its_own_theorem_alone():
    with pytest.raises(Missing, match="the claim is not what is proved"):
        Proof(theorems.T1_sharp, *STORED["T1_tight"]())
    with pytest.raises(Missing, match="T1 does not assume: 0 < gamma L < 2"):
        Proof(theorems.T1, *STORED["T1_sharp"]())
