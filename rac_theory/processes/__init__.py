"""Processes: what a computation asks of the machine. Workers and when they start, what a signal does to them, memory
that they share or keep, one thread of BLAS, and whose code it was that failed. It uses nothing. It must not know what
is computed.
"""
