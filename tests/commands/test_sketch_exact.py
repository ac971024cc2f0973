"""``sketch --exact``: what it prints of a certificate, and the file for Coq that it keeps."""

from rac_theory import sketches, spectrum

SIZE = ["--dim", "4", "--rank", "2"]


def test_the_certificate_is_told_and_kept(output_of, refused, folder):
    """The file is that of the spectrum, under a name that Coq reads."""
    printed = output_of("sketch", "count_sketch", *SIZE, "--exact", "--out", str(folder))
    assert "certificate     lambda_min is 15/32: E[H] less its multiple of I is U'DU, with D = 0, 0, 0, 0\n" in printed
    kept = folder / "lambda_min_count_sketch_4x2.v"
    assert kept.read_text() == spectrum(sketches.CountSketch(4, 2), exact=True).certificate.coq()
    assert f"for Coq         {kept}"[:40] in printed
    assert "for Coq" not in output_of("sketch", "count_sketch", *SIZE)
    refused("sketch haar --dim 4 --rank 2 --exact", "exact must be False for a sketch without a small finite support")
    refused("sketch --all --dim 4 --rank 2 --exact", "exact must be asked of one sketch, not with --all")
