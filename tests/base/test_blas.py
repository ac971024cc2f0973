"""One BLAS thread: a limit that is set once, whoever asks for it meanwhile, and taken off once."""

from contextlib import contextmanager
from types import SimpleNamespace

from rac_theory.base import blas


def test_nested_uses_share_one_limit(monkeypatch):
    """Would catch a limit of two, one that ends with the first user, and a second one that finds none."""
    seen = []

    @contextmanager
    def limit(*, limits):
        seen.append(limits)
        yield
        seen.append("off")

    monkeypatch.setattr(blas, "_controller", lambda: SimpleNamespace(limit=limit))
    for _ in range(2):
        with blas.one_blas_thread():
            assert seen[-1] == 1
            with blas.one_blas_thread():
                assert seen[-1] == 1
            assert seen[-1] == 1
        assert seen[-1] == "off"
    assert seen == [1, "off"] * 2
