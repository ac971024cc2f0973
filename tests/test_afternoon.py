"""An afternoon with a step and a theorem of one's own: each thing that goes into a paper, by names that are guessed."""

import numpy as np
import pytest

from rac_theory import Case, Constants, Haar, Quadratic, Verdict, citation, exact_rate, hardest_case, prove, verify
from rac_theory.algorithms import H, Method, gradient, state
from rac_theory.proofs import about_of
from rac_theory.statements import E, Theorem, gap
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
from rac_theory.theorems import T2
from rac_theory.verdicts import verdict_table


@pytest.mark.long
def test_from_the_step_to_the_citation(tmp_path):
    W = state("W")
    step = Method({W: W - gamma * H(gradient(W))})
    mine = Theorem(
        id="mine",
        source="this afternoon",
        mark="derived",
        about=about_of(step, ("G",)),
        given=T2.given,
        claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0,
        descends=True,
    )
    problem = Quadratic.left(np.diag([1.0, 2.0, 4.0]), W_star=np.ones((3, 2)))
    case = Case(step(Haar(3, 1), gamma=0.25), problem, steps=40)
    promised = 1 - 0.25 * Constants.of(case).lambda_min / 2
    verdict = verify(mine, case)
    assert verdict.status.name == "HOLDS"
    assert exact_rate(case) < promised
    assert hardest_case(mine, budget=40, rng=0).ratio <= 1
    assert r"\lambda_{\min}" in prove(mine).latex()
    figure = tmp_path / "verdict.pdf"
    verdict.plot().figure.savefig(figure)
    assert figure.read_bytes().startswith(b"%PDF")
    assert "mine & RACLoRA(Haar(dim=3, rank=1), gamma=0.25" in verdict_table([verdict])
    assert Verdict.load(verdict.save(tmp_path / "verdict.json")).about["theorem"] == "mine"
    assert "2410.08305" in citation(verdict)
