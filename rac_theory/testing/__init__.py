"""For the tests of those who build on this library: checks that fail with one sentence that names the fix."""

from rac_theory.testing.check_sketch import check_sketch

__all__ = ["check_sketch"]
