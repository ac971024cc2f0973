"""Processes: what a computation asks of the machine. What a signal does to workers, an array that they fill in place,
memory that is kept, one thread of BLAS, how far it is, and whose code it was that failed. It uses nothing. It must not
know what is computed.
"""
