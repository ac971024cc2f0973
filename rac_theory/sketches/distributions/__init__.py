"""The sketch distributions, a file for those that have their law in common."""
