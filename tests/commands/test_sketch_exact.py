"""``sketch --exact``: what it prints of a certificate, and the file for Coq that it keeps."""

from rac_theory import sketches, spectrum
from rac_theory.commands.cli import main


def test_the_certificate_is_told_and_kept(tmp_path, capsys):
    """The file is that of the spectrum, under a name that Coq reads."""
    size = ["--dim", "4", "--rank", "2"]
    assert main(["sketch", "count_sketch", *size, "--exact", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "certificate     lambda_min is 15/32: E[H] less its multiple of I is U'DU, with D = 0, 0, 0, 0\n" in told
    kept = tmp_path / "lambda_min_count_sketch_4x2.v"
    assert kept.read_text() == spectrum(sketches.CountSketch(4, 2), exact=True).certificate.coq()
    assert f"for Coq         {kept}"[:40] in told
    assert main(["sketch", "count_sketch", *size, "--out", str(tmp_path)]) == 0
    assert "for Coq" not in capsys.readouterr().out


def test_what_cannot_be_enumerated_is_refused(tmp_path, capsys):
    size = ["--dim", "4", "--rank", "2", "--exact", "--out", str(tmp_path)]
    assert main(["sketch", "haar", *size]) == 2
    assert "exact must be False for a sketch without a small finite support" in capsys.readouterr().err
    assert main(["sketch", "--all", *size]) == 2
    assert "exact must be asked of one sketch, not with --all" in capsys.readouterr().err
