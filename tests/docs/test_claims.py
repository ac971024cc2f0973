"""The verdicts of the table of theorems: those of the command that the page shows."""

from types import SimpleNamespace

import pytest

from rac_theory import Status
from rac_theory.commands.cli import main
from rac_theory.ledger import results
from tests.extensions import extension

pytest.importorskip("sphinx", reason="the pages are built with the extra docs")

OPTIONS = "verify --claim T2 T15_pl --problem quadratic --rank 1 --side left --sketch haar frozen --runs 64"
claims = extension("claims")


@pytest.mark.long
def test_verdicts_are_those_of_the_command_but_for_what_does_not_apply(tmp_path, capsys):
    found = claims.verdicts(f"python -m rac_theory {OPTIONS}")
    assert main([*OPTIONS.split(), "--jobs", "1", "--out", str(tmp_path)]) == 0
    rows = results.load(tmp_path / results.FILE)
    for claim in ("T2", "T15_pl"):
        told = [row.status for row in rows if row.claim == claim and row.status != Status.NOT_APPLICABLE]
        assert {status: told.count(status) for status in told} == found[claim]
    assert any(row.status == Status.NOT_APPLICABLE for row in rows)
    assert "T2" in capsys.readouterr().out


def test_a_violated_theorem_ends_the_build(monkeypatch):
    """Else a page would show a refutation as one more number."""
    from sphinx.errors import ExtensionError

    refuted = SimpleNamespace(claim="T2", status="VIOLATED")
    monkeypatch.setattr(claims, "run", lambda *args, **options: [(0, [refuted])])
    with pytest.raises(ExtensionError, match="T2"):
        claims.verdicts(f"python -m rac_theory {OPTIONS} --seed 7")
