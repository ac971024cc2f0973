"""Files: what is written whole or not at all, and what is read back as values of the types it should have. It uses
nothing. It must not know what is stored: results and sweeps have their formats beside them.
"""
