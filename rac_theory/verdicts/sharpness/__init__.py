"""Sharpness: how near the truth comes to a bound. A meter for one case, a search for the hardest one, and worst cases
over whole classes of functions. It uses problems, numerics, processes, sketches, algorithms, cases, expectations,
statements and theorems. It must not know verdicts: what is measured here has no chance in it.
"""
