"""Numerics: arrays and numbers in, arrays and numbers out, with no concept of this library. Projections, exact rational
arithmetic, random streams, and the statistics of bets: evidence, confidence limits, and the account from which levels
are spent. It uses problems. It must not know what a sketch, a problem or a theorem is.
"""
