"""Expectations: the expected value along a case, exactly, by linear maps of second moments, and the exact rate. It must
not know bounds, nor sample anything.
"""
