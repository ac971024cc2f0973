"""Readings of expressions, against each other and against readers that know no tree."""
