"""Sharpness: how near the truth comes to a bound. A meter for one case, a search for the hardest one, and worst cases
over whole classes of functions. It must not know verdicts: what is measured here has no chance in it.
"""
