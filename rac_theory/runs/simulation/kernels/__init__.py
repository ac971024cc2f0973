"""The kernels, one loop a file, and which of them serves a case."""
