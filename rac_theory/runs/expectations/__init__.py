"""Expectations: the expected value along a case, exactly, by linear maps of second moments, and the exact rate. It uses
problems, algebra, numerics, processes, sketches, algorithms, cases and simulation. It must not know bounds, nor sample
anything.
"""
