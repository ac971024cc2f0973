"""The sketch distributions, one file each."""
