"""Simulation: ensembles of runs, in blocks with random streams of their own, so that the bits depend on no number of
workers. ``kernels`` has the loops, and the choice of one. It must not know bounds: what runs are good for is no matter
here.
"""
