"""Theorems about laws of ranges and of ranks, which give several sketches their closed forms."""
