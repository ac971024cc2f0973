"""Proofs: that each theorem has one, and that what is taken for granted is true of numbers."""
