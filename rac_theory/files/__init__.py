"""Files: what is written whole or not at all, what is read back as values of the types it should have or as a table of
numbers, and records as data frames. It uses problems. It must not know what is stored: results and sweeps
have their formats beside them.
"""
