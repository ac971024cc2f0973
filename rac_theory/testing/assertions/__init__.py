"""Assertions: claims about runs that pass, or fail with the numbers and the seed."""
